"""Set the corpus beside any other coded sentences, figure by figure: is it like life?

python -m pipelines.corpus_report                       the corpus alone
python -m pipelines.corpus_report --set gold.jsonl      and a gold file, as `external` reads it
"""

import argparse
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path

from features import codebook, lexicon
from features.gold import read_gold
from features.lexicon import LabellingFunction
from features.profile import Coded, Row, profile
from features.text import Label
from pipelines import store, tables
from pipelines.command import Count, Share, parameters, run


def corpus_report(
    coded: Mapping[str, Coded],
    themes: Sequence[str],
    functions: Sequence[LabellingFunction],
    *,
    shingle: Count,
    near_duplicate: Share,
) -> dict[str, list[Row]]:
    """The profile of each named set of coded sentences."""
    return {
        name: profile(one, themes, functions, shingle=shingle, near_duplicate=near_duplicate)
        for name, one in coded.items()
    }


def main(options: argparse.Namespace) -> str:
    """Read the labels (and a gold file), print the profiles side by side."""
    themes = codebook.load(options.codebook).ids
    functions = lexicon.load(options.patterns, themes)
    sets = {"corpus": _corpus(options.label)}
    if options.set:
        rows = read_gold(options.set, themes)
        gold = [frozenset(row.labels) for row in rows]
        sets[options.set.stem] = Coded([row.text for row in rows], gold, [row.doc for row in rows])
    found = corpus_report(sets, themes, functions, **parameters(corpus_report, options.params))
    print(_table(found))
    return f"{' and '.join(sets)}: {len(next(iter(found.values())))} figures each"


def _corpus(folder: Path) -> Coded:
    rows = [row for row in tables.read(store.check(folder) / "labels.parquet", Label) if row.label_source == "gold"]
    return Coded([row.text for row in rows], [frozenset(row.themes) for row in rows], [row.doc for row in rows])


def _table(found: Mapping[str, list[Row]]) -> str:
    lines = [f"{'':<46}" + "".join(f"{name:>12.12}" for name in found)]
    columns = list(zip(*found.values(), strict=True))
    for group, rows in groupby(columns, key=lambda row: row[0].group):
        lines.append(group)
        lines += [f"  {row[0].name:<44}" + "".join(f"{one.value:>12g}" for one in row) for row in rows]
    return "\n".join(lines)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", type=Path, help="gold sentences to set beside the corpus, JSON lines")
    parser.add_argument("--label", type=Path, default=Path("data/label"), help="folder of the stage label")
    parser.add_argument("--codebook", type=Path, default=Path("data/codebook.yaml"))
    parser.add_argument("--patterns", type=Path, default=Path("data/patterns.yaml"))
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    return parser


if __name__ == "__main__":
    run(main, _arguments())
