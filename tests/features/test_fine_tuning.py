import numpy as np
import pytest

from features import encoder, fine_tuning
from features.encoder import LAYERS
from features.fine_tuning import Tuned, fine_tune
from features.metrics import Bools
from features.transformer import Block, States

SENTENCES = [
    *("Charities moved money to the group.", "Donations paid for the weapons.", "Banks froze the funds of the cell."),
    *("Recruits met in prisons.", "Preachers drew the young into hatred.", "Schools teach pupils to doubt such calls."),
]
GOLD: Bools = np.array([[True, False]] * 3 + [[False, True]] * 3)


@pytest.fixture(scope="module")
def tokens() -> list[States]:
    return encoder.load().tokens(SENTENCES, LAYERS - 1)


@pytest.fixture(scope="module")
def blocks() -> list[Block]:
    return encoder.load().blocks[LAYERS - 1 :]


def tuned(tokens: list[States], blocks: list[Block], seed: int = 0) -> Tuned:
    return fine_tune(tokens, GOLD, blocks, epochs=25, rate=3e-4, seed=seed)


def test_what_was_learned_tells_the_sentences_apart(tokens: list[States], blocks: list[Block]) -> None:
    done = tuned(tokens, blocks)
    found = fine_tuning.margins(done.head, fine_tuning.pooled(done.blocks, tokens))
    assert ((found > 0) == GOLD).all()


def test_the_blocks_given_stay_as_they_are(tokens: list[States], blocks: list[Block]) -> None:
    before = [array.copy() for array in blocks[0].arrays()]
    done = tuned(tokens, blocks)
    assert all((a == b).all() for a, b in zip(before, blocks[0].arrays(), strict=True))
    assert all((a != b).any() for a, b in zip(before, done.blocks[0].arrays(), strict=True))


def test_one_seed_gives_one_result_to_the_last_bit(tokens: list[States], blocks: list[Block]) -> None:
    first, again, other = (tuned(tokens, blocks, seed).arrays() for seed in (0, 0, 1))
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert any((a != b).any() for a, b in zip(first, other, strict=True))


def test_states_do_not_depend_on_the_company_a_sentence_is_in(tokens: list[States], blocks: list[Block]) -> None:
    together = fine_tuning.pooled(blocks, tokens)
    alone = np.concatenate([fine_tuning.pooled(blocks, [one]) for one in tokens])
    np.testing.assert_allclose(together, alone, atol=2e-6)
    expected = encoder.load().states(SENTENCES)[:, LAYERS]
    np.testing.assert_allclose(together, expected, atol=2e-6)
