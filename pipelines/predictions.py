"""What an experiment predicted for the measured parts, on disk: written by evaluate, read by compare and others."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from features import arrays
from features.metrics import Predictions
from features.text import Example

NAME = "predictions.parquet"
_KINDS = ("gold", "label", "probability")


def write(
    path: Path, rows: Mapping[str, Sequence[Example]], found: Mapping[str, Predictions], themes: Sequence[str]
) -> None:
    """One row per sentence: part, sentence_id, doc, and `<theme>_gold`, `<theme>_label`, `<theme>_probability`."""
    columns = {
        "part": arrays.strings([part for part in rows for _ in rows[part]]),
        "sentence_id": arrays.strings([row.sentence_id for part in rows for row in rows[part]]),
        "doc": arrays.strings([row.doc for part in rows for row in rows[part]]),
    }
    gold = np.concatenate([found[part].gold for part in rows])
    labels = np.concatenate([found[part].labels for part in rows])
    probabilities = np.concatenate([found[part].probabilities for part in rows]).round(6)
    for number, theme in enumerate(themes):
        marks = arrays.booleans(gold[:, number]), arrays.booleans(labels[:, number])
        of_theme = *marks, arrays.numbers(probabilities[:, number])
        columns |= {f"{theme}_{kind}": column for kind, column in zip(_KINDS, of_theme, strict=True)}
    table = pa.Table.from_arrays(list(columns.values()), names=list(columns))
    pq.write_table(table, path, compression="zstd")


def read(path: Path, themes: Sequence[str]) -> dict[str, Predictions]:
    """Predictions by part, as `write` was given them, probabilities to six places."""
    # Through lists: what Arrow itself turns into numpy arrays goes through pandas, and compare needs none.
    columns = {name: np.array(values) for name, values in pq.ParquetFile(path).read().to_pydict().items()}
    gold, labels, probabilities = (np.column_stack([columns[f"{theme}_{kind}"] for theme in themes]) for kind in _KINDS)
    masks = {part: columns["part"] == part for part in dict.fromkeys(columns["part"])}
    return {
        part: Predictions(gold[mask], labels[mask], probabilities[mask], columns["doc"][mask].tolist())
        for part, mask in masks.items()
    }


def paired(first: Path, second: Path, themes: Sequence[str], part: str) -> tuple[Predictions, Predictions]:
    """What both predicted for the sentences that `part` holds in both files, row by row the same; gold is the first's.

    The two may come from different corpora: a sentence that either lacks is left out, and there may be none.
    """
    one, other = (pq.read_table(path, filters=[("part", "=", part)]).to_pandas() for path in (first, second))
    both = one.merge(other, on="sentence_id", suffixes=("", "_other"), validate="one_to_one")
    gold = both[[f"{theme}_gold" for theme in themes]].to_numpy(dtype=bool)
    found = []
    for suffix in ("", "_other"):
        labels, probabilities = (both[[f"{theme}_{kind}{suffix}" for theme in themes]] for kind in _KINDS[1:])
        found.append(Predictions(gold, labels.to_numpy(dtype=bool), probabilities.to_numpy(), both["doc"].tolist()))
    return found[0], found[1]
