import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from features.bundle import Bundle
from features.passages import FIELDS, Passages, column, texts
from features.text import Passage
from tests.small_bundle import small_bundle

PASSAGES = st.lists(st.builds(Passage, *[st.text(max_size=9)] * 3), max_size=6)


def as_columns(passages: list[Passage]) -> Passages:
    return Passages(*(pa.array([getattr(one, name) for one in passages], pa.string()) for name in FIELDS))


@given(PASSAGES, st.integers(0, 6), st.integers(0, 6))
def test_columns_hold_the_passages_and_slices_of_them(passages: list[Passage], first: int, last: int) -> None:
    held = as_columns(passages)
    assert list(held) == passages
    assert list(held[first:last]) == passages[first:last]
    assert [list(texts(column(held, name))) for name in FIELDS] == [list(column(passages, name)) for name in FIELDS]


def test_a_neighbour_that_is_null_is_empty() -> None:
    nothing = pa.nulls(1, pa.string())
    held = Passages(pa.array(["Funds."]), nothing, nothing)
    assert held[0] == Passage("Funds.")
    assert texts(column(held, "before")) == [""]


@given(PASSAGES)
def test_a_bundle_answers_columns_as_it_answers_passages(passages: list[Passage]) -> None:
    known = [*passages, Passage("Terrorist financing, “café” funds.", "Funds.", "Terrorists.")]
    model: Bundle = small_bundle()
    one, other = model.score(known), model.score(as_columns(known))
    assert one.probabilities.tobytes() == other.probabilities.tobytes()
    assert one.labels.tolist() == other.labels.tolist()
