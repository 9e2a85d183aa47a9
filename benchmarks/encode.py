"""This project's encoder beside sentence-transformers: the same sentences, one thread each, in alternation.

python -m benchmarks.encode benchmarks/encode.json [--quick]
"""

import argparse
import importlib.metadata
import json
import os
from pathlib import Path

import numpy as np

import pipelines  # noqa: F401 - pins the threads before numpy starts any
from benchmarks import reference
from benchmarks.sentences import sentences
from benchmarks.timing import alternated, processor, ratios, speeds
from features import encoder
from features.encoder import LAYERS
from features.transformer import States

AT_LEAST = 0.6
SMALLEST_COSINE = 0.9999
PACKAGES = ("numpy", "sentence-transformers", "torch", "transformers")


def main() -> None:
    """Measure, and write what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="where to write the result")
    parser.add_argument("--quick", action="store_true", help="fewer sentences")
    options = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    texts = sentences(128 if options.quick else 512)
    ours, theirs = encoder.load(), reference.load()
    _require_same_vectors(ours.states(texts, [LAYERS])[:, 0], reference.vectors(theirs, texts))
    seconds = alternated(
        {
            "this project": lambda: ours.states(texts, [LAYERS]),
            "sentence-transformers": lambda: reference.vectors(theirs, texts),
        },
        pairs=5,
    )
    ratio = ratios(*seconds.values())
    result = {
        "processor": processor(),
        "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
        "sentences": len(texts),
        "sentences_per_second": {name: speeds(found, len(texts)) for name, found in seconds.items()},
        "ratio": ratio,
    }
    options.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    if ratio["median"] < AT_LEAST:
        raise SystemExit(f"error: {ratio['median']} of sentence-transformers' speed, less than {AT_LEAST}")
    print(f"{ratio['median']} of sentence-transformers' speed: {options.out}")


def _require_same_vectors(ours: States, theirs: States) -> None:
    """A faster encoder of something else is no comparison."""
    norms = np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1)
    smallest = float(((ours * theirs).sum(axis=1) / norms).min())
    if smallest < SMALLEST_COSINE:
        raise SystemExit(f"error: the two encoders differ: smallest cosine {smallest:.6f}")


if __name__ == "__main__":
    main()
