"""What an environment is made from: every direct dependency pinned with hashes, and no address of any registry."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PROJECT = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCKS = [Path("requirements.txt"), Path("requirements-bootstrap.txt")]
HEAVY = {"torch", "pyspark", "sentence-transformers", "tensorflow", "jax"}


def pins(lock: Path) -> set[str]:
    return set(re.findall(r"^([A-Za-z0-9._-]+)==", lock.read_text(encoding="utf-8"), re.MULTILINE))


def test_every_direct_dependency_is_in_the_lock() -> None:
    wanted = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
    names = {re.split(r"[\[<>=! ]", name)[0].lower() for name in wanted}
    assert names <= {name.lower() for name in pins(LOCKS[0])}


@pytest.mark.parametrize("lock", LOCKS, ids=str)
def test_every_pin_has_hashes_and_no_address(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    requirements = [entry for entry in re.split(r"\n(?=\S)", text) if entry.strip()]
    assert all("==" in entry and "--hash=sha256:" in entry for entry in requirements)
    assert "://" not in text


def test_the_default_environment_has_neither_torch_nor_spark() -> None:
    assert not HEAVY & pins(LOCKS[0])


def test_nothing_committed_names_the_path_of_its_checkout() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], capture_output=True, check=True).stdout.split(b"\0")
    here = f"{Path.cwd()}/".encode()
    assert [name for name in listed if name and here in Path(name.decode()).read_bytes()] == []


@pytest.mark.parametrize("stage", ["segment", "label", "split", "audit", "compare", "report", "score"])
def test_a_stage_that_fits_nothing_imports_no_heavy_package(stage: str) -> None:
    program = (
        f"import sys, pipelines.{stage}; "
        "print(*sorted({name.split('.')[0] for name in sys.modules} & {'sklearn', 'pandas', 'mlflow', 'matplotlib'}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("stage", ["ingest", "train", "evaluate", "export", "external", "curve", "weak"])
def test_only_track_imports_mlflow(stage: str) -> None:
    program = f"import sys, pipelines.{stage}; print('mlflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
