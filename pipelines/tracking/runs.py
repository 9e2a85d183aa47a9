"""One finished experiment as one MLflow run: found by its fingerprint, or logged in one batch."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.tracking import runs_table
from pipelines.tracking.finished import Finished
from pipelines.tracking.mlflow_store import Store
from pipelines.tracking.workspace import Workspace

if TYPE_CHECKING:
    from mlflow.entities import Run

NOTE = "mlflow.note.content"
_PARENT = "mlflow.parentRunId"
# What one call of MLflow takes.
_METRICS_AT_ONCE = 1_000
_PARAMETERS_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Kept:
    """A run as the store has kept it; `name` is its experiment's."""

    run_id: str
    name: str
    fingerprint: str
    is_current: bool
    metrics: Mapping[str, float]


def find(store: Store, experiment_id: str, fingerprint: str) -> Run | None:
    """The run of this fingerprint. What an interrupted or simultaneous attempt left beside it is deleted."""
    found = store.client.search_runs(
        [experiment_id],
        f"tags.fingerprint = '{fingerprint}'",
        order_by=["attributes.start_time ASC", "attributes.run_id ASC"],
    )
    kept = next((run for run in found if run.info.status == "FINISHED"), None)
    for run in found:
        if run is not kept:
            _delete(store, run)
    return kept


def kept(store: Store, experiment_name: str) -> list[Kept]:
    """Every run of this project that was tracked to its end."""
    experiment = store.client.get_experiment_by_name(experiment_name)
    if experiment is None:
        return []
    found: list[Run] = []
    token: str | None = ""
    while token is not None:
        page = store.client.search_runs(
            [experiment.experiment_id], "attributes.status = 'FINISHED'", max_results=1_000, page_token=token or None
        )
        found += page
        token = page.token or None
    return [
        Kept(
            run.info.run_id,
            str(run.info.run_name),
            run.data.tags["fingerprint"],
            run.data.tags.get("current") == "true",
            run.data.metrics,
        )
        for run in found
        if "fingerprint" in run.data.tags
    ]


def has_files(store: Store, run: Kept) -> bool:
    """Whether any file of the run can be listed."""
    return bool(store.client.list_artifacts(run.run_id))


def log(store: Store, experiment_id: str, finished: Finished, workspace: Workspace) -> Run:
    """Log a new run; it counts as finished only once everything is in it."""
    from mlflow.entities import Metric, Param

    client, now = store.client, int(time.time() * 1000)
    run = client.create_run(experiment_id, now, _tags(finished, workspace), finished.name)
    run_id = run.info.run_id
    metrics = [Metric(name, finished.metrics[name], now, 0) for name in runs_table.telling_first(finished.metrics)]
    parameters = [Param(name, value) for name, value in finished.parameters.items()]
    for some in _groups(metrics, _METRICS_AT_ONCE):
        client.log_batch(run_id, metrics=some)
    for some in _groups(parameters, _PARAMETERS_AT_ONCE):
        client.log_batch(run_id, params=some)
    client.log_inputs(run_id, _datasets(finished, workspace))
    for path, folder in finished.artifacts.items():
        client.log_artifact(run_id, str(path), folder or None)
    _log_candidates(store, run, finished)
    client.set_terminated(run_id)
    return run


def refresh(store: Store, run: Run, finished: Finished) -> None:
    """Bring up to date what may change while the fingerprint stays: what was learned, and what compares runs."""
    from mlflow.entities import Metric

    if run.data.tags.get(NOTE) != _note(finished):
        store.client.set_tag(run.info.run_id, NOTE, _note(finished))
    now = int(time.time() * 1000)
    moved = {name: value for name, value in finished.shared_metrics.items() if run.data.metrics.get(name) != value}
    if moved:
        store.client.log_batch(run.info.run_id, metrics=[Metric(name, value, now, 0) for name, value in moved.items()])
    for path, folder in finished.shared.items():
        store.client.log_artifact(run.info.run_id, str(path), folder or None)


def file(store: Store, run_id: str, name: str, folder: Path) -> Path | None:
    """A copy of the run's artifact `name` in a folder of its own below `folder`; None where the run has none."""
    if name not in {one.path for one in store.client.list_artifacts(run_id)}:
        return None
    target = folder / run_id
    target.mkdir(exist_ok=True)
    return Path(store.client.download_artifacts(run_id, name, str(target)))


def mark_current(store: Store, experiment_id: str, run_ids: Collection[str]) -> None:
    """Let these runs, and no others, carry the tag current=true."""
    marked = {run.info.run_id for run in store.client.search_runs([experiment_id], "tags.current = 'true'")}
    for run_id in marked.difference(run_ids):
        store.client.delete_tag(run_id, "current")
    for run_id in set(run_ids) - marked:
        store.client.set_tag(run_id, "current", "true")


def _log_candidates(store: Store, run: Run, finished: Finished) -> None:
    """A run below `run` for each combination that its search tried; without a fingerprint, for it is no experiment."""
    from mlflow.entities import Metric, Param

    client, now = store.client, int(time.time() * 1000)
    for one in finished.candidates:
        name = ", ".join(f"{path.rpartition('.')[2]}={value}" for path, value in one.values.items())
        tags = {_PARENT: run.info.run_id, NOTE: f"Tried by the search of {finished.name}."}
        below = client.create_run(run.info.experiment_id, now, tags, name).info.run_id
        numbers = {"search/average_precision": one.average_precision, "search/folds_that_chose": one.folds}
        client.log_batch(
            below,
            metrics=[Metric(metric, value, now, 0) for metric, value in numbers.items()],
            params=[Param(path, str(value)) for path, value in one.values.items()],
        )
        client.set_terminated(below)


def _delete(store: Store, run: Run) -> None:
    below = store.client.search_runs([run.info.experiment_id], f"tags.`{_PARENT}` = '{run.info.run_id}'")
    for one in (*below, run):
        store.client.delete_run(one.info.run_id)


def _tags(finished: Finished, workspace: Workspace) -> dict[str, str]:
    tags = {
        "fingerprint": finished.fingerprint,
        "data_md5": finished.data_md5,
        "codebook_version": str(workspace.codebook_version),
        "dvc_experiment": workspace.dvc_experiment,
        NOTE: _note(finished),
        "mlflow.user": workspace.user,
        "mlflow.source.name": f"dvc.yaml: train@{finished.name}",
        "mlflow.source.type": "PROJECT",
        "mlflow.source.git.commit": workspace.git_commit,
        "mlflow.source.git.dirty": str(workspace.git_dirty).lower() if workspace.git_commit else None,
    }
    return {name: value for name, value in tags.items() if value is not None}


def _note(finished: Finished) -> str:
    """The run's description, in Markdown: its hypothesis, then a paragraph of what was learned."""
    return finished.hypothesis.replace(" Learned: ", "\n\n**Learned:** ")


def _datasets(finished: Finished, workspace: Workspace) -> list[Any]:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    return [
        DatasetInput(
            # The md5 that DVC knows the split by: MLflow's own digest would see only the first 10,000 rows.
            Dataset(part, finished.data_md5, "local", json.dumps({"uri": workspace.split}), profile=json.dumps(counts)),
            [InputTag("mlflow.data.context", part)],
        )
        for part, counts in workspace.parts.items()
    ]


def _groups(items: Sequence[Any], size: int) -> Iterator[list[Any]]:
    iterator = iter(items)
    while group := list(islice(iterator, size)):
        yield group
