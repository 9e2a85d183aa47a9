"""The hidden folder beside OUT where `score` works, and from which the same command goes on after an interruption.

It holds the answers so far and a draft of the result. The draft is made anew each time: reading and writing are cheap
beside scoring, and what is written in one go has the same bytes whether or not a run was interrupted before.
"""

import fcntl
import hashlib
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import numpy as np

import features
from features import manifest
from features.bundle import Bundle
from features.errors import ResourceFailure
from pipelines import journal
from pipelines.journal import Journal

_ANSWERS = "answers"


class Asked(msgspec.Struct, frozen=True):
    """What answers depend on: two runs that agree in all of it get the same ones."""

    model: str
    unit: str
    explain: bool
    fast: bool
    parameters: dict[str, Any]
    source: str
    files: str
    code: str


_CHANGED = {
    "model": "the model",
    "unit": "--unit",
    "explain": "--explain",
    "fast": "the kernel",
    "parameters": "the parameters of score",
    "source": "IN",
    "files": "the files in IN",
    "code": "the code or its libraries",
}


class Unfinished:
    """The folder of one run, which alone may work in it."""

    def __init__(self, folder: Path, answers: Journal) -> None:
        self.answers = answers
        self._folder = folder
        self._replaced = folder / "replaced"
        self.draft = folder / "draft"

    def publish(self, out: Path) -> None:
        """Put the draft, with a manifest, in the place of `out`."""
        manifest.write(self.draft)
        if out.exists():
            out.rename(self._replaced)
        self.draft.rename(out)

    def clear(self, out: Path) -> None:
        """Remove all but the answers; an earlier result that a kill left between two places goes back to its own."""
        if self._replaced.exists() and not out.exists():
            self._replaced.rename(out)
        for left in (self._replaced, self.draft):
            shutil.rmtree(left, ignore_errors=True)

    def remove(self) -> None:
        """Remove the folder. The answers go last: as long as they are there, nobody else works in it."""
        (self._folder / _ANSWERS).unlink()
        with suppress(OSError):
            self._folder.rmdir()


def asked(
    model: Bundle, unit: str, explain: bool, parameters: dict[str, Any], root: Path, paths: Sequence[Path]
) -> Asked:
    """What a run asks for, of the files `paths` below `root`."""
    files = hashlib.sha256()
    for path in paths:
        found = path.stat() if path.exists() else path.lstat()
        files.update(os.fsencode(f"{path.relative_to(root)}\0{found.st_size}\0{found.st_mtime_ns}\0"))
    return Asked(
        model.fingerprint, unit, explain, model.fast, parameters, str(root.resolve()), files.hexdigest(), _code()
    )


@contextmanager
def work(out: Path, wanted: Asked, *, anew: bool) -> Iterator[Unfinished]:
    """Yield the folder of a run that writes `out`, with the answers of an interrupted one that asked for the same.

    When the block ends without an error the folder goes; otherwise it stays if any sentence has been answered. Raises
    ResourceFailure while another process writes `out`.
    """
    folder = out.parent / f".{out.name}.unfinished"
    with _locked(folder, out) as file:
        unfinished = Unfinished(folder, Journal(file))
        unfinished.clear(out)
        _begin(unfinished.answers, wanted, anew)
        done = False
        try:
            unfinished.draft.mkdir()
            yield unfinished
            done = True
        finally:
            unfinished.clear(out)
            if done or not unfinished.answers.sentences:
                unfinished.remove()
            else:
                _tell(f"{unfinished.answers.sentences:,} sentences are scored; the same command goes on from there")


def _begin(answers: Journal, wanted: Asked, anew: bool) -> None:
    written = answers.asked()
    changed = [] if written is None or anew else _differences(written, wanted)
    if written is None or anew or changed:
        answers.begin(msgspec.msgpack.encode(wanted))
    else:
        answers.resume()
    if changed:
        _tell(f"starting anew, because of what has changed since the interrupted run: {', '.join(changed)}")
    if answers.sentences:
        _tell(f"going on after {answers.sentences:,} sentences of an interrupted run")


def _differences(written: bytes, wanted: Asked) -> list[str]:
    try:
        earlier = msgspec.msgpack.decode(written, type=Asked)
    except msgspec.DecodeError:
        return [_CHANGED["code"]]
    return [name for key, name in _CHANGED.items() if getattr(earlier, key) != getattr(wanted, key)]


@contextmanager
def _locked(folder: Path, out: Path) -> Iterator[BinaryIO]:
    """Yield the file of answers in `folder`, which no other process has then."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / _ANSWERS
    with path.open("a+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever had it may just have removed it.
            taken = not os.path.samestat(os.fstat(file.fileno()), path.stat())
        except (BlockingIOError, FileNotFoundError):
            taken = True
        if taken:
            raise ResourceFailure(f"{out}: another run is writing it; wait for its end or name another folder")
        yield file


def _code() -> str:
    """What of this machine's software could answer otherwise."""
    digest = hashlib.sha256(f"{sys.version} {np.__version__}".encode())
    for path in sorted(Path(features.__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    digest.update(Path(journal.__file__).read_bytes())
    return digest.hexdigest()


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
