"""A trained model as data: what a bundle holds of it."""

from typing import Any

import numpy as np

from features import classifiers, encoder, lexicon, views
from features.adapted import Adapted
from features.bundle_files import EncoderName, Model, ThemeName, View, Weights
from features.codebook import Codebook
from features.errors import UsageFailure
from features.experiments import KernelRidge, NGrams, Part
from features.landmarks import LandmarkRidge
from features.resampling import Floats
from features.static import StaticPart, StaticWeights
from features.training import Calibrated, Trained
from features.vector_parts import VectorPart, VectorWeights


def converted(
    trained: Trained, name: str, themes: Codebook, max_characters: int, provenance: dict[str, str]
) -> tuple[Model, Weights]:
    """The same function of passages in plain numbers; raises UsageFailure for a baseline."""
    if not isinstance(trained.model, Calibrated):
        raise UsageFailure(f"{name}: a baseline cannot be exported; choose a trained model")
    mixture, calibration = trained.model.mixture, trained.model.calibration
    every = list(zip(trained.experiment.parts, mixture.pipelines, mixture.scales / len(mixture.scales), strict=True))
    parts = [part for part in every if not isinstance(part[1], Adapted)]
    seen = [found for part, pipeline, _ in parts for found in _views(part, pipeline)]
    functions = next((found for _, pipeline, _ in parts if (found := views.functions(pipeline))), [])
    adapted = [(pipeline, scale) for _, pipeline, scale in every if isinstance(pipeline, Adapted)]
    if len(adapted) > 1:
        raise UsageFailure(f"{name}: the fine-tuned encoder is a part twice; keep one")
    reads_encoder = bool(adapted) or any(part.vectors for part, _, _ in parts)
    vector_parts = [_vector_part(part, pipeline, scale) for part, pipeline, scale in parts if part.vectors]
    static_parts = [_static_part(pipeline, scale) for part, pipeline, scale in parts if part.static]
    model = Model(
        schema=3,
        kind="encoder" if reads_encoder else "static" if static_parts else "linear-ngrams",
        name=name,
        themes=[ThemeName(theme.id, theme.title) for theme in themes.themes],
        views=[View(ngrams, view.get_feature_names_out().tolist()) for ngrams, view in seen],
        lexicon=[lexicon.stored(function) for function in functions],
        encoder=EncoderName(encoder.NAME, encoder.FINGERPRINT) if reads_encoder else None,
        vector_parts=[part for part, _ in vector_parts],
        pieces=next((pipeline[0].vocabulary_ for part, pipeline, _ in parts if part.static), []),
        static_parts=[part for part, _ in static_parts],
        tuned_blocks=sum(len(one.encoder.blocks) for one, _ in adapted),
        thresholds=trained.thresholds.tolist(),
        calibration=[(float(slope), float(offset)) for slope, offset in calibration],
        codebook_version=themes.version,
        codebook_sha256=themes.sha256,
        max_characters=max_characters,
        provenance=provenance,
    )
    return model, Weights(
        coefficients=np.hstack([np.empty((len(themes.ids), 0)), *(_coefficients(*part) for part in parts)]),
        hits=np.sum([_hits(*part, len(functions)) for part in parts], axis=0),
        intercepts=np.sum([_intercepts(pipeline, scale) for _, pipeline, scale in every], axis=0),
        idf=np.concatenate([np.empty(0), *(view.idf_ for _, view in seen)]),
        vector_parts=[weights for _, weights in vector_parts],
        static_parts=[weights for _, weights in static_parts],
        tuned=[array for one, _ in adapted for block in one.encoder.blocks for array in block.arrays()],
        head=np.vstack([np.empty((0, len(themes.ids))), *(_head(one, scale) for one, scale in adapted)]),
    )


def _views(part: Part, pipeline: Any) -> list[tuple[NGrams, Any]]:
    """The part's n-gram views beside their fitted vectorizers; none for a part that sees none."""
    return list(zip(part.features, views.vectorizers(pipeline), strict=True))


def _coefficients(part: Part, pipeline: Any, scale: Floats) -> Floats:
    """The part's share of the n-gram weights (themes, terms); no columns for a part that sees none."""
    if not part.features:
        return np.empty((len(scale), 0))
    terms = sum(len(view.vocabulary_) for view in views.vectorizers(pipeline))
    return classifiers.weights(pipeline)[0][:, :terms] * scale[:, :1]


def _hits(part: Part, pipeline: Any, scale: Floats, functions: int) -> Floats:
    """The part's share of the lexicon's weights (themes, functions), behind those of the n-grams."""
    if part.lexicon is None or not functions:
        return np.zeros((len(scale), functions))
    return classifiers.weights(pipeline)[0][:, -functions:] * part.lexicon.weight * scale[:, :1]


def _head(adapted: Adapted, scale: Floats) -> Floats:
    """The part's share of the margins as weights (384, themes) of the fine-tuned encoder's states."""
    weights: Floats = adapted.head.weights.astype(np.float64) * scale[:, 0]
    return weights


def _intercepts(pipeline: Any, scale: Floats) -> Floats:
    """The part's share of the intercepts, the offset of its scale included."""
    if isinstance(pipeline, Adapted):
        own = pipeline.head.offsets.astype(np.float64)
    else:
        own = np.zeros(len(scale)) if classifiers.is_kernel(pipeline) else classifiers.weights(pipeline)[1]
    shifted: Floats = own * scale[:, 0] + scale[:, 1]
    return shifted


def _vector_part(part: Part, pipeline: Any, scale: Floats) -> tuple[VectorPart, VectorWeights]:
    """The part's share of the margins as a function of sentence vectors."""
    assert part.vectors is not None
    layers, centre = part.vectors.layers, pipeline[0].centre_
    if isinstance(part.classifier, KernelRidge):
        last = pipeline[-1]
        support = last.X_fit_.astype(np.float32)
        weights = VectorWeights(centre, support, np.ascontiguousarray(last.dual_coef_.T * scale[:, :1]))
        return VectorPart(layers, part.classifier.gamma, len(support)), weights
    none = np.empty((0, centre.size), dtype=np.float32)
    return VectorPart(layers, None, 0), VectorWeights(centre, none, classifiers.weights(pipeline)[0] * scale[:, :1])


def _static_part(pipeline: Any, scale: Floats) -> tuple[StaticPart, StaticWeights]:
    """The part's share of the margins as a function of static vectors."""
    pieces, last = pipeline[0].pieces_, pipeline[-1]
    width = len(pieces.centre)
    if isinstance(last, LandmarkRidge):
        dual = np.ascontiguousarray(last.dual_coef_.T * scale[:, :1])
        return StaticPart(width, last.gamma, len(last.landmarks_)), StaticWeights(pieces, last.landmarks_, dual)
    none = np.empty((0, width), dtype=np.float32)
    return StaticPart(width, None, 0), StaticWeights(pieces, none, classifiers.weights(pipeline)[0] * scale[:, :1])
