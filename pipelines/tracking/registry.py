"""The registered model: a version per distinct exported bundle, and the aliases `challenger` and `champion`."""

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from features import bundle, requirements
from features.bundle_files import FITTED_ON
from pipelines.tracking.mlflow_store import Store
from pipelines.tracking.promotions import Promotion

CHALLENGER, CHAMPION = "challenger", "champion"
_CODE = Path(bundle.__file__).parent
# What serving.py imports beside what scoring does: the model is loaded where this project is not installed.
SERVING = ("mlflow", "pandas")
_EXAMPLE = ("The two sides agreed to share information on the financing of terrorism.", "The meeting closed at noon.")


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the registered model: the fingerprint of its bundle, and the experiment and run it comes from."""

    number: int
    fingerprint: str
    experiment: str
    run_id: str


def versions(store: Store, model_name: str) -> list[Version]:
    """All versions that a bundle was registered as, oldest first."""
    found = store.client.search_model_versions(f"name='{model_name}'")
    known = [
        Version(int(one.version), one.tags["fingerprint"], one.tags["experiment"], str(one.run_id))
        for one in found
        if {"fingerprint", "experiment"} <= one.tags.keys()
    ]
    return sorted(known, key=lambda version: version.number)


def register(store: Store, model_name: str, export: Path, experiment_id: str, run_id: str) -> Version:
    """The version of the bundle in `export`, logged with run `run_id` unless this very model has one already."""
    loaded = bundle.load(export)
    known = {version.fingerprint: version for version in versions(store, model_name)}
    if loaded.fingerprint in known:
        return known[loaded.fingerprint]
    if not store.client.search_registered_models(f"name='{model_name}'"):
        store.client.create_registered_model(model_name, description="Labels sentences by theme; see card.md.")
    fitted_on = loaded.model.provenance[FITTED_ON]
    logged = _log_model(loaded, model_name, export, experiment_id, run_id)
    created = store.client.create_model_version(
        model_name,
        source=logged.model_uri,
        run_id=run_id,
        model_id=logged.model_id,
        tags={"fingerprint": loaded.fingerprint, "experiment": loaded.name, FITTED_ON: fitted_on},
        description=f"Fitted on {fitted_on}, scores in card.md; the run's metrics are of its model fitted on train.",
    )
    return Version(int(created.version), loaded.fingerprint, loaded.name, run_id)


def aliases(store: Store, model_name: str) -> dict[str, int]:
    """Alias -> version number."""
    found = store.client.search_registered_models(f"name='{model_name}'")
    return {alias: int(number) for model in found for alias, number in model.aliases.items()}


def champion(store: Store, model_name: str) -> Version | None:
    """The version that is champion, if any is."""
    number = aliases(store, model_name).get(CHAMPION)
    return next((version for version in versions(store, model_name) if version.number == number), None)


def place_aliases(store: Store, model_name: str, current: Version, promoted: Sequence[Promotion]) -> dict[str, int]:
    """Let `current` be challenger, and champion whatever was promoted last: the first version when nothing was.

    There is no champion while the promoted bundle has no version in this store.
    """
    before = aliases(store, model_name)
    champion: int | None = before.get(CHAMPION, current.number)
    if promoted:
        numbers = {version.fingerprint: version.number for version in versions(store, model_name)}
        champion = numbers.get(promoted[-1].bundle)
    wanted = {CHALLENGER: current.number} | ({CHAMPION: champion} if champion else {})
    for alias, number in wanted.items():
        if before.get(alias) != number:
            store.client.set_registered_model_alias(model_name, alias, str(number))
    if CHAMPION in before.keys() - wanted.keys():
        store.client.delete_registered_model_alias(model_name, CHAMPION)
    return wanted


def _log_model(loaded: bundle.Bundle, name: str, export: Path, experiment_id: str, run_id: str) -> Any:
    import mlflow
    import pandas as pd
    from mlflow.models import Model

    from features.text import in_context
    from pipelines import serving

    mlflow.set_experiment(experiment_id=experiment_id)
    needed = (*SERVING, *requirements.of_scoring(loaded.model))
    with tempfile.TemporaryDirectory() as folder:
        return Model.log(
            artifact_path=None,
            flavor=mlflow.pyfunc,
            name=name,
            run_id=run_id,
            python_model=serving.__file__,
            artifacts=_artifacts(loaded, export, Path(folder)),
            code_paths=[str(_CODE)],
            pip_requirements=requirements.pinned(needed),
            signature=_signature(loaded.themes),
            input_example=pd.DataFrame(in_context(_EXAMPLE, ["example"] * len(_EXAMPLE))),
        )


def _artifacts(loaded: bundle.Bundle, export: Path, scratch: Path) -> dict[str, str]:
    """The bundle and, side by side as its loader looks for them, the files of the encoder that it needs."""
    found = {"bundle": str(export)}
    for file in requirements.encoder_files(loaded.model):
        folder = scratch / bundle.ENCODER
        folder.mkdir(exist_ok=True)
        shutil.copy(file, folder)
        found[bundle.ENCODER] = str(folder)
    return found


def _signature(themes: Sequence[str]) -> Any:
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema

    from pipelines import serving

    # No schema of the input: one with names refuses a list of strings before the model sees it, and one without names
    # drops the columns of the neighbours. What is given is checked by the served model itself.
    outputs = []
    for theme in themes:
        outputs += [ColSpec("boolean", theme), ColSpec("double", f"{theme}_probability")]
    unit = ParamSpec("unit", "string", serving.UNITS[0])
    return ModelSignature(outputs=Schema([*outputs, ColSpec("boolean", "abstained")]), params=ParamSchema([unit]))
