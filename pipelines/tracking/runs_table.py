"""How MLflow's page of training runs opens: which columns, in which order, which runs. MLflow's own default shows none.

MLflow keeps a saved view as a tag of the experiment, `mlflow.sharedViewState.<key>`; an address with
`viewStateShareKey=<key>` opens it, and the page's menu of views lists it by name.
"""

import base64
import json
import zlib
from collections.abc import Collection, Mapping

from pipelines.tracking import charts

ALL_RUNS = "all-runs"
_VIEWS = {ALL_RUNS: ("All runs", ""), "present-workspace": ("Present workspace", 'tags.current = "true"')}
_SORTED_BY = "valid/macro_f1"
_FIRST = (
    _SORTED_BY,
    "test/macro_f1",
    "test/macro_f1_low",
    "test/macro_f1_high",
    "test/f1/",
    "test/macro_average_precision",
    "test/macro_calibration_error",
    "timing/sentences_per_second",
    "timing/train_seconds",
    "size/model_megabytes",
    "size/bundle_megabytes",
)
# In pixels: a column as wide as its name, within reason; a description.
_CHARACTER, _MARGIN, _WIDEST, _DESCRIPTION = 7, 36, 190, 480


def experiment_tags(metrics: Collection[str], created: int) -> Mapping[str, str]:
    """Tags that let MLflow show an experiment as machine learning, with `metrics` in columns, the telling ones first.

    `created` is in milliseconds since 1970.
    """
    views = {f"mlflow.sharedViewState.{key}": _view(key, metrics, created) for key in _VIEWS}
    return {"mlflow.experimentKind": "custom_model_development"} | views


def address(host: str, experiment_id: str) -> str:
    """Where a browser finds the runs; `host` is http://name:port."""
    return f"{host}/#/experiments/{experiment_id}/runs?workflowType=machine_learning&viewStateShareKey={ALL_RUNS}"


def telling_first(metrics: Collection[str]) -> list[str]:
    """All of `metrics`: MLflow's comparison of runs begins with the one that was logged first."""
    shown = _shown(metrics)
    return [*shown, *sorted(set(metrics).difference(shown))]


def _view(key: str, metrics: Collection[str], created: int) -> str:
    name, search = _VIEWS[key]
    widths = {f"metrics.`{metric}`": min(_CHARACTER * len(metric) + _MARGIN, _WIDEST) for metric in _shown(metrics)}
    widths |= {"attributes.`Models`": 120, "tags.`current`": 80, "attributes.`Description`": _DESCRIPTION}
    state = {
        "searchFilter": search,
        "orderByKey": f"metrics.`{_SORTED_BY}`",
        "orderByAsc": False,
        "selectedColumns": list(widths),
        "columnOrder": list(widths),
        "columnWidths": widths,
    } | charts.state(metrics)
    # Deflated, as the page itself does it: MLflow takes 5,000 characters per tag.
    packed = "deflate;" + base64.b64encode(zlib.compress(json.dumps(state).encode())).decode()
    return json.dumps({"name": name, "createdAt": created, "updatedAt": created, "state": packed})


def _shown(metrics: Collection[str]) -> list[str]:
    return [name for first in _FIRST for name in sorted(metrics) if _is(name, first)]


def _is(metric: str, first: str) -> bool:
    """`test/f1/` stands for all that begins so."""
    return metric.startswith(first) if first.endswith("/") else metric == first
