"""Turn the champion and the best linear n-gram model into bundles, after checking that nothing is lost on the way."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from features import bundle, card, classifiers, codebook, manifest, training
from features.agreement import Agreement
from features.bundle import Bundle, Model, ThemeName, View, Weights
from features.codebook import Codebook
from features.errors import IntegrityFailure, UsageFailure
from features.text import Example, Sentence
from features.training import Trained
from pipelines import store, tables
from pipelines.command import run, stage

TOLERANCE = 1e-6


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
    trained: Trained, name: str, themes: Codebook, texts: Sequence[str], max_characters: int, provenance: dict[str, str]
) -> Export:
    """The fitted model as data; raises IntegrityFailure when it answers any of `texts` differently.

    Labels must be equal, probabilities within 1e-6. A text in which the model knows nothing is not compared: the
    pipeline answers it from its intercepts, the bundle abstains.
    """
    if trained.experiment.family != "linear-ngrams":
        raise UsageFailure(f"{name}: only linear n-gram models can be exported, this is {trained.experiment.family}")
    coefficients, intercepts = classifiers.weights(trained.pipeline)
    views = [view for _, view in trained.pipeline.named_steps["features"].transformer_list]
    idf = np.concatenate([view.idf_ if view.use_idf else np.ones(len(view.vocabulary_)) for view in views])
    assert trained.calibration is not None
    model = Model(
        schema=1,
        kind="linear-ngrams",
        name=name,
        themes=[ThemeName(theme.id, theme.title) for theme in themes.themes],
        views=[
            View(ngrams, view.get_feature_names_out().tolist())
            for ngrams, view in zip(trained.experiment.features, views, strict=True)
        ],
        thresholds=trained.thresholds.tolist(),
        calibration=[(float(slope), float(offset)) for slope, offset in trained.calibration],
        codebook_version=themes.version,
        codebook_sha256=themes.sha256,
        max_characters=max_characters,
        provenance=provenance,
    )
    done = Export(model, Weights(coefficients, intercepts, idf))
    _require_parity(trained, Bundle(done.model, done.weights, fingerprint=""), texts)
    return done


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
    chosen = store.read_json(store.check(options.compare) / "champion.json", dict[str, str])
    sentences = tables.read(store.check(options.segment) / "sentences.parquet", Sentence)
    texts = [sentence.text for sentence in sentences]
    for role in ("champion", "linear"):
        _export_one(chosen[role], options, texts, options.out / role)
    return f"champion {chosen['champion']}, linear {chosen['linear']}: same labels on {len(texts):,} sentences"


def _export_one(name: str, options: argparse.Namespace, texts: Sequence[str], out: Path) -> None:
    folder = store.check(options.train / name)
    themes = codebook.load(options.codebook)
    trained = training.loads((folder / "model.pkl").read_bytes())
    max_characters = store.read_json(options.segment / "summary.json", dict[str, object])["max_characters"]
    provenance = {
        "model.pkl sha256": manifest.sha256(folder / "model.pkl"),
        "splits.parquet sha256": manifest.sha256(options.split / "splits.parquet"),
    }
    done = export(trained, name, themes, texts, int(str(max_characters)), provenance)
    scores = store.read_json(store.check(options.evaluate / name) / "scores.json", dict[str, float | None])
    text = card.render(done.model, themes, _data(options, trained), _agreement(options.label, themes.ids), scores)
    with store.writing(out) as draft:
        bundle.write(draft, done.model, done.weights, text)


def _data(options: argparse.Namespace, trained: Trained) -> card.Data:
    examples = tables.read(store.check(options.split) / "splits.parquet", Example)
    gold = [row for row in examples if row.label_source == "gold"]
    rows = training.train_rows(examples, trained.experiment)
    return card.Data(len({row.doc for row in gold}), len(gold), len(rows))


def _agreement(label: Path, themes: Sequence[str]) -> list[Agreement]:
    report = store.read_json(store.check(label) / "agreement.json", AgreementReport)
    return [report.between_coders[theme] for theme in themes]


if __name__ == "__main__":
    run(main, stage(__doc__, "train", "evaluate", "compare", "segment", "label", "split", "codebook", "out"))
