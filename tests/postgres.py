"""PostgreSQL as Debian packages it, in a folder of its own, for one test."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.ui_server import free_port

USER = "mlflow"
_READY_WITHIN, _PAUSE = 30.0, 0.1


def programs() -> Path | None:
    """The folder of initdb and postgres, which Debian keeps off the path; None where they are not installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    return max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)


@contextmanager
def running(programs: Path) -> Iterator[str]:
    """The address of an empty database, gone with everything in it when the block ends."""
    folder, port = Path(tempfile.mkdtemp(prefix="postgres-")), free_port()
    # PostgreSQL refuses to be run by root; Debian's package brings a user for it.
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if as_user:
        shutil.chown(folder, "postgres")
    data = str(folder / "data")
    initialised = [*as_user, str(programs / "initdb"), "-D", data, "-U", USER, "-A", "trust", "--no-sync"]
    subprocess.run(initialised, cwd=folder, check=True, capture_output=True)
    command = [*as_user, str(programs / "postgres"), "-D", data, "-h", "127.0.0.1", "-p", str(port), "-k", str(folder)]
    server = subprocess.Popen(
        [*command, "-c", "fsync=off"], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_until_ready(programs, server, port)
        yield f"postgresql+psycopg://{USER}@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([*as_user, str(programs / "pg_ctl"), "-D", data, "-m", "immediate", "stop"], check=False)
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _wait_until_ready(programs: Path, server: "subprocess.Popen[bytes]", port: int) -> None:
    ask = [str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    deadline = time.monotonic() + _READY_WITHIN
    while subprocess.run(ask, check=False).returncode:
        assert server.poll() is None and time.monotonic() < deadline, "PostgreSQL did not start"
        time.sleep(_PAUSE)
