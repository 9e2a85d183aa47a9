from collections.abc import Sequence
from itertools import compress
from typing import Any

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline

from features import experiments, folds
from features.classifiers import fit, margins
from features.codebook import Codebook
from features.experiments import Experiment, Lexicon, NGrams, Part
from features.folds import CrossFit
from features.gold import gold_matrix
from features.logistic_family import families, held_out_margins
from features.resampling import folds_of
from features.search import search
from features.text import Example

WORDS = NGrams("words", (1, 2), idf=True, norm="l2")
GRID: dict[str, list[Any]] = {
    "features.0.min_df": [1, 2],
    "classifier.balanced": [False, True],
    "classifier.c": [10.0, 0.1, 1.0],
}


@pytest.fixture(scope="session")
def tuned() -> Experiment:
    return Experiment(experiments.LogisticRegression(), [WORDS], tune=GRID)


@pytest.fixture
def rows(examples: list[Example], small_codebook: Codebook) -> CrossFit:
    train = [row for row in examples if row.part == "train"]
    gold, fold_of = gold_matrix(train, small_codebook.ids), folds_of([row.group for row in train], 3, 11)
    return CrossFit([row.passage for row in train], gold, fold_of, np.empty((0, 2), dtype=np.int64), [])


def classifiers(family: Sequence[Part]) -> list[experiments.Trainable]:
    return [part.classifier for part in family]


def test_a_family_shares_its_features_and_differs_in_penalty_and_balance(tuned: Experiment) -> None:
    found = families(tuned.candidates)
    assert [[part.features[0].min_df for part in family] for family in found] == [[1] * 6, [2] * 6]
    expected = [experiments.LogisticRegression(c, balanced) for balanced in (False, True) for c in GRID["classifier.c"]]
    assert [classifiers(family) for family in found] == [expected, expected]


def test_what_has_features_of_its_own_for_each_theme_or_none_of_words_has_no_family() -> None:
    others = [
        Part(experiments.LogisticRegression(naive_bayes=True), [WORDS]),
        Part(experiments.LogisticRegression(), vectors=experiments.Vectors([6])),
        Part(experiments.LogisticRegression(), static=experiments.Static([6])),
        Part(experiments.LinearSVM(), [WORDS]),
    ]
    words = Part(experiments.LogisticRegression(), lexicon=Lexicon())
    assert families([Experiment(average=[*others, words])]) == [[words]]


def test_margins_of_a_family_are_those_of_each_part_fitted_by_itself(rows: CrossFit, tuned: Experiment) -> None:
    learned = rows.fold_of > 0
    known, asked = list(compress(rows.passages, learned)), list(compress(rows.passages, ~learned))
    for family in families(tuned.candidates):
        found = held_out_margins(family, known, rows.gold[learned], asked, [])
        for part, of_part in zip(family, found, strict=True):
            expected = margins(fit(part, known, rows.gold[learned], []), asked)
            np.testing.assert_allclose(of_part, expected, atol=0.1)
            assert np.abs(of_part - expected).mean() < 0.01


def test_a_theme_that_no_passage_has_or_that_all_have_is_not_answered(rows: CrossFit, tuned: Experiment) -> None:
    gold = rows.gold.copy()
    gold[:, 0], gold[:, 1] = False, True
    for found in held_out_margins(families(tuned.candidates)[0], rows.passages, gold, rows.passages[:9], []):
        assert np.isnan(found[:, :2]).all()
        assert not np.isnan(found[:, 2:]).any()


def test_the_winner_and_the_order_are_those_of_a_grid_search_by_scikit_learn(rows: CrossFit, tuned: Experiment) -> None:
    rows.fit_together(families(tuned.candidates))
    answers = [rows.out_of_fold(one.parts[0]) > 0 for one in tuned.candidates]
    of_folds = [rows.fold_of == fold for fold in rows.folds]
    scores = np.array(
        [
            np.mean([f1_score(rows.gold[fold], labels[fold], average="macro", zero_division=0) for fold in of_folds])
            for labels in answers
        ]
    )
    regression = OneVsRestClassifier(LogisticRegression(tol=1e-8, max_iter=10_000))
    pipeline = Pipeline([("words", TfidfVectorizer(ngram_range=(1, 2))), ("classifier", regression)])
    names = {
        "words__min_df": [1, 2],
        "classifier__estimator__class_weight": [None, "balanced"],
        "classifier__estimator__C": GRID["classifier.c"],
    }
    texts = [passage.text for passage in rows.passages]
    peer = GridSearchCV(pipeline, names, scoring="f1_macro", cv=PredefinedSplit(rows.fold_of), refit=False)
    peer.fit(texts, rows.gold.astype(int))
    expected = {
        (
            values["words__min_df"],
            values["classifier__estimator__class_weight"] == "balanced",
            values["classifier__estimator__C"],
        ): score
        for values, score in zip(peer.cv_results_["params"], peer.cv_results_["mean_test_score"], strict=True)
    }
    of_ours = [
        (one.features[0].min_df, one.parts[0].classifier.balanced, one.parts[0].classifier.c)  # type: ignore[union-attr]
        for one in tuned.candidates
    ]
    np.testing.assert_allclose(scores, [expected[settings] for settings in of_ours], atol=1e-3)
    assert of_ours[int(scores.argmax())] == max(expected, key=lambda settings: expected[settings])


def test_a_search_makes_features_once_for_all_penalties(
    rows: CrossFit, tuned: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def spy(family: Sequence[Part], *rest: Any) -> Any:
        asked.append(len(family))
        return held_out_margins(family, *rest)

    monkeypatch.setattr(folds, "held_out_margins", spy)
    search(tuned, rows, np.ones(len(rows.passages), dtype=bool))
    # Three folds, and three pairs of them, for each of the two values of min_df.
    assert asked == [6] * (3 + 3) * 2
