"""Fit one experiment: the model on all of train, calibration and thresholds on out-of-fold predictions of train."""

import io
import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.classifiers import KeywordClassifier, MajorityClassifier, fit, margins
from features.errors import UsageFailure
from features.experiments import Experiment, Keywords, Majority, Part
from features.lexicon import LabellingFunction
from features.metrics import Bools, Predictions
from features.resampling import Floats
from features.text import Example
from features.thresholds import best_threshold, calibrate, platt


@dataclass(frozen=True, slots=True)
class Baseline:
    """A baseline gives probabilities itself."""

    model: KeywordClassifier | MajorityClassifier

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Shape (texts, themes)."""
        return np.asarray(self.model.probabilities(texts), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Mixture:
    """Fitted pipelines, one per part, each turned into log-odds by its `scales` (parts, themes, 2), then averaged."""

    pipelines: list[Any]
    scales: Floats

    def margins(self, texts: Sequence[str]) -> Floats:
        """Shape (texts, themes)."""
        return mixed([margins(pipeline, texts) for pipeline in self.pipelines], self.scales)


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A mixture whose margins become probabilities by the rows (slope, offset) of `calibration` (themes, 2)."""

    mixture: Mixture
    calibration: Floats

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Shape (texts, themes)."""
        return calibrate(self.mixture.margins(texts), self.calibration)


@dataclass(frozen=True, slots=True)
class Trained:
    """A fitted model and the `thresholds` (themes,) that make labels of its probabilities."""

    experiment: Experiment
    themes: list[str]
    model: Baseline | Calibrated
    thresholds: Floats

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Shape (texts, themes)."""
        return self.model.probabilities(texts)

    def labels(self, probabilities: Floats) -> Bools:
        """Where a probability reaches its theme's threshold."""
        result: Bools = probabilities >= self.thresholds
        return result

    def predict(self, rows: Sequence[Example]) -> Predictions:
        """What the model says of `rows`, beside their gold labels."""
        probabilities = self.probabilities([row.text for row in rows])
        gold = gold_matrix(rows, self.themes)
        return Predictions(gold, self.labels(probabilities), probabilities, [row.doc for row in rows])


def mixed(of_parts: Sequence[Floats], scales: Floats) -> Floats:
    """The mean over parts of slope * margin + offset; margins (n, themes), `scales` (parts, themes, 2)."""
    scaled = [found * scale[:, 0] + scale[:, 1] for found, scale in zip(of_parts, scales, strict=True)]
    result: Floats = np.mean(scaled, axis=0, dtype=np.float64)
    return result


def train_rows(examples: Sequence[Example], experiment: Experiment, parts: Sequence[str] = ("train",)) -> list[Example]:
    """The rows of `parts` that the experiment may learn from."""
    sources = experiment.labels.split("+")
    return [row for row in examples if row.part in parts and row.label_source in sources]


def gold_matrix(examples: Sequence[Example], themes: Sequence[str]) -> Bools:
    """Shape (examples, themes): which themes each example carries."""
    return np.array([[theme in row.themes for theme in themes] for row in examples], dtype=bool).reshape(
        -1, len(themes)
    )


def train_model(
    experiment: Experiment,
    examples: Sequence[Example],
    themes: Sequence[str],
    functions: Sequence[LabellingFunction],
    *,
    folds: int,
    seed: int,
    threshold_shrinkage: float,
) -> Trained:
    """Fit `experiment` on the train part of `examples`; see params.yaml for the options' meaning and effect."""
    rows = train_rows(examples, experiment)
    gold = gold_matrix(rows, themes)
    texts = [row.text for row in rows]
    half = np.full(len(themes), 0.5)
    match experiment.classifier:
        case Majority():
            return Trained(experiment, list(themes), Baseline(MajorityClassifier(gold)), half)
        case Keywords():
            return Trained(experiment, list(themes), Baseline(KeywordClassifier(functions, themes)), half)
    fold_of = folds_of([row.group for row in rows], folds, seed)
    held_out = [out_of_fold(part, texts, gold, fold_of) for part in experiment.parts]
    is_gold = np.array([row.label_source == "gold" for row in rows])
    scales = _scales(held_out, gold, is_gold)
    together = mixed(held_out, scales)
    calibration = _platt_by_theme(together, gold, is_gold)
    thresholds = half
    if experiment.thresholds == "tuned":
        thresholds = _best_thresholds(calibrate(together, calibration), gold, is_gold, threshold_shrinkage)
    mixture = fit_mixture(experiment, rows, themes, scales)
    return Trained(experiment, list(themes), Calibrated(mixture, calibration), thresholds)


def fit_mixture(experiment: Experiment, rows: Sequence[Example], themes: Sequence[str], scales: Floats) -> Mixture:
    """The uncalibrated model alone, its parts (parts, themes, 2) put on scales that are known already."""
    texts, gold = [row.text for row in rows], gold_matrix(rows, themes)
    return Mixture([fit(part, texts, gold) for part in experiment.parts], scales)


def dumps(trained: Trained) -> bytes:
    """Bytes of a trained model, the same for the same model: the memory address that scikit-learn keeps is cleared."""
    if isinstance(trained.model, Calibrated):
        for pipeline in trained.model.mixture.pipelines:
            for _, view in getattr(pipeline[0], "transformer_list", []):
                view.__dict__.pop("_stop_words_id", None)
    # Twice, because the first pass writes shared strings where fitting happened to share them.
    once = pickle.loads(pickle.dumps(trained, protocol=5))
    return pickle.dumps(once, protocol=5)


def loads(content: bytes) -> Trained:
    """Read back what `dumps` wrote; only ever called on a file whose manifest has been checked."""
    trained = pickle.load(io.BytesIO(content))
    if not isinstance(trained, Trained):
        raise UsageFailure(f"not a trained model but {type(trained).__name__}")
    return trained


def out_of_fold(part: Part, texts: Sequence[str], gold: Bools, fold_of: NDArray[np.int64]) -> Floats:
    """Margins (rows, themes) of each row from a model fitted on the other folds."""
    every = np.array(texts, dtype=object)
    found = np.full(gold.shape, np.nan)
    for fold in np.unique(fold_of):
        held_out = fold_of == fold
        pipeline = fit(part, every[~held_out], gold[~held_out])
        found[held_out] = margins(pipeline, every[held_out])
    return found


def folds_of(groups: Sequence[str], folds: int, seed: int) -> NDArray[np.int64]:
    """A fold for each row, the same for rows of one group, as many groups in each fold as can be."""
    names = sorted(set(groups))
    if len(names) < 2:
        raise UsageFailure("train has fewer than two documents with gold labels; annotate more: make annotations")
    order = np.random.default_rng(seed).permutation(len(names))
    fold_of = {names[index]: place % folds for place, index in enumerate(order)}
    return np.array([fold_of[group] for group in groups], dtype=np.int64)


def _scales(held_out: Sequence[Floats], gold: Bools, is_gold: NDArray[np.bool_]) -> Floats:
    """What puts the parts' margins on one scale, their own held-out log-odds; a single part needs none."""
    if len(held_out) == 1:
        return np.tile([1.0, 0.0], (1, gold.shape[1], 1))
    return np.array([_platt_by_theme(found, gold, is_gold) for found in held_out])


def _platt_by_theme(found: Floats, gold: Bools, is_gold: NDArray[np.bool_]) -> Floats:
    usable = is_gold[:, None] & ~np.isnan(found)
    return np.array([platt(found[keep, n], gold[keep, n]) for n, keep in enumerate(usable.T)])


def _best_thresholds(probabilities: Floats, gold: Bools, is_gold: NDArray[np.bool_], shrinkage: float) -> Floats:
    usable = is_gold[:, None] & ~np.isnan(probabilities)
    return np.array(
        [best_threshold(probabilities[keep, n], gold[keep, n], shrinkage=shrinkage) for n, keep in enumerate(usable.T)]
    )
