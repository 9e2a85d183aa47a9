"""The engine for many machines beside the local one, each on one core's worth of work; needs pyspark and Java 17.

python -m benchmarks.spark benchmarks/spark.json [--quick]
"""

import argparse
import importlib.metadata
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

import pipelines  # noqa: F401 - pins the threads before numpy starts any
from benchmarks import score as scoring
from benchmarks import texts
from benchmarks.timing import cost, processor, ratios, speeds
from features import bundle
from features.text import Example
from pipelines import spark, tables

ROWS, QUICK, FEW, WARM = 5_000_000, 50_000, 100, 200_000
PAIRS = 3
CLUSTERS = (8, 32, 128)


def cpu_seconds() -> float:
    """Of this process, the Java process that it started and all their workers, dead or alive."""
    total = 0.0
    for process in [psutil.Process(), *psutil.Process().children(recursive=True)]:
        try:
            total += sum(process.cpu_times()[:4])
        except psutil.NoSuchProcess:
            continue
    return total


def spent(work: Callable[[], object]) -> float:
    """CPU seconds of `work`, wherever it is done."""
    before = cpu_seconds()
    work()
    return cpu_seconds() - before


def measured(model: Path, source: Path, few: Path, warm: Path, scratch: Path, count: int) -> dict[str, Any]:
    """Sentences per CPU second of both engines, in alternation, Spark's session started before, and warm."""
    loaded, seconds = bundle.load(model), {"local": list[float](), "Spark": list[float]()}

    def on_spark(of: Path) -> None:
        shutil.rmtree(scratch / "on-spark", ignore_errors=True)
        spark.score(loaded, model, str(of), str(scratch / "on-spark"))

    began = time.monotonic()
    on_spark(few)
    start = time.monotonic() - began
    on_spark(warm)
    words = [str(model), str(source), str(scratch / "here"), "--unit", "sentence", "--no-pages", "--kernel", "numpy"]
    core = [min(os.sched_getaffinity(0))]
    for _ in range(PAIRS):
        seconds["local"].append(cost([sys.executable, "-m", "pipelines.score", *words, "--anew"], core).cpu)
        seconds["Spark"].append(spent(lambda: on_spark(source)))
    return {
        "sentences": count,
        "seconds_to_start": round(start, 1),
        "sentences_per_second": {name: speeds(found, count) for name, found in seconds.items()},
        "ratio": ratios(seconds["Spark"], seconds["local"]),
    }


def crossover(found: dict[str, Any], cluster: int, here: int) -> int | None:
    """From how many sentences on a cluster of so many cores is done before `here` cores of one machine; None: never."""
    local, there = (found["sentences_per_second"][name]["median"] for name in ("local", "Spark"))
    gained = 1 / (here * local) - 1 / (cluster * there)
    return round(found["seconds_to_start"] / gained) if gained > 0 else None


def main() -> None:
    """Measure, and write what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="where to write the result")
    parser.add_argument("--quick", action="store_true", help="fewer sentences")
    options = parser.parse_args()
    count = QUICK if options.quick else ROWS
    examples = tables.read(Path("data/split/splits.parquet"), Example)
    known = [row.text for row in examples if row.label_source == "gold"]
    with tempfile.TemporaryDirectory(prefix="spark-") as folder:
        scratch = Path(folder)
        scoring.exported(scoring.EXPERIMENT, scratch / "bundle")
        rows, few, warm = (scratch / f"{name}.parquet" for name in ("rows", "few", "warm"))
        for path, many in ((rows, count), (few, FEW), (warm, WARM)):
            texts.write(texts.like(known, many), path)
        found = measured(scratch / "bundle", rows, few, warm, scratch, count)
    cores = os.cpu_count() or 1
    result = {
        "processor": processor(),
        "packages": {name: importlib.metadata.version(name) for name in ("pyspark", "pyarrow", "numpy")},
        **found,
        "crossover": {
            "cores_here": cores,
            "from": {str(cluster): crossover(found, cluster, cores) for cluster in CLUSTERS},
        },
    }
    options.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(f"{found['ratio']['median']} times the local engine's speed, core by core: {options.out}")


if __name__ == "__main__":
    main()
