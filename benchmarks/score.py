"""Scoring by words and pairs of words beside peers: inside one process, and from parquet to labels on disk.

python -m benchmarks.score benchmarks/score.json [--quick]
"""

import argparse
import importlib.metadata
import json
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import pipelines  # noqa: F401 - pins the threads before numpy starts any
from benchmarks import peers
from benchmarks.timing import Cost, alternated, cost, processor, ratios, speeds
from features import bundle, bundle_files, codebook, manifest, training
from features.bundle import Bundle
from features.bundle_files import FITTED_ON
from features.conversion import converted
from features.gold import gold_matrix
from features.metrics import macro_f1
from features.text import Example, Passage
from features.training import Trained
from pipelines import tables

EXPERIMENT = Path("data/train/tfidf-word-logreg/model.pkl")
PACKAGES = ("numpy", "scipy", "scikit-learn", "pyarrow", "fasttext-numpy2-wheel")
PAIRS = 5
ROWS_PER_GROUP = 8_192
DIMS = (10, 100)
QUICK, MANY = 20_000, 200_000


def like(texts: Sequence[str], count: int) -> list[str]:
    """`count` sentences like these: each with a few of its words exchanged for words of others."""
    random_ = random.Random(0)
    words = [word for text in texts for word in text.split()]
    found = []
    for n in range(count):
        own = texts[n % len(texts)].split()
        for _ in range(3):
            own[random_.randrange(len(own))] = random_.choice(words)
        found.append(" ".join(own))
    return found


def in_process(trained: Trained, exported: Bundle, texts: Sequence[str]) -> dict[str, Any]:
    """The fitted scikit-learn Pipeline's labels and the bundle's, of the same sentences in alternation.

    The Pipeline of the experiment counts n-grams with this project's own vectorizer, which remembers texts it was
    fitted on; so the peer is scikit-learn's TfidfVectorizer with the same vocabulary, idf and classifiers.
    """
    passages = [Passage(text) for text in texts]
    _require_same_labels(trained, exported, passages)
    peer = peers.plain_pipeline(trained)
    seconds = alternated(
        {"this project": lambda: exported.score(passages), "scikit-learn": lambda: peer.predict(texts)}, PAIRS
    )
    return {
        "sentences": len(texts),
        "sentences_per_second": {name: speeds(found, len(texts)) for name, found in seconds.items()},
        "ratio": ratios(*seconds.values()),
    }


def end_to_end(folder: Path, models: dict[str, tuple[str, Path]], source: Path, count: int) -> dict[str, Any]:
    """CPU seconds and memory of whole processes on one core, in alternation."""
    core = [min(os.sched_getaffinity(0))]
    costs: dict[str, list[Cost]] = {"this project": [], **{name: [] for name in models}}
    for number in range(PAIRS):
        costs["this project"].append(cost(_score(folder, source, folder / f"ours-{number}"), core))
        for name, (peer, model) in models.items():
            command = [sys.executable, "-m", "benchmarks.peers", peer, str(model), str(source), str(folder / "theirs")]
            costs[name].append(cost(command, core))
    ours = [one.cpu for one in costs["this project"]]
    return {
        "sentences": count,
        "sentences_per_second": {name: speeds([one.cpu for one in found], count) for name, found in costs.items()},
        "ratios": {name: ratios(ours, [one.cpu for one in costs[name]]) for name in models},
        "megabytes": {name: round(max(one.megabytes for one in found)) for name, found in costs.items()},
    }


def growth(folder: Path, source: Path, tenfold: Path) -> dict[str, Any]:
    """Ten times the sentences: how much more memory; and two cores: how much less time."""
    cores = sorted(os.sched_getaffinity(0))[:2]
    one = cost(_score(folder, source, folder / "one"), cores[:1])
    two = cost(_score(folder, source, folder / "two"), cores)
    ten = cost(_score(folder, tenfold, folder / "ten"), cores[:1])
    return {
        "megabytes": round(one.megabytes),
        "megabytes_of_tenfold": round(ten.megabytes),
        "memory_ratio": round(ten.megabytes / one.megabytes, 3),
        "wall_ratio_of_two_cores": round(two.wall / one.wall, 3),
    }


def _require_same_labels(trained: Trained, exported: Bundle, passages: Sequence[Passage]) -> None:
    """A faster model of something else is no comparison."""
    ours, theirs = exported.score(passages), trained.labels(trained.probabilities(passages))
    other = int((ours.labels != theirs)[~ours.abstained].sum())
    if other:
        raise SystemExit(f"error: the bundle gives {other} other labels than the trained pipeline")


def _score(folder: Path, source: Path, out: Path) -> list[str]:
    words = [str(folder / "bundle"), str(source), str(out), "--unit", "sentence", "--no-pages"]
    return [sys.executable, "-m", "pipelines.score", *words]


def _exported(trained: Trained, folder: Path) -> Bundle:
    folder.mkdir()
    model, weights = converted(
        trained, EXPERIMENT.parent.name, codebook.load(Path("data/codebook.yaml")), 2_000, {FITTED_ON: "train"}
    )
    bundle_files.write(folder, model, weights, card="")
    manifest.write(folder)
    return bundle.load(folder)


def _fasttexts(examples: Sequence[Example], folder: Path) -> dict[str, tuple[str, Path]]:
    """FastText of two widths, fitted on what the experiment was fitted on; its program where it is installed."""
    train = [row for row in examples if row.part == "train"]
    found = {}
    for dim in DIMS:
        path = folder / f"fasttext-{dim}.bin"
        peers.train_fasttext([row.text for row in train], [row.themes for row in train], path, dim)
        found[f"fastText (Python), {dim} dimensions"] = ("fastText (Python)", path)
        if shutil.which("fasttext"):
            found[f"fastText (command), {dim} dimensions"] = ("fastText (command)", path)
    return found


def _quality(examples: Sequence[Example], exported: Bundle, models: dict[str, tuple[str, Path]]) -> dict[str, float]:
    """Macro-F1 of each on the test split of the corpus; fastText's themes stand in alphabetical order."""
    test = [row for row in examples if row.part == "test"]
    texts, themes = [row.text for row in test], list(exported.themes)
    gold, in_order = gold_matrix(test, themes), gold_matrix(test, sorted(themes))
    found = {"this project": macro_f1(gold, exported.score([Passage(text) for text in texts]).labels)}
    for name, (peer, path) in models.items():
        labels = peers.PEERS[peer](path)(texts)
        found[name] = macro_f1(in_order if peer.startswith("fastText") else gold, labels)
    return {name: round(value, 3) for name, value in found.items()}


def _write(texts: Sequence[str], path: Path, times: int) -> None:
    table = pa.table({"text": list(texts)})
    with pq.ParquetWriter(path, table.schema) as writer:
        for _ in range(times):
            writer.write_table(table, row_group_size=ROWS_PER_GROUP)


def main() -> None:
    """Measure, and write what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="where to write the result")
    parser.add_argument("--quick", action="store_true", help="fewer sentences")
    options = parser.parse_args()
    examples = [row for row in tables.read(Path("data/split/splits.parquet"), Example) if row.label_source == "gold"]
    trained = training.loads(EXPERIMENT.read_bytes())
    count = QUICK if options.quick else MANY
    with tempfile.TemporaryDirectory(prefix="score-") as scratch:
        folder = Path(scratch)
        exported = _exported(trained, folder / "bundle")
        models = {"scikit-learn": ("scikit-learn", EXPERIMENT), **_fasttexts(examples, folder)}
        texts = like([row.text for row in examples], count)
        source, tenfold = folder / "in.parquet", folder / "tenfold.parquet"
        _write(texts, source, 1)
        _write(texts, tenfold, 10)
        result = {
            "processor": processor(),
            "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
            "in_process": in_process(trained, exported, texts[:ROWS_PER_GROUP]),
            "end_to_end": end_to_end(folder, models, source, count),
            "macro_f1": _quality(examples, exported, models),
            "growth": growth(folder, source, tenfold),
        }
    options.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(f"{result['in_process']['ratio']['median']} times scikit-learn's speed: {options.out}")  # type: ignore[index]


if __name__ == "__main__":
    main()
