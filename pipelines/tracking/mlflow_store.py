"""Where runs are kept: a sqlite database in the store's folder, or the server that MLFLOW_TRACKING_URI names."""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, TypeVar
from urllib.parse import urlsplit

from features.errors import ResourceFailure
from pipelines.tracking import moved

if TYPE_CHECKING:
    from mlflow import MlflowClient

T = TypeVar("T")
# Seconds to wait for another process that holds the store, and between two looks.
PATIENCE = 120.0
_PAUSE = 0.1
_TRIES = 3
_REASON_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Location:
    """`uri` is MLflow's address of the store; `folder` holds what a server does not: database, files, lock."""

    folder: Path
    uri: str

    @property
    def database(self) -> Path | None:
        """The sqlite file of the default store."""
        path = self.folder / "mlflow.db"
        return path if self.uri == _sqlite(path) else None

    @property
    def artifacts(self) -> str | None:
        """Where a new experiment keeps its files; None: the server decides."""
        return None if self.is_server else (self.folder / "artifacts").as_uri()

    @property
    def is_server(self) -> bool:
        """Whether MLflow is asked over HTTP."""
        return self.uri.startswith("http")

    @property
    def shown(self) -> str:
        """The store's name for people."""
        if not self.database:
            return self.without_password(self.uri)
        here = Path.cwd().resolve()
        return str(self.database.relative_to(here) if self.database.is_relative_to(here) else self.database)

    def without_password(self, text: str) -> str:
        """`text` without the user and password of `uri`."""
        secret, at, _ = urlsplit(self.uri).netloc.rpartition("@")
        return text.replace(secret + at, "") if at else text


@dataclass(frozen=True, slots=True)
class Store:
    """An open store."""

    client: MlflowClient
    location: Location


def locate(folder: Path) -> Location:
    """The store that belongs to `folder`, which is looked for below $DVC_ROOT.

    DVC sets DVC_ROOT to the user's own checkout even while `dvc exp run --temp` works in a copy that it then deletes.
    """
    kept = (Path(os.environ.get("DVC_ROOT") or ".") / folder).resolve()
    return Location(kept, os.environ.get("MLFLOW_TRACKING_URI") or _sqlite(kept / "mlflow.db"))


@contextmanager
def opened(folder: Path, remedy: str) -> Iterator[Store]:
    """The store of `folder`, created when it is missing, held by this process alone among those of this checkout.

    Raises ResourceFailure (exit 6), whose message ends with `remedy`, when the store is locked, unreachable or refuses.
    """
    location = locate(folder)
    _quiet()
    import mlflow
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        # Databases that several processes create at once are broken for good, so creating waits its turn as well.
        with _alone(location.folder):
            if location.database:
                _require_writable(location.database)
            mlflow.set_tracking_uri(location.uri)
            yield Store(mlflow.MlflowClient(location.uri), location)
    except (MlflowException, SQLAlchemyError, sqlite3.Error, OSError) as error:
        reason = location.without_password(" ".join(str(error).split()))[:_REASON_CHARACTERS]
        raise ResourceFailure(f"{location.shown}: the tracking store failed: {reason}\n{remedy}") from error


def experiment(store: Store, name: str) -> tuple[str, bool]:
    """The id of the MLflow experiment `name`, and whether it had to be created."""
    found = store.client.get_experiment_by_name(name)
    if found is None:
        return store.client.create_experiment(name, artifact_location=store.location.artifacts), True
    if found.lifecycle_stage == "deleted":
        store.client.restore_experiment(found.experiment_id)
    if store.location.database and store.location.artifacts:
        moved.repoint(store.location.database, name, store.location.artifacts)
    return found.experiment_id, False


def patiently(write: Callable[[], T]) -> T:
    """What `write`, which may be repeated, returns; again where another user of a server wrote at the same moment.

    The server looks whether something is there before it adds it; of two who do so at once its database refuses one.
    """
    from mlflow.exceptions import MlflowException

    for _ in range(_TRIES - 1):
        try:
            return write()
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS" and "UniqueViolation" not in str(error):
                raise
    return write()


def _sqlite(path: Path) -> str:
    return f"sqlite:///{path}"


def _quiet() -> None:
    """Before mlflow is imported: no progress bars, no notes on what went well, no minutes of retries."""
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "30")
    # What fails is raised as well, and told in one line.
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "CRITICAL")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    logging.getLogger("alembic").setLevel(logging.WARNING)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        _wait_for(file)
        yield  # closing the file frees the lock, and so does the end of this process, however it comes


def _wait_for(file: TextIO) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                raise TimeoutError(f"another process has held {file.name} for {PATIENCE:.0f} s") from error
        time.sleep(_PAUSE)


def _require_writable(database: Path) -> None:
    """Fail at once, and with sqlite's own words, where MLflow would try for minutes."""
    connection = sqlite3.connect(database, timeout=PATIENCE / 4, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    finally:
        connection.close()
