"""Sentence states of the encoder on disk: written by embed, recalled by every stage that may need them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from features import embeddings, encoder
from features.errors import IntegrityFailure
from features.transformer import States
from pipelines import store


def write(keys: Sequence[bytes], layers: Sequence[int], states: States, folder: Path) -> None:
    """`keys` (texts, 32 bytes) and `states` (texts, layers, 384), the same bytes for the same texts."""
    names = np.frombuffer(b"".join(keys), dtype=np.uint8).reshape(-1, 32)
    np.savez(
        folder / "states.npz",
        keys=names,
        layers=np.array(layers, dtype=np.int64),
        states=states,
        made_with=np.array(encoder.FINGERPRINT),
    )


def recall(folder: Path) -> set[tuple[bytes, int]]:
    """Remember the states of `folder`, so that no stage computes them again, and answer which: key and layer.

    Raises IntegrityFailure when the folder is not whole, or was made by another encoder.
    """
    path = store.check(folder) / "states.npz"
    with np.load(path, allow_pickle=False) as arrays:
        if "made_with" not in arrays or str(arrays["made_with"]) != encoder.FINGERPRINT:
            raise IntegrityFailure(f"{path}: made by another encoder than {encoder.NAME}; run: dvc repro embed")
        keys, layers = [row.tobytes() for row in arrays["keys"]], arrays["layers"].tolist()
        embeddings.remember(keys, layers, arrays["states"])
    return {(key, layer) for key in keys for layer in layers}
