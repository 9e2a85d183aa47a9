"""Lines over two axes and tables of counts as SVG: sharp at any size, the same bytes for the same numbers.

Drawn here, because a drawing library would cost every evaluation more than its numbers do.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import numpy as np
from numpy.typing import NDArray

from features.resampling import Floats

NAMESPACE = "http://www.w3.org/2000/svg"
# Okabe and Ito (2008): told apart by people who see no red or green; dashes serve those who see no colour.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
_DASHES = ("none", "6 3", "6 2 2 2", "2 2", "10 2", "6 2 2 2 2 2", "4 4")
_PALE, _DARK = np.array([247, 251, 255]), np.array([8, 81, 156])
_LEFT, _TOP, _BOTTOM, _RIGHT, _GAP = 58, 40, 52, 16, 8
_CELL = 76
_KEY = 36  # what a name in the legend stands behind
_LETTER = 7.2  # how wide one is, on average: what a browser makes of a text is not known here
_LARGER = 15  # than 13, which texts have that are no titles
_SLOPE = 30  # of names that are wider than their column, in degrees

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Axis:
    """From `low` to `high`, with words at some values."""

    label: str
    marks: Mapping[float, str]
    low: float
    high: float
    is_log: bool = False

    def share(self, value: float) -> float:
        """How far along the axis a value stands, from 0 to 1; in the middle of an axis of one value."""
        low, high, at = (math.log(one) if self.is_log else one for one in (self.low, self.high, value))
        return (at - low) / (high - low) if low < high else 0.5


@dataclass(frozen=True, slots=True)
class Line:
    """A line through `points` and some `dots`; one without a name is in no legend, and grey."""

    name: str
    points: Sequence[Point]
    dots: Sequence[Point] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """Counts, and how dark each is shaded, from 0 to 1: both of shape (rows, columns)."""

    title: str
    rows: Sequence[str]
    columns: Sequence[str]
    counts: NDArray[np.int64]
    shades: Floats


def from_0_to_1(label: str) -> Axis:
    """Of shares."""
    return Axis(label, {number / 5: f"{number / 5:.1f}" for number in range(6)}, 0.0, 1.0)


def chart(title: str, across: Axis, up: Axis, lines: Sequence[Line], width: int, height: int) -> str:
    """Lines over axes of `width` and `height` pixels, with the legend beside them, where it hides nothing."""
    named = [line for line in lines if line.name]
    legend = max((_wide(line.name) + _KEY + _GAP for line in named), default=0.0)
    right, bottom = _LEFT + width, _TOP + height
    picture = _picture(title, right + legend + _RIGHT, bottom + _BOTTOM)

    def place(point: Point) -> Point:
        return _LEFT + width * across.share(point[0]), bottom - height * up.share(point[1])

    def draw(parent: Element, points: Sequence[Point], **looks: object) -> None:
        _path(parent, [place(point) for point in points], **looks)

    _text(picture, _LEFT + width / 2, 24, title, font_size=_LARGER)
    for at, words in across.marks.items():
        draw(picture, [(at, up.low), (at, up.high)], stroke="#ddd")
        _text(picture, place((at, up.low))[0], bottom + 18, words)
    for at, words in up.marks.items():
        draw(picture, [(across.low, at), (across.high, at)], stroke="#ddd")
        _text(picture, _LEFT - _GAP, place((across.low, at))[1] + 4, words, text_anchor="end")
    _text(picture, _LEFT + width / 2, bottom + 40, across.label)
    _text(picture, 16, _TOP + height / 2, up.label, transform=f"rotate(-90 16 {_TOP + height / 2:.1f})")
    for line in (line for line in lines if not line.name):
        draw(picture, line.points, stroke="#888")
    for row, (line, colour, dashes) in enumerate(zip(named, cycle(_COLOURS), cycle(_DASHES), strict=False)):
        looks = {"stroke": colour, "stroke_width": 1.8, "stroke_dasharray": dashes}
        group, x, y = SubElement(picture, "g"), right + _GAP, _TOP + _GAP + 20 * row
        draw(group, line.points, **looks)
        _path(group, [(x, y), (x + _KEY - _GAP, y)], **looks)
        _text(group, x + _KEY, y + 4, line.name, text_anchor="start")
        for dot in line.dots:
            place_of_dot = dict(zip(("cx", "cy"), place(dot), strict=True))
            circle = _add(group, "circle", **place_of_dot, r=4, fill=colour, fill_opacity=0.5, stroke=colour)
            _tell(circle, f"{line.name}: {across.label} {dot[0]:.3g}, {up.label} {dot[1]:.3g}")
    return _written(picture)


def tables(title: str, shown: Sequence[Table], across: int) -> str:
    """Tables of counts under their titles, `across` of them beside one another."""
    width, height = (max(sizes) for sizes in zip(*map(_size, shown), strict=True))
    picture = _picture(title, width * min(across, len(shown)), height * -(-len(shown) // across))
    for number, table in enumerate(shown):
        row, column = divmod(number, across)
        _draw(_add(picture, "g", transform=f"translate({width * column:.1f} {height * row:.1f})"), table)
    return _written(picture)


def _draw(parent: Element, table: Table) -> None:
    left, bottom = _left(table), _TOP + _CELL * len(table.rows)
    _text(parent, left + _CELL * len(table.columns) / 2, 24, table.title, font_size=_LARGER)
    for number, name in enumerate(table.rows):
        _text(parent, left - _GAP, _TOP + _CELL * (number + 0.5) + 4, name, text_anchor="end")
    for number, name in enumerate(table.columns):
        x, y = left + _CELL * (number + 0.5), bottom + 18
        turned = {"text_anchor": "end", "transform": f"rotate(-{_SLOPE} {x:.1f} {y:.1f})"}
        _text(parent, x, y, name, **(turned if _is_sloping(table) else {}))
    for (row, column), count in np.ndenumerate(table.counts):
        shade = float(table.shades[row, column])
        red, green, blue = (_PALE + shade * (_DARK - _PALE)).round().astype(int)
        x, y, cell = left + _CELL * column, _TOP + _CELL * row, SubElement(parent, "g")
        _tell(cell, f"{table.rows[row]}, {table.columns[column]}: {count:,}")
        _add(cell, "rect", x=x, y=y, width=_CELL, height=_CELL, fill=f"rgb({red} {green} {blue})")
        _text(cell, x + _CELL / 2, y + _CELL / 2 + 5, f"{count:,}", fill="#fff" if shade > 0.5 else "#111")


def _size(table: Table) -> Point:
    below = math.sin(math.radians(_SLOPE)) * max(map(_wide, table.columns)) if _is_sloping(table) else 0.0
    half = _CELL * len(table.columns) / 2
    beside = max(half, _wide(table.title) * _LARGER / 13 / 2)
    return _left(table) + half + beside + _RIGHT, _TOP + _CELL * len(table.rows) + below + 2 * _RIGHT


def _left(table: Table) -> float:
    """What names of rows take, and a sloping name of the first column."""
    sloping = math.cos(math.radians(_SLOPE)) * _wide(table.columns[0]) - _CELL / 2 if _is_sloping(table) else 0.0
    return max(*map(_wide, table.rows), sloping) + 2 * _GAP


def _is_sloping(table: Table) -> bool:
    return max(map(_wide, table.columns)) > _CELL + _GAP


def _wide(words: str) -> float:
    return _LETTER * len(words)


def _path(parent: Element, points: Sequence[Point], **looks: object) -> None:
    _add(parent, "path", d="M" + " ".join(f"{x:.1f} {y:.1f}" for x, y in points), fill="none", **looks)


def _text(parent: Element, x: float, y: float, words: str, **looks: object) -> None:
    _add(parent, "text", **({"x": x, "y": y, "text_anchor": "middle"} | looks)).text = words


def _tell(parent: Element, words: str) -> None:
    """What is said of a part when it is pointed at, or read aloud."""
    SubElement(parent, "title").text = words


def _picture(title: str, width: float, height: float) -> Element:
    looks = {"role": "img", "font-family": "system-ui, sans-serif", "font-size": "13"}
    sizes = {"viewBox": f"0 0 {width:.0f} {height:.0f}", "width": f"{width:.0f}", "height": f"{height:.0f}"}
    picture = Element("svg", {"xmlns": NAMESPACE} | sizes | looks)
    _tell(picture, title)
    # For pages that are dark.
    _add(picture, "rect", width="100%", height="100%", fill="#fff")
    return picture


def _add(parent: Element, tag: str, **attributes: object) -> Element:
    words = {name: f"{one:.1f}" if isinstance(one, float) else f"{one}" for name, one in attributes.items()}
    return SubElement(parent, tag, {name.replace("_", "-"): one for name, one in words.items()})


def _written(picture: Element) -> str:
    indent(picture)
    return tostring(picture, encoding="unicode") + "\n"
