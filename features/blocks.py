"""One transformer block forward, remembering what its gradient needs, and backward (Vaswani et al. 2017)."""

from dataclasses import dataclass

import numpy as np

from features.transformer import HEADS, WIDTH, Block, States

Gradients = list[States]
_DEPTH = WIDTH // HEADS
_EPSILON = np.float32(1e-12)


@dataclass(frozen=True, slots=True)
class Memory:
    """What one block saw on the way forward; `parts` are queries, keys and values (3, texts, heads, tokens, 32)."""

    x: States
    parts: States
    attention: States
    gathered: States
    middle: "Normed"
    wide: States
    below: States
    active: States
    last: "Normed"


@dataclass(frozen=True, slots=True)
class Normed:
    """A layer norm's output, its input at mean 0 and variance 1, and what that was divided by, inverted."""

    out: States
    unit: States
    inverse: States


def forward(x: States, block: Block, texts: int) -> tuple[States, Memory]:
    """`x` (texts * tokens, 384) to the states after the block, and what `backward` needs."""
    from scipy.special import ndtr  # a third of what a stage costs before it works

    parts = _split(x @ block.attend[0] + block.attend[1], texts)
    scores = parts[0] @ parts[1].transpose(0, 1, 3, 2)
    scores -= scores.max(axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=-1, keepdims=True)
    gathered = (scores @ parts[2]).transpose(0, 2, 1, 3).reshape(-1, WIDTH)
    middle = _norm(x + gathered @ block.gather[0] + block.gather[1], block.after_attention)
    wide = middle.out @ block.widen[0] + block.widen[1]
    below: States = ndtr(wide)
    active: States = wide * below
    last = _norm(middle.out + active @ block.narrow[0] + block.narrow[1], block.after_all)
    return last.out, Memory(x, parts, scores, gathered, middle, wide, below, active, last)


def backward(down: States, block: Block, memory: Memory) -> tuple[States, Gradients]:
    """The gradient by the block's input, from that by its output, and those by `block.arrays()` in their order."""
    down, after_all = _norm_back(down, block.after_all, memory.last)
    active, narrow = _linear_back(down, block.narrow, memory.active)
    density = np.exp(np.float32(-0.5) * memory.wide**2) * np.float32(1 / np.sqrt(2 * np.pi))
    through, widen = _linear_back(active * (memory.below + memory.wide * density), block.widen, memory.middle.out)
    down, after_attention = _norm_back(down + through, block.after_attention, memory.middle)
    gathered, gather = _linear_back(down, block.gather, memory.gathered)
    through, attend = _linear_back(_attention_back(gathered, memory), block.attend, memory.x)
    return down + through, [*attend, *gather, *after_attention, *widen, *narrow, *after_all]


def _attention_back(gathered: States, memory: Memory) -> States:
    texts = memory.parts.shape[1]
    query, key, value = memory.parts
    out = gathered.reshape(texts, -1, HEADS, _DEPTH).transpose(0, 2, 1, 3)
    by_attention = out @ value.transpose(0, 1, 3, 2)
    by_attention -= (by_attention * memory.attention).sum(axis=-1, keepdims=True)
    by_scores = memory.attention * by_attention
    turned = by_scores.transpose(0, 1, 3, 2)
    found = np.stack([by_scores @ key, turned @ query, memory.attention.transpose(0, 1, 3, 2) @ out])
    return found.transpose(1, 3, 0, 2, 4).reshape(-1, 3 * WIDTH)


def _split(joined: States, texts: int) -> States:
    parts: States = joined.reshape(texts, -1, 3, HEADS, _DEPTH).transpose(2, 0, 3, 1, 4)
    return parts


def _norm(x: States, weights: tuple[States, States]) -> Normed:
    centred = x - x.mean(axis=-1, keepdims=True)
    inverse = 1 / np.sqrt(np.einsum("ij,ij->i", centred, centred)[:, None] / np.float32(WIDTH) + _EPSILON)
    unit = centred * inverse
    return Normed(unit * weights[0] + weights[1], unit, inverse)


def _norm_back(down: States, weights: tuple[States, States], normed: Normed) -> tuple[States, Gradients]:
    by_unit = down * weights[0]
    along = np.einsum("ij,ij->i", by_unit, normed.unit)[:, None] / np.float32(WIDTH)
    x = normed.inverse * (by_unit - by_unit.mean(axis=-1, keepdims=True) - normed.unit * along)
    return x, [(down * normed.unit).sum(axis=0), down.sum(axis=0)]


def _linear_back(down: States, weights: tuple[States, States], x: States) -> tuple[States, Gradients]:
    return down @ weights[0].T, [x.T @ down, down.sum(axis=0)]
