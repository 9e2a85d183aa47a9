import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import UsageFailure
from features.grid import combinations, replaced

CONTENT = {"a": {"b": 1, "c": [{"d": 2}, {"d": 3}]}, "e": None}


@given(
    values=st.dictionaries(
        st.text(min_size=1), st.lists(st.integers(), min_size=1, max_size=3, unique=True), max_size=3
    )
)
def test_every_choice_of_one_value_per_path_comes_up_once(values: dict[str, list[int]]) -> None:
    found = combinations(values)
    expected = 1
    for candidates in values.values():
        expected *= len(candidates)
    assert len(found) == len({tuple(one.items()) for one in found}) == expected
    assert all(one.keys() == values.keys() and all(one[path] in values[path] for path in one) for one in found)


def test_the_last_path_changes_fastest() -> None:
    assert combinations({"x": [1, 2], "y": [3, 4]})[:2] == [{"x": 1, "y": 3}, {"x": 1, "y": 4}]


def test_values_are_put_in_place_and_the_original_is_left_alone() -> None:
    found = replaced(CONTENT, {"a.c.1.d": 9, "e": [7], "a.b": 8})
    assert found == {"a": {"b": 8, "c": [{"d": 2}, {"d": 9}]}, "e": [7]}
    assert CONTENT == {"a": {"b": 1, "c": [{"d": 2}, {"d": 3}]}, "e": None}


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("a.x", "no 'x' in the path 'a.x'; there is b, c"),
        ("a.c.2.d", "no '2' in the path 'a.c.2.d'; there is 0, 1"),
        ("a.c.-1.d", "no '-1'"),
        ("e.f", "no 'f' in the path 'e.f'; there is nothing"),
        ("", "no ''"),
    ],
)
def test_a_path_that_leads_nowhere_is_named_with_what_is_there(path: str, named: str) -> None:
    with pytest.raises(UsageFailure, match=named):
        replaced(CONTENT, {path: 1})
