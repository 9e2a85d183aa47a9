"""Fine-tune the encoder's last blocks on train, and on parts of it for predictions out of fold.

Much the dearest stage, and done once for all experiments that want it; `epochs: 0` turns it off.
"""

import argparse
from collections.abc import Sequence
from typing import Annotated

import msgspec
import numpy as np

from features import codebook, fine_tuning
from features.adapted import Adaptation, Adapted, Settings, adapted_to, token_states
from features.encoder import LAYERS
from features.gold import gold_matrix
from features.resampling import Floats, folds_of
from features.text import Example
from features.threads import in_threads
from pipelines import adaptations, store, tables
from pipelines.command import parameters, progress, run, stage

Depth = Annotated[int, msgspec.Meta(ge=0, lt=LAYERS)]


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
    settings = Settings(depth, epochs, rate, seed)
    rows = [row for row in examples if row.part == "train" and row.label_source == "gold"]
    gold = gold_matrix(rows, themes)
    states = token_states([row.text for row in rows], depth)
    fold_of = folds_of([row.group for row in rows], folds, seed)

    def without(fold: int | None) -> Adapted:
        learned = np.flatnonzero([of != fold for of in fold_of]).tolist()
        return adapted_to([states[n] for n in learned], gold[learned], settings)

    every = [None, *range(folds)]
    whole, *parts = progress(in_threads(without, every), total=len(every), unit="fits")
    held_out: dict[str, Floats] = {}
    for fold, part in enumerate(parts):
        answered = np.flatnonzero(fold_of == fold).tolist()
        pooled = fine_tuning.pooled(part.encoder.blocks, [states[n] for n in answered])
        names = [rows[n].sentence_id for n in answered]
        held_out |= dict(zip(names, fine_tuning.margins(part.head, pooled), strict=True))
    return Adaptation(whole, held_out, settings)


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
