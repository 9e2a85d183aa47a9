from dataclasses import dataclass
from pathlib import Path

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
    share=st.floats(allow_nan=False),
    known=st.booleans(),
    words=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), max_size=3),
    note=st.none() | st.just("x"),
)


@given(st.lists(ROWS, max_size=20))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_reading_gives_back_what_was_written_and_the_bytes_are_the_same_twice(tmp_path: Path, rows: list[Row]) -> None:
    first, second = tmp_path / "first.parquet", tmp_path / "second.parquet"
    assert tables.write(rows, Row, first) == len(rows)
    tables.write(iter(rows), Row, second)
    assert tables.read(first, Row) == rows
    assert first.read_bytes() == second.read_bytes()
