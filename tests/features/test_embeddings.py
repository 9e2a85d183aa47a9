import numpy as np
import pytest

from features import embeddings
from features.transformer import WIDTH


def test_within_nothing_remembered_every_text_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    first = embeddings.states(["A text met outside of the block."], [6])
    with embeddings.nothing_remembered():
        assert not embeddings._known
        again = embeddings.states(["A text met outside of the block."], [6])
    np.testing.assert_allclose(first, again, atol=2e-6)
    monkeypatch.setattr(embeddings, "loaded", lambda: pytest.fail("what was known before is gone"))
    embeddings.states(["A text met outside of the block."], [6])


def test_what_was_met_before_is_not_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["A sentence of this test alone.", "And another one.", "A sentence of this test alone."]
    first = embeddings.states(texts, [3, 6])
    monkeypatch.setattr(embeddings, "loaded", lambda: pytest.fail("the encoder was asked again"))
    assert (embeddings.states(texts, [3, 6]) == first).all()
    assert (embeddings.states(texts[:1], [6]) == first[:1, 1:]).all()


def test_states_that_were_stored_are_taken_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings, "loaded", lambda: pytest.fail("the encoder was asked"))
    stored = np.arange(2 * WIDTH, dtype=np.float32).reshape(1, 2, WIDTH)
    embeddings.remember([embeddings.key("Stored elsewhere.")], [2, 5], stored)
    assert (embeddings.states(["Stored elsewhere."], [5, 2]) == stored[:, ::-1]).all()


def test_vectors_have_unit_length_and_layers_weigh_alike() -> None:
    states = np.random.default_rng(0).normal(size=(5, 2, WIDTH)).astype(np.float32)
    found = embeddings.vectors(states, states.mean(axis=0, dtype=np.float64))
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(found[:, :WIDTH], axis=1), np.sqrt(0.5), atol=1e-6)
