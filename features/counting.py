"""N-gram counts of training texts, before it is known which n-grams become terms.

Words are numbered as they are met, n-grams of words as pairs of numbers; they are spelled when they are asked for, for
most are met once.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
from scipy.sparse import csr_array

from features import ngrams
from features.experiments import NGrams
from features.keys import KeyTable, Numbers, Places

# What is not asked for all texts at once takes no memory for each n-gram of all of them.
_TEXTS_AT_ONCE = 1_000
_NONE = -1  # no key


class Words:
    """Every word met, in order of meeting, and the words of each text as the bytes of 32-bit integers.

    As bytes, because an array for each text would take more than its content.
    """

    def __init__(self) -> None:
        self.names = list[str]()
        self.texts = dict[str, bytes]()
        self._numbers = dict[str, int]()

    def meet(self, texts: Sequence[str]) -> None:
        """Read those of `texts` that are new."""
        numbers, new = self._numbers, dict[str, bytes]()
        for text in texts:
            if text not in self.texts and text not in new:
                found = [numbers.setdefault(word, len(numbers)) for word in self._cut(text.lower())]
                new[text] = np.array(found, dtype=np.int32).tobytes()
        self._add(list(numbers)[len(self.names) :])
        # Last, for another thread may count a text as soon as it stands here.
        self.texts.update(new)

    def of(self, texts: Sequence[str]) -> tuple[Numbers, Places]:
        """The words of known texts, one text after the other, and the texts' edges."""
        found = [self.texts[text] for text in texts]
        numbers = np.frombuffer(b"".join(found), dtype=np.int32)
        return numbers, np.cumsum([0, *map(len, found)]) // numbers.itemsize

    def _cut(self, lowered: str) -> Sequence[str]:
        return ngrams.words(lowered)

    def _add(self, names: Sequence[str]) -> None:
        self.names.extend(names)


class SpelledWords(Words):
    """The same of what stands between blanks, and the n-grams of characters inside each, which depend on it alone."""

    def __init__(self, sizes: tuple[int, int]) -> None:
        super().__init__()
        self.grams = dict[str, int]()
        self.grams_of = list[Numbers]()
        self._sizes = sizes

    def _cut(self, lowered: str) -> Sequence[str]:
        return lowered.split()

    def _add(self, names: Sequence[str]) -> None:
        super()._add(names)
        for name in names:
            found = [self.grams.setdefault(gram, len(self.grams)) for gram in ngrams.inside_word(name, *self._sizes)]
            self.grams_of.append(np.array(found, dtype=np.int32))


class Numbering(Protocol):
    """The n-grams of some texts, numbered from 0 up to `count`."""

    count: int

    def of(self, words: Numbers, edges: Places) -> Iterator[tuple[Numbers, Places]]:
        """The numbers of those in any texts, by size or all in one, and the texts' edges among them."""

    def spelled(self, numbers: Places) -> list[str]:
        """These, in ascending order, as scikit-learn spells them."""


class WordNumbering:
    """N-grams of words that occur at least `least` times, each known by its beginning and its last word.

    None is more frequent than its beginning, so longer ones are looked for behind frequent ones alone (Agrawal and
    Srikant 1994).
    """

    def __init__(self, names: Sequence[str], words: Numbers, edges: Places, sizes: tuple[int, int], least: int) -> None:
        self._names, self._words, self._sizes = names, len(names), sizes
        self._keys, self._tables = list[Places](), list[KeyTable]()
        begun = np.empty(0, dtype=np.int32)
        for size in range(1, sizes[1] + 1):
            keys = self._longer(begun, words, edges, size)
            different, counts = np.unique(keys[keys != _NONE], return_counts=True)
            self._keys.append(different[counts >= least])
            self._tables.append(KeyTable(self._keys[-1].view(np.uint64)))
            if size < sizes[1]:
                begun = self._tables[-1].find(keys.view(np.uint64))
        self._starts = np.cumsum([0, *map(len, self._keys[sizes[0] - 1 :])])
        self.count = int(self._starts[-1])

    def of(self, words: Numbers, edges: Places) -> Iterator[tuple[Numbers, Places]]:
        """By size the numbers of the n-grams, one text after the other, and the texts' edges among them."""
        grams = np.empty(0, dtype=np.int32)
        for size, table in enumerate(self._tables, start=1):
            grams = table.find(self._longer(grams, words, edges, size).view(np.uint64))
            if size >= self._sizes[0]:
                there = grams != table.unknown
                start = np.int32(self._starts[size - self._sizes[0]])
                yield grams[there] + start, np.append(0, np.cumsum(there))[edges]

    def spelled(self, numbers: Places) -> list[str]:
        """These, in ascending order, as scikit-learn spells them."""
        found = list[str]()
        for size, (start, end) in enumerate(zip(self._starts, self._starts[1:], strict=False), start=self._sizes[0]):
            of_size = numbers[(numbers >= start) & (numbers < end)] - start
            found += [" ".join([self._names[word] for word in words]) for words in self._of(size, of_size).tolist()]
        return found

    def _longer(self, begun: Numbers, words: Numbers, edges: Places, size: int) -> Places:
        """The key of the n-gram of `size` words at each word, or none, of which those one word shorter are `begun`."""
        last = words[size - 1 :]
        known = last < self._words
        keys = np.full(len(words), _NONE, dtype=np.int64)
        if size == 1:
            keys[known] = last[known]
            return keys
        beginnings = begun[: len(last)]
        known &= beginnings != self._tables[size - 2].unknown
        keys[: len(last)][known] = beginnings[known] * np.int64(self._words) + last[known]
        # What begins earlier in a text ends in it; what begins later is not begun.
        crossing = edges - size + 1
        keys[crossing[crossing >= 0]] = _NONE
        return keys

    def _of(self, size: int, numbers: Places) -> Places:
        """The words of n-grams, shape (numbers, size)."""
        keys = self._keys[size - 1][numbers]
        if size == 1:
            return keys[:, None]
        return np.column_stack([self._of(size - 1, keys // self._words), keys % self._words])


class CharacterNumbering:
    """N-grams of characters inside the words met so far."""

    def __init__(self, known: SpelledWords) -> None:
        self._known, self.count = known, len(known.grams)

    def of(self, words: Numbers, edges: Places) -> Iterator[tuple[Numbers, Places]]:
        """The numbers of the n-grams, one text after the other, and the texts' edges among them."""
        cut = [self._known.grams_of[word] for word in words.tolist()]
        numbers, ends = np.concatenate([np.empty(0, dtype=np.int32), *cut]), np.cumsum([0, *map(len, cut)])
        if self.count < len(self._known.grams):  # some were met later
            there = numbers < self.count
            numbers, ends = numbers[there], np.append(0, np.cumsum(there))[ends]
        yield numbers, ends[edges]

    def spelled(self, numbers: Places) -> list[str]:
        """These as scikit-learn spells them."""
        names = list(self._known.grams)
        return [names[number] for number in numbers]


def words(view: NGrams) -> Words:
    """Of texts that are still to be met; all views of words may share theirs."""
    return Words() if view.of == "words" else SpelledWords(view.ngrams)


def numbered(view: NGrams, known: Words, texts: Sequence[str]) -> Numbering:
    """The n-grams of known texts that may become terms of `view`."""
    if isinstance(known, SpelledWords):
        return CharacterNumbering(known)
    return WordNumbering(known.names, *known.of(texts), view.ngrams, view.min_df)


def counts(numbering: Numbering, known: Words, texts: Sequence[str]) -> Iterator[csr_array]:
    """Of some known texts at a time, how often each n-gram occurs, shape (texts, n-grams), in no order."""
    for start in range(0, len(texts), _TEXTS_AT_ONCE):
        some = texts[start : start + _TEXTS_AT_ONCE]
        shape = (len(some), numbering.count)
        occurrences = [
            csr_array((np.ones(len(numbers), np.int32), numbers, edges), shape=shape)
            for numbers, edges in numbering.of(*known.of(some))
        ]
        yield ngrams.counted(occurrences)
