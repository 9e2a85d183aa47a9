"""What the other stages leave behind of small experiments, written by hand into the current folder."""

import dataclasses
import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import yaml

from features import manifest
from pipelines.tracking import finished
from tests import small_bundle

ARGUMENTS = [
    "data/codebook.yaml",
    "experiments",
    *(f"data/{stage}" for stage in ("split", "evaluate", "compare", "curve", "refit", "export", "report", "track")),
]
_COMPARE = {"resamples": 500, "seed": 1}
_SECTION = {"experiment_name": "themes", "model_name": "theme-model"}
_CODEBOOK = {
    "version": 2,
    "title": "T",
    "unit": "sentence",
    "context": "",
    "themes": [{"id": "online", "title": "Online", "definition": "", "includes": [], "excludes": []}],
    "boundaries": [],
    "open_questions": [],
    "changes": [],
}


def finish(*names: str, c: float = 1.0, predictions: Path | None = None) -> None:
    """Fill the current folder as if the experiments `names` had been run with parameter `c`; the first is champion.

    `predictions`: a file that all of them leave as theirs.
    """
    inputs(*names)
    split()
    for name in names:
        experiment(name, c)
        evaluate(name, c, predictions=predictions)
        lock(name, c)
    conclude(*names, c=c)


def inputs(*names: str) -> None:
    """params.yaml and the codebook."""
    write("params.yaml", yaml.safe_dump({"experiments": list(names), "compare": _COMPARE, "track": _SECTION}))
    write("data/codebook.yaml", yaml.safe_dump(_CODEBOOK))


def split() -> None:
    """data/split, without its sentences."""
    counts = {"documents": {"train": 6, "valid": 2, "test": 3}, "sentences": {"train": 60, "valid": 20, "test": 30}}
    folder = fresh("data/split")
    (folder / "summary.json").write_text(json.dumps(counts))
    manifest.write(folder)


def experiment(name: str, c: float) -> None:
    """experiments/<name>.yaml."""
    write(f"experiments/{name}.yaml", f"# {name} finds more.\n# Learned: it does.\n{yaml.safe_dump(_content(c))}")


def evaluate(
    name: str,
    c: float,
    chosen: dict[str, Any] | None = None,
    predictions: Path | None = None,
    candidates: Sequence[dict[str, Any]] = (),
) -> None:
    """data/evaluate/<name>; every score follows from `c`."""
    folder = fresh(f"data/evaluate/{name}")
    scores = {"valid/macro_f1": c / 10, "test/macro_f1": c / 20, "test/f1/online": 0.5, "test/recall/online": None}
    (folder / "scores.json").write_text(json.dumps(scores))
    about = {"experiment": name, "family": "linear-ngrams", "chosen": chosen or {}, "candidates": candidates}
    (folder / "about.json").write_text(json.dumps(about))
    (folder / "metrics.json").write_text(json.dumps({"test": {"macro_f1": c / 20}}))
    (folder / "errors.csv").write_text("theme,text\n")
    (folder / "precision_recall.svg").write_bytes(b"<svg/>")
    if predictions:
        shutil.copy(predictions, folder / "predictions.parquet")
    manifest.write(folder)


def conclude(*names: str, c: float = 1.0) -> None:
    """What compare, curve, refit, export and report would make of it."""
    choice = {"champion": names[0], "linear": names[0], "why": "highest", "comparisons": []}
    rows = [{"theme": "macro", "value": c / 100, "low": 0.0, "high": 0.5, "p": 0.04}]
    comparisons = [{"champion": names[0], "other": name, "differences": rows, "in_words": "-"} for name in names[1:]]
    files = {
        "compare": {"champion.json": json.dumps(choice), "comparisons.md": f"{names[0]} wins\n"}
        | {"comparisons.json": json.dumps(comparisons)},
        "curve": {"learning_curve.svg": "<svg/>"},
        "refit": {"refit.json": "{}"},
        "report": {"report.html": "<html></html>"},
    }
    for stage, contents in files.items():
        folder = fresh(f"data/{stage}")
        for name, content in contents.items():
            (folder / name).write_text(content)
        manifest.write(folder)
    export(names[0], c)


def export(name: str, c: float) -> Path:
    """data/export/champion: a bundle whose weights follow from `c`."""
    model, weights = small_bundle.parts()
    weights = dataclasses.replace(weights, intercepts=np.full(len(model.themes), -1.0 - c))
    return small_bundle.write_bundle(fresh("data/export/champion"), msgspec.structs.replace(model, name=name), weights)


def lock(name: str, c: float) -> None:
    """Let dvc.lock list experiment `name` as it lies in the folders."""
    path = Path("dvc.lock")
    content: dict[str, Any] = {"schema": "2.0", "stages": {}}
    if path.is_file():
        content = yaml.safe_load(path.read_text())
    trained = {"path": f"data/train/{name}", "md5": hashlib.md5(str(c).encode()).hexdigest(), "size": 2_500_000}
    content["stages"][f"train@{name}"] = {
        "cmd": "python -m pipelines.train",
        "deps": [_entry("data/split")],
        "params": {f"experiments/{name}.yaml": _content(c), "params.yaml": {"train.folds": 5}},
        "outs": [trained],
    }
    content["stages"][f"evaluate@{name}"] = {
        "cmd": "python -m pipelines.evaluate",
        "deps": [trained],
        "outs": [_entry(f"data/evaluate/{name}")],
    }
    path.write_text(yaml.safe_dump(content))


def fresh(folder: str) -> Path:
    """An empty folder in place of whatever is there."""
    shutil.rmtree(folder, ignore_errors=True)
    Path(folder).mkdir(parents=True)
    return Path(folder)


def write(path: str, content: str) -> None:
    """A text file, with its folders."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(content)


def _content(c: float) -> dict[str, Any]:
    return {"features": [{"of": "words", "ngrams": [1, 2]}], "classifier": {"kind": "linear_svm", "c": c}}


def _entry(path: str) -> dict[str, str]:
    return {"path": path, "hash": "md5", "md5": finished.dvc_md5(Path(path))}
