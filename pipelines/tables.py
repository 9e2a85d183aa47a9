"""Rows on disk: dataclasses to and from parquet, byte for byte the same for the same rows.

By way of JSON lines, and by ParquetFile: `pa.array` and `pq.read_table` import pandas, `Table.cast` imports
pyarrow.compute, and either costs more than the rows.
"""

import dataclasses
import io
import types
import typing
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

T = TypeVar("T")
ROWS_PER_GROUP = 20_000
_TYPES: dict[Any, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
    list[str]: pa.list_(pa.string()),
}


def schema(kind: type[Any]) -> pa.Schema:
    """The Arrow schema of a dataclass whose fields are str, int, float, bool, list[str] or one of these or None."""
    hints = typing.get_type_hints(kind)
    return pa.schema([_field(field.name, hints[field.name]) for field in dataclasses.fields(kind)])


def write(rows: Iterable[Any], kind: type[Any], path: Path) -> int:
    """Write `rows` of dataclass `kind` to a parquet file in groups of bounded size; returns how many.

    Raises pyarrow.ArrowInvalid for a number that is none (NaN, infinity): no stage has one to keep.
    """
    count = 0
    with pq.ParquetWriter(path, schema(kind), compression="zstd") as writer:
        for group in _groups(rows):
            writer.write_table(to_table(group, kind))
            count += len(group)
    return count


def to_table(rows: Sequence[Any], kind: type[Any]) -> pa.Table:
    """The Arrow table of a sequence of dataclasses of one kind."""
    from pyarrow import json

    into = schema(kind)
    if not rows:
        return into.empty_table()
    lines = msgspec.json.Encoder().encode_lines(rows)
    read = json.ReadOptions(use_threads=False, block_size=len(lines))
    parse = json.ParseOptions(explicit_schema=into, unexpected_field_behavior="error")
    # The reader calls every field nullable, and lets a None pass where there must be none.
    found = json.read_json(io.BytesIO(lines), read, parse)
    for field, column in zip(into, found.columns, strict=True):
        if column.null_count and not field.nullable:
            raise pa.ArrowInvalid(f"{field.name}: a required field was null")
    return pa.Table.from_arrays(found.columns, schema=into)


def read(path: Path, kind: type[T]) -> list[T]:
    """Read back what `write` wrote; equal strings are one, as most are: a sentence is its neighbours' neighbour."""
    table = pq.ParquetFile(path).read()
    names = [field.name for field in dataclasses.fields(kind)]  # type: ignore[arg-type]
    strings: dict[str, str] = {}
    columns = [_values(table.column(name), strings) for name in names]
    del table
    pa.default_memory_pool().release_unused()  # it keeps for itself as much as the rows take
    return [kind(*values) for values in zip(*columns, strict=True)]


def _values(column: pa.ChunkedArray, strings: dict[str, str]) -> list[Any]:
    values: list[Any] = column.to_pylist()
    return [strings.setdefault(value, value) for value in values] if pa.types.is_string(column.type) else values


def _groups(rows: Iterable[Any]) -> Iterable[list[Any]]:
    group: list[Any] = []
    for row in rows:
        group.append(row)
        if len(group) == ROWS_PER_GROUP:
            yield group
            group = []
    if group:
        yield group


def _field(name: str, hint: Any) -> pa.Field:
    nullable = isinstance(hint, types.UnionType)
    inner = next(kind for kind in typing.get_args(hint) if kind is not types.NoneType) if nullable else hint
    return pa.field(name, _TYPES[inner], nullable=nullable)
