"""The exported model as MLflow serves it. MLflow copies this file into the model and runs it there, without pipelines.

One input row is one sentence: a DataFrame with one column `text`, a list of strings, or one string. The answer has a
row per sentence: per theme `<theme>` (label) and `<theme>_probability`, and `abstained` where the model knows nothing
of the text.
"""

from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from features import bundle


class ThemeModel(PythonModel):
    """A bundle behind MLflow's interface; the bundle's loader refuses whatever is not plain data."""

    def load_context(self, context: PythonModelContext) -> None:
        """Load the bundle; raises UntrustedModelFailure."""
        self.bundle = bundle.load(Path(context.artifacts["bundle"]))

    def predict(self, model_input: pd.DataFrame) -> pd.DataFrame:  # type: ignore[override]
        """Score sentences; raises MlflowException when it is not one column of texts."""
        return table(self.bundle, texts(model_input))


def texts(sentences: pd.DataFrame) -> list[str]:
    """The texts of one column, which a list of strings leaves without a name.

    Raises MlflowException for anything else; MLflow answers it with status 400 and this message.
    """
    if list(sentences.columns) not in (["text"], [0], ["0"]):
        columns = ", ".join(map(str, sentences.columns))
        raise MlflowException.invalid_parameter_value(
            f"give one column, named 'text'; the first one here is: {columns}"
        )
    values = sentences.iloc[:, 0].tolist()
    for row, value in enumerate(values):
        if not isinstance(value, str):
            raise MlflowException.invalid_parameter_value(f"row {row}: 'text' must be a string, got {value!r}")
    return values


def table(model: bundle.Bundle, sentences: list[str]) -> pd.DataFrame:
    """One row per sentence. A missing probability is None: NaN, once in JSON, is refused by strict readers."""
    scores = model.score(sentences)
    columns: dict[str, Any] = {}
    for number, theme in enumerate(model.themes):
        probability = pd.Series(scores.probabilities[:, number])
        columns[theme] = scores.labels[:, number]
        columns[f"{theme}_probability"] = (
            probability.astype(object).where(~scores.abstained, None) if scores.abstained.any() else probability
        )
    return pd.DataFrame(columns | {"abstained": scores.abstained})


set_model(ThemeModel())
