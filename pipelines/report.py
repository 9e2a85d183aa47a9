"""Everything measured, on one self-contained HTML page."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from features import codebook
from features.agreement import Agreement
from features.codebook import Codebook
from pipelines import refits, result_tables, store
from pipelines.charts import NAMESPACE
from pipelines.command import experiment_names, read_yaml, run, stage
from pipelines.refits import Refitted

Scores = dict[str, float | None]
PICTURES = {
    "precision_recall.svg": "Precision and recall over all thresholds; the dot is the threshold in use.",
    "reliability.svg": "Reliability: on the diagonal, a probability of 0.7 means seven in ten.",
    "confusion.svg": "Sentences of test that carry a theme and that do not, by gold and by the model.",
    "cooccurrence.svg": "Themes that share a sentence, by gold and by the model.",
}


@dataclass(frozen=True, slots=True)
class AgreementReport:
    """What label's `agreement.json` says of the coders."""

    between_coders: dict[str, Agreement]
    within_coder: dict[str, Agreement]
    exact_label_sets: float | None
    adjudicated: int
    sentences: dict[str, int]


@dataclass(frozen=True, slots=True)
class SplitSummary:
    """Split's `summary.json`."""

    documents: dict[str, int]
    sentences: dict[str, int]
    themes: dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class Measured:
    """What earlier stages left, read once: the report computes nothing of its own."""

    codebook: Codebook
    documents: dict[str, Any]
    agreement: AgreementReport
    split: SplitSummary
    audit: dict[str, int]
    scores: dict[str, Scores]
    chosen: dict[str, str]
    comparisons: list[dict[str, Any]]
    refitted: dict[str, Refitted]
    slices: dict[str, Any]
    axes: list[dict[str, Any]]
    quick: str
    behaviour: dict[str, Any]
    errors: list[dict[str, Any]]
    pictures: dict[str, str]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table as it is shown."""

    columns: list[str]
    rows: list[list[str]]


def report(measured: Measured) -> str:
    """The page."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.filters |= {"number": _number, "percent": _percent, "small": "{:.3f}".format}
    themes = measured.codebook.ids
    return environment.get_template("report.html.j2").render(
        title=measured.codebook.title,
        provenance=measured.codebook.provenance,
        themes=themes,
        documents=measured.documents,
        gold=measured.agreement.sentences.get("gold", 0),
        agreement=[measured.agreement.between_coders[theme] for theme in themes],
        consistency={theme: row.alpha for theme, row in measured.agreement.within_coder.items()},
        exact=measured.agreement.exact_label_sets,
        adjudicated=measured.agreement.adjudicated,
        champion=measured.chosen["champion"],
        why=measured.chosen["why"],
        rows=[{"name": name, "scores": scores} for name, scores in measured.scores.items()],
        comparisons=[comparison["in_words"] for comparison in measured.comparisons],
        # One row where the champion is the best linear n-gram model.
        refitted={row.experiment: row for row in measured.refitted.values()}.values(),
        beside_coders=_beside_coders(measured),
        slices=Grid(result_tables.SLICES, result_tables.slices(measured.slices["slices"])),
        beyond=Grid(result_tables.BEYOND, result_tables.beyond(measured.slices["beyond_the_lexicon"])),
        axes=Grid(result_tables.AXES, result_tables.axes(measured.axes)),
        quick=measured.quick,
        behaviour=Grid(result_tables.BEHAVIOUR, result_tables.behaviour(measured.behaviour)),
        changes=measured.behaviour["outcome"]["changes"],
        pictures=_inlined(measured.pictures, measured.chosen["linear"]),
        errors=measured.errors,
        split=measured.split,
        audit=measured.audit,
    )


def _inlined(pictures: Mapping[str, str], linear: str) -> list[dict[str, str]]:
    """Each picture as a part of the page, where what its dots and cells say is told when they are pointed at."""
    captions = PICTURES | {
        "learning_curve.svg": f"Learning curve of {linear}: would more coded documents help?",
        "weak.svg": "Labels made by the labelling functions, with gold and without: how much coding do they replace?",
    }
    # A file of its own names the language, a page knows it.
    bare = {name: picture.replace(f' xmlns="{NAMESPACE}"', "", 1) for name, picture in pictures.items()}
    return [{"caption": captions[name], "svg": svg} for name, svg in bare.items()]


def _beside_coders(measured: Measured) -> dict[str, list[list[float | None]]]:
    """F1 of the keywords and of the champion on test, and the coders' agreement: value, low and high theme by theme."""

    def f1(name: str) -> list[list[float | None]]:
        scores = measured.scores[name]
        return [
            [scores[f"test/{kind}/{theme}"] for kind in ("f1", "f1_low", "f1_high")] for theme in measured.codebook.ids
        ]

    coders = [measured.agreement.between_coders[theme] for theme in measured.codebook.ids]
    names = dict.fromkeys(("keywords", measured.chosen["champion"]))
    rows = {name: f1(name) for name in names if name in measured.scores}
    return rows | {"coders (alpha)": [[row.alpha, row.low, row.high] for row in coders]}


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f} %"


def main(options: argparse.Namespace) -> str:
    """Read the finished stages, write `report.html`."""
    page = report(_read(options))
    with store.writing(options.out) as folder:
        (folder / "report.html").write_text(page, encoding="utf-8")
    return f"{options.out / 'report.html'}: {len(page.encode()) / 1e6:.1f} MB"


def _read(options: argparse.Namespace) -> Measured:
    data: Path = options.data
    folders = {
        name: store.check(data / name)
        for name in (
            *("ingest", "label", "split", "audit", "compare", "curve"),
            *("weak", "slices", "gallery", "axes", "refit", "behave"),
        )
    }
    chosen = store.read_json(folders["compare"] / "champion.json", dict[str, str])
    experiments = {name: store.check(data / "evaluate" / name) for name in experiment_names(options.params)}
    champion = experiments[chosen["champion"]]
    drawn = {name: champion / name for name in PICTURES}
    drawn |= {"learning_curve.svg": folders["curve"] / "learning_curve.svg", "weak.svg": folders["weak"] / "weak.svg"}
    return Measured(
        codebook=codebook.load(options.codebook),
        documents=store.read_json(folders["ingest"] / "summary.json", dict[str, Any]),
        agreement=store.read_json(folders["label"] / "agreement.json", AgreementReport),
        split=store.read_json(folders["split"] / "summary.json", SplitSummary),
        audit=store.read_json(folders["audit"] / "audit.json", dict[str, int]),
        scores={name: store.read_json(folder / "scores.json", Scores) for name, folder in experiments.items()},
        chosen=chosen,
        comparisons=store.read_json(folders["compare"] / "comparisons.json", list[dict[str, Any]]),
        refitted=refits.read(folders["refit"]),
        slices=store.read_json(folders["slices"] / "slices.json", dict[str, Any]),
        axes=store.read_json(folders["axes"] / "axes.json", list[dict[str, Any]]),
        quick=str(read_yaml(options.params)["quick_experiment"]),
        behaviour=store.read_json(folders["behave"] / "behaviour.json", dict[str, Any]),
        errors=store.read_json(folders["gallery"] / "gallery.json", list[dict[str, Any]]),
        pictures={name: path.read_text(encoding="utf-8") for name, path in drawn.items()},
    )


if __name__ == "__main__":
    run(main, stage(__doc__, "data", "codebook", "out"))
