"""Read one file of eight formats into documents. Nothing but the library of the format at hand is imported."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

from features.readers.characters import clean
from features.readers.docx import docx_document
from features.readers.html import html_document
from features.readers.pdf import pdf_document
from features.readers.plain import markdown_document, text_document
from features.readers.refusal import Refusal, RefusedError
from features.readers.rows import csv_documents, jsonl_documents, parquet_documents
from features.text import Document

__all__ = ["Refusal", "files", "read"]

_WHOLE: dict[str, Callable[[bytes, str], Document]] = {
    ".txt": text_document,
    ".md": markdown_document,
    ".html": html_document,
    ".htm": html_document,
    ".docx": docx_document,
}
_ROWS = {".jsonl": jsonl_documents, ".csv": csv_documents, ".parquet": parquet_documents}
_MEGABYTE = 1_000_000


def files(root: Path) -> list[Path]:
    """Every file below `root` in the order of its path, but hidden ones; links to folders count as files."""
    found: list[Path] = []
    for folder, folders, names in os.walk(root, onerror=_raise):
        links = [name for name in folders if Path(folder, name).is_symlink()]
        found += [Path(folder, name) for name in (*names, *links) if not name.startswith(".")]
        folders[:] = [name for name in folders if not name.startswith(".")]
    return sorted(found, key=lambda path: path.relative_to(root).as_posix())


def read(path: Path, root: Path, *, max_megabytes: int, pdf_seconds: int) -> Iterator[Document | Refusal]:
    """Yield the documents in the file `path`, which lies below `root`, and a Refusal for each that could not be read.

    A table of documents (.jsonl, .csv, .parquet) may be of any size and is read row by row; `max_megabytes` bounds any
    other file, and each document in it to as many million characters. `pdf_seconds` is processor time for one PDF.
    """
    name = clean(path.relative_to(root).as_posix())
    count = 0
    try:
        for found in _documents(path, root, name, max_megabytes * _MEGABYTE, pdf_seconds):
            count += 1
            yield found
        if not count:
            yield Refusal(name, "empty", "the file holds no rows")
    except RefusedError as error:
        yield Refusal(name, error.kind, error.reason)
    except OSError as error:
        yield Refusal(name, "unreadable", error.strerror or str(error))


def _documents(path: Path, root: Path, name: str, limit: int, pdf_seconds: int) -> Iterator[Document | Refusal]:
    suffix = path.suffix.lower()
    if suffix not in (*_WHOLE, *_ROWS, ".pdf"):
        raise RefusedError("format", f"'{suffix}' is not one of {' '.join((*_WHOLE, '.pdf', *_ROWS))}")
    if not path.is_file():
        raise RefusedError("unreadable", "no regular file")
    if not path.resolve().is_relative_to(root.resolve()):
        raise RefusedError("unsafe", "a link that leads out of the folder; copy the file itself")
    if suffix in _ROWS:
        yield from _ROWS[suffix](path, name, max_characters=limit)
    else:
        yield _whole(path, name, suffix, limit, pdf_seconds)


def _whole(path: Path, name: str, suffix: str, limit: int, pdf_seconds: int) -> Document:
    size = path.stat().st_size
    if not size:
        raise RefusedError("empty", "the file is empty")
    if size > limit:
        raise RefusedError("size", f"{size:,} bytes, more than ingest.max_megabytes allows; split it")
    if suffix == ".pdf":
        document = pdf_document(path, name, seconds=pdf_seconds, max_characters=limit)
    else:
        document = _WHOLE[suffix](path.read_bytes(), name)
    if not document.text.strip():
        raise RefusedError("empty", "no text in it")
    if len(document.text) > limit:
        raise RefusedError("size", f"more than {limit:,} characters of text; split it")
    return document


def _raise(error: OSError) -> NoReturn:
    raise error
