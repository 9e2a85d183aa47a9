import io
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from features.readers import pdf_process
from features.readers.pages import paragraphs
from features.readers.pdf import pdf_document
from features.readers.refusal import RefusedError
from tests.features.test_readers import document, refusal

LINES = ("The two sides agreed to share informa-", "tion on terrorism.")


def pdf(*pages: bytes) -> bytes:
    """A PDF of the smallest kind: one content stream a page, one font, no compression."""
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, content in enumerate(pages):
        objects += [
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Resources << /Font << /F1 3 0 R >> >> "
            + f"/Contents {5 + 2 * number} 0 R >>".encode(),
            f"<< /Length {len(content)} >>\nstream\n".encode() + content + b"\nendstream",
        ]
    out, offsets = b"%PDF-1.4\n", []
    for number, item in enumerate(objects, start=1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n".encode() + item + b"\nendobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    head = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n"
    return out + (
        f"{head}{table}trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF".encode()
    )


def shown(*lines: str) -> bytes:
    return b"BT /F1 12 Tf 72 720 Td 14 TL " + b" ".join(f"({line}) Tj T*".encode() for line in lines) + b" ET"


def encrypted(data: bytes, password: str) -> bytes:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    writer.add_metadata({"/Title": "Joint\nStatement"})
    writer.encrypt(user_password=password, owner_password="owner", algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_the_text_of_a_pdf_is_read_with_its_parted_words_joined(tmp_path: Path) -> None:
    found = document(tmp_path, "a/b.pdf", pdf(shown(*LINES), shown("Second page.")))
    assert found.text == "The two sides agreed to share information on terrorism.\n\nSecond page."
    assert (found.id, found.date, found.title) == ("a/b.pdf", None, None)


def test_a_broken_pdf_is_refused_with_its_reason_and_the_same_one_each_time(tmp_path: Path) -> None:
    for data in (b"no PDF at all", pdf(shown("x"))[:60], b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n"):
        refused = refusal(tmp_path, "a.pdf", data)
        assert refused.kind == "broken"
        assert refused.reason.startswith("not a readable PDF (")
        assert refused == refusal(tmp_path, "a.pdf", data)


def test_an_encrypted_pdf_is_refused(tmp_path: Path) -> None:
    refused = refusal(tmp_path, "a.pdf", encrypted(pdf(shown(*LINES)), "secret"))
    assert (refused.kind, refused.reason) == ("encrypted", "encrypted; save a copy without a password")


def test_a_pdf_with_an_owner_password_only_opens_with_the_empty_one(tmp_path: Path) -> None:
    found = document(tmp_path, "a.pdf", encrypted(pdf(shown(*LINES)), ""))
    assert "share information on" in found.text
    assert found.title == "Joint Statement"


def test_a_pdf_without_text_is_refused_as_scanned(tmp_path: Path) -> None:
    refused = refusal(tmp_path, "a.pdf", pdf(b"0 0 100 100 re f", b""))
    assert refused.kind == "scanned"
    assert refused.reason.startswith("no text on its 2 pages")


def test_a_pdf_that_never_ends_is_stopped(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf(b"BT /F1 12 Tf " + b"(a) Tj " * 2_000_000 + b"ET"))
    with pytest.raises(RefusedError, match=r"took more than 1 s of processor time; raise ingest.pdf_seconds"):
        pdf_document(path, "a.pdf", seconds=1, max_characters=1000)


def test_a_pdf_with_too_much_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf(shown("x" * 60), shown("y" * 60)))
    with pytest.raises(RefusedError, match="more than 100 characters"):
        pdf_document(path, "a.pdf", seconds=5, max_characters=100)


def limited(seconds: int, megabytes: int, work: str) -> "subprocess.CompletedProcess[str]":
    program = f"import sys, runpy; runpy.run_path(sys.argv[1])['limit']({seconds}, {megabytes})\n{work}"
    line = [sys.executable, "-I", "-c", program, pdf_process.__file__]
    return subprocess.run(line, capture_output=True, text=True, check=False, timeout=60)


def test_the_child_process_keeps_to_its_memory_and_its_processor_time() -> None:
    assert limited(9, 256, "bytes(300 << 20)").stderr.splitlines()[-1].startswith("MemoryError")
    assert limited(1, 256, "while True: pass").returncode == -signal.SIGXCPU


WIDE = "The Parties reaffirmed that terrorism in all its forms and manifestations is a threat to"


def test_lines_become_paragraphs_where_their_lengths_suggest_it() -> None:
    page = "\n".join(
        [
            "Joint Statement",
            WIDE,
            "international peace and security.",
            WIDE,
            "Lasting peace and shall:",
            "(a) exchange information; and",
            "(b) train officers.",
            "",
            WIDE,
        ]
    )
    assert paragraphs([page, "peace everywhere."]).split("\n\n") == [
        "Joint Statement",
        f"{WIDE} international peace and security.",
        f"{WIDE} Lasting peace and shall:",
        "(a) exchange information; and",
        "(b) train officers.",
        f"{WIDE} peace everywhere.",
    ]


def test_a_number_at_the_beginning_of_a_line_within_a_sentence_is_no_list_item() -> None:
    assert paragraphs([f"{WIDE}\n12. of the same Convention applies to them as well."]).count("\n\n") == 0


def test_a_compound_parted_at_its_hyphen_keeps_it_where_the_text_writes_it_so() -> None:
    page = "Counter-terrorism is hard. Our counter-\nterrorism policy on finan-\ncing is Franco-\nGerman."
    assert paragraphs([page]) == (
        "Counter-terrorism is hard. Our counter-terrorism policy on financing is Franco-German."
    )


def test_a_number_keeps_its_hyphen_a_dash_its_space_and_a_soft_hyphen_goes() -> None:
    assert (
        paragraphs(["since COVID-\n19 quick\u00ad\nly and -\nwell - soon"])
        == "since COVID-19 quickly and - well - soon"
    )


def test_running_heads_and_page_numbers_are_dropped_and_single_pages_kept_whole() -> None:
    pages = [f"A/RES/70/291\n{WIDE} number {word},\n{number}" for number, word in enumerate(["one", "two", "three"], 1)]
    assert paragraphs(pages) == " ".join(f"{WIDE} number {word}," for word in ("one", "two", "three"))
    assert paragraphs(pages[:1]).startswith("A/RES/70/291")


def test_a_page_that_ends_with_a_sentence_ends_a_paragraph_and_another_does_not() -> None:
    assert paragraphs([f"{WIDE} peace.", f"{WIDE}\n4", "2 Scope of it"]) == f"{WIDE} peace.\n\n{WIDE} 2 Scope of it"


def test_pages_without_a_line_give_no_text() -> None:
    assert paragraphs([]) == paragraphs(["", " \n "]) == ""
