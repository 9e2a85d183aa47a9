"""The gate before training: what would leak from valid or test into train fails the run and is named.

The kinds of leakage are those of Kapoor and Narayanan (2023); those that no table can show, because they happen while a
model is fitted or chosen, are tests (tests/test_leaks.py).
"""

import argparse
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from features.duplicates import near_duplicates
from features.errors import IntegrityFailure
from features.text import Document, Example, Label, Sentence, text_sha256
from pipelines import store, tables
from pipelines.command import Count, Share, parameters, run, stage

MEASURED = ("valid", "test")
USED = ("train", *MEASURED)
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Leak:
    """One finding: which check, and the rows it is about."""

    check: str
    rows: str


@dataclass(frozen=True, slots=True)
class Sources:
    """What the examples were made from, each by its id: documents, the sentences cut from them, and their labels."""

    documents: Mapping[str, Document]
    sentences: Mapping[str, Sentence]
    labels: Mapping[str, Label]


@dataclass(frozen=True, slots=True)
class Summary:
    """The part of split's `summary.json` that says what was asked for."""

    mode: str


def audit(
    examples: Sequence[Example],
    sources: Sources,
    mode: str,
    *,
    shingle: Count,
    near_duplicate: Share,
) -> dict[str, list[Leak]]:
    """Findings by check; all empty on a clean split.

    `mode` is what split was asked for: by date, time must not run backwards.
    """
    used = [row for row in examples if row.part in USED]
    checks: dict[str, Callable[[], Iterator[Leak]]] = {
        "document_in_two_parts": lambda: _in_two_parts(used, "document_in_two_parts", lambda row: row.doc),
        # By date, documents that repeat one another may lie on both sides; what they share is dropped all the same.
        "group_in_two_parts": lambda: (
            iter(()) if mode == "date" else _in_two_parts(used, "group_in_two_parts", lambda row: row.group)
        ),
        "same_text_in_two_parts": lambda: _in_two_parts(
            used, "same_text_in_two_parts", lambda row: text_sha256(row.text)
        ),
        "near_duplicate_across_parts": lambda: _near_duplicates(used, shingle, near_duplicate),
        "weak_label_outside_train": lambda: _weak_outside_train(used),
        "part_without_gold": lambda: _parts_without_gold(used),
        "text_not_as_segmented": lambda: _not_as_segmented(used, sources.sentences),
        "label_not_as_coded": lambda: _not_as_coded(used, sources.labels),
        "time_order": lambda: _time_order(used, sources.documents) if mode == "date" else iter(()),
    }
    return {name: list(check()) for name, check in checks.items()}


def _in_two_parts(used: Sequence[Example], check: str, key: Callable[[Example], str]) -> Iterator[Leak]:
    parts: dict[str, set[str]] = defaultdict(set)
    where: dict[str, list[str]] = defaultdict(list)
    for row in used:
        parts[key(row)].add(row.part)
        where[key(row)].append(f"{row.part}:{row.doc}:{row.sentence_id}")
    for name, found in parts.items():
        if len(found) > 1:
            yield Leak(check, f"{name[:60]} in {', '.join(sorted(found))}: {', '.join(where[name][:_SHOWN])}")


def _near_duplicates(used: Sequence[Example], shingle: int, at_least: float) -> Iterator[Leak]:
    """A model sees a sentence's neighbours too, so what stands beside a sentence counts as seen with it."""
    seen = {(row.part, text): row for row in used for text in (row.after, row.before, row.text) if text}
    parts, texts = [part for part, _ in seen], [text for _, text in seen]
    rows = list(seen.values())
    for first, second in near_duplicates(texts, shingle=shingle, at_least=at_least):
        if parts[first] != parts[second]:
            places = [f"{row.part}:{row.doc}:{row.sentence_id}" for row in (rows[first], rows[second])]
            yield Leak("near_duplicate_across_parts", " and ".join(places))


def _not_as_segmented(used: Sequence[Example], sentences: Mapping[str, Sentence]) -> Iterator[Leak]:
    """What a model sees is sentences of one document and nothing else: no id, no source, no coder's mark."""
    of_document: dict[str, set[str]] = defaultdict(set)
    for sentence in sentences.values():
        of_document[sentence.doc].add(sentence.text)
    for row in used:
        own = sentences.get(row.sentence_id)
        beside = {row.before, row.after} - {""}
        if own is None or (own.text, own.doc) != (row.text, row.doc) or not beside <= of_document[row.doc]:
            yield Leak("text_not_as_segmented", f"{row.part}:{row.doc}:{row.sentence_id}")


def _not_as_coded(used: Sequence[Example], labels: Mapping[str, Label]) -> Iterator[Leak]:
    for row in used:
        coded = labels.get(row.sentence_id)
        if coded is None or (coded.themes, coded.label_source) != (row.themes, row.label_source):
            yield Leak("label_not_as_coded", f"{row.part}:{row.doc}:{row.sentence_id} is {', '.join(row.themes)}")


def _weak_outside_train(used: Sequence[Example]) -> Iterator[Leak]:
    for row in used:
        if row.part in MEASURED and row.label_source != "gold":
            yield Leak("weak_label_outside_train", f"{row.part}:{row.doc}:{row.sentence_id} is {row.label_source}")


def _parts_without_gold(used: Sequence[Example]) -> Iterator[Leak]:
    for part in USED:
        if not any(row.part == part and row.label_source == "gold" for row in used):
            yield Leak("part_without_gold", f"{part} has no gold sentence")


def _time_order(used: Sequence[Example], documents: Mapping[str, Document]) -> Iterator[Leak]:
    dates = {
        part: sorted((documents[row.doc].date or "", row.doc) for row in used if row.part == part) for part in USED
    }
    for earlier, later in (("train", "valid"), ("valid", "test")):
        if dates[earlier] and dates[later] and dates[earlier][-1][0] > dates[later][0][0]:
            yield Leak("time_order", f"{dates[earlier][-1]} of {earlier} is after {dates[later][0]} of {later}")


def main(options: argparse.Namespace) -> str:
    """Check the splits; write `audit.json`, or name every leak and end with exit code 4."""
    examples = tables.read(store.check(options.split) / "splits.parquet", Example)
    sources = Sources(
        {row.id: row for row in tables.read(store.check(options.ingest) / "documents.parquet", Document)},
        {row.id: row for row in tables.read(store.check(options.segment) / "sentences.parquet", Sentence)},
        {row.sentence_id: row for row in tables.read(store.check(options.label) / "labels.parquet", Label)},
    )
    mode = store.read_json(options.split / "summary.json", Summary).mode
    findings = audit(examples, sources, mode, **parameters(audit, options.params))
    leaks = [leak for found in findings.values() for leak in found]
    if leaks:
        named = "\n".join(f"  {leak.check}: {leak.rows}" for leak in leaks[:_SHOWN])
        raise IntegrityFailure(f"{len(leaks)} leaks between the parts of {options.split}:\n{named}")
    with store.writing(options.out) as folder:
        store.write_json(folder / "audit.json", {name: len(found) for name, found in findings.items()})
    return f"{len(findings)} checks, no leak among {len(examples):,} sentences"


if __name__ == "__main__":
    run(main, stage(__doc__, "ingest", "segment", "label", "split", "out"))
