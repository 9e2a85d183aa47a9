"""Can a classifier tell two sets of coded sentences apart by their manner, rather than by their names and subjects?

After the classifier two-sample test (Lopez-Paz and Oquab 2017): an area under the ROC curve of 0.5 says that it cannot.
"""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from features.profile import Coded

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

Rows = tuple[list[int], list[int]]
_NAMES = re.compile(r"(?<=\S )(?:[A-Z][\w’'.&-]*\s?)+")
_NUMBER = re.compile(r"\d[\d,.:/-]*")


@dataclass(frozen=True, slots=True)
class Separation:
    """How well two sets are told apart, from how many sentences of each, and the words that give each away."""

    area_under_roc: float
    sentences: int
    first_words: list[str]
    second_words: list[str]


def separation(
    first: Coded, second: Coded, *, folds: int, sentences: int, draws: int, seed: int, words: int = 12
) -> Separation | None:
    """The mean over `draws` of the area, cross-validated by document, on as many sentences of either set per theme set.

    At most `sentences` of each are drawn, since more of them part any two sets better: areas compare only at one size.
    None where fewer than half as many, or fewer than `folds` documents of each, can be matched.
    """
    drawn = [_matched(first, second, sentences, seed + draw) for draw in range(draws)]
    found = [_area(first, second, rows, folds, seed) for rows in drawn]
    areas = [area for area in found if area is not None]
    if len(drawn[0][0]) < sentences / 2 or len(areas) < draws:
        return None
    model = _model().fit(*_texts_and_sides(first, second, _matched(first, second, None, seed)))
    names, weights = model[0].get_feature_names_out(), model[1].coef_[0]
    order = np.argsort(weights, kind="stable")
    return Separation(
        area_under_roc=round(float(np.mean(areas)), 3),
        sentences=len(drawn[0][0]),
        first_words=names[order[:words]].tolist(),
        second_words=names[order[::-1][:words]].tolist(),
    )


def masked(text: str) -> str:
    """`text` with every run of capitalised words inside it, and every number, replaced by a placeholder."""
    return _NUMBER.sub("0", _NAMES.sub("Name ", text))


def _area(first: Coded, second: Coded, rows: Rows, folds: int, seed: int) -> float | None:
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict

    documents = [coded.documents[row] for coded, chosen in zip((first, second), rows, strict=True) for row in chosen]
    texts, sides = _texts_and_sides(first, second, rows)
    numbers = {name: number for number, name in enumerate(dict.fromkeys(zip(sides, documents, strict=True)))}
    if min(Counter(side for side, _ in numbers).values(), default=0) < folds:
        return None
    groups = [numbers[name] for name in zip(sides, documents, strict=True)]
    by_document = StratifiedGroupKFold(n_splits=folds, shuffle=True, random_state=seed)
    margins = cross_val_predict(_model(), texts, sides, groups=groups, cv=by_document, method="decision_function")
    return float(roc_auc_score(sides, margins))


def _texts_and_sides(first: Coded, second: Coded, rows: Rows) -> tuple[list[str], list[int]]:
    texts = [masked(coded.texts[row]) for coded, chosen in zip((first, second), rows, strict=True) for row in chosen]
    return texts, [0] * len(rows[0]) + [1] * len(rows[1])


def _matched(first: Coded, second: Coded, most: int | None, seed: int) -> Rows:
    """Rows of either set: for every set of themes as many as the scarcer one has, at most `most` in all, at random."""
    generator = np.random.default_rng(seed)
    pools = (_by_themes(first, generator), _by_themes(second, generator))
    shared = sorted(set(pools[0]) & set(pools[1]), key=sorted)
    slots = [(themes, n) for themes in shared for n in range(min(len(pool[themes]) for pool in pools))]
    chosen = [slots[n] for n in generator.permutation(len(slots))[:most]]
    return [pools[0][themes][n] for themes, n in chosen], [pools[1][themes][n] for themes, n in chosen]


def _by_themes(coded: Coded, generator: np.random.Generator) -> dict[frozenset[str], list[int]]:
    """Row numbers by set of themes, in random order."""
    pools: dict[frozenset[str], list[int]] = defaultdict(list)
    for row in generator.permutation(len(coded.texts)).tolist():
        pools[coded.themes[row]].append(row)
    return pools


def _model() -> "Pipeline":
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    return make_pipeline(TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True), LogisticRegression(C=10.0))
