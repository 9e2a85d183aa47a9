"""How MLflow's page of training runs opens: which columns, in which order, which runs. MLflow's own default shows none.

MLflow keeps a saved view as a tag of the experiment, `mlflow.sharedViewState.<key>`; an address with
`viewStateShareKey=<key>` opens it, and the page's menu of views lists it by name.
"""

import base64
import json
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pipelines.tracking import charts

ALL_RUNS = "all-runs"
_FIRST = (
    "valid/macro_f1",
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
_TRIED = ("search/average_precision", "search/folds_that_chose")
# In pixels: a column as wide as its name, within reason; a description.
_CHARACTER, _MARGIN, _WIDEST, _DESCRIPTION = 7, 36, 190, 480


@dataclass(frozen=True, slots=True)
class _View:
    """`search` chooses runs, `first` the metrics in columns; the first of them sorts."""

    name: str
    search: str
    first: Sequence[str]


_VIEWS = {
    # Not what a search tried: those runs have no fingerprint.
    ALL_RUNS: _View("All runs", 'tags.fingerprint LIKE "%"', _FIRST),
    "present-workspace": _View("Present workspace", 'tags.current = "true"', _FIRST),
    "searches": _View("What searches tried", f"metrics.`{_TRIED[0]}` >= 0", _TRIED),
}


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
    shown = _shown(metrics, _FIRST)
    return [*shown, *sorted(set(metrics).difference(shown))]


def _view(key: str, metrics: Collection[str], created: int) -> str:
    view = _VIEWS[key]
    shown = _shown({*metrics, *_TRIED}, view.first)
    widths = {f"metrics.`{metric}`": min(_CHARACTER * len(metric) + _MARGIN, _WIDEST) for metric in shown}
    widths |= {"attributes.`Models`": 120, "tags.`current`": 80, "attributes.`Description`": _DESCRIPTION}
    state = {
        "searchFilter": view.search,
        "orderByKey": f"metrics.`{view.first[0]}`",
        "orderByAsc": False,
        "selectedColumns": list(widths),
        "columnOrder": list(widths),
        "columnWidths": widths,
    } | charts.state(metrics)
    # Deflated, as the page itself does it: MLflow takes 5,000 characters per tag.
    packed = "deflate;" + base64.b64encode(zlib.compress(json.dumps(state).encode())).decode()
    return json.dumps({"name": view.name, "createdAt": created, "updatedAt": created, "state": packed})


def _shown(metrics: Collection[str], order: Sequence[str]) -> list[str]:
    return [name for first in order for name in sorted(metrics) if _is(name, first)]


def _is(metric: str, first: str) -> bool:
    """`test/f1/` stands for all that begins so."""
    return metric.startswith(first) if first.endswith("/") else metric == first
