"""From the lines of printed pages to paragraphs."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

_ENDS_SENTENCE = re.compile(r"""[.!?:;]["'”’)\]]*$""")
_ENDS_ITEM = re.compile(r"""(?:[.!?:;,]["'”’)\]]*|\b(?:and|or))$""")
_BULLET = re.compile(r"[•‣◦▪●·]\s")
_BEGINS_ITEM = re.compile(r"(?:[-*–—]|\(?(?:\d{1,3}|[A-Za-z]|[ivxIVX]{2,5})[.)])\s")
_HYPHENATED = re.compile(r"([^\W\d_]+)[-\u2010\u00ad]$")
_COMPOUND = re.compile(r"[^\W\d_]+-[^\W\d_]+")
_WORD = re.compile(r"[^\W_]+")
_SOFT_HYPHEN = "\u00ad"
_MIN_PAGES = 3
# Shares of the usual width of a line.
_SHORT, _VERY_SHORT = 0.8, 0.6


def paragraphs(pages: Sequence[str]) -> str:
    """The text of `pages`, its paragraphs parted by blank lines, without page numbers and running heads.

    A paragraph ends at an empty line, before a list item, and where a line is clearly shorter than the others and ends
    a sentence or stands before a capital letter.
    """
    lines = [line for page in _without_running_heads([_lines(page) for page in pages]) for line in _ended(page)]
    compounds = {match.lower() for line in lines for match in _COMPOUND.findall(line)}
    lengths = sorted(len(line) for line in lines if line)
    width = lengths[len(lengths) * 9 // 10] if lengths else 0
    return "\n\n".join(_join(group, compounds) for group in _groups(lines, width))


def _lines(page: str) -> list[str]:
    return [" ".join(line.split()) for line in page.strip().splitlines()]


def _without_running_heads(pages: list[list[str]]) -> Iterator[list[str]]:
    """Drop first and last lines that are a number, or that, but for their numbers, stand on many pages."""
    edges = Counter(edge for page in pages for edge in {_edge(page[:1]), _edge(page[-1:])} if edge is not None)
    enough = max(
        _MIN_PAGES, len(pages) / 4
    )  # a quarter: left and right pages, or chapters, may have heads of their own
    running = {edge for edge, count in edges.items() if not edge or count >= enough}
    for page in pages:
        first = 1 if _edge(page[:1]) in running else 0
        last = len(page) - 1 if _edge(page[-1:]) in running else len(page)
        yield page[first:last]


def _ended(page: list[str]) -> list[str]:
    """Where a page ends with a sentence, nothing tells whether the paragraph goes on; a break does less harm."""
    return [*page, ""] if page and _ENDS_SENTENCE.search(page[-1]) else page


def _edge(line: list[str]) -> str | None:
    return re.sub(r"\d+", "", line[0]).strip() if line else None


def _groups(lines: Iterable[str], width: int) -> Iterator[list[str]]:
    group: list[str] = []
    for line in lines:
        if group and (not line or _ends(group[-1], line, width)):
            yield group
            group = []
        if line:
            group.append(line)
    if group:
        yield group


def _ends(line: str, following: str, width: int) -> bool:
    short = len(line) / width
    if _BULLET.match(following):
        return True
    if _BEGINS_ITEM.match(following):
        return short < _SHORT or bool(_ENDS_ITEM.search(line))
    if following[0].islower() or _HYPHENATED.search(line):
        return False
    return short < (_SHORT if _ENDS_SENTENCE.search(line) else _VERY_SHORT)


def _join(lines: list[str], compounds: set[str]) -> str:
    """One line; a parted word is joined, with its hyphen where no small letter follows or the text writes it so."""
    pieces = [lines[0]]
    for line in lines[1:]:
        parted = _HYPHENATED.search(pieces[-1])
        rest = _WORD.match(line)
        if not parted or not rest:
            pieces.append(" ")
        elif pieces[-1].endswith(_SOFT_HYPHEN) or (
            line[0].islower() and f"{parted[1]}-{rest[0]}".lower() not in compounds
        ):
            pieces[-1] = pieces[-1][:-1]
        pieces.append(line)
    return "".join(pieces)
