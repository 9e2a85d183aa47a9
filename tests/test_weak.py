from dataclasses import replace
from pathlib import Path

import pytest

from features import training
from features.codebook import Codebook
from features.errors import UsageFailure
from features.experiments import Experiment
from features.lexicon import LabellingFunction
from features.text import Example
from pipelines import weak as module
from pipelines.weak import GOLD, Weak, one_classifier, weak
from tests.conftest import PARAMS

KNOBS = PARAMS["weak"]


@pytest.fixture(scope="module")
def done(
    words_experiment: Experiment,
    examples: list[Example],
    small_codebook: Codebook,
    functions: list[LabellingFunction],
) -> Weak:
    return weak(words_experiment, examples, small_codebook.ids, functions, **KNOBS)


def test_half_of_the_train_documents_are_hidden(done: Weak, examples: list[Example]) -> None:
    assert sum(done.documents.values()) == len({row.doc for row in examples if row.part == "train"})
    assert abs(done.documents[GOLD] - done.documents["hidden"]) <= 1


def test_each_supervision_is_drawn_as_often_and_on_the_same_gold(done: Weak) -> None:
    alone = [row for row in done.rows if row.documents == 0]
    assert [row.supervision for row in alone] == ["majority", "label_model"]
    lent = {f"{GOLD}+{row.supervision}": row.sentences[0] for row in alone}
    by_count = {row.documents: row for row in done.rows if row.supervision == GOLD}
    assert [len(row.macro_f1) for row in by_count.values()] == [KNOBS["draws"], 1]
    for row in done.rows:
        if row.supervision in lent:
            gold = by_count[row.documents].sentences
            assert row.sentences == [count + lent[row.supervision] for count in gold]


def test_only_what_is_compared_with_gold_alone_has_a_gain(done: Weak) -> None:
    assert all((row.gain is None) == (row.supervision == GOLD or row.documents == 0) for row in done.rows)
    of_all = {row.supervision: row for row in done.rows if row.documents == done.documents[GOLD]}
    more = of_all["gold+majority"]
    assert more.gain is not None
    assert more.gain.value == pytest.approx(more.macro_f1[0] - of_all[GOLD].macro_f1[0], abs=2e-6)
    assert more.macro_f1[0] == pytest.approx(done.full["gold+majority"]["macro_f1"].value, abs=2e-6)


def test_labels_that_are_weak_already_are_neither_trained_on_nor_measured_against(
    done: Weak,
    words_experiment: Experiment,
    examples: list[Example],
    small_codebook: Codebook,
    functions: list[LabellingFunction],
) -> None:
    part_of = {row.doc: row.part for row in examples}
    more = [
        replace(examples[0], doc=doc, part=part_of[doc], themes=small_codebook.ids, label_source="weak")
        for doc in sorted(part_of)
    ]
    assert weak(words_experiment, [*examples, *more], small_codebook.ids, functions, **KNOBS) == done


def test_gold_of_the_hidden_half_teaches_no_model(
    done: Weak,
    words_experiment: Experiment,
    examples: list[Example],
    small_codebook: Codebook,
    functions: list[LabellingFunction],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fitted: list[Example] = []

    def spy(experiment: Experiment, rows: list[Example], *others: object) -> object:
        fitted.extend(rows)
        return fit_mixture(experiment, rows, *others)  # type: ignore[arg-type]

    fit_mixture = training.fit_mixture
    monkeypatch.setattr(module, "fit_mixture", spy)
    weak(words_experiment, examples, small_codebook.ids, functions, **KNOBS)
    by_source = {source: {row.doc for row in fitted if row.label_source == source} for source in ("gold", "weak")}
    assert len(by_source["gold"]) == done.documents[GOLD]
    assert by_source["weak"]
    assert not by_source["gold"] & by_source["weak"]


def test_without_labelling_functions_gold_alone_is_measured(
    words_experiment: Experiment, examples: list[Example], small_codebook: Codebook
) -> None:
    done = weak(words_experiment, examples, small_codebook.ids, [], **KNOBS)
    assert {row.supervision for row in done.rows} == {GOLD}
    assert (done.functions, done.labels, done.label_model_gain) == ([], {}, [])


@pytest.mark.parametrize("name", ["majority", "minilm-logreg", "ngrams-minilm-kernel"])
def test_an_experiment_that_is_not_one_classifier_on_n_grams_is_refused(name: str) -> None:
    with pytest.raises(UsageFailure, match=f"{name}.yaml"):
        one_classifier(Path("experiments") / f"{name}.yaml")
