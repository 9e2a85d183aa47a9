import numpy as np
import pytest

from features.codebook import Codebook
from features.experiments import Experiment
from features.gold import GoldRow
from features.lexicon import LabellingFunction
from features.text import Example
from pipelines.corpus_report import CorpusReport, corpus_report
from tests.conftest import PARAMS


@pytest.fixture(scope="module")
def found(
    examples: list[Example],
    small_codebook: Codebook,
    functions: list[LabellingFunction],
    words_experiment: Experiment,
) -> CorpusReport:
    """The corpus beside itself, its documents taken for those of two sources."""
    documents = sorted({row.doc for row in examples})
    gold = [
        GoldRow(row.sentence_id, row.doc, row.text, row.themes, f"source {documents.index(row.doc) % 2}")
        for row in examples
        if row.label_source == "gold"
    ]
    knobs = PARAMS["corpus_report"]
    return corpus_report(examples, {"again": gold}, small_codebook.ids, functions, words_experiment, **knobs)


def test_sets_are_profiled_by_the_same_figures_in_the_same_order(found: CorpusReport) -> None:
    first, second = found.profiles["corpus"], found.profiles["again"]
    assert [(row.group, row.name) for row in first] == [(row.group, row.name) for row in second]
    np.testing.assert_equal([row.value for row in first], [row.value for row in second])
    assert len(first) == len({(row.group, row.name) for row in first})


def test_corpus_and_set_are_told_apart_and_so_are_the_sources_within_the_set(found: CorpusReport) -> None:
    assert set(found.separations) == {("corpus", "again"), ("again: source 0", "again: source 1")}
    sources = found.separations["again: source 0", "again: source 1"]
    assert sources is not None
    assert 0 < sources.area_under_roc < 1


def test_the_corpus_is_scored_by_a_model_that_never_saw_the_document(found: CorpusReport) -> None:
    assert 0.05 < found.macro_f1 < 0.9
