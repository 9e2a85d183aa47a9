"""After a move of the checkout: MLflow keeps absolute addresses of files, and lists none where they lead nowhere."""

import sqlite3
from contextlib import closing
from pathlib import Path

_ADDRESSES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "storage_location"),
)


def astray(database: Path, name: str, artifacts: str) -> list[str]:
    """Where the files of the MLflow experiment `name` are looked for, if that is not `artifacts`."""
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT artifact_location FROM experiments WHERE name = ?", (name,)).fetchall()
    return [old for (old,) in rows if old != artifacts]


def repoint(database: Path, name: str, artifacts: str) -> None:
    """Let every address that begins where `astray` says begin at `artifacts`."""
    for old in astray(database, name, artifacts):
        with closing(sqlite3.connect(database)) as connection, connection:
            for table, column in _ADDRESSES:
                connection.execute(
                    f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE substr({column} || '/', 1, ?) = ?",
                    (artifacts, len(old) + 1, len(old) + 1, f"{old}/"),
                )
