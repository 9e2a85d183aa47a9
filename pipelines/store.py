"""Folders that are written whole or not at all, and checked before they are read.

DVC trusts its own cache, so the manifest written with every folder is what notices a rotten or half-copied file.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from features import manifest
from features.errors import IntegrityFailure, ResourceFailure
from features.manifest import check

__all__ = ["check", "read_json", "write_json", "writing"]

T = TypeVar("T")


@contextmanager
def writing(folder: Path) -> Iterator[Path]:
    """Yield an empty folder that takes the place of `folder`, with a manifest, when the block ends without an error.

    Raises ResourceFailure when the process that started this one is gone by then: a stage that outlives a killed
    `dvc repro` must not overwrite what a later run has made.
    """
    starter = os.getppid()
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    draft.chmod(0o755)
    try:
        yield draft
        manifest.write(draft)
        if os.getppid() != starter:
            raise ResourceFailure(f"{folder}: not written, because the command that started this one has ended")
        _take_place(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def write_json(path: Path, value: Any) -> None:
    """Write `value` (dataclasses, structs, plain data) as indented JSON with sorted keys, whole or not at all."""
    encoded = msgspec.json.encode(value, order="sorted")
    draft = path.with_name(f".{path.name}-{os.getpid()}")
    draft.write_bytes(msgspec.json.format(encoded, indent=2) + b"\n")
    draft.replace(path)


def read_json(path: Path, kind: type[T]) -> T:
    """Read one JSON file as `kind`; raises IntegrityFailure naming the file when it is something else."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError) as error:
        raise IntegrityFailure(f"{path}: {error}; run: dvc repro") from error


def _take_place(draft: Path, folder: Path) -> None:
    if folder.exists():
        retired = Path(tempfile.mkdtemp(prefix=f".{folder.name}-old-", dir=folder.parent))
        folder.rename(retired / folder.name)
        draft.rename(folder)
        shutil.rmtree(retired, ignore_errors=True)
    else:
        draft.rename(folder)
