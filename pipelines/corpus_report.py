"""Set the corpus beside any other coded sentences, figure by figure: is it like life, and is it too easy?

python -m pipelines.corpus_report                       the corpus alone
python -m pipelines.corpus_report --set gold.jsonl      and a gold file, as `external` reads it
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby
from pathlib import Path
from typing import Annotated

import msgspec

from features import codebook, experiment_files, lexicon
from features.duplicates import near_duplicates
from features.errors import UsageFailure
from features.experiments import Experiment
from features.folds import CrossFit
from features.gold import GoldRow, gold_matrix, read_gold
from features.lexicon import LabellingFunction
from features.metrics import macro_f1
from features.profile import Coded, Row, profile
from features.resampling import folds_of
from features.separability import Separation, separation
from features.text import Example
from pipelines import store, tables
from pipelines.command import Count, Share, parameters, run


@dataclass(frozen=True, slots=True)
class CorpusReport:
    """`profiles`: the figures of each set; `separations`: how easily two named sets are told apart (None: too small).

    `macro_f1`: of one experiment on train and valid, cross-validated by document at margin 0; near 1 means too easy.
    """

    profiles: dict[str, list[Row]]
    separations: dict[tuple[str, str], Separation | None]
    macro_f1: float


def corpus_report(
    examples: Sequence[Example],
    gold: Mapping[str, Sequence[GoldRow]],
    themes: Sequence[str],
    functions: Sequence[LabellingFunction],
    experiment: Experiment,
    *,
    shingle: Count,
    near_duplicate: Share,
    folds: Annotated[int, msgspec.Meta(ge=2)],
    sentences: Count,
    draws: Count,
    seed: int,
) -> CorpusReport:
    """The corpus beside each gold set by name, and the sources within a gold set beside each other."""
    coded = [row for row in examples if row.label_source == "gold"]
    corpus = Coded([row.text for row in coded], [frozenset(row.themes) for row in coded], [row.doc for row in coded])
    sets = {"corpus": corpus, **{name: _as_coded(rows) for name, rows in gold.items()}}
    pairs = {("corpus", name): (corpus, sets[name]) for name in gold}
    for name, rows in gold.items():
        sources = sorted({row.source for row in rows if row.source})
        parts = {f"{name}: {source}": _as_coded([row for row in rows if row.source == source]) for source in sources}
        pairs |= {(a, b): (parts[a], parts[b]) for a, b in combinations(parts, 2)}
    # Test stays closed: only `evaluate` scores on it.
    opened = [row for row in coded if row.part in ("train", "valid")]
    truth = gold_matrix(opened, themes)
    repeats = near_duplicates([row.text for row in opened], shingle=shingle, at_least=near_duplicate)
    fold_of = folds_of([row.group for row in opened], folds, seed)
    in_folds = CrossFit([row.passage for row in opened], truth, fold_of, repeats, functions)
    margins = in_folds.out_of_fold(experiment.parts[0])
    return CorpusReport(
        profiles={
            name: profile(one, themes, functions, shingle=shingle, near_duplicate=near_duplicate)
            for name, one in sets.items()
        },
        separations={
            names: separation(*pair, folds=folds, sentences=sentences, draws=draws, seed=seed)
            for names, pair in pairs.items()
        },
        macro_f1=macro_f1(truth, margins > 0),
    )


def main(options: argparse.Namespace) -> str:
    """Read the examples (and a gold file), print the profiles side by side and what parts them."""
    themes = codebook.load(options.codebook).ids
    functions = lexicon.load(options.patterns, themes)
    examples = tables.read(store.check(options.split) / "splits.parquet", Example)
    gold = {options.set.stem: read_gold(options.set, themes)} if options.set else {}
    experiment = experiment_files.load(options.experiment)
    if len(experiment.parts) != 1:
        raise UsageFailure(f"{options.experiment}: name an experiment that fits one classifier")
    knobs = parameters(corpus_report, options.params)
    found = corpus_report(examples, gold, themes, functions, experiment, **knobs)
    print(_table(found.profiles))
    if found.separations:
        print(_told_apart(found.separations))
    print(f"too easy? (a figure near 1 is)\n  {options.experiment.stem}, macro-F1 by document{found.macro_f1:>18.3f}")
    if options.out:
        store.write_json(options.out, _as_json(found))
    figures = len(found.profiles["corpus"])
    return f"{' and '.join(found.profiles)}: {figures} figures each"


def _as_json(found: CorpusReport) -> dict[str, object]:
    separations = [
        {"first": first, "second": second, "area_under_roc": one.area_under_roc, "sentences": one.sentences}
        for (first, second), one in found.separations.items()
        if one is not None
    ]
    return {"profiles": found.profiles, "separations": separations, "macro_f1": round(found.macro_f1, 3)}


def _as_coded(rows: Sequence[GoldRow]) -> Coded:
    return Coded([row.text for row in rows], [frozenset(row.labels) for row in rows], [row.doc for row in rows])


def _table(found: Mapping[str, list[Row]]) -> str:
    lines = [f"{'':<46}" + "".join(f"{name:>12.12}" for name in found)]
    columns = list(zip(*found.values(), strict=True))
    for group, rows in groupby(columns, key=lambda row: row[0].group):
        lines.append(group)
        lines += [f"  {row[0].name:<44}" + "".join(f"{one.value:>12g}" for one in row) for row in rows]
    return "\n".join(lines)


def _told_apart(separations: Mapping[tuple[str, str], Separation | None]) -> str:
    lines = ["told apart by a classifier: area under ROC, names and numbers masked, themes balanced (0.5: cannot)"]
    for (first, second), found in separations.items():
        names = f"  {first} and {second}"
        if found is None:
            lines.append(f"{names:<46}{'too few':>12}")
        else:
            lines.append(f"{names:<46}{found.area_under_roc:>12g}   {found.sentences} sentences of each")
            lines.append(f"    {first} says more: {', '.join(found.first_words)}")
            lines.append(f"    {second} says more: {', '.join(found.second_words)}")
    return "\n".join(lines)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", type=Path, help="gold sentences to set beside the corpus, JSON lines")
    parser.add_argument("--out", type=Path, help="write the figures as JSON too")
    parser.add_argument("--split", type=Path, default=Path("data/split"), help="folder of the stage split")
    parser.add_argument("--experiment", type=Path, default=Path("experiments/tfidf-word-char-logreg.yaml"))
    parser.add_argument("--codebook", type=Path, default=Path("data/codebook.yaml"))
    parser.add_argument("--patterns", type=Path, default=Path("data/patterns.yaml"))
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    return parser


if __name__ == "__main__":
    run(main, _arguments())
