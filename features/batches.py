"""Documents and tables as runs of some thousand sentences: enough to score at once, few enough to hold."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from features.readers.refusal import Refusal
from features.sentence_tables import Row
from features.sentences import sentences, to_score
from features.text import Document, Passage, Sentence

SENTENCES_AT_ONCE = 8_192
# An encoder takes minutes for as many: fewer at once, so that progress can be seen.
ENCODED_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class Columns:
    """Sentences to score, as columns of one length; `start` and `end` are None where the document is not at hand."""

    doc: list[str] = field(default_factory=list)
    sentence_id: list[str] = field(default_factory=list)
    position: list[int] = field(default_factory=list)
    start: list[int | None] = field(default_factory=list)
    end: list[int | None] = field(default_factory=list)
    passage: list[Passage] = field(default_factory=list)

    @property
    def text(self) -> list[str]:
        """The sentences themselves."""
        return [passage.text for passage in self.passage]


@dataclass(frozen=True, slots=True)
class Batch:
    """Sentences to score with where they come from: whole documents (their headings are not in `columns`), or tables.

    `sources` counts the documents, or the tables of sentences that begin here.
    """

    columns: Columns = field(default_factory=Columns)
    documents: list[tuple[Document, list[Sentence]]] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    sources: int = 0


def of_documents(
    read: Iterable[Document | Refusal], max_characters: int, *, at_once: int | None = None
) -> Iterator[Batch]:
    """Cut documents into sentences of at most `max_characters`; of two documents with one id the first is kept.

    A batch ends with the document that fills it (`at_once` sentences, SENTENCES_AT_ONCE unless told).
    """
    full = at_once or SENTENCES_AT_ONCE
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
        if held + len(refusals) >= full:
            yield _of_whole(documents, refusals)
            documents, refusals, held = [], [], 0
    if documents or refusals:
        yield _of_whole(documents, refusals)


def of_rows(read: Iterable[tuple[str, int, Row | Refusal]], *, at_once: int | None = None) -> Iterator[Batch]:
    """Gather sentences handed in as (name of the table, position in it, row); an id that is missing is the position.

    Rows of one document that follow each other are neighbours; a row that names no document has none.
    """
    full = at_once or SENTENCES_AT_ONCE
    batch, tables, table = Batch(), 0, None
    for name, position, row, around in _with_neighbours(read):
        if isinstance(row, Refusal):
            batch.refusals.append(row)
        else:
            tables += name != table
            table = name
            _append(batch.columns, name, position, row, around)
        if len(batch.columns.passage) + len(batch.refusals) >= full:
            yield Batch(batch.columns, [], batch.refusals, tables)
            batch, tables = Batch(), 0
    if batch.columns.passage or batch.refusals:
        yield Batch(batch.columns, [], batch.refusals, tables)


def _of_whole(documents: list[tuple[Document, list[Sentence]]], refusals: list[Refusal]) -> Batch:
    rows, passages = to_score(sentence for _, found in documents for sentence in found)
    columns = Columns(
        doc=[row.doc for row in rows],
        sentence_id=[row.id for row in rows],
        position=[row.position for row in rows],
        start=[row.start for row in rows],
        end=[row.end for row in rows],
        passage=passages,
    )
    return Batch(columns, documents, refusals, len(documents))


def _with_neighbours(
    read: Iterable[tuple[str, int, Row | Refusal]],
) -> Iterator[tuple[str, int, Row | Refusal, tuple[str, str]]]:
    """Each row with the texts just before and after it in its table, where both rows name the same document."""
    rows = chain([None], read, [None])
    before, here = next(rows), next(rows)
    for after in rows:
        if here is not None:
            yield *here, (_neighbour(here, before), _neighbour(here, after))
        before, here = here, after


def _neighbour(here: tuple[str, int, Row | Refusal], other: tuple[str, int, Row | Refusal] | None) -> str:
    if other is None or other[0] != here[0] or not isinstance(here[2], Row) or not isinstance(other[2], Row):
        return ""
    return other[2].text if here[2].doc is not None and here[2].doc == other[2].doc else ""


def _append(columns: Columns, name: str, position: int, row: Row, around: tuple[str, str]) -> None:
    columns.doc.append(name if row.doc is None else str(row.doc))
    columns.sentence_id.append(str(position) if row.id is None else str(row.id))
    columns.position.append(position)
    columns.start.append(None)
    columns.end.append(None)
    columns.passage.append(Passage(row.text, *around))
