"""Tables whose rows already are sentences: JSONL, CSV and parquet with a column `text`, and maybe `id` and `doc`."""

import csv
import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from features.readers.characters import encoding
from features.readers.refusal import Refusal, RefusedError

_ROWS_AT_ONCE = 8_192
_BYTES_AT_ONCE = 1 << 24
_LONGEST_LINE = 10_000_000
_DELIMITERS = ",;\t"


class Row(msgspec.Struct, frozen=True, gc=False):
    """One sentence as handed in; other columns are left alone."""

    text: str
    id: str | int | None = None
    doc: str | int | None = None


def rows(path: Path, name: str) -> Iterator[Row | Refusal]:
    """Yield every row in order, refused ones in their place; memory does not grow with the file."""
    try:
        read = _FORMATS.get(path.suffix.lower())
        if read is None:
            raise RefusedError("format", f"not a table of sentences; these end in {', '.join(_FORMATS)}")
        yield from read(path, name)
    except RefusedError as refused:
        yield Refusal(name, refused.kind, refused.reason)
    except (OSError, UnicodeDecodeError, csv.Error, pa.ArrowException) as error:
        yield Refusal(name, "broken", f"not read to the end: {error}")


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


def _jsonl(path: Path, name: str) -> Iterator[Row | Refusal]:
    decode = msgspec.json.Decoder(Row).decode
    with path.open("rb") as file:
        lines = iter(functools.partial(file.readline, _LONGEST_LINE), b"")
        for number, line in enumerate(lines, start=1):
            if len(line) == _LONGEST_LINE:
                raise RefusedError("size", f"line {number} is too long; the rest was not read")
            content = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            if content and not content.isspace():
                yield _checked(decode, content, name, f"line {number}")


def _csv(path: Path, name: str) -> Iterator[Row | Refusal]:
    with path.open(encoding=encoding(path), newline="") as file:
        header, delimiter = _header(file.readline(_LONGEST_LINE))
        reader = csv.DictReader(file, fieldnames=header, restkey="", delimiter=delimiter)
        for row in reader:
            yield _checked(_convert, row, name, f"line {reader.line_num + 1}")


def _parquet(path: Path, name: str) -> Iterator[Row | Refusal]:
    number = 0
    # pre_buffer would hold a whole row group, however large, in memory.
    with pq.ParquetFile(path, pre_buffer=False) as file:
        names = file.schema_arrow.names
        _require_text(names)
        wanted = [column for column in Row.__struct_fields__ if column in names]
        for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE, columns=wanted):
            for row in batch.to_pylist():
                number += 1
                yield _checked(_convert, row, name, f"row {number}")


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
