"""Sentence states, each computed once, and the vectors that classifiers see of them.

A text's states depend on the text alone, so what has been computed or recalled once is not computed again.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np

from features import encoder
from features.encoder import Encoder
from features.resampling import Floats
from features.transformer import WIDTH, States

# By text, and layer of the encoder or fingerprint of an adapted one; one mean state each, shape (384,).
_known: dict[tuple[bytes, int | str], States] = {}
# Where models have brought the encoder's files along; the last one is asked.
_brought: list[Path] = []


def states(texts: Sequence[str], layers: Sequence[int], *, keep: bool = True) -> States:
    """Shape (texts, layers, 384); only texts not met before are computed, and kept if asked. Raises as encoder.load."""
    return recalled(texts, layers, lambda new: loaded().states(new, layers), keep=keep)


def recalled(
    texts: Sequence[str], names: Sequence[int | str], compute: Callable[[list[str]], States], *, keep: bool
) -> States:
    """Shape (texts, names, 384): what is known under these names, and for new texts what `compute` makes of them."""
    keys = [key(text) for text in texts]
    wanted = dict(zip(keys, texts, strict=True))
    new = [one for one in wanted if any((one, name) not in _known for name in names)]
    computed = _by_key(new, names, compute([wanted[one] for one in new])) if new else {}
    found = [computed[at] if at in computed else _known[at] for at in ((one, name) for one in keys for name in names)]
    if keep:
        _known.update(computed)
    return np.array(found, dtype=np.float32).reshape(len(texts), len(names), WIDTH)


def key(text: str) -> bytes:
    """What a text is remembered by."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def remember(keys: Sequence[bytes], names: Sequence[int | str], found: States) -> None:
    """Take states computed for these texts, shape (keys, names, 384)."""
    _known.update(_by_key(keys, names, found))


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


def read_from(folder: Path) -> None:
    """Let the encoder, unless it is read already, come from `folder` and not from the installed package."""
    _brought.append(folder)


@cache
def loaded() -> Encoder:
    """The encoder, read once."""
    return encoder.load(_brought[-1] if _brought else None)


def _by_key(keys: Sequence[bytes], names: Sequence[int | str], found: States) -> dict[tuple[bytes, int | str], States]:
    return {
        (one, name): state
        for one, of_text in zip(keys, found, strict=True)
        for name, state in zip(names, of_text, strict=True)
    }
