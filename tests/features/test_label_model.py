import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from features import label_model, lexicon
from features.lexicon import LabellingFunction, Votes
from features.metrics import Bools

ACCURACIES = np.array([0.9, 0.8, 0.75, 0.65, 0.6])
FIVE = [LabellingFunction(f"f{n}", "financing", 1, None, None) for n in range(5)]
PAIR = [LabellingFunction("money", "financing", 1, None, None), LabellingFunction("posts", "ict_misuse", 1, None, None)]
THEMES = ["financing", "ict_misuse"]
SOME_VOTES = arrays(np.int8, st.tuples(st.integers(0, 12), st.just(5)), elements=st.integers(-1, 1))


def simulated(rows: int = 20_000, speaks: float = 0.6, seed: int = 3) -> tuple[Votes, Bools]:
    """Votes of five independent functions that are right as often as `ACCURACIES` say, and the truth."""
    generator = np.random.default_rng(seed)
    truth = generator.random(rows) < 0.5
    right = generator.random((rows, 5)) < ACCURACIES
    cast = np.where(right == truth[:, None], 1, -1) * (generator.random((rows, 5)) < speaks)
    return cast.astype(np.int8), truth


def test_planted_accuracies_are_recovered_from_the_votes_alone() -> None:
    cast, _ = simulated()
    assert label_model.fit(FIVE, cast, ["financing"]).accuracies == pytest.approx(ACCURACIES, abs=0.02)


def test_where_functions_differ_it_beats_the_majority_vote() -> None:
    cast, truth = simulated()
    ours = label_model.fit(FIVE, cast, ["financing"]).labels(cast)[:, 0]
    theirs = lexicon.majority(FIVE, cast, ["financing"])[:, 0]
    assert (ours == truth).mean() > (theirs == truth).mean() + 0.02


def test_a_better_function_weighs_more() -> None:
    cast, _ = simulated()
    weights = label_model.fit(FIVE, cast, ["financing"]).weights[:, 0]
    assert (np.diff(weights) < 0).all()


@given(cast=SOME_VOTES, order=st.permutations(range(5)))
def test_the_order_of_functions_changes_nothing(cast: Votes, order: list[int]) -> None:
    model = label_model.fit(FIVE, cast, ["financing"])
    other = label_model.fit(FIVE, cast[:, order], ["financing"])
    assert other.accuracies == pytest.approx(model.accuracies[order], abs=1e-6)
    assert other.probabilities(cast[:, order]) == pytest.approx(model.probabilities(cast), abs=1e-6)


@given(cast=SOME_VOTES, accuracy=st.floats(0.51, 0.99))
def test_equally_good_functions_make_the_majority_vote(cast: Votes, accuracy: float) -> None:
    model = label_model.LabelModel(np.full(5, accuracy), np.full((5, 1), np.log(accuracy / (1 - accuracy))))
    assert (model.labels(cast) == lexicon.majority(FIVE, cast, ["financing"])).all()


@given(cast=SOME_VOTES)
def test_where_nobody_speaks_nothing_is_known_and_no_label_is_given(cast: Votes) -> None:
    model = label_model.fit(FIVE, cast, ["financing"])
    silent = np.zeros((1, 5), dtype=np.int8)
    assert model.probabilities(silent).tolist() == [[0.5]]
    assert model.labels(silent).tolist() == [[False]]


def test_a_function_that_never_speaks_or_stands_alone_keeps_what_was_believed() -> None:
    cast = np.array([[1, 0]] * 30 + [[0, 0]] * 70, dtype=np.int8)
    model = label_model.fit(PAIR, cast, THEMES)
    assert model.accuracies == pytest.approx([label_model.PRIOR_ACCURACY] * 2)
    assert (model.labels(cast) == lexicon.majority(PAIR, cast, THEMES)).all()


def test_functions_of_one_theme_say_nothing_of_another() -> None:
    cast, _ = simulated()
    alone = label_model.fit(FIVE, cast, ["financing"])
    posts = [LabellingFunction(f"p{n}", "ict_misuse", 1, None, None) for n in range(5)]
    both = label_model.fit([*FIVE, *posts], np.hstack([cast, cast[::-1]]), THEMES)
    assert both.probabilities(np.hstack([cast, cast[::-1]]))[:, 0] == pytest.approx(alone.probabilities(cast)[:, 0])


@pytest.mark.parametrize("shape", [(0, 5), (4, 0)])
def test_without_sentences_or_without_functions_there_is_a_model_that_labels_nothing(shape: tuple[int, int]) -> None:
    functions, cast = FIVE[: shape[1]], np.zeros(shape, dtype=np.int8)
    labels = label_model.fit(functions, cast, THEMES).labels(cast)
    assert labels.shape == (shape[0], 2)
    assert not labels.any()
