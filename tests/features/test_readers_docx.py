import io
import zipfile
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from features.readers.docx_package import refuse_unsafe
from features.readers.refusal import RefusedError
from tests.features.test_readers import document, refusal


def packed(package: Any) -> bytes:
    out = io.BytesIO()
    package.save(out)
    return out.getvalue()


def replaced(data: bytes, **members: bytes) -> bytes:
    """`data` with the members of these names (dots and slashes as underscores) replaced, or added under their names."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, members.pop(name.replace(".", "_").replace("/", "_"), old.read(name)))
        for name, content in members.items():
            new.writestr(name, content)
    return out.getvalue()


def statement(*texts: str) -> bytes:
    package = docx.Document()
    for text in texts or ("The ministers met.",):
        package.add_paragraph(text)
    return packed(package)


def test_paragraphs_headings_items_and_cells_come_in_their_order(tmp_path: Path) -> None:
    package = docx.Document()
    package.core_properties.title = "Joint \n Statement"
    package.add_heading("The threat", level=1)
    package.add_paragraph("It persists.\tIt\ngrows.")
    package.add_paragraph("financing", style="List Bullet")
    package.add_paragraph("training", style="List Number")
    table = package.add_table(rows=2, cols=2)
    table.cell(0, 0).text = "Group"
    table.cell(0, 1).text = "Year"
    table.cell(1, 0).merge(table.cell(1, 1)).text = "Example Front, 1999"
    package.add_paragraph("After the table.")
    found = document(tmp_path, "a.docx", packed(package))
    assert found.text.split("\n\n") == [
        "The threat",
        "It persists. It\ngrows.",
        "- financing",
        "- training",
        "Group",
        "Year",
        "Example Front, 1999",
        "After the table.",
    ]
    assert (found.id, found.title, found.date) == ("a.docx", "Joint Statement", None)


def test_numbering_makes_an_item_of_a_plain_paragraph_and_none_of_a_heading(tmp_path: Path) -> None:
    package = docx.Document()
    for style, number in (("Normal", 1), ("Heading 1", 1), ("List Bullet", 0)):
        paragraph = package.add_paragraph(style, style=style)
        paragraph._p.get_or_add_pPr().append(
            parse_xml(f'<w:numPr {nsdecls("w")}><w:ilvl w:val="0"/><w:numId w:val="{number}"/></w:numPr>')
        )
    assert document(tmp_path, "a.docx", packed(package)).text == "- Normal\n\nHeading 1\n\nList Bullet"


def test_insertions_content_controls_and_text_boxes_count_and_deletions_do_not(tmp_path: Path) -> None:
    package = docx.Document()
    names = nsdecls("w") + ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    run = "<w:r><w:t>{}</w:t></w:r>"
    box = f"<w:txbxContent><w:p>{run.format('In a box.')}</w:p></w:txbxContent>"
    for xml in (
        f"<w:p {names}>{run.format('We')}<w:ins>{run.format(' agree')}</w:ins>"
        f"<w:del><w:r><w:delText> differ</w:delText></w:r></w:del>"
        f"<w:moveFrom>{run.format(' elsewhere')}</w:moveFrom><w:hyperlink>{run.format('.')}</w:hyperlink></w:p>",
        f"<w:sdt {names}><w:sdtContent><w:p>{run.format('Controlled.')}</w:p></w:sdtContent></w:sdt>",
        f"<w:p {names}><w:r><mc:AlternateContent><mc:Choice Requires='wps'>{box}</mc:Choice>"
        f"<mc:Fallback>{box}</mc:Fallback></mc:AlternateContent></w:r></w:p>",
    ):
        package.element.body.insert(-1, parse_xml(xml))
    assert document(tmp_path, "a.docx", packed(package)).text == "We agree.\n\nControlled.\n\nIn a box."


BOMB = b"<?xml version='1.0'?><a>" + b" " * 20_000_000 + b"</a>"


def test_a_bomb_is_refused_by_its_ratio_by_its_size_and_by_its_parts(tmp_path: Path) -> None:
    refused = refusal(tmp_path, "a.docx", replaced(statement(), word_document_xml=BOMB))
    assert refused.kind == "unsafe"
    assert refused.reason == "word/document.xml unpacks to over 150 times its size, like a bomb"
    many = {f"customXml/extra{number}.xml": b"<a/>" for number in range(2_000)}
    assert "parts, more than 2,000" in refusal(tmp_path, "b.docx", replaced(statement(), **many)).reason
    large = replaced(statement(), **{"word/media/a.png": BOMB})
    size = len(BOMB).to_bytes(4, "little")
    assert large.count(size) == 2
    lying = large.replace(size, (300_000_000).to_bytes(4, "little"))
    assert "unpacks to 300," in refusal(tmp_path, "c.docx", lying).reason


def test_a_member_that_unpacks_to_more_than_it_declares_is_refused(tmp_path: Path) -> None:
    data = replaced(statement(), **{"word/media/a.png": BOMB})
    lying = data.replace(len(BOMB).to_bytes(4, "little"), (900).to_bytes(4, "little"))
    assert refusal(tmp_path, "a.docx", lying).kind == "broken"


ENTITY = "<!DOCTYPE a [<!ENTITY b 'boom'>]><a>&b;</a>"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "iso-8859-2"])
@pytest.mark.parametrize("name", ["word_document_xml", "word/extra.bin", "customXml/extra.xml"])
def test_a_document_type_is_refused_in_any_part_and_encoding(tmp_path: Path, encoding: str, name: str) -> None:
    long_comment = f"<!-- {''.join(map(chr, range(97, 123))) * 50_000} -->"
    declared = encoding.removesuffix("-sig").removesuffix("-le")
    part = f"<?xml version='1.0' encoding='{declared}'?>{long_comment}{ENTITY}"
    refused = refusal(tmp_path, "a.docx", replaced(statement(), **{name: part.encode(encoding)}))
    assert refused.kind == "unsafe"


@pytest.mark.parametrize("encoding", ["UTF-7", "no-such", "cp037"])
def test_xml_in_an_encoding_that_cannot_be_searched_is_refused(tmp_path: Path, encoding: str) -> None:
    part = f"<?xml version='1.0' encoding='{encoding}'?><a/>".encode()
    assert refusal(tmp_path, "a.docx", replaced(statement(), **{"word/extra.bin": part})).kind == "broken"


def test_pictures_are_no_xml_and_harm_nobody() -> None:
    refuse_unsafe(replaced(statement(), **{"word/media/a.png": b"\x89PNG\r\n\x1a\n\x00\x00", "word/media/b.wmf": b""}))


def test_a_broken_package_is_refused(tmp_path: Path) -> None:
    whole = statement("Text. " * 5_000)
    not_word = io.BytesIO()
    with zipfile.ZipFile(not_word, "w") as archive:
        archive.writestr("hello.txt", "hello")
    for data in (b"PK\x03\x04 no zip", whole[:-40], whole.replace(whole[1000:1020], b"\xff" * 20), not_word.getvalue()):
        assert refusal(tmp_path, "a.docx", data).kind == "broken"
    assert refusal(tmp_path, "a.docx", replaced(whole, word_document_xml=b"<a><b></a>")).kind == "broken"


def test_an_encrypted_document_is_refused(tmp_path: Path) -> None:
    refused = refusal(tmp_path, "a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500))
    assert refused.kind == "encrypted"


def test_a_document_without_text_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, "a.docx", statement(" ", "")).kind == "empty"


def test_an_unsafe_package_is_refused_before_it_is_opened() -> None:
    with pytest.raises(RefusedError, match="declares a document type"):
        refuse_unsafe(replaced(statement(), **{"docProps/custom.xml": ENTITY.encode()}))
