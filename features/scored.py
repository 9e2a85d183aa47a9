"""What a bundle says of sentences, as columns: the table that `score` writes, and what its pages show."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa

from features import arrays
from features.batches import ROWS, SENTENCES_AT_ONCE, Batch
from features.bundle import Bundle, Scores
from features.errors import UsageFailure
from features.spreadsheet import guarded as guarded_cell
from features.text import Passage

_DIGITS = 6
_MOST_TERMS = 5
_PLACE = [ROWS.field(name) for name in ("doc", "sentence_id", "position", "start", "end", "text")]


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores of one sequence of sentences; `terms` holds per theme what weighed most in each assigned sentence."""

    scores: Scores
    terms: list[list[str | None]] | None

    def part(self, first: int, last: int) -> "Scored":
        """The scores of the sentences from `first` up to `last`, without it."""
        scores = Scores(*(getattr(self.scores, field.name)[first:last] for field in fields(Scores)))
        return Scored(scores, None if self.terms is None else [column[first:last] for column in self.terms])


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts of a whole run: `sources` are documents or tables, as `unit` says; `counts` are sentences per theme.

    `again` counts sentences so near to a threshold that the kernel's answer was not taken.
    """

    unit: str
    counts: list[int]
    sources: int = 0
    quarantined: int = 0
    sentences: int = 0
    abstained: int = 0
    again: int = 0

    def plus(self, batch: Batch, answer: Scored) -> "Totals":
        """The counts with those of one more batch."""
        return Totals(
            unit=self.unit,
            counts=(answer.scores.labels.sum(axis=0) + self.counts).tolist(),
            sources=self.sources + batch.sources,
            quarantined=self.quarantined + len(batch.refusals),
            sentences=self.sentences + batch.rows.num_rows,
            abstained=self.abstained + int(answer.scores.abstained.sum()),
            again=self.again + int(answer.scores.again.sum()),
        )


def ask(bundle: Bundle, passages: Sequence[Passage], *, explain: bool) -> Scored:
    """What `bundle` says of `passages`, asked in pieces so that memory does not grow with their number."""
    pieces = [bundle.score(piece) for piece in _pieces(passages)] or [bundle.score([])]
    scores = Scores(*(np.concatenate([getattr(piece, field.name) for piece in pieces]) for field in fields(Scores)))
    return Scored(scores, _terms(bundle, passages, scores) if explain else None)


def schema(themes: Sequence[str], *, explain: bool) -> pa.Schema:
    """The columns of the output table; raises UsageFailure when a theme's columns would clash with others."""
    fields = list(_PLACE)
    for theme in themes:
        fields += [pa.field(theme, pa.bool_()), pa.field(f"{theme}_probability", pa.float64())]
    fields.append(pa.field("abstained", pa.bool_()))
    fields += [pa.field(f"{theme}_terms", pa.string()) for theme in themes if explain]
    names = [field.name for field in fields]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageFailure(
            f"a theme of this model has the name of another column ({', '.join(twice)}); rename the theme"
        )
    return pa.schema(fields)


def table(rows: pa.RecordBatch, scored: Scored, into: pa.Schema) -> pa.Table:
    """The output for `rows`, as in batches.ROWS; a probability is null where the model abstained."""
    columns = [rows.column(field.name) for field in _PLACE]
    scores = scored.scores
    for theme in range(scores.labels.shape[1]):
        probabilities = np.round(scores.probabilities[:, theme], _DIGITS)
        columns += [arrays.booleans(scores.labels[:, theme]), arrays.numbers(probabilities, scores.abstained)]
    columns += [arrays.booleans(scores.abstained), *map(arrays.strings, scored.terms or [])]
    return pa.Table.from_arrays(columns, schema=into)


def guarded(rows: pa.Table) -> pa.Table:
    """`rows` with an apostrophe before every text that a spreadsheet would run as a formula."""
    for number, field in enumerate(rows.schema):
        if field.type == pa.string():
            cells = [cell and guarded_cell(cell) for cell in rows.column(number).to_pylist()]
            rows = rows.set_column(number, field, arrays.strings(cells))
    return rows


def _terms(bundle: Bundle, passages: Sequence[Passage], scores: Scores) -> list[list[str | None]]:
    return [
        [
            _told(bundle.explain(passage, theme, _MOST_TERMS)) if label else None
            for passage, label in zip(passages, labels, strict=True)
        ]
        for theme, labels in zip(bundle.themes, scores.labels.T.tolist(), strict=True)
    ]


def _told(terms: Iterable[tuple[str, float]]) -> str:
    return "; ".join(f"{term} {weight:+.2f}" for term, weight in terms if abs(weight) >= 0.005)


def _pieces(passages: Sequence[Passage]) -> Iterator[Sequence[Passage]]:
    for first in range(0, len(passages), SENTENCES_AT_ONCE):
        yield passages[first : first + SENTENCES_AT_ONCE]
