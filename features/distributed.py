"""Score sentences in another process than the one that knows the model: Arrow batches in, Arrow batches out."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import pyarrow.compute as pc

from features import arrays, bundle, scored
from features.batches import ROWS, passages_of
from features.bundle import Bundle
from features.readers.characters import clean
from features.requirements import encoder_files
from features.text import Passage

MODEL = "model"
_models: dict[str, Bundle] = {}


class Broadcast(Protocol):
    """What Spark makes of a value that every worker is sent once."""

    value: Mapping[str, bytes]


def files(folder: Path, model: Bundle) -> dict[str, bytes]:
    """The bundle, and the encoder if it reads through one, as they are sent to workers: path -> content."""
    found = {f"{MODEL}/{path.name}": path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}
    return found | {f"{bundle.ENCODER}/{path.name}": path.read_bytes() for path in encoder_files(model.model)}


def answers(
    shared: Broadcast, fingerprint: str, root: str, batches: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """The output rows of `score` for batches with the columns text, position, id, doc, and file where doc is null.

    A file is a URI, below the folder at `root`; where the model reads neighbours there are before and after.
    `fingerprint` is that of the model that is `shared`: a worker, which serves many tasks, loads it once.
    """
    model = _models.get(fingerprint) or _loaded(fingerprint, shared)
    into = scored.schema(model.themes, explain=False)
    for batch in batches:
        rows = _rows(batch, root)
        yield from scored.table(rows, scored.ask(model, passages_of(rows), explain=False), into).to_batches()


def _rows(batch: pa.RecordBatch, root: str) -> pa.RecordBatch:
    """As in batches.ROWS; named here and not by Spark, which would call a Python function for each row."""
    there = {name: batch.column(name) for name in batch.schema.names}
    there["doc"] = pc.coalesce(there["doc"], _table_names(there["file"], root))
    there["sentence_id"] = pc.coalesce(there["id"], there["position"].cast(pa.string()))
    columns = [there[field.name] if field.name in there else pa.nulls(batch.num_rows, field.type) for field in ROWS]
    return pa.RecordBatch.from_arrays(columns, schema=ROWS)


def _table_names(files: pa.StringArray, root: str) -> pa.StringArray:
    encoded = files.dictionary_encode()
    return arrays.strings([table_name(file, root) for file in encoded.dictionary.to_pylist()]).take(encoded.indices)


def table_name(address: str, root: str) -> str:
    """What the local engine calls the table at a URI: its path below the folder of input, or its own name."""
    path, folder = (unquote(urlsplit(uri).path).rstrip("/") for uri in (address, root))
    return clean(path.removeprefix(f"{folder}/") if path != folder else path.rpartition("/")[2])


def _loaded(fingerprint: str, shared: Broadcast) -> Bundle:
    with tempfile.TemporaryDirectory() as folder:
        for name, content in shared.value.items():
            path = Path(folder, name)
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        loaded = bundle.load(Path(folder, MODEL))
        loaded.score([Passage("ready")])  # reads the encoder while its files are there
    _models.clear()
    _models[fingerprint] = loaded
    return loaded
