import csv
from pathlib import Path

import pytest

from features.codebook import Codebook
from features.errors import IntegrityFailure, UsageFailure
from features.text import Sentence
from pipelines.annotations import filled, sheet

SHEET = Path("sheet.csv")


def rows_of(sentences: list[Sentence], themes: Codebook) -> list[dict[str, str]]:
    header, *rows = sheet(sentences, themes)
    return [dict(zip(header, row, strict=True)) for row in rows]


def test_a_filled_sheet_becomes_annotations_of_the_decided_rows(
    small_sentences: list[Sentence], small_codebook: Codebook
) -> None:
    rows = rows_of(small_sentences, small_codebook)
    decided = [n for n, row in enumerate(rows) if row["kind"] == "sentence"][:3]
    for n in decided:
        rows[n]["done"] = "x"
    rows[decided[0]]["financing"] = "x"
    rows[decided[1]] |= {"unsure": "1", "reason": "borderline"}
    found = filled(rows, small_sentences, small_codebook, "anna", SHEET)
    assert [row.themes for row in found] == [["financing"], [], []]
    assert [row.unsure for row in found] == [False, True, False]
    assert {row.coder for row in found} == {"anna"}


def test_headings_are_context_and_never_coded(small_sentences: list[Sentence], small_codebook: Codebook) -> None:
    rows = [row | {"done": "x"} for row in rows_of(small_sentences, small_codebook)]
    found = filled(rows, small_sentences, small_codebook, "anna", SHEET)
    assert len(found) == sum(s.kind != "heading" for s in small_sentences) < len(rows)


def test_a_sheet_survives_the_spreadsheet_and_back(
    tmp_path: Path, small_sentences: list[Sentence], small_codebook: Codebook
) -> None:
    path = tmp_path / "sheet.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(sheet(small_sentences, small_codebook))
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [row | {"done": "x"} for row in csv.DictReader(file)]
    assert filled(rows, small_sentences, small_codebook, "anna", path)


@pytest.mark.parametrize(
    ("changes", "failure", "named"),
    [
        ({"sentence_id": "0123456789ab", "done": "x"}, IntegrityFailure, r"sheet\.csv:2: no sentence"),
        ({"text": "Another text.", "done": "x"}, IntegrityFailure, r"sheet\.csv:2: the text"),
        ({"financing": "x"}, UsageFailure, r"sheet\.csv:2: themes are marked but `done` is not"),
        ({"financing": "maybe", "done": "x"}, UsageFailure, r"sheet\.csv:2: financing: 'maybe' is neither"),
    ],
)
def test_a_row_that_means_nothing_is_named_with_its_line(
    small_sentences: list[Sentence],
    small_codebook: Codebook,
    changes: dict[str, str],
    failure: type[Exception],
    named: str,
) -> None:
    rows = rows_of(small_sentences, small_codebook)
    rows[0] |= changes
    with pytest.raises(failure, match=named):
        filled(rows, small_sentences, small_codebook, "anna", SHEET)


def test_no_and_0_are_no_marks(small_sentences: list[Sentence], small_codebook: Codebook) -> None:
    rows = [
        row | {"done": "1", "financing": "0", "ict_misuse": "no"} for row in rows_of(small_sentences, small_codebook)
    ]
    found = filled(rows, small_sentences, small_codebook, "anna", SHEET)
    assert {theme for row in found for theme in row.themes} == set()


def test_a_row_given_twice_is_named_with_both_lines(small_sentences: list[Sentence], small_codebook: Codebook) -> None:
    rows = rows_of(small_sentences, small_codebook)
    with pytest.raises(UsageFailure, match=r"sheet\.csv:3: repeats the sentence of line 2"):
        filled([rows[0], rows[0]], small_sentences, small_codebook, "anna", SHEET)
