"""The compiled view gives, but for the last bits, what the plain one gives, whatever the text."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import compiled, ngrams
from features.compiled import CharacterGrams, CompiledView
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
    """All n-grams of these texts with their columns in sorted order, which is not the order that they come in."""
    found = enumerate(sorted({term for text in known for term in ngrams.terms(text, view)}))
    return {term: n for n, term in sorted(found, key=lambda item: item[1][::-1])}


def assert_same(terms: Mapping[str, int], asked: Sequence[str], view: NGrams) -> None:
    random = np.random.default_rng(0)
    idf = random.uniform(1, 5, len(terms)) if view.idf else None
    coefficients = random.normal(size=(3, len(terms)))
    expected = ngrams.matrix([Passage(text) for text in asked], view, terms, idf)
    margins, known = CompiledView(view, terms, idf, coefficients).margins(asked)
    np.testing.assert_allclose(margins, expected @ coefficients.T, rtol=1e-12, atol=1e-12)
    assert known.tolist() == (np.diff(expected.indptr) > 0).tolist()


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: f"{view.of}-{view.ngrams}")
@settings(max_examples=60)
@given(known=texts, asked=texts)
def test_random_texts_weigh_the_same(view: NGrams, known: list[str], asked: list[str]) -> None:
    assert_same(vocabulary(known, view), [*asked, *known], view)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: f"{view.of}-{view.ngrams}")
@settings(max_examples=60)
@given(known=texts, asked=texts)
def test_what_a_text_weighs_depends_on_no_other_text(view: NGrams, known: list[str], asked: list[str]) -> None:
    terms = vocabulary(known, view)
    at_work = CompiledView(view, terms, np.linspace(1, 5, len(terms)), np.ones((1, len(terms))))
    together, _ = at_work.margins([*asked, *known])
    alone = [at_work.margins([text])[0][0] for text in [*asked, *known]]
    assert together.tolist() == np.array(alone).reshape(together.shape).tolist()  # to the last bit


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: f"{view.of}-{view.ngrams}")
def test_awkward_texts_weigh_the_same(view: NGrams) -> None:
    assert_same(vocabulary(AWKWARD, view), AWKWARD, view)
    assert_same(vocabulary(AWKWARD[3:5], view), AWKWARD, view)
    assert_same(vocabulary(AWKWARD, view), [], view)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: f"{view.of}-{view.ngrams}")
def test_sentences_of_the_corpus_weigh_the_same(view: NGrams, small_sentences: list[Sentence]) -> None:
    shipped = [sentence.text for sentence in small_sentences]
    assert_same(vocabulary(shipped[::2], view), shipped, view)


@pytest.mark.parametrize("view", VIEWS[1:2] + VIEWS[3:4], ids=lambda view: view.of)
def test_a_word_of_a_megabyte_is_a_word(view: NGrams) -> None:
    long = "é" * 500_000 + "z" * 500_000
    assert_same(vocabulary(["the funds"], view), [f"the {long} funds", "z" * 1_000_000], view)


def test_a_text_beside_another_makes_no_ngram_with_it() -> None:
    view = VIEWS[2]
    terms = vocabulary(["freeze the funds of terrorists"], view)
    asked = ["freeze", "the", "", "funds of", "terrorists"]
    _, known = CompiledView(view, terms, np.ones(len(terms)), np.ones((1, len(terms)))).margins(asked)
    assert known.tolist() == [False, False, False, True, False]


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: f"{view.of}-{view.ngrams}")
def test_a_vocabulary_with_terms_that_no_text_has_does_no_harm(view: NGrams) -> None:
    strange = ["X0", "XX", "é", "éé", "a-b", "", " ", "A b", "a  b", "funds", "FUNDS", "funds \n", "x" * 30, "é" * 30]
    assert_same({term: n for n, term in enumerate(strange)}, [*strange, *AWKWARD], view)


def test_words_are_forgotten_before_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "_MOST_WORDS", 3)
    view = VIEWS[3]
    asked = [f"word{n} terror" for n in range(20)]
    terms = vocabulary(asked, view)
    at_work = CompiledView(view, terms, np.ones(len(terms)), np.ones((1, len(terms))))
    assert isinstance(at_work.grams, CharacterGrams)
    alone = []
    for text in asked:
        alone.append(at_work.margins([text])[0])
        assert len(at_work.grams._of_word) <= 3
    expected = ngrams.matrix([Passage(text) for text in asked], view, terms, np.ones(len(terms)))
    np.testing.assert_allclose(np.concatenate(alone)[:, 0], expected.sum(axis=1))
