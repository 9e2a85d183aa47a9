"""The user's path: a real `dvc repro`, again, after changes, and twice from nothing, in temporary clones."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from features import bundle
from features.text import Passage
from pipelines import store
from pipelines.verify import differing_outs, verify
from tests import pipeline
from tests.pipeline import commit, dvc, ran

pytestmark = pytest.mark.slow
# What costs more to import than a stage that only passes rows on takes for its work.
HEAVY = {"mlflow", "sklearn", "scipy", "pandas", "matplotlib", "pyarrow.compute"}
FITS = {"sklearn", "scipy"}
NEEDED = {
    "adapt": {"scipy"},
    "train": FITS,
    "evaluate": FITS,
    "curve": FITS,
    "weak": FITS,
    "gallery": FITS,
    "axes": FITS,
    "refit": FITS,
    "export": FITS,
    "behave": {"scipy"},
    "track": {"mlflow", "pandas", "pyarrow.compute", "scipy"},
}
# Modules, by the first of these that a stage needs.
MOST = {"mlflow": 2_500, "sklearn": 1_480, "scipy": 560}


@pytest.fixture(scope="module")
def reproduced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = pipeline.clone(tmp_path_factory.mktemp("first") / "clone")
    imported = root.parent / "imported"
    imported.mkdir()
    dvc(root, "repro", PYTHONPATH=str(Path("tests/imported").resolve()), IMPORTED=str(imported))
    commit(root, "reproduced")
    return root


@pytest.fixture
def checkout(reproduced: Path, tmp_path: Path) -> Path:
    """A copy of the reproduced clone that a test may change."""
    return Path(shutil.copytree(reproduced, tmp_path / "clone", symlinks=True))


def edit(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


def test_everything_runs_and_git_and_dvc_are_clean(reproduced: Path) -> None:
    assert pipeline.git(reproduced, "status", "--porcelain") == ""
    assert json.loads(dvc(reproduced, "status", "--json").stdout) == {}
    assert verify(reproduced, fix=False)[0] == []
    assert bundle.load(reproduced / "data" / "export" / "champion").themes


def test_a_stage_imports_what_its_work_needs_and_not_much_else(reproduced: Path) -> None:
    found = {path.stem: set(path.read_text().split()) for path in (reproduced.parent / "imported").iterdir()}
    by_stage = {(name.partition("-")[0], name): modules for name, modules in found.items()}
    assert {stage for stage, _ in by_stage} == set(yaml.safe_load((reproduced / "dvc.yaml").read_text())["stages"])
    for (stage, name), modules in by_stage.items():
        needed = NEEDED.get(stage, set())
        assert not modules & HEAVY - needed, name
        assert len(modules) < next((count for package, count in MOST.items() if package in needed), 350), name


def test_a_second_run_runs_nothing(reproduced: Path) -> None:
    assert ran(dvc(reproduced, "repro")) == []


def test_two_runs_from_nothing_give_the_same_bytes(reproduced: Path, tmp_path: Path) -> None:
    other = pipeline.clone(tmp_path / "second")
    dvc(other, "repro")
    assert differing_outs(reproduced, other) == []


def test_a_value_in_one_experiment_reruns_that_experiment_and_what_reads_it(checkout: Path) -> None:
    edit(checkout / "experiments" / "tfidf-linear-svm.yaml", "c: 0.5", "c: 0.25")
    stages = ran(dvc(checkout, "repro"))
    assert {"train@tfidf-linear-svm", "evaluate@tfidf-linear-svm", "compare"} <= set(stages)
    assert not [s for s in stages if "@" in s and not s.endswith("@tfidf-linear-svm")]
    assert not {"ingest", "segment", "label", "split", "audit"} & set(stages)


def test_a_comment_reruns_nothing(checkout: Path) -> None:
    edit(checkout / "experiments" / "tfidf-linear-svm.yaml", "# A margin", "# Once more: a margin")
    edit(checkout / "params.yaml", "inputs:", "# a comment\ninputs:")
    assert ran(dvc(checkout, "repro")) == []


def test_a_change_in_a_module_reruns_the_stages_that_import_it_and_no_other(checkout: Path) -> None:
    changed = checkout / "features" / "agreement.py"
    changed.write_text(changed.read_text(encoding="utf-8") + "# A comment.\n", encoding="utf-8")
    lists = (checkout / "data" / "modules").glob("*.sha256")
    importing = {path.stem for path in lists if "  features/agreement.py\n" in path.read_text(encoding="utf-8")}
    assert importing >= {"label", "export", "report"}
    stages = set(yaml.safe_load((checkout / "dvc.yaml").read_text(encoding="utf-8"))["stages"])
    assert set(ran(dvc(checkout, "repro"))) == {"modules", *importing & stages}


def test_a_new_experiment_is_one_file_and_one_line(checkout: Path) -> None:
    text = (checkout / "experiments" / "tfidf-word-logreg.yaml").read_text(encoding="utf-8")
    (checkout / "experiments" / "mine.yaml").write_text(text.replace("[1, 2]", "[1, 1]"), encoding="utf-8")
    edit(checkout / "params.yaml", "  - tfidf-linear-svm\n", "  - tfidf-linear-svm\n  - mine\n")
    stages = ran(dvc(checkout, "repro"))
    assert {"train@mine", "evaluate@mine", "compare"} <= set(stages)
    assert not [s for s in stages if "@" in s and not s.endswith("@mine")]
    shown = json.loads(dvc(checkout, "metrics", "show", "--json").stdout)
    assert any("mine" in path for path in shown[""]["data"])


def test_metrics_show_one_readable_row_per_experiment(reproduced: Path) -> None:
    table = dvc(reproduced, "metrics", "show", "--md").stdout.splitlines()
    names = yaml.safe_load((reproduced / "params.yaml").read_text(encoding="utf-8"))["experiments"]
    assert len([line for line in table if "metrics.json" in line]) == len(names)
    assert "test.macro_f1" in table[0]


def test_a_difference_of_metrics_is_shown_after_a_change(checkout: Path) -> None:
    edit(checkout / "experiments" / "tfidf-linear-svm.yaml", "c: 0.5", "c: 0.001")
    dvc(checkout, "repro")
    changed = json.loads(dvc(checkout, "metrics", "diff", "--json").stdout)
    assert [path for path in changed if "tfidf-linear-svm" in path]


def test_plots_are_shown_for_every_experiment(reproduced: Path, tmp_path: Path) -> None:
    dvc(reproduced, "plots", "show", "--out", str(tmp_path / "plots"))
    page = (tmp_path / "plots" / "index.html").read_text(encoding="utf-8")
    for name in ("precision_recall", "reliability", "cooccurrence", "learning_curve", "weak"):
        assert name in page


def test_a_misspelt_parameter_stops_the_run_and_names_it(checkout: Path) -> None:
    edit(checkout / "params.yaml", "max_characters:", "max_character:")
    done = dvc(checkout, "repro", check=False)
    assert done.returncode != 0
    assert "segment: unknown parameter 'max_character'; it takes max_characters" in done.stdout + done.stderr


def test_an_experiment_without_a_file_stops_the_run_and_names_it(checkout: Path) -> None:
    edit(checkout / "params.yaml", "  - tfidf-linear-svm\n", "  - tfidf-linear-svm\n  - nope\n")
    done = dvc(checkout, "repro", check=False)
    assert done.returncode != 0
    assert "nope.yaml" in done.stdout + done.stderr


def test_rot_in_an_out_is_named_and_mended(checkout: Path) -> None:
    path = checkout / "data" / "split" / "splits.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.verify", "."], cwd=checkout, capture_output=True, text=True, check=False
    )
    assert done.returncode == 4
    assert "splits.parquet" in done.stderr
    verify(checkout, fix=True)
    dvc(checkout, "repro")
    assert verify(checkout, fix=False)[0] == []


def test_a_killed_run_leaves_nothing_half_written_and_the_next_one_finishes(checkout: Path) -> None:
    edit(checkout / "params.yaml", "max_characters: 2000", "max_characters: 1999")
    running = subprocess.Popen(
        [sys.executable, "-m", "dvc", "repro"],
        cwd=checkout,
        env=pipeline.variables(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert running.stdout is not None
    for line in running.stdout:
        if line.startswith("Running stage 'train@"):
            break
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    time.sleep(5)  # long enough for the orphaned stage to end by itself
    for manifest in (checkout / "data").rglob("MANIFEST.sha256"):
        if not manifest.parent.name.startswith("."):
            store.check(manifest.parent)
    dvc(checkout, "repro")
    assert json.loads(dvc(checkout, "status", "--json").stdout) == {}


def test_other_documents_with_another_codebook_run_the_same_pipeline(tmp_path: Path) -> None:
    root = pipeline.clone(tmp_path / "clone")
    _write_recipes(root / "mine")
    edit(root / "params.yaml", "inputs: tests/corpus", "inputs: mine")
    commit(root, "recipes")
    dvc(root, "repro", "export")
    exported = bundle.load(root / "data" / "export" / "champion")
    assert exported.themes == ("baking", "soup", "salad")
    labels = exported.score([Passage("Bake the bread in the oven."), Passage("Simmer the broth for the soup.")]).labels
    assert labels.tolist() == [[True, False, False], [False, True, False]]


RECIPES = {
    "baking": [
        "Bake the bread in the oven",
        "Knead the dough and bake it",
        "The oven bakes the cake",
        "Bake a loaf of rye",
    ],
    "soup": [
        "Simmer the broth for the soup",
        "The soup needs more broth",
        "Ladle the soup into bowls",
        "Broth makes the soup",
    ],
    "salad": [
        "Toss the salad with oil",
        "Wash the lettuce for the salad",
        "The salad has fresh lettuce",
        "Oil dresses the salad",
    ],
}


def _write_recipes(folder: Path) -> None:
    """Ten short documents about three themes of another world, coded by one person."""
    from features import annotations
    from features.sentences import sentences
    from features.text import Annotation, Document, text_sha256

    themes = [
        {"id": theme, "title": theme.title(), "definition": f"About {theme}.", "includes": [], "excludes": []}
        for theme in RECIPES
    ]
    book = {"version": 1, "title": "Recipes", "unit": "One sentence.", "context": "None.", "themes": themes}
    book |= {"boundaries": [], "open_questions": [], "changes": []}
    (folder / "corpus").mkdir(parents=True)
    (folder / "annotations").mkdir()
    (folder / "codebook.yaml").write_text(yaml.safe_dump(book, sort_keys=False), encoding="utf-8")
    (folder / "patterns.yaml").write_text("functions: []\n", encoding="utf-8")
    rows = []
    for number in range(10):
        lines = [f"{texts[number % 4]} number {number}." for texts in RECIPES.values()]
        text = " ".join([*lines, "We thank the cook of the day."]) + "\n"
        (folder / "corpus" / f"recipe-{number}.txt").write_text(text, encoding="utf-8")
        found = sentences(Document(id=f"recipe-{number}.txt", text=text), 2000)
        for sentence, theme in zip(found, [*RECIPES, None], strict=True):
            chosen = [theme] if theme else []
            rows.append(Annotation(sentence.id, sentence.doc, text_sha256(sentence.text), "me", 1, chosen))
    annotations.write(folder / "annotations" / "coding-me.jsonl", rows)
