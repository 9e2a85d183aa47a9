"""What a set of coded sentences is like, in numbers that can be set beside those of another set."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from features import lexicon
from features.duplicates import near_duplicates
from features.lexicon import LabellingFunction
from features.metrics import Bools

_WORD = re.compile(r"\w+")
# A word of terrorism, or a group that statements of the last decades name.
_TERROR = re.compile(
    r"\b(?:terror|extremis|isi[ls]\b|da'?esh|al[- ]?qa|qaida|hizballah|hezbollah|hamas\b|taliban|boko haram|shabaab|"
    r"jemaah|abu sayyaf|ltte|farc\b|pkk\b|jihad)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Coded:
    """Coded sentences in any order: `themes[n]` are those of `texts[n]`, which stands in `documents[n]`."""

    texts: Sequence[str]
    themes: Sequence[frozenset[str]]
    documents: Sequence[str]


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: its group, its name and its value (shares are of 1)."""

    group: str
    name: str
    value: float


def profile(
    coded: Coded, themes: Sequence[str], functions: Sequence[LabellingFunction], *, shingle: int, near_duplicate: float
) -> list[Row]:
    """All figures of one set, in a fixed order."""
    gold = np.array([[theme in chosen for theme in themes] for chosen in coded.themes], dtype=bool)
    return [
        *_sizes(coded),
        *_prevalence(gold, themes),
        *_wording(coded, gold, shingle, near_duplicate),
        *_keywords(coded, gold, themes, functions),
    ]


def names_terrorism(text: str) -> bool:
    """Whether `text` has a word of terrorism or names a terrorist group."""
    return _TERROR.search(text) is not None


def _sizes(coded: Coded) -> list[Row]:
    lengths = np.array([len(text.split()) for text in coded.texts])
    tenth, half, ninetieth = np.percentile(lengths, [10, 50, 90])
    figures = {
        "documents": len(set(coded.documents)),
        "sentences": len(coded.texts),
        "words, mean": lengths.mean(),
        "words, 10th percentile": tenth,
        "words, median": half,
        "words, 90th percentile": ninetieth,
    }
    return [Row("size", name, round(float(value), 2)) for name, value in figures.items()]


def _prevalence(gold: Bools, themes: Sequence[str]) -> list[Row]:
    counts = gold.sum(axis=1)
    figures = {"no theme": (counts == 0).mean(), "two themes or more": (counts > 1).mean()}
    figures |= {theme: gold[:, n].mean() for n, theme in enumerate(themes)}
    pairs = {
        f"{themes[a]} and {themes[b]}": (gold[:, a] & gold[:, b]).mean() for a, b in combinations(range(len(themes)), 2)
    }
    return [
        *(Row("share of sentences", name, round(float(value), 3)) for name, value in figures.items()),
        *(Row("share with both", name, round(float(value), 3)) for name, value in pairs.items()),
    ]


def _wording(coded: Coded, gold: Bools, shingle: int, near_duplicate: float) -> list[Row]:
    named = np.array([names_terrorism(text) for text in coded.texts])
    themed: Bools = gold.sum(axis=1) > 0
    pairs = near_duplicates(coded.texts, shingle=shingle, at_least=near_duplicate)
    repeated = {int(row) for pair in pairs for row in pair if coded.documents[pair[0]] != coded.documents[pair[1]]}
    figures = {
        "names terrorism, of sentences with a theme": _share(named, themed),
        "names terrorism, of sentences without": _share(named, ~themed),
        "nearly repeated in another document": len(repeated) / max(1, len(coded.texts)),
        "distinct words, of 10,000 words": _distinct(coded.texts, 1),
        "distinct word pairs, of 10,000": _distinct(coded.texts, 2),
    }
    return [Row("wording", name, round(float(value), 3)) for name, value in figures.items()]


def _keywords(coded: Coded, gold: Bools, themes: Sequence[str], functions: Sequence[LabellingFunction]) -> list[Row]:
    found = lexicon.majority(functions, lexicon.votes(functions, coded.texts), themes)
    rows = []
    for n, theme in enumerate(themes):
        rows.append(Row("recall of keywords", theme, round(_share(found[:, n], gold[:, n]), 3)))
        rows.append(Row("precision of keywords", theme, round(_share(gold[:, n], found[:, n]), 3)))
    return sorted(rows, key=lambda row: row.group, reverse=True)


def _share(mask: Bools, among: Bools) -> float:
    return float(mask[among].mean()) if among.any() else float("nan")


def _distinct(texts: Sequence[str], size: int) -> float:
    """Distinct n-grams among the first ten thousand, in an order that no document decides; NaN for a smaller set."""
    order = np.random.default_rng(0).permutation(len(texts))
    grams: list[tuple[str, ...]] = []
    for n in order:
        words = _WORD.findall(texts[n].lower())
        grams += [tuple(words[i : i + size]) for i in range(len(words) - size + 1)]
        if len(grams) >= 10_000:
            return len(Counter(grams[:10_000])) / 10_000
    return float("nan")
