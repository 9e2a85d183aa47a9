"""Fill the tables of README.md and experiments/README.md from the committed metrics, so that no number is typed.

python -m pipelines.ledger .            write the tables
python -m pipelines.ledger . --check    say which document is not in step; exit 4 if any is not
"""

import argparse
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from features.errors import IntegrityFailure, UsageFailure
from features.readers.header import split_header
from pipelines import refits, result_tables, store, weak_tables
from pipelines.command import experiment_names, read_yaml, run
from pipelines.markdown import percent, span, table

DOCUMENTS = ("README.md", "experiments/README.md", "data/README.md", "benchmarks/README.md")
DEVELOPMENT = "experiments/development.json"
TRANSFER = "experiments/transfer.json"
PROFILE = "experiments/profile.json"


def filled(text: str, tables: Mapping[str, Callable[[], str]], name: str) -> str:
    """`text` with each table it asks for between its markers; raises UsageFailure when it has no marker at all."""
    done, count = re.subn(
        r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)",
        lambda match: match[1] + tables[match[2]]() + match[3],
        text,
        flags=re.DOTALL,
    )
    if not count:
        raise UsageFailure(f"{name}: has no place for a table: <!-- table: models --> ... <!-- end -->")
    return done


def tables(root: Path) -> dict[str, Callable[[], str]]:
    """What makes each Markdown table, by name; nothing is read for a table that no document asks for."""
    inputs = root / str(read_yaml(root / "params.yaml")["inputs"])
    agreement = ["theme", "Krippendorff's alpha, 95 % interval", "share of sentences"]
    return {
        "models": lambda: table(
            result_tables.MODELS,
            result_tables.models(_metrics(root), refits.read(root / "data" / "refit"), _development(root)),
        ),
        "ideas": lambda: table(result_tables.IDEAS, result_tables.ideas(_results(root), root / "experiments")),
        "refit": lambda: table(result_tables.REFIT, result_tables.refit(refits.read(root / "data" / "refit"))),
        "corpus": lambda: table(agreement, _agreement(root)),
        "genres": lambda: table(["genre", "documents", "from", "to"], _genres(inputs / "corpus")),
        "parts": lambda: table(["part", "documents", "sentences", *_themes(root)], _parts(root)),
        "rounds": lambda: table(
            ["round", "aim", "documents", "sentences", *_transfer(root)], _rounds(root, inputs / "rounds.yaml")
        ),
        "shares": lambda: table(["documents", *_transfer(root)], _shares(root)),
        "profile": lambda: table(["figure", *_made_by("corpus-report", root / PROFILE)["profiles"]], _profile(root)),
        "weak": lambda: table(weak_tables.GAINS, weak_tables.gains(_weak(root))),
        "weak_labels": lambda: table(weak_tables.LABELS, weak_tables.labels(_weak(root), _themes(root))),
        "behaviour": lambda: table(result_tables.BEHAVIOUR, result_tables.behaviour(_behaviour(root))),
        "slices": lambda: table(result_tables.SLICES, result_tables.slices(_slices(root)["slices"])),
        "beyond": lambda: table(result_tables.BEYOND, result_tables.beyond(_slices(root)["beyond_the_lexicon"])),
        "axes": lambda: table(result_tables.AXES, result_tables.axes(_axes(root))),
        "encode": lambda: table(result_tables.SPEEDS, result_tables.speeds(_measured(root, "encode"))),
        "in_process": lambda: table(
            ["in one process", *result_tables.SPEEDS[1:]], result_tables.speeds(_measured(root, "score")["in_process"])
        ),
        "scoring": lambda: table(result_tables.SCORING, result_tables.scoring(_measured(root, "score"))),
        "growth": lambda: table(result_tables.GROWTH, result_tables.growth(_measured(root, "score")["growth"])),
        "apart": lambda: table(["sets", "area under ROC", "sentences of each"], _apart(root)),
    }


def _made_by(target: str, path: Path) -> dict[str, Any]:
    """A result of a make target that measures on gold of one's own; raises UsageFailure that says how to make it."""
    if not path.exists():
        raise UsageFailure(
            f"{path}: missing; make it with: make {target} SET=gold.jsonl OUT={path.parent.name}/{path.name}"
        )
    return store.read_json(path, dict[str, Any])


def _results(root: Path) -> list[list[str]]:
    champion = store.read_json(root / "data" / "compare" / "champion.json", dict[str, str])["champion"]
    names = experiment_names(root / "params.yaml")
    return result_tables.results(names, _metrics(root), champion, _development(root)["experiments"])


def _metrics(root: Path) -> dict[str, dict[str, Any]]:
    return {
        name: store.read_json(root / "data" / "evaluate" / name / "metrics.json", dict[str, Any])
        for name in experiment_names(root / "params.yaml")
    }


def _development(root: Path) -> dict[str, Any]:
    return _made_by("external", root / DEVELOPMENT)


def _agreement(root: Path) -> list[list[str]]:
    report = store.read_json(root / "data" / "label" / "agreement.json", dict[str, Any])
    return [
        [theme, span({"value": row["alpha"], "low": row["low"], "high": row["high"]}), percent(row["prevalence"])]
        for theme, row in sorted(report["between_coders"].items())
    ]


def _axes(root: Path) -> list[dict[str, Any]]:
    return store.read_json(root / "data" / "axes" / "axes.json", list[dict[str, Any]])


def _behaviour(root: Path) -> dict[str, Any]:
    return store.read_json(root / "data" / "behave" / "behaviour.json", dict[str, Any])


def _slices(root: Path) -> dict[str, Any]:
    return store.read_json(root / "data" / "slices" / "slices.json", dict[str, Any])


def _measured(root: Path, name: str) -> dict[str, Any]:
    path = root / "benchmarks" / f"{name}.json"
    if not path.exists():
        raise UsageFailure(f"{path}: missing; make it with: make bench")
    return store.read_json(path, dict[str, Any])


def _weak(root: Path) -> dict[str, Any]:
    return store.read_json(root / "data" / "weak" / "weak.json", dict[str, Any])


def _genres(corpus: Path) -> list[list[str]]:
    dates: dict[str, list[str]] = {}
    for path in sorted(corpus.glob("*/*.txt")):
        header, _ = split_header(path.read_text(encoding="utf-8"))
        dates.setdefault(path.parent.name, []).append(str(header["date"])[:4])
    rows = [[genre, str(len(years)), min(years), max(years)] for genre, years in dates.items()]
    every = [year for years in dates.values() for year in years]
    return [*rows, ["all", str(len(every)), min(every), max(every)]]


def _themes(root: Path) -> list[str]:
    return list(store.read_json(root / "data" / "split" / "summary.json", dict[str, Any])["themes"]["train"])


def _parts(root: Path) -> list[list[str]]:
    found = store.read_json(root / "data" / "split" / "summary.json", dict[str, Any])
    return [
        [part, str(count), f"{found['sentences'][part]:,}", *map(str, found["themes"][part].values())]
        for part, count in sorted(found["documents"].items(), key=lambda item: -item[1])
    ]


def _transfer(root: Path) -> dict[str, Any]:
    """By experiment: what the rounds and the shares of the corpus are worth on the development file."""
    return _made_by("transfer", root / TRANSFER)


def _rounds(root: Path, path: Path) -> list[list[str]]:
    gains = list(zip(*(one["rounds"] for one in _transfer(root).values()), strict=True))
    aims = [one["aim"] for one in yaml.safe_load(path.read_text(encoding="utf-8"))]
    if len(aims) != len(gains):
        raise UsageFailure(f"{path}: {len(aims)} rounds, but {TRANSFER} has {len(gains)}; run: make transfer")
    return [
        [str(n), aim, str(row[0]["documents"]), f"{row[0]['sentences']:,}", *(span(one["macro_f1"]) for one in row)]
        for n, (aim, row) in enumerate(zip(aims, gains, strict=True), start=1)
    ]


def _shares(root: Path) -> list[list[str]]:
    """One figure per draw."""
    return [
        [str(row[0][0]["documents"]), *(" ".join(f"{one['macro_f1']['value']:.3f}" for one in drawn) for drawn in row)]
        for row in zip(*(one["shares"] for one in _transfer(root).values()), strict=True)
    ]


def _profile(root: Path) -> list[list[str]]:
    columns = _made_by("corpus-report", root / PROFILE)["profiles"].values()
    rows = zip(*columns, strict=True)
    return [[f"{row[0]['group']}: {row[0]['name']}", *(f"{one['value']:g}" for one in row)] for row in rows]


def _apart(root: Path) -> list[list[str]]:
    found = _made_by("corpus-report", root / PROFILE)["separations"]
    return [
        [f"{one['first']} and {one['second']}", f"{one['area_under_roc']:.3f}", str(one["sentences"])] for one in found
    ]


def main(options: argparse.Namespace) -> str:
    """Write the tables, or check that they are as they would be written."""
    made = tables(options.root)
    stale = []
    for name in DOCUMENTS:
        path: Path = options.root / name
        before = path.read_text(encoding="utf-8")
        after = filled(before, made, name)
        if after != before:
            stale.append(name)
            if not options.check:
                path.write_text(after, encoding="utf-8")
    if stale and options.check:
        raise IntegrityFailure(f"{', '.join(stale)}: not in step with the committed metrics; run: make ledger")
    return f"{len(DOCUMENTS)} documents, {len(stale)} changed"


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path, help="the checkout")
    parser.add_argument("--check", action="store_true", help="write nothing")
    return parser


if __name__ == "__main__":
    run(main, _arguments())
