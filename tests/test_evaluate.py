from dataclasses import replace

import numpy as np
import pytest

from features.metrics import flat
from features.search import Choice, Search
from features.text import Example
from features.training import Trained
from pipelines.about import Candidate
from pipelines.evaluate import about, evaluate
from tests.conftest import PARAMS

KNOBS = PARAMS["evaluate"]


def test_valid_and_test_are_measured_with_intervals_and_train_is_not(trained: Trained, examples: list[Example]) -> None:
    done = evaluate(trained, examples, **KNOBS)
    assert set(done.metrics) == {"valid", "test"}
    assert {row.part for rows in done.rows.values() for row in rows} == {"valid", "test"}
    macro = done.metrics["test"]["macro_f1"]
    assert macro.value is not None and macro.low is not None and macro.high is not None
    assert 0 < macro.low <= macro.value <= macro.high < 1


def test_weak_labels_are_never_measured(trained: Trained, examples: list[Example]) -> None:
    weak = [
        replace(row, label_source="weak") if row.part == "test" and n % 2 else row for n, row in enumerate(examples)
    ]
    done = evaluate(trained, weak, **KNOBS)
    assert {row.label_source for row in done.rows["test"]} == {"gold"}


def test_changed_test_labels_change_test_metrics_and_nothing_else(trained: Trained, examples: list[Example]) -> None:
    before = evaluate(trained, examples, **KNOBS)
    changed = [replace(row, themes=["financing"]) if row.part == "test" else row for row in examples]
    after = evaluate(trained, changed, **KNOBS)
    assert after.metrics["valid"] == before.metrics["valid"]
    assert after.metrics["test"] != before.metrics["test"]


def test_metric_names_group_by_what_stands_before_the_slash(trained: Trained, examples: list[Example]) -> None:
    scores = flat(evaluate(trained, examples, **KNOBS).metrics)
    for name in (
        "test/macro_f1",
        "test/macro_f1_low",
        "test/f1/financing",
        "test/f1_high/financing",
        "valid/brier/ict_misuse",
    ):
        assert scores[name] == pytest.approx(scores[name], abs=1)
    assert len(scores) == 2 * 3 * (1 + 7 * 6)


def test_what_was_searched_for_is_told_with_the_votes_of_the_folds(trained: Trained) -> None:
    values = [{"classifier.c": 1.0}, {"classifier.c": 3.0}]
    choices = [Choice(number, [0.5 + number, 0.6], np.zeros((1, 1, 2))) for number in (1, 1, 0)]
    told = about("tuned", replace(trained, search=Search(values, choices, Choice(1, [0.7, 0.8], np.zeros((1, 1, 2))))))
    assert told.chosen == {"classifier.c": 3.0}
    assert told.candidates == [Candidate(values[0], 0.7, 1), Candidate(values[1], 0.8, 2)]
    assert about("plain", trained).candidates == []
