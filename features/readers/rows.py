"""Tables of documents, one a row, read in pieces however long the table: JSON Lines, CSV and parquet.

A row that holds no document is a Refusal among the others; where the rest of a file cannot be made out, RefusedError
is raised and says from which line on.
"""

import csv
import datetime
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, AnyStr

import msgspec

from features.readers.characters import clean, encoding, iso_date, one_line
from features.readers.refusal import Refusal, RefusedError
from features.text import Document

_BOM = b"\xef\xbb\xbf"
_DELIMITERS = ",;\t"
_ROWS_PER_BATCH = 1_000
_BUFFER_BYTES = 1 << 20


class Row(msgspec.Struct):
    """One document as a user's table holds it; other columns are ignored."""

    text: str
    id: str | int | None = None
    date: str | None = None
    source: str | None = None
    genre: str | None = None
    title: str | None = None


def jsonl_documents(path: Path, name: str, *, max_characters: int) -> Iterator[Document | Refusal]:
    """Yield the document of every line that is not blank; without an id of its own it is `<name>#<line>`."""
    with path.open("rb") as file:
        for number, line in enumerate(_lines(file, max_characters), start=1):
            content = line.removeprefix(_BOM)
            if content.strip():
                yield _document(content, name, number, f"line {number}", max_characters)


def csv_documents(path: Path, name: str, *, max_characters: int) -> Iterator[Document | Refusal]:
    """Yield the document of every row; without an id of its own it is `<name>#<row>`, counted below the header.

    The header names the columns; commas, semicolons or tabs part them.
    """
    csv.field_size_limit(max_characters)
    begins = 1
    try:
        with path.open(encoding=encoding(path), newline="") as file:
            lines = _lines(file, max_characters)
            header, delimiter = _header(next(lines, ""))
            begins = 2
            number = 0
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            for cells in reader:
                number += bool(cells)
                if cells:
                    yield _csv_document(header, cells, name, number, f"line {begins}", max_characters)
                begins = reader.line_num + 2
    except (csv.Error, UnicodeDecodeError) as error:
        raise RefusedError("broken", f"line {begins}: {error}; this row and what follows it were not read") from error


def parquet_documents(path: Path, name: str, *, max_characters: int) -> Iterator[Document | Refusal]:
    """Yield the document of every row; without an id of its own it is `<name>#<row>`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        # Both, or else a whole row group, however large, is held in memory.
        with pq.ParquetFile(path, pre_buffer=False, buffer_size=_BUFFER_BYTES) as file:
            names = _with_text(file.schema_arrow.names)
            columns = [column for column in names if column in Row.__struct_fields__]
            for batch in file.iter_batches(_ROWS_PER_BATCH, columns=columns, use_threads=False):
                for row in batch.to_pylist():
                    number += 1
                    yield _document(row, name, number, f"row {number}", max_characters)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise RefusedError("broken", f"not a readable parquet file after row {number}: {reason}") from error


def _document(raw: bytes | dict[str, Any], name: str, number: int, where: str, limit: int) -> Document | Refusal:
    try:
        row = msgspec.json.decode(raw, type=Row) if isinstance(raw, bytes) else msgspec.convert(_plain(raw), Row)
        date = iso_date(row.date) if row.date else None
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        return Refusal(name, "row", f"{where}: {error}")
    text = clean(row.text)
    if not text.strip():
        return Refusal(name, "empty", f"{where}: the text is empty")
    if len(text) > limit:
        return Refusal(name, "size", f"{where}: more than {limit:,} characters of text")
    return Document(
        id=one_line(None if row.id is None else str(row.id)) or f"{name}#{number}",
        text=text,
        date=date,
        source=one_line(row.source),
        genre=one_line(row.genre),
        title=one_line(row.title),
    )


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    date = row.get("date")
    return row | {"date": date.isoformat()} if isinstance(date, datetime.date) else row


def _csv_document(
    header: Sequence[str], cells: Sequence[str], name: str, number: int, where: str, limit: int
) -> Document | Refusal:
    if len(cells) != len(header):
        return Refusal(name, "row", f"{where}: {len(cells)} cells under {len(header)} column names")
    return _document(dict(zip(header, cells, strict=True)), name, number, where, limit)


def _header(line: str) -> tuple[Sequence[str], str]:
    rows = {delimiter: next(csv.reader([line], delimiter=delimiter), []) for delimiter in _DELIMITERS}
    delimiter = next((delimiter for delimiter, names in rows.items() if "text" in names), ",")
    return _with_text(rows[delimiter]), delimiter


def _with_text(names: Sequence[str]) -> Sequence[str]:
    if names.count("text") != 1:
        raise RefusedError("format", f"needs one column 'text'; it has {', '.join(names) or 'no columns'}")
    return names


def _lines(file: IO[AnyStr], limit: int) -> Iterator[AnyStr]:
    number = 0
    while line := file.readline(limit + 1):
        number += 1
        if len(line) > limit:
            raise RefusedError("size", f"line {number} is longer than {limit:,} characters; the rest was not read")
        yield line
