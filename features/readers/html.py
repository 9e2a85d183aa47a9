"""Web pages: trafilatura finds the statement, selectolax repairs what it loses.

trafilatura keeps one of several identical paragraphs, and nothing that is nested some 250 levels deep; so its answer
only says which of the visible paragraphs of the page belong to the statement.
"""

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from features.readers.characters import clean, decode
from features.readers.html_metadata import metadata
from features.readers.refusal import RefusedError
from features.text import Document

if TYPE_CHECKING:
    from lxml.etree import _Element
    from selectolax.lexbor import LexborHTMLParser

_NOT_TEXT = (
    "nav, footer, aside, script, style, noscript, template, iframe, svg, button, select, textarea, [hidden], "
    "[aria-hidden=true], #comments, .comments, .comment-list"
)
_BLOCKS = (
    "address, article, blockquote, caption, center, dd, details, div, dl, dt, fieldset, figcaption, figure, h1, h2, "
    "h3, h4, h5, h6, header, hr, legend, main, ol, p, pre, section, summary, table, td, th, tr, ul"
)
_ITS_BLOCKS = {"div", "head", "list", "p", "quote", "table", "row", "cell"}  # trafilatura's own element names
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
_XML_DECLARATION = re.compile(r"\s*<\?xml[^>]*>")
# Elements without an end tag, or whose end tag may be left out, are none that nest.
_NESTING = re.compile(
    r"<(/?)(?!(?:a|area|base|br|col|circle|dd|dt|embed|ellipse|hr|img|input|li|line|link|meta|option|p|param|path|"
    r"polygon|polyline|rect|source|stop|tbody|td|tfoot|th|thead|tr|track|use|wbr)(?![\w:.-]))([a-z][\w:.-]*)([\s/>]?)"
)
_MAX_NESTING = 1000  # time and memory of a parser grow with the square of the depth
_MAX_ODD = 20_000  # "i<n;" of a script looks like the beginning of an element with an odd name
_PROSE_CHARACTERS = 60
# Control characters, which a cleaned page no longer holds: between blocks, for <br>, and before a list item.
_BREAK, _NEWLINE, _ITEM = "\x1e", "\x1f", "\x1d"


def html_document(data: bytes, name: str) -> Document:
    """The document in the bytes of a web page, its paragraphs parted by blank lines; nothing is fetched.

    Raises RefusedError for a page that no parser can read in reasonable time.
    """
    from selectolax.lexbor import LexborHTMLParser

    charset = _CHARSET.search(data, 0, 4096)
    page = _XML_DECLARATION.sub("", clean(decode(data, charset and charset[1].decode())), count=1)
    _refuse_deep(page)
    tree = LexborHTMLParser(page)
    fields = metadata(tree)
    blocks = _chosen(_found(page), _visible(tree))
    # Cleaned once more, since a character reference can stand for any character.
    return Document(id=name, text=clean("\n\n".join(blocks)), **fields)


def _refuse_deep(page: str) -> None:
    open_elements: Counter[str] = Counter()
    depth = odd = 0
    for closing, tag, end in _NESTING.findall(page.lower()):
        if not end:
            odd += 1
        elif not closing:
            open_elements[tag] += 1
            depth += 1
        elif open_elements[tag]:
            open_elements[tag] -= 1
            depth -= 1
        if depth > _MAX_NESTING or odd > _MAX_ODD:
            raise RefusedError("limit", f"elements nested more than {_MAX_NESTING} deep; save the page as text")


def _visible(tree: "LexborHTMLParser") -> list[str]:
    """Every block of the body of a page but menus, scripts and comments, which are cut out of `tree`."""
    if tree.body is None:
        return []
    for node in tree.body.css(_NOT_TEXT):
        node.decompose()
    for node in tree.body.css("br"):
        node.replace_with(_NEWLINE)
    for node in tree.body.css(_BLOCKS):
        node.insert_before(_BREAK)
        node.insert_after(_BREAK)
    for node in tree.body.css("li"):
        node.insert_before(_ITEM)
        node.insert_after(_BREAK)
    return _split(tree.body.text())


def _found(page: str) -> list[str]:
    """The blocks that trafilatura takes for the statement; none where it sees no text or stumbles over odd markup."""
    import trafilatura
    from lxml.etree import LxmlError

    document: Any
    try:
        document = trafilatura.bare_extraction(page, include_comments=False, include_tables=True, favor_recall=True)
    except (AssertionError, AttributeError, LookupError, TypeError, ValueError, RecursionError, LxmlError):
        return []
    return _blocks_of(document.body) if document else []


def _blocks_of(body: "_Element") -> list[str]:
    from lxml import etree

    pieces: list[str] = []
    for event, element in etree.iterwalk(body, events=("start", "end")):
        if element.tag in _ITS_BLOCKS:
            pieces.append(_BREAK)
        elif element.tag == "item":
            pieces.append(_ITEM if event == "start" else _BREAK)
        elif element.tag == "lb" and event == "start":
            pieces.append(_NEWLINE)
        pieces.append((element.text if event == "start" else element.tail) or "")
    return _split("".join(pieces))


def _split(text: str) -> list[str]:
    text = re.sub(rf"{_ITEM}[\s{_BREAK}{_NEWLINE}]*", f"{_BREAK}- ", text)
    text = re.sub(rf"{_NEWLINE}\s*(?:{_NEWLINE}\s*)+", _BREAK, text)
    blocks = (
        "\n".join(" ".join(line.split()) for line in block.split(_NEWLINE)).strip() for block in text.split(_BREAK)
    )
    return [block for block in blocks if block not in ("", "-")]


def _chosen(found: list[str], visible: list[str]) -> list[str]:
    """The blocks of the page that trafilatura found; all of them where it found much less than the page shows.

    The page's own blocks are taken, since trafilatura drops repeated ones and joins what empty lines part; but its own
    where those of the page do not hold all that it found, as when it cut a block in two.
    """
    prose = sum(len(block) for block in visible if len(block) >= _PROSE_CHARACTERS)
    if not (found and visible) or 2 * sum(map(len, found)) < prose:
        return visible
    lines = {letters for block in found for letters in _letters(block)}
    everything = "".join("".join(_letters(block)) for block in found)
    kept = [block for block in visible if _is_among(_letters(block), lines, everything)]
    missing = lines.difference(letters for block in kept for letters in _letters(block))
    held = "".join("".join(_letters(block)) for block in kept)
    return kept if all(letters in held for letters in missing) else found


def _is_among(block: list[str], lines: set[str], everything: str) -> bool:
    """Whether a block was found; a short one only as a line of its own, for a menu's words stand in sentences too."""
    return lines.issuperset(block) or (sum(map(len, block)) >= _PROSE_CHARACTERS and "".join(block) in everything)


def _letters(block: str) -> list[str]:
    """The lines of a block without white space, which the two libraries treat differently."""
    return ["".join(line.split()) for line in block.removeprefix("- ").split("\n")]
