"""Name the champion, the best linear n-gram and the best static model by valid; say on test which differences hold."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from features import codebook
from features.comparison import Difference, compare_labels, in_words
from features.errors import UsageFailure
from features.metrics import Predictions, macro_f1
from pipelines import predictions, store
from pipelines.about import About
from pipelines.command import Count, experiment_names, parameters, run, stage


@dataclass(frozen=True, slots=True)
class Entry:
    """One experiment as evaluate left it; `family` is baseline, linear-ngrams, static or encoder."""

    family: str
    predictions: dict[str, Predictions]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The champion against one other experiment, on test; differences are champion minus other."""

    champion: str
    other: str
    differences: list[Difference]
    in_words: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Who won, by valid alone; `comparisons` on test are for reading only. `static` is None where none was trained."""

    champion: str
    linear: str
    static: str | None
    why: str
    comparisons: list[Comparison]


def compare(entries: Mapping[str, Entry], themes: Sequence[str], *, resamples: Count, seed: int) -> Choice:
    """Choose among the experiments that are no baselines, then compare the champion with every other experiment."""
    valid = {
        name: macro_f1(entry.predictions["valid"].gold, entry.predictions["valid"].labels)
        for name, entry in entries.items()
        if entry.family != "baseline"
    }
    if not valid:
        raise UsageFailure("params.yaml: experiments: only baselines are listed; a champion needs a trained model")
    ranked = sorted(valid, key=lambda name: (-valid[name], name))
    champion = ranked[0]
    linear = next((name for name in ranked if entries[name].family == "linear-ngrams"), champion)
    static = next((name for name in ranked if entries[name].family == "static"), None)
    comparisons = [
        _against(champion, other, entries, themes, resamples, seed) for other in entries if other != champion
    ]
    why = f"highest macro-F1 on valid ({valid[champion]:.3f}) of {len(valid)} candidates"
    return Choice(champion, linear, static, why, comparisons)


def _against(
    champion: str, other: str, entries: Mapping[str, Entry], themes: Sequence[str], resamples: int, seed: int
) -> Comparison:
    ours, theirs = entries[champion].predictions["test"], entries[other].predictions["test"]
    rows = compare_labels(ours.gold, ours.labels, theirs.labels, ours.documents, themes, resamples=resamples, seed=seed)
    return Comparison(champion, other, rows, in_words(champion, other, rows))


def main(options: argparse.Namespace) -> str:
    """Read every listed experiment's predictions, write the choice and the comparisons in numbers and in words."""
    themes = codebook.load(options.codebook).ids
    entries = {name: _entry(options.evaluate / name, themes) for name in experiment_names(options.params)}
    choice = compare(entries, themes, **parameters(compare, options.params))
    with store.writing(options.out) as folder:
        chosen = {"champion": choice.champion, "linear": choice.linear, "static": choice.static, "why": choice.why}
        store.write_json(folder / "champion.json", {key: value for key, value in chosen.items() if value})
        store.write_json(folder / "comparisons.json", choice.comparisons)
        lines = [f"- {comparison.in_words}\n" for comparison in choice.comparisons]
        heading = f"# {choice.champion} against the others, on test\n\nChosen for the {choice.why}.\n\n"
        (folder / "comparisons.md").write_text(heading + "".join(lines), encoding="utf-8")
    return f"champion {choice.champion}: {choice.why}; best linear n-gram model {choice.linear}"


def _entry(folder: Path, themes: Sequence[str]) -> Entry:
    store.check(folder)
    family = store.read_json(folder / "about.json", About).family
    return Entry(family, predictions.read(folder / predictions.NAME, themes))


if __name__ == "__main__":
    run(main, stage(__doc__, "evaluate", "codebook", "out"))
