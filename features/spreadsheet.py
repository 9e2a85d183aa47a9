"""Cells that a spreadsheet shows and never runs."""

_OPENERS = ("=", "+", "-", "@", "\t", "\r")


def guarded(cell: str) -> str:
    """`cell` with an apostrophe before what a spreadsheet would take for a formula (OWASP, CSV injection)."""
    return f"'{cell}" if cell.startswith(_OPENERS) else cell


def unguarded(cell: str) -> str:
    """The cell that `guarded` was given."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_OPENERS) else cell
