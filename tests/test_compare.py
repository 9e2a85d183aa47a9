import numpy as np
import pytest

from features.errors import UsageFailure
from features.metrics import Predictions
from pipelines.compare import Entry, compare

THEMES = ["a", "b"]
GOLD = np.random.default_rng(1).random((200, 2)) < 0.3
DOCUMENTS = [f"d{n // 10}" for n in range(200)]


def predictions(wrong: float, seed: int) -> Predictions:
    labels = GOLD ^ (np.random.default_rng(seed).random(GOLD.shape) < wrong)
    return Predictions(GOLD, labels, labels.astype(float), DOCUMENTS)


def entry(family: str, valid: float, test: float) -> Entry:
    return Entry(family, {"valid": predictions(valid, 2), "test": predictions(test, 3)})


def test_the_champion_is_best_on_valid_whatever_test_says() -> None:
    entries = {"x": entry("linear-ngrams", 0.05, 0.4), "y": entry("linear-ngrams", 0.2, 0.0)}
    choice = compare(entries, THEMES, resamples=100, seed=1)
    assert (choice.champion, choice.linear) == ("x", "x")
    assert "y is better than x" in choice.comparisons[0].in_words


def test_a_baseline_is_never_champion_but_is_compared() -> None:
    entries = {"keywords": entry("baseline", 0.0, 0.0), "x": entry("linear-ngrams", 0.3, 0.3)}
    choice = compare(entries, THEMES, resamples=100, seed=1)
    assert choice.champion == "x"
    assert [comparison.other for comparison in choice.comparisons] == ["keywords"]


def test_the_best_static_model_is_named_beside_the_champion_where_there_is_one() -> None:
    entries = {"x": entry("encoder", 0.05, 0.1), "y": entry("static", 0.2, 0.0), "z": entry("static", 0.1, 0.2)}
    assert compare(entries, THEMES, resamples=100, seed=1).static == "z"
    assert compare({"x": entries["x"]}, THEMES, resamples=100, seed=1).static is None


def test_baselines_alone_have_no_champion() -> None:
    with pytest.raises(UsageFailure, match="only baselines"):
        compare({"majority": entry("baseline", 0.1, 0.1)}, THEMES, resamples=10, seed=1)
