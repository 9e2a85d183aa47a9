from dataclasses import replace

import pytest

from features.text import Document, Example
from pipelines.audit import audit
from tests.conftest import PARAMS

KNOBS = PARAMS["audit"]


def first(examples: list[Example], part: str) -> int:
    return next(n for n, row in enumerate(examples) if row.part == part and len(row.text) > 80)


def planted(examples: list[Example], n: int, **changes: object) -> list[Example]:
    return [replace(row, **changes) if m == n else row for m, row in enumerate(examples)]  # type: ignore[arg-type]


def by_id(documents: list[Document]) -> dict[str, Document]:
    return {document.id: document for document in documents}


def test_the_clean_corpus_has_no_leak(examples: list[Example], documents: list[Document]) -> None:
    assert not any(audit(examples, by_id(documents), "random", **KNOBS).values())


@pytest.mark.parametrize(
    "check",
    [
        "document_in_two_parts",
        "group_in_two_parts",
        "same_text_in_two_parts",
        "near_duplicate_across_parts",
        "weak_label_outside_train",
        "part_without_gold",
    ],
)
def test_a_planted_leak_is_caught_and_its_rows_named(
    examples: list[Example], documents: list[Document], check: str
) -> None:
    train, test = first(examples, "train"), first(examples, "test")
    leaks = {
        "document_in_two_parts": planted(examples, train, part="test"),
        "group_in_two_parts": planted(examples, train, group=examples[test].group),
        "same_text_in_two_parts": planted(examples, train, text=examples[test].text),
        "near_duplicate_across_parts": planted(examples, train, text=examples[test].text + " Again."),
        "weak_label_outside_train": planted(examples, test, label_source="weak"),
        "part_without_gold": [row for row in examples if row.part != "test"],
    }
    found = audit(leaks[check], by_id(documents), "random", **KNOBS)[check]
    assert found
    if check != "part_without_gold":
        named = " ".join(leak.rows for leak in found)
        assert examples[train].sentence_id in named or examples[test].sentence_id in named


def test_a_train_document_later_than_a_test_document_breaks_a_split_by_date(
    examples: list[Example], documents: list[Document]
) -> None:
    found = audit(examples, by_id(documents), "date", **KNOBS)
    assert found["time_order"]
