"""The part of a bundle's margins that is a function of sentence vectors."""

from dataclasses import dataclass
from typing import Annotated

import msgspec
import numpy as np

from features import embeddings
from features.encoder import Layer
from features.resampling import Floats
from features.transformer import States

_TEXTS_AT_ONCE = 1_000


class VectorPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A function of sentence vectors: Gaussian kernels around `rows` stored ones, or linear where `gamma` is null."""

    layers: Annotated[list[Layer], msgspec.Meta(min_length=1)]
    gamma: Annotated[float, msgspec.Meta(gt=0)] | None
    rows: Annotated[int, msgspec.Meta(ge=0)]


@dataclass(frozen=True, slots=True)
class VectorWeights:
    """Numbers of a vector part: `centre` (layers, 384), `support` (rows, 384 * layers) float32, and `dual`.

    `dual` is (themes, rows) for kernels; (themes, 384 * layers) for a linear part, whose `support` is empty.
    """

    centre: Floats
    support: States
    dual: Floats


def margins(states: States, part: VectorPart, weights: VectorWeights) -> Floats:
    """Shape (texts, themes), from `states` (texts, layers, 384); some thousand kernels at a time."""
    found = np.empty((len(states), len(weights.dual)))
    support = weights.support.astype(np.float64)
    for start in range(0, len(states), _TEXTS_AT_ONCE):
        rows = embeddings.vectors(states[start : start + _TEXTS_AT_ONCE], weights.centre)
        if part.gamma is not None:
            squares = (rows**2).sum(axis=1)[:, None] + (support**2).sum(axis=1) - 2 * (rows @ support.T)
            rows = np.exp(-part.gamma * np.maximum(squares, 0.0))
        found[start : start + _TEXTS_AT_ONCE] = rows @ weights.dual.T
    return found
