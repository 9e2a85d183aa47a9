"""Is experiment A better than experiment B? Paired tests over the documents of test, in numbers and in one sentence.

python -m pipelines.versus tfidf-word-logreg keywords
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from features import codebook
from features.comparison import Difference, compare_labels, in_words
from features.errors import UsageFailure
from features.metrics import Predictions
from pipelines import predictions, store
from pipelines.command import parameters, run
from pipelines.compare import compare


def versus(
    ours: Predictions, theirs: Predictions, themes: Sequence[str], *, resamples: int, seed: int
) -> list[Difference]:
    """Differences ours minus theirs: macro-F1, then each theme; raises UsageFailure where the sentences differ."""
    if ours.documents != theirs.documents or not np.array_equal(ours.gold, theirs.gold):
        raise UsageFailure("the two were measured on other sentences; run: dvc repro")
    return compare_labels(ours.gold, ours.labels, theirs.labels, ours.documents, themes, resamples=resamples, seed=seed)


def main(options: argparse.Namespace) -> str:
    """Read what both predicted, print the differences, and say in words which are real."""
    themes = codebook.load(options.codebook).ids
    first, second = (_read(options.data / "evaluate" / name, themes, options.part) for name in (options.a, options.b))
    found = versus(first, second, themes, **parameters(compare, options.params))
    print(_table(found))
    return f"On {options.part}: {in_words(options.a, options.b, found)}"


def _read(folder: Path, themes: Sequence[str], part: str) -> Predictions:
    if not folder.is_dir():
        known = ", ".join(sorted(path.name for path in folder.parent.glob("*/")))
        raise UsageFailure(f"{folder}: no such experiment has been evaluated; there is {known or 'none: dvc repro'}")
    return predictions.read(store.check(folder) / predictions.NAME, themes)[part]


def _table(found: Sequence[Difference]) -> str:
    rows = [
        f"{row.theme:<26}{row.value:>+7.3f} {f'{row.low:+.3f} to {row.high:+.3f}':>18} {row.p:>8.4f}" for row in found
    ]
    head = f"{'F1 of A minus F1 of B':<26}{'':>7} {'95 % interval':>18} {'p':>8}"
    return "\n".join([head, *rows, "p: approximate randomisation over documents; over themes corrected after Holm"])


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("a", help="an experiment")
    parser.add_argument("b", help="another one")
    parser.add_argument("--part", choices=("valid", "test"), default="test", help="measured part (default: test)")
    parser.add_argument("--data", type=Path, default=Path("data"), help="folder of the stages (default: data)")
    parser.add_argument("--codebook", type=Path, default=Path("data/codebook.yaml"))
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    return parser


if __name__ == "__main__":
    run(main, _arguments())
