"""The eight kinds of leakage of Kapoor and Narayanan (2023), each planted: a check must fire, and none without it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from features import embeddings, experiment_files, naive_bayes_weights
from features.adapted import Adaptation
from features.codebook import Codebook
from features.errors import UsageFailure
from features.experiments import Experiment
from features.gold import gold_matrix
from features.lexicon import LabellingFunction
from features.metrics import macro_average_precision
from features.text import Document, Example, Label, Passage, Sentence
from features.training import Calibrated, Trained, dumps, train_model
from features.vectorizer import NGramVectorizer
from pipelines.audit import Sources, audit
from pipelines.compare import Entry, compare
from pipelines.evaluate import evaluate
from pipelines.refit import refit
from pipelines.train import train
from tests.conftest import PARAMS

Rows = list[Example]
Train = Callable[[Rows], Trained]


@pytest.fixture(scope="module")
def sources(documents: list[Document], small_sentences: list[Sentence], labels: list[Label]) -> Sources:
    return Sources(
        {row.id: row for row in documents},
        {row.id: row for row in small_sentences},
        {row.sentence_id: row for row in labels},
    )


def of(examples: Rows, part: str) -> Example:
    return next(row for row in examples if row.part == part and len(row.text) > 80)


def with_(examples: Rows, one: Example, **changes: Any) -> Rows:
    return [replace(row, **changes) if row is one else row for row in examples]


# --- those that a table shows, and the audit finds


def no_test_set(examples: Rows) -> Rows:
    return [row for row in examples if row.part != "test"]


def duplicates(examples: Rows) -> Rows:
    said_again = of(examples, "test").text.replace(",", "").upper()
    return with_(examples, of(examples, "train"), text=said_again)


def features_that_are_not_legitimate(examples: Rows) -> Rows:
    return [replace(row, text=f"{' '.join(row.themes)} {row.text}") for row in examples]


def from_the_future(examples: Rows) -> Rows:
    return [replace(row, part={"train": "test", "test": "train"}.get(row.part, row.part)) for row in examples]


def dependent_rows(examples: Rows) -> Rows:
    document = of(examples, "test").doc
    rows = [row for row in examples if row.doc == document]
    half = {row.sentence_id for row in rows[: len(rows) // 2]}
    return [replace(row, part="train") if row.sentence_id in half else row for row in examples]


def a_test_that_is_not_what_is_claimed(examples: Rows) -> Rows:
    return [replace(row, label_source="weak") if row.part == "test" else row for row in examples]


def by_date(examples: Rows, documents: Sequence[Document]) -> Rows:
    """The same rows, in parts in the order of time."""
    dates = sorted((document.date or "", document.id) for document in documents)
    place = {name: number / len(dates) for number, (_, name) in enumerate(dates)}
    part_of = {name: "train" if at < 0.6 else "valid" if at < 0.8 else "test" for name, at in place.items()}
    return [replace(row, part=part_of[row.doc]) for row in examples if row.part in ("train", "valid", "test")]


@pytest.mark.parametrize(
    ("leak", "check"),
    [
        (no_test_set, "part_without_gold"),
        (duplicates, "near_duplicate_across_parts"),
        (features_that_are_not_legitimate, "text_not_as_segmented"),
        (dependent_rows, "document_in_two_parts"),
        (a_test_that_is_not_what_is_claimed, "weak_label_outside_train"),
    ],
)
def test_the_audit_finds_it_and_is_silent_without_it(
    examples: Rows, sources: Sources, leak: Callable[[Rows], Rows], check: str
) -> None:
    assert not any(audit(examples, sources, "random", **PARAMS["audit"]).values())
    assert audit(leak(examples), sources, "random", **PARAMS["audit"])[check]


def test_the_audit_finds_a_train_document_from_the_future_and_is_silent_without_it(
    examples: Rows, documents: list[Document], sources: Sources
) -> None:
    in_order = by_date(examples, documents)
    assert not audit(in_order, sources, "date", **PARAMS["audit"])["time_order"]
    assert audit(from_the_future(in_order), sources, "date", **PARAMS["audit"])["time_order"]


# --- those that happen while a model is fitted: what is learned must not change with what is held out


def knows(train_on: Train, examples: Rows, parts: Sequence[str] = ("valid", "test")) -> bool:
    """Whether anything learned changes when the texts or the labels of `parts` do."""
    other = [
        replace(row, text=f"Herring quotas, {row.position}.", themes=["financing"]) if row.part in parts else row
        for row in examples
    ]
    return dumps(train_on(examples)) != dumps(train_on(other))


@pytest.fixture(params=["tfidf-word-logreg", "context-lexicon-nb", "static-landmarks", "minilm-adapted"])
def experiment(request: pytest.FixtureRequest) -> Experiment:
    return experiment_files.load(Path("experiments") / f"{request.param}.yaml")


@pytest.fixture
def train_on(
    experiment: Experiment, small_codebook: Codebook, functions: list[LabellingFunction], adaptation: Adaptation
) -> Train:
    def run(examples: Rows) -> Trained:
        # As stage embed does: on some processors a sentence's state depends on which others are in its batch.
        for part in experiment.parts:
            if part.static:
                embeddings.states([row.text for row in examples], part.static.layers)
        return train_model(experiment, examples, small_codebook.ids, functions, adaptation, **PARAMS["train"])

    return run


def test_nothing_that_is_fitted_knows_valid_or_test(train_on: Train, examples: Rows) -> None:
    assert not knows(train_on, examples)


@pytest.mark.parametrize("experiment", ["tfidf-word-logreg"], indirect=True)
def test_preprocessing_on_train_and_test_together_is_found(
    train_on: Train, examples: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything: list[Passage] = []
    fit_transform = NGramVectorizer.fit_transform

    def on_all(vectorizer: NGramVectorizer, passages: Sequence[Passage], gold: object = None) -> Any:
        fit_transform(vectorizer, everything)
        return vectorizer.transform(passages)

    def leaking(rows: Rows) -> Trained:
        everything[:] = [row.passage for row in rows]
        return train_on(rows)

    monkeypatch.setattr(NGramVectorizer, "fit_transform", on_all)
    assert knows(leaking, examples)


@pytest.mark.parametrize("experiment", ["context-lexicon-nb"], indirect=True)
def test_features_weighed_on_train_and_test_together_are_found(
    train_on: Train, examples: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    scale = 1.0
    ratio = naive_bayes_weights._log_count_ratio

    def on_all(inside: Any, outside: Any) -> Any:
        found = ratio(inside, outside)
        found[0] *= scale
        return found

    def leaking(rows: Rows) -> Trained:
        nonlocal scale
        scale = 1.0 + sum("financing" in row.themes for row in rows if row.part == "test")
        return train_on(rows)

    monkeypatch.setattr(naive_bayes_weights, "_log_count_ratio", on_all)
    assert knows(leaking, examples)


def test_an_experiment_cannot_ask_for_anything_but_the_sentence_and_its_neighbours(tmp_path: Path) -> None:
    assert set(Passage.__dataclass_fields__) == {"text", "before", "after"}
    for field in ("doc", "source", "themes", "label_source", "sentence_id", "genre"):
        path = tmp_path / f"{field}.yaml"
        view = {"of": "words", "ngrams": [1, 1], "field": field}
        path.write_text(yaml.safe_dump({"classifier": {"kind": "linear_svm"}, "features": [view]}), encoding="utf-8")
        with pytest.raises(UsageFailure, match=field):
            experiment_files.load(path)


# --- test chooses nothing, and labels that mean nothing teach nothing


def permuted(examples: Rows, part: str, seed: int) -> Rows:
    """The labels of `part` handed round among its sentences."""
    places = [n for n, row in enumerate(examples) if row.part == part]
    order = np.random.default_rng(seed).permutation(places).tolist()
    moved = {place: examples[other].themes for place, other in zip(places, order, strict=True)}
    return [replace(row, themes=moved.get(n, row.themes)) for n, row in enumerate(examples)]


def test_permuted_test_labels_change_test_metrics_and_nothing_else(
    examples: Rows, small_codebook: Codebook, functions: list[LabellingFunction]
) -> None:
    names = ("tfidf-word-logreg", "tfidf-linear-svm", "complement-nb")

    def everything(rows: Rows) -> tuple[dict[str, Any], dict[str, Any]]:
        trained = {
            name: train(
                experiment_files.load(Path(f"experiments/{name}.yaml")),
                rows,
                small_codebook.ids,
                functions,
                None,
                **PARAMS["train"],
            )
            for name in names
        }
        done = {name: evaluate(one, rows, **PARAMS["evaluate"]) for name, one in trained.items()}
        entries = {name: Entry("linear-ngrams", one.predictions) for name, one in done.items()}
        choice = compare(entries, small_codebook.ids, **PARAMS["compare"])
        again = refit(trained[choice.champion], rows, functions, None, **PARAMS["refit"])
        fixed = {
            "models": [dumps(one) for one in trained.values()],
            "valid": [one.metrics["valid"] for one in done.values()],
            "said of test": [one.predictions["test"].probabilities.tolist() for one in done.values()],
            "choice": (choice.champion, choice.linear, choice.static, choice.why),
            "exported": dumps(again.trained),
        }
        return fixed, {"test": [one.metrics["test"] for one in done.values()], "again": again.test}

    fixed, test = everything(examples)
    fixed_after, test_after = everything(permuted(examples, "test", 3))
    assert fixed_after == fixed
    assert all(test_after[name] != test[name] for name in test)


def test_labels_that_were_handed_round_teach_nothing(
    examples: Rows, words_experiment: Experiment, small_codebook: Codebook
) -> None:
    held_out = [row for row in examples if row.part != "train" and row.label_source == "gold"]
    gold, passages = gold_matrix(held_out, small_codebook.ids), [row.passage for row in held_out]

    def score(rows: Rows) -> float:
        trained = train(words_experiment, rows, small_codebook.ids, [], None, **PARAMS["train"])
        assert isinstance(trained.model, Calibrated)
        return macro_average_precision(gold, trained.probabilities(passages))

    at_chance = float(np.mean([score(permuted(examples, "train", seed)) for seed in range(8)]))
    prevalence = gold.mean(axis=0)[gold.any(axis=0)].mean()
    assert at_chance < prevalence + 0.08 < score(examples) - 0.1
