"""An adapted encoder in the folder of `adapt`, or of `refit`: read and written here alone."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np

from features import embeddings, encoder, transformer
from features.adapted import Adaptation, Adapted, Settings, remembered, tuned_encoder
from features.errors import IntegrityFailure
from features.fine_tuning import Head
from pipelines import store


def write(folder: Path, done: Adaptation | None, texts: Sequence[str]) -> None:
    """Write blocks, margins out of fold and the mean states of `texts`; only that nothing was, where it is None."""
    if done is None:
        np.savez(folder / "adapted.npz", made_with=np.array(""))
        return
    blocks = [array for block in done.model.encoder.blocks for array in block.arrays()]
    arrays = {f"block-{number:03}": array for number, array in enumerate(blocks)}
    np.savez(
        folder / "adapted.npz",
        made_with=np.array(encoder.FINGERPRINT),
        sentence_ids=np.array(list(done.held_out)),
        held_out=np.array(list(done.held_out.values())),
        keys=np.frombuffer(b"".join(map(embeddings.key, texts)), dtype=np.uint8).reshape(len(texts), 32),
        states=remembered(done.model.encoder, texts),
        head=done.model.head.weights,
        offsets=done.model.head.offsets,
        **{f"setting-{name}": value for name, value in asdict(done.settings).items()},
        **arrays,  # type: ignore[arg-type]
    )


def recall(folder: Path) -> Adaptation | None:
    """What `adapt` or `refit` left in `folder`, None where it was turned off; the states it knows are remembered.

    Raises IntegrityFailure when the folder is not whole, or was made with another encoder.
    """
    path = store.check(folder) / "adapted.npz"
    with np.load(path, allow_pickle=False) as arrays:
        made_with = str(arrays["made_with"])
        if not made_with:
            return None
        if made_with != encoder.FINGERPRINT:
            raise IntegrityFailure(f"{path}: made with another encoder than {encoder.NAME}; run: dvc repro adapt")
        blocks = transformer.blocks_of([arrays[name] for name in sorted(arrays.files) if name.startswith("block-")])
        model = Adapted(tuned_encoder(blocks), Head(arrays["head"], arrays["offsets"]))
        keys = [row.tobytes() for row in arrays["keys"]]
        embeddings.remember(keys, [model.encoder.fingerprint], arrays["states"][:, None])
        held_out = dict(zip(arrays["sentence_ids"].tolist(), arrays["held_out"], strict=True))
        settings = Settings(**{field.name: arrays[f"setting-{field.name}"].item() for field in fields(Settings)})
    return Adaptation(model, held_out, settings)
