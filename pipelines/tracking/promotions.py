"""experiments/promotions.yaml: which bundles were made champion, when and why. In git, so that a store can be lost."""

import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import msgspec
import yaml

from features import yaml_text
from features.errors import UsageFailure

NAME = "promotions.yaml"
_HEADER = (
    "# Every bundle that was made champion, oldest first; the last one is champion. Written by `make promote`.\n"
    "# `bundle` is the fingerprint of the model's weights and vocabulary, as the registered version's tag shows it.\n"
)


class Promotion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One promotion; `bundle` is a bundle's fingerprint, `experiment` the experiment that trained it.

    `evidence` is what a paired test on valid said of it and the champion before; `forced` where that was no reason to
    promote it, and `reason` was.
    """

    bundle: str
    experiment: str
    date: date
    evidence: str | None = None
    reason: str | None = None
    forced: bool = False


def read(path: Path) -> list[Promotion]:
    """All promotions, oldest first; none where there is no file. Raises UsageFailure naming what is wrong in it."""
    if not path.is_file():
        return []
    try:
        return msgspec.convert(yaml_text.parse(path.read_text(encoding="utf-8")) or [], list[Promotion])
    except (OSError, UnicodeDecodeError, yaml.YAMLError, msgspec.ValidationError) as error:
        raise UsageFailure(f"{path}: not a list of promotions: {error}; take it from git again") from error


def write(path: Path, promoted: Sequence[Promotion]) -> None:
    """Write all of them in one step."""
    rows = [msgspec.structs.asdict(promotion) for promotion in promoted]
    draft = path.with_name(f".{path.name}-{os.getpid()}")
    draft.write_text(_HEADER + yaml.safe_dump(rows, sort_keys=False, allow_unicode=True), encoding="utf-8")
    draft.replace(path)
