"""A model that is only data: `model.json`, `weights.npz`, `card.md` and a manifest.

Margins are a sum of parts: weights of n-grams and of a lexicon and functions of static vectors, for which numpy and
scipy are enough, and functions of sentence vectors, for which a bundle names the encoder by hash instead of holding it.
It may hold the encoder's last blocks as fine-tuned, and a head on top of them.

The reader checks names, sizes, hashes and shapes before it allocates, takes what it knows and refuses the rest. There
is no code in a bundle and no way to run any.
"""

import hashlib
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from features import encoder, lexicon, manifest, static, transformer
from features.errors import IntegrityFailure, UntrustedModelFailure, UsageFailure
from features.experiments import NGrams
from features.resampling import Floats
from features.static import StaticPart, StaticWeights
from features.transformer import States
from features.vector_parts import VectorPart, VectorWeights

# The key of `provenance` that says which parts the model learned from: train, or train+valid.
FITTED_ON = "fitted_on"
FILES = {"model.json", "weights.npz", "card.md"}
# Arrays of which every bundle has one.
_ONCE = ("coefficients", "hits", "intercepts", "idf", "head")
_LARGEST_JSON = 1 << 30
_NPY_HEADER = 128


class ThemeName(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A theme as shown to people."""

    id: str
    title: str


class View(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One n-gram view and its terms, in the order of the weights."""

    ngrams: NGrams
    vocabulary: list[str]


class EncoderName(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The encoder whose sentence states the vectors are made of; its fingerprint covers weights and tokenizer."""

    name: str
    fingerprint: str


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`model.json`: everything but the numbers per term.

    `tuned_blocks` of the encoder's last blocks are replaced by the bundle's; `pieces` is the vocabulary of word pieces
    that all static parts share; `calibration` rows are slope and offset.
    """

    schema: Literal[3]
    kind: Literal["linear-ngrams", "static", "encoder"]
    name: str
    themes: list[ThemeName]
    views: list[View]
    lexicon: list[lexicon.Stored]
    encoder: EncoderName | None
    vector_parts: list[VectorPart]
    tuned_blocks: Annotated[int, msgspec.Meta(ge=0, le=encoder.LAYERS)]
    pieces: list[str]
    static_parts: list[StaticPart]
    thresholds: list[float]
    calibration: list[tuple[float, float]]
    codebook_version: int
    codebook_sha256: str
    max_characters: int
    provenance: dict[str, str]


@dataclass(frozen=True, slots=True)
class Weights:
    """`weights.npz`: `coefficients` (themes, terms of all views), `hits` (themes, lexicon), `intercepts` (themes,).

    Also `idf` (terms,), the numbers of the vector and static parts, and `tuned`, the arrays of fine-tuned blocks, with
    the `head` (384, themes) on top of them; without such blocks it has no rows.
    """

    coefficients: Floats
    hits: Floats
    intercepts: Floats
    idf: Floats
    head: Floats
    vector_parts: list[VectorWeights] = field(default_factory=list)
    tuned: list[States] = field(default_factory=list)
    static_parts: list[StaticWeights] = field(default_factory=list)


def write(folder: Path, model: Model, weights: Weights, card: str) -> None:
    """Write the three files of a bundle into `folder`, the same bytes for the same model."""
    encoded = msgspec.json.encode(model, order="sorted")
    (folder / "model.json").write_bytes(msgspec.json.format(encoded, indent=1) + b"\n")
    arrays: dict[str, NDArray[Any]] = {name: getattr(weights, name) for name in _ONCE}
    for number, part in enumerate(weights.vector_parts):
        arrays |= {f"{number}-{name}": getattr(part, name) for name in ("centre", "support", "dual")}
    arrays |= {f"tuned-{number:03}": array for number, array in enumerate(weights.tuned)}
    for number, numbers in enumerate(weights.static_parts):
        arrays |= {f"static-{number}-{name}": array for name, array in static.arrays(numbers).items()}
    np.savez(folder / "weights.npz", **arrays)  # type: ignore[arg-type]
    (folder / "card.md").write_text(card, encoding="utf-8")


def read(folder: Path) -> tuple[Model, Weights, str]:
    """Model, weights and fingerprint; raises UntrustedModelFailure (exit 5) for what is not exactly a bundle."""
    if not folder.is_dir():
        raise UntrustedModelFailure(f"{folder}: not a bundle folder; export one with: dvc repro export")
    try:
        listed = manifest.read(folder)
        if set(listed) != FILES:
            raise UntrustedModelFailure(f"{folder}: a bundle holds {sorted(FILES)}, this one lists {sorted(listed)}")
        if (folder / "model.json").stat().st_size > _LARGEST_JSON:
            raise UntrustedModelFailure(f"{folder / 'model.json'}: larger than {_LARGEST_JSON:,} bytes")
        manifest.check(folder)
        model = msgspec.json.decode((folder / "model.json").read_bytes(), type=Model)
    except (IntegrityFailure, OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UntrustedModelFailure(f"{folder}: not a bundle this version can read: {error}") from error
    _require_consistent(folder, model)
    fingerprint = hashlib.sha256((listed["model.json"] + listed["weights.npz"]).encode()).hexdigest()
    return model, _weights(folder / "weights.npz", model), fingerprint


def _require_consistent(folder: Path, model: Model) -> None:
    themes = len(model.themes)
    if not themes or len(model.thresholds) != themes or len(model.calibration) != themes:
        raise UntrustedModelFailure(f"{folder / 'model.json'}: themes, thresholds and calibration differ in number")
    reads_encoder = bool(model.vector_parts) or model.tuned_blocks > 0
    if bool(model.static_parts) != bool(model.pieces) or (model.kind == "static") != (
        bool(model.static_parts) and not reads_encoder
    ):
        raise UntrustedModelFailure(f"{folder / 'model.json'}: static vectors and their word pieces belong together")
    if not reads_encoder == (model.encoder is not None) == (model.kind == "encoder"):
        raise UntrustedModelFailure(f"{folder / 'model.json'}: sentence vectors and their encoder belong together")
    kernels = [(part.gamma, part.rows) for part in model.vector_parts]
    kernels += [(part.gamma, part.rows) for part in model.static_parts]
    if any((gamma is None) != (rows == 0) for gamma, rows in kernels):
        raise UntrustedModelFailure(f"{folder / 'model.json'}: a kernel needs rows, a linear part has none")
    if model.encoder and model.encoder.fingerprint != encoder.FINGERPRINT:
        raise UntrustedModelFailure(f"{folder / 'model.json'}: made with another encoder than {encoder.NAME}")
    try:
        for kept in model.lexicon:
            lexicon.restored(kept)
    except UsageFailure as error:
        raise UntrustedModelFailure(f"{folder / 'model.json'}: lexicon: {error}") from error
    if any(len(set(terms)) != len(terms) for terms in (model.pieces, *(view.vocabulary for view in model.views))):
        raise UntrustedModelFailure(f"{folder / 'model.json'}: a vocabulary names a term twice")


def _weights(path: Path, model: Model) -> Weights:
    """Read the arrays after checking that the archive holds exactly the sizes that `model` asks for."""
    shapes = _shapes(model)
    try:
        with zipfile.ZipFile(path) as archive:
            declared = {member.filename: member.file_size for member in archive.infolist()}
        expected = {
            f"{name}.npy": _NPY_HEADER + np.dtype(kind).itemsize * int(np.prod(shape))
            for name, (shape, kind) in shapes.items()
        }
        if declared != expected:
            raise UntrustedModelFailure(f"{path}: holds {declared}, but model.json asks for {expected}")
        with np.load(path, allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in shapes}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise UntrustedModelFailure(f"{path}: not the arrays of a bundle: {error}") from error
    for name, array in found.items():
        shape, kind = shapes[name]
        if array.dtype != kind or array.shape != shape or not np.isfinite(array).all():
            raise UntrustedModelFailure(f"{path}: {name} is not {shape} finite {kind} numbers")
    parts = [
        VectorWeights(*(found[f"{number}-{name}"] for name in ("centre", "support", "dual")))
        for number in range(len(model.vector_parts))
    ]
    tuned = [array for name, array in found.items() if name.startswith("tuned-")]
    statics = [
        static.of_arrays({name: found[f"static-{number}-{name}"] for name in static.NAMES})
        for number in range(len(model.static_parts))
    ]
    once = {name: found[name] for name in _ONCE}
    return Weights(**once, vector_parts=parts, tuned=tuned, static_parts=statics)


def _shapes(model: Model) -> dict[str, tuple[tuple[int, ...], str]]:
    """Shape and type of every array, by name."""
    themes, terms = len(model.themes), sum(len(view.vocabulary) for view in model.views)
    shapes: dict[str, tuple[tuple[int, ...], str]] = {
        "coefficients": ((themes, terms), "float64"),
        "hits": ((themes, len(model.lexicon)), "float64"),
        "intercepts": ((themes,), "float64"),
        "idf": ((terms,), "float64"),
        "head": ((transformer.WIDTH if model.tuned_blocks else 0, themes), "float64"),
    }
    for number, part in enumerate(model.vector_parts):
        width = transformer.WIDTH * len(part.layers)
        rows = width if part.gamma is None else part.rows
        shapes[f"{number}-centre"] = ((len(part.layers), transformer.WIDTH), "float64")
        shapes[f"{number}-support"] = ((part.rows, width), "float32")
        shapes[f"{number}-dual"] = ((themes, rows), "float64")
    of_block = [shape for pair in transformer.BLOCK_SHAPES for shape in pair]
    for number in range(model.tuned_blocks * len(of_block)):
        shapes[f"tuned-{number:03}"] = (of_block[number % len(of_block)], "float32")
    for number, static_part in enumerate(model.static_parts):
        of_part = static.shapes(static_part, len(model.pieces), themes)
        shapes |= {f"static-{number}-{name}": shape for name, shape in of_part.items()}
    return shapes
