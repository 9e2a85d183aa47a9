"""Split documents into sentences with exact character offsets."""

import argparse
from collections import Counter
from collections.abc import Iterable

from features.sentences import sentences
from features.text import Document, Sentence
from pipelines import store, tables
from pipelines.command import Count, parameters, run, stage


def segment(documents: Iterable[Document], *, max_characters: Count) -> list[Sentence]:
    """The sentences of all documents in order; none is longer than `max_characters`."""
    return [sentence for document in documents for sentence in sentences(document, max_characters)]


def main(options: argparse.Namespace) -> str:
    """Read documents, write `sentences.parquet` and counts by kind."""
    documents = tables.read(store.check(options.ingest) / "documents.parquet", Document)
    options_used = parameters(segment, options.params)
    found = segment(documents, **options_used)
    kinds = Counter(sentence.kind for sentence in found)
    summary = {"documents": len(documents), "sentences": len(found), "kinds": kinds, **options_used}
    with store.writing(options.out) as folder:
        tables.write(found, Sentence, folder / "sentences.parquet")
        store.write_json(folder / "summary.json", summary)
    return f"{len(documents):,} documents, {len(found):,} sentences"


if __name__ == "__main__":
    run(main, stage(__doc__, "ingest", "out"))
