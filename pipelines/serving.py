"""The exported model as MLflow serves it. MLflow copies this file into the model and runs it there, without pipelines.

One input row is one sentence: a table with a column `text`, a list of strings, or one string. A table may have columns
`before` and `after`, the sentences next to it in its document, for a model that reads them too; empty or missing where
there is none. The answer has a row per sentence: per theme `<theme>` (label) and `<theme>_probability`, and `abstained`
where the model knows nothing of the text.

With the parameter `unit: document` a row is a whole document, which is cut into sentences as it was for training. Then
columns say where each comes from: `document` (the row's number), `start` and `end` (character offsets into it), `text`.
Headings are left out.
"""

from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from features import bundle
from features.sentences import sentences, to_score
from features.text import Document, Passage

UNITS = ("sentence", "document")
_NEIGHBOURS = ("before", "after")


class ThemeModel(PythonModel):
    """A bundle behind MLflow's interface; the bundle's loader refuses whatever is not plain data."""

    def load_context(self, context: PythonModelContext) -> None:
        """Load the bundle; raises UntrustedModelFailure."""
        self.bundle = bundle.load(Path(context.artifacts["bundle"]))

    def predict(  # type: ignore[override]
        self, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """Score sentences, or the sentences of documents; raises MlflowException when they are not texts.

        The annotation is one that makes MLflow pass on whatever it was given: see `passages`.
        """
        unit = (params or {}).get("unit", UNITS[0])
        if unit not in UNITS:
            raise MlflowException.invalid_parameter_value(f"unit is one of {', '.join(UNITS)}, not {unit!r}")
        given = passages(model_input)
        return table(self.bundle, given) if unit == "sentence" else of_documents(self.bundle, given)


def passages(given: Any) -> list[Passage]:
    """Sentences with their neighbours from a DataFrame, a dictionary of columns, a list or array, or one string.

    Raises MlflowException for anything else; MLflow answers it with status 400 and this message.
    """
    sentences = _columns(given)
    found = set(sentences.columns)
    if "text" not in found or found - {"text", *_NEIGHBOURS}:
        raise MlflowException.invalid_parameter_value(
            "give a column named 'text', and 'before' and 'after' if you have them; the columns here are: "
            + ", ".join(map(str, sentences.columns))
        )
    texts = _texts(sentences, "text")
    before, after = (_texts(sentences, name) if name in found else [""] * len(texts) for name in _NEIGHBOURS)
    return [Passage(*row) for row in zip(texts, before, after, strict=True)]


def _columns(given: Any) -> pd.DataFrame:
    """The columns by name; one that has none, as of a list, is `text`."""
    if isinstance(given, pd.DataFrame):
        return given.rename(columns={0: "text", "0": "text"}) if len(given.columns) == 1 else given
    columns = given if isinstance(given, dict) else {"text": given}
    try:
        return pd.DataFrame({name: _rows(column) for name, column in columns.items()})
    except ValueError as error:
        raise MlflowException.invalid_parameter_value(f"columns of different lengths: {error}") from error


def _rows(column: Any) -> list[Any]:
    values = column.tolist() if isinstance(column, np.ndarray | pd.Series) else column
    return values if isinstance(values, list) else [values]


def _texts(sentences: pd.DataFrame, name: str) -> list[str]:
    """One column; a neighbour that is missing is empty, a sentence must be there."""
    column = sentences[name]
    values: list[Any] = (column.astype(object).where(column.notna(), "") if name in _NEIGHBOURS else column).tolist()
    for row, value in enumerate(values):
        if not isinstance(value, str):
            raise MlflowException.invalid_parameter_value(f"row {row}: {name!r} must be a string, got {value!r}")
    return values


def of_documents(model: bundle.Bundle, documents: list[Passage]) -> pd.DataFrame:
    """One row per sentence of the documents' texts, in order, behind the columns that say where it stands."""
    numbered = [Document(str(number), document.text) for number, document in enumerate(documents)]
    cut, seen = to_score(chain.from_iterable(sentences(one, model.model.max_characters) for one in numbered))
    columns: dict[str, list[Any]] = {"document": [int(sentence.doc) for sentence in cut]}
    columns |= {name: [getattr(sentence, name) for sentence in cut] for name in ("start", "end", "text")}
    return pd.concat([pd.DataFrame(columns), table(model, seen)], axis=1)


def table(model: bundle.Bundle, sentences: list[Passage]) -> pd.DataFrame:
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
