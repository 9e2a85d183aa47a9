from hypothesis import given
from hypothesis import strategies as st

from features.text import in_context

ROWS = st.lists(st.tuples(st.text(max_size=5), st.sampled_from("abc")), max_size=12)


@given(ROWS)
def test_every_text_stands_in_its_place_with_its_neighbours_of_the_same_document(rows: list[tuple[str, str]]) -> None:
    found = in_context([text for text, _ in rows], [doc for _, doc in rows])
    assert [passage.text for passage in found] == [text for text, _ in rows]
    for (text, doc), (following, next_doc), here, after in zip(rows, rows[1:], found, found[1:], strict=False):
        assert here.after == (following if doc == next_doc else "")
        assert after.before == (text if doc == next_doc else "")


@given(ROWS.filter(bool))
def test_the_ends_have_no_neighbour_beyond_them(rows: list[tuple[str, str]]) -> None:
    found = in_context([text for text, _ in rows], [doc for _, doc in rows])
    assert found[0].before == ""
    assert found[-1].after == ""


@given(ROWS)
def test_documents_do_not_depend_on_one_another(rows: list[tuple[str, str]]) -> None:
    by_document = sorted(rows, key=lambda row: row[1])
    together = in_context([text for text, _ in by_document], [doc for _, doc in by_document])
    alone = []
    for doc in sorted({doc for _, doc in rows}):
        texts = [text for text, of in rows if of == doc]
        alone += in_context(texts, [doc] * len(texts))
    assert together == alone
