"""The kernel gives the margins of the compiled view but for the last bits; where numba is missing it runs as Python."""

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import ngrams
from features.compiled import CompiledView, WordGrams
from features.experiments import NGrams
from features.fast import FastView, fits
from features.text import Sentence
from tests.awkward import AWKWARD

VIEWS = [
    NGrams(of="words", ngrams=(1, 1), sublinear_tf=True, idf=True, norm="l2"),
    NGrams(of="words", ngrams=(1, 2), sublinear_tf=True, idf=True, norm="l2", weight=0.5),
    NGrams(of="words", ngrams=(2, 4), idf=True),
    NGrams(of="words", ngrams=(1, 3), norm="l2"),
]
alphabet = st.sampled_from(list("abtheTHE_19 .,-'\n\t’“é\u0301ßİΣςÀ\u00a0\x00恐ا😀\ud800"))
texts = st.lists(st.text(alphabet, max_size=40) | st.sampled_from(AWKWARD) | st.text(max_size=12), max_size=8)


@pytest.fixture(autouse=True)
def _integers_may_overflow() -> Iterator[None]:
    """Keys are products modulo 2**64, of which numpy warns where the kernel runs as Python."""
    with np.errstate(over="ignore"):
        yield


def assert_same(known: Sequence[str], asked: Sequence[str], view: NGrams) -> None:
    terms = {term: n for n, term in enumerate(sorted({term for text in known for term in ngrams.terms(text, view)}))}
    random = np.random.default_rng(0)
    idf = random.uniform(1, 5, len(terms)) if view.idf else None
    coefficients = random.normal(size=(5, len(terms)))
    exact = CompiledView(view, terms, idf, coefficients)
    expected, has_terms = exact.margins(asked)
    found, met = FastView(exact).margins(asked)
    assert np.allclose(found, expected, rtol=0, atol=1e-11 * (1 + np.abs(expected).max(initial=0)))
    assert met.tolist() == has_terms.tolist()


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: str(view.ngrams))
@settings(max_examples=60)
@given(known=texts, asked=texts)
def test_random_texts_weigh_the_same(view: NGrams, known: list[str], asked: list[str]) -> None:
    assert_same(known, [*asked, *known], view)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: str(view.ngrams))
def test_awkward_texts_weigh_the_same(view: NGrams) -> None:
    assert_same(AWKWARD, AWKWARD, view)
    assert_same(AWKWARD[3:5], AWKWARD, view)
    assert_same(AWKWARD, [], view)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: str(view.ngrams))
def test_sentences_of_the_corpus_weigh_the_same(view: NGrams, small_sentences: list[Sentence]) -> None:
    shipped = [sentence.text for sentence in small_sentences][:150]
    assert_same(shipped[::2], shipped, view)


def test_a_long_text_that_is_not_put_at_length_1_is_weighed_exactly() -> None:
    asked = ["aa", "aa " * 1_000 + "bb " * 1_001, "bb"]
    exact = CompiledView(NGrams("words", (1, 1)), {"aa": 0, "bb": 1}, None, np.array([[7.7, -7.7]]) / 3)
    assert FastView(exact).margins(asked)[0].tolist() == exact.margins(asked)[0].tolist()


def test_long_words_with_one_key_are_told_apart_by_their_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("features.kernel._LONG", np.uint64(2**64 - 1))
    assert_same(["laundering of funds"], ["launderers and launderings laundered funds", "laundering funds"], VIEWS[1])


def test_n_grams_whose_keys_and_numbers_need_more_than_one_integer_are_not_taken() -> None:
    grams = CompiledView(VIEWS[1], {"a1 b1": 0, "b1": 1}, None, np.zeros((1, 2))).grams
    assert isinstance(grams, WordGrams)
    assert fits(grams)
    grams.words = range(2**62)  # type: ignore[assignment]
    assert not fits(grams)
