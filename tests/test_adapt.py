from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from features import bundle, embeddings, encoder, experiment_files
from features.adapted import Adaptation
from features.codebook import Codebook
from features.errors import IntegrityFailure, UsageFailure
from features.lexicon import LabellingFunction
from features.text import Example
from features.training import Trained
from pipelines import adaptations, store
from pipelines.adapt import adapt
from pipelines.export import export
from pipelines.train import train
from tests.conftest import PARAMS
from tests.small_bundle import write_bundle


@pytest.fixture(scope="module")
def everything(
    examples: list[Example], small_codebook: Codebook, functions: list[LabellingFunction], adaptation: Adaptation
) -> Trained:
    experiment = experiment_files.load(Path("experiments/context-kernel-adapted.yaml"))
    return train(experiment, examples, small_codebook.ids, functions, adaptation, **PARAMS["train"])


def test_every_gold_sentence_of_train_and_no_other_has_a_margin_out_of_fold(
    adaptation: Adaptation, examples: list[Example], small_codebook: Codebook
) -> None:
    expected = {row.sentence_id for row in examples if row.part == "train" and row.label_source == "gold"}
    assert set(adaptation.held_out) == expected
    assert {found.shape for found in adaptation.held_out.values()} == {(len(small_codebook.ids),)}


def test_labels_outside_train_change_nothing(
    adaptation: Adaptation, examples: list[Example], small_codebook: Codebook
) -> None:
    blanked = [row if row.part == "train" else replace(row, themes=[]) for row in examples]
    again = adapt(blanked, small_codebook.ids, **PARAMS["adapt"])
    assert again is not None
    assert again.model.encoder.fingerprint == adaptation.model.encoder.fingerprint
    assert all((again.held_out[name] == found).all() for name, found in adaptation.held_out.items())


def test_a_margin_out_of_fold_never_saw_the_labels_of_its_own_group(
    adaptation: Adaptation, examples: list[Example], small_codebook: Codebook
) -> None:
    group = next(row.group for row in examples if row.part == "train" and row.themes)
    blanked = [replace(row, themes=[]) if row.group == group else row for row in examples]
    again = adapt(blanked, small_codebook.ids, **PARAMS["adapt"])
    assert again is not None
    same = [
        (again.held_out[row.sentence_id] == adaptation.held_out[row.sentence_id]).all()
        for row in examples
        if row.group == group and row.sentence_id in adaptation.held_out
    ]
    assert same and all(same)
    assert again.model.encoder.fingerprint != adaptation.model.encoder.fingerprint


def test_what_was_written_is_recalled(adaptation: Adaptation, tmp_path: Path) -> None:
    texts = ["A sentence that is in no corpus.", "Another one."]
    with store.writing(tmp_path / "adapt") as folder:
        adaptations.write(folder, adaptation, texts)
    with embeddings.nothing_remembered():
        found = adaptations.recall(tmp_path / "adapt")
        assert found is not None
        assert (embeddings.key(texts[0]), found.model.encoder.fingerprint) in embeddings._known
    assert found.model.encoder.fingerprint == adaptation.model.encoder.fingerprint
    assert all((found.held_out[name] == margins).all() for name, margins in adaptation.held_out.items())


def test_what_another_encoder_made_is_refused(
    adaptation: Adaptation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.writing(tmp_path / "adapt") as folder:
        adaptations.write(folder, adaptation, [])
    monkeypatch.setattr(encoder, "FINGERPRINT", "2 of other weights")
    with pytest.raises(IntegrityFailure, match="dvc repro adapt"):
        adaptations.recall(tmp_path / "adapt")


def test_turned_off_it_asks_nothing_of_the_encoder_and_the_experiments_that_need_it_are_refused(
    examples: list[Example], small_codebook: Codebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embeddings, "loaded", lambda: pytest.fail("the encoder was asked"))
    assert adapt(examples, small_codebook.ids, **PARAMS["adapt"] | {"epochs": 0}) is None
    with store.writing(tmp_path / "adapt") as folder:
        adaptations.write(folder, None, [])
    assert adaptations.recall(tmp_path / "adapt") is None
    experiment = experiment_files.load(Path("experiments/minilm-adapted.yaml"))
    with pytest.raises(UsageFailure, match=r"set adapt\.epochs"):
        train(experiment, examples, small_codebook.ids, [], None, **PARAMS["train"])


def test_a_bundle_of_all_kinds_of_parts_answers_as_the_trained_pipeline(
    everything: Trained, examples: list[Example], small_codebook: Codebook, tmp_path: Path
) -> None:
    passages = [row.passage for row in examples]
    done = export(everything, "everything", small_codebook, passages, 2000, {})
    loaded = bundle.load(write_bundle(tmp_path / "bundle", done.model, done.weights))
    with embeddings.nothing_remembered():
        scores = loaded.score(passages[:12])
    expected = everything.probabilities(passages[:12])
    np.testing.assert_allclose(scores.probabilities, expected, atol=1e-6)
    assert (scores.labels == everything.labels(expected)).all()
