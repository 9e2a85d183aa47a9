"""Sentence states of the encoder, computed once and shared by the experiments that want them.

What an earlier run left in OUT is taken over, so that only new sentences are computed.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from features import embeddings, experiment_files, transformer
from features.encoder import Layer
from features.errors import Failure, UsageFailure
from features.text import Sentence
from features.threads import in_threads
from features.transformer import States
from pipelines import states, store, tables
from pipelines.command import Count, experiment_names, parameters, progress, run, stage


def embed(texts: Sequence[str], *, layers: list[Layer], at_once: Count) -> dict[bytes, States]:
    """States (layers, 384) by key of every distinct text, in their order; nothing where `layers` is empty."""
    wanted = {embeddings.key(text): text for text in texts} if layers else {}
    # Texts of like length together: the encoder works on those with one number of tokens at once.
    ordered = sorted(wanted.values(), key=len)
    pieces = [ordered[start : start + at_once] for start in range(0, len(ordered), at_once)]
    found: dict[bytes, States] = {}
    computed = in_threads(lambda piece: embeddings.states(piece, layers), pieces)
    for piece, its in zip(
        pieces, progress(computed, total=len(pieces), unit=f"times {at_once} sentences"), strict=True
    ):
        found.update(zip(map(embeddings.key, piece), its, strict=True))
    return {name: found[name] for name in wanted}


def main(options: argparse.Namespace) -> str:
    """Read the sentences, take over what is known, compute the rest."""
    knobs = parameters(embed, options.params)
    sentences = tables.read(store.check(options.segment) / "sentences.parquet", Sentence)
    known = _take_over(options.out)
    try:
        found = embed([sentence.text for sentence in sentences], **knobs)
    except UsageFailure as error:
        instead = f"set embed.layers to [] and adapt.epochs to 0 in {options.params}{_who_needs(options)}"
        raise UsageFailure(f"{error}, or {instead}") from error
    layers = knobs["layers"]
    kept = np.array(list(found.values()), dtype=np.float32).reshape(len(found), len(layers), transformer.WIDTH)
    with store.writing(options.out) as folder:
        states.write(list(found), layers, kept, folder)
    new = sum(any((name, layer) not in known for layer in layers) for name in found)
    return f"{len(found):,} distinct sentences, {new:,} of them new"


def _take_over(out: Path) -> set[tuple[bytes, int]]:
    """The keys and layers of an earlier result, remembered; a missing or rotten one is computed anew."""
    try:
        return states.recall(out)
    except (Failure, OSError):
        return set()


def _who_needs(options: argparse.Namespace) -> str:
    names = experiment_names(options.params)
    listed = {name: experiment_files.load(options.experiments / f"{name}.yaml") for name in names}
    needing = [name for name, one in listed.items() if one.learns_from_encoder or one.is_adapted]
    return f" and take out of `experiments:` what needs it: {', '.join(needing)}" if needing else ""


def _arguments() -> argparse.ArgumentParser:
    parser = stage(__doc__, "segment", "out")
    parser.add_argument("--experiments", type=Path, default=Path("experiments"), help="folder of experiment files")
    return parser


if __name__ == "__main__":
    run(main, _arguments())
