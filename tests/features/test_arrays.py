"""Arrays made without pandas are those that Arrow itself makes."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features import arrays

letters = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@given(st.lists(st.none() | letters))
def test_strings_and_nulls_come_back(values: list[str | None]) -> None:
    found = arrays.strings(values)
    found.validate(full=True)
    assert found.equals(pa.array(values, pa.string()))


@given(st.lists(st.tuples(st.floats(), st.booleans())))
def test_numbers_come_back_with_nulls_where_asked(rows: list[tuple[float, bool]]) -> None:
    values = np.array([value for value, _ in rows], dtype=np.float64)
    nulls = np.array([null for _, null in rows], dtype=bool)
    found = arrays.numbers(values, nulls)
    found.validate(full=True)
    assert str(found) == str(pa.array(values, mask=nulls))  # as written, where no number equals one that is none


@given(st.lists(st.booleans()))
def test_truth_values_come_back(values: list[bool]) -> None:
    assert arrays.booleans(np.array(values, dtype=bool)).equals(pa.array(values, pa.bool_()))


def test_every_second_number_is_taken_as_it_is_asked_for() -> None:
    assert arrays.numbers(np.arange(10)[::2]).to_pylist() == [0, 2, 4, 6, 8]
    assert arrays.string("thé").as_py() == "thé"


def test_more_text_than_arrow_takes_at_once_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "_MOST_BYTES", 5)
    with pytest.raises(ValueError, match="6 bytes of text at once"):
        arrays.strings(["abc", "def"])
