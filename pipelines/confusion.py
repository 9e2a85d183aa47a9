"""A picture of what a model gets right and wrong, theme by theme."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from features.metrics import Bools, Predictions

_ACROSS = 5


def confusion(found: Predictions, themes: Sequence[str]) -> Figure:
    """Test sentences by gold and by model, a square per theme, each row shaded by its shares."""
    down = -(-len(themes) // _ACROSS)
    figure = Figure(figsize=(2.7 * min(len(themes), _ACROSS), 2.9 * down), layout="constrained")
    squares = figure.subplots(down, min(len(themes), _ACROSS), squeeze=False).flat
    for number, axes in enumerate(squares):
        if number < len(themes):
            _draw(axes, counts(found.gold[:, number], found.labels[:, number]), themes[number])
        else:
            axes.set_axis_off()
    return figure


def counts(gold: Bools, labels: Bools) -> NDArray[np.int64]:
    """Rows: gold says yes, no; columns: the model does."""
    rows = [[np.count_nonzero(is_so & says) for says in (labels, ~labels)] for is_so in (gold, ~gold)]
    return np.array(rows, dtype=np.int64)


def _draw(axes: Axes, table: NDArray[np.int64], theme: str) -> None:
    shares = table / table.sum(axis=1, keepdims=True).clip(min=1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks([0, 1], ["model: yes", "model: no"], fontsize="small")
    axes.set_yticks([0, 1], ["gold: yes", "gold: no"], fontsize="small")
    axes.set_title(theme, fontsize="medium")
    for (row, column), count in np.ndenumerate(table):
        axes.text(
            column, row, f"{count:,}", ha="center", va="center", color="white" if shares[row, column] > 0.5 else "k"
        )
