import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from features.errors import IntegrityFailure
from pipelines import store


def test_a_folder_is_written_whole_with_a_manifest(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with store.writing(out) as folder:
        (folder / "a.txt").write_text("a", encoding="utf-8")
        assert not out.exists()
    assert sorted(path.name for path in out.iterdir()) == ["MANIFEST.sha256", "a.txt"]
    assert store.check(out) == out
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_failure_leaves_the_earlier_folder_and_no_draft(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with store.writing(out) as folder:
        (folder / "a.txt").write_text("old", encoding="utf-8")
    with pytest.raises(ZeroDivisionError), store.writing(out) as folder:
        (folder / "a.txt").write_text("new", encoding="utf-8")
        _ = 1 / 0
    assert (store.check(out) / "a.txt").read_text(encoding="utf-8") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("damage", ["flip", "remove", "no manifest"])
def test_rot_is_noticed_and_named(tmp_path: Path, damage: str) -> None:
    out = tmp_path / "out"
    with store.writing(out) as folder:
        (folder / "a.txt").write_text("a", encoding="utf-8")
    target = out / ("MANIFEST.sha256" if damage == "no manifest" else "a.txt")
    if damage == "flip":
        target.write_text("b", encoding="utf-8")
    else:
        target.unlink()
    with pytest.raises(IntegrityFailure, match=target.name):
        store.check(out)


def test_a_json_file_that_is_something_else_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"a": "text"}', encoding="utf-8")
    with pytest.raises(IntegrityFailure, match=r"x\.json"):
        store.read_json(path, dict[str, int])


ORPHAN = """
import sys, time
from pathlib import Path
from pipelines import store
out = Path(sys.argv[1])
with store.writing(out) as folder:
    (folder / "a.txt").write_text("from the orphan")
    (out.parent / "started").touch()
    while not (out.parent / "go").exists():
        time.sleep(0.01)
"""


def test_a_stage_whose_starter_was_killed_does_not_overwrite_what_came_later(tmp_path: Path) -> None:
    out = tmp_path / "out"
    starter = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1], sys.argv[2]])"
    process = subprocess.Popen([sys.executable, "-c", starter, ORPHAN, str(out)], cwd=Path.cwd(), env=_environment())
    _wait_for(tmp_path / "started")
    process.kill()
    process.wait()
    with store.writing(out) as folder:
        (folder / "a.txt").write_text("from the later run", encoding="utf-8")
    (tmp_path / "go").touch()
    _wait_until_only(tmp_path, {"out", "started", "go"})
    assert (store.check(out) / "a.txt").read_text(encoding="utf-8") == "from the later run"


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path.cwd())}


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.01)


def _wait_until_only(folder: Path, names: set[str]) -> None:
    deadline = time.monotonic() + 30
    while {path.name for path in folder.iterdir()} != names:
        assert time.monotonic() < deadline, sorted(path.name for path in folder.iterdir())
        time.sleep(0.01)
