"""Turn the champion, the best linear n-gram and the best static model into bundles, checking that nothing is lost.

`export.fitted_on` chooses between the models of train and those of refit; a bundle's provenance and card say which.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from features import bundle_files, card, codebook, embeddings, manifest, training
from features.agreement import Agreement
from features.bundle import Bundle
from features.bundle_files import Model, Weights
from features.codebook import Codebook
from features.conversion import converted
from features.errors import IntegrityFailure
from features.sentences import to_score
from features.text import Example, Passage, Sentence
from features.training import Trained
from pipelines import adaptations, refits, states, store, tables
from pipelines.command import parameters, run, stage

FittedOn = Literal["train", "train+valid"]
TOLERANCE = 1e-5
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
    passages: Sequence[Passage],
    max_characters: int,
    provenance: dict[str, str],
    *,
    fitted_on: FittedOn = "train",
) -> Export:
    """The fitted model as data; raises IntegrityFailure when it answers any of `passages` differently.

    `fitted_on` says what `trained` has learned from, and is written into the provenance.

    Labels must be equal, probabilities within 1e-5: on some processors the vectors of an encoder depend, by that
    little, on which other sentences are in the batch. A passage of which the model knows nothing is not compared: the
    pipeline answers it from its intercepts, the bundle abstains.
    """
    done = Export(*converted(trained, name, themes, max_characters, provenance | {bundle_files.FITTED_ON: fitted_on}))
    exported = Bundle(done.model, done.weights, fingerprint="")
    _require_parity(trained, exported, passages)
    if done.model.encoder:
        # Once more on a few with nothing remembered, so that the encoder itself is asked, as by a user.
        with embeddings.nothing_remembered():
            _require_parity(trained, exported, passages[:_ENCODED_ANEW])
    return done


def _require_parity(trained: Trained, exported: Bundle, passages: Sequence[Passage]) -> None:
    expected = trained.probabilities(passages)
    found = exported.score(passages)
    known = ~found.abstained
    labels = trained.labels(expected)
    gap = float(np.abs(found.probabilities[known] - expected[known]).max(initial=0.0))
    different = int((found.labels[known] != labels[known]).sum())
    if different or gap > TOLERANCE:
        raise IntegrityFailure(
            f"{exported.name}: the bundle gives {different} other labels than the trained pipeline on "
            f"{len(passages):,} sentences, probabilities up to {gap:.1e} apart; nothing was exported"
        )


def main(options: argparse.Namespace) -> str:
    """Read what compare chose, write `champion/`, `linear/` and, where a static model was trained, `static/`."""
    fitted_on: FittedOn = parameters(export, options.params)["fitted_on"]
    chosen = store.read_json(store.check(options.compare) / "champion.json", dict[str, str])
    sentences = tables.read(store.check(options.segment) / "sentences.parquet", Sentence)
    _, passages = to_score(sentences)
    states.recall(options.embed)
    adaptations.recall(options.adapt if fitted_on == "train" else options.refit)
    roles = [role for role in ("champion", "linear", "static") if role in chosen]
    for role in roles:
        _export_one(role, chosen[role], fitted_on, options, passages)
    told = ", ".join(f"{role} {chosen[role]}" for role in roles)
    return f"{told}, fitted on {fitted_on}: same labels on {len(passages):,} sentences"


def _export_one(
    role: str, name: str, fitted_on: FittedOn, options: argparse.Namespace, passages: Sequence[Passage]
) -> None:
    pickled, scored = _files(role, name, fitted_on, options)
    themes = codebook.load(options.codebook)
    trained = training.loads(pickled.read_bytes())
    max_characters = store.read_json(options.segment / "summary.json", dict[str, object])["max_characters"]
    provenance = {
        "model.pkl sha256": manifest.sha256(pickled),
        "splits.parquet sha256": manifest.sha256(options.split / "splits.parquet"),
    }
    done = export(trained, name, themes, passages, int(str(max_characters)), provenance, fitted_on=fitted_on)
    scores, data = store.read_json(scored, dict[str, float | None]), _data(options, trained, fitted_on)
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
    read = ("train", "evaluate", "compare", "refit", "segment", "label", "split", "embed", "adapt", "codebook")
    run(main, stage(__doc__, *read, "out"))
