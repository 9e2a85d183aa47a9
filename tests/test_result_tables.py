from pathlib import Path
from typing import Any

import pytest

from features.errors import UsageFailure
from features.metrics import Estimate
from pipelines import result_tables
from pipelines.refits import Refitted

METRICS = {
    name: {"valid": {"macro_f1": valid}, "test": {"macro_f1": test, "low": test - 0.1, "high": test + 0.1}}
    for name, valid, test in (("keywords", 0.3, 0.25), ("words", 0.6, 0.55), ("both", 0.7, 0.65))
}
REAL = {name: {"macro_f1": {"value": 0.5, "low": 0.4, "high": 0.6}} for name in METRICS}
EXPORTED = {
    role: {
        "experiment": name,
        "fitted_on": "train+valid",
        "result": {"macro_f1": {"value": 0.52, "low": 0.42, "high": 0.62}},
    }
    for role, name in (("champion", "both"), ("linear", "words"))
}
DEVELOPMENT = {"experiments": REAL, "exported": EXPORTED}


def refitted(name: str) -> Refitted:
    return Refitted(name, 30, 300, Estimate(0.55, 0.45, 0.65), Estimate(0.57, 0.47, 0.67), [], "No difference.")


def test_the_champion_is_bold_and_what_was_not_measured_on_real_text_is_a_dash() -> None:
    rows = result_tables.results(["keywords", "both"], METRICS, "both", {"keywords": REAL["keywords"]})
    assert rows == [
        ["keywords", "0.300", "0.250 [0.150, 0.350]", "0.500 [0.400, 0.600]"],
        ["**both**", "0.700", "0.650 [0.550, 0.750]", "-"],
    ]
    assert {len(row) for row in rows} == {len(result_tables.RESULTS)}


def test_an_idea_stands_with_its_hypothesis(tmp_path: Path) -> None:
    (tmp_path / "both.yaml").write_text("# Two see more.\nclassifier: {kind: majority}\n", encoding="utf-8")
    assert result_tables.ideas([["**both**", "0.7"]], tmp_path) == [["**both**", "Two see more.", "0.7"]]


def test_every_role_that_was_exported_is_a_row_with_its_figures_before_and_after() -> None:
    rows = result_tables.models(METRICS, {"champion": refitted("both"), "linear": refitted("words")}, DEVELOPMENT)
    assert [row[1] for row in rows] == ["keywords", "words", "both"]
    assert rows[0][4:] == ["-", "-"]
    assert rows[2][2:] == [
        "0.650 [0.550, 0.750]",
        "0.500 [0.400, 0.600]",
        "0.570 [0.470, 0.670]",
        "0.520 [0.420, 0.620]",
    ]
    assert {len(row) for row in rows} == {len(result_tables.MODELS)}


def test_a_model_exported_as_train_fitted_it_has_the_figure_that_train_gave() -> None:
    exported = {"champion": EXPORTED["champion"] | {"fitted_on": "train"}}
    rows = result_tables.models(METRICS, {"champion": refitted("both")}, {"experiments": REAL, "exported": exported})
    assert rows[1][4] == rows[1][2] == "0.650 [0.550, 0.750]"


@pytest.mark.parametrize("exported", [{}, {"exported": {"champion": EXPORTED["linear"]}}])
def test_figures_of_another_export_are_refused_with_the_command_that_measures_it(exported: dict[str, Any]) -> None:
    with pytest.raises(UsageFailure, match="both as exported champion; measure it: make external"):
        result_tables.models(METRICS, {"champion": refitted("both")}, {"experiments": REAL} | exported)


def test_a_model_in_two_roles_is_one_row() -> None:
    rows = result_tables.refit({"champion": refitted("both"), "linear": refitted("both")})
    assert rows == [["both", "30", "0.550 [0.450, 0.650]", "0.570 [0.470, 0.670]", "No difference."]]


def test_an_axis_stands_with_its_drop_and_the_plain_one_without() -> None:
    estimate = {"value": 0.7, "low": 0.6, "high": 0.8}
    plain = {"name": "documents", "groups": 10, "sentences": 8000, "macro_f1": estimate, "drop": None}
    dated = plain | {"name": "date", "groups": 2, "drop": {"value": 0.05, "low": 0.03, "high": 0.07, "p": 0.01}}
    rows = result_tables.axes([plain, dated])
    assert rows[0] == ["documents", "10", "8,000", "0.700 [0.600, 0.800]", "-"]
    assert rows[1][-1] == "0.050 [0.030, 0.070]"
    assert {len(row) for row in rows} == {len(result_tables.AXES)}


def test_slices_stand_with_their_support() -> None:
    estimate, none = {"value": 0.7, "low": 0.6, "high": 0.8}, {"value": None, "low": None, "high": None}
    one = {"by": "themes", "name": "none", "documents": 3, "sentences": 1200, "labels": 0, "f1": none}
    one |= {"exact": {"value": 0.7, "low": None, "high": None}}
    assert result_tables.slices([one]) == [["themes", "none", "3", "1,200", "0", "-", "0.700"]]
    beside = {"theme": "all", "unfound": 30, "recall": estimate, "misled": 0, "false_alarms": none}
    assert result_tables.beyond([beside]) == [["all", "30", "0.700 [0.600, 0.800]", "0", "-"]]
    assert len(result_tables.SLICES) == 7
    assert len(result_tables.BEYOND) == 5


def test_a_kind_of_behaviour_stands_behind_its_groups() -> None:
    results = [{"kind": "negation", "group": group, "cases": 5, "passed": 4} for group in ("financing", "ict_misuse")]
    found = {"rates": [{"kind": "negation", "passed": 0.8, "floor": 0.5}], "outcome": {"results": results}}
    rows = result_tables.behaviour(found)
    assert rows == [
        ["negation", "financing", "5", "4"],
        ["negation", "ict_misuse", "5", "4"],
        ["**negation**", "all", "10", "80.0%"],
    ]
