"""Read a folder of files into documents; what cannot be read is listed with its reason."""

import argparse
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import msgspec

from features.errors import AllRefusedFailure, UsageFailure
from features.readers import Refusal, files, read
from features.readers.characters import clean
from features.text import Document
from pipelines import store, tables
from pipelines.command import Count, parameters, progress, run, stage


@dataclass(frozen=True, slots=True)
class Ingested:
    """The documents of a folder and its refused files and rows, both in the order of the files' paths."""

    files: int
    documents: list[Document]
    refusals: list[Refusal]


def ingest(folder: Path, *, max_megabytes: Count, pdf_seconds: Count) -> Ingested:
    """Read every file below `folder` but hidden ones; of two documents with one id the first is kept.

    Raises UsageFailure when there is no such folder and AllRefusedFailure when nothing in it could be read.
    """
    if not folder.is_dir():
        raise UsageFailure(f"{folder}: no such folder; name the one that holds your documents")
    paths = files(folder)
    documents: list[Document] = []
    refusals: list[Refusal] = []
    first_path: dict[str, str] = {}
    for path in progress(paths, total=len(paths), unit="files"):
        name = clean(path.relative_to(folder).as_posix())
        for found in read(path, folder, max_megabytes=max_megabytes, pdf_seconds=pdf_seconds):
            if isinstance(found, Refusal):
                refusals.append(found)
            elif found.id in first_path:
                refusals.append(Refusal(name, "duplicate", _duplicate(found.id, first_path[found.id])))
            else:
                first_path[found.id] = name
                documents.append(found)
    if not documents:
        raise AllRefusedFailure(_nothing(folder, refusals))
    return Ingested(len(paths), documents, refusals)


def summary(ingested: Ingested) -> dict[str, object]:
    """Counts of files, documents and refusals, the refusals also by kind."""
    dated = sum(document.date is not None for document in ingested.documents)
    return {
        "files": ingested.files,
        "documents": len(ingested.documents),
        "with_date": dated,
        "without_date": len(ingested.documents) - dated,
        "quarantined": len(ingested.refusals),
        "quarantined_by_kind": Counter(refusal.kind for refusal in ingested.refusals),
    }


def main(options: argparse.Namespace) -> str:
    """Read the corpus; write `documents.parquet`, `quarantine.jsonl` and counts."""
    ingested = ingest(options.corpus, **parameters(ingest, options.params))
    with store.writing(options.out) as folder:
        tables.write(ingested.documents, Document, folder / "documents.parquet")
        (folder / "quarantine.jsonl").write_bytes(msgspec.json.Encoder().encode_lines(ingested.refusals))
        store.write_json(folder / "summary.json", summary(ingested))
    return f"{len(ingested.documents):,} documents, {len(ingested.refusals):,} quarantined"


def _duplicate(document_id: str, first: str) -> str:
    return f"the id '{document_id}' is taken by {first}; give one of them another id"


def _nothing(folder: Path, refusals: list[Refusal]) -> str:
    if not refusals:
        return f"{folder}: no files in it"
    first = refusals[0]
    return f"{folder}: none of it could be read ({len(refusals):,} refused); the first: {first.path}: {first.reason}"


if __name__ == "__main__":
    run(main, stage(__doc__, "corpus", "out"))
