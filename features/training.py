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
from features.experiments import Experiment, Keywords, Majority
from features.lexicon import LabellingFunction
from features.metrics import Bools
from features.resampling import Floats
from features.text import Example
from features.thresholds import best_threshold, calibrate, platt


@dataclass(frozen=True, slots=True)
class Trained:
    """A fitted model: `pipeline` gives margins; `calibration` (themes, 2) and `thresholds` (themes,) make labels.

    A baseline has no calibration: its pipeline gives probabilities itself.
    """

    experiment: Experiment
    themes: list[str]
    pipeline: Any
    calibration: Floats | None
    thresholds: Floats

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Shape (texts, themes)."""
        if self.calibration is None:
            return np.asarray(self.pipeline.probabilities(texts), dtype=np.float64)
        return calibrate(margins(self.pipeline, texts), self.calibration)

    def labels(self, probabilities: Floats) -> Bools:
        """Where a probability reaches its theme's threshold."""
        result: Bools = probabilities >= self.thresholds
        return result


def train_rows(examples: Sequence[Example], experiment: Experiment) -> list[Example]:
    """The rows of train that the experiment may learn from."""
    sources = experiment.labels.split("+")
    return [row for row in examples if row.part == "train" and row.label_source in sources]


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
            return Trained(experiment, list(themes), MajorityClassifier(gold), None, half)
        case Keywords():
            return Trained(experiment, list(themes), KeywordClassifier(functions, themes), None, half)
    held_out_margins = out_of_fold(experiment, rows, gold, folds, seed)
    usable = np.array([row.label_source == "gold" for row in rows])[:, None] & ~np.isnan(held_out_margins)
    calibration = np.array([platt(held_out_margins[keep, n], gold[keep, n]) for n, keep in enumerate(usable.T)])
    thresholds = half
    if experiment.thresholds == "tuned":
        probabilities = calibrate(held_out_margins, calibration)
        thresholds = np.array(
            [
                best_threshold(probabilities[keep, n], gold[keep, n], shrinkage=threshold_shrinkage)
                for n, keep in enumerate(usable.T)
            ]
        )
    return Trained(experiment, list(themes), fit(experiment, texts, gold), calibration, thresholds)


def dumps(trained: Trained) -> bytes:
    """Bytes of a trained model, the same for the same model: the memory address that scikit-learn keeps is cleared."""
    if not trained.experiment.is_baseline:
        for _, view in trained.pipeline.named_steps["features"].transformer_list:
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


def out_of_fold(experiment: Experiment, rows: Sequence[Example], gold: Bools, folds: int, seed: int) -> Floats:
    """Margins (rows, themes) of each row from a model fitted without its group of documents."""
    fold_of = _folds([row.group for row in rows], folds, seed)
    texts = np.array([row.text for row in rows], dtype=object)
    found = np.full(gold.shape, np.nan)
    for fold in range(folds):
        held_out = fold_of == fold
        if held_out.any():
            pipeline = fit(experiment, texts[~held_out], gold[~held_out])
            found[held_out] = margins(pipeline, texts[held_out])
    return found


def _folds(groups: Sequence[str], folds: int, seed: int) -> NDArray[np.int64]:
    """A fold for each row, the same for rows of one group, as many groups in each fold as can be."""
    names = sorted(set(groups))
    if len(names) < 2:
        raise UsageFailure("train has fewer than two documents with gold labels; annotate more: make annotations")
    order = np.random.default_rng(seed).permutation(len(names))
    fold_of = {names[index]: place % folds for place, index in enumerate(order)}
    return np.array([fold_of[group] for group in groups], dtype=np.int64)
