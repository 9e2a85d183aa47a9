"""Behavioural tests of a model: does it do what the codebook says in plain cases, whoever is named, however it is put?

Ribeiro et al. (2020), CheckList: minimum functionality, invariance and directional expectation.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np
import yaml

from features import yaml_text
from features.errors import UsageFailure
from features.metrics import Bools
from features.resampling import Floats
from features.text import Passage

Model = Callable[[Sequence[Passage]], tuple[Floats, Bools]]
Case = TypeVar("Case")


class Labelled(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Texts that each carry just these themes."""

    themes: list[str]
    texts: list[str]


class Alike(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Texts that differ, within each list, only in something of this kind that carries no theme."""

    kind: str
    texts: list[list[str]]


class Rising(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Pairs of texts, the second with a clause more that speaks of the theme."""

    theme: str
    pairs: list[tuple[str, str]]


class Swapped(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Names of one kind, and frames with a place for them, {}, that carry no theme."""

    kind: str
    names: list[str]
    frames: list[str]


@dataclass(frozen=True, slots=True)
class Behaviour:
    """All cases, as the five files of a folder hold them."""

    functionality: list[Labelled]
    negation: list[Labelled]
    look_alike: list[Labelled]
    invariance: list[Alike]
    direction: list[Rising]
    swaps: list[Swapped]


@dataclass(frozen=True, slots=True)
class Result:
    """How many cases of one kind and group (a theme, or what was changed) passed."""

    kind: str
    group: str
    cases: int
    passed: int


@dataclass(frozen=True, slots=True)
class Failing:
    """A case that did not pass: its texts, and the themes the model gave each."""

    kind: str
    group: str
    texts: list[str]
    said: list[list[str]]


@dataclass(frozen=True, slots=True)
class Change:
    """The mean size of a theme's change of probability when one name of `kind` takes another's place."""

    kind: str
    theme: str
    names: int
    mean_change: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a model did with every case."""

    results: list[Result]
    failing: list[Failing]
    changes: list[Change]


def load(folder: Path, themes: Sequence[str]) -> Behaviour:
    """The cases that speak of `themes` alone; raises UsageFailure naming a file that is not one of cases."""

    def read(name: str, kind: type[Case]) -> list[Case]:
        path = folder / f"{name}.yaml"
        try:
            return msgspec.convert(yaml_text.parse(path.read_text(encoding="utf-8")), list[kind])  # type: ignore[valid-type]
        except (OSError, UnicodeDecodeError, yaml.YAMLError, msgspec.ValidationError) as error:
            raise UsageFailure(f"{path}: not a file of cases: {error}") from error

    def labelled(name: str) -> list[Labelled]:
        return [one for one in read(name, Labelled) if set(one.themes) <= set(themes)]

    return Behaviour(
        labelled("functionality"),
        labelled("negation"),
        labelled("look_alike"),
        read("invariance", Alike),
        [one for one in read("direction", Rising) if one.theme in themes],
        read("swaps", Swapped),
    )


def tried(behaviour: Behaviour, model: Model, themes: Sequence[str]) -> Outcome:
    """Every case put to `model`, each sentence by itself."""
    found = list(_outcomes(behaviour, model, themes))
    groups = dict.fromkeys((one.kind, one.group) for one, _ in found)
    results = [
        Result(kind, group, len(passed), sum(passed))
        for kind, group in groups
        for passed in [[ok for one, ok in found if (one.kind, one.group) == (kind, group)]]
    ]
    changes = [change for swapped in behaviour.swaps for change in _changes(swapped, model, themes)]
    return Outcome(results, [one for one, ok in found if not ok], changes)


def rates(results: Sequence[Result]) -> dict[str, float]:
    """By kind, the share of cases passed."""
    kinds = dict.fromkeys(one.kind for one in results)
    counts = {kind: [(one.passed, one.cases) for one in results if one.kind == kind] for kind in kinds}
    return {kind: round(sum(p for p, _ in rows) / sum(n for _, n in rows), 6) for kind, rows in counts.items()}


def _outcomes(behaviour: Behaviour, model: Model, themes: Sequence[str]) -> Iterator[tuple[Failing, bool]]:
    """Each case as it would stand among the failing, and whether it passed."""
    for kind, cases in (
        ("functionality", behaviour.functionality),
        ("negation", behaviour.negation),
        ("look_alike", behaviour.look_alike),
    ):
        for one in cases:
            said = _said(model, one.texts, themes)
            for text, given in zip(one.texts, said, strict=True):
                # What is denied keeps its theme; whether the denial says something else as well is another question.
                passed = set(one.themes) <= set(given) if kind == "negation" else set(one.themes) == set(given)
                yield Failing(kind, " ".join(one.themes) or "none", [text], [given]), passed
    for alike in behaviour.invariance:
        for texts in alike.texts:
            said = _said(model, texts, themes)
            yield Failing("invariance", alike.kind, texts, said), all(given == said[0] for given in said)
    for rising in behaviour.direction:
        for pair in rising.pairs:
            probabilities, _ = _asked(model, pair)
            before, after = probabilities[:, list(themes).index(rising.theme)]
            yield Failing("direction", rising.theme, list(pair), _said(model, pair, themes)), bool(after > before)


def _changes(swapped: Swapped, model: Model, themes: Sequence[str]) -> Iterator[Change]:
    """The mean absolute difference between two names (Gini's), averaged over the frames."""
    texts = [frame.replace("{}", name) for frame in swapped.frames for name in swapped.names]
    probabilities, _ = _asked(model, texts)
    by_frame = probabilities.reshape(len(swapped.frames), len(swapped.names), -1)
    pairs = np.triu_indices(len(swapped.names), k=1)
    gaps = np.abs(by_frame[:, pairs[0]] - by_frame[:, pairs[1]]).mean(axis=(0, 1))
    for theme, gap in zip(themes, gaps, strict=True):
        yield Change(swapped.kind, theme, len(swapped.names), round(float(gap), 6))


def _asked(model: Model, texts: Sequence[str]) -> Any:
    probabilities, labels = model([Passage(text) for text in texts])
    return np.nan_to_num(probabilities), labels


def _said(model: Model, texts: Sequence[str], themes: Sequence[str]) -> list[list[str]]:
    _, labels = _asked(model, texts)
    return [[theme for theme, has in zip(themes, row, strict=True) if has] for row in labels]
