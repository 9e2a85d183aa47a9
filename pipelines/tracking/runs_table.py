"""How MLflow's page of training runs opens: which columns, in which order, which runs. MLflow's own default shows none.

MLflow keeps a saved view as a tag of the experiment, `mlflow.sharedViewState.<key>`; an address with
`viewStateShareKey=<key>` opens it, and the page's menu of views lists it by name.
"""

import base64
import json
import zlib
from collections.abc import Collection, Mapping

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
)
_NARROW, _WIDE = 110, 320


def experiment_tags(metrics: Collection[str], created: int) -> Mapping[str, str]:
    """Tags that let MLflow show an experiment as machine learning, with `metrics` in columns, the telling ones first.

    `created` is in milliseconds since 1970.
    """
    views = {f"mlflow.sharedViewState.{key}": _view(key, metrics, created) for key in _VIEWS}
    return {"mlflow.experimentKind": "custom_model_development"} | views


def address(host: str, experiment_id: str) -> str:
    """Where a browser finds the runs; `host` is http://name:port."""
    return f"{host}/#/experiments/{experiment_id}/runs?workflowType=machine_learning&viewStateShareKey={ALL_RUNS}"


def _view(key: str, metrics: Collection[str], created: int) -> str:
    name, search = _VIEWS[key]
    shown = [name for first in _FIRST for name in sorted(metrics) if _is(name, first)]
    columns = ["tags.`current`", *(f"metrics.`{metric}`" for metric in shown), "attributes.`Models`"]
    description = "attributes.`Description`"
    state = {
        "searchFilter": search,
        "orderByKey": f"metrics.`{_SORTED_BY}`",
        "orderByAsc": False,
        "selectedColumns": [*columns, description],
        "columnOrder": [*columns, description],
        "columnWidths": dict.fromkeys(columns, _NARROW) | {description: _WIDE},
    }
    # Deflated, as the page itself does it: MLflow takes 5,000 characters per tag.
    packed = "deflate;" + base64.b64encode(zlib.compress(json.dumps(state).encode())).decode()
    return json.dumps({"name": name, "createdAt": created, "updatedAt": created, "state": packed})


def _is(metric: str, first: str) -> bool:
    """`test/f1/` stands for all that begins so."""
    return metric.startswith(first) if first.endswith("/") else metric == first
