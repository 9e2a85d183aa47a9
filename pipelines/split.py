"""Part documents into train, valid and test: whole, all themes balanced, nothing repeated across the border."""

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from features import codebook
from features.duplicates import Pairs, documents_that_repeat, near_duplicates
from features.errors import UsageFailure
from features.text import Document, Example, Label, Passage, in_context
from pipelines import store, tables
from pipelines.command import Count, Share, parameters, run, stage

PARTS = ("train", "valid", "test")


@dataclass(frozen=True, slots=True)
class Split:
    """Examples in document order, and the groups of documents that had to stay together."""

    examples: list[Example]
    groups: dict[str, str]


def split(
    documents: Sequence[Document],
    labels: Sequence[Label],
    themes: Sequence[str],
    *,
    mode: Literal["random", "date", "source"],
    train: Share,
    valid: Share,
    seed: int,
    trials: Count,
    shingle: Count,
    near_duplicate: Share,
    same_document: Share,
) -> Split:
    """Assign every labelled sentence to a part; see params.yaml for each argument's meaning and effect.

    Raises UsageFailure when a document has no date (mode date) or source (mode source), when there are too few coded
    documents, or when a theme has no gold sentence in train.
    """
    if train + valid >= 1:
        raise UsageFailure(f"split.train {train} and split.valid {valid} leave nothing for test; make them smaller")
    texts = [row.text for row in labels]
    pairs = near_duplicates(texts, shingle=shingle, at_least=near_duplicate)
    groups = documents_that_repeat([row.doc for row in labels], pairs, at_least=same_document)
    gold = [row for row in labels if row.label_source == "gold"]
    coded = [document for document in documents if document.id in {row.doc for row in gold}]
    if len(coded) < len(PARTS):
        raise UsageFailure(
            f"{len(coded)} coded documents cannot be split in three; import annotations: make annotations"
        )
    if mode == "date":
        part_of = _by_date(coded, train, valid)
    else:
        kept = _together(coded, groups, by_source=mode == "source")
        if len(set(kept.values())) < len(PARTS):
            raise UsageFailure(
                f"{len(coded)} coded documents form only {len(set(kept.values()))} groups that must stay together; "
                "raise split.same_document, choose another split.mode, or add documents that differ more"
            )
        part_of = _balanced(kept, _theme_counts(gold, themes), (train, valid), seed, trials)
    dropped = _repeated_in_a_later_part(labels, pairs, part_of)
    # A dropped sentence repeats a later part: it must not be seen as a neighbour either.
    kept_texts = ["" if number in dropped else text for number, text in enumerate(texts)]
    around = in_context(kept_texts, [row.doc for row in labels])
    examples = [
        _example(row, passage, part_of, groups, dropped=number in dropped)
        for number, (row, passage) in enumerate(zip(labels, around, strict=True))
    ]
    _require_every_theme(examples, themes)
    return Split(examples, groups)


def _by_date(documents: Sequence[Document], train: float, valid: float) -> dict[str, str]:
    undated = [document.id for document in documents if document.date is None]
    if undated:
        raise UsageFailure(f"split by date: {len(undated)} documents have no date: {', '.join(undated[:20])}")
    ordered = sorted(documents, key=lambda document: (document.date or "", document.id))
    return {document.id: _part((n + 0.5) / len(ordered), train, valid) for n, document in enumerate(ordered)}


def _part(share: float, train: float, valid: float) -> str:
    return PARTS[0] if share < train else PARTS[1] if share < train + valid else PARTS[2]


def _together(documents: Sequence[Document], groups: Mapping[str, str], *, by_source: bool) -> dict[str, str]:
    """Map each document to the group that must not be parted."""
    if not by_source:
        return {document.id: groups[document.id] for document in documents}
    unnamed = [document.id for document in documents if not document.source]
    if unnamed:
        raise UsageFailure(f"split by source: {len(unnamed)} documents have no source: {', '.join(unnamed[:20])}")
    root = {document.id: groups[document.id] for document in documents}
    for source in sorted({document.source for document in documents if document.source}):
        merged = {root[document.id] for document in documents if document.source == source}
        root = {name: min(merged) if group in merged else group for name, group in root.items()}
    return root


def _theme_counts(gold: Sequence[Label], themes: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    """Per document: how many gold sentences it has, and how many of each theme."""
    counts: dict[str, NDArray[np.float64]] = {}
    for row in gold:
        total = counts.setdefault(row.doc, np.zeros(1 + len(themes)))
        total += [1.0, *(theme in row.themes for theme in themes)]
    return counts


def _balanced(
    group_of: Mapping[str, str],
    counts: Mapping[str, NDArray[np.float64]],
    shares: tuple[float, float],
    seed: int,
    trials: int,
) -> dict[str, str]:
    """The most balanced of `trials` seeded random orders of the groups, cut at the wanted shares of documents."""
    names = sorted(set(group_of.values()))
    members = {name: [document for document, group in group_of.items() if group == name] for name in names}
    table = np.array([sum(counts[document] for document in members[name]) for name in names])
    sizes = np.array([len(members[name]) for name in names])
    generator = np.random.default_rng(seed)
    best, best_parts = np.inf, np.zeros(len(names), dtype=np.int64)
    for _ in range(trials):
        order = generator.permutation(len(names))
        middle = (np.cumsum(sizes[order]) - sizes[order] / 2) / sizes.sum()
        parts = np.empty(len(names), dtype=np.int64)
        parts[order] = np.searchsorted([shares[0], shares[0] + shares[1]], middle, side="right")
        loss = _imbalance(table, parts, np.array([*shares, 1 - sum(shares)]))
        if loss < best:
            best, best_parts = loss, parts
    return {doc: PARTS[part] for name, part in zip(names, best_parts, strict=True) for doc in members[name]}


def _imbalance(table: NDArray[np.float64], parts: NDArray[np.int64], wanted: NDArray[np.float64]) -> float:
    """How far the parts' shares of the sentences and of each theme are from the wanted ones, relative to these."""
    held = np.array([table[parts == part].sum(axis=0) for part in range(len(PARTS))])
    shares = held / np.maximum(table.sum(axis=0), 1)
    return float((((shares - wanted[:, None]) / wanted[:, None]) ** 2).sum())


def _repeated_in_a_later_part(labels: Sequence[Label], pairs: Pairs, part_of: Mapping[str, str]) -> set[int]:
    """Rows of train that nearly repeat a row of valid or test, and rows of valid that nearly repeat one of test."""
    rank = {part: number for number, part in enumerate(PARTS)}
    # A document nobody coded can only lend weak labels to train.
    ranks = [rank[part_of.get(row.doc, "train")] for row in labels]
    return {int(a if ranks[a] < ranks[b] else b) for a, b in pairs if ranks[a] != ranks[b]}


def _example(
    row: Label, around: Passage, part_of: Mapping[str, str], groups: Mapping[str, str], *, dropped: bool
) -> Example:
    part = part_of.get(row.doc, "train")
    usable = row.label_source == "gold" or (row.label_source == "weak" and part == "train")
    part = "unlabelled" if not usable else "dropped" if dropped else part
    return Example(
        sentence_id=row.sentence_id,
        doc=row.doc,
        position=row.position,
        text=row.text,
        themes=row.themes,
        label_source=row.label_source,
        part=part,
        group=groups[row.doc],
        before=around.before,
        after=around.after,
    )


def _require_every_theme(examples: Sequence[Example], themes: Sequence[str]) -> None:
    seen = {theme for row in examples if row.part == "train" and row.label_source == "gold" for theme in row.themes}
    missing = [theme for theme in themes if theme not in seen]
    if missing:
        raise UsageFailure(
            f"no gold sentence of train carries {', '.join(missing)}; annotate more documents with it, choose another "
            "split.seed, or take it out of the codebook"
        )


def main(options: argparse.Namespace) -> str:
    """Read documents and labels, write `splits.parquet` and what was dropped and why."""
    themes = codebook.load(options.codebook).ids
    documents = tables.read(store.check(options.ingest) / "documents.parquet", Document)
    labels = tables.read(store.check(options.label) / "labels.parquet", Label)
    knobs = parameters(split, options.params)
    done = split(documents, labels, themes, **knobs)
    sizes = Counter(row.part for row in done.examples)
    with store.writing(options.out) as folder:
        tables.write(done.examples, Example, folder / "splits.parquet")
        store.write_json(folder / "summary.json", {"mode": knobs["mode"], **_summary(done, themes)})
    return ", ".join(f"{sizes[part]:,} {part}" for part in (*PARTS, "dropped", "unlabelled"))


def _summary(done: Split, themes: Sequence[str]) -> dict[str, object]:
    return {
        "documents": {part: len({row.doc for row in done.examples if row.part == part}) for part in PARTS},
        "sentences": Counter(row.part for row in done.examples),
        "themes": {
            part: {theme: sum(theme in row.themes for row in done.examples if row.part == part) for theme in themes}
            for part in PARTS
        },
        "documents_kept_together": sum(name != group for name, group in done.groups.items()),
    }


if __name__ == "__main__":
    run(main, stage(__doc__, "ingest", "label", "codebook", "out"))
