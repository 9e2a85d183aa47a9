"""Fine-tune the encoder's last blocks on train, and on parts of it for predictions out of fold.

Much the dearest stage, and done once for all experiments that want it; `epochs: 0` turns it off.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec
import numpy as np
from numpy.typing import NDArray

from features import codebook, embeddings, fine_tuning
from features.adapted import Adaptation, Adapted, tuned_encoder
from features.encoder import LAYERS, States
from features.fine_tuning import Tuned
from features.gold import gold_matrix
from features.metrics import Bools
from features.resampling import Floats, folds_of
from features.text import Example
from features.threads import in_threads
from pipelines import adaptations, store, tables
from pipelines.command import parameters, progress, run, stage

Depth = Annotated[int, msgspec.Meta(ge=0, lt=LAYERS)]


@dataclass(frozen=True, slots=True)
class Settings:
    """As `adapt` takes them."""

    depth: int
    epochs: int
    rate: float
    seed: int


def adapt(
    examples: Sequence[Example],
    themes: Sequence[str],
    *,
    depth: Depth,
    epochs: Annotated[int, msgspec.Meta(ge=0)],
    rate: Annotated[float, msgspec.Meta(gt=0)],
    folds: Annotated[int, msgspec.Meta(ge=2)],
    seed: int,
) -> Adaptation | None:
    """Blocks above the first `depth` ones fine-tuned on the gold of train; None where `epochs` is 0.

    Each margin out of fold comes from blocks fine-tuned without the groups of its fold.
    """
    if not epochs:
        return None
    rows = [row for row in examples if row.part == "train" and row.label_source == "gold"]
    gold = gold_matrix(rows, themes)
    below = embeddings.loaded().tokens([row.text for row in rows], depth)
    fold_of = folds_of([row.group for row in rows], folds, seed)
    settings = Settings(depth, epochs, rate, seed)

    def one(fold: int | None) -> tuple[Tuned, States]:
        held_out = np.array([of == fold for of in fold_of])
        tuned = tuned_on(below, gold, ~held_out, settings)
        return tuned, fine_tuning.pooled(tuned.blocks, [below[n] for n in np.flatnonzero(held_out).tolist()])

    every = [None, *range(folds)]
    (whole, _), *parts = progress(in_threads(one, every), total=len(every), unit="fits")
    held_out: dict[str, Floats] = {}
    for fold, (tuned, states) in enumerate(parts):
        found = fine_tuning.margins(tuned.head, states)
        names = [row.sentence_id for row, of in zip(rows, fold_of, strict=True) if of == fold]
        held_out |= dict(zip(names, found, strict=True))
    return Adaptation(Adapted(tuned_encoder(whole.blocks), whole.head), held_out)


def tuned_on(below: Sequence[States], gold: Bools, wanted: NDArray[np.bool_], settings: Settings) -> Tuned:
    """Blocks and head fine-tuned on the `wanted` sentences."""
    chosen = np.flatnonzero(wanted).tolist()
    return fine_tuning.fine_tune(
        [below[n] for n in chosen],
        gold[chosen],
        embeddings.loaded().blocks[settings.depth :],
        epochs=settings.epochs,
        rate=settings.rate,
        seed=settings.seed,
    )


def main(options: argparse.Namespace) -> str:
    """Read the splits; write the blocks, the margins out of fold, and the states of every sentence of the corpus."""
    themes = codebook.load(options.codebook).ids
    examples = tables.read(store.check(options.split) / "splits.parquet", Example)
    done = adapt(examples, themes, **parameters(adapt, options.params))
    with store.writing(options.out) as folder:
        adaptations.write(folder, done, sorted({row.text for row in examples}))
    if done is None:
        return "adapt.epochs is 0: nothing to adapt"
    return f"{len(done.model.encoder.blocks)} blocks fine-tuned on {len(done.held_out):,} sentences"


if __name__ == "__main__":
    run(main, stage(__doc__, "split", "codebook", "out"))
