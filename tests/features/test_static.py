import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from features import kernels, static
from features.static import Pieces, StaticPart, StaticWeights
from features.wordpiece import WordPieces

CUT = WordPieces(["fund", "##s", "terror", "of", "."])
TEXTS = ["Funds of terror.", "terror terror", "", "漢"]


@pytest.fixture(scope="module")
def weights() -> StaticWeights:
    generator = np.random.default_rng(0)
    single = [generator.normal(size=shape).astype(np.float32) for shape in [(5,), (5, 3), (3,), (4, 3)]]
    idf, table, centre, support = single
    pieces = Pieces(abs(idf), table.astype(np.float16).astype(np.float32), centre)
    return StaticWeights(pieces, support, generator.normal(size=(2, 4)))


def test_pieces_are_counted_text_by_text() -> None:
    expected = [[1, 1, 1, 1, 1], [0, 0, 2, 0, 0], [0] * 5, [0] * 5]
    np.testing.assert_array_equal(static.counts(TEXTS, CUT).toarray(), expected)


def test_rows_are_weighted_and_of_length_one_where_anything_is_known(weights: StaticWeights) -> None:
    counted = static.counts(TEXTS, CUT)
    found = static.weighted(counted, weights.pieces.idf).toarray()
    wanted = np.where(counted.toarray() > 0, 1 + np.log(np.maximum(counted.toarray(), 1)), 0) * weights.pieces.idf
    wanted[:2] /= np.linalg.norm(wanted[:2], axis=1, keepdims=True)
    np.testing.assert_allclose(found, wanted, rtol=1e-6)
    lengths = np.linalg.norm(static.vectors(counted, weights.pieces), axis=1)
    np.testing.assert_allclose(lengths, 1, rtol=1e-6)


@given(st.permutations(range(4)), st.integers(1, 4))
@settings(deadline=None)
def test_a_text_has_the_same_margins_in_any_company(order: list[int], many: int) -> None:
    generator = np.random.default_rng(1)
    rows, support = (generator.normal(size=(n, 8)).astype(np.float32) for n in (4, 300))
    dual = generator.normal(size=(300, 2))
    alone = np.vstack([kernels.margins(rows[[n]], support, 0.1, dual) for n in range(4)])
    together = kernels.margins(np.tile(rows[order], (many * 100, 1)), support, 0.1, dual)
    # Some processors multiply matrices in an order that depends on the place of a row.
    in_any_place = len({row.tobytes() for row in np.tile(rows, (64, 1)) @ support.T}) == len(rows)
    within = 1e-12 if in_any_place else 1e-5
    np.testing.assert_allclose(together, np.tile(alone[order], (many * 100, 1)), rtol=0, atol=within)


def test_kernels_are_those_of_the_definition(weights: StaticWeights) -> None:
    rows = np.random.default_rng(2).normal(size=(300, 3)).astype(np.float32)
    squares = ((rows[:, None].astype(np.float64) - weights.support[None]) ** 2).sum(axis=2)
    found = kernels.margins(rows, weights.support, 0.5, weights.dual.T)
    np.testing.assert_allclose(found, np.exp(-0.5 * squares) @ weights.dual.T, atol=1e-5)


def test_what_is_stored_is_what_was_asked_for_and_comes_back(weights: StaticWeights) -> None:
    stored = static.arrays(weights)
    shapes = static.shapes(StaticPart(3, 0.5, 4), pieces=5, themes=2)
    assert {name: (array.shape, str(array.dtype)) for name, array in stored.items()} == shapes
    assert set(shapes) == set(static.NAMES)
    again = static.arrays(static.of_arrays(stored))
    assert all((again[name] == stored[name]).all() for name in static.NAMES)


def test_no_texts_are_no_rows(weights: StaticWeights) -> None:
    counted = static.counts([], CUT)
    assert isinstance(counted, csr_array)
    assert static.margins(counted, StaticPart(3, 0.5, 4), weights).shape == (0, 2)
