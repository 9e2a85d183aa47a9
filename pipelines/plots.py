"""What the pictures of experiments show, as SVG."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from features.metrics import Bools, Predictions, equal_mass_bins
from features.resampling import Floats
from pipelines.charts import Axis, Line, Point, Table, chart, from_0_to_1, tables

_ACROSS = 3
_SIDE = 400
_WIDE = 520, 320


def precision_recall(found: Predictions, themes: Sequence[str]) -> str:
    """Precision against recall over all thresholds, a line per theme, a dot where the threshold stands."""
    lines = []
    for theme, gold, labels, probabilities in zip(
        themes, found.gold.T, found.labels.T, found.probabilities.T, strict=True
    ):
        hits = np.count_nonzero(gold & labels)
        if gold.any():
            dots = [(hits / gold.sum(), hits / labels.sum())] if hits else []
            lines.append(Line(theme, list(_stepped(gold, probabilities)), dots))
    across, up = from_0_to_1("Recall"), from_0_to_1("Precision")
    return chart("Precision and recall on test", across, up, lines, _SIDE, _SIDE)


def reliability(found: Predictions, themes: Sequence[str]) -> str:
    """How often a theme holds among sentences given the same probability: on the diagonal, probabilities are honest."""
    lines = [Line("", [(0.0, 0.0), (1.0, 1.0)])]
    for theme, gold, probabilities in zip(themes, found.gold.T, found.probabilities.T, strict=True):
        bins = equal_mass_bins(probabilities)
        means = [(float(probabilities[bins == one].mean()), float(gold[bins == one].mean())) for one in np.unique(bins)]
        lines.append(Line(theme, means, means))
    across, up = from_0_to_1("Probability given"), from_0_to_1("Share that carries the theme")
    return chart("Reliability on test", across, up, lines, _SIDE, _SIDE)


def confusion(found: Predictions, themes: Sequence[str]) -> str:
    """Test sentences by gold and by model, a table per theme, each row shaded by its shares."""
    shown = []
    for theme, gold, labels in zip(themes, found.gold.T, found.labels.T, strict=True):
        table = counts(gold, labels)
        shares = table / table.sum(axis=1, keepdims=True).clip(min=1)
        shown.append(Table(theme, ["gold: yes", "gold: no"], ["model: yes", "model: no"], table, shares))
    return tables("Test sentences by gold and by model", shown, _ACROSS)


def counts(gold: Bools, labels: Bools) -> NDArray[np.int64]:
    """Rows: gold says yes, no; columns: the model does."""
    rows = [[np.count_nonzero(is_so & says) for says in (labels, ~labels)] for is_so in (gold, ~gold)]
    return np.array(rows, dtype=np.int64)


def cooccurrence(found: Predictions, themes: Sequence[str]) -> str:
    """How many test sentences carry both themes: by gold on the left, by the model on the right."""
    both = [labels.astype(np.int64).T @ labels.astype(np.int64) for labels in (found.gold, found.labels)]
    most = max(1, *(int(table.max(initial=0)) for table in both))
    shown = [
        Table(title, themes, themes, table, table / most) for title, table in zip(("Gold", "Model"), both, strict=True)
    ]
    return tables("Test sentences with both themes", shown, 2)


OF_EXPERIMENT: dict[str, Callable[[Predictions, Sequence[str]], str]] = {
    "precision_recall.svg": precision_recall,
    "reliability.svg": reliability,
    "confusion.svg": confusion,
    "cooccurrence.svg": cooccurrence,
}


def learning_curve(documents: Sequence[int], scores: Sequence[Sequence[float]], name: str) -> str:
    """Macro-F1 against the number of training documents: a dot per draw of documents, a line through the means."""
    across = Axis("Training documents", {0.0: "0"} | {count: f"{count}" for count in documents}, 0.0, max(documents))
    means = [(float(count), float(np.mean(of_draws))) for count, of_draws in zip(documents, scores, strict=True)]
    draws = [(float(count), score) for count, of_draws in zip(documents, scores, strict=True) for score in of_draws]
    return chart("Learning curve", across, from_0_to_1("Macro-F1 on valid"), [Line(name, means, draws)], *_WIDE)


def supervisions(rows: Sequence[tuple[str, int, Sequence[float]]], title: str) -> str:
    """Macro-F1 against the number of gold documents, a line per supervision; level where there is no gold at all.

    Each row is a supervision, a number of documents and the scores of its draws.
    """
    known = sorted({documents for _, documents, _ in rows if documents})
    across = Axis(
        "Documents with gold", {float(count): f"{count}" for count in known}, known[0], known[-1], is_log=True
    )
    lines = []
    for name in dict.fromkeys(name for name, _, _ in rows):
        found = [(float(documents), float(np.mean(scores))) for own, documents, scores in rows if own == name]
        if found[0][0] == 0:
            level = found[0][1]
            lines.append(Line(f"{name} alone", [(across.low, level), (across.high, level)]))
        else:
            lines.append(Line(name, found, found))
    return chart(title, across, from_0_to_1("Macro-F1 on valid"), lines, *_WIDE)


def _stepped(gold: Bools, probabilities: Floats) -> Iterator[Point]:
    """Recall and precision from threshold to threshold: recall first, for precision holds until there is a new one."""
    order = np.argsort(-probabilities, kind="stable")
    last_of_ties = np.append(np.diff(probabilities[order]) != 0, True)
    hits = np.cumsum(gold[order])[last_of_ties]
    precisions = hits / np.arange(1, len(gold) + 1)[last_of_ties]
    recalls = hits / gold.sum()
    # Between two hits precision falls at one recall: its first and its last value there are all that shows.
    turns = np.diff(recalls) != 0
    shown = np.append(True, turns) | np.append(turns, True)
    before = precisions[shown][0]
    for recall, precision in zip(recalls[shown].tolist(), precisions[shown].tolist(), strict=True):
        yield recall, float(before)
        yield recall, precision
        before = precision
