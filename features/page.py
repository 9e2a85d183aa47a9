"""HTML pages of scored documents: one file each, nothing loaded from outside, no script where text is shown."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from features.legend import Legend, environment
from features.scored import Scored, Totals
from features.text import Document, Sentence

SENTENCES_PER_PAGE = 2_000


@dataclass(frozen=True, slots=True)
class Mark:
    """One sentence as shown. `themes` are numbers of assigned themes; `told` has a probability and terms per theme.

    `told` is empty for headings and where the model abstained; `gap`: white space stands before the sentence.
    """

    text: str
    kind: str
    paragraph: int
    gap: bool
    abstained: bool
    themes: list[int]
    told: list[tuple[float, str | None]]
    doc: str | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, a heading or a list item."""

    kind: str
    marks: list[Mark]

    @property
    def themes(self) -> list[int]:
        """Numbers of the themes that occur in it."""
        return sorted({theme for mark in self.marks for theme in mark.themes})


@dataclass(frozen=True, slots=True)
class Entry:
    """One document in the index; `counts` are sentences per theme."""

    page: str
    id: str
    title: str | None
    date: str | None
    sentences: int
    counts: list[int]


def page_names(document_id: str, pages: int) -> list[str]:
    """File names that are safe everywhere and differ for different ids, whatever they hold."""
    readable = re.sub(r"[^a-z0-9_]+", "-", document_id.lower()).strip("-")[:60]
    digest = hashlib.sha256(document_id.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    stem = f"{readable}-{digest}" if readable else digest
    return [f"{stem}.html", *(f"{stem}-{number}.html" for number in range(2, pages + 1))]


def document_pages(
    legend: Legend, document: Document, sentences: Sequence[Sentence], scored: Scored
) -> list[tuple[str, str]]:
    """File names and HTML of one document's pages, each of at most SENTENCES_PER_PAGE sentences.

    `sentences` include headings; `scored` has one row for each of the others, in order.
    """
    marks = _marks(sentences, scored)
    parts = [marks[first : first + SENTENCES_PER_PAGE] for first in range(0, len(marks), SENTENCES_PER_PAGE)] or [[]]
    names = page_names(document.id, len(parts))
    template = environment().get_template("page.html.j2")
    return [
        (name, template.render(legend=legend, document=document, part=number, names=names, **_shown(legend, part)))
        for number, (name, part) in enumerate(zip(names, parts, strict=True))
    ]


def index_page(legend: Legend, totals: Totals, entries: Sequence[Entry], rows: Sequence[Mark]) -> str:
    """The HTML of the index: totals, then documents with links to their pages, or the first rows of a table."""
    template = environment().get_template("page_index.html.j2")
    return template.render(legend=legend, totals=totals, entries=entries, **_shown(legend, rows))


def row_marks(docs: Iterable[str], texts: Iterable[str], scored: Scored) -> list[Mark]:
    """Sentences without a document around them, each its own paragraph."""
    rows = _told(scored)
    return [
        Mark(text, "sentence", number, True, *row, doc=doc)
        for number, (doc, text, row) in enumerate(zip(docs, texts, rows, strict=True))
    ]


def _marks(sentences: Sequence[Sentence], scored: Scored) -> list[Mark]:
    rows = iter(_told(scored))
    marks, end = [], 0
    for sentence in sentences:
        row = (False, [], []) if sentence.kind == "heading" else next(rows)
        marks.append(Mark(sentence.text, sentence.kind, sentence.paragraph, sentence.start > end, *row))
        end = sentence.end
    return marks


def _told(scored: Scored) -> list[tuple[bool, list[int], list[tuple[float, str | None]]]]:
    """Per sentence: abstained, numbers of assigned themes, probability and terms of each theme."""
    told = []
    scores = scored.scores
    for row, abstained in enumerate(scores.abstained.tolist()):
        themes = scores.labels[row].nonzero()[0].tolist()
        terms = [None if scored.terms is None else column[row] for column in scored.terms or scores.labels[row]]
        probabilities = [] if abstained else scores.probabilities[row].tolist()
        told.append((abstained, themes, list(zip(probabilities, terms, strict=False))))
    return told


def _shown(legend: Legend, marks: Sequence[Mark]) -> dict[str, object]:
    scored = [mark for mark in marks if mark.kind != "heading"]
    return {
        "blocks": _blocks(marks),
        "sentences": len(scored),
        "abstained": sum(mark.abstained for mark in scored),
        "labelled": sum(bool(mark.themes) for mark in scored),
        "counts": [sum(theme.number in mark.themes for mark in scored) for theme in legend.themes],
    }


def _blocks(marks: Sequence[Mark]) -> list[Block]:
    blocks: list[Block] = []
    paragraph = None
    for mark in marks:
        if mark.paragraph != paragraph or mark.kind != "sentence" or blocks[-1].kind == "heading":
            blocks.append(Block(mark.kind, []))
            paragraph = mark.paragraph
        blocks[-1].marks.append(mark)
    return blocks
