"""Fine-tuning of the encoder's last blocks on labelled sentences, in numpy (Devlin et al. 2019 for the method).

A head, one linear function per theme of the mean token state, is learned together with the blocks below it, by AdamW
(Loshchilov and Hutter 2019) on the summed cross-entropy of the themes. The same arguments give the same bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.blocks import Gradients, backward, forward
from features.encoder import of_one_length
from features.metrics import Bools
from features.resampling import Floats
from features.transformer import WIDTH, Block, States, after

# The head starts from nothing and must move faster than blocks that know much already.
_HEAD_RATE = 50.0
_WARM_UP = 0.1
_DECAY = 0.01
_LONGEST_STEP = 1.0
_FORGET = (0.9, 0.999)
_BATCH = 16


@dataclass(frozen=True, slots=True)
class Head:
    """Margins from mean token states: `weights` (384, themes), `offsets` (themes,)."""

    weights: States
    offsets: States


@dataclass(frozen=True, slots=True)
class Tuned:
    """The last blocks of an encoder as fine-tuned, and the head on top of them."""

    blocks: list[Block]
    head: Head

    def arrays(self) -> list[States]:
        """All that was learned: those of the blocks in their order, then those of the head."""
        return [*(array for block in self.blocks for array in block.arrays()), self.head.weights, self.head.offsets]


def fine_tune(
    tokens: Sequence[States], gold: Bools, blocks: Sequence[Block], *, epochs: int, rate: float, seed: int
) -> Tuned:
    """Blocks and head after `epochs` passes over the sentences.

    `tokens` holds a matrix (tokens, 384) per sentence, the states below `blocks`; `gold` is (sentences, themes); `rate`
    is the highest learning rate, reached after a tenth of the steps and falling to 0 from there.
    """
    generator = np.random.default_rng(seed)
    tuned = _start(blocks, gold.shape[1], generator)
    arrays = tuned.arrays()
    rates = [rate] * (len(arrays) - 2) + [rate * _HEAD_RATE] * 2
    moments = [(np.zeros_like(array), np.zeros_like(array)) for array in arrays]
    # Sentences of one length share a batch, so that nothing is padded.
    batches = of_one_length([len(states) for states in tokens], _BATCH)
    order = [number for _ in range(epochs) for number in generator.permutation(len(batches))]
    for step, number in enumerate(order, start=1):
        rows = batches[number]
        gradients = _gradients(tuned, np.stack([tokens[row] for row in rows]), gold[rows])
        pace = min(1.0, step / (_WARM_UP * len(order))) * (len(order) - step + 1) / len(order)
        # Gradients longer than 1, all taken together, are shortened to 1.
        length = np.sqrt(sum(float(np.vdot(one, one)) for one in gradients))
        shorten = np.float32(min(1.0, _LONGEST_STEP / max(length, 1e-12)))
        corrections = [1 - forget**step for forget in _FORGET]
        for array, gradient, moment, rate_of_array in zip(arrays, gradients, moments, rates, strict=True):
            _move(array, gradient * shorten, moment, rate_of_array * pace, corrections)
    return tuned


def pooled(blocks: Sequence[Block], tokens: Sequence[States]) -> States:
    """Mean token states after `blocks`, shape (texts, 384); `tokens` as for `fine_tune`."""
    found = np.empty((len(tokens), WIDTH), dtype=np.float32)
    for rows in of_one_length([len(states) for states in tokens]):
        x = np.stack([tokens[row] for row in rows])
        for block in blocks:
            x = after(x, block)
        found[rows] = x.mean(axis=1)
    return found


def margins(head: Head, states: States) -> Floats:
    """Shape (texts, themes), from mean token states (texts, 384)."""
    found: Floats = states.astype(np.float64) @ head.weights.astype(np.float64) + head.offsets
    return found


def _start(blocks: Sequence[Block], themes: int, generator: np.random.Generator) -> Tuned:
    head = Head(
        (generator.standard_normal((WIDTH, themes)) * 0.02).astype(np.float32), np.zeros(themes, dtype=np.float32)
    )
    return Tuned([block.copy() for block in blocks], head)


def _gradients(tuned: Tuned, states: States, gold: Bools) -> list[States]:
    """Of the loss by every array; a batch counts by its sentences."""
    texts, length, _ = states.shape
    x, kept = states.reshape(-1, WIDTH), []
    for block in tuned.blocks:
        x, memory = forward(x, block, texts)
        kept.append(memory)
    pooled = x.reshape(texts, length, WIDTH).mean(axis=1)
    errors = _sigmoid(pooled @ tuned.head.weights + tuned.head.offsets) - gold
    errors = (errors / np.float32(_BATCH)).astype(np.float32)
    down = np.repeat(errors @ tuned.head.weights.T / np.float32(length), length, axis=0)
    of_blocks: list[Gradients] = []
    for block, memory in zip(reversed(tuned.blocks), reversed(kept), strict=True):
        down, gradients = backward(down, block, memory)
        of_blocks.append(gradients)
    found = [array for gradients in reversed(of_blocks) for array in gradients]
    return [*found, pooled.T @ errors, errors.sum(axis=0)]


def _move(
    array: States, gradient: States, moments: tuple[States, States], rate: float, corrections: Sequence[float]
) -> None:
    """One step of AdamW, in place."""
    mean, square = moments
    mean += np.float32(1 - _FORGET[0]) * (gradient - mean)
    square += np.float32(1 - _FORGET[1]) * (gradient * gradient - square)
    array *= np.float32(1 - rate * _DECAY)
    array -= (
        np.float32(rate / corrections[0]) * mean / (np.sqrt(square / np.float32(corrections[1])) + np.float32(1e-8))
    )


def _sigmoid(x: States) -> States:
    result: States = np.float32(0.5) * (1 + np.tanh(np.float32(0.5) * x))
    return result
