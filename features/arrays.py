"""Arrays of Arrow made of what Python and numpy hold: `pa.array` and `pa.scalar` import pandas to do it."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from features.keys import Numbers, Places
from features.metrics import Bools
from features.resampling import Floats

_MOST_BYTES = 2**31 - 1


def strings(values: Sequence[str | None]) -> pa.StringArray:
    """As many texts, nulls for None; raises UnicodeEncodeError for what UTF-8 cannot write, ValueError for 2 GB."""
    encoded = [b"" if value is None else value.encode() for value in values]
    edges = np.cumsum([0, *map(len, encoded)])
    if edges[-1] > _MOST_BYTES:
        raise ValueError(f"{edges[-1]:,} bytes of text at once; Arrow takes {_MOST_BYTES:,}")
    there = _bits(np.array([value is not None for value in values], dtype=bool))
    data = pa.py_buffer(b"".join(encoded))
    return pa.StringArray.from_buffers(len(values), pa.py_buffer(edges.astype(np.int32)), data, there)


def string(value: str) -> pa.StringScalar:
    """One text, for what compares it with many or fills it in."""
    return strings([value])[0]


def numbers(values: Numbers | Places | Floats, nulls: Bools | None = None) -> pa.Array:
    """The same numbers, of the same type; null where `nulls` says so."""
    there = None if nulls is None else _bits(~nulls)
    data = pa.py_buffer(np.ascontiguousarray(values))
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [there, data])


def booleans(values: Bools) -> pa.BooleanArray:
    """The same truth values."""
    return pa.Array.from_buffers(pa.bool_(), len(values), [None, _bits(values)])


def _bits(values: Bools) -> pa.Buffer:
    return pa.py_buffer(np.packbits(values, bitorder="little"))
