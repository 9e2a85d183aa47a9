"""Measure trained experiments on a gold file that took no part in anything; thresholds stay as trained.

    python -m pipelines.external gold.jsonl result.json                      every experiment, and what was exported
    python -m pipelines.external gold.jsonl result.json --model BUNDLE       one exported bundle

A line of the gold file: {"id": ..., "doc": ..., "text": ..., "labels": [theme, ...]}; other fields are ignored. The
lines are sentences already; lines of one doc, in file order, are neighbours.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from features import bundle, codebook, metrics, training
from features.bundle_files import FITTED_ON
from features.gold import GoldRow, gold_passages, on_gold, read_gold
from features.metrics import Bools, Estimate
from features.resampling import Floats
from features.text import Passage
from pipelines import store
from pipelines.command import Count, experiment_names, on_gold_file, parameters, progress, require_writable, run

Model = Callable[[Sequence[Passage]], tuple[Floats, Bools]]


@dataclass(frozen=True, slots=True)
class ThemeResult:
    """One theme on the gold file; all but support null where the file has no positive."""

    precision: float | None
    recall: float | None
    f1: float | None
    average_precision: float | None
    support: int


@dataclass(frozen=True, slots=True)
class Result:
    """One experiment on the gold file."""

    macro_f1: Estimate
    macro_average_precision: Estimate
    macro_f1_at_half: Estimate
    themes: dict[str, ThemeResult]


@dataclass(frozen=True, slots=True)
class Exported:
    """An exported bundle on the gold file: which experiment it is, and on which parts it was fitted."""

    experiment: str
    fitted_on: str
    result: Result


def external(model: Model, gold: Sequence[GoldRow], themes: Sequence[str], *, resamples: Count, seed: int) -> Result:
    """Precision, recall, F1 and average precision of `model` on `gold`, with document-bootstrap intervals."""
    probabilities, labels = model(gold_passages(gold))
    said = on_gold(gold, themes, labels, probabilities)
    found = metrics.measure(said, themes, resamples=resamples, seed=seed)
    by_theme = {
        theme: ThemeResult(
            precision=found[f"precision/{theme}"].value,
            recall=found[f"recall/{theme}"].value,
            f1=found[f"f1/{theme}"].value,
            average_precision=found[f"average_precision/{theme}"].value,
            support=int(said.gold[:, number].sum()),
        )
        for number, theme in enumerate(themes)
    }
    return Result(found["macro_f1"], found["macro_average_precision"], found["macro_f1_at_half"], by_theme)


def main(options: argparse.Namespace) -> str:
    """Read the gold file, write results as JSON and print them as a table."""
    require_writable(options.out, options.gold)
    if options.model:
        only = bundle.load(options.model)
        themes, champion = list(only.themes), only.name
        models: dict[str, Model] = {only.name: _of_bundle(only)}
    else:
        themes = codebook.load(options.codebook).ids
        champion = store.read_json(store.check(options.data / "compare") / "champion.json", dict[str, str])["champion"]
        models = {name: _of_experiment(options.data / "train" / name) for name in experiment_names(options.params)}
    roles = [] if options.model else sorted((options.data / "export").glob("*/"))
    bundles = {folder.name: bundle.load(folder) for folder in roles}
    gold = read_gold(options.gold, themes)
    knobs = parameters(external, options.params)
    names = progress([*models, *bundles], total=len(models) + len(bundles), unit="models")
    results = {name: external(models.get(name) or _of_bundle(bundles[name]), gold, themes, **knobs) for name in names}
    experiments = {name: results[name] for name in models}
    exported = {
        role: Exported(one.name, one.model.provenance[FITTED_ON], results[role]) for role, one in bundles.items()
    }
    store.write_json(options.out, {"champion": champion, "experiments": experiments, "exported": exported})
    print(_table(experiments | {f"exported: {role}": one.result for role, one in exported.items()}, champion, themes))
    empty = [theme for theme in themes if not any(theme in row.labels for row in gold)]
    if empty:
        print(f"No gold sentence carries {', '.join(empty)}: null there, and left out of the macro averages.")
    return (
        f"{len(gold):,} sentences of {len({row.doc for row in gold}):,} documents, {len(results)} models, {options.out}"
    )


def _of_experiment(folder: Path) -> Model:
    trained = training.loads((store.check(folder) / "model.pkl").read_bytes())

    def predict(passages: Sequence[Passage]) -> tuple[Floats, Bools]:
        probabilities = trained.probabilities(passages)
        return probabilities, trained.labels(probabilities)

    return predict


def _of_bundle(exported: bundle.Bundle) -> Model:
    def predict(passages: Sequence[Passage]) -> tuple[Floats, Bools]:
        scores = exported.score(passages)
        return np.nan_to_num(scores.probabilities), scores.labels

    return predict


def _table(results: dict[str, Result], champion: str, themes: Sequence[str]) -> str:
    width = max(len(name) for name in results) + 2
    lines = [f"{'F1':<{width}}{'macro':>7} {'95 % interval':>16} " + " ".join(f"{theme:>16.16}" for theme in themes)]
    for name, result in results.items():
        macro = result.macro_f1
        cells = " ".join(f"{_number(result.themes[theme].f1):>16}" for theme in themes)
        span = f"{_number(macro.low)} to {_number(macro.high)}"
        mark = "*" if name == champion else ""
        lines.append(f"{name + mark:<{width}}{_number(macro.value):>7} {span:>16} {cells}")
    return "\n".join([*lines, "* champion, chosen on valid"])


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _arguments() -> argparse.ArgumentParser:
    parser = on_gold_file(__doc__)
    parser.add_argument("--model", type=Path, help="an exported bundle instead of the trained experiments")
    return parser


if __name__ == "__main__":
    run(main, _arguments())
