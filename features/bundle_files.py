"""A model that is only data: `model.json`, `weights.npz`, `card.md` and a manifest.

Margins are a sum of parts: n-gram weights, for which numpy and scipy are enough, and linear or Gaussian-kernel
functions of sentence vectors, for which a bundle names the encoder by hash instead of holding it.

The reader checks names, sizes, hashes and shapes before it allocates, takes what it knows and refuses the rest. There
is no code in a bundle and no way to run any.
"""

import hashlib
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np

from features import encoder, manifest
from features.errors import IntegrityFailure, UntrustedModelFailure
from features.experiments import NGrams
from features.resampling import Floats
from features.vector_parts import VectorPart, VectorWeights

# The key of `provenance` that says which parts the model learned from: train, or train+valid.
FITTED_ON = "fitted_on"
FILES = {"model.json", "weights.npz", "card.md"}
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
    """`model.json`: everything but the numbers per term. `calibration` rows are slope and offset."""

    schema: Literal[2]
    kind: Literal["linear-ngrams", "encoder"]
    name: str
    themes: list[ThemeName]
    views: list[View]
    encoder: EncoderName | None
    vector_parts: list[VectorPart]
    thresholds: list[float]
    calibration: list[tuple[float, float]]
    codebook_version: int
    codebook_sha256: str
    max_characters: int
    provenance: dict[str, str]


@dataclass(frozen=True, slots=True)
class Weights:
    """`weights.npz`: `coefficients` (themes, terms of all views), `intercepts` (themes,), `idf` (terms,), vectors."""

    coefficients: Floats
    intercepts: Floats
    idf: Floats
    vector_parts: list[VectorWeights] = field(default_factory=list)


def write(folder: Path, model: Model, weights: Weights, card: str) -> None:
    """Write the three files of a bundle into `folder`, the same bytes for the same model."""
    encoded = msgspec.json.encode(model, order="sorted")
    (folder / "model.json").write_bytes(msgspec.json.format(encoded, indent=1) + b"\n")
    arrays = {"coefficients": weights.coefficients, "intercepts": weights.intercepts, "idf": weights.idf}
    for number, part in enumerate(weights.vector_parts):
        arrays |= {f"{number}-{name}": getattr(part, name) for name in ("centre", "support", "dual")}
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
    if not bool(model.vector_parts) == (model.encoder is not None) == (model.kind == "encoder"):
        raise UntrustedModelFailure(f"{folder / 'model.json'}: sentence vectors and their encoder belong together")
    if any((part.gamma is None) != (part.rows == 0) for part in model.vector_parts):
        raise UntrustedModelFailure(f"{folder / 'model.json'}: a kernel needs rows, a linear part has none")
    if model.encoder and model.encoder.fingerprint != encoder.FINGERPRINT:
        raise UntrustedModelFailure(f"{folder / 'model.json'}: made with another encoder than {encoder.NAME}")
    if any(len(set(view.vocabulary)) != len(view.vocabulary) for view in model.views):
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
    return Weights(found["coefficients"], found["intercepts"], found["idf"], parts)


def _shapes(model: Model) -> dict[str, tuple[tuple[int, ...], str]]:
    """Shape and type of every array, by name."""
    themes, terms = len(model.themes), sum(len(view.vocabulary) for view in model.views)
    shapes: dict[str, tuple[tuple[int, ...], str]] = {
        "coefficients": ((themes, terms), "float64"),
        "intercepts": ((themes,), "float64"),
        "idf": ((terms,), "float64"),
    }
    for number, part in enumerate(model.vector_parts):
        width = encoder.WIDTH * len(part.layers)
        rows = width if part.gamma is None else part.rows
        shapes[f"{number}-centre"] = ((len(part.layers), encoder.WIDTH), "float64")
        shapes[f"{number}-support"] = ((part.rows, width), "float32")
        shapes[f"{number}-dual"] = ((themes, rows), "float64")
    return shapes
