"""The numbers of distinct 64-bit keys, looked up many at a time: open addressing with linear probing, in numpy."""

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]
Numbers = NDArray[np.int64]
# Knuth's multiplicative hashing: the golden ratio of 2**64.
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_SLOTS_PER_KEY = 4


class KeyTable:
    """The place of each key in `keys`, whose values must differ; -1 for any other."""

    def __init__(self, keys: Keys) -> None:
        bits = max(1, int(np.ceil(np.log2(_SLOTS_PER_KEY * max(1, len(keys))))))
        self._shift, self._last = np.uint64(64 - bits), np.int64((1 << bits) - 1)
        self._keys = np.zeros(1 << bits, dtype=np.uint64)
        self._numbers = np.full(1 << bits, -1, dtype=np.int64)
        waiting, slots = np.arange(len(keys)), self._first(keys)
        while len(waiting):
            free = self._numbers[slots] < 0
            self._numbers[slots[free]] = waiting[free]  # of several for one slot the last has it
            settled = self._numbers[slots] == waiting
            self._keys[slots[settled]] = keys[waiting[settled]]
            waiting, slots = waiting[~settled], (slots[~settled] + 1) & self._last

    def find(self, keys: Keys) -> Numbers:
        """Shape (keys,): the number of each."""
        slots = self._first(keys)
        found = self._numbers[slots]
        wrong = np.flatnonzero((self._keys[slots] != keys) & (found >= 0))
        while len(wrong):
            slots[wrong] = (slots[wrong] + 1) & self._last
            found[wrong] = self._numbers[slots[wrong]]
            wrong = wrong[(self._keys[slots[wrong]] != keys[wrong]) & (found[wrong] >= 0)]
        return found

    def _first(self, keys: Keys) -> Numbers:
        return ((keys * _SPREAD) >> self._shift).astype(np.int64)
