"""Real `dvc` in a temporary clone of this checkout, working tree included, on the twelve documents of tests/corpus."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

IGNORED = ("__pycache__", ".venv", ".bench", ".git", ".dvc", ".timings", "*_cache", ".hypothesis")
# What git does not carry: stage folders are made anew in the clone.
KEPT_DATA = ("codebook.yaml", "patterns.yaml", "corpus", "annotations")


def clone(target: Path, *, small: bool = True) -> Path:
    """A git repository with DVC at `target`; `small` runs it on tests/corpus."""
    source = Path.cwd()

    def skip(folder: str, names: list[str]) -> set[str]:
        skipped = shutil.ignore_patterns(*IGNORED)(folder, names)
        return skipped | (
            {name for name in names if name not in KEPT_DATA} if folder == str(source / "data") else set()
        )

    shutil.copytree(source, target, ignore=skip, symlinks=True)
    (target / ".dvc").mkdir()
    shutil.copy(source / ".dvc" / "config", target / ".dvc" / "config")
    shutil.copy(source / ".dvc" / ".gitignore", target / ".dvc" / ".gitignore")
    if small:
        shutil.copy(target / "tests" / "corpus" / "params.yaml", target / "params.yaml")
        for name in ("codebook.yaml", "patterns.yaml"):
            shutil.copy(target / "data" / name, target / "tests" / "corpus" / name)
        (target / "dvc.lock").unlink(missing_ok=True)
    git(target, "init", "--quiet", "--initial-branch=main")
    commit(target, "start")
    return target


def commit(root: Path, message: str) -> None:
    """Commit everything that is not ignored."""
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--allow-empty", "--message", message)


def git(root: Path, *words: str) -> str:
    """Run git there as a user of its own."""
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    done = subprocess.run(["git", *identity, *words], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout


def dvc(root: Path, *words: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run dvc there with this Python; its output, both streams, on failure."""
    done = subprocess.run(
        [sys.executable, "-m", "dvc", *words],
        cwd=root,
        env=variables(**environment),
        capture_output=True,
        text=True,
        check=False,
    )
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


def variables(**environment: str) -> dict[str, str]:
    """The environment of a user who has activated this Python."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("DVC", "MLFLOW"))}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**kept, "PATH": path, **environment}


def ran(done: subprocess.CompletedProcess[str]) -> list[str]:
    """The stages that `dvc repro` ran, in order."""
    prefix = "Running stage '"
    return [line.removeprefix(prefix).split("'")[0] for line in done.stdout.splitlines() if line.startswith(prefix)]
