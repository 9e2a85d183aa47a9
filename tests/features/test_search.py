from itertools import compress
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from features import experiment_files, experiments
from features.classifiers import fit, margins, weights
from features.codebook import Codebook
from features.errors import UsageFailure
from features.experiments import Experiment
from features.folds import CrossFit
from features.gold import gold_matrix
from features.metrics import Bools
from features.mixing import platt_by_theme
from features.resampling import Floats, folds_of
from features.search import search
from features.text import Example, Passage
from features.training import Calibrated, dumps, loads, train_model
from tests.conftest import PARAMS

# Three folds and a classifier that is fitted at once: a search fits many.
KNOBS = PARAMS["train"] | {"folds": 3}
NO_REPEATS = np.empty((0, 2), dtype=np.int64)
GRID = {"classifier.alpha": [0.01, 1.0, 100.0]}


@pytest.fixture(scope="session")
def tuned(words_experiment: Experiment) -> Experiment:
    return Experiment(experiments.ComplementNB(), words_experiment.features, tune=GRID)


@pytest.fixture
def rows(examples: list[Example], small_codebook: Codebook) -> CrossFit:
    train = [row for row in examples if row.part == "train"]
    gold = gold_matrix(train, small_codebook.ids)
    fold_of = folds_of([row.group for row in train], 3, 11)
    return CrossFit([row.passage for row in train], gold, fold_of, NO_REPEATS, [])


def where(rows: CrossFit, wanted: Bools) -> list[Passage]:
    return list(compress(rows.passages, wanted))


def by_hand(experiment: Experiment, rows: CrossFit, outer: int) -> tuple[int, Floats]:
    """The choice for the fold `outer` and the log-odds of its rows, from the definition."""
    inside = [fold for fold in rows.folds if fold != outer]
    held_out, scores = [], []
    for one in experiment.candidates:
        found = np.full(rows.gold.shape, np.nan)
        for inner in inside:
            learned = ~np.isin(rows.fold_of, [inner, outer])
            model = fit(one.parts[0], where(rows, learned), rows.gold[learned], [])
            found[rows.fold_of == inner] = margins(model, where(rows, rows.fold_of == inner))
        kept = rows.fold_of != outer
        scores.append(np.mean([average_precision_score(rows.gold[kept, n], found[kept, n]) for n in range(5)]))
        held_out.append(found)
    best = int(np.argmax(scores))
    learned = rows.fold_of != outer
    model = fit(experiment.candidates[best].parts[0], where(rows, learned), rows.gold[learned], [])
    scales = platt_by_theme(held_out[best], rows.gold, learned)
    return best, margins(model, where(rows, ~learned)) * scales[:, 0] + scales[:, 1]


def test_the_search_is_nested_cross_validation_by_its_definition(rows: CrossFit, tuned: Experiment) -> None:
    found, log_odds = search(tuned, rows, np.ones(len(rows.passages), dtype=bool))
    for fold, choice in zip(rows.folds, found.by_fold, strict=True):
        candidate, expected = by_hand(tuned, rows, fold)
        assert choice.candidate == candidate
        np.testing.assert_allclose(log_odds[rows.fold_of == fold], expected, rtol=1e-6, atol=1e-6)
    assert found.final.scores[found.final.candidate] == max(found.final.scores)
    assert found.candidates == [{"classifier.alpha": alpha} for alpha in GRID["classifier.alpha"]]


def test_the_labels_of_a_fold_change_nothing_in_the_choice_made_for_it(rows: CrossFit, tuned: Experiment) -> None:
    is_gold = np.ones(len(rows.passages), dtype=bool)
    before, _ = search(tuned, rows, is_gold)
    fold = rows.folds[0]
    lies = np.where((rows.fold_of == fold)[:, None], ~rows.gold, rows.gold)
    after, _ = search(tuned, CrossFit(rows.passages, lies, rows.fold_of, NO_REPEATS, []), is_gold)
    assert after.by_fold[0].scores == before.by_fold[0].scores
    np.testing.assert_array_equal(after.by_fold[0].scales, before.by_fold[0].scales)
    assert after.by_fold[1].scores != before.by_fold[1].scores


def test_weak_labels_teach_but_do_not_choose(rows: CrossFit, tuned: Experiment) -> None:
    is_gold = np.arange(len(rows.passages)) % 3 > 0
    some, _ = search(tuned, rows, is_gold)
    everything, _ = search(tuned, rows, np.ones(len(rows.passages), dtype=bool))
    assert some.final.scores != everything.final.scores


def test_two_folds_are_too_few_to_choose(rows: CrossFit, tuned: Experiment) -> None:
    two = CrossFit(rows.passages, rows.gold, rows.fold_of % 2, NO_REPEATS, [])
    with pytest.raises(UsageFailure, match=r"train\.folds of 3"):
        search(tuned, two, np.ones(len(rows.passages), dtype=bool))


def test_what_is_trained_is_the_chosen_experiment_and_nothing_is_left_to_tune(
    examples: list[Example], small_codebook: Codebook, tuned: Experiment
) -> None:
    found = train_model(tuned, examples, small_codebook.ids, [], None, **KNOBS)
    assert found.search is not None
    assert found.experiment == tuned.having(found.search.chosen)
    plain = train_model(found.experiment, examples, small_codebook.ids, [], None, **KNOBS)
    assert isinstance(found.model, Calibrated)
    assert isinstance(plain.model, Calibrated)
    for one, other in zip(
        weights(found.model.mixture.pipelines[0]), weights(plain.model.mixture.pipelines[0]), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    again = train_model(tuned, examples, small_codebook.ids, [], None, **KNOBS)
    assert dumps(again) == dumps(found)
    passages = [row.passage for row in examples]
    assert (loads(dumps(found)).probabilities(passages) == found.probabilities(passages)).all()


def test_a_part_of_an_average_is_tuned_and_the_other_part_is_fitted_once_for_all_candidates(
    examples: list[Example], small_codebook: Codebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    average = experiment_files.load(Path("experiments/ngrams-minilm-kernel.yaml"))
    (words, vectors) = average.average
    tuned = Experiment(average=[words, vectors], tune={"average.1.classifier.gamma": [0.5, 2.0]})
    fitted: list[str] = []

    def spy(part: experiments.Part, *rest: object) -> object:
        fitted.append(type(part.classifier).__name__)
        return fit(part, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr("features.folds.fit", spy)
    found = train_model(tuned, examples, small_codebook.ids, [], None, **KNOBS)
    assert fitted.count("LogisticRegression") == 3 + 3
    assert fitted.count("KernelRidge") == 2 * (3 + 3)
    assert found.search is not None
    assert found.experiment.average[1].classifier == experiments.KernelRidge(
        found.search.chosen["average.1.classifier.gamma"], 0.1
    )
