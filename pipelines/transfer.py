"""What the corpus is worth on real text: train on growing parts of it alone, measure on a gold file.

    python -m pipelines.transfer gold.jsonl experiments/transfer.json

By round of writing (data/rounds.yaml: each with all before it), and by random shares of the documents. Thresholds and
calibration come from the corpus part alone; the gold file is only ever measured on.
"""

import argparse
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
import yaml

from features import codebook, experiments, training
from features.errors import UsageFailure
from features.experiments import Experiment
from features.gold import GoldRow, read_gold
from features.metrics import Estimate, Predictions, measure
from features.text import Document, Example
from pipelines import store, tables, vectors
from pipelines.command import Count, Share, parameters, progress, run


class Round(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One round of writing: whose documents it added, and what for."""

    writers: list[str]
    aim: str


@dataclass(frozen=True, slots=True)
class Gain:
    """Macro-F1 on the gold file after training on this much of the corpus, and F1 per theme."""

    documents: int
    sentences: int
    macro_f1: Estimate
    f1: dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Transfer:
    """`rounds` in order of writing, each with all before it; `shares` of the documents, one Gain per draw."""

    rounds: list[Gain]
    shares: list[list[Gain]]


def transfer(
    experiment: Experiment,
    examples: Sequence[Example],
    rounds: Sequence[Set[str]],
    gold: Sequence[GoldRow],
    themes: Sequence[str],
    *,
    shares: list[Share],
    draws: Count,
    folds: Annotated[int, msgspec.Meta(ge=2)],
    threshold_shrinkage: Annotated[float, msgspec.Meta(ge=0)],
    resamples: Count,
    seed: int,
) -> Transfer:
    """Fit on every cumulative round (sets of documents) and on nested shares of all documents; measure on `gold`."""
    coded = [replace(row, part="train") for row in examples if row.label_source == "gold"]

    def gain(documents: Set[str]) -> Gain:
        rows = [row for row in coded if row.doc in documents]
        trained = training.train_model(
            experiment, rows, themes, [], folds=folds, seed=seed, threshold_shrinkage=threshold_shrinkage
        )
        probabilities = trained.probabilities([row.text for row in gold])
        truth = np.array([[theme in row.labels for theme in themes] for row in gold], dtype=bool)
        measured = Predictions(truth, trained.labels(probabilities), probabilities, [row.doc for row in gold])
        found = measure(measured, themes, resamples=resamples, seed=seed)
        by_theme = {theme: found[f"f1/{theme}"].value for theme in themes}
        return Gain(len(documents), len(rows), found["macro_f1"], by_theme)

    names = sorted({row.doc for row in coded})
    by_round = [set[str]().union(*rounds[: n + 1]) & set(names) for n in range(len(rounds))]
    by_share = [_drawn(names, share, draws, seed) for share in shares]
    steps = progress(
        [*by_round, *(documents for drawn in by_share for documents in drawn)],
        total=len(by_round) + sum(map(len, by_share)),
        unit="fits",
    )
    gains = [gain(documents) for documents in steps]
    after_rounds = iter(gains[len(by_round) :])
    return Transfer(gains[: len(by_round)], [[next(after_rounds) for _ in drawn] for drawn in by_share])


def _drawn(names: Sequence[str], share: float, draws: int, seed: int) -> list[set[str]]:
    """Nested random shares of the documents; every draw of all of them is the same draw."""
    count = max(2, round(share * len(names)))
    orders = [np.random.default_rng(seed + draw).permutation(names).tolist() for draw in range(draws)]
    return [set(order[:count]) for order in (orders if count < len(names) else orders[:1])]


def read_rounds(path: Path, documents: Sequence[Document]) -> list[set[str]]:
    """The documents of each round; raises UsageFailure when a document belongs to none, or a writer has none."""
    try:
        rounds = msgspec.convert(yaml.safe_load(path.read_text(encoding="utf-8")), list[Round])
    except (OSError, yaml.YAMLError, msgspec.ValidationError) as error:
        raise UsageFailure(f"{path}: not a list of rounds: {error}") from error
    listed = [writer for one in rounds for writer in one.writers]
    writers = {document.writer for document in documents}
    if set(listed) != writers or len(set(listed)) != len(listed):
        odd = sorted(map(str, set(listed) ^ writers)) or sorted(listed)
        raise UsageFailure(f"{path}: every writer of the corpus belongs to one round; see {', '.join(odd)}")
    return [{document.id for document in documents if document.writer in one.writers} for one in rounds]


def main(options: argparse.Namespace) -> str:
    """Read corpus and gold file, write what each part of the corpus is worth."""
    if options.out.resolve() == options.gold.resolve() or not options.out.resolve().parent.is_dir():
        raise UsageFailure(f"{options.out}: name a file in a folder that exists, and not the gold file itself")
    themes = codebook.load(options.codebook).ids
    documents = tables.read(store.check(options.data / "ingest") / "documents.parquet", Document)
    examples = tables.read(store.check(options.data / "split") / "splits.parquet", Example)
    rounds = read_rounds(options.rounds, documents)
    gold = read_gold(options.gold, themes)
    experiment = experiments.load(options.experiment)
    if experiment.is_baseline:
        raise UsageFailure(f"{options.experiment}: a baseline learns nothing from more text; name a trained model")
    if experiment.family == "encoder":
        vectors.recall(options.data / "embed")
    done = transfer(experiment, examples, rounds, gold, themes, **parameters(transfer, options.params))
    store.write_json(options.out, {"experiment": options.experiment.stem, "rounds": done.rounds, "shares": done.shares})
    print(_table(done.rounds, done.shares, themes))
    return f"{options.experiment.stem} on {len(gold):,} sentences, {options.out}"


def _table(rounds: Sequence[Gain], shares: Sequence[Sequence[Gain]], themes: Sequence[str]) -> str:
    lines = [f"{'':<12}{'documents':>10}{'macro-F1':>10} " + " ".join(f"{theme:>16.16}" for theme in themes)]
    for number, gain in enumerate(rounds, start=1):
        lines.append(f"{f'round {number}':<12}{_mean([gain], themes)}")
    return "\n".join([*lines, *(f"{'a share':<12}{_mean(drawn, themes)}" for drawn in shares)])


def _mean(gains: Sequence[Gain], themes: Sequence[str]) -> str:
    def mean(values: Sequence[float | None]) -> float:
        return float(np.mean([value for value in values if value is not None] or [np.nan]))

    cells = " ".join(f"{mean([gain.f1[theme] for gain in gains]):>16.3f}" for theme in themes)
    return f"{gains[0].documents:>10}{mean([gain.macro_f1.value for gain in gains]):>10.3f} {cells}"


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", type=Path, help="gold sentences, JSON lines")
    parser.add_argument("out", type=Path, help="where to write the results")
    parser.add_argument("--experiment", type=Path, default=Path("experiments/tfidf-word-char-logreg.yaml"))
    parser.add_argument("--rounds", type=Path, default=Path("data/rounds.yaml"))
    parser.add_argument("--data", type=Path, default=Path("data"), help="folder of the stages (default: data)")
    parser.add_argument("--codebook", type=Path, default=Path("data/codebook.yaml"))
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    return parser


if __name__ == "__main__":
    run(main, _arguments())
