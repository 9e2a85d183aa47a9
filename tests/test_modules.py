from pathlib import Path

import pytest

from pipelines.modules import modules

FILES = {
    "features/__init__.py": "",
    "features/words.py": "",
    "features/readers/__init__.py": "from features import words\n",
    "features/readers/plain.py": "",
    "features/alone.py": "import pipelines_of_others.cut\n",
    "pipelines/__init__.py": "",
    "pipelines/store.py": "import features.words\n",
    "pipelines/cut.py": "def main():\n    from features.readers.plain import text\n",
    "pipelines/keep.py": "import json\nfrom pipelines import store\n",
    "pipelines/tracking/__init__.py": "",
}


@pytest.fixture
def packages(tmp_path: Path) -> dict[str, Path]:
    for name, content in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return {name: tmp_path / name for name in ("features", "pipelines")}


def test_a_verb_has_what_it_imports_wherever_that_stands_through_others_and_the_packages_around(
    packages: dict[str, Path],
) -> None:
    root = packages["features"].parent
    found = {verb: {path.relative_to(root).as_posix() for path in paths} for verb, paths in modules(packages).items()}
    packages_around = {"features/__init__.py", "pipelines/__init__.py"}
    assert found == {
        "cut": packages_around
        | {"pipelines/cut.py", "features/readers/plain.py", "features/readers/__init__.py", "features/words.py"},
        "keep": packages_around | {"pipelines/keep.py", "pipelines/store.py", "features/words.py"},
        "store": packages_around | {"pipelines/store.py", "features/words.py"},
    }
