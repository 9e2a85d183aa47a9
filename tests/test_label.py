from features.annotations import Annotations
from features.codebook import Codebook
from features.lexicon import LabellingFunction
from features.text import Label, Sentence
from pipelines.label import label
from tests.conftest import PARAMS


def test_every_sentence_but_headings_has_one_label_row(small_sentences: list[Sentence], labels: list[Label]) -> None:
    assert [row.sentence_id for row in labels] == [s.id for s in small_sentences if s.kind != "heading"]
    assert {row.label_source for row in labels} == {"gold"}
    assert all(row.coders == 2 for row in labels)


def test_without_coders_labels_are_weak_where_a_rule_speaks_and_none_elsewhere(
    small_sentences: list[Sentence], small_codebook: Codebook, functions: list[LabellingFunction]
) -> None:
    done = label(small_sentences, Annotations(), small_codebook, functions, **PARAMS["label"])
    assert {row.label_source for row in done.labels} == {"weak", "none"}
    assert all(not row.themes for row in done.labels if row.label_source == "none")
    assert any(row.themes for row in done.labels if row.label_source == "weak")
    assert done.exact_agreement is None


def test_agreement_is_reported_for_every_theme_between_and_within_coders(
    small_sentences: list[Sentence], coded: Annotations, small_codebook: Codebook, functions: list[LabellingFunction]
) -> None:
    done = label(small_sentences, coded, small_codebook, functions, **PARAMS["label"])
    assert [row.theme for row in done.agreement] == small_codebook.ids
    assert all(row.alpha is not None and row.low is not None and row.low <= row.alpha for row in done.agreement)
    assert done.consistency[0].sentences > 0
    assert {row.name for row in done.coverage} == {function.name for function in functions}
