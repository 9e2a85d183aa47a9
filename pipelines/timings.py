"""Clock times of an experiment, in the git-ignored `.timings/`: as outs they would make two equal runs differ."""

import json
from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(".timings")


def record(experiment: str, seconds: Mapping[str, float]) -> None:
    """Add to the times known of `experiment`; a later time of the same name takes the earlier one's place."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{experiment}.json"
    path.write_text(json.dumps(read(experiment) | dict(seconds), indent=2) + "\n", encoding="utf-8")


def read(experiment: str) -> dict[str, float]:
    """What is known, or nothing: times are a courtesy, and a damaged file only means they are measured anew."""
    try:
        known: dict[str, float] = json.loads((FOLDER / f"{experiment}.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return known
