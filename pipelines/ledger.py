"""Fill the tables of README.md and experiments/README.md from the committed metrics, so that no number is typed.

python -m pipelines.ledger .            write the tables
python -m pipelines.ledger . --check    say which document is not in step; exit 4 if any is not
"""

import argparse
import re
from pathlib import Path
from typing import Any

from features.errors import IntegrityFailure, UsageFailure
from features.experiments import hypothesis
from features.readers.header import split_header
from pipelines import store
from pipelines.command import experiment_names, read_yaml, run

DOCUMENTS = ("README.md", "experiments/README.md", "data/README.md")
DEVELOPMENT = "experiments/development.json"


def filled(text: str, tables: dict[str, str], name: str) -> str:
    """`text` with each table between its markers; raises UsageFailure when a document has no marker at all."""
    done, count = re.subn(
        r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)",
        lambda match: match[1] + tables[match[2]] + match[3],
        text,
        flags=re.DOTALL,
    )
    if not count:
        raise UsageFailure(f"{name}: has no place for a table: <!-- table: results --> ... <!-- end -->")
    return done


def tables(root: Path) -> dict[str, str]:
    """Markdown tables by name: `results` and `ideas` by experiment, `corpus` by theme, `genres` by genre."""
    results = _results(root)
    inputs = str(read_yaml(root / "params.yaml")["inputs"])
    ideas = [
        [name, hypothesis(root / "experiments" / f"{name.strip('*')}.yaml"), *numbers] for name, *numbers in results
    ]
    columns = ["experiment", "macro-F1 on valid", "macro-F1 on test, 95 % interval", "development (real text)"]
    agreement = ["theme", "Krippendorff's alpha, 95 % interval", "share of sentences"]
    return {
        "results": _markdown(columns, results),
        "ideas": _markdown([columns[0], "hypothesis", *columns[1:]], ideas),
        "corpus": _markdown(agreement, _agreement(root)),
        "genres": _markdown(["genre", "documents", "from", "to"], _genres(root / inputs / "corpus")),
    }


def _results(root: Path) -> list[list[str]]:
    champion = store.read_json(root / "data" / "compare" / "champion.json", dict[str, str])["champion"]
    development = store.read_json(root / DEVELOPMENT, dict[str, Any])["experiments"]
    rows = []
    for name in experiment_names(root / "params.yaml"):
        found = store.read_json(root / "data" / "evaluate" / name / "metrics.json", dict[str, Any])
        test = {"value": found["test"]["macro_f1"], "low": found["test"]["low"], "high": found["test"]["high"]}
        real = development.get(name, {}).get("macro_f1")
        shown = f"**{name}**" if name == champion else name
        rows.append([shown, f"{found['valid']['macro_f1']:.3f}", _span(test), _span(real) if real else "-"])
    return rows


def _agreement(root: Path) -> list[list[str]]:
    report = store.read_json(root / "data" / "label" / "agreement.json", dict[str, Any])
    return [
        [theme, _span({"value": row["alpha"], "low": row["low"], "high": row["high"]}), _percent(row["prevalence"])]
        for theme, row in sorted(report["between_coders"].items())
    ]


def _genres(corpus: Path) -> list[list[str]]:
    dates: dict[str, list[str]] = {}
    for path in sorted(corpus.glob("*/*.txt")):
        header, _ = split_header(path.read_text(encoding="utf-8"))
        dates.setdefault(path.parent.name, []).append(str(header["date"])[:4])
    rows = [[genre, str(len(years)), min(years), max(years)] for genre, years in dates.items()]
    every = [year for years in dates.values() for year in years]
    return [*rows, ["all", str(len(every)), min(every), max(every)]]


def _markdown(columns: list[str], rows: list[list[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _span(estimate: dict[str, float | None]) -> str:
    if estimate["value"] is None:
        return "-"
    return f"{estimate['value']:.3f} [{estimate['low']:.3f}, {estimate['high']:.3f}]"


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
