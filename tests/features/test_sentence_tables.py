from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features import sentence_tables
from features.readers import Refusal
from features.sentence_tables import Row, Run, count, runs


def rows(path: Path, name: str) -> Iterator[Row | Refusal]:
    """All rows one by one, after a look that runs leave out no position and are as long as they may be."""
    position = 0
    for found in runs(path, name, at_once=2):
        if isinstance(found, Run):
            assert (found.table, found.position, 1 <= found.count <= 2) == (name, position, True)
            yield from map(Row, *(column.to_pylist() for column in (found.text, found.id, found.doc)))
        else:
            yield found
        position += found.count if isinstance(found, Run) else 1


def read(path: Path, content: bytes) -> list[Row | Refusal]:
    path.write_bytes(content)
    return list(rows(path, path.name))


def reasons(found: list[Row | Refusal]) -> list[str]:
    return [row.reason for row in found if isinstance(row, Refusal)]


def test_json_lines_give_their_rows_and_other_fields_are_left_alone(tmp_path: Path) -> None:
    content = b'\xef\xbb\xbf{"text": "One.", "id": 7, "labels": ["x"]}\n\n{"text": "Two.", "doc": "d"}'
    assert read(tmp_path / "a.jsonl", content) == [Row("One.", id="7"), Row("Two.", doc="d")]


def test_a_line_that_is_no_row_is_refused_by_its_number_and_the_next_is_read(tmp_path: Path) -> None:
    found = read(
        tmp_path / "a.jsonl", b'{"text": "One."}\n{"text": 2}\nnot JSON\n{"text": "\xff"}\n{"text": "Five."}\n'
    )
    assert [row.text for row in found if isinstance(row, Row)] == ["One.", "Five."]
    assert [reason.split(":")[0] for reason in reasons(found)] == ["line 2", "line 3", "line 4"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_may_be_parted_by_commas_semicolons_or_tabs(tmp_path: Path, delimiter: str) -> None:
    content = f'doc{delimiter}text\nd{delimiter}"Funds, {delimiter} and\nmore."\n'.encode()
    assert read(tmp_path / "a.csv", content) == [Row(f"Funds, {delimiter} and\nmore.", doc="d")]


def test_a_csv_in_a_legacy_encoding_keeps_its_accents(tmp_path: Path) -> None:
    content = "text\nLes États ont gelé les avoirs des organisations.\n".encode("cp1252")
    assert read(tmp_path / "a.csv", content) == [Row("Les États ont gelé les avoirs des organisations.")]


def test_a_csv_row_without_its_text_is_refused_by_its_line(tmp_path: Path) -> None:
    found = read(tmp_path / "a.csv", b"doc,text\nd\ne,Two.\n")
    assert reasons(found) == ["line 2: Expected `str`, got `null` - at `$.text`"]
    assert found[1:] == [Row("Two.", doc="e")]


def test_parquet_rows_may_have_numbers_for_ids_and_a_null_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": [1, 2], "text": ["One.", None], "more": [0.5, 0.5]}), path)
    found = list(rows(path, "a.parquet"))
    assert found[0] == Row("One.", id="1")
    assert reasons(found)[0].startswith("row 2:")


def test_parquet_is_the_same_taken_by_columns_or_by_rows(tmp_path: Path) -> None:
    columns = {"text": ["One.", "Two.", "Three."], "id": [7, None, 9], "doc": ["d", "d", None]}
    pq.write_table(pa.table(columns), tmp_path / "plain.parquet")
    pq.write_table(pa.table(columns | {"text": pa.array(columns["text"], pa.large_string())}), tmp_path / "a.parquet")
    found = list(rows(tmp_path / "plain.parquet", "a"))
    assert found == list(rows(tmp_path / "a.parquet", "a"))
    assert found == [Row("One.", id="7", doc="d"), Row("Two.", doc="d"), Row("Three.", id="9")]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.csv", b"id,sentence\n1,One.\n", "needs a column 'text'; it has id, sentence"),
        ("a.csv", b"", "needs a column 'text'; it has no columns"),
        ("a.csv", b"text\n\x00\x01", "binary content"),
        ("a.parquet", b"not parquet", "not read to the end"),
        ("a.txt", b"One.", "not a table of sentences; these end in .jsonl, .csv, .parquet"),
    ],
)
def test_a_file_that_is_no_table_of_sentences_is_refused(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    (found,) = reasons(read(tmp_path / name, content))
    assert reason in found


def test_the_expected_number_of_rows_is_that_of_the_lines_or_of_the_parquet_footer(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"{}\n{}\n{}\n")
    pq.write_table(pa.table({"text": ["One.", "Two."]}), tmp_path / "a.parquet")
    (tmp_path / "broken.parquet").write_bytes(b"no")
    (tmp_path / "a.txt").write_bytes(b"One.\nTwo.\n")
    names = ("a.jsonl", "a.parquet", "broken.parquet", "a.txt")
    assert [count(tmp_path / name) for name in names] == [3, 2, 1, 1]


def test_long_texts_end_a_run_before_it_is_more_than_arrow_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sentence_tables, "_MOST_LETTERS", 5)
    path = tmp_path / "a.jsonl"
    path.write_text(
        "".join(f'{{"text": "{text}"}}\n' for text in ("abc", "defg", "h", "ijklmn", "o")), encoding="utf-8"
    )
    found = [found.text.to_pylist() for found in runs(path, "a.jsonl", at_once=9) if isinstance(found, Run)]
    assert found == [["abc", "defg"], ["h", "ijklmn"], ["o"]]
