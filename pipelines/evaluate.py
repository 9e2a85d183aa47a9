"""Measure one trained experiment on valid and test: metrics with intervals, curves, error lists. Fits nothing."""

import argparse
import csv
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from features import embeddings, metrics, training
from features.metrics import Estimate, Predictions
from features.spreadsheet import guarded
from features.text import Example
from features.training import Trained
from pipelines import adaptations, plots, predictions, states, store, tables, timings
from pipelines.about import About, Candidate
from pipelines.command import Count, parameters, run, stage

MEASURED = ("valid", "test")
_TIMED = 256


@dataclass(frozen=True, slots=True)
class Evaluation:
    """By part: the rows, what was predicted for them, and the metrics."""

    themes: list[str]
    rows: dict[str, list[Example]]
    predictions: dict[str, Predictions]
    metrics: dict[str, dict[str, Estimate]]


def evaluate(trained: Trained, examples: Sequence[Example], *, resamples: Count, seed: int) -> Evaluation:
    """Metrics of `trained` on the gold rows of valid and of test."""
    rows = {part: [row for row in examples if row.part == part and row.label_source == "gold"] for part in MEASURED}
    found = {part: trained.predict(rows[part]) for part in MEASURED}
    measured = {part: metrics.measure(found[part], trained.themes, resamples=resamples, seed=seed) for part in MEASURED}
    return Evaluation(trained.themes, rows, found, measured)


def main(options: argparse.Namespace) -> str:
    """Read the trained model and the splits, write metrics, predictions, errors and plots."""
    trained = training.loads((store.check(options.train) / "model.pkl").read_bytes())
    examples = tables.read(store.check(options.split) / "splits.parquet", Example)
    if trained.experiment.family == "encoder":
        states.recall(options.embed)
    if trained.experiment.is_adapted:
        adaptations.recall(options.adapt)
    name = options.out.name
    done = evaluate(trained, examples, **parameters(evaluate, options.params))
    timings.record(name, {"sentences_per_second": _speed(trained, done.rows["test"])})
    with store.writing(options.out) as folder:
        store.write_json(folder / "metrics.json", _headline(done))
        store.write_json(folder / "scores.json", metrics.flat(done.metrics))
        store.write_json(folder / "about.json", about(name, trained))
        predictions.write(folder / predictions.NAME, done.rows, done.predictions, done.themes)
        _write_errors(done, trained, folder / "errors.csv")
        for picture, draw in plots.OF_EXPERIMENT.items():
            (folder / picture).write_text(draw(done.predictions["test"], done.themes), encoding="utf-8")
    best = done.metrics["test"]["macro_f1"]
    return f"{name}: macro-F1 on test {best.value} [{best.low}, {best.high}]"


def about(name: str, trained: Trained) -> About:
    """What is said of the experiment beside its numbers: what its search chose, and among what."""
    search = trained.search
    if search is None:
        return About(name, trained.experiment.family)
    votes = [choice.candidate for choice in search.by_fold]
    candidates = [
        Candidate(values, search.final.scores[number], votes.count(number))
        for number, values in enumerate(search.candidates)
    ]
    return About(name, trained.experiment.family, search.chosen, candidates)


def _headline(done: Evaluation) -> dict[str, object]:
    """The few numbers of `dvc metrics show`: one row per experiment."""
    valid, test = done.metrics["valid"], done.metrics["test"]
    return {
        "valid": {"macro_f1": valid["macro_f1"].value},
        "test": {
            "macro_f1": test["macro_f1"].value,
            "low": test["macro_f1"].low,
            "high": test["macro_f1"].high,
            "average_precision": test["macro_average_precision"].value,
            "calibration_error": test["macro_calibration_error"].value,
            "f1": {theme: test[f"f1/{theme}"].value for theme in done.themes},
        },
    }


def _write_errors(done: Evaluation, trained: Trained, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["part", "theme", "error", "probability", "threshold", "doc", "sentence_id", "text"])
        for part in MEASURED:
            writer.writerows(_errors(done, trained, part))


def _errors(done: Evaluation, trained: Trained, part: str) -> Iterator[tuple[object, ...]]:
    """Misses and false alarms, the most confident first within each theme."""
    found = done.predictions[part]
    for number, theme in enumerate(done.themes):
        threshold = round(float(trained.thresholds[number]), 6)
        wrong = [n for n in range(len(found.gold)) if found.gold[n, number] != found.labels[n, number]]
        for n in sorted(wrong, key=lambda n: -abs(found.probabilities[n, number] - threshold)):
            row = done.rows[part][n]
            kind = "miss" if found.gold[n, number] else "false alarm"
            probability = round(float(found.probabilities[n, number]), 6)
            yield part, theme, kind, probability, threshold, row.doc, row.sentence_id, guarded(row.text)


def _speed(trained: Trained, rows: Sequence[Example]) -> float:
    # An encoder takes long enough for few sentences to tell, and must not find them already encoded.
    passages = [row.passage for row in rows][: _TIMED if trained.experiment.family == "encoder" else None]
    with embeddings.nothing_remembered():
        started = time.perf_counter()
        trained.probabilities(passages)
        return round(len(passages) / (time.perf_counter() - started), 1)


if __name__ == "__main__":
    run(main, stage(__doc__, "train", "split", "embed", "adapt", "out"))
