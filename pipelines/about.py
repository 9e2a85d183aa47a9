"""What evaluate says of an experiment beside its numbers: written by evaluate, read by compare and track."""

from typing import Any

import msgspec


class About(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`about.json`: the family of the model, and what was chosen for each path of `tune`."""

    experiment: str
    family: str
    chosen: dict[str, Any] = {}
