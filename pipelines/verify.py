"""Compare every finished file with its manifest, with dvc.lock and with DVC's cache, or two whole runs with each other.

python -m pipelines.verify .            name what differs; exit 4 if anything does
python -m pipelines.verify . --fix      remove what is rotten, so that `dvc repro` makes it anew
python -m pipelines.verify . --twice    run everything twice from nothing in temporary clones; compare every byte
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from features import manifest
from features.errors import IntegrityFailure, ResourceFailure
from pipelines import store
from pipelines.command import progress, run

_SHOWN = 20


def damaged_folders(data: Path) -> Iterator[tuple[Path, str]]:
    """Stage folders below `data` that are not what their manifest says, with the reason."""
    for folder in _finished(data):
        try:
            store.check(folder)
        except IntegrityFailure as failure:
            yield folder, str(failure)


def damaged_objects(cache: Path) -> Iterator[Path]:
    """Objects of DVC's cache whose content is not what their name says."""
    objects = sorted(path for path in cache.glob("files/md5/??/*") if path.is_file())
    for path in progress(objects, total=len(objects), unit="objects"):
        if _md5(path) != path.parent.name + path.name.removesuffix(".dir"):
            yield path


def verify(root: Path, *, fix: bool) -> tuple[list[str], int]:
    """What is wrong in this checkout, and how many files were looked at; with `fix`, what is wrong is removed."""
    folders = list(damaged_folders(root / "data"))
    objects = list(damaged_objects(root / ".dvc" / "cache"))
    if fix:
        for folder, _ in folders:
            shutil.rmtree(folder)
        for path in objects:
            path.unlink()
    checked = sum(len(manifest.read(folder)) for folder in _finished(root / "data"))
    return [reason for _, reason in folders] + [f"{path}: rotten in DVC's cache" for path in objects], checked


def differing_outs(first: Path, second: Path) -> list[str]:
    """Files of the stage folders of two checkouts that are not the same, byte for byte."""
    names = [set(_outs(root)) for root in (first, second)]
    missing = [f"{name}: only in one run" for name in sorted(names[0] ^ names[1])]
    both = sorted(names[0] & names[1])
    return missing + [
        f"{name}: differs" for name in both if (first / name).read_bytes() != (second / name).read_bytes()
    ]


def _outs(root: Path) -> Iterator[str]:
    for folder in _finished(root / "data"):
        for name in (manifest.NAME, *manifest.read(folder)):
            yield (folder / name).relative_to(root).as_posix()


def _finished(data: Path) -> list[Path]:
    """Every folder below `data` that carries a manifest, but for MLflow's own copies in its store."""
    folders = (path.parent for path in data.rglob(manifest.NAME))
    return sorted(folder for folder in folders if not folder.is_relative_to(data / "track"))


def _run_from_nothing(source: Path, clone: Path) -> None:
    """Clone the committed state of `source` without outs or cache and reproduce everything."""
    commands = [
        ["git", "clone", "--quiet", "--no-hardlinks", str(source), str(clone)],
        [sys.executable, "-m", "dvc", "repro", "--quiet"],
    ]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for command, folder in zip(commands, (source, clone), strict=True):
        done = subprocess.run(command, cwd=folder, env={**os.environ, "PATH": path}, check=False)
        if done.returncode:
            raise ResourceFailure(f"{' '.join(command)}: ended with exit code {done.returncode}")


def _twice(root: Path) -> str:
    with tempfile.TemporaryDirectory() as folder:
        first, second = Path(folder) / "first", Path(folder) / "second"
        for clone in (first, second):
            _run_from_nothing(root.resolve(), clone)
        wrong = differing_outs(first, second)
        if wrong:
            raise IntegrityFailure("two runs differ:\n" + "\n".join(f"  {line}" for line in wrong[:_SHOWN]))
        return f"two runs of the last commit, {len(list(_outs(first))):,} files each, the same byte for byte"


def main(options: argparse.Namespace) -> str:
    """Check the checkout, mend it, or run it twice."""
    if options.twice:
        return _twice(options.root)
    wrong, checked = verify(options.root, fix=options.fix)
    named = "\n".join(f"  {line}" for line in wrong[:_SHOWN])
    if wrong and not options.fix:
        raise IntegrityFailure(f"{len(wrong)} damaged; remove them with make verify FIX=1, then dvc repro:\n{named}")
    if wrong:
        print(f"removed:\n{named}")
        return f"{len(wrong)} damaged removed; next: dvc repro"
    return f"{checked:,} files are what their manifests say"


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path, help="the checkout")
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--fix", action="store_true", help="remove what is damaged")
    chosen.add_argument("--twice", action="store_true", help="run everything twice and compare")
    return parser


if __name__ == "__main__":
    run(main, _arguments())
