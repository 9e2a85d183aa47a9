"""Labelling functions: rules that vote for or against a theme. They make weak labels and the keyword baseline.

Ratner et al. (2017), Snorkel, for the vocabulary: coverage, overlap, conflict.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
import numpy as np
import yaml
from numpy.typing import NDArray

from features import yaml_text
from features.errors import UsageFailure

if TYPE_CHECKING:  # half of what a stage costs that imports it and fits nothing
    from scipy.sparse import csr_array

Votes = NDArray[np.int8]


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One labelling function as written in patterns.yaml: regular expressions, or the name of a Python one."""

    name: str
    theme: str
    vote: Literal["present", "absent"] = "present"
    any: list[str] = []
    python: str | None = None


class _Patterns(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    functions: list[Rule]


@dataclass(frozen=True, slots=True)
class LabellingFunction:
    """A rule that can be asked: does it fire on this text? It votes 1 (present) or -1 (absent) on its theme."""

    name: str
    theme: str
    vote: int
    pattern: re.Pattern[str] | None
    python: str | None

    def fires(self, text: str) -> bool:
        """Whether the rule finds what it looks for."""
        if self.python is not None:
            return PYTHON_FUNCTIONS[self.python](text)
        return self.pattern is not None and self.pattern.search(text) is not None


class Stored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A labelling function as a bundle holds it; `pattern` is a regular expression, upper and lower case alike."""

    name: str
    theme: str
    vote: Literal[-1, 1]
    pattern: Annotated[str, msgspec.Meta(max_length=100_000)] | None
    python: str | None


@dataclass(frozen=True, slots=True)
class Coverage:
    """Shares of all sentences: where a function fires, where another on its theme does too, where they disagree."""

    name: str
    theme: str
    vote: int
    coverage: float
    overlap: float
    conflict: float


def load(path: Path, themes: Sequence[str]) -> list[LabellingFunction]:
    """Read labelling functions; raises UsageFailure naming the file and the function that is wrong."""
    try:
        rules = msgspec.convert(yaml_text.parse(path.read_text(encoding="utf-8")), _Patterns).functions
    except (OSError, UnicodeDecodeError, yaml.YAMLError, msgspec.ValidationError) as error:
        raise UsageFailure(f"{path}: not a file of labelling functions: {error}") from error
    for rule in rules:
        if rule.theme not in themes:
            raise UsageFailure(f"{path}: {rule.name}: the codebook has no theme '{rule.theme}'; it has {list(themes)}")
    return [_compiled(rule, path) for rule in rules]


def stored(function: LabellingFunction) -> Stored:
    """The function as data."""
    pattern = function.pattern and function.pattern.pattern
    return Stored(function.name, function.theme, 1 if function.vote > 0 else -1, pattern, function.python)


def restored(kept: Stored) -> LabellingFunction:
    """The function that was stored; raises UsageFailure when it is none that this version knows."""
    if kept.python is not None and kept.python not in PYTHON_FUNCTIONS:
        raise UsageFailure(f"{kept.name}: 'python' names one of {sorted(PYTHON_FUNCTIONS)}")
    try:
        pattern = re.compile(kept.pattern, re.IGNORECASE) if kept.pattern is not None else None
    except re.error as error:
        raise UsageFailure(f"{kept.name}: not a regular expression: {error}") from error
    return LabellingFunction(kept.name, kept.theme, kept.vote, pattern, kept.python)


def votes(functions: Sequence[LabellingFunction], texts: Sequence[str]) -> Votes:
    """Shape (texts, functions): 1 for present, -1 for absent, 0 where a function does not fire."""
    rows = [[function.vote if function.fires(text) else 0 for function in functions] for text in texts]
    return np.array(rows, dtype=np.int8).reshape(len(texts), len(functions))


def hits(functions: Sequence[LabellingFunction], texts: Sequence[str]) -> "csr_array":
    """Shape (texts, functions), float64: 1 where a function fires, whichever way it votes."""
    from scipy.sparse import csr_array

    return csr_array((votes(functions, texts) != 0).astype(np.float64))


def masked(functions: Sequence[LabellingFunction], text: str) -> str:
    """`text` with every word that a function looks for taken out, to its end; what is left makes none of them fire."""
    patterns = [function.pattern for function in functions if function.pattern is not None]
    if any(function.python for function in functions):
        patterns += [_TERROR, _MONEY, _ONLINE]
    left, before = " ".join(text.split()), None
    while left != before:  # words that now meet may be looked for together
        before = left
        for pattern in patterns:
            left = re.sub(rf"(?:{pattern.pattern})\w*", " ", left, flags=pattern.flags)
        left = " ".join(left.split())
    return left


def majority(functions: Sequence[LabellingFunction], cast: Votes, themes: Sequence[str]) -> NDArray[np.bool_]:
    """Shape (texts, themes): themes with more votes for than against."""
    totals: NDArray[np.int64] = cast.astype(np.int64) @ belongs(functions, themes)
    return totals > 0


def belongs(functions: Sequence[LabellingFunction], themes: Sequence[str]) -> NDArray[np.int64]:
    """Shape (functions, themes): 1 where a function votes on the theme."""
    found = np.array([[function.theme == theme for theme in themes] for function in functions], dtype=np.int64)
    return found.reshape(len(functions), len(themes))


def coverage(functions: Sequence[LabellingFunction], cast: Votes) -> list[Coverage]:
    """How often each function fires, alone, together and against others on its theme."""
    found = []
    for number, function in enumerate(functions):
        peers = [n for n, other in enumerate(functions) if n != number and other.theme == function.theme]
        fires = cast[:, number] != 0
        overlap = fires & (cast[:, peers] != 0).any(axis=1)
        conflict = fires & (cast[:, peers] == -function.vote).any(axis=1)
        shares = [round(float(mask.mean()), 6) if len(mask) else 0.0 for mask in (fires, overlap, conflict)]
        found.append(Coverage(function.name, function.theme, function.vote, *shares))
    return found


def _compiled(rule: Rule, path: Path) -> LabellingFunction:
    if (rule.python is None) == (not rule.any):
        raise UsageFailure(f"{path}: {rule.name}: needs either 'any' (regular expressions) or 'python', not both")
    if rule.python is not None and rule.python not in PYTHON_FUNCTIONS:
        raise UsageFailure(f"{path}: {rule.name}: 'python' names one of {sorted(PYTHON_FUNCTIONS)}")
    try:
        pattern = _words(*rule.any) if rule.any else None
    except re.error as error:
        raise UsageFailure(f"{path}: {rule.name}: not a regular expression: {error}") from error
    return LabellingFunction(rule.name, rule.theme, 1 if rule.vote == "present" else -1, pattern, rule.python)


def _words(*expressions: str) -> re.Pattern[str]:
    return re.compile("|".join(rf"\b(?:{expression})" for expression in expressions), re.IGNORECASE)


_TERROR = _words(r"terror", r"extremis", r"isi[ls]\b", r"da'?esh", r"al-?qa", r"hizballah", r"hamas\b", r"boko haram")
_MONEY = _words(
    r"money\b", r"fund(?:s|ed|ing|rais\w*)?\b", r"financ", r"donat", r"dollars?\b", r"assets?\b", r"payments?\b"
)
_ONLINE = _words(r"online", r"internet", r"websites?\b", r"social media", r"encrypt", r"cyber", r"virtual", r"digital")
_NEAR_CHARACTERS = 80


def _near(first: re.Pattern[str], second: re.Pattern[str]) -> Callable[[str], bool]:
    """Both patterns, at most about a dozen words apart."""

    def fires(text: str) -> bool:
        places = [match.start() for match in second.finditer(text)]
        return any(abs(match.start() - place) <= _NEAR_CHARACTERS for match in first.finditer(text) for place in places)

    return fires


PYTHON_FUNCTIONS: dict[str, Callable[[str], bool]] = {
    "terror_near_money": _near(_TERROR, _MONEY),
    "terror_near_online": _near(_TERROR, _ONLINE),
}
