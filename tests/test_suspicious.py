import argparse
import csv
from dataclasses import replace
from pathlib import Path

import numpy as np

from features.codebook import Codebook
from features.experiments import Experiment
from features.lexicon import LabellingFunction
from features.text import Example
from pipelines import store, tables
from pipelines.suspicious import confident, main, suspicious
from tests.conftest import PARAMS, SMALL

KNOBS = PARAMS["suspicious"]


def test_a_label_is_suspicious_where_the_contrary_is_as_sure_as_where_it_is_gold() -> None:
    gold = np.array([[True], [True], [False], [False], [False]])
    probabilities = np.array([[0.9], [0.05], [0.6], [0.1], [0.3]])
    # Present is 0.475 sure on average where gold, absent 0.667.
    assert confident(gold, probabilities)[:, 0].tolist() == [False, True, True, False, False]


def test_labels_that_were_turned_over_are_found_first(
    words_experiment: Experiment,
    examples: list[Example],
    small_codebook: Codebook,
    functions: list[LabellingFunction],
) -> None:
    places = [n for n, row in enumerate(examples) if row.part == "train" and row.themes == ["financing"]][::6]
    wrong = [replace(row, themes=["ict_misuse"]) if n in places else row for n, row in enumerate(examples)]
    turned = {examples[n].sentence_id for n in places}
    found = suspicious(words_experiment, wrong, small_codebook.ids, functions, **KNOBS)
    doubted = {(one.row.sentence_id, one.theme) for one in found}
    assert len({name for name, theme in doubted if name in turned and theme == "financing"}) >= len(turned) / 2
    assert len(found) < 0.1 * len(examples) * len(small_codebook.ids)
    sureness = [abs(one.probability - one.gold) for one in found]
    assert sureness == sorted(sureness, reverse=True)
    assert all(one.row.part != "test" for one in found)


def test_the_list_can_be_read_as_a_table(examples: list[Example], tmp_path: Path) -> None:
    with store.writing(tmp_path / "split") as folder:
        tables.write(examples, Example, folder / "splits.parquet")
    options = argparse.Namespace(
        out=tmp_path / "list.csv",
        experiment=Path("experiments/tfidf-word-logreg.yaml"),
        data=tmp_path,
        codebook=Path("data/codebook.yaml"),
        patterns=Path("data/patterns.yaml"),
        params=SMALL / "params.yaml",
    )
    said = main(options)
    with options.out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert said.startswith(f"{len(rows)} of ")
    assert {row["gold"] for row in rows} <= {"present", "absent"}
    assert {row["sentence_id"] for row in rows} <= {row.sentence_id for row in examples}
