"""The champion's surest errors on valid, each with its neighbours, what weighed, and why gold says otherwise.

Valid only: reading errors on test to improve a model would spend the test set.
"""

import argparse
import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from features import annotations, codebook, training
from features.bundle import Bundle
from features.conversion import converted
from features.spreadsheet import unguarded
from features.text import Example
from pipelines import adaptations, states, store, tables
from pipelines.command import Count, parameters, run, stage

AGREED = "both coders agreed"


@dataclass(frozen=True, slots=True)
class Shown:
    """One error. `terms`: what weighed most, its part of the margin behind it; `why`: the adjudicator's reason."""

    theme: str
    error: str
    probability: float
    threshold: float
    doc: str
    before: str
    text: str
    after: str
    why: str
    terms: list[str]


def gallery(
    model: Bundle,
    errors: Sequence[Mapping[str, str]],
    examples: Mapping[str, Example],
    reasons: Mapping[str, str],
    *,
    errors_per_theme: Count,
    terms: Count,
) -> list[Shown]:
    """`errors` as evaluate lists them, the surest of each theme first; `examples` and `reasons` by sentence id."""
    on_valid = [row for row in errors if row["part"] == "valid"]
    shown = []
    for _, rows in groupby(on_valid, key=lambda row: row["theme"]):
        for row in list(rows)[:errors_per_theme]:
            one = examples[row["sentence_id"]]
            weighed = model.explain(one.passage, row["theme"], terms)
            shown.append(
                Shown(
                    row["theme"],
                    row["error"],
                    float(row["probability"]),
                    float(row["threshold"]),
                    row["doc"],
                    one.before,
                    unguarded(row["text"]),
                    one.after,
                    reasons.get(row["sentence_id"], AGREED),
                    [f"{term} {part:+.2f}" for term, part in weighed],
                )
            )
    return shown


def main(options: argparse.Namespace) -> str:
    """Read what evaluate listed of the champion, explain it by the model of train, write the gallery."""
    name = store.read_json(store.check(options.compare) / "champion.json", dict[str, str])["champion"]
    trained = training.loads((store.check(options.train / name) / "model.pkl").read_bytes())
    states.recall(options.embed)
    adaptations.recall(options.adapt)
    model = Bundle(*converted(trained, name, codebook.load(options.codebook), 1, {}), fingerprint="")
    examples = tables.read(store.check(options.split) / "splits.parquet", Example)
    with (store.check(options.evaluate / name) / "errors.csv").open(encoding="utf-8", newline="") as file:
        errors = list(csv.DictReader(file))
    reasons = annotations.reasons(options.annotations)
    by_id = {row.sentence_id: row for row in examples}
    found = gallery(model, errors, by_id, reasons, **parameters(gallery, options.params))
    with store.writing(options.out) as folder:
        store.write_json(folder / "gallery.json", found)
    return f"{name}: {len(found)} of {sum(row['part'] == 'valid' for row in errors)} errors on valid"


if __name__ == "__main__":
    read = ("train", "evaluate", "compare", "split", "embed", "adapt", "codebook", "annotations")
    run(main, stage(__doc__, *read, "out"))
