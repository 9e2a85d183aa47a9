"""A team shares an MLflow server over PostgreSQL: users at once, a restart, a server that goes away."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from tests import finished_files, postgres
from tests.ui_server import free_port

pytestmark = pytest.mark.slow
CHECKOUT = Path(__file__).parents[1]
READY_WITHIN, PAUSE = 60.0, 0.1
NAMES = ("a", "b")


@dataclass
class Server:
    """`mlflow server` on loopback, which keeps files itself; it can go away and come back at the same address."""

    database: str
    files: Path
    port: int
    process: subprocess.Popen[bytes] = field(init=False)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--workers", "1", "--backend-store-uri", self.database]
        command += ["--artifacts-destination", self.files.as_uri(), "--serve-artifacts"]
        settings = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(
            command, env=os.environ | settings, stdout=quiet, stderr=quiet, start_new_session=True
        )
        deadline = time.monotonic() + READY_WITHIN
        while not self._is_ready():
            assert self.process.poll() is None and time.monotonic() < deadline, "mlflow server did not start"
            time.sleep(PAUSE)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        os.killpg(self.process.pid, how)
        self.process.wait()

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == http.client.OK
        except OSError:
            return False


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    programs = postgres.programs()
    if programs is None:
        pytest.skip("PostgreSQL is missing: apt-get install postgresql")
    with postgres.running(programs) as database:
        found = Server(database, tmp_path_factory.mktemp("files"), free_port())
        found.start()
        try:
            yield found
        finally:
            found.stop()


def workspace(folder: Path, monkeypatch: pytest.MonkeyPatch, c: float, *names: str) -> Path:
    folder.mkdir()
    monkeypatch.chdir(folder)
    finished_files.finish(*names, c=c)
    return folder


def start(folder: Path, server: Server, user: str) -> "subprocess.Popen[str]":
    """`python -m pipelines.track` of a user who shares the server."""
    kept = {name: value for name, value in os.environ.items() if name not in ("DVC_ROOT", "MLFLOW_TRACKING_URI")}
    return subprocess.Popen(
        [sys.executable, "-m", "pipelines.track", *finished_files.ARGUMENTS],
        cwd=folder,
        env=kept | {"PYTHONPATH": str(CHECKOUT), "MLFLOW_TRACKING_URI": server.address, "LOGNAME": user},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: "subprocess.Popen[str]") -> tuple[int, str]:
    out, messages = process.communicate(timeout=300)
    return process.returncode, out + messages


def runs(server: Server) -> list[Run]:
    client = MlflowClient(server.address)
    experiment = client.get_experiment_by_name("themes")
    return list(client.search_runs([experiment.experiment_id])) if experiment else []


def assert_whole(server: Server, folder: Path, names: tuple[str, ...]) -> None:
    """One run per fingerprint; those of `folder` alone are current, with its metrics and its files on the server."""
    found = runs(server)
    fingerprints = [run.data.tags["fingerprint"] for run in found]
    assert len(fingerprints) == len(set(fingerprints))
    assert {run.info.status for run in found} == {"FINISHED"}
    current = {str(run.info.run_name): run for run in found if run.data.tags.get("current") == "true"}
    assert set(current) == set(names)
    receipt = json.loads((folder / "data/track/receipt.json").read_text())
    assert sorted(run.data.tags["fingerprint"] for run in current.values()) == receipt
    client = MlflowClient(server.address)
    for name, run in current.items():
        scores = json.loads((folder / f"data/evaluate/{name}/scores.json").read_text())
        assert {key: run.data.metrics.get(key) for key in scores} == scores
        assert str(run.info.artifact_uri).startswith("mlflow-artifacts:")
        assert "errors.csv" in {one.path for one in client.list_artifacts(run.info.run_id)}


def test_two_users_at_once_and_a_restart_in_between_leave_each_run_once(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = workspace(tmp_path / "anna", monkeypatch, 1.0, *NAMES)
    bela = workspace(tmp_path / "bela", monkeypatch, 2.0, *NAMES)
    at_once = [start(anna, server, "anna"), start(bela, server, "bela")]
    for process in at_once:
        code, said = ended(process)
        assert code == 0, said
        assert "2 runs current" in said  # new or known: one that met the other began again
    assert len(runs(server)) == 4
    assert {run.info.user_id for run in runs(server)} == {"anna", "bela"}
    server.stop()
    server.start()
    code, said = ended(start(anna, server, "anna"))
    assert code == 0, said
    assert "2 runs current (0 new, 2 known)" in said
    assert len(runs(server)) == 4
    assert_whole(server, anna, NAMES)
    assert len(MlflowClient(server.address).search_model_versions("name='theme-model'")) == 2


def test_a_server_that_goes_away_in_the_middle_is_told_and_afterwards_everything_is_there_once(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = tuple("abcdefgh")
    before = len(runs(server))
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    here = workspace(tmp_path / "here", monkeypatch, 5.0, *names)
    tracking = start(here, server, "anna")
    while len(runs(server)) < before + 2:
        assert tracking.poll() is None
    server.stop(signal.SIGKILL)
    code, said = ended(tracking)
    assert code == 6, said
    assert "run: dvc repro -sf track" in said
    assert "Traceback" not in said
    assert not (here / "data/track/receipt.json").exists()
    server.start()
    code, said = ended(start(here, server, "anna"))
    assert code == 0, said
    assert len(runs(server)) == before + len(names)
    assert_whole(server, here, names)
