"""Parts that differ in the settings of their logistic regression alone, answered together from the same features.

A search asks the same rows for many penalties. Features are made once for all of them, and each penalty is solved from
the ones before. What a search has chosen is fitted by `classifiers.fit`, as if it had never been searched for.
"""

from collections import defaultdict
from collections.abc import Sequence

import msgspec
import numpy as np
from scipy.sparse import csr_array

from features import views
from features.experiments import Experiment, LogisticRegression, Part
from features.gram import Gram
from features.lexicon import LabellingFunction
from features.logistic_path import balanced, path
from features.metrics import Bools
from features.resampling import Floats
from features.text import Passage


def families(candidates: Sequence[Experiment]) -> list[list[Part]]:
    """The parts that are logistic regressions on n-grams or a lexicon, those of the same features together.

    One that weighs its features by the theme is in none: no two themes have the same features there.
    """
    found: dict[bytes, dict[bytes, Part]] = defaultdict(dict)
    for part in (part for one in candidates for part in one.parts if _has_shared_features(part)):
        features = msgspec.structs.replace(part, classifier=LogisticRegression())
        found[msgspec.json.encode(features)][msgspec.json.encode(part)] = part
    return [list(family.values()) for family in found.values()]


def held_out_margins(
    family: Sequence[Part],
    passages: Sequence[Passage],
    gold: Bools,
    asked: Sequence[Passage],
    functions: Sequence[LabellingFunction],
) -> list[Floats]:
    """Margins (asked, themes) of each part after learning `passages` with their `gold` (n, themes).

    NaN for a theme that all passages have, or none.
    """
    of_learned, of_asked = _features(family[0], passages, asked, functions)
    gram = Gram(of_learned)
    del of_learned  # as large as what is made of it, and not needed again
    usable = gold.any(axis=0) & ~gold.all(axis=0)
    found = [np.full((len(asked), gold.shape[1]), np.nan) for _ in family]
    for is_balanced, numbers in _paths(family).items():
        weights = balanced(gold[:, usable]) if is_balanced else np.ones((len(gold), usable.sum()))
        penalties = [_settings(family[number]).c for number in numbers]
        for number, solution in zip(numbers, path(gram, gold[:, usable], weights, penalties), strict=True):
            found[number][:, usable] = of_asked @ gram.sums(solution.rows) + solution.offsets
    return found


def _features(
    part: Part, passages: Sequence[Passage], asked: Sequence[Passage], functions: Sequence[LabellingFunction]
) -> tuple[csr_array, csr_array]:
    """Of the passages that the part's features are fitted on, and of those asked; the vocabulary is let go."""
    view = views.build(part, functions)
    return views.fit_transform(view, passages), views.transform(view, asked)


def _paths(family: Sequence[Part]) -> dict[bool, list[int]]:
    """The numbers of the balanced parts and of the others, each from the smallest `c` to the largest."""
    found: dict[bool, list[int]] = defaultdict(list)
    for number in sorted(range(len(family)), key=lambda number: _settings(family[number]).c):
        found[_settings(family[number]).balanced].append(number)
    return found


def _has_shared_features(part: Part) -> bool:
    """A penalty that cannot be is left to scikit-learn, which says so."""
    match part.classifier:
        case LogisticRegression(c=c, naive_bayes=False) if c > 0:
            return not part.vectors and not part.static
    return False


def _settings(part: Part) -> LogisticRegression:
    assert isinstance(part.classifier, LogisticRegression)
    return part.classifier
