import numpy as np
import pytest

from features import classifiers, experiments
from features.classifiers import fit, margins, themes_may_be_missing, weights
from features.codebook import Codebook
from features.errors import ResourceFailure
from features.experiments import NGrams, Part
from features.gold import gold_matrix
from features.text import Example, Passage

VIEWS = [NGrams("words", (1, 2), sublinear_tf=True, idf=True, norm="l2")]
KERNEL = Part(experiments.KernelRidge(), vectors=experiments.Vectors([3, 6]))
STATIC = Part(experiments.LandmarkRidge(landmarks=50), static=experiments.Static([6], width=32))
KINDS: list[experiments.Trainable] = [
    experiments.ComplementNB(),
    experiments.LogisticRegression(c=10, balanced=True),
    experiments.LinearSVM(balanced=True),
    experiments.AveragedSGD(loss="hinge", balanced=True),
    experiments.AveragedSGD(),
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{type(kind).__name__} {getattr(kind, 'loss', '')}".strip())
def test_margins_are_the_linear_function_that_is_exported(
    kind: experiments.Trainable, examples: list[Example], small_codebook: Codebook
) -> None:
    passages = [row.passage for row in examples]
    gold = gold_matrix(examples, small_codebook.ids)
    pipeline = fit(Part(kind, VIEWS), passages, gold, [])
    coefficients, intercepts = weights(pipeline)
    found = margins(pipeline, passages)
    assert found.shape == gold.shape
    np.testing.assert_allclose(pipeline[:-1].transform(passages) @ coefficients.T + intercepts, found, atol=1e-9)
    # A model that has learned anything leans to a theme more where it holds.
    assert all(found[gold[:, n], n].mean() > found[~gold[:, n], n].mean() for n in range(gold.shape[1]))


@pytest.mark.parametrize("part", [Part(KINDS[1], VIEWS), KERNEL, STATIC], ids=["linear", "kernel", "static"])
def test_a_theme_never_seen_has_no_margin(part: Part, examples: list[Example], small_codebook: Codebook) -> None:
    passages = [row.passage for row in examples]
    gold = gold_matrix(examples, small_codebook.ids)
    gold[:, 1] = False
    with themes_may_be_missing():
        found = margins(fit(part, passages, gold, []), passages[:3])
    assert np.isnan(found[:, 1]).all()
    assert not np.isnan(found[:, [0, 2, 3, 4]]).any()


@pytest.mark.parametrize(("part", "instead"), [(KERNEL, "logistic_regression"), (STATIC, "`features`")])
def test_more_rows_than_can_be_held_are_refused_before_memory_runs_out(
    part: Part, instead: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classifiers, "_MOST_KERNEL_ROWS", 3)
    with pytest.raises(ResourceFailure, match=f"take {instead}"):
        fit(part, [Passage(text) for text in ("one", "two", "three", "four")], np.ones((4, 2), dtype=bool), [])
