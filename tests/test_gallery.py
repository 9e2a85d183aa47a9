from pathlib import Path

import pytest

from features import annotations
from features.bundle import Bundle
from features.codebook import Codebook
from features.conversion import converted
from features.text import Example
from features.training import Trained
from pipelines.gallery import AGREED, Shown, gallery
from tests.conftest import SMALL

KNOBS = {"errors_per_theme": 2, "terms": 3}


@pytest.fixture(scope="module")
def model(trained: Trained, small_codebook: Codebook) -> Bundle:
    return Bundle(*converted(trained, "words", small_codebook, 2000, {}), fingerprint="")


@pytest.fixture(scope="module")
def by_id(examples: list[Example]) -> dict[str, Example]:
    return {row.sentence_id: row for row in examples}


def errors(rows: list[Example], part: str) -> list[dict[str, str]]:
    return [
        {
            "part": part,
            "theme": theme,
            "error": "miss",
            "probability": "0.1",
            "threshold": "0.4",
            "doc": row.doc,
            "sentence_id": row.sentence_id,
            "text": row.text,
        }
        for theme in ("financing", "radicalisation")
        for row in rows
    ]


@pytest.fixture(scope="module")
def valid(examples: list[Example]) -> list[Example]:
    return [row for row in examples if row.part == "valid"][:4]


def shown(model: Bundle, valid: list[Example], by_id: dict[str, Example], reasons: dict[str, str]) -> list[Shown]:
    return gallery(model, [*errors(valid, "test"), *errors(valid, "valid")], by_id, reasons, **KNOBS)


def test_the_first_errors_of_each_theme_on_valid_are_shown_and_none_of_test(
    model: Bundle, valid: list[Example], by_id: dict[str, Example]
) -> None:
    found = shown(model, valid, by_id, {})
    assert [(one.theme, one.text) for one in found] == [
        (theme, row.text) for theme in ("financing", "radicalisation") for row in valid[:2]
    ]


def test_each_has_its_neighbours_its_terms_and_the_reason_of_gold(
    model: Bundle, valid: list[Example], by_id: dict[str, Example]
) -> None:
    reasons = {valid[0].sentence_id: "context: the funds point back"}
    first, second, *_ = shown(model, valid, by_id, reasons)
    assert (first.before, first.after) == (valid[0].before, valid[0].after)
    assert (first.why, second.why) == ("context: the funds point back", AGREED)
    expected = model.explain(valid[0].passage, "financing", 3)
    assert first.terms == [f"{term} {part:+.2f}" for term, part in expected]


def test_reasons_are_those_of_the_adjudicators() -> None:
    found = annotations.reasons(SMALL / "annotations")
    assert all(reason for reason in found.values())
    assert annotations.reasons(Path("nowhere")) == {}
    shipped = annotations.reasons(Path("data/annotations"))
    assert len(shipped) > 100
    assert {reason.partition(":")[0] for reason in shipped.values()} <= {"definition", "boundary", "slip", "context"}
