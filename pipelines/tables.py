"""Rows on disk: dataclasses to and from parquet, byte for byte the same for the same rows."""

import dataclasses
import types
import typing
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

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
    """Write `rows` of dataclass `kind` to a parquet file in groups of bounded size; returns how many."""
    count = 0
    with pq.ParquetWriter(path, schema(kind), compression="zstd") as writer:
        for group in _groups(rows):
            writer.write_table(to_table(group, kind))
            count += len(group)
    return count


def to_table(rows: Sequence[Any], kind: type[Any]) -> pa.Table:
    """The Arrow table of a sequence of dataclasses of one kind."""
    names = [field.name for field in dataclasses.fields(kind)]
    columns = {name: [getattr(row, name) for row in rows] for name in names}
    return pa.table(columns, schema=schema(kind))


def read(path: Path, kind: type[T]) -> list[T]:
    """Read back what `write` wrote."""
    columns = pq.read_table(path).to_pydict()
    names = [field.name for field in dataclasses.fields(kind)]  # type: ignore[arg-type]
    return [kind(*values) for values in zip(*(columns[name] for name in names), strict=True)]


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
