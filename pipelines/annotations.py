"""A coder's work out and in: a blank sheet to fill in a spreadsheet, and the filled sheet as annotations.

    python -m pipelines.annotations sheet data/segment data/codebook.yaml sheet.csv
    python -m pipelines.annotations import data/segment data/codebook.yaml sheet.csv data/annotations --coder anna

A sheet has a row per sentence and a column per theme: a mark (x, 1 or yes) means that the sentence carries the theme,
an empty cell (or 0 or no) that it does not. `done` is marked once the row has been decided, so that a row nobody has
looked at is not taken for "carries no theme".
"""

import argparse
import csv
import re
from collections.abc import Sequence
from pathlib import Path

from features import annotations, codebook
from features.codebook import Codebook
from features.errors import IntegrityFailure, UsageFailure
from features.spreadsheet import guarded, unguarded
from features.text import Annotation, Sentence, text_sha256
from pipelines import store, tables
from pipelines.command import run

_CODER = re.compile(r"[a-z][a-z0-9_]*")
_MARKS = {"x": True, "1": True, "yes": True, "y": True, "": False, "0": False, "no": False, "n": False}


def sheet(sentences: Sequence[Sentence], themes: Codebook) -> list[list[str]]:
    """A header and a blank row per sentence, headings (in capitals of the kind column) as context only."""
    header = ["sentence_id", "doc", "kind", "text", "done", *themes.ids, "unsure", "reason"]
    blank = [""] * (3 + len(themes.ids))
    return [header, *([s.id, guarded(s.doc), s.kind, guarded(" ".join(s.text.split())), *blank] for s in sentences)]


def filled(
    rows: Sequence[dict[str, str]], sentences: Sequence[Sentence], themes: Codebook, coder: str, path: Path
) -> list[Annotation]:
    """The annotations of a filled sheet; raises naming file and line for a row that means nothing."""
    by_id = {sentence.id: sentence for sentence in sentences}
    found = []
    first_line: dict[str, int] = {}
    for line, row in enumerate(rows, start=2):
        sentence = by_id.get(row["sentence_id"])
        if sentence is None:
            raise IntegrityFailure(f"{path}:{line}: no sentence {row['sentence_id']!r}; make a new sheet: make sheet")
        if " ".join(unguarded(row["text"]).split()) != " ".join(sentence.text.split()):
            raise IntegrityFailure(
                f"{path}:{line}: the text of {sentence.id} was changed; make a new sheet: make sheet"
            )
        marked = {name: _is_marked(row[name], f"{path}:{line}: {name}") for name in (*themes.ids, "done", "unsure")}
        marks = [theme for theme in themes.ids if marked[theme]]
        if marks and not marked["done"]:
            raise UsageFailure(f"{path}:{line}: themes are marked but `done` is not")
        if first_line.setdefault(sentence.id, line) != line:
            raise UsageFailure(f"{path}:{line}: repeats the sentence of line {first_line[sentence.id]}; keep one")
        if marked["done"] and sentence.kind != "heading":
            found.append(
                Annotation(
                    sentence_id=sentence.id,
                    doc=sentence.doc,
                    text_sha256=text_sha256(sentence.text),
                    coder=coder,
                    codebook_version=themes.version,
                    themes=marks,
                    unsure=marked["unsure"],
                    reason=row["reason"].strip() or None,
                )
            )
    return found


def _is_marked(cell: str, where: str) -> bool:
    try:
        return _MARKS[cell.strip().lower()]
    except KeyError:
        raise UsageFailure(f"{where}: '{cell}' is neither a mark (x, 1, yes) nor empty (0, no)") from None


def _read_sheet(path: Path, themes: Codebook) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageFailure(f"{path}: not a readable CSV sheet: {error}") from error
    needed = {"sentence_id", "text", "done", *themes.ids, "unsure", "reason"}
    columns = set(rows[0]) if rows else set()
    if not rows or not needed <= columns:
        raise UsageFailure(f"{path}: lacks the columns {sorted(needed - columns)}; make a sheet with: make sheet")
    if any(value is None for row in rows for value in row.values()):
        raise UsageFailure(f"{path}: a row has fewer cells than the header")
    return rows


def _write_sheet(options: argparse.Namespace) -> str:
    sentences = tables.read(store.check(options.segment) / "sentences.parquet", Sentence)
    rows = sheet(sentences, codebook.load(options.codebook))
    try:
        with options.sheet.open("x", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows(rows)
    except FileExistsError as error:
        raise UsageFailure(f"{options.sheet}: exists, and may hold a coder's work; name another file") from error
    return f"{options.sheet}: {len(rows) - 1:,} rows to fill"


def _import_sheet(options: argparse.Namespace) -> str:
    if not _CODER.fullmatch(options.coder):
        raise UsageFailure(f"--coder {options.coder!r}: use lower-case letters, digits and _")
    themes = codebook.load(options.codebook)
    sentences = tables.read(store.check(options.segment) / "sentences.parquet", Sentence)
    found = filled(_read_sheet(options.sheet, themes), sentences, themes, options.coder, options.sheet)
    if not found:
        raise UsageFailure(f"{options.sheet}: no row is marked as done, so there is nothing to bring in")
    target = options.annotations / f"{options.role}-{options.coder}.jsonl"
    if target.exists() and not options.replace:
        raise UsageFailure(f"{target}: exists; give --replace (REPLACE=1) to put this sheet in its place")
    options.annotations.mkdir(parents=True, exist_ok=True)
    draft = target.with_suffix(".draft")
    annotations.write(draft, found)
    draft.replace(target)
    return f"{target}: {len(found):,} sentences coded by {options.coder}; next: dvc repro"


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    out = commands.add_parser("sheet", help="write a blank sheet of all sentences")
    into = commands.add_parser("import", help="turn a filled sheet into annotations")
    for command in (out, into):
        for name in ("segment", "codebook", "sheet"):
            command.add_argument(name, type=Path)
    into.add_argument("annotations", type=Path)
    into.add_argument("--coder", required=True, help="a short name; the same for all sheets of one person")
    into.add_argument("--role", choices=annotations.ROLES, default="coding", help="default: coding")
    into.add_argument("--replace", action="store_true", help="replace an earlier sheet of this coder")
    out.set_defaults(do=_write_sheet)
    into.set_defaults(do=_import_sheet)
    return parser


def main(options: argparse.Namespace) -> str:
    """Write a sheet or read one."""
    done: str = options.do(options)
    return done


if __name__ == "__main__":
    run(main, _arguments())
