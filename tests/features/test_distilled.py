import pickle

import numpy as np
import pytest

from features import embeddings
from features.distilled import StaticVectors
from features.text import Example, Passage
from features.transformer import WIDTH

LAYERS = [3, 6]


@pytest.fixture(scope="module")
def parts(examples: list[Example]) -> dict[str, list[Passage]]:
    learned = [row.passage for row in examples if row.part == "train"]
    texts = {passage.text for passage in learned}
    return {"learned": learned, "other": [row.passage for row in examples if row.text not in texts]}


@pytest.fixture(scope="module")
def fitted(parts: dict[str, list[Passage]]) -> StaticVectors:
    return StaticVectors(LAYERS, 64, 1.0).fit(parts["learned"])


def likeness(rows: np.ndarray, goal: np.ndarray) -> float:
    """Correlation of the cosines between all pairs of texts."""
    pairs = np.triu_indices(len(rows), 1)
    return float(np.corrcoef((rows @ rows.T)[pairs], (goal @ goal.T)[pairs])[0, 1])


def test_texts_never_seen_lie_to_each_other_as_the_encoder_has_them(
    fitted: StaticVectors, parts: dict[str, list[Passage]]
) -> None:
    states = embeddings.states([passage.text for passage in parts["other"]], LAYERS)
    goal = embeddings.vectors(states, states.mean(axis=0, dtype=np.float64))
    assert likeness(fitted.transform(parts["other"]), goal) > 0.6


def test_the_encoder_is_never_asked_after_fitting(
    fitted: StaticVectors, parts: dict[str, list[Passage]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embeddings, "loaded", lambda: pytest.fail("the encoder was asked"))
    monkeypatch.setattr(embeddings, "states", lambda *_: pytest.fail("the encoder was asked"))
    again = pickle.loads(pickle.dumps(fitted))
    found = again.transform([*parts["other"], Passage("A sentence of no corpus.")])
    assert found.shape == (len(parts["other"]) + 1, 64)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)


def test_words_met_while_scoring_leave_no_trace_in_the_bytes(fitted: StaticVectors) -> None:
    before = pickle.dumps(fitted)
    fitted.transform([Passage("A word that was never met: qqzjx.")])
    assert pickle.dumps(fitted) == before


def test_two_fits_give_the_same_bytes(fitted: StaticVectors, parts: dict[str, list[Passage]]) -> None:
    assert pickle.dumps(StaticVectors(LAYERS, 64, 1.0).fit(parts["learned"])) == pickle.dumps(fitted)


def test_what_is_asked_of_the_encoder_is_only_what_is_fitted_on(
    parts: dict[str, list[Passage]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def spy(texts: list[str], layers: list[int]) -> np.ndarray:
        asked.extend(texts)
        return np.random.default_rng(0).normal(size=(len(texts), len(layers), WIDTH)).astype(np.float32)

    monkeypatch.setattr(embeddings, "states", spy)
    StaticVectors(LAYERS, 8, 1.0).fit(parts["learned"][:40]).transform(parts["other"])
    assert asked == [passage.text for passage in parts["learned"][:40]]


def test_a_word_that_no_text_had_keeps_the_meaning_of_its_embedding(fitted: StaticVectors) -> None:
    money, cash, herring = fitted.transform([Passage("money"), Passage("cash"), Passage("herring")])
    assert money @ cash > money @ herring
