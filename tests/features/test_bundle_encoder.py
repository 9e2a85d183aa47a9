"""Bundles whose margins come from sentence vectors, alone or beside n-grams."""

from pathlib import Path

import numpy as np
import pytest

from features import bundle, bundle_files, embeddings, encoder, experiment_files, manifest, vector_parts
from features.bundle import Bundle
from features.bundle_files import Model
from features.codebook import Codebook
from features.errors import UntrustedModelFailure
from features.text import Example, Passage
from features.training import Trained
from features.transformer import WIDTH
from features.vector_parts import VectorPart, VectorWeights
from pipelines.export import Export, export
from pipelines.train import train
from tests.conftest import PARAMS
from tests.small_bundle import write_bundle

PASSAGES = [
    Passage(text)
    for text in (
        "Terrorist groups raise funds through charities.",
        "zzqx qwxz",
        "",
        "Terrorist groups raise funds through oil.",
    )
]


@pytest.fixture(scope="module")
def both(examples: list[Example], small_codebook: Codebook) -> Trained:
    experiment = experiment_files.load(Path("experiments/ngrams-minilm-kernel.yaml"))
    return train(experiment, examples, small_codebook.ids, [], None, **PARAMS["train"])


@pytest.fixture(scope="module")
def exported(both: Trained, small_codebook: Codebook, examples: list[Example]) -> Export:
    return export(both, "both", small_codebook, [row.passage for row in examples], 2000, {})


@pytest.fixture
def folder(exported: Export, tmp_path: Path) -> Path:
    return write_bundle(tmp_path / "bundle", exported.model, exported.weights)


def test_a_loaded_bundle_answers_as_the_trained_pipeline_and_abstains_where_there_is_no_letter(
    folder: Path, both: Trained
) -> None:
    scores = bundle.load(folder).score(PASSAGES)
    expected = both.probabilities(PASSAGES)
    known = [0, 1, 3]
    np.testing.assert_allclose(scores.probabilities[known], expected[known], atol=1e-6)
    assert (scores.labels[known] == both.labels(expected)[known]).all()
    assert scores.abstained.tolist() == [False, False, True, False]


def test_the_same_bytes_are_written_twice(folder: Path, tmp_path: Path) -> None:
    loaded = bundle.load(folder)
    again = write_bundle(tmp_path / "again", loaded.model, loaded.weights)
    assert all((again / name).read_bytes() == (folder / name).read_bytes() for name in bundle_files.FILES)


def test_scoring_does_not_gather_what_it_has_read(folder: Path) -> None:
    known = len(embeddings._known)
    bundle.load(folder).score([Passage("A sentence that nobody has ever put to this model."), *PASSAGES])
    assert len(embeddings._known) == known


def test_another_encoder_is_refused_by_name(folder: Path) -> None:
    text = (folder / "model.json").read_text(encoding="utf-8").replace(encoder.FINGERPRINT, "2 of other weights")
    (folder / "model.json").write_text(text, encoding="utf-8")
    manifest.write(folder)
    with pytest.raises(UntrustedModelFailure, match="another encoder than all-MiniLM-L6-v2"):
        bundle.load(folder)


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ('"layers": [\n    3,', '"layers": [\n    9,'),
        ('"layers": [\n    3,', '"layers": [\n    -1,'),
        ('"gamma": 1.0', '"gamma": -3000.0'),
        ('"gamma": 1.0', '"gamma": null'),
        ('"kind": "encoder"', '"kind": "linear-ngrams"'),
    ],
)
def test_a_vector_part_that_cannot_be_computed_is_refused_on_loading(folder: Path, was: str, becomes: str) -> None:
    text = (folder / "model.json").read_text(encoding="utf-8")
    assert was in text
    (folder / "model.json").write_text(text.replace(was, becomes), encoding="utf-8")
    manifest.write(folder)
    with pytest.raises(UntrustedModelFailure):
        bundle.load(folder)


def test_vectors_without_an_encoder_are_refused(folder: Path, exported: Export) -> None:
    fields = {field: getattr(exported.model, field) for field in exported.model.__struct_fields__}
    write_bundle(folder, Model(**fields | {"encoder": None}), exported.weights)
    with pytest.raises(UntrustedModelFailure, match="belong together"):
        bundle.load(folder)


def test_an_explanation_adds_up_and_tells_the_vectors_share_apart(exported: Export) -> None:
    loaded = Bundle(exported.model, exported.weights, "")
    terms = loaded.explain(PASSAGES[0], "financing", most=1_000)
    assert [name for name, _ in terms].count(bundle.SENTENCE_VECTOR) == 1
    row = loaded.themes.index("financing")
    slope, offset = loaded.model.calibration[row]
    margin = slope * (sum(weight for _, weight in terms) + loaded.weights.intercepts[row]) + offset
    assert 1 / (1 + np.exp(-margin)) == pytest.approx(loaded.score(PASSAGES[:1]).probabilities[0, row], abs=1e-9)


@pytest.mark.parametrize("gamma", [0.5, 2.0])
def test_kernels_are_those_of_the_definition_however_many_texts_are_asked(gamma: float) -> None:
    generator = np.random.default_rng(1)
    states = generator.normal(size=(2_500, 1, WIDTH)).astype(np.float32)
    centre, support = np.zeros((1, WIDTH)), embeddings.vectors(states[:3], np.zeros((1, WIDTH)))
    weights = VectorWeights(centre, support.astype(np.float32), generator.normal(size=(2, 3)))
    found = vector_parts.margins(states, VectorPart([6], gamma, 3), weights)
    rows = embeddings.vectors(states, centre)
    squares = ((rows[:, None, :] - support[None, :, :]) ** 2).sum(axis=2)
    np.testing.assert_allclose(found, np.exp(-gamma * squares) @ weights.dual.T, atol=1e-9)
