"""Fill the tables of README.md and experiments/README.md from the committed metrics, so that no number is typed.

python -m pipelines.ledger .            write the tables
python -m pipelines.ledger . --check    say which document is not in step; exit 4 if any is not
"""

import argparse
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from features import yaml_text
from features.errors import IntegrityFailure, UsageFailure
from pipelines import corpus_tables, refits, result_tables, speed_tables, store, weak_tables
from pipelines.command import experiment_names, read_yaml, run
from pipelines.markdown import table

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
    return {
        "models": lambda: table(
            result_tables.MODELS,
            result_tables.models(_metrics(root), refits.read(root / "data" / "refit"), _development(root)),
        ),
        "ideas": lambda: table(result_tables.IDEAS, result_tables.ideas(_results(root), root / "experiments")),
        "refit": lambda: table(result_tables.REFIT, result_tables.refit(refits.read(root / "data" / "refit"))),
        "corpus": lambda: table(corpus_tables.AGREEMENT, corpus_tables.agreement(_stage(root, "label/agreement.json"))),
        "genres": lambda: table(corpus_tables.GENRES, corpus_tables.genres(inputs / "corpus")),
        "parts": lambda: table(
            [*corpus_tables.PARTS, *_themes(root)], corpus_tables.parts(_stage(root, "split/summary.json"))
        ),
        "suspicions": lambda: table(corpus_tables.SUSPICIONS, corpus_tables.suspicions(inputs / "suspicions.jsonl")),
        "rounds": lambda: table(
            [*corpus_tables.ROUNDS, *_transfer(root)],
            corpus_tables.rounds(_transfer(root), _aims(inputs / "rounds.yaml", _transfer(root))),
        ),
        "shares": lambda: table(["documents", *_transfer(root)], corpus_tables.shares(_transfer(root))),
        "profile": lambda: table(
            ["figure", *_profile(root)["profiles"]], corpus_tables.profile(_profile(root)["profiles"])
        ),
        "weak": lambda: table(weak_tables.GAINS, weak_tables.gains(_stage(root, "weak/weak.json"))),
        "weak_labels": lambda: table(
            weak_tables.LABELS, weak_tables.labels(_stage(root, "weak/weak.json"), _themes(root))
        ),
        "behaviour": lambda: table(
            result_tables.BEHAVIOUR, result_tables.behaviour(_stage(root, "behave/behaviour.json"))
        ),
        "slices": lambda: table(
            result_tables.SLICES, result_tables.slices(_stage(root, "slices/slices.json")["slices"])
        ),
        "beyond": lambda: table(
            result_tables.BEYOND, result_tables.beyond(_stage(root, "slices/slices.json")["beyond_the_lexicon"])
        ),
        "axes": lambda: table(result_tables.AXES, result_tables.axes(_stage(root, "axes/axes.json"))),
        "processors": lambda: table(
            speed_tables.PROCESSORS,
            speed_tables.processors({path.stem: _measured(root, path.stem) for path in _results_of_bench(root)}),
        ),
        "encode": lambda: table(speed_tables.SPEEDS, speed_tables.speeds(_measured(root, "encode"))),
        "in_process": lambda: table(
            speed_tables.IN_PROCESS, speed_tables.in_process(_measured(root, "score")["in_process"])
        ),
        "scoring": lambda: table(
            speed_tables.scoring_heads(_measured(root, "score")), speed_tables.scoring(_measured(root, "score"))
        ),
        "growth": lambda: table(
            ["from disk to disk", *_measured(root, "score")["growth"]],
            speed_tables.growth(_measured(root, "score")["growth"]),
        ),
        "grid": lambda: table(speed_tables.GRID, speed_tables.grid(_measured(root, "grid"))),
        "grid_memory": lambda: table(
            ["MB for sentences", *_measured(root, "grid")["growth"]["megabytes"]],
            speed_tables.grid_memory(_measured(root, "grid")),
        ),
        "fitting": lambda: table(speed_tables.FITTING, speed_tables.fitting(_measured(root, "fitting"))),
        "spark": lambda: table(speed_tables.SPARK, speed_tables.spark(_measured(root, "spark"))),
        "crossover": lambda: table(speed_tables.CROSSOVER, speed_tables.crossover(_measured(root, "spark"))),
        "noop": lambda: table(speed_tables.NOOP, speed_tables.noop(_measured(root, "noop"))),
        "fixed": lambda: table(speed_tables.FIXED, speed_tables.fixed(_measured(root, "fixed"))),
        "apart": lambda: table(corpus_tables.APART, corpus_tables.apart(_profile(root)["separations"])),
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


def _results_of_bench(root: Path) -> list[Path]:
    return sorted((root / "benchmarks").glob("*.json"))


def _measured(root: Path, name: str) -> dict[str, Any]:
    path = root / "benchmarks" / f"{name}.json"
    if not path.exists():
        raise UsageFailure(f"{path}: missing; make it with: make bench")
    return store.read_json(path, dict[str, Any])


def _stage(root: Path, file: str) -> Any:
    """What a stage has left in git."""
    return store.read_json(root / "data" / file, object)


def _themes(root: Path) -> list[str]:
    return list(_stage(root, "split/summary.json")["themes"]["train"])


def _profile(root: Path) -> dict[str, Any]:
    return _made_by("corpus-report", root / PROFILE)


def _aims(path: Path, transfer: Mapping[str, Any]) -> list[str]:
    """What each round aimed at; raises UsageFailure when other rounds were measured."""
    aims = [one["aim"] for one in yaml_text.parse(path.read_text(encoding="utf-8"))]
    for one in transfer.values():
        if len(aims) != len(one["rounds"]):
            raise UsageFailure(
                f"{path}: {len(aims)} rounds, but {TRANSFER} has {len(one['rounds'])}; run: make transfer"
            )
    return aims


def _transfer(root: Path) -> dict[str, Any]:
    """By experiment: what the rounds and the shares of the corpus are worth on the development file."""
    return _made_by("transfer", root / TRANSFER)


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
