"""What all experiments of one checkout share when they are tracked: data, commit, and whether it is the user's own."""

import getpass
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import msgspec

from features import codebook
from pipelines import store

_PARTS = ("train", "valid", "test")


class Summary(msgspec.Struct, frozen=True):
    """What is needed of split's summary.json: how many documents and sentences a part has."""

    documents: dict[str, int]
    sentences: dict[str, int]


@dataclass(frozen=True, slots=True)
class Workspace:
    """`parts` says what train, valid and test hold; `is_present` is False in a copy that DVC made for an experiment."""

    codebook_version: int
    split: str
    parts: dict[str, dict[str, int]]
    git_commit: str | None
    git_dirty: bool
    dvc_experiment: str | None
    user: str | None
    is_present: bool


def describe(codebook_file: Path, split: Path) -> Workspace:
    """The workspace in the current folder; raises UsageFailure or IntegrityFailure for files it cannot read."""
    summary = store.read_json(store.check(split) / "summary.json", Summary)
    return Workspace(
        codebook_version=codebook.load(codebook_file).version,
        split=split.as_posix(),
        parts={
            part: {"documents": summary.documents.get(part, 0), "sentences": summary.sentences.get(part, 0)}
            for part in _PARTS
        },
        git_commit=_git("rev-parse", "--verify", "-q", "HEAD"),
        git_dirty=bool(_git("status", "--porcelain", "--untracked-files=no")),
        dvc_experiment=os.environ.get("DVC_EXP_NAME"),
        user=_user(),
        is_present=_is_present(),
    )


def _is_present() -> bool:
    """While `dvc exp run --temp` or a queue works in a copy, DVC_ROOT names another repository than the one around."""
    here = Path.cwd().resolve()
    own = next((folder for folder in (here, *here.parents) if (folder / ".dvc").is_dir()), here)
    return own == Path(os.environ.get("DVC_ROOT") or own).resolve()


def _user() -> str | None:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user id without a name, as in some containers
        return None


def _git(*arguments: str) -> str | None:
    """What git prints, or None: a workspace without git or without a commit can be tracked as well."""
    try:
        found = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return found.stdout.strip() or None if found.returncode == 0 else None
