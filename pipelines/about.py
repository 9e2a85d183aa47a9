"""What evaluate says of an experiment beside its numbers: written by evaluate, read by compare and track."""

from typing import Any

import msgspec


class Candidate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Values by path of `tune`, their macro average precision out of fold on train, and how many folds chose them."""

    values: dict[str, Any]
    average_precision: float
    folds: int


class About(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`about.json`: the family of the model, what was chosen for each path of `tune`, and among what."""

    experiment: str
    family: str
    chosen: dict[str, Any] = {}
    candidates: list[Candidate] = []
