"""Numbers as they stand in the tables of the Markdown documents."""

from collections.abc import Mapping, Sequence


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of one line per row."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def percent(share: float | None) -> str:
    """Whole per cent, or a dash."""
    return "-" if share is None else f"{share:.0%}"


def span(estimate: Mapping[str, float | None]) -> str:
    """A value with its 95 % interval where it has one, or a dash."""
    if estimate["value"] is None:
        return "-"
    if estimate["low"] is None:
        return f"{estimate['value']:.3f}"
    return f"{estimate['value']:.3f} [{estimate['low']:.3f}, {estimate['high']:.3f}]"
