"""Fit one experiment: the model on all of train, calibration and thresholds on out-of-fold predictions of train."""

import io
import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.adapted import Adaptation, Adapted
from features.classifiers import KeywordClassifier, MajorityClassifier, fit, margins, themes_may_be_missing
from features.duplicates import near_duplicates
from features.errors import UsageFailure
from features.experiments import Experiment, FineTuned, Keywords, Majority
from features.folds import CrossFit
from features.gold import gold_matrix
from features.lexicon import LabellingFunction
from features.metrics import Bools, Predictions
from features.mixing import mixed, mixed_out_of_fold, platt_by_theme
from features.resampling import Floats, folds_of
from features.search import Search, search
from features.text import Example, Passage
from features.thresholds import best_threshold, calibrate


@dataclass(frozen=True, slots=True)
class Baseline:
    """A baseline gives probabilities itself."""

    model: KeywordClassifier | MajorityClassifier

    def probabilities(self, passages: Sequence[Passage]) -> Floats:
        """Shape (passages, themes)."""
        return np.asarray(self.model.probabilities(passages), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Mixture:
    """Fitted pipelines, one per part, each turned into log-odds by its `scales` (parts, themes, 2), then averaged."""

    pipelines: list[Any]
    scales: Floats

    def margins(self, passages: Sequence[Passage]) -> Floats:
        """Shape (passages, themes)."""
        return mixed([margins(pipeline, passages) for pipeline in self.pipelines], self.scales)


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A mixture whose margins become probabilities by the rows (slope, offset) of `calibration` (themes, 2)."""

    mixture: Mixture
    calibration: Floats

    def probabilities(self, passages: Sequence[Passage]) -> Floats:
        """Shape (passages, themes)."""
        return calibrate(self.mixture.margins(passages), self.calibration)


@dataclass(frozen=True, slots=True)
class Trained:
    """A fitted model and the `thresholds` (themes,) that make labels of its probabilities.

    `experiment` says what was fitted: where it was searched for, `search` tells how, and there is nothing left to tune.
    """

    experiment: Experiment
    themes: list[str]
    model: Baseline | Calibrated
    thresholds: Floats
    search: Search | None = None

    def probabilities(self, passages: Sequence[Passage]) -> Floats:
        """Shape (passages, themes)."""
        return self.model.probabilities(passages)

    def labels(self, probabilities: Floats) -> Bools:
        """Where a probability reaches its theme's threshold."""
        result: Bools = probabilities >= self.thresholds
        return result

    def predict(self, rows: Sequence[Example]) -> Predictions:
        """What the model says of `rows`, beside their gold labels."""
        probabilities = self.probabilities([row.passage for row in rows])
        gold = gold_matrix(rows, self.themes)
        return Predictions(gold, self.labels(probabilities), probabilities, [row.doc for row in rows])


def train_rows(examples: Sequence[Example], experiment: Experiment, parts: Sequence[str] = ("train",)) -> list[Example]:
    """The rows of `parts` that the experiment may learn from."""
    sources = experiment.labels.split("+")
    return [row for row in examples if row.part in parts and row.label_source in sources]


def train_model(
    experiment: Experiment,
    examples: Sequence[Example],
    themes: Sequence[str],
    functions: Sequence[LabellingFunction],
    adaptation: Adaptation | None,
    *,
    folds: int,
    seed: int,
    threshold_shrinkage: float,
    shingle: int,
    near_duplicate: float,
) -> Trained:
    """Fit `experiment` on the train part of `examples`; see params.yaml for the options' meaning and effect."""
    rows = train_rows(examples, experiment)
    gold = gold_matrix(rows, themes)
    half = np.full(len(themes), 0.5)
    match experiment.classifier:
        case Majority():
            return Trained(experiment, list(themes), Baseline(MajorityClassifier(gold)), half)
        case Keywords():
            return Trained(experiment, list(themes), Baseline(KeywordClassifier(functions, themes)), half)
    repeats = near_duplicates([row.text for row in rows], shingle=shingle, at_least=near_duplicate)
    fold_of = folds_of([row.group for row in rows], folds, seed)
    adapted = _out_of_fold(adaptation, rows, len(themes)) if adaptation else None
    in_folds = CrossFit([row.passage for row in rows], gold, fold_of, repeats, functions, adapted)
    is_gold = np.array([row.label_source == "gold" for row in rows])
    found = None
    if experiment.tune:
        found, together = search(experiment, in_folds, is_gold)
        experiment, scales = experiment.having(found.chosen), found.final.scales
    else:
        held_out = mixed_out_of_fold(experiment, in_folds, is_gold)
        together, scales = held_out.margins, held_out.scales
    calibration = platt_by_theme(together, gold, is_gold)
    thresholds = half
    if experiment.thresholds == "tuned":
        thresholds = _best_thresholds(calibrate(together, calibration), gold, is_gold, threshold_shrinkage)
    mixture = fit_mixture(experiment, rows, themes, functions, adaptation.model if adaptation else None, scales)
    return Trained(experiment, list(themes), Calibrated(mixture, calibration), thresholds, found)


def fit_mixture(
    experiment: Experiment,
    rows: Sequence[Example],
    themes: Sequence[str],
    functions: Sequence[LabellingFunction],
    adapted: Adapted | None,
    scales: Floats,
) -> Mixture:
    """The uncalibrated model alone, its parts (parts, themes, 2) put on scales that are known already.

    `adapted` must have been fine-tuned on the same `rows`.
    """
    passages, gold = [row.passage for row in rows], gold_matrix(rows, themes)
    with themes_may_be_missing():
        pipelines = [
            adapted if isinstance(part.classifier, FineTuned) else fit(part, passages, gold, functions)
            for part in experiment.parts
        ]
    return Mixture(pipelines, scales)


def dumps(trained: Trained) -> bytes:
    """Bytes of a trained model, the same for the same model."""
    # Twice, because the first pass writes shared strings where fitting happened to share them.
    once = pickle.loads(pickle.dumps(trained, protocol=5))
    return pickle.dumps(once, protocol=5)


def loads(content: bytes) -> Trained:
    """Read back what `dumps` wrote; only ever called on a file whose manifest has been checked."""
    trained = pickle.load(io.BytesIO(content))
    if not isinstance(trained, Trained):
        raise UsageFailure(f"not a trained model but {type(trained).__name__}")
    return trained


def _out_of_fold(adaptation: Adaptation, rows: Sequence[Example], themes: int) -> Floats:
    """The fine-tuned encoder's own margins out of fold (rows, themes); NaN for a row that it has not learned from."""
    unknown = np.full(themes, np.nan)
    return np.array([adaptation.held_out.get(row.sentence_id, unknown) for row in rows])


def _best_thresholds(probabilities: Floats, gold: Bools, is_gold: NDArray[np.bool_], shrinkage: float) -> Floats:
    usable = is_gold[:, None] & ~np.isnan(probabilities)
    return np.array(
        [best_threshold(probabilities[keep, n], gold[keep, n], shrinkage=shrinkage) for n, keep in enumerate(usable.T)]
    )
