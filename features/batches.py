"""Documents and tables as runs of some thousand sentences: enough to score at once, few enough to hold."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, pairwise

from features.readers.refusal import Refusal
from features.sentence_tables import Run
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
    batch, tables, table = Batch(), 0, None
    for before, found, after in _between(read):
        if isinstance(found, Refusal):
            batch.refusals.append(found)
        else:
            tables += found.table != table
            table = found.table
            _append(batch.columns, found, _in_document(before, found, after))
        if len(batch.columns.passage) + len(batch.refusals) >= at_once:
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


def _between(
    read: Iterable[Run | Refusal],
) -> Iterator[tuple[Run | Refusal | None, Run | Refusal, Run | Refusal | None]]:
    """Each with those before and after it."""
    before, here = None, None
    for after in chain(read, [None]):
        if here is not None:
            yield before, here, after
        before, here = here, after


def _in_document(before: Run | Refusal | None, run: Run, after: Run | Refusal | None) -> list[Passage]:
    """Each text with those just before and after it in its table, where both rows name the same document."""
    if all(doc is None for doc in run.doc):
        return list(map(Passage, run.text))
    docs, texts = list(run.doc), list(run.text)
    for place, beside, edge in ((0, before, -1), (len(texts) + 1, after, 0)):
        near = beside if isinstance(beside, Run) and beside.table == run.table else None
        docs.insert(place, near.doc[edge] if near else None)
        texts.insert(place, near.text[edge] if near else "")
    same = [doc is not None and doc == other for doc, other in pairwise(docs)]
    return [
        Passage(text, texts[n] if same[n] else "", texts[n + 2] if same[n + 1] else "")
        for n, text in enumerate(run.text)
    ]


def _append(columns: Columns, run: Run, passages: list[Passage]) -> None:
    positions = range(run.position, run.position + run.count)
    columns.doc.extend([run.table if doc is None else doc for doc in run.doc])
    columns.sentence_id.extend([str(n) if own is None else own for n, own in zip(positions, run.id, strict=True)])
    columns.position.extend(positions)
    columns.start.extend([None] * len(positions))
    columns.end.extend([None] * len(positions))
    columns.passage.extend(passages)
