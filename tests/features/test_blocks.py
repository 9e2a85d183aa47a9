import numpy as np
import pytest

from features import blocks, encoder, transformer
from features.encoder import LAYERS
from features.transformer import BLOCK_SHAPES, WIDTH, Block, States


@pytest.fixture(scope="module")
def block() -> Block:
    return encoder.load().blocks[LAYERS - 1]


@pytest.fixture(scope="module")
def states() -> States:
    return encoder.load().tokens(["Money moved through charities.", "Nobody was hurt by it at all."], LAYERS - 1)[0][
        None
    ]


def test_training_goes_forward_as_scoring_does(block: Block, states: States) -> None:
    found, _ = blocks.forward(states.reshape(-1, WIDTH), block, len(states))
    np.testing.assert_allclose(found, transformer.after(states, block).reshape(-1, WIDTH), atol=2e-5)


@pytest.mark.parametrize("number", range(2 * len(BLOCK_SHAPES)))
def test_the_gradient_by_every_array_is_that_of_finite_differences(block: Block, number: int) -> None:
    generator = np.random.default_rng(number)
    exact = Block(*((first.astype(np.float64), second.astype(np.float64)) for first, second in block.pairs()))  # type: ignore[arg-type]
    x = generator.standard_normal((2 * 5, WIDTH))
    down = generator.standard_normal(x.shape)
    _, gradients = blocks.backward(down, exact, blocks.forward(x, exact, 2)[1])  # type: ignore[arg-type]
    array = exact.arrays()[number]
    direction = generator.standard_normal(array.shape)
    ends = []
    for step in (1e-5, -1e-5):
        array += step * direction
        ends.append(float((blocks.forward(x, exact, 2)[0] * down).sum()))  # type: ignore[arg-type]
        array -= step * direction
    assert (ends[0] - ends[1]) / 2e-5 == pytest.approx(float((gradients[number] * direction).sum()), rel=1e-4, abs=1e-4)


def test_the_gradient_by_the_input_is_that_of_finite_differences(block: Block) -> None:
    generator = np.random.default_rng(0)
    exact = Block(*((first.astype(np.float64), second.astype(np.float64)) for first, second in block.pairs()))  # type: ignore[arg-type]
    x, down, direction = generator.standard_normal((3, 6, WIDTH))
    found, _ = blocks.backward(down, exact, blocks.forward(x, exact, 1)[1])
    ends = [float((blocks.forward(x + step * direction, exact, 1)[0] * down).sum()) for step in (1e-5, -1e-5)]
    assert (ends[0] - ends[1]) / 2e-5 == pytest.approx(float((found * direction).sum()), rel=1e-4)
