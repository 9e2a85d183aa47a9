"""The encoder adapted to a codebook: its last blocks fine-tuned on labelled sentences, margins per theme on top."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features import embeddings, fine_tuning
from features.encoder import LAYERS, Block, States
from features.fine_tuning import Head
from features.resampling import Floats
from features.text import Passage

_TEXTS_AT_ONCE = 512


@dataclass(frozen=True, slots=True)
class TunedEncoder:
    """Fine-tuned blocks in place of the encoder's last ones; those below are used as they are."""

    blocks: list[Block]
    fingerprint: str

    def states(self, texts: Sequence[str], *, keep: bool = True) -> States:
        """Mean token states, shape (texts, 384); only texts not met before are computed, and kept if asked."""
        return embeddings.recalled(texts, [self.fingerprint], self._computed, keep=keep)[:, 0]

    def _computed(self, texts: Sequence[str]) -> States:
        depth = LAYERS - len(self.blocks)
        pieces = [texts[start : start + _TEXTS_AT_ONCE] for start in range(0, len(texts), _TEXTS_AT_ONCE)]
        found = [fine_tuning.pooled(self.blocks, embeddings.loaded().tokens(piece, depth)) for piece in pieces]
        return np.concatenate(found)[:, None]


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


def tuned_encoder(blocks: Sequence[Block]) -> TunedEncoder:
    """With the fingerprint of the blocks' numbers."""
    digest = hashlib.sha256()
    for block in blocks:
        for array in block.arrays():
            digest.update(array.tobytes())
    return TunedEncoder(list(blocks), digest.hexdigest())
