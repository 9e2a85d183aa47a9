"""What stage `weak` found, as rows of Markdown tables."""

from collections.abc import Sequence
from statistics import fmean
from typing import Any

from pipelines.markdown import span

GAINS = ["documents with gold", "gold alone", "with majority vote", "gain", "with label model", "gain"]
LABELS = [
    "theme",
    *(f"{kind}: {of}" for kind in ("majority vote", "label model") for of in ("precision", "recall", "F1")),
]
_KINDS = ("majority", "label_model")


def gains(found: dict[str, Any]) -> list[list[str]]:
    """Macro-F1 on valid, the mean over draws, by number of gold documents; no documents: weak labels alone."""
    by_size: dict[int, dict[str, Any]] = {}
    for row in found["rows"]:
        by_size.setdefault(row["documents"], {})[row["supervision"].removeprefix("gold+")] = row
    return [
        [str(size), _mean(rows.get("gold")), *(cell for kind in _KINDS for cell in _with_gain(rows.get(kind)))]
        for size, rows in sorted(by_size.items())
    ]


def labels(found: dict[str, Any], themes: Sequence[str]) -> list[list[str]]:
    """Weak labels against the gold that was hidden from them, per theme and averaged over themes."""
    names = {theme: [f"{of}/{theme}" for of in ("precision", "recall", "f1")] for theme in sorted(themes)}
    names["macro"] = ["macro_precision", "macro_recall", "macro_f1"]
    by_kind = [found["labels"].get(kind, {}) for kind in _KINDS]
    return [
        [theme, *(_cell(measured.get(name)) for measured in by_kind for name in wanted)]
        for theme, wanted in names.items()
    ]


def _mean(row: dict[str, Any] | None) -> str:
    return "-" if row is None else f"{fmean(row['macro_f1']):.3f}"


def _with_gain(row: dict[str, Any] | None) -> list[str]:
    return [_mean(row), span(row["gain"]) if row and row["gain"] else "-"]


def _cell(estimate: dict[str, float | None] | None) -> str:
    return f"{estimate['value']:.3f}" if estimate and estimate["value"] is not None else "-"
