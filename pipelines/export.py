"""Turn the champion and the best linear n-gram model into bundles, after checking that nothing is lost on the way.

`export.fitted_on` chooses between the models of train and those of refit; a bundle's provenance and card say which.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from features import bundle_files, card, classifiers, codebook, embeddings, encoder, manifest, training
from features.agreement import Agreement
from features.bundle import Bundle
from features.bundle_files import EncoderName, Model, ThemeName, View, Weights
from features.codebook import Codebook
from features.errors import IntegrityFailure, UsageFailure
from features.experiments import KernelRidge, NGrams, Part
from features.resampling import Floats
from features.text import Example, Sentence
from features.training import Calibrated, Trained
from features.vector_parts import VectorPart, VectorWeights
from pipelines import refits, states, store, tables
from pipelines.command import parameters, run, stage

FittedOn = Literal["train", "train+valid"]
TOLERANCE = 1e-6
_ENCODED_ANEW = 64


@dataclass(frozen=True, slots=True)
class Export:
    """A model as data, with the card that travels with it."""

    model: Model
    weights: Weights


@dataclass(frozen=True, slots=True)
class AgreementReport:
    """The part of label's `agreement.json` that a card shows."""

    between_coders: dict[str, Agreement]


def export(
    trained: Trained,
    name: str,
    themes: Codebook,
    texts: Sequence[str],
    max_characters: int,
    provenance: dict[str, str],
    *,
    fitted_on: FittedOn = "train",
) -> Export:
    """The fitted model as data; raises IntegrityFailure when it answers any of `texts` differently.

    `fitted_on` says what `trained` has learned from, and is written into the provenance.

    Labels must be equal, probabilities within 1e-6. A text in which the model knows nothing is not compared: the
    pipeline answers it from its intercepts, the bundle abstains.
    """
    if not isinstance(trained.model, Calibrated):
        raise UsageFailure(f"{name}: a baseline cannot be exported; choose a trained model")
    mixture, calibration = trained.model.mixture, trained.model.calibration
    parts = list(zip(trained.experiment.parts, mixture.pipelines, mixture.scales / len(mixture.scales), strict=True))
    views = [found for part, pipeline, _ in parts for found in _views(part, pipeline)]
    vector_parts = [_vector_part(part, pipeline, scale) for part, pipeline, scale in parts if part.vectors]
    model = Model(
        schema=2,
        kind="encoder" if vector_parts else "linear-ngrams",
        name=name,
        themes=[ThemeName(theme.id, theme.title) for theme in themes.themes],
        views=[View(ngrams, view.get_feature_names_out().tolist()) for ngrams, view in views],
        encoder=EncoderName(encoder.NAME, encoder.FINGERPRINT) if vector_parts else None,
        vector_parts=[part for part, _ in vector_parts],
        thresholds=trained.thresholds.tolist(),
        calibration=[(float(slope), float(offset)) for slope, offset in calibration],
        codebook_version=themes.version,
        codebook_sha256=themes.sha256,
        max_characters=max_characters,
        provenance=provenance | {bundle_files.FITTED_ON: fitted_on},
    )
    idf = [view.idf_ if view.use_idf else np.ones(len(view.vocabulary_)) for _, view in views]
    done = Export(
        model,
        Weights(
            coefficients=np.hstack([np.empty((len(themes.ids), 0)), *(_coefficients(*part) for part in parts)]),
            intercepts=np.sum([_intercepts(pipeline, scale) for _, pipeline, scale in parts], axis=0),
            idf=np.concatenate([np.empty(0), *idf]),
            vector_parts=[weights for _, weights in vector_parts],
        ),
    )
    exported = Bundle(done.model, done.weights, fingerprint="")
    _require_parity(trained, exported, texts)
    if vector_parts:
        # Once more on a few with nothing remembered, so that the encoder itself is asked, as by a user.
        with embeddings.nothing_remembered():
            _require_parity(trained, exported, texts[:_ENCODED_ANEW])
    return done


def _views(part: Part, pipeline: Any) -> list[tuple[NGrams, Any]]:
    """The part's n-gram views beside their fitted vectorizers; none for sentence vectors."""
    if part.vectors:
        return []
    return list(zip(part.features, (view for _, view in pipeline[0].transformer_list), strict=True))


def _coefficients(part: Part, pipeline: Any, scale: Floats) -> Floats:
    """The part's share of the n-gram weights (themes, terms); no columns for sentence vectors."""
    if part.vectors:
        return np.empty((len(scale), 0))
    return classifiers.weights(pipeline)[0] * scale[:, :1]


def _intercepts(pipeline: Any, scale: Floats) -> Floats:
    """The part's share of the intercepts, the offset of its scale included."""
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


def _require_parity(trained: Trained, exported: Bundle, texts: Sequence[str]) -> None:
    expected = trained.probabilities(texts)
    found = exported.score(texts)
    known = ~found.abstained
    labels = trained.labels(expected)
    gap = float(np.abs(found.probabilities[known] - expected[known]).max(initial=0.0))
    different = int((found.labels[known] != labels[known]).sum())
    if different or gap > TOLERANCE:
        raise IntegrityFailure(
            f"{exported.name}: the bundle gives {different} other labels than the trained pipeline on {len(texts):,} "
            f"sentences, probabilities up to {gap:.1e} apart; nothing was exported"
        )


def main(options: argparse.Namespace) -> str:
    """Read what compare chose, write `champion/` and `linear/`."""
    fitted_on: FittedOn = parameters(export, options.params)["fitted_on"]
    chosen = store.read_json(store.check(options.compare) / "champion.json", dict[str, str])
    sentences = tables.read(store.check(options.segment) / "sentences.parquet", Sentence)
    texts = [sentence.text for sentence in sentences]
    states.recall(options.embed)
    for role in ("champion", "linear"):
        _export_one(role, chosen[role], fitted_on, options, texts)
    return (
        f"champion {chosen['champion']}, linear {chosen['linear']}, fitted on {fitted_on}: "
        f"same labels on {len(texts):,} sentences"
    )


def _export_one(role: str, name: str, fitted_on: FittedOn, options: argparse.Namespace, texts: Sequence[str]) -> None:
    pickled, scored = _files(role, name, fitted_on, options)
    themes = codebook.load(options.codebook)
    trained = training.loads(pickled.read_bytes())
    max_characters = store.read_json(options.segment / "summary.json", dict[str, object])["max_characters"]
    provenance = {
        "model.pkl sha256": manifest.sha256(pickled),
        "splits.parquet sha256": manifest.sha256(options.split / "splits.parquet"),
    }
    done = export(trained, name, themes, texts, int(str(max_characters)), provenance, fitted_on=fitted_on)
    scores = store.read_json(scored, dict[str, float | None])
    data = _data(options, trained, fitted_on)
    text = card.render(done.model, themes, data, _agreement(options.label, themes.ids), scores)
    with store.writing(options.out / role) as draft:
        bundle_files.write(draft, done.model, done.weights, text)


def _files(role: str, name: str, fitted_on: FittedOn, options: argparse.Namespace) -> tuple[Path, Path]:
    """The model that is exported, and its own scores on test."""
    if fitted_on == "train":
        measured = store.check(options.evaluate / name)
        return store.check(options.train / name) / "model.pkl", measured / "scores.json"
    folder = refits.model(options.refit, role, name)
    return folder / "model.pkl", folder / "scores.json"


def _data(options: argparse.Namespace, trained: Trained, fitted_on: FittedOn) -> card.Data:
    examples = tables.read(store.check(options.split) / "splits.parquet", Example)
    gold = [row for row in examples if row.label_source == "gold"]
    rows = training.train_rows(examples, trained.experiment, fitted_on.split("+"))
    return card.Data(len({row.doc for row in gold}), len(gold), len(rows))


def _agreement(label: Path, themes: Sequence[str]) -> list[Agreement]:
    report = store.read_json(store.check(label) / "agreement.json", AgreementReport)
    return [report.between_coders[theme] for theme in themes]


if __name__ == "__main__":
    folders = ("train", "evaluate", "compare", "refit", "segment", "label", "split", "embed", "codebook", "out")
    run(main, stage(__doc__, *folders))
