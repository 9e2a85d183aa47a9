"""Weak supervision put to the test: are labels made by the labelling functions worth anything beside gold?

The gold of half of the train documents is hidden, so that they have weak labels only. Gold is the truth throughout:
weak labels are measured against what was hidden, models on valid.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from features import codebook, experiment_files, lexicon
from features.comparison import Difference, compare_draws
from features.errors import UsageFailure
from features.experiments import Experiment
from features.gold import gold_matrix
from features.lexicon import LabellingFunction
from features.metrics import Estimate, Predictions, macro_average_precision, macro_f1, measure
from features.resampling import nested_shares
from features.text import Example
from features.thresholds import sigmoid
from features.training import fit_mixture
from features.weak_labels import Trust, against_gold, label_model_gain, label_weakly, trust, weak_rows
from pipelines import plots, store, tables
from pipelines.command import Count, parameters, progress, run, stage

GOLD = "gold"
# What is told of weak labels, and of models.
LABELS = ("precision", "recall", "f1")
MODELS = ("f1", "average_precision")


@dataclass(frozen=True, slots=True)
class Row:
    """One supervision with this many gold documents, measured on valid: a value per draw of documents.

    `gain` is its macro-F1 minus that of gold alone on the same draws, paired over the documents of valid.
    """

    supervision: str
    documents: int
    sentences: list[int]
    macro_f1: list[float]
    macro_average_precision: list[float]
    gain: Difference | None


@dataclass(frozen=True, slots=True)
class Weak:
    """`labels`: each kind of weak label against the hidden gold; `full`: each supervision with all gold, on valid.

    `label_model_gain`: F1 on the hidden gold of the label model minus that of the majority vote.
    """

    documents: dict[str, int]
    functions: list[Trust]
    labels: dict[str, dict[str, Estimate]]
    label_model_gain: list[Difference]
    rows: list[Row]
    full: dict[str, dict[str, Estimate]]


@dataclass(frozen=True, slots=True)
class Answers:
    """What the models of one supervision say of valid, one per draw of so many gold documents."""

    supervision: str
    documents: int
    sentences: list[int]
    found: list[Predictions]


def weak(
    experiment: Experiment,
    examples: Sequence[Example],
    themes: Sequence[str],
    functions: Sequence[LabellingFunction],
    *,
    documents: list[Count],
    draws: Count,
    resamples: Count,
    seed: int,
) -> Weak:
    """Fit `experiment` on gold, on gold with weak labels, and on weak labels alone; labels at margin 0, as in curve."""
    coded = [row for row in examples if row.label_source == GOLD]
    train, valid = ([row for row in coded if row.part == part] for part in ("train", "valid"))
    [[shown]] = nested_shares([row.doc for row in train], [0.5], 1, seed)
    subsets = _subsets([row for row in train if row.doc in shown], documents, draws, seed)
    made = label_weakly([row for row in train if row.doc not in shown], functions, themes)
    lent = {kind: weak_rows(made, kind) for kind in made.labels}
    answers = _answers(experiment, subsets, lent, valid, themes, functions)
    bootstrap = {"resamples": resamples, "seed": seed}
    beside_gold = {kind: against_gold(made, kind) for kind in lent}
    full = [one for one in answers if one.documents in (0, len(shown))]
    return Weak(
        documents={GOLD: len(shown), "hidden": len({row.doc for row in made.rows})},
        functions=trust(made),
        labels={kind: _measured(found, themes, LABELS, bootstrap) for kind, found in beside_gold.items()},
        label_model_gain=label_model_gain(made, **bootstrap),
        rows=_rows(answers, themes, bootstrap),
        full={one.supervision: _measured(one.found[0], themes, MODELS, bootstrap) for one in full},
    )


def _subsets(known: Sequence[Example], documents: Sequence[int], draws: int, seed: int) -> list[list[list[Example]]]:
    """For each number of documents, and for all of them, the rows of one nested set per draw."""
    names = sorted({row.doc for row in known})
    shares = [count / len(names) for count in sorted(documents) if count < len(names)]
    by_share = nested_shares(names, [*shares, 1.0], draws, seed)
    return [[[row for row in known if row.doc in chosen] for chosen in drawn] for drawn in by_share]


def _answers(
    experiment: Experiment,
    subsets: Sequence[Sequence[Sequence[Example]]],
    lent: Mapping[str, Sequence[Example]],
    valid: Sequence[Example],
    themes: Sequence[str],
    functions: Sequence[LabellingFunction],
) -> list[Answers]:
    """Weak labels alone, then each set of gold rows without and with them."""

    def answer(name: str, documents: int, sets: Sequence[Sequence[Example]]) -> Answers:
        found = [_on_valid(experiment, rows, valid, themes, functions) for rows in sets]
        return Answers(name, documents, [len(rows) for rows in sets], found)

    answers = [answer(kind, 0, [rows]) for kind, rows in lent.items()]
    for drawn in progress(subsets, total=len(subsets), unit="numbers of documents"):
        documents = len({row.doc for row in drawn[0]})
        answers.append(answer(GOLD, documents, drawn))
        for kind, more in lent.items():
            answers.append(answer(f"{GOLD}+{kind}", documents, [[*rows, *more] for rows in drawn]))
    return answers


def _on_valid(
    experiment: Experiment,
    rows: Sequence[Example],
    valid: Sequence[Example],
    themes: Sequence[str],
    functions: Sequence[LabellingFunction],
) -> Predictions:
    mixture = fit_mixture(experiment, rows, themes, functions, None, np.tile([1.0, 0.0], (1, len(themes), 1)))
    # A theme that the rows lack has no margin: it is never said, and ranks nothing.
    margins = np.nan_to_num(mixture.margins([row.passage for row in valid]), nan=-np.inf)
    return Predictions(gold_matrix(valid, themes), margins > 0, sigmoid(margins), [row.doc for row in valid])


def _rows(answers: Sequence[Answers], themes: Sequence[str], bootstrap: Mapping[str, int]) -> list[Row]:
    alone = {one.documents: [found.labels for found in one.found] for one in answers if one.supervision == GOLD}
    rows = []
    for one in answers:
        gold, documents = one.found[0].gold, one.found[0].documents
        labels = [found.labels for found in one.found]
        gain = None
        if one.supervision != GOLD and one.documents:
            gain = compare_draws(gold, labels, alone[one.documents], documents, themes, **bootstrap)[0]
        f1 = [round(macro_f1(gold, given), 6) for given in labels]
        ranking = [round(macro_average_precision(gold, found.probabilities), 6) for found in one.found]
        rows.append(Row(one.supervision, one.documents, one.sentences, f1, ranking, gain))
    return rows


def _measured(
    found: Predictions, themes: Sequence[str], metrics: Sequence[str], bootstrap: Mapping[str, int]
) -> dict[str, Estimate]:
    """These metrics, per theme and averaged over themes."""
    every = measure(found, themes, **bootstrap)
    return {name: one for name, one in every.items() if name.split("/")[0].removeprefix("macro_") in metrics}


def main(options: argparse.Namespace) -> str:
    """Read splits and labelling functions, write what weak labels are worth, as numbers and as a picture."""
    experiment = one_classifier(options.experiment)
    themes = codebook.load(options.codebook).ids
    functions = lexicon.load(options.patterns, themes)
    examples = tables.read(store.check(options.split) / "splits.parquet", Example)
    done = weak(experiment, examples, themes, functions, **parameters(weak, options.params))
    with store.writing(options.out) as folder:
        store.write_json(folder / "weak.json", done)
        rows = [(row.supervision, row.documents, row.macro_f1) for row in done.rows]
        (folder / "weak.svg").write_text(plots.supervisions(rows, options.experiment.stem), encoding="utf-8")
    scores = [f"{name} {found['macro_f1'].value:.3f}" for name, found in done.full.items()]
    return f"{options.experiment.stem}: macro-F1 on valid {', '.join(scores)}"


def one_classifier(path: Path) -> Experiment:
    """The experiment of `path`; raises UsageFailure unless it is one classifier on n-grams, fast and without scales."""
    experiment = experiment_files.load(path)
    if experiment.family != "linear-ngrams" or len(experiment.parts) != 1:
        raise UsageFailure(f"{path}: `weak` fits an experiment many times; name one with one classifier on n-grams")
    return experiment


if __name__ == "__main__":
    run(main, stage(__doc__, "experiment", "split", "codebook", "patterns", "out"))
