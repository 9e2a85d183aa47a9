import numpy as np
import pytest

from features import encoder
from features.encoder import LAYERS


@pytest.mark.slow
@pytest.mark.extra("parity")
def test_a_thousand_sentences_have_the_vectors_that_sentence_transformers_gives_them() -> None:
    from benchmarks import reference
    from benchmarks.sentences import sentences

    texts = sentences(1_000)
    found = encoder.load().states(texts, [LAYERS])[:, 0]
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    expected = reference.vectors(reference.load(), texts)
    assert np.einsum("ij,ij->i", found, expected).min() >= 0.9999
