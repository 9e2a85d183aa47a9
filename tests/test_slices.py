import numpy as np
import pytest

from features.codebook import Codebook
from features.lexicon import LabellingFunction
from features.metrics import Predictions
from features.text import Document, Example
from features.training import Trained
from pipelines.slices import Slices, slices
from tests.conftest import PARAMS

KNOBS = PARAMS["slices"]


@pytest.fixture(scope="module")
def rows(examples: list[Example]) -> list[Example]:
    return [row for row in examples if row.part == "test" and row.label_source == "gold"]


@pytest.fixture(scope="module")
def said(trained: Trained, rows: list[Example]) -> Predictions:
    return trained.predict(rows)


@pytest.fixture(scope="module")
def found(
    said: Predictions,
    rows: list[Example],
    documents: list[Document],
    small_codebook: Codebook,
    functions: list[LabellingFunction],
) -> Slices:
    by_id = {document.id: document for document in documents}
    return slices("words", said, rows, by_id, small_codebook.ids, functions, **KNOBS)


def test_the_slices_of_one_cut_hold_every_sentence_and_every_label_once(found: Slices, said: Predictions) -> None:
    for by in ("words", "genre", "decade", "themes", "themed sentences in the document"):
        here = [one for one in found.slices if one.by == by]
        assert sum(one.sentences for one in here) == len(said.gold)
        assert sum(one.labels for one in here) == said.gold.sum()
        assert all(one.sentences for one in here)


def test_small_slices_are_put_together(found: Slices) -> None:
    genres = [one for one in found.slices if one.by == "genre"]
    assert all(one.sentences >= KNOBS["least"] for one in genres if one.name != "others")


def test_the_figures_are_those_of_their_definition(found: Slices, said: Predictions) -> None:
    count = said.gold.sum(axis=1)
    one = next(each for each in found.slices if (each.by, each.name) == ("themes", "one"))
    gold, labels = said.gold[count == 1], said.labels[count == 1]
    assert one.exact.value == pytest.approx((gold == labels).all(axis=1).mean(), abs=1e-6)
    assert one.f1.value == pytest.approx(2 * (gold & labels).sum() / (gold.sum() + labels.sum()), abs=1e-6)
    none = next(each for each in found.slices if (each.by, each.name) == ("themes", "none"))
    assert (none.labels, none.f1.value) == (0, None)
    assert none.exact.value == pytest.approx(1 - said.labels[count == 0].any(axis=1).mean(), abs=1e-6)


def test_a_model_that_knows_the_truth_finds_all_and_is_never_misled(
    said: Predictions,
    rows: list[Example],
    documents: list[Document],
    small_codebook: Codebook,
    functions: list[LabellingFunction],
) -> None:
    truth = Predictions(said.gold, said.gold, said.gold.astype(np.float64), said.documents)
    by_id = {document.id: document for document in documents}
    found = slices("truth", truth, rows, by_id, small_codebook.ids, functions, **KNOBS)
    everything = found.beyond_the_lexicon[-1]
    assert (everything.theme, everything.recall.value, everything.false_alarms.value) == ("all", 1.0, 0.0)
    assert everything.unfound == sum(one.unfound for one in found.beyond_the_lexicon[:-1])
    assert {one.exact.value for one in found.slices} == {1.0}


def test_a_handful_of_documents_has_no_interval(
    said: Predictions,
    rows: list[Example],
    documents: list[Document],
    small_codebook: Codebook,
    functions: list[LabellingFunction],
    found: Slices,
) -> None:
    assert {one.exact.low for one in found.slices} == {None}  # three documents of test, all told
    many = Predictions(said.gold, said.labels, said.probabilities, [f"d{n % 12}" for n in range(len(rows))])
    by_id = {document.id: document for document in documents}
    cut = slices("words", many, rows, by_id, small_codebook.ids, functions, **KNOBS).slices
    assert None not in {one.exact.low for one in cut if one.documents == 12}
    assert {one.exact.value for one in cut if one.by == "genre"} == {
        one.exact.value for one in found.slices if one.by == "genre"
    }
