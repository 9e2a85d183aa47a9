"""The one stage that learns from more than train for good: from valid as well, never from test."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from features import folds, training
from features.adapted import Adapted, token_states
from features.classifiers import KeywordClassifier, fit
from features.codebook import Codebook
from features.errors import IntegrityFailure, UsageFailure
from features.experiments import Experiment, FineTuned, Part
from features.lexicon import LabellingFunction
from features.text import Document, Example, Passage
from features.training import Baseline, Calibrated, Trained, dumps
from pipelines import refits, store
from pipelines.adapt import adapt
from pipelines.axes import axes
from pipelines.curve import curve
from pipelines.evaluate import evaluate
from pipelines.refit import Refit, refit
from pipelines.refits import Refitted
from pipelines.train import train
from pipelines.weak import weak
from tests.conftest import PARAMS

KNOBS = PARAMS["refit"]
# What each stage that fits anything learns from; every other stage fits nothing.
LEARNED_FROM = {
    "adapt": {"train"},
    "train": {"train"},
    "curve": {"train"},
    "weak": {"train"},
    "axes": {"train", "valid"},  # to be asked about each other's groups; nothing of it is kept
    "refit": {"train", "valid"},
}


@pytest.fixture(scope="module")
def refitted(trained: Trained, examples: list[Example]) -> Refit:
    return refit(trained, examples, [], None, **KNOBS)


def test_every_stage_learns_from_train_alone_but_refit_which_adds_valid(
    trained: Trained,
    words_experiment: Experiment,
    examples: list[Example],
    small_codebook: Codebook,
    functions: list[LabellingFunction],
    documents: list[Document],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    part_of = {row.text: row.part for row in examples}
    by_id = {document.id: document for document in documents}
    parts: set[str] = set()

    def spy(part: Part, passages: list[Passage], *rest: Any) -> object:
        parts.update(part_of[passage.text] for passage in passages)
        return fit(part, passages, *rest)

    def spy_tokens(texts: list[str], depth: int) -> object:
        parts.update(part_of[text] for text in texts)
        return token_states(texts, depth)

    for module in (training, folds):
        monkeypatch.setattr(module, "fit", spy)
    for stage in ("adapt", "refit"):
        monkeypatch.setattr(f"pipelines.{stage}.token_states", spy_tokens)
    assert isinstance(trained.model, Calibrated)
    scales, themes = trained.model.mixture.scales, small_codebook.ids
    stages: dict[str, Callable[[], object]] = {
        "adapt": lambda: adapt(examples, themes, **PARAMS["adapt"]),
        "train": lambda: train(words_experiment, examples, themes, functions, None, **PARAMS["train"]),
        "curve": lambda: curve(words_experiment, scales, examples, themes, functions, **PARAMS["curve"]),
        "weak": lambda: weak(words_experiment, examples, themes, functions, **PARAMS["weak"]),
        "axes": lambda: axes(trained, examples, by_id, [], **PARAMS["axes"]),
        "refit": lambda: refit(trained, examples, [], None, **KNOBS),
    }
    for stage, run in stages.items():
        parts.clear()
        run()
        assert parts == LEARNED_FROM[stage]


def test_no_other_stage_fits_a_model() -> None:
    stages = yaml.safe_load(Path("dvc.yaml").read_text(encoding="utf-8"))["stages"]
    fitting = {
        stage
        for stage in stages
        if re.search(
            r"\b(fit_mixture|train_model|fit|adapted_to|CrossFit)\(",
            Path(f"pipelines/{stage}.py").read_text(encoding="utf-8"),
        )
    }
    assert fitting == set(LEARNED_FROM)


def test_calibration_thresholds_and_scales_stay_those_of_train(trained: Trained, refitted: Refit) -> None:
    before, after = trained.model, refitted.trained.model
    assert isinstance(before, Calibrated) and isinstance(after, Calibrated)
    np.testing.assert_array_equal(after.calibration, before.calibration)
    np.testing.assert_array_equal(after.mixture.scales, before.mixture.scales)
    np.testing.assert_array_equal(refitted.trained.thresholds, trained.thresholds)
    assert dumps(refitted.trained) != dumps(trained)


def test_nothing_of_test_changes_the_model_but_valid_does(
    trained: Trained, examples: list[Example], refitted: Refit
) -> None:
    def model_with(part: str) -> bytes:
        other = [replace(row, themes=["financing"]) if row.part == part else row for row in examples]
        return dumps(refit(trained, other, [], None, **KNOBS).trained)

    assert model_with("test") == dumps(refitted.trained)
    assert model_with("valid") != dumps(refitted.trained)


def test_two_refits_give_the_same_bytes(trained: Trained, examples: list[Example], refitted: Refit) -> None:
    assert dumps(refit(trained, examples, [], None, **KNOBS).trained) == dumps(refitted.trained)


def test_what_it_was_is_measured_as_evaluate_measured_it(
    trained: Trained, examples: list[Example], refitted: Refit
) -> None:
    assert refitted.test_before == evaluate(trained, examples, **PARAMS["evaluate"]).metrics["test"]


def test_the_difference_is_that_of_the_two_figures(refitted: Refit) -> None:
    macro = refitted.differences[0]
    before, after = refitted.test_before["macro_f1"].value, refitted.test["macro_f1"].value
    assert before is not None and after is not None
    assert macro.value == pytest.approx(after - before, abs=2e-6)
    assert macro.low <= macro.value <= macro.high


def test_weak_rows_are_learned_from_where_the_experiment_says_so(
    trained: Trained, examples: list[Example], refitted: Refit
) -> None:
    rows = [
        replace(row, label_source="weak") if row.part == "train" and n % 3 else row for n, row in enumerate(examples)
    ]
    both = replace(
        trained, experiment=Experiment(trained.experiment.classifier, trained.experiment.features, labels="gold+weak")
    )
    assert len(refit(both, rows, [], None, **KNOBS).rows) == len(refitted.rows)
    assert len(refit(trained, rows, [], None, **KNOBS).rows) < len(refitted.rows)


def test_a_baseline_is_refused(trained: Trained, examples: list[Example]) -> None:
    baseline = replace(trained, model=Baseline(KeywordClassifier([], trained.themes)))
    with pytest.raises(UsageFailure, match="a baseline cannot be fitted anew"):
        refit(baseline, examples, [], None, **KNOBS)


def test_a_model_of_an_earlier_choice_is_refused_by_name(tmp_path: Path, refitted: Refit) -> None:
    estimate = refitted.test["macro_f1"]
    fact = Refitted("words", 9, 90, estimate, estimate, refitted.differences, "No detectable difference.")
    with store.writing(tmp_path / "refit") as folder:
        store.write_json(folder / refits.NAME, {"champion": fact})
    assert refits.model(tmp_path / "refit", "champion", "words") == tmp_path / "refit" / "models" / "champion"
    with pytest.raises(IntegrityFailure, match=r"champion is words, but compare chose svm; run: dvc repro refit"):
        refits.model(tmp_path / "refit", "champion", "svm")


def test_a_fine_tuned_encoder_is_fine_tuned_anew_with_the_settings_it_had(
    examples: list[Example], small_codebook: Codebook
) -> None:
    adaptation = adapt(examples, small_codebook.ids, **PARAMS["adapt"])
    assert adaptation is not None
    trained = train(Experiment(FineTuned()), examples, small_codebook.ids, [], adaptation, **PARAMS["train"])
    again = refit(trained, examples, [], adaptation.settings, **KNOBS).trained
    assert isinstance(trained.model, Calibrated) and isinstance(again.model, Calibrated)
    (before,), (after,) = trained.model.mixture.pipelines, again.model.mixture.pipelines
    assert isinstance(before, Adapted) and isinstance(after, Adapted)
    assert len(after.encoder.blocks) == len(before.encoder.blocks)
    assert after.encoder.fingerprint != before.encoder.fingerprint
    only_train = [replace(row, part="dropped") if row.part == "valid" else row for row in examples]
    same = refit(trained, only_train, [], adaptation.settings, **KNOBS).trained
    assert isinstance(same.model, Calibrated)
    assert same.model.mixture.pipelines[0].encoder.fingerprint == before.encoder.fingerprint
