"""What `make bench` has measured, as rows of Markdown tables."""

from collections.abc import Mapping
from typing import Any

_SHARE = "{median:.0%} [{low:.0%}, {high:.0%}]"
_RANGE = "{median:.2f} [{low:.2f}, {high:.2f}]"
SPEEDS = ["encoder", "sentences per CPU second", "lowest", "highest"]
IN_PROCESS = ["in one process", *SPEEDS[1:], "times scikit-learn", "share of the limit"]
GRID = ["a search of the grid", "CPU seconds", "lowest", "highest", "MB", "winner's macro-F1"]
FITTING = ["of sentences", "a fit by", "CPU seconds", "lowest", "highest", "times this project", "MB"]
SPARK = ["engine", *SPEEDS[1:]]
CROSSOVER = ["cores of the cluster", "sentences"]
NOOP = ["nothing to do", "stages", "dependencies", "CPU seconds", "lowest", "highest", "times trivial stages"]
PROCESSORS = ["results", "processor"]
FIXED = ["before it works", "CPU seconds", "lowest", "highest"]


def processors(results: Mapping[str, Mapping[str, Any]]) -> list[list[str]]:
    """Which processor each file of results is from."""
    return [[name, str(found["processor"])] for name, found in results.items()]


def speeds(encode: Mapping[str, Any]) -> list[list[str]]:
    """Sentences per second of each side, and how the two compare round by round."""
    rows = [[name, *_three(found, "{:.0f}")] for name, found in encode["sentences_per_second"].items()]
    return [*rows, ["ratio", *_three(encode["ratio"], "{:.2f}")]]


def in_process(found: Mapping[str, Any]) -> list[list[str]]:
    """Each side's speed on texts in memory, beside scikit-learn's and beside that of a program in C."""
    return [
        [
            name,
            *_three(speed, "{:,.0f}"),
            _RANGE.format(**found["ratios"][name]) if name in found["ratios"] else "",
            _SHARE.format(**found["share_of_limit"][name]) if name in found["share_of_limit"] else "",
        ]
        for name, speed in found["sentences_per_second"].items()
    ]


def scoring_heads(score: Mapping[str, Any]) -> list[str]:
    """The heads of the table of `scoring`: a column for each count of sentences."""
    counts = [f"of {int(count):,}" for count in score["end_to_end"]]
    return ["sentences a CPU second", *counts, "numpy is faster by", "numba is faster by", "MB", "macro-F1 on test"]


def scoring(score: Mapping[str, Any]) -> list[list[str]]:
    """Each way from sentences on disk to labels on disk; how many times slower it is, at the most that it was asked."""
    rows = []
    for name, quality in score["macro_f1"].items():
        asked = {count: found for count, found in score["end_to_end"].items() if name in found["ratios"]}
        if asked:
            most = list(asked.values())[-1]
            medians = [_median(found, name) for found in score["end_to_end"].values()]
            ratios = [_RANGE.format(**most[key][name]) for key in ("ratios", "ratios_numba")]
            rows.append([name, *medians, *ratios, str(most["megabytes"][name]), f"{quality:.3f}"])
    return rows


def growth(found: Mapping[str, Mapping[str, Any]]) -> list[list[str]]:
    """What ten times the sentences, and a second core, change for each side."""
    named = {
        "memory, MB": "megabytes",
        "memory at ten times the sentences, MB": "megabytes_of_tenfold",
        "CPU seconds": "seconds",
        "CPU seconds at ten times the sentences": "seconds_of_tenfold",
        "time on two cores, of that on one": "wall_ratio_of_two_cores",
    }
    return [[title, *(f"{side[key]:g}" for side in found.values())] for title, key in named.items()]


def grid(found: Mapping[str, Any]) -> list[list[str]]:
    """Both searches of the same settings: time, memory, and what the winner scores."""
    search = found["search"]
    rows = [
        [
            way,
            *_three(seconds, "{:.1f}"),
            str(search["megabytes"][way]),
            f"{search['winner'][way]['macro_f1']:.4f}",
        ]
        for way, seconds in search["cpu_seconds"].items()
    ]
    return [*rows, ["ratio", *_three(search["ratio"], "{:.2f}"), "", ""]]


def grid_memory(found: Mapping[str, Any]) -> list[list[str]]:
    """What either search of a few settings takes, in megabytes, for so many sentences."""
    grown = found["growth"]
    rows = [[f"{count:,}"] for count in grown["sentences"]]
    return [[*row, *(str(side[n]) for side in grown["megabytes"].values())] for n, row in enumerate(rows)]


def fitting(found: Mapping[str, Any]) -> list[list[str]]:
    """One fit of each size by each side."""
    return [
        [
            f"{int(count):,}",
            way,
            *_three(seconds, "{:.1f}"),
            _RANGE.format(**size["ratios"][way]),
            str(size["megabytes"][way]),
        ]
        for count, size in found["sizes"].items()
        for way, seconds in size["cpu_seconds"].items()
    ]


def spark(found: Mapping[str, Any]) -> list[list[str]]:
    """Both engines' speed on a core, and how many times the local one's Spark's is."""
    rows = [[name, *_three(speed, "{:,.0f}")] for name, speed in found["sentences_per_second"].items()]
    return [*rows, ["ratio", *_three(found["ratio"], "{:.2f}")]]


def crossover(found: Mapping[str, Any]) -> list[list[str]]:
    """From how many sentences on clusters of some sizes are worth their start."""
    return [[cores, "never" if count is None else f"{count:,}"] for cores, count in found["crossover"]["from"].items()]


def noop(found: Mapping[str, Any]) -> list[list[str]]:
    """What DVC takes to find that there is nothing to do, beside as many trivial stages."""
    return [
        [
            name,
            *(str(found["sizes"][name.partition(",")[0]][key]) for key in ("stages", "deps")),
            *_three(seconds, "{:.2f}"),
            _RANGE.format(**found["ratios"][name]) if name in found["ratios"] else "1",
        ]
        for name, seconds in found["cpu_seconds"].items()
    ]


def fixed(found: Mapping[str, Any]) -> list[list[str]]:
    """What each stage costs before it works, the cheapest first."""
    cheapest = sorted(found["cpu_seconds"].items(), key=lambda item: item[1]["median"])
    return [[name, *_three(seconds, "{:.2f}")] for name, seconds in cheapest]


def _median(found: Mapping[str, Any], name: str) -> str:
    speed = found["sentences_per_second"].get(name)
    return f"{speed['median']:,.0f}" if speed else ""


def _three(found: Mapping[str, float], shown: str) -> list[str]:
    return [shown.format(found[name]) for name in ("median", "low", "high")]
