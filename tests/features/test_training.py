import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from features import experiment_files, experiments
from features.adapted import Adaptation
from features.classifiers import margins
from features.codebook import Codebook
from features.errors import UsageFailure
from features.experiments import Experiment
from features.gold import gold_matrix
from features.lexicon import LabellingFunction
from features.metrics import macro_f1
from features.text import Example, Passage
from features.training import Calibrated, Trained, dumps, loads, train_model, train_rows
from tests.conftest import PARAMS

KNOBS = PARAMS["train"]
SHIPPED = sorted(Path("experiments").glob("*.yaml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_experiment_fits_the_small_corpus_and_predicts(
    path: Path,
    examples: list[Example],
    small_codebook: Codebook,
    functions: list[LabellingFunction],
    adaptation: Adaptation,
) -> None:
    found = train_model(experiment_files.load(path), examples, small_codebook.ids, functions, adaptation, **KNOBS)
    probabilities = found.probabilities(
        [Passage("The two sides agreed to share information on terrorist financing."), Passage("")]
    )
    assert probabilities.shape == (2, 5)
    assert ((probabilities >= 0) & (probabilities <= 1)).all()
    assert ((found.thresholds > 0) & (found.thresholds < 1)).all()
    assert found.labels(probabilities).dtype == bool


def test_a_trained_model_has_learned_something_of_unseen_documents(trained: Trained, examples: list[Example]) -> None:
    rows = [row for row in examples if row.part in ("valid", "test")]
    gold = gold_matrix(rows, trained.themes)
    labels = trained.labels(trained.probabilities([row.passage for row in rows]))
    shuffled = gold[np.random.default_rng(0).permutation(len(gold))]
    assert macro_f1(gold, labels) > macro_f1(shuffled, labels) + 0.2


def test_two_fits_give_the_same_bytes_and_loading_gives_the_same_answers(
    trained: Trained,
    words_experiment: Experiment,
    examples: list[Example],
    small_codebook: Codebook,
    functions: list[LabellingFunction],
) -> None:
    again = train_model(words_experiment, examples, small_codebook.ids, functions, None, **KNOBS)
    assert dumps(trained) == dumps(again)
    passages = [row.passage for row in examples]
    assert (loads(dumps(trained)).probabilities(passages) == trained.probabilities(passages)).all()


def test_only_train_rows_of_the_named_sources_are_learned_from(
    examples: list[Example], words_experiment: Experiment
) -> None:
    mixed = [replace(row, label_source="weak") if n % 2 else row for n, row in enumerate(examples)]
    gold_only = train_rows(mixed, words_experiment)
    both = train_rows(mixed, experiments.Experiment(words_experiment.classifier, labels="gold+weak"))
    assert {row.part for row in both} == {"train"}
    assert {row.label_source for row in gold_only} == {"gold"}
    assert {row.label_source for row in both} == {"gold", "weak"}


def test_nothing_outside_train_changes_the_model(
    trained: Trained,
    examples: list[Example],
    words_experiment: Experiment,
    small_codebook: Codebook,
    functions: list[LabellingFunction],
) -> None:
    other = [
        row if row.part == "train" else replace(row, text="Something else.", themes=["financing"]) for row in examples
    ]
    assert dumps(train_model(words_experiment, other, small_codebook.ids, functions, None, **KNOBS)) == dumps(trained)


def test_a_single_part_keeps_its_margins(trained: Trained, examples: list[Example]) -> None:
    assert isinstance(trained.model, Calibrated)
    passages = [row.passage for row in examples[:20]]
    expected = margins(trained.model.mixture.pipelines[0], passages)
    np.testing.assert_array_equal(trained.model.mixture.margins(passages), expected)


@pytest.mark.parametrize("name", ["ngrams-minilm-kernel", "context-lexicon-nb"])
def test_averages_and_models_that_read_neighbours_learn_from_train_alone(
    name: str, examples: list[Example], small_codebook: Codebook, functions: list[LabellingFunction]
) -> None:
    experiment = experiment_files.load(Path(f"experiments/{name}.yaml"))
    other = [
        row if row.part == "train" else replace(row, text="Something else.", themes=["financing"]) for row in examples
    ]
    found = [train_model(experiment, rows, small_codebook.ids, functions, None, **KNOBS) for rows in (examples, other)]
    assert dumps(found[0]) == dumps(found[1])


def test_one_train_document_is_too_few_and_says_what_to_do(
    examples: list[Example], words_experiment: Experiment, small_codebook: Codebook
) -> None:
    one = next(row.group for row in examples if row.part == "train")
    with pytest.raises(UsageFailure, match="make annotations"):
        train_model(
            words_experiment, [row for row in examples if row.group == one], small_codebook.ids, [], None, **KNOBS
        )


def test_a_pickle_of_something_else_is_no_model() -> None:
    with pytest.raises(UsageFailure, match="dict"):
        loads(pickle.dumps({}))
