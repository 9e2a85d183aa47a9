import numpy as np
import pytest

from features import lexicon
from features.lexicon import LabellingFunction
from features.text import Example
from features.weak_labels import WeakLabels, against_gold, label_model_gain, label_weakly, trust, weak_rows
from tests.features.test_lexicon import PATTERNS, THEMES, write

TEXTS = {
    "Terrorist financing online.": ["financing"],
    "Hawala and development financing.": ["financing"],
    "Schools.": ["ict_misuse"],
}


@pytest.fixture
def functions(tmp_path_factory: pytest.TempPathFactory) -> list[LabellingFunction]:
    return lexicon.load(write(tmp_path_factory.mktemp("patterns"), PATTERNS), THEMES)


def rows(*docs: str) -> list[Example]:
    return [
        Example(f"{doc}-{n}", doc, n, text, themes, "gold", "train", doc, "", "")
        for doc in docs
        for n, (text, themes) in enumerate(TEXTS.items())
    ]


@pytest.fixture
def made(functions: list[LabellingFunction]) -> WeakLabels:
    return label_weakly(rows("a", "b"), functions, THEMES)


def test_gold_has_no_part_in_weak_labels(made: WeakLabels, functions: list[LabellingFunction]) -> None:
    bare = [
        Example(r.sentence_id, r.doc, r.position, r.text, [], "gold", "train", r.doc, "", "") for r in rows("a", "b")
    ]
    other = label_weakly(bare, functions, THEMES)
    for kind, labels in made.labels.items():
        assert (other.labels[kind] == labels).all()


def test_only_sentences_on_which_a_function_speaks_are_lent_and_they_are_called_weak(made: WeakLabels) -> None:
    for kind in made.labels:
        lent = weak_rows(made, kind)
        assert [row.text for row in lent] == [*TEXTS][:2] * 2
        assert {row.label_source for row in lent} == {"weak"}


def test_where_votes_cancel_the_label_model_hears_the_function_that_others_confirm(made: WeakLabels) -> None:
    assert [row.themes for row in weak_rows(made, "majority")][:2] == [THEMES, []]
    assert [row.themes for row in weak_rows(made, "label_model")][:2] == [THEMES, ["financing"]]


def test_sentences_on_which_nobody_speaks_count_as_missed_when_labels_are_measured(made: WeakLabels) -> None:
    found = against_gold(made, "majority")
    assert found.gold.tolist() == [[True, False], [True, False], [False, True]] * 2
    assert found.labels.tolist() == [[True, True], [False, False], [False, False]] * 2


def test_trust_on_gold_is_the_share_of_right_votes_for_or_against(made: WeakLabels) -> None:
    by_name = {one.function: one for one in trust(made)}
    assert {name: (one.votes, one.on_gold) for name, one in by_name.items()} == {
        "money": (4, 1.0),
        "near": (2, 1.0),
        "development": (2, 0.0),
        "posts": (2, 0.0),
    }
    assert by_name["money"].believed > by_name["development"].believed


def test_nothing_is_labelled_where_functions_speak_in_one_document_only(functions: list[LabellingFunction]) -> None:
    made = label_weakly(rows("a"), functions, THEMES)
    assert made.labels == {}
    assert label_model_gain(made, resamples=10, seed=1) == []


def test_the_gain_of_the_label_model_is_the_difference_of_both_f1s(made: WeakLabels) -> None:
    same = {"majority": made.labels["majority"], "label_model": made.labels["majority"]}
    better = same | {"label_model": np.array([[True, False], [True, False], [False, True]] * 2)}
    nothing, something = (
        label_model_gain(
            WeakLabels(made.rows, THEMES, made.functions, made.cast, made.model, labels), resamples=20, seed=1
        )[0]
        for labels in (same, better)
    )
    assert nothing.value == 0
    # F1 of the majority vote: 2/3 on financing, 0 on ict_misuse.
    assert something.value == pytest.approx(2 / 3, abs=1e-6)
