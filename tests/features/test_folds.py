from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.pipeline import Pipeline

from features import experiment_files, folds
from features.classifiers import fit, margins
from features.codebook import Codebook
from features.duplicates import near_duplicates
from features.errors import UsageFailure
from features.experiments import Experiment, FineTuned, Part
from features.folds import CrossFit
from features.gold import gold_matrix
from features.lexicon import LabellingFunction
from features.metrics import Bools
from features.resampling import Floats, folds_of
from features.text import Example, Passage


@given(groups=st.lists(st.sampled_from("abcdefgh"), min_size=2, max_size=40), count=st.integers(2, 5))
def test_a_group_is_never_parted_and_folds_hold_as_many_groups_as_can_be(groups: list[str], count: int) -> None:
    if len(set(groups)) == 1:
        with pytest.raises(UsageFailure, match="make annotations"):
            folds_of(groups, count, seed=1)
        return
    fold_of = folds_of(groups, count, seed=1)
    placed = {
        group: {int(fold) for name, fold in zip(groups, fold_of, strict=True) if name == group} for group in groups
    }
    assert all(len(found) == 1 for found in placed.values())
    sizes = [sum(found == {fold} for found in placed.values()) for fold in range(count)]
    assert max(sizes) - min(sizes) <= 1


@given(
    fold_of=st.lists(st.integers(0, 3), min_size=2, max_size=12),
    without=st.frozensets(st.integers(0, 3), min_size=1, max_size=2),
    data=st.data(),
)
def test_what_is_learned_from_is_outside_the_folds_and_repeats_nothing_in_them(
    fold_of: list[int], without: frozenset[int], data: st.DataObject
) -> None:
    row = st.integers(0, len(fold_of) - 1)
    pairs = data.draw(st.lists(st.tuples(row, row), max_size=8))
    repeats = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    passages = [Passage("")] * len(fold_of)
    rows = CrossFit(passages, np.zeros((len(fold_of), 1), bool), np.array(fold_of), repeats, [])
    held_out = {n for n, fold in enumerate(fold_of) if fold in without}
    repeated = {a for a, b in pairs if b in held_out} | {b for a, b in pairs if a in held_out}
    expected = set(range(len(fold_of))) - held_out - repeated
    assert set(np.flatnonzero(rows.learned_from(without)).tolist()) == expected


@pytest.fixture
def rows(examples: list[Example], small_codebook: Codebook) -> CrossFit:
    train = [row for row in examples if row.part == "train"]
    repeats = near_duplicates([row.text for row in train], shingle=2, at_least=0.6)
    gold, fold_of = gold_matrix(train, small_codebook.ids), folds_of([row.group for row in train], 5, 11)
    return CrossFit([row.passage for row in train], gold, fold_of, repeats, [])


def test_no_model_sees_what_it_answers_or_a_fold_it_must_not_know_and_none_is_fitted_twice(
    rows: CrossFit, words_experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    folds_with: dict[str, set[int]] = {}
    for passage, fold in zip(rows.passages, rows.fold_of, strict=True):
        folds_with.setdefault(passage.text, set()).add(int(fold))
    fitted: list[set[str]] = []

    def spy_fit(
        part: Part, passages: Sequence[Passage], gold: Bools, functions: Sequence[LabellingFunction]
    ) -> Pipeline:
        fitted.append({passage.text for passage in passages})
        return fit(part, passages, gold, functions)

    def spy_margins(pipeline: Pipeline, passages: Sequence[Passage]) -> Floats:
        assert fitted[-1].isdisjoint(passage.text for passage in passages)
        return margins(pipeline, passages)

    monkeypatch.setattr(folds, "in_threads", map)  # one at a time, so that a fit is followed by its own answers
    monkeypatch.setattr(folds, "fit", spy_fit)
    monkeypatch.setattr(folds, "margins", spy_margins)
    (part,) = words_experiment.parts
    assert not np.isnan(rows.out_of_fold(part)).any()
    assert len(fitted) == 5
    for fold in rows.folds:
        first = len(fitted)
        found = rows.out_of_fold(part, frozenset({fold}))
        assert np.isnan(found[rows.fold_of == fold]).all()
        assert not np.isnan(found[rows.fold_of != fold]).any()
        assert not any(fold in folds_with[text] for texts in fitted[first:] for text in texts)
    # Each pair of folds is left out once, and serves both.
    assert len(fitted) == 5 + 10


def test_the_fine_tuned_encoder_answers_from_its_own_folds_and_only_when_it_is_there(rows: CrossFit) -> None:
    part = Part(FineTuned())
    with pytest.raises(UsageFailure, match=r"adapt\.epochs"):
        rows.out_of_fold(part)
    known = np.random.default_rng(0).normal(size=rows.gold.shape)
    adapted = CrossFit(rows.passages, rows.gold, rows.fold_of, rows.repeats, [], known)
    np.testing.assert_array_equal(adapted.out_of_fold(part), known)
    inside = rows.fold_of != rows.folds[0]
    found = adapted.out_of_fold(part, frozenset({rows.folds[0]}))
    np.testing.assert_array_equal(found[inside], known[inside])
    assert np.isnan(found[~inside]).all()


@pytest.mark.parametrize("name", ["tfidf-word-char-svm", "tfidf-word-char-sgd", "tfidf-word-logreg", "context-static"])
def test_folds_fitted_side_by_side_give_the_same_bits_each_time(
    name: str, examples: list[Example], small_codebook: Codebook
) -> None:
    (part, *_) = experiment_files.load(Path("experiments") / f"{name}.yaml").parts
    train = [row for row in examples if row.part == "train"]
    gold, fold_of = gold_matrix(train, small_codebook.ids), folds_of([row.group for row in train], 5, 11)

    def found() -> Floats:
        none = np.empty((0, 2), dtype=np.int64)
        return CrossFit([row.passage for row in train], gold, fold_of, none, []).out_of_fold(part)

    first = found()
    for _ in range(3):
        np.testing.assert_array_equal(found(), first)
