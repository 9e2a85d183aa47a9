from dataclasses import replace

import pytest

from features.text import Document, Example, Label, Sentence
from pipelines.audit import Sources, audit
from tests.conftest import PARAMS

KNOBS = PARAMS["audit"]


def first(examples: list[Example], part: str) -> int:
    return next(n for n, row in enumerate(examples) if row.part == part and len(row.text) > 80)


def planted(examples: list[Example], n: int, **changes: object) -> list[Example]:
    return [replace(row, **changes) if m == n else row for m, row in enumerate(examples)]  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def sources(documents: list[Document], small_sentences: list[Sentence], labels: list[Label]) -> Sources:
    return Sources(
        {row.id: row for row in documents},
        {row.id: row for row in small_sentences},
        {row.sentence_id: row for row in labels},
    )


def test_the_clean_corpus_has_no_leak(examples: list[Example], sources: Sources) -> None:
    assert not any(audit(examples, sources, "random", **KNOBS).values())


@pytest.mark.parametrize(
    "check",
    [
        "document_in_two_parts",
        "group_in_two_parts",
        "same_text_in_two_parts",
        "near_duplicate_across_parts",
        "weak_label_outside_train",
        "text_not_as_segmented",
        "label_not_as_coded",
        "part_without_gold",
    ],
)
def test_a_planted_leak_is_caught_and_its_rows_named(examples: list[Example], sources: Sources, check: str) -> None:
    train, test = first(examples, "train"), first(examples, "test")
    leaks = {
        "document_in_two_parts": planted(examples, train, part="test"),
        "group_in_two_parts": planted(examples, train, group=examples[test].group),
        "same_text_in_two_parts": planted(examples, train, text=examples[test].text),
        "near_duplicate_across_parts": planted(examples, train, text=examples[test].text + " Again."),
        "weak_label_outside_train": planted(examples, test, label_source="weak"),
        "text_not_as_segmented": planted(examples, train, text=f"{examples[train].doc} {examples[train].text}"),
        "label_not_as_coded": planted(examples, test, themes=["financing", "radicalisation"]),
        "part_without_gold": [row for row in examples if row.part != "test"],
    }
    found = audit(leaks[check], sources, "random", **KNOBS)[check]
    assert found
    if check != "part_without_gold":
        named = " ".join(leak.rows for leak in found)
        assert examples[train].sentence_id in named or examples[test].sentence_id in named


@pytest.mark.parametrize("field", ["before", "after"])
def test_a_test_sentence_beside_a_train_sentence_is_a_leak(
    examples: list[Example], sources: Sources, field: str
) -> None:
    train, test = first(examples, "train"), first(examples, "test")
    shouted = examples[test].text.upper()
    found = audit(planted(examples, train, **{field: shouted}), sources, "random", **KNOBS)
    assert examples[train].sentence_id in found["near_duplicate_across_parts"][0].rows
    assert found["text_not_as_segmented"]


def test_a_train_document_later_than_a_test_document_breaks_a_split_by_date(
    examples: list[Example], sources: Sources
) -> None:
    found = audit(examples, sources, "date", **KNOBS)
    assert found["time_order"]
