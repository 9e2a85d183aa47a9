"""What `score` leaves behind, written as answers come in: the table of sentences, the pages, the quarantine, counts."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from features import manifest, page, scored
from features.ahead import behind
from features.batches import Batch
from features.bundle import Bundle
from features.bundle_files import FITTED_ON
from features.errors import AllRefusedFailure, IntegrityFailure, UsageFailure
from features.legend import legend
from features.page import Entry, Mark
from features.readers import Refusal
from features.scored import Scored, Totals
from features.text import Document, Sentence
from pipelines import store

FORMATS = ("parquet", "csv", "jsonl")
MOST_DOCUMENTS_SHOWN = 5_000
MOST_ROWS_SHOWN = 1_000
# What is written at once is a group of rows, of each of which a file keeps record: few are read faster, too.
_ROWS_AT_ONCE = 32_768
_ALWAYS = {"quarantine.jsonl", "summary.json"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a user asked for: `unit` is document or sentence, `format` that of the table, `explain` its terms."""

    unit: str
    format: str
    explain: bool
    pages: bool


class Pages:
    """The pages of one run: one per document and an index, or an index with the first rows of a table."""

    def __init__(self, folder: Path, model: Bundle) -> None:
        self._folder = folder
        self._legend = legend(model)
        self._entries: list[Entry] = []
        self._rows: list[Mark] = []

    def add(self, batch: Batch, answer: Scored) -> None:
        """Write the pages of the documents of `batch`, or keep its first rows for the index."""
        first = 0
        for document, sentences in batch.documents[: MOST_DOCUMENTS_SHOWN - len(self._entries)]:
            last = first + sum(sentence.kind != "heading" for sentence in sentences)
            self._add_document(document, sentences, answer.part(first, last))
            first = last
        wanted = MOST_ROWS_SHOWN - len(self._rows)
        if not batch.documents and wanted:
            first_rows = batch.rows.slice(0, wanted)
            docs, texts = (first_rows.column(name).to_pylist() for name in ("doc", "text"))
            self._rows += page.row_marks(docs, texts, answer.part(0, len(texts)))

    def close(self, totals: Totals) -> None:
        """Write the index."""
        html = page.index_page(self._legend, totals, self._entries, self._rows)
        (self._folder / "index.html").write_text(html, encoding="utf-8")

    def _add_document(self, document: Document, sentences: list[Sentence], answer: Scored) -> None:
        (self._folder / "pages").mkdir(exist_ok=True)
        pages = page.document_pages(self._legend, document, sentences, answer)
        for name, html in pages:
            (self._folder / "pages" / name).write_text(html, encoding="utf-8")
        self._entries.append(
            Entry(
                page=pages[0][0],
                id=document.id,
                title=document.title,
                date=document.date,
                sentences=len(answer.scores.labels),
                counts=answer.scores.labels.sum(axis=0).tolist(),
            )
        )


def require_free(out: Path, source: Path) -> None:
    """Raise UsageFailure where writing `out` would destroy its own input or what `score` did not make."""
    here, there = out.resolve(), source.resolve()
    if here.is_relative_to(there) or there.is_relative_to(here):
        raise UsageFailure(f"{out}: lies in {source} or holds it; name another folder")
    if out.exists() and not out.is_dir():
        raise UsageFailure(f"{out}: a file; name a folder")
    if out.exists() and any(out.iterdir()):
        files = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()} - {manifest.NAME}
        foreign = sorted(files - _made(out))
        if foreign:
            raise UsageFailure(
                f"{out}: holds {foreign[0]}, which score has not written; name another folder or move it"
            )


def write(answers: Iterable[tuple[Batch, Scored]], folder: Path, model: Bundle, wanted: Wanted) -> Totals:
    """Write a whole result into `folder` and return its counts; raises AllRefusedFailure when nothing could be read."""
    schema = scored.schema(model.themes, explain=wanted.explain)
    pages = Pages(folder, model) if wanted.pages else None
    totals = Totals("table" if wanted.unit == "sentence" else "document", counts=[0] * len(model.themes))
    first: Refusal | None = None
    with _table(folder, wanted.format, schema) as append, (folder / "quarantine.jsonl").open("wb") as quarantine:
        for batch, answer in answers:
            append(scored.table(batch.rows, answer, schema))
            quarantine.write(msgspec.json.Encoder().encode_lines(batch.refusals))
            totals = totals.plus(batch, answer)
            first = first or next(iter(batch.refusals), None)
            if pages:
                pages.add(batch, answer)
    if not totals.sources:
        example = f"; the first: {first.path}: {first.reason}" if first else ""
        raise AllRefusedFailure(f"nothing could be read ({totals.quarantined:,} refused){example}")
    if pages:
        pages.close(totals)
    store.write_json(folder / "summary.json", _summary(totals, model))
    return totals


def _summary(totals: Totals, model: Bundle) -> dict[str, object]:
    return {
        "model": model.name,
        "fingerprint": model.fingerprint,
        "fitted_on": model.model.provenance.get(FITTED_ON),
        f"{totals.unit}s": totals.sources,
        "quarantined": totals.quarantined,
        "sentences": totals.sentences,
        "abstained": totals.abstained,
        "kernel": "numba" if model.fast else "numpy",
        "decided_again_without_kernel": totals.again,
        "sentences_per_theme": dict(zip(model.themes, totals.counts, strict=True)),
    }


def _made(out: Path) -> set[str]:
    """The files of an earlier result in `out`; none where it is something else."""
    try:
        listed = set(manifest.read(out))
    except (IntegrityFailure, UnicodeDecodeError):
        return set()
    tables = {f"sentences.{kind}" for kind in FORMATS}
    return listed if listed >= _ALWAYS and listed & tables else set()


@contextmanager
def _table(folder: Path, kind: str, schema: pa.Schema) -> Iterator[Callable[[pa.Table], None]]:
    """Yield a function that appends rows to `sentences.<kind>` in `folder`."""
    path = folder / f"sentences.{kind}"
    if kind == "parquet":
        # A dictionary of what differs from row to row only costs time and room.
        with (
            pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=["doc"]) as writer,
            behind() as hand_over,
        ):
            waiting: list[pa.Table] = []

            def append(rows: pa.Table) -> None:
                waiting.append(rows)
                if sum(map(len, waiting)) >= _ROWS_AT_ONCE:
                    flush()

            def flush() -> None:
                if waiting:
                    hand_over(writer.write_table, pa.concat_tables(waiting).combine_chunks())
                    waiting.clear()

            yield append
            flush()
    elif kind == "csv":
        with pyarrow.csv.CSVWriter(path, schema) as writer:
            yield lambda rows: writer.write_table(scored.guarded(rows))
    else:
        with path.open("wb") as file:
            yield lambda rows: file.writelines(_lines(rows))


def _lines(rows: pa.Table) -> Iterator[bytes]:
    encode = msgspec.json.Encoder().encode
    columns = [column.to_pylist() for column in rows.columns]
    return (encode(dict(zip(rows.column_names, row, strict=True))) + b"\n" for row in zip(*columns, strict=True))
