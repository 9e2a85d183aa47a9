"""Time and memory against the number of sentences, for each way from disk to disk."""

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot

OURS = "this project"


def growth(result: dict[str, Any], to: Path) -> None:
    """Draw what `benchmarks.score` has measured; what was measured of this project alone goes furthest."""
    figure, panels = pyplot.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
    for name in result["macro_f1"]:
        points = _points(result, name)
        if points:
            counts, seconds, megabytes = zip(*points, strict=True)
            width = 2.2 if name.startswith(OURS) else 1.2
            for panel, values in zip(panels, (seconds, megabytes), strict=True):
                panel.plot(counts, values, marker="o", markersize=4, linewidth=width, label=name)
    for panel, title in zip(panels, ("CPU seconds", "memory, MB"), strict=True):
        panel.set(xscale="log", xlabel="sentences", title=title)
        panel.grid(alpha=0.3)
    panels[0].set_yscale("log")
    panels[1].set_ylim(bottom=0)
    panels[0].legend(fontsize=8, frameon=False)
    figure.savefig(to, dpi=110, metadata={"Software": None})


def _points(result: dict[str, Any], name: str) -> list[tuple[int, float, float]]:
    """Sentences, CPU seconds and megabytes of each measurement."""
    found = [
        (int(count), int(count) / one["sentences_per_second"][name]["median"], one["megabytes"][name])
        for count, one in result["end_to_end"].items()
        if name in one["megabytes"]
    ]
    grown = result["growth"].get(name)
    if grown:
        found.append((grown["sentences"][1], grown["seconds_of_tenfold"], grown["megabytes_of_tenfold"]))
    return found
