"""Run track in the current folder and look into its store."""

import os
import shutil
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from pipelines import track
from pipelines.command import stage
from pipelines.tracking import mlflow_store
from tests import finished_files

FOLDERS = ("codebook", "experiments", "split", "evaluate", "compare", "curve", "refit", "export", "report", "out")
DATABASE = Path("data/track/mlflow.db")
MODEL = "theme-model"


def track_here() -> str:
    """What `python -m pipelines.track ...` does, without a new process; returns its last line."""
    return track.main(stage("", *FOLDERS).parse_args(finished_files.ARGUMENTS))


def empty_database(folder: Path) -> Path:
    """A store's database with its tables and nothing in them: creating them takes a second."""
    os.environ.pop("MLFLOW_TRACKING_URI", None)  # where mlflow.set_tracking_uri of an earlier test leaves it
    with mlflow_store.opened(folder, "") as store:
        store.client.search_experiments()
    return folder / "mlflow.db"


def enter(folder: Path, monkeypatch: pytest.MonkeyPatch, empty: Path) -> Path:
    """Work in a new folder below `folder`, with an empty store and nothing set that would lead to another."""
    for name in ("DVC_ROOT", "DVC_EXP_NAME", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    here = folder / "a name for Zoë"
    here.mkdir()
    monkeypatch.chdir(here)
    DATABASE.parent.mkdir(parents=True)
    shutil.copy(empty, DATABASE)
    return here


def client() -> MlflowClient:
    """A client of the store in the current folder."""
    return MlflowClient(f"sqlite:///{DATABASE.resolve()}")


def runs() -> list[Run]:
    """All runs that are not deleted, oldest first."""
    ids = [one.experiment_id for one in client().search_experiments() if one.name == "themes"]
    found = client().search_runs(ids, order_by=["attributes.start_time ASC"]) if ids else []
    return list(found)


def current() -> dict[str, Run]:
    """Experiment -> its run, of those tagged current=true; no experiment may have two."""
    marked = [run for run in runs() if run.data.tags.get("current") == "true"]
    by_name = {str(run.info.run_name): run for run in marked}
    assert len(by_name) == len(marked)
    return by_name


def aliases() -> dict[str, Any]:
    """Alias -> version of the registered model."""
    return dict(client().get_registered_model(MODEL).aliases)


def files(run: Run) -> set[str]:
    """Paths of all artifacts of a run."""
    listed = [one for folder in (None, "plots") for one in client().list_artifacts(run.info.run_id, folder)]
    return {one.path for one in listed if not one.is_dir}


def load(uri: str) -> Any:
    """A registered model, loaded as a user would."""
    mlflow.set_tracking_uri(f"sqlite:///{DATABASE.resolve()}")
    return mlflow.pyfunc.load_model(uri)
