"""make doctor: what does not agree is named with its remedy, and what agrees is not."""

import dataclasses
from datetime import date
from typing import Any

import pytest

from pipelines.doctor import Present, doctor
from pipelines.tracking.promotions import Promotion
from pipelines.tracking.registry import Version
from pipelines.tracking.runs import Kept

METRICS = {"test/macro_f1": 0.5}
SEEN: dict[str, Any] = {
    "present": [Present("a", "fa", METRICS), Present("b", "fb", METRICS)],
    "receipt": ["fb", "fa"],
    "kept": [
        Kept("r1", "a", "fa", True, METRICS | {"timing/train_seconds": 3.0}),
        Kept("r2", "b", "fb", True, METRICS),
        Kept("r3", "b", "earlier", False, {}),
    ],
    "versions": [Version(1, "first", "a", "r3"), Version(2, "second", "a", "r1")],
    "aliases": {"champion": 1, "challenger": 2},
    "promoted": [Promotion("first", "a", date(2024, 5, 1))],
    "fingerprint_of_export": "second",
}


def wrong(**other: Any) -> dict[str, list[str]]:
    return {one.question: list(one.wrong) for one in doctor(**(SEEN | other)) if one.wrong}


def run(number: int, **other: Any) -> list[Kept]:
    kept: list[Kept] = list(SEEN["kept"])
    return [*kept[:number], dataclasses.replace(kept[number], **other), *kept[number + 1 :]]


def test_where_all_agree_nothing_is_wrong() -> None:
    assert wrong() == {}
    assert wrong(promoted=[], fingerprint_of_export=None, aliases={}) == {}


@pytest.mark.parametrize(
    ("other", "question", "named"),
    [
        ({"kept": [*SEEN["kept"], SEEN["kept"][2]]}, "every fingerprint has one run", "b has more"),
        ({"kept": SEEN["kept"][1:]}, "every experiment of params.yaml has its run", "a has none"),
        ({"kept": run(2, is_current=True)}, "current=true stands on the runs of this workspace alone", "b (r3)"),
        ({"kept": run(0, is_current=False)}, "current=true stands on the runs of this workspace alone", "a (r1)"),
        ({"kept": run(0, metrics={"test/macro_f1": 0.6})}, "metrics of runs are those of the files", "0.6 in its run"),
        ({"kept": run(0, metrics={})}, "metrics of runs are those of the files", "a: test/macro_f1 is None"),
        ({"receipt": ["fa"]}, "the receipt is of this workspace", "other fingerprints"),
        ({"fingerprint_of_export": "third"}, "aliases are those of the record", "challenger is not the bundle"),
        ({"aliases": {"champion": 2, "challenger": 2}}, "aliases are those of the record", "promoted on 2024-05-01"),
    ],
)
def test_one_thing_that_does_not_agree_is_the_one_that_is_named(
    other: dict[str, Any], question: str, named: str
) -> None:
    found = wrong(**other)
    assert list(found) == [question]
    assert named in " ".join(found[question])
