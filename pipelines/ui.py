"""Serve MLflow's pages on this machine, print the address of this project's runs, and end on Ctrl-C."""

import argparse
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from features.errors import ResourceFailure
from pipelines.command import parameters, run, stage
from pipelines.track import track
from pipelines.tracking import mlflow_store, runs_table
from pipelines.tracking.mlflow_store import Location

HOST = "127.0.0.1"
_READY_WITHIN, _GONE_WITHIN, _PAUSE = 60.0, 10.0, 0.1


def main(options: argparse.Namespace) -> str:
    """Make sure the store exists, then serve it; a store that is a server already has its own pages."""
    name = parameters(track, options.params)["experiment_name"]
    with mlflow_store.opened(options.track, "Once it can be reached and written, run: make ui") as store:
        experiment_id, _ = mlflow_store.experiment(store, name)
    if store.location.is_server:
        print(runs_table.address(store.location.shown.rstrip("/"), experiment_id), flush=True)
        return f"{store.location.shown} serves its own pages"
    _require_free(options.port)
    with _serving(store.location, options.port) as server:
        _wait_until_ready(server, options.port)
        print(f"{runs_table.address(f'http://{HOST}:{options.port}', experiment_id)}\nCtrl-C ends it.", flush=True)
        try:
            server.wait()
        except KeyboardInterrupt:
            return f"stopped serving {store.location.shown}"
    raise ResourceFailure(f"mlflow server ended by itself with exit code {server.returncode}; its output is above")


@contextmanager
def _serving(location: Location, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run `mlflow server` in a process group of its own, and leave none of its processes behind."""
    command = [sys.executable, "-m", "mlflow", "server", "--workers", "1", "--host", HOST, "--port", str(port)]
    command += ["--uvicorn-opts", "--log-level warning"]
    # Not as arguments, which every user of the machine can read: an address may hold a password.
    settings = {"MLFLOW_BACKEND_STORE_URI": location.uri, "MLFLOW_REGISTRY_STORE_URI": location.uri}
    if location.artifacts:
        settings["MLFLOW_DEFAULT_ARTIFACT_ROOT"] = location.artifacts
    # The job runner would start more processes (1.5 GB in all) for functions that nothing here uses.
    settings["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"
    settings["MLFLOW_LOGGING_LEVEL"] = "WARNING"
    settings["PYTHONWARNINGS"] = "ignore"  # MLflow's own, of use to its developers
    server = subprocess.Popen(command, env=os.environ | settings, start_new_session=True)
    try:
        yield server
    finally:
        _end(server)


def _end(server: subprocess.Popen[bytes]) -> None:
    for how in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(server.pid, how)
            server.wait(_GONE_WITHIN)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise ResourceFailure(f"port {port} is in use; choose another: make ui PORT={port + 1}") from error


def _wait_until_ready(server: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _READY_WITHIN
    while server.poll() is None and time.monotonic() < deadline:
        try:
            connection = http.client.HTTPConnection(HOST, port, timeout=_PAUSE * 10)
            connection.request("GET", "/health")
            if connection.getresponse().status == http.client.OK:
                return
        except OSError:
            time.sleep(_PAUSE)
    raise ResourceFailure(f"mlflow server was not ready within {_READY_WITHIN:.0f} s; its output is above")


if __name__ == "__main__":
    arguments = stage(__doc__)
    arguments.add_argument("--track", type=Path, default=Path("data/track"), help="the store (default: data/track)")
    arguments.add_argument("--port", type=int, default=5000, help="port to listen on (default: 5000)")
    run(main, arguments)
