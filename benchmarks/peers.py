"""Other ways from a parquet file of sentences to a parquet file of labels: a process each, imports and all.

python -m benchmarks.peers scikit-learn MODEL IN OUT
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import reference
from features.metrics import Bools
from features.training import Calibrated, Trained

_ROWS_AT_ONCE = 8_192
_LABEL = "__label__"
_NOT_WORD = re.compile(r"\W+")
AT_LEAST = 0.5  # the probability from which an answer of fastText or model2vec counts
Answer = Callable[[Sequence[str]], Bools]


def scikit_learn(model: Path) -> Answer:
    """The fitted Pipeline as scikit-learn alone would have it, its calibration and thresholds applied."""
    from features import training
    from features.mixing import mixed
    from features.thresholds import calibrate

    trained = training.loads(model.read_bytes())
    pipeline, whole = plain_pipeline(trained), _calibrated(trained)

    def answer(texts: Sequence[str]) -> Bools:
        margins = mixed([pipeline.decision_function(list(texts))], whole.mixture.scales)
        return trained.labels(calibrate(margins, whole.calibration))

    return answer


def plain_pipeline(trained: Trained) -> Any:
    """TfidfVectorizer and the fitted classifiers of an experiment with one view of words: texts in."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import Pipeline

    from features import views

    fitted = _calibrated(trained).mixture.pipelines[0]
    (own,) = views.vectorizers(fitted)
    view = own.view
    vectorizer = TfidfVectorizer(ngram_range=view.ngrams, sublinear_tf=view.sublinear_tf, vocabulary=own.vocabulary_)
    vectorizer.idf_ = own.idf_
    return Pipeline([("words", vectorizer), ("classifier", fitted[-1])])


def _calibrated(trained: Trained) -> Calibrated:
    assert isinstance(trained.model, Calibrated)
    return trained.model


def fasttext_python(model: Path) -> Answer:
    """FastText through its Python module."""
    import fasttext

    loaded = fasttext.load_model(str(model))
    themes = sorted(loaded.get_labels())

    def answer(texts: Sequence[str]) -> Bools:
        named, _ = loaded.predict([line(text) for text in texts], k=-1, threshold=AT_LEAST)
        return np.array([[theme in of_text for theme in themes] for of_text in named])

    return answer


def fasttext_command(model: Path) -> Answer:
    """FastText's own program, fed with lines of text."""
    import fasttext

    themes = sorted(fasttext.load_model(str(model)).get_labels())

    def answer(texts: Sequence[str]) -> Bools:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as file:
            file.writelines(f"{line(text)}\n" for text in texts)
            file.flush()
            command = ["fasttext", "predict", str(model), file.name, "-1", str(AT_LEAST)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
        said = [set(answered.split()) for answered in done.stdout.split("\n")[: len(texts)]]
        return np.array([[theme in of_text for theme in themes] for of_text in said])

    return answer


def model2vec(model: Path) -> Answer:
    """Static vectors of word pieces and one linear layer, as model2vec keeps and runs them."""
    from model2vec.inference import StaticModelPipeline

    loaded = StaticModelPipeline.from_pretrained(model)

    def answer(texts: Sequence[str]) -> Bools:
        result: Bools = loaded.predict_proba(texts) >= AT_LEAST
        return result

    return answer


PEERS: dict[str, Callable[[Path], Answer]] = {
    "scikit-learn": scikit_learn,
    "fastText (Python)": fasttext_python,
    "fastText (command)": fasttext_command,
    "model2vec": model2vec,
}


def train_fasttext(texts: Sequence[str], themes: Sequence[Sequence[str]], to: Path, dim: int) -> None:
    """One classifier per theme over words and pairs of words, as the experiment here has them."""
    import fasttext

    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as file:
        for text, of_text in zip(texts, themes, strict=True):
            file.write(" ".join([*(f"{_LABEL}{theme}" for theme in of_text), line(text)]) + "\n")
        file.flush()
        settings: dict[str, Any] = {"loss": "ova", "wordNgrams": 2, "epoch": 25, "lr": 0.5, "thread": 1, "seed": 1}
        fasttext.train_supervised(file.name, dim=dim, verbose=0, **settings).save_model(str(to))


def train_model2vec(texts: Sequence[str], themes: Sequence[Sequence[str]], to: Path) -> None:
    """Vectors that model2vec distils from the installed encoder, and a logistic regression per theme on top of them.

    Themes stand in alphabetical order. No row weighs more than another, for its answers count from probability 0.5.
    """
    from model2vec.distill import distill
    from model2vec.inference import StaticModelPipeline
    from model2vec.inference.mlp import Activation, Layer, MLPHead
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.preprocessing import MultiLabelBinarizer

    vectors = distill(reference.installed(), device="cpu")
    names = MultiLabelBinarizer()
    classifier = OneVsRestClassifier(LogisticRegression(C=10.0, max_iter=1000))
    fitted = classifier.fit(vectors.encode(texts).astype(np.float64), names.fit_transform(themes)).estimators_
    coefficients = np.concatenate([one.coef_ for one in fitted]).astype(np.float32)
    intercepts = np.concatenate([one.intercept_ for one in fitted]).astype(np.float32)
    head = MLPHead([Layer(coefficients, intercepts)], Activation.SIGMOID, names.classes_)
    StaticModelPipeline(vectors, head).save_pretrained(to)


def line(text: str) -> str:
    """A text as fastText takes it: on one line, in small letters, without punctuation; as cheaply as can be."""
    return _NOT_WORD.sub(" ", text.lower())


def _batches(path: Path) -> Iterator[list[str]]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE, columns=["text"]):
            yield batch.column(0).to_pylist()


def main(peer: str, model: str, source: str, out: str) -> None:
    """Label every row of `source`, row group by row group; the program is asked once, for that is how it is used."""
    answer = PEERS[peer](Path(model))
    batches = _batches(Path(source))
    if peer == "fastText (command)":
        batches = iter([[text for batch in batches for text in batch]])
    with pq.ParquetWriter(out, pa.schema([("text", pa.string()), ("labels", pa.list_(pa.bool_()))])) as writer:
        for texts in batches:
            labels = answer(texts).tolist()
            writer.write_table(pa.table({"text": texts, "labels": labels}))


if __name__ == "__main__":
    main(*sys.argv[1:])
