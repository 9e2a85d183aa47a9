import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.spreadsheet import guarded, unguarded


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_a_formula_is_shown_and_not_run(cell: str) -> None:
    assert guarded(cell) == f"'{cell}"


@given(st.text())
def test_unguarding_gives_back_the_cell(cell: str) -> None:
    if not (cell.startswith("'") and cell[1:].startswith(("=", "+", "-", "@", "\t", "\r"))):
        assert unguarded(guarded(cell)) == cell
