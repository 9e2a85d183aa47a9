"""Give every sentence its label row: gold where coders decided, weak where only rules speak, none otherwise."""

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from features import agreement as agreements
from features import annotations, codebook, lexicon
from features.agreement import Agreement, agreement
from features.annotations import Annotations
from features.codebook import Codebook
from features.lexicon import Coverage, LabellingFunction
from features.text import Label, Sentence
from pipelines import store, tables
from pipelines.command import Count, Share, parameters, run, stage


@dataclass(frozen=True, slots=True)
class Labelled:
    """Labels in document order with what is known of their quality."""

    labels: list[Label]
    agreement: list[Agreement]
    consistency: list[Agreement]
    exact_agreement: float | None
    coverage: list[Coverage]


def label(
    sentences: Sequence[Sentence],
    coded: Annotations,
    themes: Codebook,
    functions: Sequence[LabellingFunction],
    *,
    resamples: Count,
    seed: int,
    experimental_below: Share,
) -> Labelled:
    """One label per sentence that is no heading; agreement between coders and of coders with themselves."""
    coded_units = [sentence for sentence in sentences if sentence.kind != "heading"]
    documents = {sentence.id: sentence.doc for sentence in sentences}
    cast = lexicon.votes(functions, [sentence.text for sentence in coded_units])
    weak = lexicon.majority(functions, cast, themes.ids)
    gold = coded.gold()
    labels = [
        _label(
            sentence, coded, gold, [theme for theme, holds in zip(themes.ids, row, strict=True) if holds], bool(spoke)
        )
        for sentence, row, spoke in zip(coded_units, weak, (cast != 0).any(axis=1), strict=True)
    ]
    codings = coded.by_role["coding"]
    measure = partial(agreement, resamples=resamples, seed=seed, experimental_below=experimental_below)
    return Labelled(
        labels=labels,
        agreement=measure(codings, documents, themes.ids),
        consistency=measure(_with_itself(coded), documents, themes.ids),
        exact_agreement=agreements.exact(codings),
        coverage=lexicon.coverage(functions, cast),
    )


def _label(
    sentence: Sentence, coded: Annotations, gold: dict[str, frozenset[str]], weak: list[str], spoke: bool
) -> Label:
    is_gold = sentence.id in gold
    return Label(
        sentence_id=sentence.id,
        doc=sentence.doc,
        position=sentence.position,
        text=sentence.text,
        themes=sorted(gold[sentence.id]) if is_gold else sorted(weak),
        label_source="gold" if is_gold else "weak" if spoke else "none",
        coders=len(coded.by_role["coding"].get(sentence.id, {})),
        adjudicated=sentence.id in coded.by_role["adjudication"],
        unsure=sentence.id in coded.unsure,
    )


def _with_itself(coded: Annotations) -> annotations.Codings:
    """Each sentence that a coder coded again: that coder's first and second decision."""
    return {
        sentence: {"first": coded.by_role["coding"][sentence][coder], "again": themes}
        for sentence, by_coder in coded.by_role["again"].items()
        for coder, themes in by_coder.items()
        if coder in coded.by_role["coding"].get(sentence, {})
    }


def main(options: argparse.Namespace) -> str:
    """Read sentences and annotations, write labels, agreement and the table of labelling functions."""
    themes = codebook.load(options.codebook)
    sentences = tables.read(store.check(options.segment) / "sentences.parquet", Sentence)
    coded = annotations.read(options.annotations, sentences, themes)
    functions = lexicon.load(options.patterns, themes.ids)
    done = label(sentences, coded, themes, functions, **parameters(label, options.params))
    sources = Counter(row.label_source for row in done.labels)
    with store.writing(options.out) as folder:
        tables.write(done.labels, Label, folder / "labels.parquet")
        store.write_json(folder / "agreement.json", _agreement_report(done, coded, len(coded.disputed())))
        store.write_json(folder / "labelling_functions.json", done.coverage)
        store.write_json(folder / "unplaced.json", coded.unplaced)
    counts = ", ".join(f"{count:,} {source}" for source, count in sorted(sources.items()))
    disputed = len(coded.disputed())
    open_disputes = f", {disputed:,} disputed and not adjudicated" if disputed else ""
    return f"{len(done.labels):,} sentences ({counts}){open_disputes}, {len(coded.unplaced):,} annotations unplaced"


def _agreement_report(done: Labelled, coded: Annotations, disputed: int) -> dict[str, object]:
    return {
        "between_coders": {row.theme: row for row in done.agreement},
        "within_coder": {row.theme: row for row in done.consistency},
        "exact_label_sets": done.exact_agreement,
        "sentences": Counter(row.label_source for row in done.labels),
        "adjudicated": sum(row.adjudicated for row in done.labels),
        "disputed_without_adjudication": disputed,
        "migrated_by_text": len(coded.migrated),
        "unplaced": len(coded.unplaced),
    }


if __name__ == "__main__":
    run(main, stage(__doc__, "segment", "annotations", "codebook", "patterns", "out"))
