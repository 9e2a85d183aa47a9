from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from features import card, encoder, experiment_files
from features.adapted import Adaptation
from features.agreement import Agreement
from features.classifiers import KeywordClassifier
from features.codebook import Codebook
from features.errors import IntegrityFailure, UsageFailure
from features.lexicon import LabellingFunction
from features.metrics import flat
from features.text import Example
from features.training import Baseline, Trained
from pipelines.evaluate import evaluate
from pipelines.export import export
from pipelines.refit import refit
from pipelines.train import train
from tests.conftest import PARAMS

TRAINED = [
    path.stem for path in sorted(Path("experiments").glob("*.yaml")) if not experiment_files.load(path).is_baseline
]


@pytest.mark.parametrize("name", TRAINED)
def test_every_trained_model_exports_with_the_same_labels_on_all_sentences(
    name: str,
    examples: list[Example],
    small_codebook: Codebook,
    functions: list[LabellingFunction],
    adaptation: Adaptation,
) -> None:
    experiment = experiment_files.load(Path("experiments") / f"{name}.yaml")
    trained = train(experiment, examples, small_codebook.ids, functions, adaptation, **PARAMS["train"])
    done = export(trained, name, small_codebook, [row.passage for row in examples], 2000, {"from": "here"})
    assert done.model.codebook_sha256 == small_codebook.sha256
    assert done.weights.coefficients.shape == (5, sum(len(view.vocabulary) for view in done.model.views))


def test_a_model_that_would_answer_differently_is_not_exported(
    trained: Trained, examples: list[Example], small_codebook: Codebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    passages = [row.passage for row in examples]
    # Words end at blanks alone, so that "funds," is not "funds".
    lowered = bytes(max(ord(" "), ord(chr(code).lower())) if code < 128 else code for code in range(256))
    monkeypatch.setattr("features.words._LOWERED", lowered)
    with pytest.raises(IntegrityFailure, match="nothing was exported"):
        export(trained, "words", small_codebook, passages, 2000, {})


def test_a_baseline_is_refused_by_name(trained: Trained, small_codebook: Codebook) -> None:
    baseline = replace(trained, model=Baseline(KeywordClassifier([], small_codebook.ids)))
    with pytest.raises(UsageFailure, match="keywords: a baseline cannot be exported"):
        export(baseline, "keywords", small_codebook, [], 2000, {})


def test_the_card_says_what_the_model_is_not_for_and_how_good_it_is(
    trained: Trained, examples: list[Example], small_codebook: Codebook
) -> None:
    done = export(trained, "words", small_codebook, [row.passage for row in examples], 2000, {})
    scores = flat(evaluate(trained, examples, **PARAMS["evaluate"]).metrics)
    coders = [Agreement(theme, 0.5, 0.4, 0.6, 0.9, 0.1, 100, experimental=True) for theme in small_codebook.ids]
    text = card.render(done.model, small_codebook, card.Data(12, 293, 160), coders, scores)
    assert "Not for accusing, profiling or targeting persons" in text
    assert "invented and written by language models" in text
    assert f"| macro | {scores['test/macro_precision']:.2f} |" in text
    assert text.count("(experimental)") == 5
    assert "160 of them for training (train)" in text
    assert "The model was chosen on the valid split.\n" in text
    assert np.isfinite(done.weights.coefficients).all()


def test_the_card_of_a_model_that_reads_neighbours_says_so(
    trained: Trained, examples: list[Example], small_codebook: Codebook, functions: list[LabellingFunction]
) -> None:
    experiment = experiment_files.load(Path("experiments/context-logreg.yaml"))
    context = train(experiment, examples, small_codebook.ids, functions, None, **PARAMS["train"])
    scores = flat(evaluate(context, examples, **PARAMS["evaluate"]).metrics)
    cards = [
        card.render(
            export(model, "x", small_codebook, [row.passage for row in examples[:20]], 2000, {}).model,
            small_codebook,
            card.Data(12, 293, 160),
            [],
            scores,
        )
        for model in (context, trained)
    ]
    assert ["It reads the sentences just before and after each one too" in text for text in cards] == [True, False]
    assert all(".\n\n## Intended use" in text for text in cards)


def test_provenance_and_card_of_a_refitted_model_say_so(
    trained: Trained, examples: list[Example], small_codebook: Codebook
) -> None:
    again = refit(trained, examples, [], None, **PARAMS["refit"])
    done = export(
        again.trained, "words", small_codebook, [row.passage for row in examples], 2000, {}, fitted_on="train+valid"
    )
    assert done.model.provenance == {"fitted_on": "train+valid"}
    coders = [Agreement(theme, 0.9, 0.8, 1.0, 0.9, 0.1, 100, experimental=False) for theme in small_codebook.ids]
    text = card.render(done.model, small_codebook, card.Data(12, 293, 200), coders, flat({"test": again.test}))
    assert "200 of them for training (train and valid)" in text
    assert "fitted anew on train and valid; its calibration and thresholds are those of train." in text
    assert f"| macro | {again.test['macro_precision'].value:.2f} |" in text


def test_the_card_of_an_encoder_model_says_how_to_get_the_encoder(
    trained: Trained, examples: list[Example], small_codebook: Codebook
) -> None:
    experiment = experiment_files.load(Path("experiments/minilm-logreg.yaml"))
    encoded = train(experiment, examples, small_codebook.ids, [], None, **PARAMS["train"])
    scores = flat(evaluate(encoded, examples, **PARAMS["evaluate"]).metrics)
    coders = [Agreement(theme, 0.9, 0.8, 1.0, 0.9, 0.1, 100, experimental=False) for theme in small_codebook.ids]
    cards = [
        card.render(
            export(model, "x", small_codebook, [row.passage for row in examples[:20]], 2000, {}).model,
            small_codebook,
            card.Data(12, 293, 160),
            coders,
            scores,
        )
        for model in (encoded, trained)
    ]
    assert [encoder.INSTALL in text for text in cards] == [True, False]
    assert ["It abstains only where a sentence has no letter." in text for text in cards] == [True, False]


def test_the_card_of_a_static_model_says_who_taught_it_and_asks_for_no_encoder(
    examples: list[Example], small_codebook: Codebook
) -> None:
    experiment = experiment_files.load(Path("experiments/static-landmarks.yaml"))
    static = train(experiment, examples, small_codebook.ids, [], None, **PARAMS["train"])
    scores = flat(evaluate(static, examples, **PARAMS["evaluate"]).metrics)
    coders = [Agreement(theme, 0.9, 0.8, 1.0, 0.9, 0.1, 100, experimental=False) for theme in small_codebook.ids]
    model = export(static, "x", small_codebook, [row.passage for row in examples[:20]], 2000, {}).model
    text = card.render(model, small_codebook, card.Data(12, 293, 160), coders, scores)
    assert "30,522 vectors were taught by all-MiniLM-L6-v2" in text
    assert encoder.INSTALL not in text
    assert "It abstains where a sentence holds nothing that it knows." in text
