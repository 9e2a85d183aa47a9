"""Does the 95 % interval hold the truth 95 times of a hundred, on corpora like the shipped test split?"""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from features.metrics import Bools, Predictions, measure
from features.resampling import Floats, document_draws
from features.thresholds import sigmoid

# As many as the shipped test split has; themes as rare as its own, some documents full of one.
DOCUMENTS, SENTENCES, THEMES = 80, 2_240, 5
PREVALENCE = np.array([0.16, 0.11, 0.14, 0.11, 0.15])
RESAMPLES = 400


def corpus(generator: np.random.Generator, documents: int, sentences: int) -> tuple[Bools, Bools, NDArray[np.int64]]:
    """Gold and labels (sentences, themes), and each sentence's document.

    A document has its own length, its own subjects and its own difficulty, which its sentences share.
    """
    lengths = generator.gamma(2.0, size=documents)
    document = generator.choice(documents, size=sentences, p=lengths / lengths.sum())
    subjects = np.log(PREVALENCE / (1 - PREVALENCE)) - 0.8 + 1.5 * generator.normal(size=(documents, THEMES))
    ease = 2.0 + 1.2 * generator.normal(size=(documents, THEMES))
    gold = generator.random((sentences, THEMES)) < sigmoid(subjects[document])
    wrong = generator.random((sentences, THEMES)) < sigmoid(-ease[document] - 1.5 * ~gold)
    return gold, gold ^ wrong, document


def macro_f1(gold: Bools, labels: Bools, groups: NDArray[np.int64], draws: Floats) -> Floats:
    """Macro-F1 in each of the draws (n, groups)."""
    sums = np.zeros((draws.shape[1], 2, THEMES))
    np.add.at(sums, groups, np.stack([gold & labels, gold.astype(int) + labels], axis=1))
    hits, both = (draws @ sums.reshape(draws.shape[1], -1)).reshape(len(draws), 2, THEMES).transpose(1, 0, 2)
    found: Floats = (2 * hits / both).mean(axis=1)
    return found


@pytest.fixture(scope="module")
def truth() -> float:
    gold, labels, _ = corpus(np.random.default_rng(1), 40_000, 1_120_000)
    return float(macro_f1(gold, labels, np.zeros(len(gold), dtype=np.int64), np.ones((1, 1)))[0])


def coverage(truth: float, unit: Callable[[NDArray[np.int64]], NDArray[np.int64]], corpora: int) -> float:
    """The share of intervals that hold the truth when `unit` names what is drawn."""
    held = []
    for seed in range(corpora):
        gold, labels, document = corpus(np.random.default_rng(1_000 + seed), DOCUMENTS, SENTENCES)
        groups = unit(document)
        draws = document_draws(int(groups.max()) + 1, RESAMPLES, seed)
        low, high = np.percentile(macro_f1(gold, labels, groups, draws), [2.5, 97.5])
        held.append(low <= truth <= high)
    return float(np.mean(held))


@pytest.mark.slow
def test_intervals_over_documents_hold_the_truth_as_often_as_they_say(truth: float) -> None:
    assert 0.92 <= coverage(truth, lambda document: document, 400) <= 0.98


@pytest.mark.slow
def test_intervals_over_sentences_would_not(truth: float) -> None:
    assert coverage(truth, lambda document: np.arange(len(document)), 60) < 0.85


def test_the_interval_measured_is_that_of_the_simulation() -> None:
    gold, labels, document = corpus(np.random.default_rng(5), DOCUMENTS, SENTENCES)
    names = [f"{number:04}" for number in document]
    found = measure(Predictions(gold, labels, labels.astype(float), names), "abcde", resamples=RESAMPLES, seed=3)
    _, numbers = np.unique(names, return_inverse=True)
    draws = document_draws(int(numbers.max()) + 1, RESAMPLES, 3)
    expected = np.percentile(
        macro_f1(gold, labels, numbers, np.vstack([np.ones(draws.shape[1]), draws]))[1:], [2.5, 97.5]
    )
    macro = found["macro_f1"]
    assert macro.low is not None and macro.high is not None
    np.testing.assert_allclose([macro.low, macro.high], expected, atol=1e-5)
