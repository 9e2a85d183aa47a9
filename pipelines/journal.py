"""Answers of a model kept as they come in, so that a run that was interrupted need not ask for them again."""

import os
import struct
import sys
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import BinaryIO

import msgspec
import numpy as np

from features import arrays
from features.ahead import ahead
from features.batches import Batch
from features.bundle import Scores
from features.scored import Scored

_FRAME = struct.Struct("<II")
_SECONDS_BETWEEN_SYNCS = 10
_CHECKED_OF = 8


class Kept(msgspec.Struct, frozen=True):
    """The answer to one batch, exactly, and what tells that batch from another; `items` were read for it."""

    items: int
    sentences: int
    themes: int
    checksum: int
    probabilities: bytes
    labels: bytes
    abstained: bytes
    again: bytes
    terms: list[list[str | None]] | None

    @classmethod
    def of(cls, batch: Batch, answer: Scored) -> "Kept":
        """What to keep of `batch` and its answer."""
        scores = answer.scores
        return cls(
            items=_items(batch),
            sentences=len(scores.labels),
            themes=scores.labels.shape[1],
            checksum=_checksum(batch),
            probabilities=scores.probabilities.tobytes(),
            labels=scores.labels.tobytes(),
            abstained=scores.abstained.tobytes(),
            again=scores.again.tobytes(),
            terms=answer.terms,
        )

    def fits(self, batch: Batch) -> bool:
        """Whether this is the answer to `batch`."""
        read = (_items(batch), batch.rows.num_rows, _checksum(batch))
        return read == (self.items, self.sentences, self.checksum)

    def answer(self) -> Scored:
        """The answer as it was given."""
        shape = (self.sentences, self.themes)
        scores = Scores(
            np.frombuffer(self.probabilities).reshape(shape),
            np.frombuffer(self.labels, bool).reshape(shape),
            np.frombuffer(self.abstained, bool),
            np.frombuffer(self.again, bool),
        )
        return Scored(scores, self.terms)


class Journal:
    """A file that begins with what was asked for, and grows by a record with each batch that is answered.

    A record that a kill or a power cut has torn is known by its checksum; it and what follows were never written.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._synced = time.monotonic()
        self.items = self.sentences = 0

    def asked(self) -> bytes | None:
        """What was asked for, if anything was."""
        return next((payload for _, payload in self._records()), None)

    def begin(self, asked: bytes) -> None:
        """Forget all that is kept, for answers to something else."""
        self._file.truncate(0)
        self._append(asked)

    def resume(self) -> None:
        """Count what is kept, and cut off what is torn."""
        self.items = self.sentences = end = 0
        for place, payload in self._records():
            end = place + _FRAME.size + len(payload)
            if place:
                self._count(msgspec.msgpack.decode(payload, type=Kept))
        self._file.truncate(end)

    def answers(self, ask: Callable[[Batch], Scored], found: Iterable[Batch]) -> Iterator[tuple[Batch, Scored]]:
        """Each batch with its answer, as `ahead` gives them: the kept ones first, then those that are asked for now."""
        batches = iter(found)
        for place, kept in self._kept():
            batch = next(batches, None)
            if batch is None:
                return
            if not kept.fits(batch):
                self._cut(place)
                batches = chain([batch], batches)
                break
            yield batch, kept.answer()
        for batch, answer in ahead(ask, batches):
            kept = Kept.of(batch, answer)
            self._append(msgspec.msgpack.encode(kept))
            self._count(kept)
            yield batch, answer

    def _cut(self, place: int) -> None:
        """Forget what comes from `place` on: a PDF may end within its seconds at one time, and not at another."""
        self._file.truncate(place)
        self.resume()
        print(f"only {self.sentences:,} sentences: what follows is not read as it was", file=sys.stderr, flush=True)

    def _count(self, kept: Kept) -> None:
        self.items += kept.items
        self.sentences += kept.sentences

    def _kept(self) -> Iterator[tuple[int, Kept]]:
        for place, payload in self._records():
            if place:
                yield place, msgspec.msgpack.decode(payload, type=Kept)

    def _records(self) -> Iterator[tuple[int, bytes]]:
        """The place of each whole record and what is in it."""
        size, place = os.fstat(self._file.fileno()).st_size, 0
        while size - place > _FRAME.size:
            self._file.seek(place)
            length, checksum = _FRAME.unpack(self._file.read(_FRAME.size))
            payload = self._file.read(length) if 0 < length <= size - place - _FRAME.size else b""
            if not payload or zlib.crc32(payload) != checksum:
                return
            yield place, payload
            place += _FRAME.size + length

    def _append(self, payload: bytes) -> None:
        self._file.seek(0, os.SEEK_END)
        self._file.write(_FRAME.pack(len(payload), zlib.crc32(payload)) + payload)
        self._file.flush()
        # What is flushed survives the process; only a power cut needs the disk, and each wait for it is time lost.
        if time.monotonic() - self._synced >= _SECONDS_BETWEEN_SYNCS:
            os.fsync(self._file.fileno())
            self._synced = time.monotonic()


def _items(batch: Batch) -> int:
    return (len(batch.documents) or batch.rows.num_rows) + len(batch.refusals)


def _checksum(batch: Batch) -> int:
    """Of some texts: what is read otherwise moves all that follows, so that not every text has to be looked at."""
    texts = batch.rows.column("text").take(arrays.numbers(np.arange(0, batch.rows.num_rows, _CHECKED_OF))).to_pylist()
    return zlib.crc32("\n".join(texts).encode("utf-8", "surrogatepass"))
