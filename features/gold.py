"""Gold sentences from elsewhere: a JSON Lines file that takes no part in training or choice."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from features.errors import AllRefusedFailure, UsageFailure
from features.metrics import Bools, Predictions
from features.resampling import Floats
from features.text import Example, Passage, in_context


class GoldRow(msgspec.Struct, frozen=True):
    """One sentence of a gold file; `source` names who issued its document, where that is known."""

    id: str
    doc: str
    text: str
    labels: list[str]
    source: str | None = None


def gold_matrix(examples: Sequence[Example], themes: Sequence[str]) -> Bools:
    """Shape (examples, themes): which themes each example carries."""
    return np.array([[theme in row.themes for theme in themes] for row in examples], dtype=bool).reshape(
        -1, len(themes)
    )


def on_gold(rows: Sequence[GoldRow], themes: Sequence[str], labels: Bools, probabilities: Floats) -> Predictions:
    """What a model said of `rows`, `labels` and `probabilities` (rows, themes), beside their gold labels."""
    truth = np.array([[theme in row.labels for theme in themes] for row in rows], dtype=bool)
    return Predictions(truth, labels, probabilities, [row.doc for row in rows])


def gold_passages(rows: Sequence[GoldRow]) -> list[Passage]:
    """What a model sees of each row: rows of one document that follow each other are neighbours."""
    return in_context([row.text for row in rows], [row.doc for row in rows])


def read_gold(path: Path, themes: Sequence[str]) -> list[GoldRow]:
    """Read a gold file; raises UsageFailure naming file and line for a row or label that means nothing."""
    decoder = msgspec.json.Decoder(GoldRow)
    rows: list[GoldRow] = []
    first_line: dict[str, int] = {}
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise UsageFailure(f"{path}: {error.strerror}") from error
    for line, raw in enumerate(lines, start=1):
        if not raw.strip():
            continue
        try:
            row = decoder.decode(raw)
        except msgspec.DecodeError as error:
            raise UsageFailure(f"{path}:{line}: not a gold row: {error}") from error
        unknown = [label for label in row.labels if label not in themes]
        if unknown:
            raise UsageFailure(f"{path}:{line}: {unknown} not among the themes {list(themes)}")
        if first_line.setdefault(row.id, line) != line:
            raise UsageFailure(f"{path}:{line}: id {row.id!r} stands on line {first_line[row.id]} already; keep one")
        rows.append(row)
    if not rows:
        raise AllRefusedFailure(f"{path}: holds no gold row")
    return rows
