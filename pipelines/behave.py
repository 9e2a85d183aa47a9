"""Put the cases of tests/behaviour to the exported champion: what it gets right, and what it says of those it fails.

Floors are for the test suite, which fails below them; the stage itself only reports.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from features import behaviour, bundle
from features.behaviour import Behaviour, Model, Outcome
from features.metrics import Bools
from features.resampling import Floats
from features.text import Passage
from pipelines import store
from pipelines.command import Share, parameters, run, stage


@dataclass(frozen=True, slots=True)
class Rate:
    """The share of cases passed, beside the least that the tests allow."""

    kind: str
    passed: float
    floor: float


@dataclass(frozen=True, slots=True)
class Report:
    """`behaviour.json`."""

    model: str
    rates: list[Rate]
    outcome: Outcome


def behave(cases: Behaviour, model: Model, name: str, themes: Sequence[str], *, floors: dict[str, Share]) -> Report:
    """Every case put to `model`; a kind without a floor may fail altogether."""
    outcome = behaviour.tried(cases, model, themes)
    passed = behaviour.rates(outcome.results)
    return Report(name, [Rate(kind, share, floors.get(kind, 0.0)) for kind, share in passed.items()], outcome)


def main(options: argparse.Namespace) -> str:
    """Read the cases and the bundle, write what came of each kind."""
    exported = bundle.load(options.export / "champion")
    themes = list(exported.themes)

    def model(passages: Sequence[Passage]) -> tuple[Floats, Bools]:
        scores = exported.score(passages)
        return scores.probabilities, scores.labels

    cases = behaviour.load(options.cases, themes)
    done = behave(cases, model, exported.name, themes, **parameters(behave, options.params))
    with store.writing(options.out) as folder:
        store.write_json(folder / "behaviour.json", done)
    told = ", ".join(f"{rate.kind} {rate.passed:.0%}" for rate in done.rates)
    return f"{exported.name}: {told}"


if __name__ == "__main__":
    run(main, stage(__doc__, "cases", "export", "out"))
