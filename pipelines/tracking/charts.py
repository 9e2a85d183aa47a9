"""Which charts MLflow's page of runs opens with: a few that matter, on top of MLflow's own one per metric, folded away.

What MLflow keeps of a chart has no description; the names are those of its own page (MLflow 3.17).
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

_TOP = "What matters"
_BARS = ("test/macro_f1", "test/macro_calibration_error")
_THEMES = "test/f1/"
_ACROSS, _UP = "timing/sentences_per_second", "test/macro_f1"


def state(metrics: Collection[str]) -> dict[str, Any]:
    """The part of a view's state that says which charts there are, for `metrics` alone."""
    charts = [_bar(metric) for metric in _BARS if metric in metrics]
    themes = sorted(metric for metric in metrics if metric.startswith(_THEMES))
    if themes:
        charts.insert(1, _chart("PARALLEL", "F1 by theme", selectedMetrics=themes, selectedParams=[]))
    if {_ACROSS, _UP} <= set(metrics):
        charts.insert(2, _chart("SCATTER", f"{_UP} by speed", xaxis=_axis(_ACROSS), yaxis=_axis(_UP)))
    groups = sorted({metric.rpartition("/")[0] for metric in metrics})
    return {
        "compareRunCharts": charts,
        "compareRunSections": [_section(_TOP, is_open=True), *(_section(group, is_open=False) for group in groups)],
        # Otherwise MLflow sorts the sections by name.
        "isAccordionReordered": True,
    }


def _bar(metric: str) -> dict[str, Any]:
    return _chart("BAR", metric, metricKey=metric)


def _chart(kind: str, name: str, **content: str | Sequence[str] | Mapping[str, str]) -> dict[str, Any]:
    own = {"uuid": f"{kind}-{name}", "type": kind, "metricSectionId": _TOP, "deleted": False, "isGenerated": False}
    return own | {"displayName": name, "runsCountToCompare": 10} | content


def _axis(metric: str) -> dict[str, str]:
    return {"key": metric, "type": "METRIC"}


def _section(name: str, *, is_open: bool) -> dict[str, Any]:
    # In two columns, for a chart with an axis per theme needs the width.
    return {"uuid": name, "name": name, "display": is_open, "isReordered": False, "deleted": False, "columns": 2}
