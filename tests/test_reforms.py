import re
from pathlib import Path

ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in Path("docs/REFORMS.md").read_text(encoding="utf-8").splitlines()
    if re.match(r"\| \d[a-g] \|", line)
]
# How many items each of the eight modules has.
MODULES = {"1": 3, "2": 5, "3": 7, "4": 3, "5": 6, "6": 3, "7": 3, "8": 2}


def test_all_thirty_two_items_are_answered_in_order() -> None:
    items = [row[0] for row in ROWS]
    assert items == [f"{module}{letter}" for module, count in MODULES.items() for letter in "abcdefg"[:count]]
    assert len(items) == 32
    assert all(len(row) == 4 and all(row) for row in ROWS)


def test_every_place_to_look_is_there() -> None:
    for row in ROWS:
        places = re.findall(r"`([^`]+)`", row[3])
        assert places
        assert [place for place in places if not Path(place).exists()] == []
