import argparse
from pathlib import Path

import numpy as np
import pytest

from features.errors import UsageFailure
from features.metrics import Predictions
from features.text import Example
from features.training import Trained
from pipelines import predictions, store
from pipelines.evaluate import evaluate
from pipelines.versus import main, versus
from tests.conftest import PARAMS, SMALL

KNOBS = PARAMS["compare"]


@pytest.fixture
def measured(trained: Trained, examples: list[Example]) -> Predictions:
    return evaluate(trained, examples, **PARAMS["evaluate"]).predictions["test"]


def test_a_model_does_not_differ_from_itself_and_a_worse_one_is_found(measured: Predictions) -> None:
    themes = [str(number) for number in range(5)]
    assert {row.value for row in versus(measured, measured, themes, **KNOBS)} == {0.0}
    nothing = Predictions(measured.gold, np.zeros_like(measured.labels), measured.probabilities, measured.documents)
    macro = versus(measured, nothing, themes, **KNOBS)[0]
    assert macro.theme == "macro"
    assert macro.value > 0.3


def test_other_sentences_are_refused(measured: Predictions) -> None:
    fewer = Predictions(measured.gold[1:], measured.labels[1:], measured.probabilities[1:], measured.documents[1:])
    with pytest.raises(UsageFailure, match="other sentences"):
        versus(measured, fewer, list("abcde"), **KNOBS)


def test_the_command_prints_differences_and_ends_with_a_sentence(
    trained: Trained, examples: list[Example], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = evaluate(trained, examples, **PARAMS["evaluate"])
    for name in ("one", "two"):
        with store.writing(tmp_path / "evaluate" / name) as folder:
            predictions.write(folder / predictions.NAME, done.rows, done.predictions, done.themes)
    options = argparse.Namespace(
        a="one",
        b="two",
        part="test",
        data=tmp_path,
        codebook=Path("data/codebook.yaml"),
        params=SMALL / "params.yaml",
    )
    assert main(options) == "On test: No detectable difference between one and two."
    assert "macro" in capsys.readouterr().out
    options.b = "three"
    with pytest.raises(UsageFailure, match=r"three: no such experiment has been evaluated; there is one, two"):
        main(options)
