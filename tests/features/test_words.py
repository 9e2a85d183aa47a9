"""Words by the bytes are the words that Python's own re finds, whatever the text."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features import ngrams, words
from features.words import WordTable
from tests.awkward import AWKWARD

texts = st.lists(st.text(max_size=20) | st.sampled_from(AWKWARD), max_size=6)


def assert_found(known: list[str], asked: list[str]) -> None:
    numbers = {word: number for number, word in enumerate(known)}
    found, edges = WordTable(known).of(asked)
    expected = [[numbers.get(word, len(known)) for word in ngrams.words(text.lower())] for text in asked]
    assert np.diff(edges).tolist() == [len(of_text) for of_text in expected]
    assert found.tolist() == [number for of_text in expected for number in of_text]


@given(known=texts, asked=texts)
def test_every_known_word_has_its_number_and_any_other_has_none(known: list[str], asked: list[str]) -> None:
    assert_found(sorted({word for text in known for word in ngrams.words(text.lower())}), [*known, *asked])


def test_words_that_no_text_is_cut_into_take_no_ones_place() -> None:
    assert_found(["X0", "X3", "XX", "éé", "a-b", "", "A", "funds", "FUNDS", "x" * 30, "é" * 30], AWKWARD)


def test_a_word_with_the_key_of_a_known_one_is_still_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    table = WordTable(["laundering"])
    (key,) = (key for key, number in table._table.slots() if number == 0)
    monkeypatch.setattr(words, "_mixed", lambda parts, _mix: np.full(parts.shape[1], key))
    assert table.of(["laundering otherwise launderinG launderers"])[0].tolist() == [0, 1, 0, 1]
