"""Fit one experiment on train: model, calibration and thresholds."""

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from typing import Annotated

import msgspec

from features import codebook, experiment_files, lexicon
from features.adapted import Adaptation
from features.errors import UsageFailure
from features.experiments import Experiment
from features.lexicon import LabellingFunction
from features.search import Search
from features.text import Example
from features.training import Calibrated, Trained, dumps, train_model, train_rows
from pipelines import adaptations, states, store, tables, timings
from pipelines.command import Count, Share, parameters, run, stage


def train(
    experiment: Experiment,
    examples: Sequence[Example],
    themes: Sequence[str],
    functions: Sequence[LabellingFunction],
    adaptation: Adaptation | None,
    *,
    folds: Annotated[int, msgspec.Meta(ge=2)],
    seed: int,
    threshold_shrinkage: Annotated[float, msgspec.Meta(ge=0)],
    shingle: Count,
    near_duplicate: Share,
) -> Trained:
    """The fitted model with calibrators and thresholds; valid and test are never looked at."""
    only_train = [row for row in examples if row.part == "train"]
    return train_model(
        experiment,
        only_train,
        themes,
        functions,
        adaptation,
        folds=folds,
        seed=seed,
        threshold_shrinkage=threshold_shrinkage,
        shingle=shingle,
        near_duplicate=near_duplicate,
    )


def main(options: argparse.Namespace) -> str:
    """Read an experiment file and the splits, write `model.pkl` and what was fitted in plain numbers."""
    experiment = experiment_files.load(options.experiment)
    themes = codebook.load(options.codebook).ids
    functions = lexicon.load(options.patterns, themes)
    examples = tables.read(store.check(options.split) / "splits.parquet", Example)
    if experiment.learns_from_encoder:
        states.recall(options.embed)
    adaptation = adaptations.recall(options.adapt) if experiment.is_adapted else None
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        trained = train(experiment, examples, themes, functions, adaptation, **parameters(train, options.params))
    except UsageFailure as error:
        raise UsageFailure(f"{options.experiment}: {error}") from error
    timing = {"train_seconds": time.perf_counter() - wall, "train_cpu_seconds": time.process_time() - cpu}
    rows = train_rows(examples, experiment)
    with store.writing(options.out) as folder:
        (folder / "model.pkl").write_bytes(dumps(trained))
        store.write_json(folder / "fit.json", _facts(trained, rows))
    timings.record(options.experiment.stem, timing)
    return f"{options.experiment.stem}: {len(rows):,} sentences of {len({row.doc for row in rows}):,} documents"


def _facts(trained: Trained, rows: Sequence[Example]) -> dict[str, object]:
    calibrated = trained.model if isinstance(trained.model, Calibrated) else None
    return {
        "experiment": trained.experiment,
        "themes": trained.themes,
        "thresholds": trained.thresholds.round(6).tolist(),
        "calibration": calibrated and calibrated.calibration.round(6).tolist(),
        "scales": calibrated and calibrated.mixture.scales.round(6).tolist(),
        "search": trained.search and _choices(trained.search),
        "documents": len({row.doc for row in rows}),
        "sentences": Counter(row.label_source for row in rows),
    }


def _choices(search: Search) -> dict[str, object]:
    """What was tried, its score (macro average precision) by the folds that chose, and what they chose."""
    by_fold, final = (
        [{"chosen": search.candidates[choice.candidate], "scores": choice.scores} for choice in choices]
        for choices in (search.by_fold, [search.final])
    )
    return {"candidates": search.candidates, "by_fold": by_fold, "final": final[0]}


if __name__ == "__main__":
    run(main, stage(__doc__, "experiment", "split", "embed", "adapt", "codebook", "patterns", "out"))
