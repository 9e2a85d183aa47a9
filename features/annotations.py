"""What coders decided, placed on the sentences of today: one JSONL file per coder and role.

The role is the beginning of the file's name: `coding-` (a coder's own decisions), `adjudication-` (settles what coders
disagree on) or `again-` (the same coder, later, for consistency).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from features.codebook import Codebook
from features.errors import IntegrityFailure, UsageFailure
from features.text import Annotation, Sentence, text_sha256

ROLES = ("coding", "adjudication", "again")
Codings = dict[str, dict[str, frozenset[str]]]


@dataclass(frozen=True, slots=True)
class Unplaced:
    """An annotation whose sentence is not there any more."""

    file: str
    line: int
    sentence_id: str
    doc: str
    reason: str


@dataclass(frozen=True, slots=True)
class Annotations:
    """Codings by role, sentence and coder; `migrated`: rows found again by their text after a new segmentation."""

    by_role: dict[str, Codings] = field(default_factory=lambda: {role: defaultdict(dict) for role in ROLES})
    unsure: set[str] = field(default_factory=set)
    unplaced: list[Unplaced] = field(default_factory=list)
    migrated: list[str] = field(default_factory=list)

    def gold(self) -> dict[str, frozenset[str]]:
        """Adjudication wins; else, theme by theme, more than half of a sentence's coders.

        A sentence on one of whose themes the coders are split evenly is not decided, and has no gold.
        """
        decided = self.by_role["coding"] | self.by_role["adjudication"]
        return {s: _majority(by_coder) for s, by_coder in decided.items() if not _is_tied(by_coder)}

    def disputed(self) -> set[str]:
        """Sentences that coders have left undecided and nobody has adjudicated."""
        return {*self.by_role["coding"], *self.by_role["adjudication"]} - set(self.gold())


def read(folder: Path, sentences: Sequence[Sentence], codebook: Codebook) -> Annotations:
    """Read every JSONL file of `folder`; a folder that is not there means: nobody has coded yet.

    Raises UsageFailure (a row or file name that means nothing) and IntegrityFailure (a label outside the codebook, a
    sentence coded twice by one coder), each naming file and line.
    """
    found = Annotations()
    by_id = {sentence.id: sentence for sentence in sentences}
    by_text = {(sentence.doc, text_sha256(sentence.text)): sentence for sentence in reversed(sentences)}
    for path in sorted(folder.glob("*.jsonl")):
        role = path.name.partition("-")[0]
        if role not in ROLES:
            raise UsageFailure(f"{path}: name it {', '.join(f'{r}-<coder>.jsonl' for r in ROLES)}: its role is unknown")
        for line, row in _rows(path, codebook):
            _place(found, role, row, by_id, by_text, where=(path, line))
    return found


def reasons(folder: Path) -> dict[str, str]:
    """By sentence id, why the adjudicator decided as they did, where they said so."""
    decoder = msgspec.json.Decoder(Annotation)
    rows = [
        decoder.decode(raw)
        for path in sorted(folder.glob("adjudication-*.jsonl"))
        for raw in path.read_bytes().splitlines()
    ]
    return {row.sentence_id: row.reason for row in rows if row.reason}


def write(path: Path, rows: Sequence[Annotation]) -> None:
    """Write annotations in the format that `read` takes, one row a line."""
    path.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))


def _rows(path: Path, codebook: Codebook) -> list[tuple[int, Annotation]]:
    rows = []
    decoder = msgspec.json.Decoder(Annotation)
    for line, raw in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            row = decoder.decode(raw)
        except msgspec.DecodeError as error:
            raise UsageFailure(f"{path}:{line}: not an annotation: {error}") from error
        outside = [theme for theme in row.themes if theme not in codebook.ids]
        if outside:
            raise IntegrityFailure(f"{path}:{line}: {outside} not in the codebook, which has {codebook.ids}")
        if row.codebook_version > codebook.version:
            raise IntegrityFailure(
                f"{path}:{line}: coded with codebook version {row.codebook_version}, but the codebook here is "
                f"version {codebook.version}"
            )
        rows.append((line, row))
    return rows


def _place(
    found: Annotations,
    role: str,
    row: Annotation,
    by_id: Mapping[str, Sentence],
    by_text: Mapping[tuple[str, str], Sentence],
    where: tuple[Path, int],
) -> None:
    path, line = where
    sentence = by_id.get(row.sentence_id)
    if sentence is None or text_sha256(sentence.text) != row.text_sha256:
        moved = by_text.get((row.doc, row.text_sha256))
        if moved is None:
            reason = "unknown sentence" if sentence is None else "its text has changed"
            found.unplaced.append(Unplaced(path.name, line, row.sentence_id, row.doc, reason))
            return
        found.migrated.append(row.sentence_id)
        sentence = moved
    by_coder = found.by_role[role][sentence.id]
    if row.coder in by_coder:
        raise IntegrityFailure(
            f"{path}:{line}: {row.coder} has coded sentence {sentence.id} twice; keep one of the rows"
        )
    by_coder[row.coder] = frozenset(row.themes)
    if row.unsure:
        found.unsure.add(sentence.id)


def _is_tied(by_coder: Mapping[str, frozenset[str]]) -> bool:
    chosen = [theme for themes in by_coder.values() for theme in themes]
    return any(2 * chosen.count(theme) == len(by_coder) for theme in chosen)


def _majority(by_coder: Mapping[str, frozenset[str]]) -> frozenset[str]:
    chosen = [theme for themes in by_coder.values() for theme in themes]
    return frozenset(theme for theme in chosen if 2 * chosen.count(theme) > len(by_coder))
