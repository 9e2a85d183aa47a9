import csv
import datetime
import random
import tracemalloc
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.readers import Refusal, read
from features.readers.characters import clean
from features.text import Document
from tests.features.test_readers import refusal


def rows(folder: Path, name: str, data: bytes) -> list[Document | Refusal]:
    path = folder / name
    path.write_bytes(data)
    return list(read(path, folder, max_megabytes=1, pdf_seconds=1))


FULL = Document(id="7", text="One.\nTwo.", date="2014-03-11", source="Ministry", genre="speech", title="A title")


def test_a_json_line_holds_a_document_and_a_bad_one_is_refused_with_its_number(tmp_path: Path) -> None:
    data = b"""\xef\xbb\xbf{"text": "One.\\r\\nTwo.", "id": 7, "date": "2014-03-11T10:00:00Z", "source": "Ministry",\
 "genre": "speech", "title": "A\\ntitle", "url": "x"}

{"text": "broken"
{"text": 5}
{"id": "no-text"}
{"text": " "}
{"text": "x", "date": "11.3.2014"}
["text"]
{"text": "\xff"}
{"text": "\\ud800"}
{"text": "Last\\u0000."}"""
    found = rows(tmp_path, "a.jsonl", data)
    assert found[0] == FULL
    assert found[-1] == Document(id="a.jsonl#11", text="Last .")
    refused = [one for one in found if isinstance(one, Refusal)]
    assert [one.reason.split(":")[0] for one in refused] == [f"line {number}" for number in range(3, 11)]
    assert [one.kind for one in refused] == ["row", "row", "row", "empty", "row", "row", "row", "row"]
    assert refused[2].reason == "line 5: Object missing required field `text`"
    assert {one.path for one in refused} == {"a.jsonl"}


def test_a_csv_with_quoted_newlines_is_read_and_its_lines_are_counted(tmp_path: Path) -> None:
    data = (
        "id,text,date,source,genre,title,note\r\n"
        '7,"One.\r\nTwo.",2014-03-11,Ministry,speech,A title,x\r\n'
        "\r\n"
        ',"She said ""yes"", then left.",,,,,\r\n'
        "a,b\r\n"
        "8,Text,soon,,,,\r\n"
        "9,,,,,,\r\n"
    )
    assert rows(tmp_path, "a.csv", data.encode()) == [
        FULL,
        Document(id="a.csv#2", text='She said "yes", then left.'),
        Refusal("a.csv", "row", "line 6: 2 cells under 7 column names"),
        Refusal("a.csv", "row", "line 7: date 'soon' is not a date like 2014-03-11; mend it or leave it empty"),
        Refusal("a.csv", "empty", "line 8: the text is empty"),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1251"])
def test_a_csv_is_read_with_its_own_delimiter_and_encoding(tmp_path: Path, delimiter: str, encoding: str) -> None:
    text = "Министры договорились об обмене информацией о финансировании терроризма."
    data = f'"id"{delimiter}"text"\n"1"{delimiter}"{text}"\n'.encode(encoding)
    assert rows(tmp_path, "a.csv", data) == [Document(id="1", text=text)]


def test_a_csv_that_cannot_be_made_out_keeps_the_rows_before(tmp_path: Path) -> None:
    found = rows(tmp_path, "a.csv", b'text\nfirst\n"never closed\nand so on\n')
    assert found[0] == Document(id="a.csv#1", text="first")
    assert found[1:] == [
        Refusal("a.csv", "broken", "line 3: unexpected end of data; this row and what follows it were not read")
    ]


def test_a_table_needs_a_text_column(tmp_path: Path) -> None:
    assert refusal(tmp_path, "a.csv", b"id,body\n1,x\n").reason == "needs one column 'text'; it has id, body"
    assert refusal(tmp_path, "b.csv", b"text,text\n1,x\n").kind == "format"
    pq.write_table(pa.table({"body": ["x"]}), tmp_path / "c.parquet")
    (found,) = read(tmp_path / "c.parquet", tmp_path, max_megabytes=1, pdf_seconds=1)
    assert found == Refusal("c.parquet", "format", "needs one column 'text'; it has body")


@pytest.mark.parametrize("data", [b"", b"\n\n"])
def test_a_table_without_rows_is_refused(tmp_path: Path, data: bytes) -> None:
    assert refusal(tmp_path, "a.jsonl", data) == Refusal("a.jsonl", "empty", "the file holds no rows")
    assert refusal(tmp_path, "a.csv", b"text\n" + data).kind == "empty"
    pq.write_table(pa.table({"text": pa.array([], pa.string())}), tmp_path / "a.parquet")
    (found,) = read(tmp_path / "a.parquet", tmp_path, max_megabytes=1, pdf_seconds=1)
    assert isinstance(found, Refusal)
    assert found.kind == "empty"


def test_a_line_or_a_text_over_the_limit_is_refused(tmp_path: Path) -> None:
    found = rows(tmp_path, "a.jsonl", b'{"text": "x"}\n{"text": "' + b"y" * 1_000_000 + b'"}\n{"text": "z"}\n')
    assert found[1:] == [
        Refusal("a.jsonl", "size", "line 2 is longer than 1,000,000 characters; the rest was not read")
    ]
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": ["y" * 1_000_001, "z"]}), path)
    found = list(read(path, tmp_path, max_megabytes=1, pdf_seconds=1))
    assert found[0] == Refusal("a.parquet", "size", "row 1: more than 1,000,000 characters of text")
    assert found[1] == Document(id="a.parquet#2", text="z")


def test_parquet_columns_of_other_types_are_read_or_refused_row_by_row(tmp_path: Path) -> None:
    day = datetime.date(2014, 3, 11)
    table = pa.table(
        {
            "text": pa.array(["One.\r\nTwo.", None, "Three."]).dictionary_encode(),
            "id": [7, 8, None],
            "date": pa.array([day, day, None], pa.date32()),
            "source": ["Ministry", "x", "y"],
            "genre": ["speech", "x", "y"],
            "title": ["A title", "x", "y"],
            "vector": [[1.0], [2.0], [3.0]],
        }
    )
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=1)
    assert list(read(tmp_path / "a.parquet", tmp_path, max_megabytes=1, pdf_seconds=1)) == [
        FULL,
        Refusal("a.parquet", "row", "row 2: Expected `str`, got `null` - at `$.text`"),
        Document(id="a.parquet#3", text="Three.", source="y", genre="y", title="y"),
    ]


def test_a_time_stamp_dates_its_document_by_its_day(tmp_path: Path) -> None:
    stamp = datetime.datetime(2014, 3, 11, 23, 59)
    pq.write_table(pa.table({"text": ["x"], "date": pa.array([stamp], pa.timestamp("us"))}), tmp_path / "a.parquet")
    assert list(read(tmp_path / "a.parquet", tmp_path, max_megabytes=1, pdf_seconds=1)) == [
        Document(id="a.parquet#1", text="x", date="2014-03-11")
    ]


def test_a_broken_parquet_file_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": ["some text"] * 1000}), tmp_path / "whole.parquet", compression="zstd")
    whole = (tmp_path / "whole.parquet").read_bytes()
    for data in (b"PAR1", whole[:-20], whole[:8] + b"\xff" * 30 + whole[38:]):
        refused = refusal(tmp_path, "a.parquet", data)
        assert refused.kind == "broken"
        assert refused.reason.startswith("not a readable parquet file after row 0: ")


def test_binary_content_under_the_name_of_a_csv_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, "a.csv", b"text\n\x00\x01\x02").kind == "encoding"


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet"])
def test_memory_does_not_grow_with_the_table(tmp_path: Path, suffix: str) -> None:
    def peak(count: int) -> int:
        path = tmp_path / f"{count}.{suffix}"
        text = "A sentence of a statement. " * 20
        if suffix == "parquet":
            pq.write_table(pa.table({"text": [text] * count}), path)
        else:
            line = msgspec.json.encode({"text": text}) + b"\n" if suffix == "jsonl" else text.encode() + b"\n"
            path.write_bytes((b"" if suffix == "jsonl" else b"text\n") + line * count)
        tracemalloc.start()
        assert sum(isinstance(one, Document) for one in read(path, tmp_path, max_megabytes=1, pdf_seconds=1)) == count
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return highest

    peak(100)
    assert peak(8_000) < 1.5 * peak(2_000) + 500_000


def test_a_row_group_is_not_held_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    texts = [random.Random(seed).randbytes(250).hex() for seed in range(20_000)]
    pq.write_table(pa.table({"text": texts}), path, use_dictionary=False)
    before = pa.total_allocated_bytes()
    found = read(path, tmp_path, max_megabytes=1, pdf_seconds=1)
    next(found)
    assert pa.total_allocated_bytes() - before < path.stat().st_size / 2


def test_a_large_csv_in_chinese_is_read_though_pieces_end_within_characters(tmp_path: Path) -> None:
    line = "各国部长重申打击恐怖主义融资的决心并同意加强信息共享与区域合作"
    for shift in range(2):
        data = f"text,id\n{'x' * shift}{line},0\n".encode("gb18030") + f"{line},\n".encode("gb18030") * 20_000
        assert rows(tmp_path, "a.csv", data)[-1] == Document(id="a.csv#20001", text=line)


TEXT = st.text(max_size=60).filter(lambda text: bool(clean(text).strip()))


@settings(deadline=None)
@given(st.lists(TEXT, min_size=1, max_size=8))
def test_the_same_texts_come_out_of_all_three_formats(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("rows")
    (folder / "a.jsonl").write_bytes(msgspec.json.Encoder().encode_lines([{"text": text} for text in texts]))
    pq.write_table(pa.table({"text": texts}), folder / "a.parquet")
    with (folder / "a.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([["text"], *([text] for text in texts)])
    for suffix in ("jsonl", "parquet"):
        path = folder / f"a.{suffix}"
        found = read(path, folder, max_megabytes=1, pdf_seconds=1)
        assert list(found) == [Document(f"a.{suffix}#{n}", clean(text)) for n, text in enumerate(texts, 1)]
    if not any("\0" in text for text in texts):
        found = read(folder / "a.csv", folder, max_megabytes=1, pdf_seconds=1)
        assert list(found) == [Document(f"a.csv#{n}", clean(text)) for n, text in enumerate(texts, 1)]
