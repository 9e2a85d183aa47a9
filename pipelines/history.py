"""How often test was opened: every distinct set of committed test metrics, from git, and what each commit changed.

A test set that is looked at after every change becomes a second valid set. This says how often that was.
"""

import argparse
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from features.errors import UsageFailure
from pipelines.command import run

METRICS = "data/evaluate"
REFIT = "data/refit/refit.json"


class Test(msgspec.Struct, frozen=True):
    """The part of metrics.json that test gave."""

    macro_f1: float | None


class Metrics(msgspec.Struct, frozen=True):
    """An experiment's metrics.json."""

    test: Test


class Score(msgspec.Struct, frozen=True):
    """The part of an estimate that is the score itself."""

    value: float | None


class Refitted(msgspec.Struct, frozen=True):
    """The part of refit.json that test gave anew."""

    experiment: str
    on_train_and_valid: Score


@dataclass(frozen=True, slots=True)
class Opening:
    """One commit that changed test metrics: `changed` experiments have other ones than before, `gone` have none."""

    commit: str
    date: str
    subject: str
    changed: list[str]
    gone: list[str]
    best: tuple[str, float]


def openings(commits: Sequence[tuple[str, str, str]], tests: Mapping[str, Mapping[str, float]]) -> list[Opening]:
    """The commits (commit, date, subject; oldest first) whose test metrics, by experiment, differ from those before."""
    found: list[Opening] = []
    before: Mapping[str, float] = {}
    for commit, date, subject in commits:
        now = tests[commit]
        if now and now != before:
            changed = sorted(name for name in now if now[name] != before.get(name))
            best = max(now, key=lambda name: now[name])
            found.append(Opening(commit, date, subject, changed, sorted(set(before) - set(now)), (best, now[best])))
            before = now
    return found


def history(root: Path) -> list[Opening]:
    """The openings of the repository at `root`; raises UsageFailure where there is no repository."""
    lines = _git(
        root, "log", "--reverse", "--date=short", "--format=%h%x09%ad%x09%s", "--", METRICS, REFIT
    ).splitlines()
    commits = [(commit, date, subject) for commit, date, subject in (line.split("\t", 2) for line in lines)]
    return openings(commits, {commit: dict(_tests(root, commit)) for commit, _, _ in commits})


def main(options: argparse.Namespace) -> str:
    """Print a line per opening, the latest last."""
    found = history(options.root)
    for one in found:
        shown = ", ".join(one.changed[:3]) + (f" and {len(one.changed) - 3} more" if len(one.changed) > 3 else "")
        print(f"{one.date} {one.commit}  best {one.best[0]} {one.best[1]:.3f}; changed: {shown or 'none'}")
        print(f"           {one.subject}")
    return f"test was opened in {len(found)} commits"


def _tests(root: Path, commit: str) -> Iterator[tuple[str, float]]:
    listed = _git(root, "ls-tree", "-r", "--name-only", commit, "--", METRICS).splitlines()
    for path in listed:
        if path.endswith("/metrics.json"):
            value = msgspec.json.decode(_file(root, commit, path), type=Metrics).test.macro_f1
            if value is not None:
                yield Path(path).parent.name, value
    if _git(root, "ls-tree", "--name-only", commit, "--", REFIT):
        for one in msgspec.json.decode(_file(root, commit, REFIT), type=dict[str, Refitted]).values():
            if one.on_train_and_valid.value is not None:
                yield f"{one.experiment} (refit)", one.on_train_and_valid.value


def _file(root: Path, commit: str, path: str) -> bytes:
    return _git(root, "show", f"{commit}:{path}").encode()


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", root, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise UsageFailure(f"{root}: {done.stderr.strip() or 'git failed'}")
    return done.stdout


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path, nargs="?", default=Path(), help="the checkout (default: here)")
    run(main, parser)
