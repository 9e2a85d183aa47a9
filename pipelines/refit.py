"""Fit the chosen models anew on train and valid, and measure on test what the documents of valid add.

Only what is learned from text is learned again: the scales, calibration and thresholds that train found out of fold
stay. Valid has had its say by then, in the choice of the models; test has none.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from features import metrics, training
from features.comparison import Difference, compare_labels, in_words
from features.errors import UsageFailure
from features.metrics import Estimate
from features.text import Example
from features.training import Calibrated, Trained, fit_mixture, train_rows
from pipelines import refits, states, store, tables
from pipelines.command import Count, parameters, run, stage
from pipelines.refits import Refitted

FITTED_ON = ("train", "valid")


@dataclass(frozen=True, slots=True)
class Refit:
    """A model fitted anew on `rows`; metrics on test of it and of what it was, and how they differ, new minus old."""

    trained: Trained
    rows: list[Example]
    test: dict[str, Estimate]
    test_before: dict[str, Estimate]
    differences: list[Difference]


def refit(trained: Trained, examples: Sequence[Example], *, resamples: Count, seed: int) -> Refit:
    """Fit `trained` anew on the rows of train and valid, and compare the two on the gold rows of test.

    Raises UsageFailure for a baseline, which has nothing to fit.
    """
    if not isinstance(trained.model, Calibrated):
        raise UsageFailure("a baseline cannot be fitted anew; choose a trained model")
    rows = train_rows(examples, trained.experiment, FITTED_ON)
    mixture = fit_mixture(trained.experiment, rows, trained.themes, trained.model.mixture.scales)
    again = replace(trained, model=replace(trained.model, mixture=mixture))
    test = [row for row in examples if row.part == "test" and row.label_source == "gold"]
    old, new = trained.predict(test), again.predict(test)
    differences = compare_labels(
        new.gold, new.labels, old.labels, new.documents, trained.themes, resamples=resamples, seed=seed
    )
    before, after = (metrics.measure(found, trained.themes, resamples=resamples, seed=seed) for found in (old, new))
    return Refit(again, rows, after, before, differences)


def main(options: argparse.Namespace) -> str:
    """Read what compare chose, write `champion/` and `linear/` with model and scores, and `refit.json`."""
    chosen = store.read_json(store.check(options.compare) / "champion.json", dict[str, str])
    examples = tables.read(store.check(options.split) / "splits.parquet", Example)
    states.recall(options.embed)
    knobs = parameters(refit, options.params)
    roles = {role: chosen[role] for role in ("champion", "linear")}
    done = {name: refit(_trained(options.train / name), examples, **knobs) for name in sorted(set(roles.values()))}
    facts = {role: _facts(name, done[name]) for role, name in roles.items()}
    with store.writing(options.out) as folder:
        for role, name in roles.items():
            _write(done[name], folder / role)
        store.write_json(folder / refits.NAME, facts)
    return "; ".join(f"{role}: {fact.in_words.removesuffix('.')}" for role, fact in facts.items())


def _trained(folder: Path) -> Trained:
    return training.loads((store.check(folder) / "model.pkl").read_bytes())


def _write(done: Refit, folder: Path) -> None:
    folder.mkdir()
    (folder / "model.pkl").write_bytes(training.dumps(done.trained))
    store.write_json(folder / "scores.json", metrics.flat({"test": done.test}))


def _facts(name: str, done: Refit) -> Refitted:
    return Refitted(
        experiment=name,
        documents=len({row.doc for row in done.rows}),
        sentences=len(done.rows),
        on_train=done.test_before["macro_f1"],
        on_train_and_valid=done.test["macro_f1"],
        differences=done.differences,
        in_words=in_words(f"{name} fitted on train and valid", "on train alone", done.differences),
    )


if __name__ == "__main__":
    run(main, stage(__doc__, "train", "compare", "split", "embed", "out"))
