"""N-grams are those that `ngrams.terms` spells, which are scikit-learn's, each as often as it occurs."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import ngrams
from features.counting import counts, numbered, words
from features.experiments import NGrams
from tests.awkward import AWKWARD

VIEWS = [
    NGrams("words", (1, 1)),
    NGrams("words", (1, 3)),
    NGrams("words", (2, 4)),
    NGrams("characters", (1, 2)),
    NGrams("characters", (3, 5)),
]
WORDS = st.sampled_from(["the", "of", "funds", "é\u0301", "İx", "a"])
TEXTS = st.lists(st.lists(WORDS, max_size=7).map(" ".join) | st.sampled_from(AWKWARD), max_size=6)


def counted(view: NGrams, learned: Sequence[str], asked: Sequence[str]) -> list[Counter[str]]:
    """By asked text, how often it has each n-gram of those learned."""
    known = words(view)
    known.meet(learned)
    numbering = numbered(view, known, learned)
    known.meet(asked)
    spelled = numbering.spelled(np.arange(numbering.count))
    assert len(set(spelled)) == numbering.count
    return [
        Counter({spelled[number]: int(row[number]) for number in np.flatnonzero(row)})
        for some in counts(numbering, known, asked)
        for row in some.toarray()
    ]


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: f"{view.of}-{view.ngrams}")
@settings(max_examples=60, deadline=None)
@given(learned=TEXTS, others=TEXTS)
def test_every_ngram_that_was_learned_is_counted_in_any_text(
    view: NGrams, learned: list[str], others: list[str]
) -> None:
    known = {term for text in learned for term in ngrams.terms(text, view)}
    expected = [Counter(term for term in ngrams.terms(text, view) if term in known) for text in [*others, *learned]]
    assert counted(view, learned, [*others, *learned]) == expected


def test_a_text_is_known_to_other_threads_only_when_its_ngrams_are(monkeypatch: pytest.MonkeyPatch) -> None:
    known, inside_word, cut = words(VIEWS[3]), ngrams.inside_word, list[str]()

    def spy(word: str, shortest: int, longest: int) -> Iterator[str]:
        assert not known.texts
        cut.append(word)
        return inside_word(word, shortest, longest)

    monkeypatch.setattr(ngrams, "inside_word", spy)
    known.meet(["the funds", "the funds of"])
    assert cut == ["the", "funds", "of"]
    assert list(known.texts) == ["the funds", "the funds of"]


@pytest.mark.parametrize("sizes", [(1, 2), (2, 3)])
@settings(max_examples=60, deadline=None)
@given(learned=TEXTS, least=st.integers(2, 4))
def test_ngrams_of_words_too_rare_to_become_terms_are_left_out(
    sizes: tuple[int, int], learned: list[str], least: int
) -> None:
    view = NGrams("words", sizes, min_df=least)
    met = Counter(term for text in learned for term in ngrams.terms(text, view))
    found = sum(counted(view, learned, learned), Counter[str]())
    assert found == Counter({term: count for term, count in met.items() if count >= least})
