"""Label the sentences of new documents with an exported model.

IN is a document or a folder of documents (.txt .md .html .pdf .docx, or .jsonl .csv .parquet with a document a row);
with --unit sentence a table, or a folder of tables, with a sentence a row (column `text`, maybe `id` and `doc`; rows
of one `doc` that follow each other are neighbours, as sentences of a document are).
OUT becomes a folder with the table `sentences`, `index.html` and `pages/` with the documents marked, `quarantine.jsonl`
(what was refused, and why) and `summary.json`. Headings are shown, not scored. In CSV, a text that a spreadsheet would
run as a formula (it begins with = + - @, a tab or a return) has an apostrophe before it.

What an interrupted run has scored is kept in the hidden folder `.OUT.unfinished` beside OUT: the same command goes on
from there, to the bytes that an uninterrupted run writes. It starts anew, and says why, when the model, --unit,
--explain, a parameter, this code or a file of IN (by its path, size and time of change) is another; --format and
--no-pages may be.
"""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from features import batches, bundle, readers, scored, sentence_tables
from features.ahead import ahead
from features.batches import Batch
from features.bundle import KERNELS, Bundle
from features.errors import UsageFailure
from features.readers import Refusal
from features.readers.characters import clean
from features.scored import Scored, Totals
from features.sentence_tables import Run
from features.text import Document
from pipelines import scored_folder, unfinished
from pipelines.command import Count, parameters, progress, run, stage
from pipelines.journal import Journal
from pipelines.scored_folder import Wanted

Item = TypeVar("Item")


def score(
    sources: tuple[Path, list[Path]],
    model: Bundle,
    unit: str,
    explain: bool,
    kept: Journal | None = None,
    *,
    max_megabytes: Count = 50,
    pdf_seconds: Count = 60,
) -> Iterator[tuple[Batch, Scored]]:
    """Yield the sentences of `sources`, some thousand at a time, with what `model` says of them.

    `sources` are a folder and files below it; `unit` is document, or sentence where the rows of tables already are
    sentences. A document's sentences are cut as they were for training. What is `kept` is not scored again.
    """
    root, paths = sources
    expected = sum(sentence_tables.count(path) for path in paths)
    at_once = batches.ENCODED_AT_ONCE if model.model.encoder else batches.SENTENCES_AT_ONCE
    done = kept.items if kept else 0
    if unit == "sentence":
        rows = _told(_rows(paths, root, at_once), done, expected, "sentences", lambda run: getattr(run, "count", 1))
        found = batches.of_rows(rows, at_once=at_once)
    else:
        documents = _documents(paths, root, max_megabytes, pdf_seconds)
        told = _told(documents, done, expected, "documents", lambda _: 1)
        found = batches.of_documents(told, model.model.max_characters, at_once=at_once)
    answers = kept.answers if kept else ahead
    yield from answers(lambda batch: scored.ask(model, batch.passages, explain=explain), found)


def main(options: argparse.Namespace) -> str:
    """Read a bundle and documents; write the table, the pages, the quarantine and counts."""
    model = bundle.load(options.model)
    if options.engine == "spark":
        return _on_spark(model, options)
    totals = _here(model, options)
    read = f"{totals.sources:,} {totals.unit}{'s' * (totals.sources != 1)}, {totals.quarantined:,} quarantined"
    return f"{read}, {totals.sentences:,} sentences, {totals.abstained:,} abstained"


def _here(model: Bundle, options: argparse.Namespace) -> Totals:
    source, out = Path(options.source), Path(options.out)
    knobs = parameters(score, options.params)
    scored_folder.require_free(out, source)
    wanted = Wanted(options.unit, options.format, options.explain, options.pages)
    sources = _sources(source)
    model.use(options.kernel, sum(map(sentence_tables.count, sources[1])) if wanted.unit == "sentence" else 0)
    asked = unfinished.asked(model, wanted.unit, wanted.explain, knobs, *sources)
    with unfinished.work(out, asked, anew=options.anew) as kept:
        answers = score(sources, model, wanted.unit, wanted.explain, kept.answers, **knobs)
        totals = scored_folder.write(answers, kept.draft, model, wanted)
        kept.publish(out)
    return totals


def _on_spark(model: Bundle, options: argparse.Namespace) -> str:
    from pipelines import spark

    if options.unit != "sentence" or options.format != "parquet" or options.explain:
        raise UsageFailure("--engine spark scores parquet whose rows are sentences: --unit sentence, and no --explain")
    count = spark.score(model, options.model, options.source, options.out)
    return f"{count:,} sentences, {options.out}"


def _sources(source: Path) -> tuple[Path, list[Path]]:
    if not source.exists():
        raise UsageFailure(f"{source}: no such file or folder; name your documents")
    return (source, readers.files(source)) if source.is_dir() else (source.resolve().parent, [source.resolve()])


def _told(read: Iterator[Item], done: int, expected: int, unit: str, size: Callable[[Item], int]) -> Iterator[Item]:
    """Pass on all that is `read`; progress is told of what an interrupted run had not done, by the `size` of items."""
    skipped = 0
    while skipped < done and (item := next(read, None)) is not None:
        yield item
        skipped += size(item)
    left = max(expected - skipped, 0) or None
    yield from progress(read, total=left, unit=f"remaining {unit}" if done else unit, size=size)


def _documents(paths: list[Path], root: Path, max_megabytes: int, pdf_seconds: int) -> Iterator[Document | Refusal]:
    for path in paths:
        yield from readers.read(path, root, max_megabytes=max_megabytes, pdf_seconds=pdf_seconds)


def _rows(paths: list[Path], root: Path, at_once: int) -> Iterator[Run | Refusal]:
    for path in paths:
        yield from sentence_tables.runs(path, clean(path.relative_to(root).as_posix()), at_once)


def _arguments() -> argparse.ArgumentParser:
    parser = stage(__doc__)
    parser.add_argument("model", type=Path, metavar="MODEL", help="folder of an exported model")
    parser.add_argument("source", metavar="IN", help="a file or folder; for Spark maybe a URI")
    parser.add_argument("out", metavar="OUT", help="folder to write; an earlier result there is replaced")
    parser.add_argument("--unit", choices=["document", "sentence"], default="document", help="what a file or row holds")
    parser.add_argument("--engine", choices=["local", "spark"], default="local", help="where to work (default: local)")
    parser.add_argument(
        "--kernel",
        choices=KERNELS,
        default="auto",
        help="what weighs n-grams of words: numba (extra `fast`) or numpy, with the same labels (default: auto, numba "
        "where it is installed and many sentences repay its start)",
    )
    parser.add_argument("--format", choices=scored_folder.FORMATS, default="parquet", help="of the table of sentences")
    parser.add_argument("--explain", action="store_true", help="add the terms that weighed most (slower)")
    parser.add_argument("--anew", action="store_true", help="do not go on from an interrupted run")
    parser.add_argument("--no-pages", dest="pages", action="store_false", help="write no HTML")
    return parser


if __name__ == "__main__":
    run(main, _arguments())
