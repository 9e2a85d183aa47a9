"""Sentences and documents that repeat one another: all pairs whose shingles have a Jaccard similarity high enough.

Broder (1997), On the resemblance and containment of documents; Chaudhuri, Ganti and Kaushik (2006), A primitive
operator for similarity joins in data cleaning, whose prefixes leave few pairs to look at and miss none.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\d+")
_ROUNDING = 1e-9
Pairs = NDArray[np.int64]


def near_duplicates(texts: Sequence[str], *, shingle: int, at_least: float) -> Pairs:
    """Pairs (n, 2) of row numbers, first < second, whose word shingles have a Jaccard similarity >= `at_least`.

    Case, punctuation and numbers do not count: "the third meeting of 2004" repeats "The third meeting of 2009".
    """
    sets = [_shingles(text, shingle) for text in texts]
    frequency = Counter(item for items in sets for item in items)
    rows_with: dict[str, list[int]] = defaultdict(list)
    pairs: list[tuple[int, int]] = []
    for second, items in enumerate(sets):
        # Sets so similar share at least so many; fewer are left beside the rarest, so one of these is shared.
        least = math.ceil(at_least * len(items) - _ROUNDING)
        rarest = sorted(items, key=lambda item: (frequency[item], item))[: len(items) - least + 1]
        for first in {row for item in rarest for row in rows_with[item]}:
            shared = len(items & sets[first])
            if shared / (len(items) + len(sets[first]) - shared) >= at_least:
                pairs.append((first, second))
        for item in rarest:
            rows_with[item].append(second)
    return np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)


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
