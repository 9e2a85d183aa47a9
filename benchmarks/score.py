"""Scoring by words and pairs of words beside peers: inside one process, and from parquet to labels on disk.

python -m benchmarks.score benchmarks/score.json [--quick]
"""

import argparse
import importlib.metadata
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import pyarrow as pa

import pipelines  # noqa: F401 - pins the threads before numpy starts any
from benchmarks import ceiling, draw, peers, texts
from benchmarks.timing import Cost, alternated, cost, processor, ratios, speeds, spread
from features import bundle, bundle_files, codebook, manifest, training
from features.bundle import Bundle
from features.bundle_files import FITTED_ON
from features.conversion import converted
from features.gold import gold_matrix
from features.metrics import macro_f1
from features.passages import Passages
from features.text import Example
from features.training import Trained
from pipelines import tables

MODELS = Path("data/train")
EXPERIMENT, BESIDE = "tfidf-word-logreg", ("tfidf-word-char-logreg", "context-static")
PACKAGES = ("numpy", "scipy", "scikit-learn", "pyarrow", "numba", "fasttext-numpy2-wheel", "model2vec")
NUMPY, NUMBA = "this project (numpy)", "this project (numba)"
PAIRS, ROUNDS_WITH_LIMIT, CEILING_REPEATS, GROWTH_ROUNDS = 5, 4, 5, 3
IN_PROCESS = 8_192
COUNTS, QUICK = (10_000, 100_000, 1_000_000), (2_000, 20_000)


@dataclass(frozen=True, slots=True)
class Side:
    """One way from a parquet file to labels on disk: a command that IN and OUT are added to; asked for up to `most`."""

    name: str
    command: list[str]
    most: int

    def cost(self, source: Path, out: Path, cores: Sequence[int]) -> Cost:
        """What a whole process costs, imports and all."""
        return cost([word.format(source=source, out=out) for word in self.command], cores)


def in_process(trained: Trained, exported: Bundle, asked: Sequence[str], scratch: Path) -> dict[str, Any]:
    """The fitted scikit-learn Pipeline's labels and the bundle's, of the same sentences in alternation; and the limit.

    The Pipeline of the experiment counts n-grams with this project's own vectorizer, which remembers texts it was
    fitted on; so the peer is scikit-learn's TfidfVectorizer with the same vocabulary, idf and classifiers. The limit is
    one for texts that are ASCII, and the share of it is that of these texts, scored several times by one side,
    as the program does, and then by another.
    """
    passages, simple = _passages(asked), _passages([text for text in asked if text.isascii()])
    fast = bundle.load(scratch / "bundle")
    fast.use("numba")
    for one in (exported, fast):
        _require_same_labels(trained, one, passages)
    peer = peers.plain_pipeline(trained)
    seconds = alternated(
        {
            NUMPY: lambda: exported.score(passages),
            NUMBA: lambda: fast.score(passages),
            "scikit-learn": lambda: peer.predict(asked),
        },
        PAIRS,
    )
    found = {name: speeds(one, len(asked)) for name, one in seconds.items()}
    shares: dict[str, list[float]] = {NUMPY: [], NUMBA: []}
    limit: list[float] = []
    for _ in range(ROUNDS_WITH_LIMIT):
        # As of the others, the first pass is not counted.
        of_round = ceiling.measured(exported, asked, scratch, CEILING_REPEATS + 1)[1:]
        for name, one in ((NUMPY, exported), (NUMBA, fast)):
            seconds_of = alternated({name: partial(one.score, simple)}, CEILING_REPEATS)[name]
            shares[name].append(speeds(seconds_of, len(simple))["median"] / median(of_round))
        limit += of_round
    found["a program in C"] = spread(limit, places=1)
    return {
        "sentences": len(asked),
        "sentences_per_second": found,
        "ratios": {name: ratios(seconds[name], seconds["scikit-learn"]) for name in (NUMPY, NUMBA)},
        "share_of_limit": {name: spread(of_rounds) for name, of_rounds in shares.items()},
    }


def _passages(texts: Sequence[str]) -> Passages:
    nothing = pa.nulls(len(texts), pa.string())
    return Passages(pa.array(texts), nothing, nothing)


def end_to_end(sides: Sequence[Side], source: Path, scratch: Path, count: int) -> dict[str, Any]:
    """CPU seconds and memory of whole processes on one core, in alternation."""
    core = [min(os.sched_getaffinity(0))]
    wanted = [side for side in sides if count <= side.most]
    costs: dict[str, list[Cost]] = {side.name: [] for side in wanted}
    for _ in range(PAIRS):
        for side in wanted:
            costs[side.name].append(side.cost(source, scratch / "out", core))
    cpu = {name: [one.cpu for one in found] for name, found in costs.items()}
    return {
        "sentences_per_second": {name: speeds(found, count) for name, found in cpu.items()},
        "ratios": {name: ratios(cpu[NUMPY], cpu[name]) for name in cpu},
        "ratios_numba": {name: ratios(cpu[NUMBA], cpu[name]) for name in cpu},
        "megabytes": {name: round(median(one.megabytes for one in found)) for name, found in costs.items()},
    }


def growth(side: Side, count: int, scratch: Path) -> dict[str, Any]:
    """Ten times the sentences: how much more memory; and two cores: how much less time. Medians of some rounds."""
    cores = sorted(os.sched_getaffinity(0))[:2]
    source, tenfold = (scratch / f"{many}.parquet" for many in (count, 10 * count))
    rounds = [
        (
            side.cost(source, scratch / "out", cores[:1]),
            side.cost(source, scratch / "out", cores),
            side.cost(tenfold, scratch / "out", cores[:1]),
        )
        for _ in range(GROWTH_ROUNDS)
    ]
    one, two, ten = zip(*rounds, strict=True)
    held, of_tenfold = (median(cost.megabytes for cost in found) for found in (one, ten))
    return {
        "megabytes": round(held),
        "megabytes_of_tenfold": round(of_tenfold),
        "sentences": [count, 10 * count],
        "seconds": round(median(cost.cpu for cost in one), 2),
        "seconds_of_tenfold": round(median(cost.cpu for cost in ten), 2),
        "memory_ratio": round(of_tenfold / held, 3),
        "wall_ratio_of_two_cores": ratios([cost.wall for cost in one], [cost.wall for cost in two])["median"],
    }


def _require_same_labels(trained: Trained, exported: Bundle, passages: Passages) -> None:
    """A faster model of something else is no comparison."""
    ours, theirs = exported.score(passages), trained.labels(trained.probabilities(list(passages)))
    other = int((ours.labels != theirs)[~ours.abstained].sum())
    if other:
        raise SystemExit(f"error: the bundle gives {other} other labels than the trained pipeline")


def _scoring(folder: Path, kernel: str) -> list[str]:
    words = [str(folder), "{source}", "{out}", "--unit", "sentence", "--no-pages", "--anew", "--kernel", kernel]
    return [sys.executable, "-m", "pipelines.score", *words]


def exported(name: str, folder: Path) -> Bundle:
    """The bundle of a trained experiment, written to `folder` and loaded from there."""
    trained = training.loads((MODELS / name / "model.pkl").read_bytes())
    folder.mkdir()
    model, weights = converted(trained, name, codebook.load(Path("data/codebook.yaml")), 2_000, {FITTED_ON: "train"})
    bundle_files.write(folder, model, weights, card="")
    manifest.write(folder)
    return bundle.load(folder)


def _sides(examples: Sequence[Example], scratch: Path, counts: Sequence[int]) -> tuple[list[Side], dict[str, Path]]:
    """All ways, the slow ones up to the second count or the first; and the models of those that are no bundle."""
    fitted = {"scikit-learn": MODELS / EXPERIMENT / "model.pkl"}
    train = [row for row in examples if row.part == "train"]
    sides = [
        Side(NUMPY, _scoring(scratch / "bundle", "numpy"), counts[-1]),
        Side(NUMBA, _scoring(scratch / "bundle", "numba"), counts[-1]),
        Side("scikit-learn", _peer("scikit-learn", fitted["scikit-learn"]), counts[1]),
    ]
    for dim, most in ((10, counts[-1]), (100, counts[1])):
        path = scratch / f"fasttext-{dim}.bin"
        peers.train_fasttext([row.text for row in train], [row.themes for row in train], path, dim)
        kinds = ["fastText (Python)", *["fastText (command)"] * bool(shutil.which("fasttext"))]
        for kind in kinds:
            fitted[f"{kind}, {dim} dimensions"] = path
            sides.append(Side(f"{kind}, {dim} dimensions", _peer(kind, path), most))
    fitted["model2vec"] = scratch / "model2vec"
    peers.train_model2vec([row.text for row in train], [row.themes for row in train], fitted["model2vec"])
    sides.append(Side("model2vec", _peer("model2vec", fitted["model2vec"]), counts[1]))
    for name in BESIDE:
        exported(name, scratch / name)
        sides.append(Side(f"this project, {name}", _scoring(scratch / name, "auto"), counts[0]))
    return sides, fitted


def _peer(kind: str, model: Path) -> list[str]:
    return [sys.executable, "-m", "benchmarks.peers", kind, str(model), "{source}", "{out}.parquet"]


def _quality(examples: Sequence[Example], scratch: Path, fitted: dict[str, Path]) -> dict[str, float]:
    """Macro-F1 of each on test; the themes of fastText and model2vec stand in alphabetical order."""
    test = [row for row in examples if row.part == "test"]
    asked, passages = [row.text for row in test], [row.passage for row in test]
    bundles = {NUMPY: "bundle", NUMBA: "bundle"} | {f"this project, {name}": name for name in BESIDE}
    loaded = {name: bundle.load(scratch / folder) for name, folder in bundles.items()}
    themes = list(loaded[NUMPY].themes)
    gold, in_order = gold_matrix(test, themes), gold_matrix(test, sorted(themes))
    found = {name: macro_f1(gold, one.score(passages).labels) for name, one in loaded.items()}
    for name, path in fitted.items():
        kind = name.partition(",")[0]
        found[name] = macro_f1(gold if kind == "scikit-learn" else in_order, peers.PEERS[kind](path)(asked))
    return {name: round(value, 3) for name, value in found.items()}


def main() -> None:
    """Measure, and write what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="where to write the result")
    parser.add_argument("--quick", action="store_true", help="fewer sentences")
    options = parser.parse_args()
    examples = [row for row in tables.read(Path("data/split/splits.parquet"), Example) if row.label_source == "gold"]
    known = [row.text for row in examples]
    counts = QUICK if options.quick else COUNTS
    with tempfile.TemporaryDirectory(prefix="score-") as folder:
        scratch = Path(folder)
        words = exported(EXPERIMENT, scratch / "bundle")
        trained = training.loads((MODELS / EXPERIMENT / "model.pkl").read_bytes())
        sides, fitted = _sides(examples, scratch, counts)
        for count in (*counts, 10 * counts[-1]):
            texts.write(texts.like(known, count), scratch / f"{count}.parquet")
        result = {
            "processor": processor(),
            "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
            "in_process": in_process(trained, words, list(texts.like(known, IN_PROCESS)), scratch),
            "end_to_end": {
                str(count): end_to_end(sides, scratch / f"{count}.parquet", scratch, count) for count in counts
            },
            "macro_f1": _quality(examples, scratch, fitted),
            "growth": {side.name: growth(side, counts[-1], scratch) for side in sides[:2]},
        }
    options.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    draw.growth(result, options.out.with_suffix(".png"))
    print(f"{result['in_process']['ratios'][NUMPY]['median']} times scikit-learn's speed: {options.out}")  # type: ignore[index]


if __name__ == "__main__":
    main()
