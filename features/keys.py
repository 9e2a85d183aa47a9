"""The numbers of distinct 64-bit keys, looked up many at a time: open addressing with linear probing, in numpy."""

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]
Numbers = NDArray[np.int64]
# Knuth's multiplicative hashing: the golden ratio of 2**64.
SPREAD = np.uint64(0x9E3779B97F4A7C15)
_SLOTS_PER_KEY = 4


class KeyTable:
    """The place of each key in `keys`, whose values must differ; -1 for any other.

    Key and number of a slot stand in `keys` and `numbers`, -1 in an empty one; a key's first slot is the highest bits
    of its product with SPREAD, `shift` of them left out.
    """

    def __init__(self, keys: Keys, slots_for: int = 0) -> None:
        bits = max(1, int(np.ceil(np.log2(_SLOTS_PER_KEY * max(1, slots_for, len(keys))))))
        self.shift, self._last = np.uint64(64 - bits), np.int64((1 << bits) - 1)
        self.keys = np.zeros(1 << bits, dtype=np.uint64)
        self.numbers = np.full(1 << bits, -1, dtype=np.int64)
        waiting, slots = np.arange(len(keys)), self._first(keys)
        while len(waiting):
            free = self.numbers[slots] < 0
            self.numbers[slots[free]] = waiting[free]  # of several for one slot the last has it
            settled = self.numbers[slots] == waiting
            self.keys[slots[settled]] = keys[waiting[settled]]
            waiting, slots = waiting[~settled], (slots[~settled] + 1) & self._last

    def find(self, keys: Keys) -> Numbers:
        """Shape (keys,): the number of each."""
        slots = self._first(keys)
        found = self.numbers[slots]
        wrong = np.flatnonzero((self.keys[slots] != keys) & (found >= 0))
        slots, waiting = slots[wrong], keys[wrong]
        while len(wrong):
            slots = (slots + 1) & self._last
            found[wrong] = numbers = self.numbers[slots]
            still = np.flatnonzero((self.keys[slots] != waiting) & (numbers >= 0))
            wrong, slots, waiting = wrong[still], slots[still], waiting[still]
        return found

    def _first(self, keys: Keys) -> Numbers:
        return ((keys * SPREAD) >> self.shift).view(np.int64)
