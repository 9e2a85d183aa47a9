"""Turn the finished files of each experiment into one MLflow run each, and the exported champion into a model version.

Never trains. Safe to repeat: a run is known by the fingerprint of what dvc.lock says of its experiment.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from features.comparison import Difference
from pipelines import store
from pipelines.command import experiment_names, parameters, run, stage
from pipelines.tracking import finished, mlflow_store, promotions, registry, runs, runs_table, workspace
from pipelines.tracking.finished import Finished, Locked
from pipelines.tracking.mlflow_store import Store
from pipelines.tracking.promotions import Promotion
from pipelines.tracking.workspace import Workspace

REMEDY = (
    "All training has ended and its results are kept. Once the store can be reached and written, "
    "run: dvc repro -sf track"
)
_LOCK = Path("dvc.lock")


class Choice(msgspec.Struct, frozen=True):
    """What track needs of compare's champion.json."""

    champion: str
    linear: str
    static: str | None = None


class Against(msgspec.Struct, frozen=True):
    """What track needs of one comparison in compare's comparisons.json."""

    other: str
    differences: list[Difference]


@dataclass(frozen=True, slots=True)
class Tracked:
    """What was done; `aliases` are those of `version`, the model's version for this workspace's export."""

    new: int
    known: int
    version: int
    aliases: list[str]
    has_champion: bool
    store_is_new: bool


def track(
    experiments: Sequence[Finished],
    workspace: Workspace,
    champion: str,
    export: Path,
    promoted: Sequence[Promotion],
    into: Store,
    *,
    experiment_name: str,
    model_name: str,
) -> Tracked:
    """Log what the store does not know, mark what is current, register the bundle in `export`, set the aliases.

    From a temporary copy of the workspace (`dvc exp run --temp`), marks and aliases stay as they are.
    """
    experiment_id, store_is_new = mlflow_store.experiment(into, experiment_name)
    _describe(into, experiment_id, {name for one in experiments for name in (*one.metrics, *one.shared_metrics)})
    found, new = {}, 0
    for one in experiments:
        known = runs.find(into, experiment_id, one.fingerprint)
        logged = known or runs.log(into, experiment_id, one, workspace)
        runs.refresh(into, logged, one)
        found[one.name] = logged.info.run_id
        new += known is None
    version = registry.register(into, model_name, export, experiment_id, found[champion])
    if workspace.is_present:
        runs.mark_current(into, experiment_id, found.values())
        placed = registry.place_aliases(into, model_name, version, promoted)
    else:
        placed = registry.aliases(into, model_name)
    own = sorted((alias for alias, number in placed.items() if number == version.number), reverse=True)
    return Tracked(new, len(found) - new, version.number, own, registry.CHAMPION in placed, store_is_new)


def main(options: argparse.Namespace) -> str:
    """Read what the other stages left, log it, write the receipt."""
    section = parameters(track, options.params)
    lock = finished.read_lock(_LOCK)
    here = workspace.describe(options.codebook, options.split)
    choice = store.read_json(store.check(options.compare) / "champion.json", Choice)
    behind = _behind(choice.champion, store.read_json(options.compare / "comparisons.json", list[Against]))
    experiments = [
        _collect(name, choice, behind.get(name, {}), lock, options) for name in experiment_names(options.params)
    ]
    promoted = promotions.read(options.experiments / promotions.NAME)
    with mlflow_store.opened(options.out, REMEDY) as into:
        exported = options.export / "champion"
        done = mlflow_store.patiently(
            lambda: track(experiments, here, choice.champion, exported, promoted, into, **section)
        )
    _write_receipt(options.out / "receipt.json", [one.fingerprint for one in experiments])
    return _told(done, here, section["model_name"], into.location.shown, was_tracked="track" in lock)


def _behind(champion: str, comparisons: Sequence[Against]) -> dict[str, dict[str, float]]:
    """By experiment: the champion's F1 on test minus its own, with interval and p-value, as metrics of its run."""
    found = {
        one.other: {
            f"behind_champion/{row.theme}{kind}": value
            for row in one.differences
            for kind, value in (("", row.value), ("_low", row.low), ("_high", row.high), ("_p", row.p))
        }
        for one in comparisons
    }
    # The champion is not behind itself; it may have been behind another before.
    itself = {name: float(name.endswith("_p")) for names in found.values() for name in names}
    return found | {champion: itself}


def _collect(
    name: str, choice: Choice, behind: Mapping[str, float], lock: Mapping[str, Locked], options: argparse.Namespace
) -> Finished:
    shared = {options.compare / "comparisons.md": ""}
    # Last the champion: where one experiment is exported as several, its card is the one to show.
    exported = {"linear": choice.linear, "static": choice.static, "champion": choice.champion}
    folders = [options.export / folder for folder, of in exported.items() if of == name]
    shared |= {folder / "card.md": "" for folder in folders}
    numbers = dict(behind)
    if folders:
        shared[options.refit / "refit.json"] = ""
        sizes = [file.stat().st_size for file in store.check(folders[-1]).iterdir()]
        numbers["size/bundle_megabytes"] = finished.megabytes(sizes)
    if name == choice.champion:
        shared[options.curve / "learning_curve.svg"] = "plots"
        shared[options.report / "report.html"] = ""
    experiment = options.experiments / f"{name}.yaml"
    return finished.collect(name, lock, experiment, options.split, options.evaluate / name, numbers, shared)


def _describe(into: Store, experiment_id: str, metrics: set[str]) -> None:
    """Let MLflow open this experiment as a readable table; see runs_table."""
    experiment = into.client.get_experiment(experiment_id)
    wanted = runs_table.experiment_tags(metrics, experiment.creation_time or 0)
    for key, value in wanted.items():
        if experiment.tags.get(key) != value:
            into.client.set_experiment_tag(experiment_id, key, value)


def _write_receipt(path: Path, fingerprints: Sequence[str]) -> None:
    """Fingerprints alone, so that the same work gives the same receipt; beside the store it speaks of."""
    path.parent.mkdir(parents=True, exist_ok=True)
    store.write_json(path, sorted(fingerprints))


def _told(done: Tracked, here: Workspace, model_name: str, place: str, *, was_tracked: bool) -> str:
    count = done.new + done.known
    kind = "current" if here.is_present else "of a temporary workspace"
    said = [
        f"{count} run{'s' * (count != 1)} {kind} ({done.new} new, {done.known} known)",
        f"model {model_name} version {done.version}" + (f" ({' and '.join(done.aliases)})" if done.aliases else ""),
        place,
    ]
    if done.store_is_new and was_tracked:
        said.append("a new store: earlier runs, if there were any, could not return, only the current ones")
    if not done.has_champion and here.is_present:
        said.append("the bundle that was promoted last has no version in this store, so no version is champion")
    return ", ".join(said)


if __name__ == "__main__":
    folders = ("codebook", "experiments", "split", "evaluate", "compare", "curve", "refit", "export", "report", "out")
    run(main, stage(__doc__, *folders))
