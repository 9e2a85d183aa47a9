"""Do this checkout, DVC and the tracking store agree? A line per question, and for each trouble its remedy.

python -m pipelines.doctor --fix     also lets the store's addresses follow a checkout that was moved
"""

import argparse
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from features.errors import Failure, IntegrityFailure
from pipelines import store
from pipelines.command import experiment_names, parameters, run, stage
from pipelines.track import track
from pipelines.tracking import finished, mlflow_store, moved, promotions, registry, runs
from pipelines.tracking.mlflow_store import Location
from pipelines.tracking.promotions import Promotion
from pipelines.tracking.registry import Version
from pipelines.tracking.runs import Kept

TRACK_AGAIN = "dvc repro -sf track"
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """What was asked, what is wrong (nothing: all is well), and the command that mends it."""

    question: str
    wrong: Sequence[str]
    remedy: str


@dataclass(frozen=True, slots=True)
class Present:
    """A present experiment: the fingerprint that dvc.lock gives it, and its metrics as files have them."""

    name: str
    fingerprint: str
    metrics: Mapping[str, float]


def doctor(
    present: Sequence[Present],
    receipt: Sequence[str],
    kept: Sequence[Kept],
    versions: Sequence[Version],
    aliases: Mapping[str, int],
    promoted: Sequence[Promotion],
    fingerprint_of_export: str | None,
) -> Iterator[Answer]:
    """What can be answered from the files of the checkout and the runs and versions that the store has kept."""
    expected = {one.fingerprint: one for one in present}
    known = Counter(one.fingerprint for one in kept)
    twice = sorted({one.name for one in kept if known[one.fingerprint] > 1})
    yield Answer("every fingerprint has one run", [f"{name} has more" for name in twice], TRACK_AGAIN)
    missing = [f"{one.name} has none of its present fingerprint" for one in present if one.fingerprint not in known]
    yield Answer("every experiment of params.yaml has its run", missing, TRACK_AGAIN)
    marked = [f"{one.name} ({one.run_id[:8]})" for one in kept if one.is_current != (one.fingerprint in expected)]
    yield Answer("current=true stands on the runs of this workspace alone", marked, TRACK_AGAIN)
    other = [
        f"{one.name}: {metric} is {one.metrics.get(metric)} in its run, {value} in git"
        for one in kept
        if one.fingerprint in expected
        for metric, value in expected[one.fingerprint].metrics.items()
        if one.metrics.get(metric) != value
    ]
    yield Answer("metrics of runs are those of the files", other, TRACK_AGAIN)
    strange = [] if sorted(receipt) == sorted(expected) else ["it lists other fingerprints than dvc.lock"]
    yield Answer("the receipt is of this workspace", strange, TRACK_AGAIN)
    yield Answer(
        "aliases are those of the record", _aliases(versions, aliases, promoted, fingerprint_of_export), TRACK_AGAIN
    )


def _aliases(
    versions: Sequence[Version], aliases: Mapping[str, int], promoted: Sequence[Promotion], exported: str | None
) -> list[str]:
    fingerprints = {version.number: version.fingerprint for version in versions}
    wrong = []
    if exported and fingerprints.get(aliases.get(registry.CHALLENGER, 0)) != exported:
        wrong.append("challenger is not the bundle in data/export/champion")
    if promoted and fingerprints.get(aliases.get(registry.CHAMPION, 0)) != promoted[-1].bundle:
        wrong.append(f"champion is not what was promoted on {promoted[-1].date}")
    return wrong


def main(options: argparse.Namespace) -> str:
    """Ask everything, print the answers; raises IntegrityFailure (exit 4) when something is wrong."""
    location, section = mlflow_store.locate(options.track), parameters(track, options.params)
    answers = [Answer("dvc status is clean", _dirty(), "dvc repro")]
    if location.database and not location.database.is_file():
        answers.append(Answer("there is a store", [f"{location.shown}: missing"], TRACK_AGAIN))
    else:
        answers += [_addresses(location, section["experiment_name"], fix=options.fix)]
        answers += _of_store(options, **section)
    print("\n".join(_told(one) for one in answers), flush=True)
    wrong = sum(bool(one.wrong) for one in answers)
    if wrong:
        raise IntegrityFailure(f"{wrong} of {len(answers)} checks found something wrong; the remedies are above")
    return f"{len(answers)} checks, all well: {location.shown}"


def _told(one: Answer) -> str:
    if not one.wrong:
        return f"ok     {one.question}"
    more = [f"and {len(one.wrong) - _SHOWN} more"] if len(one.wrong) > _SHOWN else []
    return "\n       ".join([f"WRONG  {one.question}", *one.wrong[:_SHOWN], *more, f"remedy: {one.remedy}"])


def _dirty() -> list[str]:
    done = subprocess.run(
        [sys.executable, "-m", "dvc", "status", "--json"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        return [done.stderr.strip().splitlines()[-1]]
    return [f"changed: {name}" for name in json.loads(done.stdout)]


def _addresses(location: Location, experiment: str, *, fix: bool) -> Answer:
    question, remedy = "files of runs are looked for where the store is", "make doctor FIX=1"
    if not (location.database and location.artifacts):
        return Answer(question, [], remedy)  # a server knows where its files are
    place = (location.database, experiment, location.artifacts)
    if fix:
        moved.repoint(*place)
    return Answer(question, [f"looked for below {old}" for old in moved.astray(*place)], remedy)


def _of_store(options: argparse.Namespace, *, experiment_name: str, model_name: str) -> list[Answer]:
    lock = finished.read_lock(Path("dvc.lock"))
    present = [_present(name, lock, options.evaluate) for name in experiment_names(options.params)]
    receipt = options.track / "receipt.json"
    listed = store.read_json(receipt, list[str]) if receipt.is_file() else []
    promoted = promotions.read(options.promotions)
    with mlflow_store.opened(options.track, "Once it can be reached, run: make doctor") as opened:
        kept = runs.kept(opened, experiment_name)
        versions, aliases = registry.versions(opened, model_name), registry.aliases(opened, model_name)
        lost = [f"{one.name} ({one.run_id[:8]})" for one in kept if one.is_current and not runs.has_files(opened, one)]
    answers = list(doctor(present, listed, kept, versions, aliases, promoted, _exported(options.export)))
    return [
        *answers,
        Answer("runs of this workspace have their files", lost, f"delete the run in the UI, then: {TRACK_AGAIN}"),
    ]


def _present(name: str, lock: Mapping[str, finished.Locked], evaluate: Path) -> Present:
    stages = finished.stages(name, lock)
    scores = store.read_json(evaluate / name / "scores.json", dict[str, float | None])
    return Present(
        name, finished.fingerprint(stages), {metric: value for metric, value in scores.items() if value is not None}
    )


def _exported(export: Path) -> str | None:
    from features import bundle_files

    try:
        return bundle_files.read(export / "champion")[2]
    except Failure:
        return None  # dvc status has said so already


if __name__ == "__main__":
    arguments = stage(__doc__)
    arguments.add_argument("--fix", action="store_true", help="let the store's addresses follow a move")
    for name in ("evaluate", "export", "track"):
        arguments.add_argument(f"--{name}", type=Path, default=Path("data") / name, help=f"default: data/{name}")
    record = Path("experiments") / promotions.NAME
    arguments.add_argument("--promotions", type=Path, default=record, help=f"the record (default: {record})")
    run(main, arguments)
