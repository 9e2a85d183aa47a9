"""How far coders agree: Krippendorff's alpha per theme, with a document-bootstrap interval.

Krippendorff, K. (2011), Computing Krippendorff's Alpha-Reliability: nominal data, any number of coders, gaps allowed.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.resampling import Floats, document_draws, interval, sums_by_document


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement on one theme over the sentences that at least two coders coded; None where it is undefined."""

    theme: str
    alpha: float | None
    low: float | None
    high: float | None
    percent_agreement: float | None
    prevalence: float | None
    sentences: int
    experimental: bool


def nominal_alpha(units: Sequence[Sequence[str]]) -> float | None:
    """Alpha of nominal codings, one sequence of codes per unit; None when there is no variation to agree on."""
    paired = [unit for unit in units if len(unit) > 1]
    codings = sum(len(unit) for unit in paired)
    totals: dict[str, int] = {}
    observed = 0.0
    for unit in paired:
        counts = {code: unit.count(code) for code in unit}
        observed += sum(n * (len(unit) - n) for n in counts.values()) / (len(unit) - 1)
        for code, n in counts.items():
            totals[code] = totals.get(code, 0) + n
    expected = sum(n * (codings - n) for n in totals.values())
    return None if expected == 0 else 1 - (codings - 1) * observed / expected


def agreement(
    codings: Mapping[str, Mapping[str, frozenset[str]]],
    documents: Mapping[str, str],
    themes: Sequence[str],
    *,
    resamples: int,
    seed: int,
    experimental_below: float,
) -> list[Agreement]:
    """Agreement per theme.

    `codings` maps sentence id -> coder -> themes; `documents` maps sentence id -> document. Below
    `experimental_below` a theme is marked experimental; where alpha is undefined, agreement was not measured.
    """
    units = [sentence for sentence, by_coder in codings.items() if len(by_coder) > 1]
    names = sorted({documents[unit] for unit in units})
    numbers = {name: number for number, name in enumerate(names)}
    of_document = np.array([numbers[documents[unit]] for unit in units], dtype=np.int64)
    coders = np.array([len(codings[unit]) for unit in units], dtype=np.float64)
    draws = document_draws(len(names), resamples, seed) if names else np.zeros((resamples, 0))
    found = []
    for theme in themes:
        ones = np.array([sum(theme in chosen for chosen in codings[unit].values()) for unit in units], dtype=np.float64)
        found.append(_of_theme(theme, ones, coders, of_document, draws, experimental_below))
    return found


def exact(codings: Mapping[str, Mapping[str, frozenset[str]]]) -> float | None:
    """Share of the sentences coded at least twice to which all coders gave the same set of themes."""
    sets = [len(set(by_coder.values())) == 1 for by_coder in codings.values() if len(by_coder) > 1]
    return round(sum(sets) / len(sets), 6) if sets else None


def _of_theme(
    theme: str, ones: Floats, coders: Floats, of_document: NDArray[np.int64], draws: Floats, experimental_below: float
) -> Agreement:
    if not len(ones):
        return Agreement(theme, None, None, None, None, None, 0, experimental=False)
    disagreement = 2 * ones * (coders - ones) / (coders - 1)
    parts = sums_by_document(np.column_stack([disagreement, ones, coders]), of_document, draws.shape[1])
    alpha = float(_binary_alpha(parts.sum(axis=0)[None])[0])
    low, high = interval(_binary_alpha(draws @ parts))
    return Agreement(
        theme=theme,
        alpha=_rounded(alpha),
        low=_rounded(float(low)),
        high=_rounded(float(high)),
        percent_agreement=_rounded(float(np.mean((ones == 0) | (ones == coders)))),
        prevalence=_rounded(float(ones.sum() / coders.sum())),
        sentences=len(ones),
        experimental=alpha < experimental_below,
    )


def _binary_alpha(parts: Floats) -> Floats:
    """Alpha from sums (rows, 3) of pair disagreement, positive codings and all codings; NaN without variation."""
    disagreement, ones, codings = parts.T
    expected = 2 * ones * (codings - ones)
    with np.errstate(divide="ignore", invalid="ignore"):
        alpha: Floats = np.where(expected > 0, 1 - (codings - 1) * disagreement / expected, np.nan)
    return alpha


def _rounded(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 6)
