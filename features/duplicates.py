"""Sentences and documents that repeat one another: the exact Jaccard similarity of all pairs that share a shingle.

Broder (1997), On the resemblance and containment of documents.
"""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\d+")
_ROWS_AT_ONCE = 2_000
Pairs = NDArray[np.int64]


def near_duplicates(texts: Sequence[str], *, shingle: int, at_least: float) -> Pairs:
    """Pairs (n, 2) of row numbers, first < second, whose word shingles have a Jaccard similarity >= `at_least`.

    Case, punctuation and numbers do not count: "the third meeting of 2004" repeats "The third meeting of 2009".
    """
    sets = _incidence([_shingles(text, shingle) for text in texts])
    sizes = sets.sum(axis=1)
    found = [np.empty((0, 2), dtype=np.int64)]
    for start in range(0, len(texts), _ROWS_AT_ONCE):
        shared = (sets[start : start + _ROWS_AT_ONCE] @ sets.T).tocoo()
        first, second = shared.row + start, shared.col
        jaccard = shared.data / (sizes[first] + sizes[second] - shared.data)
        keep = (first < second) & (jaccard >= at_least)
        found.append(np.column_stack([first[keep], second[keep]]).astype(np.int64))
    pairs = np.concatenate(found)
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


def documents_that_repeat(documents: Sequence[str], pairs: Pairs, *, at_least: float) -> dict[str, str]:
    """Group documents that share at least this part of the shorter one's sentences: document -> name of its group.

    Groups are closed under chains, and named after their first document in alphabetical order.
    """
    names = sorted(set(documents))
    sentences = Counter(documents)
    repeated: dict[tuple[str, str], set[int]] = {}
    for first, second in pairs:
        one, two = documents[first], documents[second]
        if one != two:
            repeated.setdefault((one, two), set()).add(int(first))
            repeated.setdefault((two, one), set()).add(int(second))
    group = {name: name for name in names}
    for (one, two), rows in sorted(repeated.items()):
        if len(rows) >= at_least * sentences[one]:
            keep, merge = sorted((group[one], group[two]))
            group = {name: keep if root == merge else root for name, root in group.items()}
    return group


def _shingles(text: str, size: int) -> set[str]:
    words = _WORD.findall(_NUMBER.sub("0", text.lower()))
    if len(words) <= size:
        return {" ".join(words)}
    return {" ".join(words[i : i + size]) for i in range(len(words) - size + 1)}


def _incidence(sets: Sequence[set[str]]) -> "csr_array":
    columns: dict[str, int] = {}
    indices = [columns.setdefault(item, len(columns)) for row in sets for item in sorted(row)]
    edges = np.concatenate([[0], np.cumsum([len(row) for row in sets])]).astype(np.int64)
    ones = np.ones(len(indices))
    return csr_array((ones, np.array(indices, dtype=np.int64), edges), shape=(len(sets), max(1, len(columns))))
