"""Where the champion is strong and where it is weak: test cut by length, genre, decade, themes, subject and lexicon.

Fits nothing and scores nothing: what `evaluate` predicted is counted again, slice by slice.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features import codebook, lexicon
from features.lexicon import LabellingFunction
from features.metrics import Estimate, Predictions, ratio
from features.text import Document, Example
from pipelines import predictions, store, tables
from pipelines.command import Count, parameters, run, stage

# Upper ends of the length slices, in words.
_LENGTHS = (12, 24, 36)
_FEWEST_DOCUMENTS = 5


@dataclass(frozen=True, slots=True)
class Slice:
    """Sentences of test that share something. `exact`: the share of them whose labels are all right.

    `f1` counts every label of the slice alike (micro-F1); null where gold has none. Of a handful of documents there is
    no interval: drawing them again says nothing of others.
    """

    by: str
    name: str
    documents: int
    sentences: int
    labels: int
    f1: Estimate
    exact: Estimate


@dataclass(frozen=True, slots=True)
class Beyond:
    """One theme, or all of them, beside the lexicon.

    `recall`: of the gold labels where no labelling function says so; `false_alarms`: how often the model is taken in
    where one says so and gold does not. `unfound` and `misled`: how many of each there are.
    """

    theme: str
    unfound: int
    recall: Estimate
    misled: int
    false_alarms: Estimate


@dataclass(frozen=True, slots=True)
class Slices:
    """Everything that was counted of one experiment."""

    experiment: str
    slices: list[Slice]
    beyond_the_lexicon: list[Beyond]


def slices(
    name: str,
    said: Predictions,
    rows: Sequence[Example],
    documents: Mapping[str, Document],
    themes: Sequence[str],
    functions: Sequence[LabellingFunction],
    *,
    least: Count,
    resamples: Count,
    seed: int,
) -> Slices:
    """`said` of `rows` in order. Genres and decades with fewer than `least` sentences are put together as others."""
    knobs = {"resamples": resamples, "seed": seed}
    found = [
        _slice(by, value, said, np.array([one == value for one in values]), **knobs)
        for by, values in _cuts(said, rows, documents, least).items()
        for value in sorted(set(values))
    ]
    cast = lexicon.majority(functions, lexicon.votes(functions, [row.text for row in rows]), themes)
    columns = {theme: [number] for number, theme in enumerate(themes)} | {"all": list(range(len(themes)))}
    return Slices(name, found, [_beyond(theme, said, cast, of, **knobs) for theme, of in columns.items()])


def _cuts(
    said: Predictions, rows: Sequence[Example], documents: Mapping[str, Document], least: int
) -> dict[str, list[str]]:
    """By what is cut: the slice of each row."""
    count = said.gold.sum(axis=1).tolist()
    themed = {
        doc: _share([n for n, of in zip(count, said.documents, strict=True) if of == doc]) for doc in said.documents
    }
    dates = [documents[row.doc].date for row in rows]
    return {
        "words": [_length(row.text) for row in rows],
        "genre": _common([documents[row.doc].genre or "unknown" for row in rows], least),
        "decade": _common([f"{date[:3]}0s" if date else "unknown" for date in dates], least),
        "themes": ["none" if not n else "one" if n == 1 else "two or more" for n in count],
        "themed sentences in the document": [themed[doc] for doc in said.documents],
    }


def _share(counts: Sequence[int]) -> str:
    share = sum(n > 0 for n in counts) / len(counts)
    return "at most a fifth" if share <= 0.2 else "up to a half" if share <= 0.5 else "more than half"


def _length(text: str) -> str:
    words = len(text.split())
    below = 0
    for end in _LENGTHS:
        if words <= end:
            return f"{below + 1:02} to {end}"
        below = end
    return f"more than {below}"


def _common(values: Sequence[str], least: int) -> list[str]:
    rare = {value for value in set(values) if values.count(value) < least}
    return ["others" if value in rare else value for value in values]


def _slice(by: str, name: str, said: Predictions, here: NDArray[np.bool_], *, resamples: int, seed: int) -> Slice:
    gold, labels = said.gold[here], said.labels[here]
    documents = [doc for doc, kept in zip(said.documents, here, strict=True) if kept]
    few = len(set(documents)) < _FEWEST_DOCUMENTS
    hits, both = 2.0 * (gold & labels).sum(axis=1), gold.sum(axis=1) + 1.0 * labels.sum(axis=1)
    exact = (gold == labels).all(axis=1).astype(np.float64)
    f1, right = (
        ratio(parts, wholes, documents, resamples=resamples, seed=seed)
        for parts, wholes in ((hits, both if gold.any() else np.zeros(len(gold))), (exact, np.ones(len(gold))))
    )
    if few:
        f1, right = Estimate(f1.value, None, None), Estimate(right.value, None, None)
    return Slice(by, name, len(set(documents)), len(gold), int(gold.sum()), f1, right)


def _beyond(
    theme: str, said: Predictions, cast: NDArray[np.bool_], of: Sequence[int], *, resamples: int, seed: int
) -> Beyond:
    gold, labels, fires = said.gold[:, of], said.labels[:, of], cast[:, of]
    unfound, misled = gold & ~fires, ~gold & fires

    def share(among: NDArray[np.bool_]) -> Estimate:
        parts, wholes = ((mask.sum(axis=1)).astype(np.float64) for mask in (among & labels, among))
        return ratio(parts, wholes, said.documents, resamples=resamples, seed=seed)

    return Beyond(theme, int(unfound.sum()), share(unfound), int(misled.sum()), share(misled))


def _measured(examples: Sequence[Example]) -> Iterator[Example]:
    """The rows that evaluate measured of test, in its order."""
    return (row for row in examples if row.part == "test" and row.label_source == "gold")


def main(options: argparse.Namespace) -> str:
    """Read what the champion predicted on test, write the slices."""
    name = store.read_json(store.check(options.compare) / "champion.json", dict[str, str])["champion"]
    themes = codebook.load(options.codebook).ids
    said = predictions.read(store.check(options.evaluate / name) / predictions.NAME, themes)["test"]
    rows = list(_measured(tables.read(store.check(options.split) / "splits.parquet", Example)))
    documents = {row.id: row for row in tables.read(store.check(options.ingest) / "documents.parquet", Document)}
    functions = lexicon.load(options.patterns, themes)
    found = slices(name, said, rows, documents, themes, functions, **parameters(slices, options.params))
    with store.writing(options.out) as folder:
        store.write_json(folder / "slices.json", found)
    beyond = found.beyond_the_lexicon[-1]
    return f"{name}: {len(found.slices)} slices; recall {beyond.recall.value} where the lexicon is silent"


if __name__ == "__main__":
    run(main, stage(__doc__, "evaluate", "compare", "ingest", "split", "codebook", "patterns", "out"))
