"""Make a version of the registered model champion, and record it in experiments/promotions.yaml."""

import argparse
from datetime import date
from pathlib import Path

from features.errors import UsageFailure
from pipelines.command import parameters, run, stage
from pipelines.track import track
from pipelines.tracking import mlflow_store, promotions, registry
from pipelines.tracking.mlflow_store import Store
from pipelines.tracking.promotions import Promotion
from pipelines.tracking.registry import Version


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


def main(options: argparse.Namespace) -> str:
    """Record the promotion first: from the record, track repairs an alias, but not the other way round."""
    model_name = parameters(track, options.params)["model_name"]
    promoted = promotions.read(options.promotions)
    with mlflow_store.opened(options.track, "Once it can be reached and written, run: make promote") as store:
        version = promote(store, model_name, options.version)
        before = registry.aliases(store, model_name).get(registry.CHAMPION)
        if not promoted or promoted[-1].bundle != version.fingerprint:
            reason = " ".join(options.reason.split()) if options.reason else None
            entry = Promotion(version.fingerprint, version.experiment, date.today(), reason)
            promotions.write(options.promotions, [*promoted, entry])
        store.client.set_registered_model_alias(model_name, registry.CHAMPION, str(version.number))
    was = "no version was before" if before is None else f"version {before} was before"
    return (
        f"{model_name} version {version.number} ({version.experiment}) is champion, {was}; commit {options.promotions}"
    )


if __name__ == "__main__":
    record = Path("experiments") / promotions.NAME
    arguments = stage(__doc__)
    arguments.add_argument("--track", type=Path, default=Path("data/track"), help="the store (default: data/track)")
    arguments.add_argument("--promotions", type=Path, default=record, help=f"the record (default: {record})")
    arguments.add_argument("--version", type=int, help="version to promote (default: the challenger)")
    arguments.add_argument("--reason", help="why, for promotions.yaml")
    run(main, arguments)
