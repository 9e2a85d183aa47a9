"""Documents and tables as runs of some thousand sentences: enough to score at once, few enough to hold."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features import arrays
from features.passages import FIELDS, Passages
from features.readers.refusal import Refusal
from features.sentence_tables import Run
from features.sentences import sentences, to_score
from features.text import Document, Sentence

SENTENCES_AT_ONCE = 8_192
# An encoder takes minutes for as many: fewer at once, so that progress can be seen.
ENCODED_AT_ONCE = 256
# Sentences to score; `start` and `end` are null where the document is not at hand.
ROWS = pa.schema(
    {"doc": pa.string(), "sentence_id": pa.string(), "position": pa.int64(), "start": pa.int64(), "end": pa.int64()}
    | dict.fromkeys(FIELDS, pa.string())
)
_PLACES = ("position", "start", "end")


@dataclass(frozen=True, slots=True)
class Batch:
    """Sentences to score, `rows` as in ROWS, with where they come from: whole documents, whose headings are not among
    the rows, or tables.

    `sources` counts the documents, or the tables of sentences that begin here.
    """

    rows: pa.RecordBatch
    documents: list[tuple[Document, list[Sentence]]] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    sources: int = 0

    @property
    def passages(self) -> Passages:
        """What a model sees of the rows."""
        return passages_of(self.rows)


def passages_of(rows: pa.RecordBatch) -> Passages:
    """What a model sees of rows that have at least the columns FIELDS."""
    return Passages(*(rows.column(name) for name in FIELDS))


def of_documents(
    read: Iterable[Document | Refusal], max_characters: int, *, at_once: int = SENTENCES_AT_ONCE
) -> Iterator[Batch]:
    """Cut documents into sentences of at most `max_characters`; of two documents with one id the first is kept.

    A batch ends with the document that fills it, with `at_once` sentences or more.
    """
    ids: set[str] = set()
    documents: list[tuple[Document, list[Sentence]]] = []
    refusals: list[Refusal] = []
    held = 0
    for found in read:
        if isinstance(found, Refusal):
            refusals.append(found)
        elif found.id in ids:
            refusals.append(Refusal(found.id, "duplicate", f"a second document has the id '{found.id}'; change one"))
        else:
            ids.add(found.id)
            documents.append((found, sentences(found, max_characters)))
            held += len(documents[-1][1])
        if held + len(refusals) >= at_once:
            yield _of_whole(documents, refusals)
            documents, refusals, held = [], [], 0
    if documents or refusals:
        yield _of_whole(documents, refusals)


def of_rows(read: Iterable[Run | Refusal], *, at_once: int = SENTENCES_AT_ONCE) -> Iterator[Batch]:
    """Gather rows of tables until there are `at_once` or more; an id that is missing is the position in the table.

    Rows of one document that follow each other in a table are neighbours; a row that names no document has none.
    """
    runs: list[pa.RecordBatch] = []
    refusals: list[Refusal] = []
    held, tables, table = 0, 0, None
    for before, found, after in _between(read):
        if isinstance(found, Refusal):
            refusals.append(found)
        else:
            tables += found.table != table
            table = found.table
            runs.append(_of_run(before, found, after))
            held += found.count
        if held + len(refusals) >= at_once:
            yield Batch(_joined(runs), [], refusals, tables)
            runs, refusals, held, tables = [], [], 0, 0
    if runs or refusals:
        yield Batch(_joined(runs), [], refusals, tables)


def _of_whole(documents: list[tuple[Document, list[Sentence]]], refusals: list[Refusal]) -> Batch:
    rows, passages = to_score(sentence for _, found in documents for sentence in found)
    places = ([getattr(row, name) for row in rows] for name in _PLACES)
    columns = [
        *(arrays.strings([getattr(row, name) for row in rows]) for name in ("doc", "id")),
        *(arrays.numbers(np.array(column, dtype=np.int64)) for column in places),
        *(arrays.strings([getattr(passage, name) for passage in passages]) for name in FIELDS),
    ]
    return Batch(pa.RecordBatch.from_arrays(columns, schema=ROWS), documents, refusals, len(documents))


def _between(
    read: Iterable[Run | Refusal],
) -> Iterator[tuple[Run | Refusal | None, Run | Refusal, Run | Refusal | None]]:
    """Each with those before and after it."""
    before, here = None, None
    for after in chain(read, [None]):
        if here is not None:
            yield before, here, after
        before, here = here, after


def _of_run(before: Run | Refusal | None, run: Run, after: Run | Refusal | None) -> pa.RecordBatch:
    position = arrays.numbers(np.arange(run.position, run.position + run.count))
    nowhere = pa.nulls(run.count, pa.int64())
    doc, named = pc.fill_null(run.doc, arrays.string(run.table)), pc.coalesce(run.id, position.cast(pa.string()))
    columns = [doc, named, position, nowhere, nowhere, run.text, *_neighbours(before, run, after)]
    return pa.RecordBatch.from_arrays(columns, schema=ROWS)


def _neighbours(before: Run | Refusal | None, run: Run, after: Run | Refusal | None) -> list[pa.StringArray]:
    """The texts just before and after each in its table, where both rows name the same document."""
    if run.doc.null_count == run.count:
        return [pa.nulls(run.count, pa.string())] * 2
    first, last = _edge(before, run, -1), _edge(after, run, 0)
    docs, texts = (pa.concat_arrays(pieces) for pieces in zip(first, (run.doc, run.text), last, strict=True))
    # Null where either row names no document, and `if_else` would pass that on.
    same = pc.equal(docs[:-1], docs[1:]).fill_null(arrays.booleans(np.array([False]))[0])
    nothing = arrays.string("")
    return [pc.if_else(same[:-1], texts[:-2], nothing), pc.if_else(same[1:], texts[2:], nothing)]


def _edge(near: Run | Refusal | None, run: Run, place: int) -> tuple[pa.StringArray, pa.StringArray]:
    """Document and text of the first or last row of `near`, nulls where it is not of the table of `run`."""
    if not isinstance(near, Run) or near.table != run.table:
        return pa.nulls(1, pa.string()), pa.nulls(1, pa.string())
    row = slice(place % near.count, place % near.count + 1)
    return near.doc[row], near.text[row]


def _joined(runs: list[pa.RecordBatch]) -> pa.RecordBatch:
    nothing = pa.RecordBatch.from_arrays([pa.nulls(0, field.type) for field in ROWS], schema=ROWS)
    return runs[0] if len(runs) == 1 else pa.concat_batches([nothing, *runs])
