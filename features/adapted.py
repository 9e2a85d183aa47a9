"""The encoder adapted to a codebook: its last blocks fine-tuned on labelled sentences, margins per theme on top."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from features import embeddings, fine_tuning
from features.fine_tuning import Head
from features.metrics import Bools
from features.resampling import Floats
from features.text import Passage
from features.threads import in_threads
from features.transformer import Block, States

_TEXTS_AT_ONCE = 512


@dataclass(frozen=True, slots=True)
class Settings:
    """How the encoder is fine-tuned: its first `depth` blocks stay; `rate` is the learning rate. See params.yaml."""

    depth: int
    epochs: int
    rate: float
    seed: int


@dataclass(frozen=True, slots=True)
class TunedEncoder:
    """Fine-tuned blocks in place of the encoder's last ones; those below are used as they are."""

    blocks: list[Block]
    fingerprint: str

    def states(self, texts: Sequence[str], *, keep: bool = True) -> States:
        """Mean token states, shape (texts, 384); only texts not met before are computed, and kept if asked."""
        return self.states_beside([], texts, keep=keep)[:, 0]

    def states_beside(self, layers: Sequence[int], texts: Sequence[str], *, keep: bool = True) -> States:
        """Behind those of `layers` of the encoder as it came: shape (texts, layers + 1, 384)."""

        def computed(new: list[str]) -> States:
            return embeddings.loaded().states(new, layers, self.blocks)

        return embeddings.recalled(texts, [*layers, self.fingerprint], computed, keep=keep)


@dataclass(frozen=True, slots=True)
class Adapted:
    """A fine-tuned encoder with the head that was learned together with it."""

    encoder: TunedEncoder
    head: Head

    def margins(self, passages: Sequence[Passage]) -> Floats:
        """Shape (passages, themes)."""
        return fine_tuning.margins(self.head, self.encoder.states([passage.text for passage in passages]))


@dataclass(frozen=True, slots=True)
class Adaptation:
    """An adapted encoder, and margins out of fold by sentence id, each from one that never saw the document."""

    model: Adapted
    held_out: dict[str, Floats]
    settings: Settings


def token_states(texts: Sequence[str], depth: int) -> list[States]:
    """What fine-tuning starts from: token states after the first `depth` blocks, (tokens, 384) for each text."""
    pieces = in_threads(lambda piece: embeddings.loaded().tokens(piece, depth), _pieces(texts))
    return [states for piece in pieces for states in piece]


def adapted_to(below: Sequence[States], gold: Bools, settings: Settings) -> Adapted:
    """The encoder fine-tuned on texts whose token states are `below` and labels `gold` (texts, themes)."""
    tuned = fine_tuning.fine_tune(
        below,
        gold,
        embeddings.loaded().blocks[settings.depth :],
        epochs=settings.epochs,
        rate=settings.rate,
        seed=settings.seed,
    )
    return Adapted(tuned_encoder(tuned.blocks), tuned.head)


def remembered(encoder: TunedEncoder, texts: Sequence[str]) -> States:
    """Mean token states of distinct `texts`, shape (texts, 384), computed on all cores and kept for all who ask."""
    for _ in in_threads(encoder.states, _pieces(texts)):
        pass
    return encoder.states(texts)


def tuned_encoder(blocks: Sequence[Block]) -> TunedEncoder:
    """With the fingerprint of the blocks' numbers."""
    digest = hashlib.sha256()
    for block in blocks:
        for array in block.arrays():
            digest.update(array.tobytes())
    return TunedEncoder(list(blocks), digest.hexdigest())


def _pieces(texts: Sequence[str]) -> list[Sequence[str]]:
    return [texts[start : start + _TEXTS_AT_ONCE] for start in range(0, len(texts), _TEXTS_AT_ONCE)]
