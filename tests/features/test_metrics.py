import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, brier_score_loss, precision_recall_fscore_support

from features.metrics import Predictions, equal_mass_bins, macro_average_precision, macro_f1, measure

THEMES = ["a", "b"]


def predictions(seed: int, rows: int = 60, documents: int = 8) -> Predictions:
    generator = np.random.default_rng(seed)
    probabilities = generator.integers(0, 20, size=(rows, 2)) / 20  # with ties
    gold = generator.random((rows, 2)) < 0.2 + 0.5 * probabilities
    gold[0] = True
    of_document = [f"d{n}" for n in generator.integers(0, documents, size=rows)]
    return Predictions(gold, probabilities >= 0.4, probabilities, of_document)


@given(st.integers(min_value=0, max_value=10_000))
@settings(max_examples=25, deadline=None)
def test_point_estimates_equal_scikit_learns(seed: int) -> None:
    found = predictions(seed)
    estimates = measure(found, THEMES, resamples=2, seed=1)
    for n, theme in enumerate(THEMES):
        precision, recall, f1, _ = precision_recall_fscore_support(
            found.gold[:, n], found.labels[:, n], average="binary", zero_division=0
        )
        expected = {
            "precision": precision,
            "recall": recall,
            "f1": f1,
            "average_precision": average_precision_score(found.gold[:, n], found.probabilities[:, n]),
            "brier": brier_score_loss(found.gold[:, n], found.probabilities[:, n]),
        }
        for name, value in expected.items():
            assert estimates[f"{name}/{theme}"].value == pytest.approx(value, abs=1e-6)
    assert estimates["macro_f1"].value == pytest.approx(macro_f1(found.gold, found.labels), abs=1e-6)
    ranking = macro_average_precision(found.gold, found.probabilities)
    assert estimates["macro_average_precision"].value == pytest.approx(ranking, abs=1e-6)


def test_intervals_hold_the_estimate_and_are_the_same_for_the_same_seed() -> None:
    found = predictions(3)
    one, two = (measure(found, THEMES, resamples=500, seed=7) for _ in range(2))
    assert one == two
    macro = one["macro_f1"]
    assert macro.low is not None and macro.value is not None and macro.high is not None
    assert macro.low < macro.value < macro.high


def test_a_theme_without_a_gold_positive_is_null_and_left_out_of_the_mean() -> None:
    found = predictions(3)
    gold = found.gold.copy()
    gold[:, 1] = False
    estimates = measure(
        Predictions(gold, found.labels, found.probabilities, found.documents), THEMES, resamples=5, seed=1
    )
    assert estimates["f1/b"].value is None
    assert estimates["average_precision/b"].value is None
    assert estimates["macro_f1"].value == estimates["f1/a"].value
    assert estimates["brier/b"].value is not None


def test_more_alike_sentences_in_a_document_widen_the_interval() -> None:
    generator = np.random.default_rng(0)
    gold = generator.random((400, 1)) < 0.5
    probabilities = np.full((400, 1), 0.9)
    correct = np.repeat(generator.random(20) < 0.7, 20)[:, None]  # whole documents right or wrong
    labels = np.where(correct, gold, ~gold)
    widths = []
    for documents in ([f"d{n // 20}" for n in range(400)], [f"d{n}" for n in range(400)]):
        macro = measure(Predictions(gold, labels, probabilities, documents), ["a"], resamples=400, seed=1)["macro_f1"]
        assert macro.high is not None and macro.low is not None
        widths.append(macro.high - macro.low)
    assert widths[0] > 1.5 * widths[1]


def test_probabilities_that_are_frequencies_have_no_calibration_error() -> None:
    probabilities = np.repeat([0.0, 0.5, 1.0], 100)[:, None]
    gold = np.concatenate([np.zeros(100), np.tile([0, 1], 50), np.ones(100)])[:, None].astype(bool)
    found = measure(Predictions(gold, gold, probabilities, ["d"] * 300), ["a"], resamples=2, seed=1)
    assert found["calibration_error/a"].value == pytest.approx(0, abs=0.01)
    flipped = measure(Predictions(~gold, gold, probabilities, ["d"] * 300), ["a"], resamples=2, seed=1)
    assert flipped["calibration_error/a"].value == pytest.approx(2 / 3, abs=0.01)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=200))
def test_bins_hold_equally_many_in_order(values: list[float]) -> None:
    bins = equal_mass_bins(np.array(values))
    counts = np.bincount(bins, minlength=10)
    assert counts.max() - counts.min() <= 1
    order = np.argsort(np.array(values), kind="stable")
    assert (np.diff(bins[order]) >= 0).all()
