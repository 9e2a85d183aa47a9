import pickle
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features import bundle, bundle_files, manifest
from features.bundle import Bundle
from features.bundle_files import Model
from features.codebook import Codebook
from features.errors import UntrustedModelFailure, UsageFailure
from features.text import Example, Passage
from features.training import Trained
from pipelines.export import Export, export
from tests.small_bundle import write_bundle

TEXT = st.text(max_size=80) | st.text(alphabet="ab terrorist financing.-’é\u0301İß\u200f\n\x00", max_size=60)


@pytest.fixture(scope="module")
def exported(trained: Trained, small_codebook: Codebook, examples: list[Example]) -> Export:
    return export(trained, "words", small_codebook, [row.passage for row in examples], 2000, {})


@pytest.fixture
def folder(exported: Export, tmp_path: Path) -> Path:
    return write_bundle(tmp_path / "bundle", exported.model, exported.weights)


def test_loading_gives_back_the_model_and_the_bytes_are_the_same_twice(
    exported: Export, folder: Path, tmp_path: Path
) -> None:
    loaded = bundle.load(folder)
    assert loaded.model == exported.model
    assert (loaded.weights.coefficients == exported.weights.coefficients).all()
    again = write_bundle(tmp_path / "again", loaded.model, loaded.weights)
    assert all((again / name).read_bytes() == (folder / name).read_bytes() for name in bundle_files.FILES)


@given(texts=st.lists(TEXT, min_size=1, max_size=5))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_gets_the_pipelines_labels_or_an_abstention(
    exported: Export, trained: Trained, texts: list[str]
) -> None:
    passages = [Passage(text) for text in texts]
    scores = Bundle(exported.model, exported.weights, "").score(passages)
    expected = trained.probabilities(passages)
    known = ~scores.abstained
    np.testing.assert_allclose(scores.probabilities[known], expected[known], atol=1e-6)
    assert (scores.labels[known] == trained.labels(expected)[known]).all()
    assert not scores.labels[~known].any()
    assert np.isnan(scores.probabilities[~known]).all()


def test_the_kernel_gives_the_same_labels_and_leaves_what_is_near_a_threshold_to_the_exact_path(
    exported: Export, examples: list[Example]
) -> None:
    passages = [row.passage for row in examples[:200]]
    plain = Bundle(exported.model, exported.weights, "")
    expected = plain.score(passages)
    # As if a threshold had been set at the third sentence, where the last bit decides.
    thresholds = expected.probabilities[2]
    fast = Bundle(exported.model, exported.weights, "")
    fast.fast = True
    for one in (plain, fast):
        one.thresholds = thresholds
    expected, found = plain.score(passages), fast.score(passages)
    assert found.again[2]
    assert found.again.sum() < len(passages)
    assert (found.labels == expected.labels).all()
    assert (found.abstained == expected.abstained).all()
    np.testing.assert_allclose(found.probabilities, expected.probabilities, atol=1e-12)
    assert not expected.again.any()


def test_a_kernel_that_is_not_installed_is_refused_and_auto_does_without(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = bundle.load(folder)
    monkeypatch.setattr(bundle, "find_spec", lambda _: None)
    model.use("auto", 10**9)
    assert not model.fast
    with pytest.raises(UsageFailure, match="pip install numba"):
        model.use("numba")
    monkeypatch.setattr(bundle, "find_spec", lambda _: True)
    fast = []
    for kernel, sentences in (("auto", 10), ("auto", 10**9), ("numpy", 10**9), ("numba", 10)):
        model.use(kernel, sentences)
        fast.append(model.fast)
    assert fast == [False, True, False, True]


def test_a_text_of_unknown_words_is_abstained_from(folder: Path) -> None:
    scores = bundle.load(folder).score([Passage("zzqx qwxz"), Passage("terrorist financing")])
    assert scores.abstained.tolist() == [True, False]


def test_an_explanation_adds_up_to_the_margin(folder: Path, trained: Trained) -> None:
    loaded = bundle.load(folder)
    passage = Passage("Terrorist groups raise funds through charities.")
    terms = loaded.explain(passage, "financing", most=1000)
    row = loaded.themes.index("financing")
    slope, offset = loaded.model.calibration[row]
    margin = sum(weight for _, weight in terms) + loaded.weights.intercepts[row]
    probability = loaded.score([passage]).probabilities[0, row]
    assert 1 / (1 + np.exp(-(slope * margin + offset))) == pytest.approx(probability, abs=1e-9)
    sizes = [abs(weight) for _, weight in terms]
    assert sizes == sorted(sizes, reverse=True)


def _rewrite(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    manifest.write(folder)


def _pickle_as_weights(folder: Path) -> None:
    _rewrite(folder, "weights.npz", pickle.dumps({"coefficients": 1}))


def _object_array(folder: Path) -> None:
    np.savez(folder / "weights.npz", coefficients=np.array([{}]), intercepts=np.zeros(5), idf=np.zeros(1))
    manifest.write(folder)


def _too_many_numbers(folder: Path) -> None:
    np.savez(folder / "weights.npz", coefficients=np.zeros((5, 3_000_000)), intercepts=np.zeros(5), idf=np.zeros(1))
    manifest.write(folder)


def _not_finite(folder: Path) -> None:
    with np.load(folder / "weights.npz") as arrays:
        changed = {name: array.copy() for name, array in arrays.items()}
    changed["intercepts"][0] = np.nan
    np.savez(folder / "weights.npz", **changed)
    manifest.write(folder)


def _extra_file(folder: Path) -> None:
    _rewrite(folder, "code.py", b"print(1)\n")


def _flipped_byte(folder: Path) -> None:
    content = bytearray((folder / "weights.npz").read_bytes())
    content[-100] ^= 1
    (folder / "weights.npz").write_bytes(bytes(content))


def _no_manifest(folder: Path) -> None:
    (folder / manifest.NAME).unlink()


def _later_schema(folder: Path) -> None:
    text = (folder / "model.json").read_text(encoding="utf-8").replace('"schema": 3', '"schema": 4')
    _rewrite(folder, "model.json", text.encode())


def _unknown_field(folder: Path) -> None:
    text = (folder / "model.json").read_text(encoding="utf-8").replace('"schema": 3', '"hook": "os", "schema": 3')
    _rewrite(folder, "model.json", text.encode())


def _missing_threshold(folder: Path) -> None:
    loaded = bundle.load(folder)
    model = {field: getattr(loaded.model, field) for field in loaded.model.__struct_fields__}
    write_bundle(folder, Model(**model | {"thresholds": [0.5]}), loaded.weights)


def _pickle_file(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_bytes(pickle.dumps("model"))


def _zip_with_a_stranger(folder: Path) -> None:
    with zipfile.ZipFile(folder / "weights.npz", "a") as archive:
        archive.writestr("evil.npy", b"x")
    manifest.write(folder)


DAMAGES = [
    _pickle_as_weights,
    _object_array,
    _too_many_numbers,
    _not_finite,
    _extra_file,
    _flipped_byte,
    _no_manifest,
    _later_schema,
    _unknown_field,
    _missing_threshold,
    _pickle_file,
    _zip_with_a_stranger,
]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_what_is_not_exactly_a_bundle_is_refused(folder: Path, damage: Callable[[Path], None]) -> None:
    bundle.load(folder)
    damage(folder)
    with pytest.raises(UntrustedModelFailure, match="bundle"):
        bundle.load(folder)
