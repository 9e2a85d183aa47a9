"""make ui: one server on this machine alone, gone when it is told to go."""

import http.client
import json
import os
import signal
import socket
from pathlib import Path

import pytest

from tests import finished_files, tracked
from tests.ui_server import free_port, start


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tracked.enter(tmp_path, monkeypatch, tracked.empty_database(tmp_path_factory.mktemp("empty")))
    finished_files.finish("a")
    tracked.track_here()
    return folder


def get(port: int, path: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    assert answer.status == http.client.OK
    return answer.read()


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.slow
@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)])
def test_it_prints_the_address_serves_runs_with_their_files_after_a_move_and_leaves_nothing_behind(
    here: Path, how: signal.Signals, code: int
) -> None:
    moved = here.rename(here.with_name("moved"))
    os.chdir(moved)
    port = free_port()
    server = start(port)
    try:
        assert server.stdout
        address = server.stdout.readline().strip()
        run = tracked.current()["a"]
        assert address.startswith(f"http://127.0.0.1:{port}/#/experiments/{run.info.experiment_id}/runs?workflowType=")
        listed = json.loads(get(port, f"/ajax-api/2.0/mlflow/artifacts/list?run_id={run.info.run_id}"))
        assert "errors.csv" in {one["path"] for one in listed["files"]}
        picture = get(port, f"/get-artifact?path=plots/precision_recall.svg&run_uuid={run.info.run_id}")
        assert picture == Path("data/evaluate/a/precision_recall.svg").read_bytes()
        server.send_signal(how)
        out, _ = server.communicate(timeout=20)
    finally:
        server.kill()
    assert server.returncode == code
    assert ("stopped serving data/track/mlflow.db" in out) == (code == 0)
    assert not is_listening(port)


def test_a_port_in_use_is_named_with_another_one_to_try(here: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = start(port)
        _, messages = server.communicate(timeout=60)
    assert server.returncode == 6
    assert f"port {port} is in use; choose another: make ui PORT={port + 1}" in messages
