"""Make a version of the registered model champion, if valid says that it is better, and record it.

The evidence is a paired test on the sentences that valid holds for both: of what the two models, each fitted on its
train alone, predicted for them. Where that finds no gain, --force with a --reason promotes all the same, and says so in
experiments/promotions.yaml.
"""

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from features import codebook
from features.comparison import compare_labels, in_words
from features.errors import UsageFailure
from pipelines import predictions
from pipelines.command import parameters, run, stage
from pipelines.compare import compare
from pipelines.track import track
from pipelines.tracking import mlflow_store, promotions, registry, runs
from pipelines.tracking.mlflow_store import Store
from pipelines.tracking.promotions import Promotion
from pipelines.tracking.registry import Version

ALPHA = 0.05
_FEWEST_DOCUMENTS = 5


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a paired test says that one version is better than another, and what it says in words."""

    is_better: bool
    in_words: str


def promote(store: Store, model_name: str, number: int | None) -> Version:
    """The version to promote: `number`, or the challenger; raises UsageFailure when there is none."""
    known = {version.number: version for version in registry.versions(store, model_name)}
    if not known:
        raise UsageFailure(f"{store.location.shown}: no version of {model_name} yet; run: dvc repro")
    wanted = registry.aliases(store, model_name).get(registry.CHALLENGER) if number is None else number
    if wanted is None:
        raise UsageFailure(f"{store.location.shown}: {model_name} has no challenger; run: dvc repro -sf track")
    if wanted not in known:
        raise UsageFailure(f"{model_name} has no version {wanted}; it has {', '.join(map(str, known))}")
    return known[wanted]


def judge(ours: Path, theirs: Path, themes: Sequence[str], *, resamples: int, seed: int) -> Verdict:
    """Is what `ours` holds better on valid than what `theirs` holds: macro-F1, by approximate randomisation?

    Both are files of predictions. Too few documents in common are no evidence.
    """
    first, second = predictions.paired(ours, theirs, themes, "valid")
    documents = len(set(first.documents))
    if documents < _FEWEST_DOCUMENTS:
        return Verdict(False, f"Both have {documents} documents of valid in common, too few to compare.")
    differences = compare_labels(
        first.gold, first.labels, second.labels, first.documents, themes, resamples=resamples, seed=seed
    )
    macro = differences[0]
    said = in_words("the new one", "the champion before", differences, alpha=ALPHA)
    where = f"On {len(first.documents):,} sentences of {documents} documents of valid"
    return Verdict(
        macro.value > 0 and macro.p < ALPHA, f"{where}, macro-F1 {macro.value:+.3f}, p {macro.p:.3f}: {said}"
    )


def main(options: argparse.Namespace) -> str:
    """Record the promotion first: from the record, track repairs an alias, but not the other way round."""
    model_name = parameters(track, options.params)["model_name"]
    promoted = promotions.read(options.promotions)
    with mlflow_store.opened(options.track, "Once it can be reached and written, run: make promote") as store:
        version, before = promote(store, model_name, options.version), registry.champion(store, model_name)
        if before == version:
            return f"{model_name} version {version.number} ({version.experiment}) is champion already"
        verdict = _judged(store, version, before, options) if before else None
        promotions.write(options.promotions, [*promoted, _entry(version, verdict, options)])
        store.client.set_registered_model_alias(model_name, registry.CHAMPION, str(version.number))
    was = f"version {before.number} was before" if before else "no version was before"
    said = f"{model_name} version {version.number} ({version.experiment}) is champion, {was}"
    return f"{said}; commit {options.promotions}. {verdict.in_words if verdict else ''}".rstrip()


def _entry(version: Version, verdict: Verdict | None, options: argparse.Namespace) -> Promotion:
    """The record of a promotion; raises UsageFailure where nothing speaks for it, and nobody."""
    reason = " ".join((options.reason or "").split()) or None
    unproven = verdict is not None and not verdict.is_better
    if unproven and not (options.force and reason):
        raise UsageFailure(
            f"version {version.number} stays challenger. {verdict.in_words if verdict else ''} "
            "To promote it all the same, with a reason for the record: make promote FORCE=1 REASON='...'"
        )
    evidence = verdict.in_words if verdict else None
    return Promotion(version.fingerprint, version.experiment, date.today(), evidence, reason, forced=unproven)


def _judged(store: Store, version: Version, before: Version, options: argparse.Namespace) -> Verdict:
    themes = codebook.load(options.codebook).ids
    with tempfile.TemporaryDirectory() as folder:
        files = [runs.file(store, one.run_id, predictions.NAME, Path(folder)) for one in (version, before)]
        lacking = [one for one, path in zip((version, before), files, strict=True) if path is None]
        if lacking:
            return Verdict(False, f"The run of version {lacking[0].number} has no {predictions.NAME} to compare.")
        ours, theirs = (path for path in files if path)
        return judge(ours, theirs, themes, **parameters(compare, options.params))


if __name__ == "__main__":
    record = Path("experiments") / promotions.NAME
    arguments = stage(__doc__, "codebook")
    arguments.add_argument("--track", type=Path, default=Path("data/track"), help="the store (default: data/track)")
    arguments.add_argument("--promotions", type=Path, default=record, help=f"the record (default: {record})")
    arguments.add_argument("--version", type=int, help="version to promote (default: the challenger)")
    arguments.add_argument("--force", action="store_true", help="even if valid does not say that it is better")
    arguments.add_argument("--reason", help="why, for promotions.yaml")
    run(main, arguments)
