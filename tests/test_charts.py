from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.charts import Axis, Line, Table, chart, from_0_to_1, tables

SVG = "{http://www.w3.org/2000/svg}"
ACROSS, UP = from_0_to_1("Recall"), from_0_to_1("Precision")
HOSTILE = 'a & "b" <script>'
SQUARE = Table("money", ["yes", "no"], ["also yes", "no"], np.array([[1, 2], [3, 4_000]]), np.eye(2))


def drawn(*lines: Line, width: int = 200, height: int = 100) -> Element:
    return ElementTree.fromstring(chart("title", ACROSS, UP, lines, width, height))


def places(path: Element) -> list[tuple[float, float]]:
    numbers = [float(number) for number in path.get("d", "").removeprefix("M").split()]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


@given(low=st.floats(0.1, 1e3), width=st.floats(1.0, 1e3), share=st.floats(0, 1), is_log=st.booleans())
def test_an_axis_goes_from_its_low_to_its_high_end(low: float, width: float, share: float, is_log: bool) -> None:
    axis = Axis("", {}, low, low + width, is_log)
    assert (axis.share(low), axis.share(low + width)) == (0.0, 1.0)
    at = axis.share(low + share * width)
    assert -1e-9 <= at <= 1 + 1e-9
    assert is_log or at == pytest.approx(share, abs=1e-9)


def test_equal_factors_are_equally_far_on_a_logarithmic_axis() -> None:
    axis = Axis("", {}, 5, 80, is_log=True)
    assert [axis.share(value) for value in (10, 20, 40)] == pytest.approx([0.25, 0.5, 0.75])


def test_a_line_and_its_dots_stand_where_its_numbers_say() -> None:
    (group,) = drawn(Line("a", [(0, 0), (1, 1)], [(0.5, 0.25)])).iter(f"{SVG}g")
    (left, bottom), (right, top) = places(group[0])
    assert (right - left, bottom - top) == (200, 100)
    (dot,) = group.iter(f"{SVG}circle")
    assert (float(dot.get("cx", "")), float(dot.get("cy", ""))) == (left + 100, bottom - 25)
    assert dot.findtext(f"{SVG}title") == "a: Recall 0.5, Precision 0.25"


def test_the_legend_has_every_name_beside_the_lines() -> None:
    picture = drawn(Line("a", [(0, 0), (1, 1)]), Line("", [(0, 1), (1, 0)]), Line("b", [(0, 0), (1, 0.5)]))
    groups = list(picture.iter(f"{SVG}g"))
    assert [group.findtext(f"{SVG}text") for group in groups] == ["a", "b"]
    for group in groups:
        line, key = (places(path) for path in group.iter(f"{SVG}path"))
        assert max(x for x, _ in line) < min(x for x, _ in key)
    looks = [(group[0].get("stroke"), group[0].get("stroke-dasharray")) for group in groups]
    assert len(set(looks)) == 2


def test_every_count_stands_in_a_cell_that_says_what_it_is() -> None:
    picture = ElementTree.fromstring(tables("counts", [SQUARE], 1))
    cells = [group for group in picture.iter(f"{SVG}g") if group.find(f"{SVG}rect") is not None]
    assert [cell.findtext(f"{SVG}text") for cell in cells] == ["1", "2", "3", "4,000"]
    told = [cell.findtext(f"{SVG}title") for cell in cells]
    assert told == ["yes, also yes: 1", "yes, no: 2", "no, also yes: 3", "no, no: 4,000"]
    fills = [cell.find(f"{SVG}rect").get("fill") for cell in cells]  # type: ignore[union-attr]
    assert fills[0] == fills[3] != fills[1] == fills[2]


@pytest.mark.parametrize(("shown", "size"), [(1, (1, 1)), (3, (3, 1)), (4, (3, 2)), (7, (3, 3))])
def test_tables_go_into_as_many_rows_as_they_need(shown: int, size: tuple[int, int]) -> None:
    def sizes(count: int) -> tuple[int, int]:
        _, _, width, height = ElementTree.fromstring(tables("", [SQUARE] * count, 3)).get("viewBox", "").split()
        return int(width), int(height)

    alone, together = sizes(1), sizes(shown)
    assert together == pytest.approx((alone[0] * size[0], alone[1] * size[1]), abs=2)


def test_names_are_shown_as_they_are() -> None:
    picture = chart(HOSTILE, ACROSS, UP, [Line(HOSTILE, [(0, 0), (1, 1)])], 200, 100)
    assert "<script" not in picture
    assert ElementTree.fromstring(picture).findtext(f"{SVG}title") == HOSTILE


def test_the_same_numbers_make_the_same_bytes() -> None:
    assert tables("", [SQUARE], 1) == tables("", [SQUARE], 1)
    assert chart("", ACROSS, UP, [], 200, 100) == chart("", ACROSS, UP, [], 200, 100)
