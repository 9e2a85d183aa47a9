"""As many sentences as a measurement wants: those of the corpus, with a few words exchanged."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROWS_PER_GROUP = 8_192
_EXCHANGED = 3


def like(texts: Sequence[str], count: int) -> Iterator[str]:
    """`count` sentences like these: each with some of its words exchanged for words of others."""
    random_ = random.Random(0)
    words = [word for text in texts for word in text.split()]
    for n in range(count):
        own = texts[n % len(texts)].split()
        for _ in range(_EXCHANGED):
            own[random_.randrange(len(own))] = random_.choice(words)
        yield " ".join(own)


def write(texts: Iterator[str], path: Path) -> None:
    """Write sentences to parquet, row group by row group."""
    schema = pa.schema([("text", pa.string())])
    with pq.ParquetWriter(path, schema) as writer:
        while group := [text for _, text in zip(range(ROWS_PER_GROUP), texts, strict=False)]:
            writer.write_table(pa.table({"text": group}))
