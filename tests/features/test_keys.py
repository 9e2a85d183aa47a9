import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features.keys import KeyTable

keys = st.integers(0, 2**64 - 1)


@given(st.lists(keys, unique=True, max_size=60), st.lists(keys, max_size=20))
def test_every_key_has_its_number_and_any_other_has_none(known: list[int], others: list[int]) -> None:
    table = KeyTable(np.array(known, dtype=np.uint64))
    numbers = {key: number for number, key in enumerate(known)}
    asked = [*known, *others, 0]
    assert table.find(np.array(asked, dtype=np.uint64)).tolist() == [numbers.get(key, len(known)) for key in asked]


def test_keys_that_all_want_one_slot_are_told_apart() -> None:
    # Multiples of the inverse of the spreading factor: their products differ in the lowest bits alone.
    inverse = pow(0x9E3779B97F4A7C15, -1, 2**64)
    known = np.array([(number * inverse) % 2**64 for number in range(1, 200)], dtype=np.uint64)
    assert KeyTable(known).find(known).tolist() == list(range(199))
    assert KeyTable(known[:100]).find(known[100:]).tolist() == [100] * 99


def test_of_all_keys_some_can_be_looked_up() -> None:
    known = np.array([7, 7, 9, 8], dtype=np.uint64)
    assert KeyTable(known, np.array([1, 3])).find(known).tolist() == [1, 1, 4, 3]
