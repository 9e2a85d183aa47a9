"""The page of runs opens as machine learning, with the telling numbers in the first columns."""

import base64
import json
import zlib
from collections.abc import Mapping
from typing import Any

from pipelines.tracking import runs_table

METRICS = {
    "valid/f1/financing",
    "test/f1_low/financing",
    "test/f1/online",
    "test/f1/financing",
    "test/macro_f1",
    "valid/macro_f1",
    "timing/train_seconds",
    "size/model_megabytes",
}


def view(tags: Mapping[str, str], key: str) -> dict[str, Any]:
    """A saved view, unpacked as the page unpacks it."""
    packed = json.loads(tags[f"mlflow.sharedViewState.{key}"])
    assert isinstance(packed["createdAt"], int)
    unpacked: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(packed["state"].removeprefix("deflate;"))))
    return unpacked | {"name": packed["name"]}


def test_few_columns_the_telling_ones_first_and_only_metrics_that_exist() -> None:
    shown = view(runs_table.experiment_tags(METRICS, 0), "all-runs")
    assert shown["columnOrder"] == [
        "metrics.`valid/macro_f1`",
        "metrics.`test/macro_f1`",
        "metrics.`test/f1/financing`",
        "metrics.`test/f1/online`",
        "metrics.`timing/train_seconds`",
        "metrics.`size/model_megabytes`",
        "attributes.`Models`",
        "tags.`current`",
        "attributes.`Description`",
    ]
    assert set(shown["selectedColumns"]) == set(shown["columnOrder"]) == shown["columnWidths"].keys()
    assert (shown["orderByKey"], shown["orderByAsc"]) == ("metrics.`valid/macro_f1`", False)


def test_views_show_all_runs_those_of_the_workspace_and_what_searches_tried() -> None:
    tags = runs_table.experiment_tags(METRICS, 0)
    assert view(tags, "all-runs")["searchFilter"] == 'tags.fingerprint LIKE "%"'
    assert view(tags, "present-workspace")["searchFilter"] == 'tags.current = "true"'
    searches = view(tags, "searches")
    assert searches["searchFilter"] == "metrics.`search/average_precision` >= 0"
    assert searches["columnOrder"][:2] == ["metrics.`search/average_precision`", "metrics.`search/folds_that_chose`"]
    assert tags["mlflow.experimentKind"] == "custom_model_development"


def test_a_view_of_a_hundred_themes_fits_into_a_tag() -> None:
    tags = runs_table.experiment_tags({f"test/f1/some_longer_theme_name_{n}" for n in range(100)}, 0)
    assert max(map(len, tags.values())) <= 5_000


def test_the_address_opens_the_view_of_all_runs() -> None:
    assert runs_table.address("http://127.0.0.1:5000", "3") == (
        "http://127.0.0.1:5000/#/experiments/3/runs?workflowType=machine_learning&viewStateShareKey=all-runs"
    )


def test_the_charts_that_matter_are_open_and_those_of_every_other_metric_folded_away() -> None:
    shown = view(runs_table.experiment_tags(METRICS | {"timing/sentences_per_second"}, 0), "all-runs")
    assert [(chart["type"], chart["displayName"]) for chart in shown["compareRunCharts"]] == [
        ("BAR", "test/macro_f1"),
        ("PARALLEL", "F1 by theme"),
        ("SCATTER", "test/macro_f1 by speed"),
    ]
    assert shown["compareRunCharts"][1]["selectedMetrics"] == ["test/f1/financing", "test/f1/online"]
    sections = {section["name"]: section["display"] for section in shown["compareRunSections"]}
    groups = ("size", "test", "test/f1", "test/f1_low", "timing", "valid", "valid/f1")
    assert sections == {"What matters": True} | dict.fromkeys(groups, False)
    assert {chart["metricSectionId"] for chart in shown["compareRunCharts"]} == {"What matters"}


def test_no_chart_asks_for_a_metric_that_does_not_exist() -> None:
    shown = view(runs_table.experiment_tags({"valid/macro_f1"}, 0), "all-runs")
    assert shown["compareRunCharts"] == []


def test_the_telling_metrics_are_logged_first_and_none_is_left_out() -> None:
    ordered = runs_table.telling_first(METRICS)
    assert ordered[:3] == ["valid/macro_f1", "test/macro_f1", "test/f1/financing"]
    assert sorted(ordered) == sorted(METRICS)
