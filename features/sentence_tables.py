"""Tables whose rows already are sentences: JSONL, CSV and parquet with a column `text`, and maybe `id` and `doc`."""

import csv
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from features import arrays
from features.readers.characters import encoding
from features.readers.refusal import Refusal, RefusedError

_BYTES_AT_ONCE = 1 << 24
_LONGEST_LINE = 10_000_000
# Of a run, which Arrow holds as one text of at most 2 GB; a letter may take four bytes.
_MOST_LETTERS = 100_000_000
_DELIMITERS = ",;\t"


class Row(msgspec.Struct, frozen=True, gc=False):
    """One sentence as handed in; other columns are left alone."""

    text: str
    id: str | int | None = None
    doc: str | int | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """Rows of one table that follow each other, none refused, the first at `position`; columns as in Row."""

    table: str
    position: int
    text: pa.StringArray
    id: pa.StringArray
    doc: pa.StringArray

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self.text)


def runs(path: Path, name: str, at_once: int) -> Iterator[Run | Refusal]:
    """Yield every row in order, at most `at_once` in a run, fewer of long texts, refused ones in their place."""
    waiting: list[Row] = []
    position = letters = 0
    for found in _read(path, name, at_once):
        if waiting and (not isinstance(found, Row) or len(waiting) == at_once or letters > _MOST_LETTERS):
            yield _run(name, position, waiting)
            position, letters, waiting = position + len(waiting), 0, []
        if isinstance(found, Row):
            waiting.append(found)
            letters += len(found.text)
        else:
            yield found
            position += len(found.text) if isinstance(found, Run) else 1
    if waiting:
        yield _run(name, position, waiting)


def count(path: Path) -> int:
    """About how many rows a table has, for a progress bar; 1 for any other file."""
    try:
        if path.suffix.lower() == ".parquet":
            return int(pq.read_metadata(path).num_rows)
        if path.suffix.lower() not in _FORMATS:
            return 1
        with path.open("rb") as file:
            return sum(piece.count(b"\n") for piece in iter(functools.partial(file.read, _BYTES_AT_ONCE), b"")) or 1
    except (OSError, pa.ArrowException):
        return 1


def _read(path: Path, name: str, at_once: int) -> Iterator[Row | Run | Refusal]:
    try:
        read = _FORMATS.get(path.suffix.lower())
        if read is None:
            raise RefusedError("format", f"not a table of sentences; these end in {', '.join(_FORMATS)}")
        yield from read(path, name, at_once)
    except RefusedError as refused:
        yield Refusal(name, refused.kind, refused.reason)
    except (OSError, UnicodeDecodeError, csv.Error, pa.ArrowException) as error:
        yield Refusal(name, "broken", f"not read to the end: {error}")


def _run(name: str, position: int, rows: list[Row]) -> Run:
    texts, ids, docs = [row.text for row in rows], [_name(row.id) for row in rows], [_name(row.doc) for row in rows]
    return Run(name, position, arrays.strings(texts), arrays.strings(ids), arrays.strings(docs))


def _name(cell: str | int | None) -> str | None:
    return None if cell is None else str(cell)


def _jsonl(path: Path, name: str, _at_once: int) -> Iterator[Row | Refusal]:
    decode = msgspec.json.Decoder(Row).decode
    with path.open("rb") as file:
        lines = iter(functools.partial(file.readline, _LONGEST_LINE), b"")
        for number, line in enumerate(lines, start=1):
            if len(line) == _LONGEST_LINE:
                raise RefusedError("size", f"line {number} is too long; the rest was not read")
            content = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            if content and not content.isspace():
                yield _checked(decode, content, name, f"line {number}")


def _csv(path: Path, name: str, _at_once: int) -> Iterator[Row | Refusal]:
    with path.open(encoding=encoding(path), newline="") as file:
        header, delimiter = _header(file.readline(_LONGEST_LINE))
        reader = csv.DictReader(file, fieldnames=header, restkey="", delimiter=delimiter)
        for row in reader:
            yield _checked(_convert, row, name, f"line {reader.line_num + 1}")


def _parquet(path: Path, name: str, at_once: int) -> Iterator[Row | Run | Refusal]:
    number = 0
    # pre_buffer would hold a whole row group, however large, in memory.
    with pq.ParquetFile(path, pre_buffer=False) as file:
        names = file.schema_arrow.names
        _require_text(names)
        wanted = [column for column in Row.__struct_fields__ if column in names]
        for batch in file.iter_batches(batch_size=at_once, columns=wanted):
            if _is_plain(batch):
                yield Run(name, number, *(_cells(batch, column) for column in Row.__struct_fields__))
            else:
                for n, row in enumerate(batch.to_pylist(), start=number + 1):
                    yield _checked(_convert, row, name, f"row {n}")
            number += batch.num_rows


def _is_plain(batch: pa.RecordBatch) -> bool:
    """Whether every row is one by its columns' types: nothing that may be there is anything but texts or integers."""
    types = {field.name: field.type for field in batch.schema}
    named = all(pa.types.is_string(kind) or pa.types.is_integer(kind) for kind in types.values())
    return named and pa.types.is_string(types["text"]) and not batch.column("text").null_count


def _cells(batch: pa.RecordBatch, column: str) -> pa.StringArray:
    there = column in batch.schema.names
    return batch.column(column).cast(pa.string()) if there else pa.nulls(batch.num_rows, pa.string())


def _header(line: str) -> tuple[list[str], str]:
    found = {delimiter: next(csv.reader([line], delimiter=delimiter), []) for delimiter in _DELIMITERS}
    delimiter = next((delimiter for delimiter, names in found.items() if "text" in names), ",")
    _require_text(found[delimiter])
    return found[delimiter], delimiter


def _convert(row: dict[str, Any]) -> Row:
    return msgspec.convert(row, Row)


def _checked(read: Callable[[Any], Row], content: Any, name: str, where: str) -> Row | Refusal:
    try:
        return read(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Refusal(name, "row", f"{where}: {error}")


def _require_text(names: list[str]) -> None:
    if "text" not in names:
        raise RefusedError("format", f"needs a column 'text'; it has {', '.join(names) or 'no columns'}")


_FORMATS = {".jsonl": _jsonl, ".csv": _csv, ".parquet": _parquet}
