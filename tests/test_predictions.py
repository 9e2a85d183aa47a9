from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.metrics import Predictions
from features.text import Example
from pipelines import predictions


@pytest.mark.parametrize("count", [0, 1, 9])
def test_the_file_is_what_pyarrow_makes_of_the_same_columns(tmp_path: Path, count: int) -> None:
    names = [f"{number}-é" for number in range(count)]
    rows = [Example(name, "döc", 0, "text", [], "gold", "test", "", "", "") for name in names]
    draws = np.random.default_rng(1)
    gold, labels = draws.random((2, count, 2)) < 0.5
    probabilities = np.where(draws.random((count, 2)) < 0.2, np.nan, draws.random((count, 2)).round(6))
    found = Predictions(gold, labels, probabilities, ["döc"] * count)
    predictions.write(tmp_path / "ours", {"test": rows}, {"test": found}, ["a", "b"])
    columns = {
        "part": pa.array(["test"] * count, pa.string()),
        "sentence_id": pa.array(names, pa.string()),
        "doc": pa.array(["döc"] * count, pa.string()),
    }
    for number, theme in enumerate(("a", "b")):
        for kind, matrix in (("gold", gold), ("label", labels), ("probability", probabilities)):
            columns[f"{theme}_{kind}"] = pa.array(matrix[:, number])
    pq.write_table(pa.table(columns), tmp_path / "theirs", compression="zstd")
    assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()
