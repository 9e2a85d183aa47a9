import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.errors import AllRefusedFailure, UsageFailure
from features.readers import Refusal
from features.text import Document
from pipelines import store, tables
from pipelines.ingest import ingest, summary

ROOT = Path(__file__).parents[1]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    (folder / "b").mkdir(parents=True)
    (folder / "b" / "one.txt").write_text("---\nid: one\ndate: 2014-03-11\n---\nFirst.")
    (folder / "two.txt").write_text("---\nid: one\n---\nSecond.")
    (folder / "c.md").write_text("# Third")
    (folder / "d.jsonl").write_text('{"text": "Fourth", "id": "c.md"}\nnonsense\n{"text": "Fifth"}\n')
    (folder / "empty.txt").touch()
    (folder / "notes.xyz").write_text("?")
    (folder / ".hidden").write_text("?")
    return folder


def command(*arguments: object) -> "subprocess.CompletedProcess[str]":
    line = [sys.executable, "-m", "pipelines.ingest", *map(str, arguments)]
    return subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)


def test_documents_and_refusals_come_in_the_order_of_their_files(corpus: Path) -> None:
    ingested = ingest(corpus, max_megabytes=1, pdf_seconds=1)
    assert ingested.documents == [
        Document(id="one", text="First.", date="2014-03-11"),
        Document(id="c.md", text="\nThird\n"),
        Document(id="d.jsonl#3", text="Fifth"),
    ]
    assert [(refused.path, refused.kind) for refused in ingested.refusals] == [
        ("d.jsonl", "duplicate"),
        ("d.jsonl", "row"),
        ("empty.txt", "empty"),
        ("notes.xyz", "format"),
        ("two.txt", "duplicate"),
    ]


def test_the_later_of_two_documents_with_one_id_is_refused_naming_the_first(corpus: Path) -> None:
    refused = ingest(corpus, max_megabytes=1, pdf_seconds=1).refusals
    assert refused[-1] == Refusal(
        "two.txt", "duplicate", "the id 'one' is taken by b/one.txt; give one of them another id"
    )


def test_every_document_and_refusal_is_counted(corpus: Path) -> None:
    assert summary(ingest(corpus, max_megabytes=1, pdf_seconds=1)) == {
        "files": 6,
        "documents": 3,
        "with_date": 1,
        "without_date": 2,
        "quarantined": 5,
        "quarantined_by_kind": {"duplicate": 2, "empty": 1, "format": 1, "row": 1},
    }


def test_a_missing_folder_is_a_usage_failure(tmp_path: Path) -> None:
    with pytest.raises(UsageFailure, match="no such folder"):
        ingest(tmp_path / "nothing", max_megabytes=1, pdf_seconds=1)


def test_a_folder_in_which_nothing_is_readable_fails_naming_the_first_reason(tmp_path: Path) -> None:
    with pytest.raises(AllRefusedFailure, match="no files"):
        ingest(tmp_path, max_megabytes=1, pdf_seconds=1)
    (tmp_path / "b.txt").touch()
    (tmp_path / "a.exe").write_bytes(b"MZ")
    with pytest.raises(AllRefusedFailure, match=r"\(2 refused\); the first: a\.exe: '\.exe' is not one of \.txt"):
        ingest(tmp_path, max_megabytes=1, pdf_seconds=1)


def test_the_command_writes_what_it_counts(corpus: Path, tmp_path: Path) -> None:
    done = command(corpus, tmp_path / "out")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("3 documents, 5 quarantined, ")
    out = store.check(tmp_path / "out")
    assert [document.id for document in tables.read(out / "documents.parquet", Document)] == [
        "one",
        "c.md",
        "d.jsonl#3",
    ]
    quarantine = [json.loads(line) for line in (out / "quarantine.jsonl").read_text().splitlines()]
    assert quarantine[2] == {"path": "empty.txt", "kind": "empty", "reason": "the file is empty"}
    assert json.loads((out / "summary.json").read_text())["quarantined"] == len(quarantine) == 5


def test_the_command_ends_with_the_code_of_its_failure(tmp_path: Path) -> None:
    assert command(tmp_path / "nothing", tmp_path / "out").returncode == 2
    (tmp_path / "corpus").mkdir()
    refused = command(tmp_path / "corpus", tmp_path / "out")
    assert (refused.returncode, refused.stdout) == (3, "")
    assert refused.stderr.startswith("error: ")
    assert not (tmp_path / "out").exists()


def test_the_same_files_give_the_same_bytes_wherever_they_lie(corpus: Path, tmp_path: Path) -> None:
    from tests.features.test_readers_docx import statement
    from tests.features.test_readers_html import LINES, page, paragraphs
    from tests.features.test_readers_pdf import pdf, shown

    (corpus / "p.pdf").write_bytes(pdf(shown("Sixth.")))
    (corpus / "broken.pdf").write_bytes(b"%PDF-1.4 nothing")
    (corpus / "w.docx").write_bytes(statement("Seventh."))
    (corpus / "h.html").write_bytes(page(*paragraphs(*LINES)))
    pq.write_table(pa.table({"text": ["Eighth."]}), corpus / "t.parquet")
    assert command(corpus, tmp_path / "one").stdout.startswith("7 documents, 6 quarantined")
    moved = corpus.rename(tmp_path / "moved")
    assert command(moved, tmp_path / "two").returncode == 0
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == ["MANIFEST.sha256", "documents.parquet", "quarantine.jsonl", "summary.json"]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_folder_of_text_files_imports_no_library_of_another_format(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Text.")
    heavy = "{'trafilatura', 'lxml', 'pypdf', 'docx', 'pandas', 'selectolax', 'charset_normalizer'}"
    program = (
        "import sys; from pathlib import Path; from pipelines.ingest import ingest\n"
        f"ingest(Path({str(tmp_path)!r}), max_megabytes=1, pdf_seconds=1)\n"
        f"assert not {heavy} & set(sys.modules), {heavy} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)


def test_every_document_of_the_corpus_has_a_header_that_can_be_read() -> None:
    ingested = ingest(ROOT / "data" / "corpus", max_megabytes=1, pdf_seconds=1)
    assert ingested.refusals == []
    assert all(document.date and document.genre and document.source for document in ingested.documents)
