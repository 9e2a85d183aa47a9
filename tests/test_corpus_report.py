from features.codebook import Codebook
from features.lexicon import LabellingFunction
from features.profile import Coded
from features.text import Label
from pipelines.corpus_report import corpus_report
from tests.conftest import PARAMS


def test_sets_are_profiled_by_the_same_figures_in_the_same_order(
    labels: list[Label], small_codebook: Codebook, functions: list[LabellingFunction]
) -> None:
    halves = {
        name: Coded([row.text for row in rows], [frozenset(row.themes) for row in rows], [row.doc for row in rows])
        for name, rows in {"first": labels[:150], "second": labels[150:]}.items()
    }
    found = corpus_report(halves, small_codebook.ids, functions, **PARAMS["corpus_report"])
    first, second = ([(row.group, row.name) for row in rows] for rows in found.values())
    assert first == second
    assert len(first) == len(set(first))
