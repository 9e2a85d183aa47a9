"""Track as the last stage of real `dvc repro` and `dvc exp run`, in a repository of small stages."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import finished_files, tracked

CHECKOUT = Path(__file__).parents[1]
FILES = ("about.json", "scores.json", "metrics.json", "errors.csv", "precision_recall.svg", "MANIFEST.sha256")
STAGES = """
import json, sys
from pathlib import Path
import yaml
from tests import finished_files
def c(name): return yaml.safe_load(Path(f"experiments/{name}.yaml").read_text())["classifier"]["c"]
stage, *names = sys.argv[1:]
if stage == "split":
    finished_files.split()
elif stage == "train":
    finished_files.write(f"data/train/{names[0]}/fit.json", json.dumps(c(names[0])))
elif stage == "evaluate":
    finished_files.evaluate(names[0], c(names[0]))
else:
    names = yaml.safe_load(Path("params.yaml").read_text())["experiments"]
    finished_files.conclude(*names, c=c(names[0]))
"""
# In one file: what DVC would add to the folder of a stage, it takes back, as a change, when a later stage fails.
IGNORED = "/data/*\n!/data/codebook.yaml\n__pycache__/\n"
PYTHON = f"{sys.executable} stages.py"


def pipeline() -> dict[str, Any]:
    """dvc.yaml, in the shape of the project's own."""
    evaluated = "data/evaluate/${item}"
    conclusions = [f"data/{stage}" for stage in ("compare", "curve", "refit", "export", "report")]
    return {
        "stages": {
            "split": {"cmd": f"{PYTHON} split", "deps": ["data/codebook.yaml"], "outs": ["data/split"]},
            "train": {
                "foreach": "${experiments}",
                "do": {
                    "cmd": PYTHON + " train ${item}",
                    "deps": ["data/split"],
                    "params": [{"experiments/${item}.yaml": None}],
                    "outs": ["data/train/${item}"],
                },
            },
            "evaluate": {
                "foreach": "${experiments}",
                "do": {
                    "cmd": PYTHON + " evaluate ${item}",
                    "deps": ["data/train/${item}"],
                    "outs": [f"{evaluated}/{name}" for name in FILES],
                },
            },
            "conclude": {
                "cmd": f"{PYTHON} conclude",
                "deps": ["data/evaluate"],
                "params": ["experiments"],
                "outs": conclusions,
            },
            "track": {
                "cmd": " ".join([sys.executable, "-m", "pipelines.track", *finished_files.ARGUMENTS]),
                "deps": ["data/train", "data/evaluate", *conclusions],
                "params": ["experiments", "track"],
                "outs": [{"data/track/receipt.json": {"cache": False, "persist": True}}],
            },
        }
    }


def call(*command: str, folder: Path = Path()) -> str:
    """Output of a command that must succeed."""
    kept = {name: value for name, value in os.environ.items() if name not in ("DVC_ROOT", "MLFLOW_TRACKING_URI")}
    done = subprocess.run(
        command,
        cwd=folder,
        env=kept | {"PYTHONPATH": str(CHECKOUT), "DVC_NO_ANALYTICS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    said: str = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def dvc(*arguments: str, folder: Path = Path()) -> str:
    return call(sys.executable, "-m", "dvc", *arguments, folder=folder)


def git(*arguments: str, folder: Path = Path()) -> str:
    return call("git", "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments, folder=folder)


def commit() -> None:
    git("add", "-A")
    git("commit", "-qm", "x")


def is_clean(folder: Path = Path()) -> bool:
    return "up to date" in dvc("status", folder=folder)


def doctor(*arguments: str) -> tuple[int, str]:
    """Exit code and what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.doctor", *arguments],
        env=os.environ | {"PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def assert_well() -> None:
    """DVC is clean, each present fingerprint has one run, they alone are current, with the metrics of the files."""
    code, said = doctor()
    assert code == 0, said


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository after its first `dvc repro`, committed; the current folder."""
    folder = tmp_path / "repository"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in ("DVC_ROOT", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    git("init", "-q")
    dvc("init", "-q")
    dvc("remote", "add", "-q", "-d", "near", str(tmp_path / "remote"))
    finished_files.inputs("a", "b")
    for name in ("a", "b"):
        finished_files.experiment(name, 1.0)
    for path, content in {
        "stages.py": STAGES,
        "dvc.yaml": yaml.safe_dump(pipeline(), sort_keys=False),
        ".gitignore": IGNORED,
        ".dvcignore": "__pycache__/\n",
    }.items():
        finished_files.write(path, content)
    commit()
    assert "2 runs current (2 new, 0 known)" in dvc("repro")
    commit()
    return folder


def change(name: str, c: float) -> None:
    finished_files.experiment(name, c)


@pytest.mark.slow
def test_repro_neither_loses_nor_doubles_a_run_and_status_stays_clean(repository: Path) -> None:
    first = tracked.current()
    assert is_clean()
    assert "Running stage" not in dvc("repro")
    assert "2 runs current (0 new, 2 known)" in dvc("repro", "-f")
    change("a", 2.0)
    assert "2 runs current (1 new, 1 known)" in dvc("repro")
    assert tracked.current()["b"].info.run_id == first["b"].info.run_id
    change("a", 1.0)
    said = dvc("repro")
    assert "is cached" in said  # train and evaluate come back from the run cache, track runs all the same
    assert "2 runs current (0 new, 2 known)" in said
    assert {name: run.info.run_id for name, run in tracked.current().items()} == {
        name: run.info.run_id for name, run in first.items()
    }
    assert len(tracked.runs()) == 3
    assert_well()


@pytest.mark.slow
def test_a_deleted_store_and_a_fresh_clone_are_filled_by_the_next_repro(repository: Path, tmp_path: Path) -> None:
    change("a", 2.0)
    dvc("repro")
    commit()
    shutil.rmtree("data/track")
    said = dvc("repro")
    assert "2 runs current (2 new, 0 known)" in said
    assert "a new store: earlier runs, if there were any, could not return, only the current ones" in said
    assert_well()
    assert git("status", "--porcelain") == ""
    dvc("push", "-q")
    clone = tmp_path / "clone"
    git("clone", "-q", str(repository), str(clone))
    dvc("pull", "-q", "--allow-missing", folder=clone)
    said = dvc("repro", folder=clone)
    assert "2 runs current (2 new, 0 known)" in said
    assert said.count("Running stage") == 1
    assert is_clean(clone)


@pytest.mark.slow
def test_an_experiment_run_of_dvc_is_tracked_and_only_the_users_own_workspace_moves_marks(repository: Path) -> None:
    before = {run.info.run_id for run in tracked.current().values()}
    dvc("exp", "run", "--temp", "-n", "in-copy", "-S", "experiments/a.yaml:classifier.c=3.0")
    assert {run.info.run_id for run in tracked.current().values()} == before
    added = {run.info.run_name: run for run in tracked.runs() if run.data.tags.get("dvc_experiment") == "in-copy"}
    assert added["a"].data.params["classifier.c"] == "3.0"
    dvc("exp", "run", "-n", "in-place", "-S", "experiments/a.yaml:classifier.c=4.0")
    run = tracked.current()["a"]
    assert (run.data.tags["dvc_experiment"], run.data.params["classifier.c"]) == ("in-place", "4.0")
    assert len(tracked.runs()) == 4
    dvc("exp", "apply", "in-copy")
    assert "(0 new, 2 known)" in dvc("repro")
    assert tracked.current()["a"].info.run_id == added["a"].info.run_id
    assert len(tracked.runs()) == 4
    assert_well()


@pytest.mark.slow
def test_training_ends_though_the_store_is_broken_and_tracking_alone_can_be_repeated(repository: Path) -> None:
    kept = tracked.DATABASE.read_bytes()
    tracked.DATABASE.write_bytes(b"broken" * 1000)
    change("a", 2.0)
    failed = subprocess.run(
        [sys.executable, "-m", "dvc", "repro"],
        env=os.environ | {"PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert failed.returncode != 0
    assert "exited with 6" in failed.stderr
    assert "All training has ended" in failed.stderr
    tracked.DATABASE.write_bytes(kept)
    said = dvc("repro", "-sf", "track")
    assert "2 runs current (1 new, 1 known)" in said
    assert said.count("Running stage") == 1
    assert_well()


@pytest.mark.slow
def test_the_doctor_names_what_is_wrong_in_a_checkout_and_the_remedy_mends_it(repository: Path) -> None:
    code, said = doctor()
    assert (code, said.count("ok  "), said.count("WRONG")) == (0, 9, 0), said
    shutil.rmtree("data/track")
    code, said = doctor()
    assert code == 4
    assert "data/track/mlflow.db: missing\n       remedy: dvc repro -sf track" in said
    dvc("repro", "-sf", "track")
    run = tracked.current()["a"].info.run_id
    tracked.client().delete_tag(run, "current")
    change("b", 2.0)
    code, said = doctor()
    assert code == 4
    assert "changed: train@b" in said
    assert f"a ({run[:8]})\n       remedy: dvc repro -sf track" in said
    dvc("repro")
    assert doctor()[0] == 0


@pytest.mark.slow
def test_a_checkout_that_was_moved_finds_its_files_again(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = repository.parent / "another 100% _place"
    repository.rename(moved)
    monkeypatch.chdir(moved)
    assert not tracked.files(tracked.current()["a"])
    code, said = doctor()
    assert code == 4
    assert "looked for below file://" in said
    assert "remedy: make doctor FIX=1" in said
    code, said = doctor("--fix")
    assert code == 0, said
    assert "errors.csv" in tracked.files(tracked.current()["a"])
    assert len(tracked.load(f"models:/{tracked.MODEL}@champion").predict(["terrorist funds"])) == 1
    assert "(0 new, 2 known)" in dvc("repro", "-sf", "track")
    again = repository.parent / "third"
    moved.rename(again)
    monkeypatch.chdir(again)
    assert "(0 new, 2 known)" in dvc("repro", "-sf", "track")
    assert "errors.csv" in tracked.files(tracked.current()["a"])
    assert not repository.exists()
