"""Sentence states, each computed once, and the vectors that classifiers see of them.

A text's states depend on the text alone, so what has been computed or recalled once is not computed again.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache

import numpy as np

from features import encoder
from features.encoder import WIDTH, Encoder, States
from features.resampling import Floats

# By text and layer; one state each, shape (384,).
_known: dict[tuple[bytes, int], States] = {}


def states(texts: Sequence[str], layers: Sequence[int], *, keep: bool = True) -> States:
    """Shape (texts, layers, 384); only texts not met before are computed, and kept if asked. Raises as encoder.load."""
    keys = [key(text) for text in texts]
    wanted = dict(zip(keys, texts, strict=True))
    new = [name for name in wanted if any((name, layer) not in _known for layer in layers)]
    computed = _by_key(new, layers, _loaded().states([wanted[name] for name in new])[:, list(layers)]) if new else {}
    found = [
        computed[at] if at in computed else _known[at] for at in ((name, layer) for name in keys for layer in layers)
    ]
    if keep:
        _known.update(computed)
    return np.array(found, dtype=np.float32).reshape(len(texts), len(layers), WIDTH)


def vocabulary() -> tuple[list[str], States]:
    """The encoder's word pieces and their embeddings, shape (pieces, 384). Raises as encoder.load."""
    return _loaded().vocabulary()


def key(text: str) -> bytes:
    """What a text is remembered by."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def remember(keys: Sequence[bytes], layers: Sequence[int], found: States) -> None:
    """Take states computed for these texts, shape (keys, layers, 384)."""
    _known.update(_by_key(keys, layers, found))


@contextmanager
def nothing_remembered() -> Iterator[None]:
    """Within the block every text is new, as it is to a user: for checks and for timing."""
    before = dict(_known)
    _known.clear()
    try:
        yield
    finally:
        _known.clear()
        _known.update(before)


def vectors(found: States, centre: Floats) -> Floats:
    """States (texts, layers, 384) less their `centre` (layers, 384), at unit length each, side by side at length 1.

    The centre is what all sentences share; without it the layers below the last hardly differ between sentences.
    """
    centred = found.astype(np.float64) - centre
    lengths = np.linalg.norm(centred, axis=2, keepdims=True)
    unit = centred / np.where(lengths > 0, lengths, 1.0) / np.sqrt(centred.shape[1])
    # At the precision of the encoder, so that what a bundle stores is what was fitted.
    result: Floats = unit.reshape(len(found), -1).astype(np.float32).astype(np.float64)
    return result


@cache
def _loaded() -> Encoder:
    return encoder.load()


def _by_key(keys: Sequence[bytes], layers: Sequence[int], found: States) -> dict[tuple[bytes, int], States]:
    return {
        (name, layer): state
        for name, of_text in zip(keys, found, strict=True)
        for layer, state in zip(layers, of_text, strict=True)
    }
