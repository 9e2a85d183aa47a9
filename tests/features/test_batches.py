from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from features import batches
from features.batches import Batch, of_documents, of_rows
from features.readers import Refusal
from features.sentence_tables import Row, Run
from features.text import Document, Passage

TEXT = "A heading\n\nThe states met. They froze the funds."


def run(table: str, position: int, *rows: Row) -> Run:
    def name(cell: str | int | None) -> str | None:
        return None if cell is None else str(cell)

    columns = [r.text for r in rows], [name(r.id) for r in rows], [name(r.doc) for r in rows]
    return Run(table, position, *(pa.array(column, pa.string()) for column in columns))


def cells(batch: Batch, column: str) -> list[Any]:
    found: list[Any] = batch.rows.column(column).to_pylist()
    return found


def endless_rows() -> Iterator[Run | Refusal]:
    position = 0
    while True:
        yield run("a.jsonl", position, Row(f"Sentence {position}."))
        position += 1


def test_headings_stay_with_their_document_and_out_of_the_columns() -> None:
    (batch,) = of_documents([Document("d", TEXT)], 300)
    assert cells(batch, "text") == ["The states met.", "They froze the funds."]
    assert [TEXT[s:e] for s, e in zip(cells(batch, "start"), cells(batch, "end"), strict=True)] == cells(batch, "text")
    assert [sentence.kind for sentence in batch.documents[0][1]] == ["heading", "sentence", "sentence"]


def test_documents_are_never_parted_and_none_is_lost() -> None:
    found = list(of_documents([Document(f"d{n}", TEXT) for n in range(5)], 300, at_once=4))
    assert [[document.id for document, _ in batch.documents] for batch in found] == [["d0", "d1"], ["d2", "d3"], ["d4"]]
    assert sum(batch.sources for batch in found) == 5


def test_the_second_of_two_documents_with_one_id_is_refused() -> None:
    (batch,) = of_documents([Document("d", "The first one."), Document("d", "The second one.")], 300)
    assert cells(batch, "text") == ["The first one."]
    assert [(refusal.path, refusal.kind) for refusal in batch.refusals] == [("d", "duplicate")]


def test_refusals_pass_through_even_where_nothing_else_does() -> None:
    refusal = Refusal("a.pdf", "encrypted", "needs a password")
    (batch,) = of_documents([refusal], 300)
    assert (batch.refusals, batch.sources) == ([refusal], 0)


def test_a_row_without_id_and_doc_is_named_after_its_place() -> None:
    rows: list[Run | Refusal] = [
        run("a.jsonl", 0, Row("One.", id=9, doc="d")),
        Refusal("a.jsonl", "row", "line 2: not JSON"),
        run("b.jsonl", 0, Row("Two.")),
    ]
    (batch,) = of_rows(rows)
    assert cells(batch, "sentence_id") == ["9", "0"]
    assert cells(batch, "doc") == ["d", "b.jsonl"]
    assert cells(batch, "start") == [None, None]
    assert (batch.sources, len(batch.refusals)) == (2, 1)


def test_rows_are_neighbours_only_within_one_named_document_of_one_table() -> None:
    rows: list[Run | Refusal] = [
        run("a.csv", 0, Row("One.", doc="d")),
        run("a.csv", 1, Row("Two.", doc="d"), Row("Three.", doc="e"), Row("Four."), Row("Five.")),
        run("b.csv", 0, Row("Six.", doc="e")),
        Refusal("b.csv", "row", "line 2: not JSON"),
        run("b.csv", 2, Row("Seven.", doc="e")),
        run("c.csv", 0, Row("Eight.", doc="e")),
    ]
    (batch,) = of_rows(rows)
    found = {passage.text: (passage.before, passage.after) for passage in batch.passages}
    alone = ("", "")
    assert found == {"One.": ("", "Two."), "Two.": ("One.", "")} | dict.fromkeys(list(found)[2:], alone)


ROW = st.builds(Row, st.text(max_size=3), doc=st.sampled_from([None, "", "d", "e"]))
TABLES = st.lists(st.lists(ROW | st.just(Refusal("a", "row", "bad")), max_size=12), max_size=3)


def cut(table: str, rows: list[Row | Refusal], at_once: int) -> Iterator[Run | Refusal]:
    """Runs of at most `at_once` rows, ended by refusals, as `sentence_tables.runs` cuts them."""
    held: list[Row] = []
    for position, row in enumerate([*rows, None]):
        if held and (not isinstance(row, Row) or len(held) == at_once):
            yield run(table, position - len(held), *held)
            held = []
        if isinstance(row, Row):
            held.append(row)
        elif row:
            yield row


@given(TABLES, st.integers(1, 5))
def test_neighbours_do_not_depend_on_the_size_of_runs_and_batches(tables: list[list[Row | Refusal]], n: int) -> None:
    def read(at_once: int) -> list[Passage]:
        runs = [found for number, rows in enumerate(tables) for found in cut(f"{number}.csv", rows, at_once)]
        return [passage for batch in of_rows(runs, at_once=at_once) for passage in batch.passages]

    together = read(100)
    assert together == read(n)
    assert [passage.text for passage in together] == [r.text for rows in tables for r in rows if isinstance(r, Row)]


def test_sentences_of_a_document_are_neighbours_and_headings_are_not() -> None:
    (batch,) = of_documents([Document("d", TEXT), Document("e", TEXT)], 300)
    first, second = "The states met.", "They froze the funds."
    assert list(batch.passages) == [Passage(first, after=second), Passage(second, before=first)] * 2


def test_a_table_is_read_no_further_than_the_batch_at_hand() -> None:
    batch = next(of_rows(endless_rows()))
    assert batch.rows.num_rows == batches.SENTENCES_AT_ONCE


def test_a_table_that_fills_several_batches_is_counted_once() -> None:
    found = list(of_rows([run("a.csv", position, Row("One.")) for position in range(5)], at_once=2))
    assert [batch.rows.num_rows for batch in found] == [2, 2, 1]
    assert sum(batch.sources for batch in found) == 1


def test_a_batch_ends_with_what_fills_it() -> None:
    found = list(of_documents([Document(f"d{n}", TEXT) for n in range(6)], 300, at_once=1))
    assert [batch.sources for batch in found] == [1] * 6
    rows = [run("a.csv", position, Row("One."), Row("Two.")) for position in (0, 2, 4)]
    assert [batch.rows.num_rows for batch in of_rows(rows, at_once=3)] == [4, 2]
