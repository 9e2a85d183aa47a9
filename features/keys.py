"""The numbers of distinct 64-bit keys, looked up many at a time: open addressing with linear probing, in numpy."""

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]
Numbers = NDArray[np.int32]
Places = NDArray[np.int64]
# Knuth's multiplicative hashing: the golden ratio of 2**64.
SPREAD = np.uint64(0x9E3779B97F4A7C15)
_SLOTS_PER_KEY = 4


class KeyTable:
    """The number of each of `keys`, which is its place there; `unknown`, one more than the last, for any other key.

    Those of `which` alone are known, if it is given; their keys must differ. `numbers` holds the number of each slot's
    key, `unknown` in an empty one; a key's first slot is the highest bits of its product with SPREAD, `shift` of them
    left out.
    """

    def __init__(self, keys: Keys, which: Places | None = None) -> None:
        waiting = np.arange(len(keys)) if which is None else which
        bits = max(1, int(np.ceil(np.log2(_SLOTS_PER_KEY * max(1, len(waiting))))))
        self.shift, self._last, self.unknown = np.uint64(64 - bits), np.int64((1 << bits) - 1), len(keys)
        self.numbers = np.full(1 << bits, self.unknown, dtype=np.int32)
        # The last is that of an empty slot: any key will do.
        self._keys = np.append(keys, np.uint64(0))
        slots = self._first(keys[waiting])
        while len(waiting):
            free = self.numbers[slots] == self.unknown
            self.numbers[slots[free]] = waiting[free]  # of several for one slot the last has it
            left = self.numbers[slots] != waiting
            waiting, slots = waiting[left], (slots[left] + 1) & self._last

    def find(self, keys: Keys) -> Numbers:
        """Shape (keys,): the number of each."""
        slots = self._first(keys)
        found = self.numbers[slots]
        wrong = np.flatnonzero((self._keys[found] != keys) & (found != self.unknown))
        slots, waiting = slots[wrong], keys[wrong]
        while len(wrong):
            slots = (slots + 1) & self._last
            found[wrong] = numbers = self.numbers[slots]
            still = np.flatnonzero((self._keys[numbers] != waiting) & (numbers != self.unknown))
            wrong, slots, waiting = wrong[still], slots[still], waiting[still]
        return found

    def slots(self) -> Keys:
        """Shape (slots, 2): key and number of each slot."""
        return np.column_stack([self._keys[self.numbers], self.numbers.astype(np.uint64)])

    def _first(self, keys: Keys) -> Places:
        return ((keys * SPREAD) >> self.shift).view(np.int64)
