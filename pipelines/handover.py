"""Put into one folder what a colleague needs to score with an exported model: no checkout, no DVC, no MLflow.

python -m pipelines.handover data/export/champion for-a-colleague
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import features
from features import bundle, card, requirements
from features.bundle import Bundle
from features.errors import UsageFailure
from pipelines import store
from pipelines.command import run

_HERE = Path(__file__).parent
_CODE = Path(features.__file__).parent
_MADE = {"README.md", "example.py", "model", "requirements.txt"}
_PROJECT = """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "{name}-features"
version = "{version}"
description = "Scores with models exported by {name}"
[tool.setuptools]
packages = {packages}
[tool.setuptools.package-data]
"*" = ["*.j2", "*.js"]
"""


def handover(model: Bundle, source: Path, folder: Path) -> None:
    """Fill `folder` with the bundle at `source`, the encoder if it has one, the code, its requirements and a README."""
    shutil.copytree(source, folder / "model")
    for file in requirements.encoder_files(model.model):
        (folder / bundle.ENCODER).mkdir(exist_ok=True)
        shutil.copy(file, folder / bundle.ENCODER)
    wheel = _wheel(folder)
    lines = [f"./{wheel}", *requirements.pinned(requirements.of_scoring(model.model))]
    (folder / "requirements.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    shutil.copyfile(_HERE / "handover_example.py", folder / "example.py")
    readme = card.template(_HERE / "handover.md.j2").render(model=model.model, titles=model.titles, wheel=wheel)
    (folder / "README.md").write_text(readme, encoding="utf-8")


def main(options: argparse.Namespace) -> str:
    """Write the folder, in place of an earlier one; raises UsageFailure rather than replace anything else."""
    model = bundle.load(options.model)
    if options.to.exists() and not (options.to.is_dir() and _is_replaceable(options.to)):
        raise UsageFailure(f"{options.to}: holds something else; name another folder")
    with store.writing(options.to) as folder:
        handover(model, options.model, folder)
    size = sum(path.stat().st_size for path in options.to.rglob("*") if path.is_file())
    return f"{options.to}: {model.name} with what it needs, {size / 1e6:.1f} MB; its README.md says how to use it"


def _is_replaceable(folder: Path) -> bool:
    names = {path.name for path in folder.iterdir()}
    return not names or names >= _MADE


def _wheel(folder: Path) -> str:
    """Build the package `features` into `folder`, without a look at the network; returns the file's name."""
    project = tomllib.loads((_CODE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch)
        shutil.copytree(_CODE, source / _CODE.name, ignore=shutil.ignore_patterns("__pycache__"))
        packages = sorted(".".join(path.parent.relative_to(source).parts) for path in source.rglob("__init__.py"))
        text = _PROJECT.format(name=project["name"], version=project["version"], packages=packages)
        (source / "pyproject.toml").write_text(text, encoding="utf-8")
        build = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
        command = [sys.executable, "-c", build, str(folder.resolve())]
        done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
        if done.returncode:
            raise UsageFailure(f"the package features could not be built: {done.stderr.strip().splitlines()[-1]}")
    return next(folder.glob("*.whl")).name


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, metavar="MODEL", help="folder of an exported model")
    parser.add_argument("to", type=Path, metavar="TO", help="folder to write")
    return parser


if __name__ == "__main__":
    run(main, _arguments())
