"""Word documents."""

import io
from collections.abc import Iterator
from typing import Any

from features.readers.characters import clean, one_line
from features.readers.docx_package import refuse_unsafe
from features.readers.refusal import RefusedError
from features.text import Document

_ENCRYPTED_OFFICE = b"\xd0\xcf\x11\xe0"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_MADE_UP_TITLE = "Word Document"  # python-docx's, where a file has no properties


def docx_document(data: bytes, name: str) -> Document:
    """The document in the bytes of a .docx file; headings, list items and table cells are paragraphs, in their order.

    Raises RefusedError for zip bombs, document type declarations, and what is encrypted, broken or not Word.
    """
    if data.startswith(_ENCRYPTED_OFFICE):
        raise RefusedError("encrypted", "encrypted, or an old .doc file; save it as .docx without a password")
    refuse_unsafe(data)
    import docx
    from docx.opc.exceptions import OpcError
    from lxml.etree import LxmlError

    try:
        package = docx.Document(io.BytesIO(data))
        text = "\n\n".join(_paragraphs(package))
        title = one_line(package.core_properties.title)
    except (OpcError, LxmlError, KeyError, ValueError, AttributeError, TypeError) as error:
        raise RefusedError("broken", f"not a Word document ({error}); save it again from its source") from error
    return Document(id=name, text=text, title=None if title == _MADE_UP_TITLE else title)


def _paragraphs(package: Any) -> Iterator[str]:
    """Every paragraph that shows text, wherever it stands: body, table cell, content control or text box."""
    from docx.oxml.ns import qn
    from docx.text.paragraph import Paragraph

    for element in package.element.body.iter(qn("w:p")):
        # A text box comes twice: as it is drawn, and as older programs would draw it.
        if next(element.iterancestors(_FALLBACK), None) is None:
            text = "\n".join(" ".join(line.split()) for line in clean(_text(element)).split("\n")).strip()
            if text:
                yield f"- {text}" if _is_item(Paragraph(element, package)) else text


def _text(paragraph: Any) -> str:
    """What a reader of the final version sees: insertions count, deletions and what was moved away do not."""
    from docx.oxml.ns import qn

    gone = {qn("w:del"), qn("w:moveFrom")}
    runs = []
    for run in paragraph.iter(qn("w:r")):
        ancestors = list(run.iterancestors())
        own = next(node for node in ancestors if node.tag == qn("w:p")) is paragraph
        if own and not any(node.tag in gone for node in ancestors):
            runs.append(run.text)
    return "".join(runs)


def _is_item(paragraph: Any) -> bool:
    style = paragraph.style.name or ""
    if style.startswith(("Heading", "Title")):
        return False
    properties = paragraph._p.pPr
    numbering = properties.numPr if properties is not None else None
    if numbering is not None and numbering.numId is not None:
        return bool(numbering.numId.val != 0)  # 0 takes the numbering of the style away
    return style.startswith("List")
