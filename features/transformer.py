"""One transformer block (Vaswani et al. 2017) of the encoder, in numpy: token states in, token states out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

States = NDArray[np.float32]
WIDTH = 384
HEADS = 12
# Of a block's weights and offsets, field by field.
BLOCK_SHAPES: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
    ((WIDTH, 3 * WIDTH), (3 * WIDTH,)),
    ((WIDTH, WIDTH), (WIDTH,)),
    ((WIDTH,), (WIDTH,)),
    ((WIDTH, 4 * WIDTH), (4 * WIDTH,)),
    ((4 * WIDTH, WIDTH), (WIDTH,)),
    ((WIDTH,), (WIDTH,)),
]


@dataclass(frozen=True, slots=True)
class Block:
    """One transformer block; matrices are stored as they are multiplied, (in, out)."""

    attend: tuple[States, States]
    gather: tuple[States, States]
    after_attention: tuple[States, States]
    widen: tuple[States, States]
    narrow: tuple[States, States]
    after_all: tuple[States, States]

    def arrays(self) -> list[States]:
        """The twelve arrays in the order of the fields."""
        return [array for pair in self.pairs() for array in pair]

    def copy(self) -> "Block":
        """The same numbers in arrays of its own."""
        return Block(*((first.copy(), second.copy()) for first, second in self.pairs()))

    def pairs(self) -> list[tuple[States, States]]:
        """Weights and offsets, field by field."""
        return [self.attend, self.gather, self.after_attention, self.widen, self.narrow, self.after_all]


def blocks_of(arrays: Sequence[States]) -> list[Block]:
    """Blocks from their arrays, twelve each, in the order of `Block.arrays`."""
    size = 2 * len(BLOCK_SHAPES)
    pieces = [arrays[start : start + size] for start in range(0, len(arrays), size)]
    return [Block(*zip(piece[::2], piece[1::2], strict=True)) for piece in pieces]


def after(states: States, block: Block) -> States:
    """`states` (texts, tokens, 384) after one more block; nothing is padded, so all tokens meet."""
    texts = len(states)
    x = states.reshape(-1, WIDTH)
    x = normed(x + _linear(_attention(_linear(x, block.attend), texts), block.gather), block.after_attention)
    x = normed(x + _linear(_gelu(_linear(x, block.widen)), block.narrow), block.after_all)
    return x.reshape(states.shape)


def _attention(queries_keys_values: States, texts: int) -> States:
    """Each token's mix of its text's values, by how well its query meets their keys (already scaled)."""
    parts = queries_keys_values.reshape(texts, -1, 3, HEADS, WIDTH // HEADS).transpose(2, 0, 3, 1, 4)
    query, key_, value = parts
    scores = query @ key_.transpose(0, 1, 3, 2)
    scores -= scores.max(axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=-1, keepdims=True)
    mixed: States = (scores @ value).transpose(0, 2, 1, 3).reshape(-1, WIDTH)
    return mixed


def _gelu(x: States) -> States:
    """x times the normal distribution function, in place; erf by Abramowitz and Stegun 7.1.26, error below 2e-7."""
    size = np.abs(x)
    t = 1 / (size * np.float32(0.3275911 * np.sqrt(0.5)) + 1)
    tail = t * np.float32(1.061405429)
    for coefficient in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        tail += np.float32(coefficient)
        tail *= t
    np.multiply(size, size, out=t)
    t *= np.float32(-0.5)
    tail *= np.exp(t, out=t)
    tail *= size
    tail *= np.float32(0.5)
    np.maximum(x, 0, out=x)
    x -= tail
    return x


def _linear(x: States, weights: tuple[States, States]) -> States:
    result: States = x @ weights[0]
    result += weights[1]
    return result


def normed(x: States, weights: tuple[States, States]) -> States:
    x = x - x.mean(axis=-1, keepdims=True)
    x /= np.sqrt(np.einsum("ij,ij->i", x, x)[:, None] / np.float32(WIDTH) + np.float32(1e-12))
    x *= weights[0]
    x += weights[1]
    return x
