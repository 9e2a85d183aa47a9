from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.metrics import Bools, Predictions
from pipelines import plots
from pipelines.plots import counts
from tests.test_charts import SVG

GOLD = np.array([1, 1, 1, 0, 0, 0, 0], dtype=bool)
LABELS = np.array([1, 1, 0, 1, 0, 0, 0], dtype=bool)
PROBABILITIES = np.array([0.9, 0.8, 0.3, 0.6, 0.3, 0.2, 0.1])


def predicted(*columns: tuple[Bools, Bools]) -> Predictions:
    gold, labels = (np.column_stack(found) for found in zip(*columns, strict=True))
    probabilities = np.tile(PROBABILITIES[:, None], len(columns))
    return Predictions(gold, labels, probabilities, ["d"] * len(gold))


def words(picture: str, tag: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(picture).iter(f"{SVG}{tag}")]


@given(rows=st.lists(st.tuples(st.booleans(), st.sampled_from([0.1, 0.2, 0.3, 0.4, 0.5])), min_size=1, max_size=12))
def test_precision_and_recall_of_every_threshold_lie_on_the_line(rows: list[tuple[bool, float]]) -> None:
    gold, probabilities = np.array([(True, 0.35), *rows]).T
    line = list(plots._stepped(gold.astype(bool), probabilities))
    for threshold in np.unique(probabilities):
        claimed = probabilities >= threshold
        hits = (gold * claimed).sum()
        recall, precision = hits / gold.sum(), hits / claimed.sum()
        at_recall = [up for across, up in line if across == pytest.approx(recall)]
        assert min(at_recall) - 1e-9 <= precision <= max(at_recall) + 1e-9
    assert all(before[0] == after[0] or before[1] == after[1] for before, after in pairwise(line))


def test_the_threshold_in_use_is_a_dot_and_a_theme_without_gold_has_no_line() -> None:
    picture = plots.precision_recall(predicted((GOLD, LABELS), (GOLD & False, LABELS)), ["money", "nothing"])
    assert "money: Recall 0.667, Precision 0.667" in words(picture, "title")
    assert "nothing" not in words(picture, "text")


def test_reliability_has_a_dot_for_each_bin_of_each_theme() -> None:
    picture = plots.reliability(predicted((GOLD, LABELS)), ["money"])
    told = [one for one in words(picture, "title") if one.startswith("money")]
    assert told[0] == "money: Probability given 0.1, Share that carries the theme 0"
    assert told[-1] == "money: Probability given 0.9, Share that carries the theme 1"


def test_hits_and_misses_stand_above_false_alarms_and_what_is_rightly_left() -> None:
    assert counts(GOLD, LABELS).tolist() == [[2, 1], [1, 3]]


@pytest.mark.parametrize("themes", [1, 5, 7])
def test_every_theme_has_a_table_with_its_four_counts(themes: int) -> None:
    names = [f"theme {number}" for number in range(themes)]
    shown = words(plots.confusion(predicted(*[(GOLD, LABELS)] * themes), names), "text")
    assert [one for one in shown if one.startswith("theme")] == names
    assert [one for one in shown if one.isdigit()] == ["2", "1", "1", "3"] * themes


def test_cooccurrence_counts_sentences_with_both_themes_by_gold_and_by_the_model() -> None:
    shown = words(plots.cooccurrence(predicted((GOLD, LABELS), (LABELS, LABELS)), ["a", "b"]), "text")
    assert [one for one in shown if one.isdigit()] == ["3", "2", "2", "3", "3", "3", "3", "3"]


def test_a_learning_curve_has_a_dot_for_each_draw() -> None:
    picture = plots.learning_curve([10, 20], [[0.5, 0.6], [0.7]], "words")
    told = [one for one in words(picture, "title") if one.startswith("words")]
    assert [one.split(" ")[3] for one in told] == ["10,", "10,", "20,"]


def test_what_needs_no_gold_is_level() -> None:
    rows: list[tuple[str, int, list[float]]] = [
        ("majority", 0, [0.5]),
        ("gold", 5, [0.25, 0.35]),
        ("gold", 20, [0.75]),
    ]
    picture = plots.supervisions(rows, "words")
    shown, told = words(picture, "text"), words(picture, "title")
    assert {"majority alone", "gold", "5", "20"} <= set(shown)
    assert "gold: Documents with gold 5, Macro-F1 on valid 0.3" in told
    assert not any(one.startswith("majority") for one in told)


def test_one_number_of_documents_is_a_picture_too() -> None:
    assert "gold" in words(plots.supervisions([("majority", 0, [0.5]), ("gold", 5, [0.3])], "words"), "text")


def test_numbers_decide_the_picture_alone() -> None:
    found = predicted((GOLD, LABELS))
    other = Predictions(found.gold, found.labels, found.probabilities.copy(), ["e"] * len(GOLD))
    for draw in plots.OF_EXPERIMENT.values():
        assert draw(found, ["money"]) == draw(other, ["money"])
