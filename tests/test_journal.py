import tempfile
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.batches import ROWS, Batch
from features.bundle import Scores
from features.readers import Refusal
from features.scored import Scored
from pipelines.journal import Journal

SIZES = [3, 0, 5, 1, 4]
TEXTS = [[f"{batch} {row} é" for row in range(size)] for batch, size in enumerate(SIZES)]


def batches(texts: list[list[str]] = TEXTS) -> list[Batch]:
    refusal = Refusal("a.png", "format", "no")
    return [
        Batch(pa.RecordBatch.from_pylist([{"text": text} for text in some], schema=ROWS), refusals=[refusal])
        for some in texts
    ]


def cells(batch: Batch) -> list[str]:
    return [passage.text for passage in batch.passages]


def answer(batch: Batch) -> Scored:
    """Of two themes, told by each text; the first sentence is abstained from."""
    probabilities = np.array([[hash(text) % 97 / 97, np.nan] for text in cells(batch)]).reshape(-1, 2)
    abstained = np.arange(len(probabilities)) == 0
    terms: list[list[str | None]] = [[text[:3] for text in cells(batch)], [None] * len(probabilities)]
    return Scored(Scores(probabilities, probabilities > 0.5, abstained, ~abstained), terms)


def same(one: Scored, other: Scored) -> bool:
    arrays = [(getattr(one.scores, name), getattr(other.scores, name)) for name in Scores.__slots__]
    return one.terms == other.terms and all(
        a.tobytes() == b.tobytes() and (a.shape, a.dtype) == (b.shape, b.dtype) for a, b in arrays
    )


def worked(file: BinaryIO, found: list[Batch]) -> tuple[list[Scored], int]:
    """The answers of a run on what is in `file`, and of how many batches it asked."""
    asked = []

    def ask(batch: Batch) -> Scored:
        asked.append(batch)
        return answer(batch)

    journal = Journal(file)
    if journal.asked() == b"this":
        journal.resume()
    else:
        journal.begin(b"this")
    answers = [kept for _, kept in journal.answers(ask, found)]
    return answers, len(asked)


@pytest.fixture
def file() -> Iterator[BinaryIO]:
    with tempfile.TemporaryFile("a+b") as opened:
        yield opened


def test_answers_come_back_exactly_and_nothing_is_asked_twice(file: BinaryIO) -> None:
    first, asked = worked(file, batches())
    again, asked_again = worked(file, batches())
    assert (asked, asked_again) == (5, 0)
    assert all(map(same, first, again))
    assert all(map(same, again, map(answer, batches())))


@given(cut=st.floats(0, 1), tail=st.sampled_from([b"", b"\0" * 50, b"\1" * 50]), flipped=st.none() | st.floats(0, 1))
@settings(max_examples=60)
def test_however_the_file_was_damaged_the_answers_are_the_same(cut: float, tail: bytes, flipped: float | None) -> None:
    with tempfile.TemporaryFile("a+b") as file:
        expected, _ = worked(file, batches())
        file.seek(0)
        content = bytearray(file.read())
        if flipped is not None:
            content[int(flipped * (len(content) - 1))] ^= 1
        file.truncate(0)
        file.seek(0)
        file.write(content[: int(cut * len(content))] + tail)
        file.flush()
        found, _ = worked(file, batches())
        assert all(map(same, found, expected))
        found, asked = worked(file, batches())
        assert all(map(same, found, expected))
        assert asked == 0


def test_answers_to_other_texts_are_forgotten_and_so_is_what_follows(
    file: BinaryIO, capsys: pytest.CaptureFixture[str]
) -> None:
    worked(file, batches())
    other = [*TEXTS[:2], ["another", *TEXTS[2][1:]], *TEXTS[3:]]
    found, asked = worked(file, batches(other))
    assert asked == 3
    assert all(map(same, found, map(answer, batches(other))))
    assert capsys.readouterr().err == "only 3 sentences: what follows is not read as it was\n"
    assert worked(file, batches(other))[1] == 0


def test_what_is_counted_is_what_was_read_and_what_was_scored(file: BinaryIO) -> None:
    worked(file, batches())
    journal = Journal(file)
    journal.resume()
    assert (journal.items, journal.sentences) == (sum(SIZES) + len(SIZES), sum(SIZES))


def test_fewer_batches_than_are_kept_end_the_run(file: BinaryIO) -> None:
    worked(file, batches())
    found, asked = worked(file, batches()[:2])
    assert (len(found), asked) == (2, 0)
