"""What the corpus is worth on real text: train on growing parts of it alone, measure on a gold file.

    python -m pipelines.transfer gold.jsonl transfer.json experiments/tfidf-word-char-logreg.yaml

By round of writing (data/rounds.yaml: each with all before it), and by random shares of the documents. Thresholds and
calibration come from the corpus part alone; the gold file is only ever measured on.
"""

import argparse
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
import yaml

from features import codebook, experiment_files, lexicon, training, yaml_text
from features.errors import UsageFailure
from features.experiments import Experiment
from features.gold import GoldRow, gold_passages, on_gold, read_gold
from features.lexicon import LabellingFunction
from features.metrics import Estimate, measure
from features.resampling import nested_shares
from features.text import Document, Example
from pipelines import states, store, tables
from pipelines.command import Count, Share, on_gold_file, parameters, progress, require_writable, run


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
    functions: Sequence[LabellingFunction],
    *,
    shares: list[Share],
    draws: Count,
    folds: Annotated[int, msgspec.Meta(ge=2)],
    threshold_shrinkage: Annotated[float, msgspec.Meta(ge=0)],
    shingle: Count,
    near_duplicate: Share,
    resamples: Count,
    seed: int,
) -> Transfer:
    """Fit on every cumulative round (sets of documents) and on nested shares of all documents; measure on `gold`."""
    passages = gold_passages(gold)
    coded = [replace(row, part="train") for row in examples if row.label_source == "gold"]

    @cache
    def gain(documents: frozenset[str]) -> Gain:
        rows = [row for row in coded if row.doc in documents]
        trained = training.train_model(
            experiment,
            rows,
            themes,
            functions,
            None,
            folds=folds,
            seed=seed,
            threshold_shrinkage=threshold_shrinkage,
            shingle=shingle,
            near_duplicate=near_duplicate,
        )
        probabilities = trained.probabilities(passages)
        said = on_gold(gold, themes, trained.labels(probabilities), probabilities)
        found = measure(said, themes, resamples=resamples, seed=seed)
        by_theme = {theme: found[f"f1/{theme}"].value for theme in themes}
        return Gain(len(documents), len(rows), found["macro_f1"], by_theme)

    names = {row.doc for row in coded}
    by_round = [frozenset(names.intersection(set[str]().union(*rounds[: n + 1]))) for n in range(len(rounds))]
    by_share = nested_shares(sorted(names), shares, draws, seed)
    # The last round and the share of 1 are the same documents; each set is fitted once.
    wanted = dict.fromkeys([*by_round, *(documents for drawn in by_share for documents in drawn)])
    for documents in progress(wanted, total=len(wanted), unit="fits"):
        gain(documents)
    return Transfer(list(map(gain, by_round)), [list(map(gain, drawn)) for drawn in by_share])


def read_rounds(path: Path, documents: Sequence[Document]) -> list[set[str]]:
    """The documents of each round; raises UsageFailure when a document belongs to none, or a writer has none."""
    try:
        rounds = msgspec.convert(yaml_text.parse(path.read_text(encoding="utf-8")), list[Round])
    except (OSError, yaml.YAMLError, msgspec.ValidationError) as error:
        raise UsageFailure(f"{path}: not a list of rounds: {error}") from error
    listed = [writer for one in rounds for writer in one.writers]
    writers = {document.writer for document in documents}
    if set(listed) != writers or len(set(listed)) != len(listed):
        odd = sorted(map(str, set(listed) ^ writers)) or sorted(listed)
        raise UsageFailure(f"{path}: every writer of the corpus belongs to one round; see {', '.join(odd)}")
    return [{document.id for document in documents if document.writer in one.writers} for one in rounds]


def main(options: argparse.Namespace) -> str:
    """Read corpus and gold file, write what each part of the corpus is worth to each experiment."""
    require_writable(options.out, options.gold)
    themes = codebook.load(options.codebook).ids
    documents = tables.read(store.check(options.data / "ingest") / "documents.parquet", Document)
    examples = tables.read(store.check(options.data / "split") / "splits.parquet", Example)
    rounds = read_rounds(options.rounds, documents)
    gold = read_gold(options.gold, themes)
    functions = lexicon.load(options.patterns, themes)
    knobs = parameters(transfer, options.params)
    wanted = {path.stem: _trainable(path) for path in options.experiments}
    if any(experiment.learns_from_encoder for experiment in wanted.values()):
        states.recall(options.data / "embed")
    done = {}
    for name, experiment in wanted.items():
        done[name] = transfer(experiment, examples, rounds, gold, themes, functions, **knobs)
        print(_table(name, done[name], themes), flush=True)
    store.write_json(options.out, done)
    return f"{' and '.join(done)} on {len(gold):,} sentences, {options.out}"


def _trainable(path: Path) -> Experiment:
    experiment = experiment_files.load(path)
    if experiment.is_baseline:
        raise UsageFailure(f"{path}: a baseline learns nothing from more text; name a trained model")
    if experiment.is_adapted:
        raise UsageFailure(
            f"{path}: its encoder is fine-tuned on all of train; name a model that can be trained on less"
        )
    return experiment


def _table(name: str, done: Transfer, themes: Sequence[str]) -> str:
    lines = [name, f"{'':<12}{'documents':>10}{'macro-F1':>10} " + " ".join(f"{theme:>16.16}" for theme in themes)]
    for number, gain in enumerate(done.rounds, start=1):
        lines.append(f"{f'round {number}':<12}{_mean([gain], themes)}")
    return "\n".join([*lines, *(f"{'a share':<12}{_mean(drawn, themes)}" for drawn in done.shares)])


def _mean(gains: Sequence[Gain], themes: Sequence[str]) -> str:
    def mean(values: Sequence[float | None]) -> float:
        return float(np.mean([value for value in values if value is not None] or [np.nan]))

    cells = " ".join(f"{mean([gain.f1[theme] for gain in gains]):>16.3f}" for theme in themes)
    return f"{gains[0].documents:>10}{mean([gain.macro_f1.value for gain in gains]):>10.3f} {cells}"


def _arguments() -> argparse.ArgumentParser:
    parser = on_gold_file(__doc__)
    parser.add_argument("experiments", type=Path, nargs="+", help="experiment files, of trained models")
    parser.add_argument("--patterns", type=Path, default=Path("data/patterns.yaml"))
    parser.add_argument("--rounds", type=Path, default=Path("data/rounds.yaml"))
    return parser


if __name__ == "__main__":
    run(main, _arguments())
