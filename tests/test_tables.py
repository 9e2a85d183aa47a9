import math
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines import tables


@dataclass(frozen=True)
class Row:
    name: str
    count: int
    share: float
    known: bool
    words: list[str]
    note: str | None


ROWS = st.builds(
    Row,
    name=st.text(st.characters(exclude_categories=["Cs"])),
    count=st.integers(-(2**63), 2**63 - 1),
    share=st.floats(allow_nan=False, allow_infinity=False),
    known=st.booleans(),
    words=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), max_size=3),
    note=st.none() | st.just("x"),
)


def test_a_number_that_is_none_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(pa.ArrowInvalid, match="required field was null"):
        tables.write([Row("a", 1, math.nan, False, [], None)], Row, tmp_path / "rows.parquet")


@given(st.lists(ROWS, max_size=20))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_reading_gives_back_what_was_written_and_the_bytes_are_the_same_twice(tmp_path: Path, rows: list[Row]) -> None:
    first, second = tmp_path / "first.parquet", tmp_path / "second.parquet"
    assert tables.write(rows, Row, first) == len(rows)
    tables.write(iter(rows), Row, second)
    assert tables.read(first, Row) == rows
    assert first.read_bytes() == second.read_bytes()


def test_equal_strings_of_all_rows_are_one_in_memory(tmp_path: Path) -> None:
    tables.write(
        [Row(f"a sentence {n % 2}", n, 0.5, True, [], "a sentence 1") for n in range(4)], Row, tmp_path / "rows"
    )
    rows = tables.read(tmp_path / "rows", Row)
    assert len({id(text) for row in rows for text in (row.name, row.note)}) == 2
