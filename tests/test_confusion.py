from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from features.metrics import Predictions
from pipelines import plots
from pipelines.confusion import confusion, counts

GOLD = np.array([1, 1, 1, 0, 0, 0, 0], dtype=bool)
LABELS = np.array([1, 1, 0, 1, 0, 0, 0], dtype=bool)


def drawn(themes: int) -> Figure:
    gold, labels = (np.tile(column[:, None], themes) for column in (GOLD, LABELS))
    found = Predictions(gold=gold, labels=labels, probabilities=labels.astype(float), documents=["d"] * len(gold))
    return confusion(found, [f"theme {n}" for n in range(themes)])


def test_hits_and_misses_stand_above_false_alarms_and_what_is_rightly_left() -> None:
    assert counts(GOLD, LABELS).tolist() == [[2, 1], [1, 3]]


@pytest.mark.parametrize("themes", [1, 5, 7])
def test_every_theme_has_a_square_with_its_four_counts(themes: int) -> None:
    squares = [axes for axes in drawn(themes).axes if axes.get_title()]
    assert [axes.get_title() for axes in squares] == [f"theme {n}" for n in range(themes)]
    assert [[text.get_text() for text in axes.texts] for axes in squares] == [["2", "1", "1", "3"]] * themes


def test_the_same_numbers_make_the_same_bytes_and_a_picture(tmp_path: Path) -> None:
    first, second = tmp_path / "first.png", tmp_path / "second.png"
    plots.save(drawn(2), first)
    plots.save(drawn(2), second)
    assert first.read_bytes() == second.read_bytes()
    assert first.read_bytes().startswith(b"\x89PNG")
