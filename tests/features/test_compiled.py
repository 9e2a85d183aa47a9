"""The compiled view gives, to the bit, what the plain one gives, whatever the text."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import compiled, ngrams
from features.compiled import CompiledView
from features.experiments import NGrams
from features.text import Passage, Sentence
from tests.awkward import AWKWARD

VIEWS = [
    NGrams(of="words", ngrams=(1, 1), sublinear_tf=True, idf=True, norm="l2"),
    NGrams(of="words", ngrams=(1, 2), sublinear_tf=True, idf=True, norm="l2", weight=0.5),
    NGrams(of="words", ngrams=(2, 4), idf=True),
    NGrams(of="characters", ngrams=(3, 5), sublinear_tf=True, idf=True, norm="l2"),
    NGrams(of="characters", ngrams=(1, 2), norm="l2"),
]
alphabet = st.sampled_from(list("abtheTHE_19 .,-'\n\t’“é\u0301ßİΣςÀ\u00a0\x00恐ا😀\ud800"))
texts = st.lists(st.text(alphabet, max_size=40) | st.sampled_from(AWKWARD) | st.text(max_size=12), max_size=8)


def vocabulary(known: Sequence[str], view: NGrams) -> dict[str, int]:
    """All n-grams of these texts, in sorted order."""
    return {term: n for n, term in enumerate(sorted({term for text in known for term in ngrams.terms(text, view)}))}


def assert_same(known: Sequence[str], asked: Sequence[str], view: NGrams) -> None:
    terms = vocabulary(known, view)
    idf = np.random.default_rng(0).uniform(1, 5, len(terms)) if view.idf else None
    expected = ngrams.matrix([Passage(text) for text in asked], view, terms, idf)
    found = CompiledView(view, terms, idf, np.ones((1, len(terms)))).matrix(asked)
    assert found.shape == expected.shape
    assert found.indptr.tolist() == expected.indptr.tolist()
    assert found.indices.tolist() == expected.indices.tolist()
    assert found.data.tobytes() == expected.data.tobytes()


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: f"{view.of}-{view.ngrams}")
@settings(max_examples=60)
@given(known=texts, asked=texts)
def test_random_texts_weigh_the_same(view: NGrams, known: list[str], asked: list[str]) -> None:
    assert_same(known, [*asked, *known], view)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: f"{view.of}-{view.ngrams}")
def test_awkward_texts_weigh_the_same(view: NGrams) -> None:
    assert_same(AWKWARD, AWKWARD, view)
    assert_same(AWKWARD[3:5], AWKWARD, view)
    assert_same(AWKWARD, [], view)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: f"{view.of}-{view.ngrams}")
def test_sentences_of_the_corpus_weigh_the_same(view: NGrams, small_sentences: list[Sentence]) -> None:
    shipped = [sentence.text for sentence in small_sentences]
    assert_same(shipped[::2], shipped, view)


@pytest.mark.parametrize("view", VIEWS[1:2] + VIEWS[3:4], ids=lambda view: view.of)
def test_a_word_of_a_megabyte_is_a_word(view: NGrams) -> None:
    long = "é" * 500_000 + "z" * 500_000
    assert_same(["the funds"], [f"the {long} funds", "z" * 1_000_000], view)


def test_a_text_beside_another_makes_no_ngram_with_it() -> None:
    view = VIEWS[2]
    terms = vocabulary(["freeze the funds of terrorists"], view)
    found = CompiledView(view, terms, np.ones(len(terms)), np.ones((1, len(terms)))).matrix(
        ["freeze", "the", "", "funds of", "terrorists"]
    )
    assert found.nnz == 1


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: f"{view.of}-{view.ngrams}")
def test_a_vocabulary_with_terms_that_no_text_has_does_no_harm(view: NGrams) -> None:
    strange = ["X0", "XX", "é", "éé", "a-b", "", " ", "A b", "a  b", "funds", "FUNDS", "funds \n", "x" * 30, "é" * 30]
    terms = {term: n for n, term in enumerate(strange)}
    passages = [Passage(text) for text in [*strange, *AWKWARD]]
    expected = ngrams.matrix(passages, view, terms, np.ones(len(terms)))
    found = CompiledView(view, terms, np.ones(len(terms)), np.ones((1, len(terms)))).matrix(
        [passage.text for passage in passages]
    )
    assert np.array_equal(found.toarray(), expected.toarray())


def test_words_are_forgotten_before_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "_MOST_WORDS", 3)
    view = VIEWS[3]
    asked = [f"word{n} terror" for n in range(20)]
    for text in asked:
        assert_same(asked, [text], view)
