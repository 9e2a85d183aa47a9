"""Pictures of an experiment, as PNG files that are the same, byte for byte, for the same numbers."""

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from features.metrics import Bools, Predictions, equal_mass_bins
from features.resampling import Floats

# Okabe and Ito (2008): told apart by people who see no red or green; line styles serve those who see no colour.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
STYLES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))


def save(figure: Figure, path: Path) -> None:
    """Write a PNG without the date or the version of the program that drew it."""
    figure.savefig(path, dpi=110, metadata={"Software": None})


def precision_recall(found: Predictions, themes: Sequence[str]) -> Figure:
    """Precision against recall over all thresholds, a line per theme, a dot where the threshold stands."""
    figure, axes = _square("Recall", "Precision", "Precision and recall on test")
    for number, (theme, colour, style) in enumerate(zip(themes, cycle(COLOURS), cycle(STYLES), strict=False)):
        gold, labels = found.gold[:, number], found.labels[:, number]
        if gold.any():
            precision, recall = _curve(gold, found.probabilities[:, number])
            axes.step(recall, precision, where="post", color=colour, linestyle=style, label=theme)
            hits = (gold & labels).sum()
            if hits:
                axes.plot(hits / gold.sum(), hits / labels.sum(), "o", color=colour)
    axes.legend(fontsize="small")
    return figure


def reliability(found: Predictions, themes: Sequence[str]) -> Figure:
    """How often a theme holds among sentences given the same probability: on the diagonal, probabilities are honest."""
    figure, axes = _square("Probability given", "Share that carries the theme", "Reliability on test")
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
    for number, (theme, colour, style) in enumerate(zip(themes, cycle(COLOURS), cycle(STYLES), strict=False)):
        probabilities, gold = found.probabilities[:, number], found.gold[:, number]
        bins = equal_mass_bins(probabilities)
        filled = np.unique(bins)
        means = [(probabilities[bins == b].mean(), gold[bins == b].mean()) for b in filled]
        axes.plot(*zip(*means, strict=True), marker="o", markersize=4, color=colour, linestyle=style, label=theme)
    axes.legend(fontsize="small")
    return figure


def cooccurrence(found: Predictions, themes: Sequence[str]) -> Figure:
    """How many test sentences carry both themes: by gold on the left, by the model on the right."""
    figure = Figure(figsize=(11, 5.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    top = max(1, int(found.gold.sum(axis=0).max(initial=0)), int(found.labels.sum(axis=0).max(initial=0)))
    for axes, labels, title in ((left, found.gold, "Gold"), (right, found.labels, "Model")):
        _heatmap(axes, labels, themes, top)
        axes.set_title(f"{title}: test sentences with both themes")
    return figure


def learning_curve(documents: Sequence[int], scores: Sequence[Sequence[float]], title: str) -> Figure:
    """Macro-F1 against the number of training documents: a dot per draw of documents, a line through the means."""
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    for count, values in zip(documents, scores, strict=True):
        axes.plot([count] * len(values), values, "o", color=COLOURS[0], alpha=0.4)
    axes.plot(documents, [float(np.mean(values)) for values in scores], color=COLOURS[0])
    axes.set(xlabel="Training documents", ylabel="Macro-F1 on valid", title=title, ylim=(0, 1), xlim=(0, None))
    axes.grid(alpha=0.3)
    return figure


def supervisions(rows: Sequence[tuple[str, int, Sequence[float]]], title: str) -> Figure:
    """Macro-F1 against the number of gold documents, a line per supervision; level where there is no gold at all.

    Each row is a supervision, a number of documents and the scores of its draws.
    """
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    names = dict.fromkeys(name for name, _, _ in rows)
    for name, colour, style in zip(names, cycle(COLOURS), cycle(STYLES), strict=False):
        found = [(documents, float(np.mean(scores))) for own, documents, scores in rows if own == name]
        if found[0][0] == 0:
            axes.axhline(found[0][1], color=colour, linestyle=style, label=f"{name} alone")
        else:
            axes.plot(*zip(*found, strict=True), "o", color=colour, linestyle=style, label=name)
    counts = sorted({documents for _, documents, _ in rows if documents})
    axes.set(xlabel="Documents with gold", ylabel="Macro-F1 on valid", title=title, ylim=(0, 1), xscale="log")
    axes.set_xticks(counts, map(str, counts))
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    return figure


def _square(across: str, up: str, title: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(6, 6), layout="constrained")
    axes = figure.subplots()
    axes.set(xlabel=across, ylabel=up, title=title, xlim=(0, 1), ylim=(0, 1.02), aspect="equal")
    axes.grid(alpha=0.3)
    return figure, axes


def _curve(gold: Bools, probabilities: Floats) -> tuple[Floats, Floats]:
    order = np.argsort(-probabilities, kind="stable")
    last_of_ties = np.append(np.diff(probabilities[order]) != 0, True)
    hits = np.cumsum(gold[order])[last_of_ties]
    claims = np.arange(1, len(gold) + 1)[last_of_ties]
    return hits / claims, hits / gold.sum()


def _heatmap(axes: Axes, labels: Bools, themes: Sequence[str], top: int) -> None:
    counts = labels.astype(np.int64).T @ labels.astype(np.int64)
    axes.imshow(counts, cmap="Blues", vmin=0, vmax=top)
    axes.set_xticks(range(len(themes)), themes, rotation=30, ha="right", fontsize="small")
    axes.set_yticks(range(len(themes)), themes, fontsize="small")
    for (row, column), count in np.ndenumerate(counts):
        axes.text(column, row, str(count), ha="center", va="center", color="white" if count > top / 2 else "black")
