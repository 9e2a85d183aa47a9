"""All combinations of candidate values, put into nested content by dotted paths."""

import copy
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from features.errors import UsageFailure


def combinations(values: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Each combination as path -> value, the last path changing fastest."""
    return [dict(zip(values, chosen, strict=True)) for chosen in product(*values.values())]


def replaced(content: Any, values: Mapping[str, Any]) -> Any:
    """A copy of `content` (mappings and lists) with `values` at their paths, as in `average.0.classifier.c`.

    Raises UsageFailure naming a path that is not there and the keys that are.
    """
    result = copy.deepcopy(content)
    for path, value in values.items():
        *outer, last = path.split(".")
        place = result
        for name in outer:
            place = place[_key(place, name, path)]
        place[_key(place, last, path)] = value
    return result


def _key(place: Any, name: str, path: str) -> Any:
    known = list(place) if isinstance(place, dict) else list(range(len(place))) if isinstance(place, list) else []
    for key in known:
        if str(key) == name:
            return key
    raise UsageFailure(f"no '{name}' in the path '{path}'; there is {', '.join(map(str, known)) or 'nothing'}")
