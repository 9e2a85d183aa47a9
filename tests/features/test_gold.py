import json
from pathlib import Path

import pytest

from features.codebook import Codebook
from features.errors import AllRefusedFailure, UsageFailure
from features.gold import GoldRow, gold_passages, read_gold
from features.text import Passage

ROW = {"id": "1", "doc": "d", "text": "Text.", "labels": ["financing"], "origin": "ignored"}


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        ([ROW, ROW | {"labels": ["finance"]}], r"gold\.jsonl:2: \['finance'\]"),
        ([ROW, ROW], r"gold\.jsonl:2: id '1' stands on line 1 already"),
        ([ROW, {"id": "1"}], r"gold\.jsonl:2: not a gold row"),
    ],
)
def test_a_bad_row_is_named_with_file_and_line(
    tmp_path: Path, small_codebook: Codebook, lines: list[dict[str, object]], named: str
) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    with pytest.raises(UsageFailure, match=named):
        read_gold(path, small_codebook.ids)


def test_an_empty_or_missing_file_says_so(tmp_path: Path, small_codebook: Codebook) -> None:
    path = tmp_path / "gold.jsonl"
    with pytest.raises(UsageFailure, match=r"gold\.jsonl"):
        read_gold(path, small_codebook.ids)
    path.write_text("\n\n", encoding="utf-8")
    with pytest.raises(AllRefusedFailure, match="no gold row"):
        read_gold(path, small_codebook.ids)


def test_rows_of_one_document_that_follow_each_other_are_neighbours() -> None:
    rows = [GoldRow("1", "d", "One.", []), GoldRow("2", "d", "Two.", []), GoldRow("3", "e", "Three.", [])]
    assert gold_passages(rows) == [Passage("One.", after="Two."), Passage("Two.", before="One."), Passage("Three.")]
