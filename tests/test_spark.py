"""score --engine spark: the rows of the local engine, bit for bit, also when a worker is killed on the way."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.errors import UsageFailure
from pipelines.score import _arguments as arguments
from pipelines.score import main
from tests.small_bundle import write_small_bundle

pytestmark = [pytest.mark.slow, pytest.mark.extra("spark")]
ROWS = 200_000
TEXTS = [
    "The states met.",
    "They froze the funds.",
    "In cyberspace nobody met.",
    "The internet, again.",
    "Zzz qqq.",
    "",
]


@pytest.fixture(scope="module", autouse=True)
def session() -> Iterator[Any]:
    from pyspark.sql import SparkSession

    settings = {"spark.ui.enabled": "false", "spark.sql.files.maxPartitionBytes": "200000", "spark.driver.memory": "2g"}
    builder = SparkSession.builder.master("local[2,4]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    started = builder.getOrCreate()
    started.sparkContext.setLogLevel("OFF")
    yield started
    started.stop()


def write(path: Path, first: int, count: int, columns: tuple[str, ...] = ("text", "id", "doc")) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    numbers = range(first, first + count)
    content = {
        "text": [None if n % 1000 == 7 else f"{TEXTS[n * 7 % len(TEXTS)]} {n % 13}" for n in numbers],
        "id": list(numbers),
        "doc": [None if n % 50 == 0 else f"d{n // 5}" for n in numbers],
    }
    pq.write_table(pa.table({name: content[name] for name in columns}), path, row_group_size=5_000)


def run(*words: object) -> str:
    return main(arguments().parse_args([*map(str, words), "--unit", "sentence"]))


def rows(out: Path) -> pa.Table:
    table = pq.read_table(out / "sentences.parquet")
    return table.sort_by([("doc", "ascending"), ("position", "ascending"), ("sentence_id", "ascending")])


def assert_same(spark: Path, local: Path) -> None:
    found, expected = rows(spark), rows(local)
    assert found.num_rows == expected.num_rows
    for name in expected.column_names:
        assert found[name].combine_chunks().equals(expected[name].combine_chunks().cast(found[name].type)), name


def workers() -> list[int]:
    """Python processes that work for Spark: children of its daemon."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if (
                b"pyspark" in Path(f"/proc/{parent}/cmdline").read_bytes()
                and b"pyspark" in (folder / "cmdline").read_bytes()
            ):
                found.append(int(folder.name))
        except (OSError, ValueError):
            continue
    return found


def kill_one(killed: list[int], enough: threading.Event) -> None:
    while not killed and not enough.is_set():
        for worker in workers():
            time.sleep(0.5)  # into its work
            os.kill(worker, signal.SIGKILL)
            killed.append(worker)
            return
        time.sleep(0.05)


def test_two_hundred_thousand_rows_are_those_of_the_local_engine_though_a_worker_is_killed(tmp_path: Path) -> None:
    model = write_small_bundle(tmp_path / "model")
    write(tmp_path / "in" / "a.parquet", 0, ROWS // 2)
    write(tmp_path / "in" / "sub ä" / "b 100%.parquet", ROWS // 2, ROWS // 2)
    killed: list[int] = []
    enough = threading.Event()
    killer = threading.Thread(target=kill_one, args=(killed, enough))
    killer.start()
    said = run(model, tmp_path / "in", tmp_path / "spark", "--engine", "spark")
    enough.set()
    killer.join()
    assert killed
    assert f"{ROWS - ROWS // 1000:,} sentences" in said
    run(model, tmp_path / "in", tmp_path / "local", "--no-pages")
    assert_same(tmp_path / "spark", tmp_path / "local")


def test_rows_without_document_or_id_are_named_as_by_the_local_engine(tmp_path: Path) -> None:
    model = write_small_bundle(tmp_path / "model")
    write(tmp_path / "one.parquet", 0, 300, ("text",))
    run(model, tmp_path / "one.parquet", tmp_path / "spark", "--engine", "spark")
    run(model, tmp_path / "one.parquet", tmp_path / "local", "--no-pages")
    assert_same(tmp_path / "spark", tmp_path / "local")


def test_what_is_no_table_of_sentences_and_an_earlier_result_are_refused(tmp_path: Path) -> None:
    model = write_small_bundle(tmp_path / "model")
    write(tmp_path / "in" / "a.parquet", 0, 10, ("id", "doc"))
    with pytest.raises(UsageFailure, match="needs a column 'text'; it has id, doc"):
        run(model, tmp_path / "in", tmp_path / "spark", "--engine", "spark")
    write(tmp_path / "in" / "a.parquet", 0, 10)
    run(model, tmp_path / "in", tmp_path / "spark", "--engine", "spark")
    with pytest.raises(UsageFailure, match="spark: holds a result already"):
        run(model, tmp_path / "in", tmp_path / "spark", "--engine", "spark")
