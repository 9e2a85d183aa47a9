"""Fit the chosen models anew on train and valid, and measure on test what the documents of valid add.

Only what is learned from text is learned again: the scales, calibration and thresholds that train found out of fold
stay. Valid has had its say by then, in the choice of the models; test has none.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from features import codebook, lexicon, metrics, training
from features.adapted import Adaptation, Adapted, Settings, adapted_to, token_states
from features.comparison import Difference, compare_labels, in_words
from features.errors import UsageFailure
from features.gold import gold_matrix
from features.lexicon import LabellingFunction
from features.metrics import Estimate
from features.text import Example
from features.training import Calibrated, Trained, fit_mixture, train_rows
from pipelines import adaptations, refits, states, store, tables
from pipelines.command import Count, parameters, progress, run, stage
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


def refit(
    trained: Trained,
    examples: Sequence[Example],
    functions: Sequence[LabellingFunction],
    settings: Settings | None,
    *,
    resamples: Count,
    seed: int,
) -> Refit:
    """Fit `trained` anew on the rows of train and valid, and compare the two on the gold rows of test.

    `settings` are those its encoder was fine-tuned with. Raises UsageFailure for a baseline, which has nothing to fit.
    """
    if not isinstance(trained.model, Calibrated):
        raise UsageFailure("a baseline cannot be fitted anew; choose a trained model")
    rows = train_rows(examples, trained.experiment, FITTED_ON)
    adapted = _adapted(rows, trained.themes, settings) if trained.experiment.is_adapted and settings else None
    scales = trained.model.mixture.scales
    mixture = fit_mixture(trained.experiment, rows, trained.themes, functions, adapted, scales)
    again = replace(trained, model=replace(trained.model, mixture=mixture))
    test = [row for row in examples if row.part == "test" and row.label_source == "gold"]
    old, new = trained.predict(test), again.predict(test)
    differences = compare_labels(
        new.gold, new.labels, old.labels, new.documents, trained.themes, resamples=resamples, seed=seed
    )
    before, after = (metrics.measure(found, trained.themes, resamples=resamples, seed=seed) for found in (old, new))
    return Refit(again, rows, after, before, differences)


def _adapted(rows: Sequence[Example], themes: Sequence[str], settings: Settings) -> Adapted:
    """The encoder fine-tuned on the gold among `rows`, as `adapt` fine-tunes it on that of train."""
    gold = [row for row in rows if row.label_source == "gold"]
    return adapted_to(token_states([row.text for row in gold], settings.depth), gold_matrix(gold, themes), settings)


def main(options: argparse.Namespace) -> str:
    """Read what compare chose, write its models fitted anew with their scores, and `refit.json`."""
    chosen = store.read_json(store.check(options.compare) / "champion.json", dict[str, str])
    examples = tables.read(store.check(options.split) / "splits.parquet", Example)
    functions = lexicon.load(options.patterns, codebook.load(options.codebook).ids)
    states.recall(options.embed)
    adaptation = adaptations.recall(options.adapt)
    settings, knobs = adaptation.settings if adaptation else None, parameters(refit, options.params)
    roles = {role: chosen[role] for role in ("champion", "linear", "static") if role in chosen}
    names = sorted(set(roles.values()))
    done = {
        name: refit(_trained(options.train / name), examples, functions, settings, **knobs)
        for name in progress(names, total=len(names), unit="models")
    }
    facts = {role: _facts(name, done[name]) for role, name in roles.items()}
    with store.writing(options.out) as folder:
        for role, name in roles.items():
            _write(done[name], folder / refits.MODELS / role)
        adaptations.write(folder, _adaptation(done, settings), sorted({row.text for row in examples}))
        store.write_json(folder / refits.NAME, facts)
    return "; ".join(f"{role}: {fact.in_words.removesuffix('.')}" for role, fact in facts.items())


def _trained(folder: Path) -> Trained:
    return training.loads((store.check(folder) / "model.pkl").read_bytes())


def _adaptation(done: Mapping[str, Refit], settings: Settings | None) -> Adaptation | None:
    """The fine-tuned encoder among the models; two would be the same one."""
    models = [one.trained.model for one in done.values()]
    pipelines = [pipeline for model in models if isinstance(model, Calibrated) for pipeline in model.mixture.pipelines]
    found = next((pipeline for pipeline in pipelines if isinstance(pipeline, Adapted)), None)
    return Adaptation(found, {}, settings) if found and settings else None


def _write(done: Refit, folder: Path) -> None:
    folder.mkdir(parents=True)
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
    run(main, stage(__doc__, "train", "compare", "split", "embed", "adapt", "codebook", "patterns", "out"))
