"""`MANIFEST.sha256`: what a finished folder holds, in the format of `sha256sum`."""

import hashlib
import os
from pathlib import Path

from features.errors import IntegrityFailure

NAME = "MANIFEST.sha256"


def write(folder: Path) -> None:
    """List the SHA-256 of every file below `folder` in its manifest, and flush everything to the disk."""
    lines = [f"{sha256(path)}  {path.relative_to(folder).as_posix()}\n" for path in _files(folder)]
    (folder / NAME).write_text("".join(lines), encoding="utf-8")
    for path in [*_files(folder), folder / NAME]:
        with path.open("rb") as file:
            os.fsync(file.fileno())


def read(folder: Path) -> dict[str, str]:
    """File name -> SHA-256; raises IntegrityFailure when there is no manifest."""
    path = folder / NAME
    if not path.is_file():
        raise IntegrityFailure(f"{path}: missing; run the stage that writes {folder} again: dvc repro")
    lines = path.read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def check(folder: Path) -> Path:
    """Return `folder` after comparing every file with its manifest; raises IntegrityFailure naming what differs."""
    for name, digest in read(folder).items():
        path = folder / name
        if not path.is_file():
            raise IntegrityFailure(f"{path}: missing, though {folder / NAME} lists it; run: make verify FIX=1")
        if sha256(path) != digest:
            raise IntegrityFailure(f"{path}: its content is not what {folder / NAME} lists; run: make verify FIX=1")
    return folder


def sha256(path: Path) -> str:
    """The hex digest of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != NAME)
