"""Documents, sentences, annotations, labels and examples: the rows that flow through the pipeline."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec


@dataclass(frozen=True, slots=True)
class Document:
    """One document as read from a file; `date` is ISO 8601 (YYYY-MM-DD) or None."""

    id: str
    text: str
    date: str | None = None
    source: str | None = None
    genre: str | None = None
    title: str | None = None
    writer: str | None = None


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence; `start` and `end` are character offsets into its document's text.

    `paragraph` and `position` count from 0 within the document; `kind` is sentence, heading or item.
    """

    id: str
    doc: str
    paragraph: int
    position: int
    start: int
    end: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Passage:
    """What a model sees of a sentence: its text, and the texts before and after it in its document.

    A neighbour is empty at an end of the document, or where the document is not at hand.
    """

    text: str
    before: str = ""
    after: str = ""


class Annotation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One coder's decision on one sentence; no themes means: carries none."""

    sentence_id: str
    doc: str
    text_sha256: str
    coder: str
    codebook_version: int
    themes: list[str]
    unsure: bool = False
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Label:
    """One sentence with its themes and where they come from: `label_source` is gold, weak or none."""

    sentence_id: str
    doc: str
    position: int
    text: str
    themes: list[str]
    label_source: str
    coders: int
    adjudicated: bool
    unsure: bool


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled sentence and its part: train, valid, test, dropped (repeats a later part) or unlabelled.

    `before` and `after` are its neighbours in its document, a dropped one blank. Documents of one `group` repeat one
    another and are never parted.
    """

    sentence_id: str
    doc: str
    position: int
    text: str
    themes: list[str]
    label_source: str
    part: str
    group: str
    before: str
    after: str

    @property
    def passage(self) -> Passage:
        """What a model sees of it."""
        return Passage(self.text, self.before, self.after)


def in_context(texts: Sequence[str], docs: Sequence[str]) -> list[Passage]:
    """Each text with its neighbours: the texts just before and after it, where these are of the same document."""
    around = [("", ""), *zip(texts, docs, strict=True), ("", "")]
    return [
        Passage(text, before if of_before == doc else "", after if of_after == doc else "")
        for (before, of_before), (text, doc), (after, of_after) in zip(around, around[1:], around[2:], strict=False)
    ]


def sentence_id(doc: str, start: int, end: int, text: str) -> str:
    """A stable name of a sentence: 12 hex digits over its document, its offsets and its text."""
    return hashlib.sha256(f"{doc}\n{start}\n{end}\n{text}".encode("utf-8", "surrogatepass")).hexdigest()[:12]


def text_sha256(text: str) -> str:
    """What an annotation remembers of the sentence it was made for; white space does not count."""
    return hashlib.sha256(" ".join(text.split()).encode("utf-8", "surrogatepass")).hexdigest()
