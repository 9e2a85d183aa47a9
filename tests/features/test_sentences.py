import itertools

from hypothesis import given
from hypothesis import strategies as st

from features.sentences import sentences, spans
from features.text import Document

TEXT = st.text(alphabet=st.sampled_from('ab.AB \n\t-•1(a);,?!"” é中\u0301\u200f\x00'), max_size=400) | st.text(
    max_size=300
)


def kinds(text: str) -> list[tuple[str, str]]:
    return [(span.kind, text[span.start : span.end]) for span in spans(text, 2000)]


@given(TEXT, st.integers(min_value=5, max_value=60))
def test_sentences_tile_the_text_and_never_exceed_the_bound(text: str, limit: int) -> None:
    found = sentences(Document(id="d", text=text), limit)
    covered = "".join(sentence.text for sentence in found)
    assert "".join(covered.split()) == "".join(text.split())
    for sentence in found:
        assert text[sentence.start : sentence.end] == sentence.text
        assert 0 < len(sentence.text) <= limit
    assert all(one.end <= two.start for one, two in itertools.pairwise(found))
    assert len({sentence.id for sentence in found}) == len(found)


def test_a_heading_stands_alone_and_is_no_sentence() -> None:
    assert kinds("The terrorist threat\n\nIt persists. It grows.") == [
        ("heading", "The terrorist threat"),
        ("sentence", "It persists."),
        ("sentence", "It grows."),
    ]


def test_list_items_begin_a_sentence_and_keep_their_marker() -> None:
    assert kinds("The Parties shall:\n(a) share information;\n(b) extradite. They may refuse;\n- assist.") == [
        ("sentence", "The Parties shall:"),
        ("item", "(a) share information;"),
        ("item", "(b) extradite."),
        ("sentence", "They may refuse;"),
        ("item", "- assist."),
    ]


def test_abbreviations_and_numbers_of_articles_do_not_end_a_sentence() -> None:
    text = "The Hon. Mr. A. K. Marlen met U.S. officials on 4 Jan. 2004. Art. 5 of No. 14 applies."
    assert [found for _, found in kinds(text)] == [text[:60], text[61:]]


def test_hard_wrapped_lines_are_one_sentence() -> None:
    assert [found for _, found in kinds("The two sides agreed\nto share information\non travel.")] == [
        "The two sides agreed\nto share information\non travel."
    ]


def test_a_sentence_over_the_bound_is_cut_at_a_clause() -> None:
    text = "Recalling the resolution, " * 10 + "decides to act."
    assert all(text[s.start : s.end].endswith((",", ".")) for s in spans(text, 100))
