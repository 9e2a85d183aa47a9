"""A bundle small enough to foresee its answers: a theme is assigned when one of its words occurs.

The last theme is also assigned to a sentence that follows one with the word BEFORE.
"""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import msgspec
import numpy as np

from features import bundle_files, encoder, manifest, transformer
from features.bundle import Bundle
from features.bundle_files import EncoderName, Model, ThemeName, View, Weights
from features.experiments import NGrams
from features.vector_parts import VectorPart, VectorWeights

WORDS = {"financing": ["funds", "assets"], "threat": ["attack", "threats"], "online": ["internet"]}
KNOWN = ["the", "terrorist", "states"]
BEFORE = "cyberspace"


def parts(words: Mapping[str, list[str]] = WORDS, titles: Mapping[str, str] | None = None) -> tuple[Model, Weights]:
    """Model and weights whose themes are the keys of `words`."""
    vocabulary = sorted({*KNOWN, *(word for of_theme in words.values() for word in of_theme)})
    coefficients = np.array([[5.0 if term in words[theme] else 0.0 for term in vocabulary] for theme in words])
    follows = np.array([[0.0]] * (len(words) - 1) + [[5.0]])
    model = Model(
        schema=3,
        kind="linear-ngrams",
        name="small",
        themes=[ThemeName(theme, (titles or {}).get(theme, theme.capitalize())) for theme in words],
        views=[
            View(NGrams(of="words", ngrams=(1, 1)), vocabulary),
            View(NGrams(of="words", ngrams=(1, 1), field="before"), [BEFORE]),
        ],
        lexicon=[],
        encoder=None,
        vector_parts=[],
        tuned_blocks=0,
        pieces=[],
        static_parts=[],
        thresholds=[0.5] * len(words),
        calibration=[(1.0, 0.0)] * len(words),
        codebook_version=1,
        codebook_sha256="0" * 64,
        max_characters=300,
        provenance={bundle_files.FITTED_ON: "train"},
    )
    weights = Weights(
        coefficients=np.hstack([coefficients, follows]),
        hits=np.empty((len(words), 0)),
        intercepts=np.full(len(words), -2.0),
        idf=np.ones(len(vocabulary) + 1),
        head=np.empty((0, len(words))),
    )
    return model, weights


def encoder_parts() -> tuple[Model, Weights]:
    """A model that hears of a sentence's vector as well: its margins lean by a linear function of no meaning."""
    model, weights = parts()
    model = msgspec.structs.replace(
        model,
        kind="encoder",
        encoder=EncoderName(encoder.NAME, encoder.FINGERPRINT),
        vector_parts=[VectorPart(layers=[6], gamma=None, rows=0)],
    )
    leaning = np.random.default_rng(0).normal(size=(len(model.themes), transformer.WIDTH))
    linear = VectorWeights(np.zeros((1, transformer.WIDTH)), np.empty((0, transformer.WIDTH), np.float32), leaning)
    return model, dataclasses.replace(weights, vector_parts=[linear])


def small_bundle(words: Mapping[str, list[str]] = WORDS, titles: Mapping[str, str] | None = None) -> Bundle:
    """The bundle itself."""
    return Bundle(*parts(words, titles), fingerprint="f" * 64)


def write_small_bundle(folder: Path) -> Path:
    """The same on disk."""
    return write_bundle(folder, *parts())


def write_bundle(folder: Path, model: Model, weights: Weights) -> Path:
    """Any model on disk, as export leaves it."""
    folder.mkdir(exist_ok=True)
    bundle_files.write(folder, model, weights, card=f"# {model.name}\n")
    manifest.write(folder)
    return folder
