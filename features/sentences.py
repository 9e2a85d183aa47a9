"""Sentence boundaries with exact offsets: paragraphs, headings and list items first, then nupunkt inside each."""

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from features.text import Document, Passage, Sentence, in_context, sentence_id

_BLANK_LINES = re.compile(r"\n(?:[^\S\n]*\n)+")
_ITEM = re.compile(r"^[^\S\n]*(?:[-*•‣◦–—·]|\(?(?:\d{1,3}|[A-Za-z]|[ivxIVX]{2,5})[.)])[^\S\n]+(?=\S)", re.MULTILINE)
_ENDS_SENTENCE = re.compile(r"""[.!?:;,…]["'”’)\]]*$""")
_HEADING_CHARACTERS = 120


@dataclass(frozen=True, slots=True)
class Span:
    """Offsets of one sentence and what it is: sentence, heading or item (the first sentence of a list item)."""

    paragraph: int
    start: int
    end: int
    kind: str


def sentences(document: Document, max_characters: int) -> list[Sentence]:
    """The sentences of `document` in order; every non-space character of its text is in exactly one of them."""
    return [
        Sentence(
            id=sentence_id(document.id, span.start, span.end, document.text[span.start : span.end]),
            doc=document.id,
            paragraph=span.paragraph,
            position=position,
            start=span.start,
            end=span.end,
            kind=span.kind,
            text=document.text[span.start : span.end],
        )
        for position, span in enumerate(spans(document.text, max_characters))
    ]


def to_score(found: Iterable[Sentence]) -> tuple[list[Sentence], list[Passage]]:
    """What of documents' sentences is scored, all but headings, and what a model sees of each."""
    kept = [sentence for sentence in found if sentence.kind != "heading"]
    return kept, in_context([sentence.text for sentence in kept], [sentence.doc for sentence in kept])


def spans(text: str, max_characters: int) -> Iterator[Span]:
    """Yield the sentence spans of `text`, none longer than `max_characters`."""
    for paragraph, (first_line, last_line) in enumerate(_paragraphs(text)):
        for start, body, end in _units(text, first_line, last_line):
            kind = _kind(text[start:end], is_item=body > start)
            inner = [(body, end)] if kind == "heading" else _split(text, body, end)
            for number, (first, last) in enumerate(inner):
                opening = start if number == 0 else first
                for piece_start, piece_end in _bounded(text, opening, last, max_characters):
                    yield Span(paragraph, piece_start, piece_end, kind if number == 0 else "sentence")


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for gap in _BLANK_LINES.finditer(text):
        if text[start : gap.start()].strip():
            yield start, gap.start()
        start = gap.end()
    if text[start:].strip():
        yield start, len(text)


def _units(text: str, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Cut a paragraph before every list marker: (start, where the text after the marker begins, end)."""
    markers = list(_ITEM.finditer(text, start, end))
    edges = [start, *(marker.start() for marker in markers), end]
    bodies = {marker.start(): marker.end() for marker in markers}
    for first, last in itertools.pairwise(edges):
        trimmed = _trim(text, first, last)
        if trimmed:
            yield trimmed[0], max(bodies.get(first, 0), trimmed[0]), trimmed[1]


def _kind(unit: str, is_item: bool) -> str:
    if is_item:
        return "item"
    is_heading = len(unit) <= _HEADING_CHARACTERS and "\n" not in unit and not _ENDS_SENTENCE.search(unit)
    return "heading" if is_heading else "sentence"


def _split(text: str, start: int, end: int) -> list[tuple[int, int]]:
    from nupunkt import sent_spans

    inner = (_trim(text, start + first, start + last) for first, last in sent_spans(text[start:end]))
    return [span for span in inner if span]


def _bounded(text: str, start: int, end: int, limit: int) -> Iterator[tuple[int, int]]:
    """Cut what is longer than `limit` at the last clause or word that fits, or hard where there is none."""
    while end - start > limit:
        cut = max(text.rfind("; ", start, start + limit), text.rfind(", ", start, start + limit)) + 1
        cut = cut or text.rfind(" ", start, start + limit)
        cut = cut if cut > start else start + limit
        piece = _trim(text, start, cut)
        if piece:
            yield piece
        remainder = _trim(text, cut, end)
        if not remainder:
            return
        start = remainder[0]
    yield start, end


def _trim(text: str, start: int, end: int) -> tuple[int, int] | None:
    part = text[start:end]
    stripped = part.strip()
    if not stripped:
        return None
    first = start + len(part) - len(part.lstrip())
    return first, first + len(stripped)
