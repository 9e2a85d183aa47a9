"""Many passages as Arrow columns: what tables are read into, and what a bundle scores without copying texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, TypeAlias, overload

from features.text import Passage

if TYPE_CHECKING:
    # A model that was handed on answers passages where Arrow is not installed.
    import pyarrow as pa

FIELDS = ("text", "before", "after")
Texts: TypeAlias = "Sequence[str] | pa.StringArray"


@dataclass(frozen=True, slots=True, eq=False)
class Passages(Sequence[Passage]):
    """Columns of one length; a neighbour that is not there is empty or null."""

    text: "pa.StringArray"
    before: "pa.StringArray"
    after: "pa.StringArray"

    def __len__(self) -> int:
        return len(self.text)

    @overload
    def __getitem__(self, place: int) -> Passage: ...
    @overload
    def __getitem__(self, place: slice) -> "Passages": ...
    def __getitem__(self, place: int | slice) -> "Passage | Passages":
        columns = (self.text, self.before, self.after)
        if isinstance(place, slice):
            return Passages(*(column[place] for column in columns))
        return Passage(*(column[place].as_py() or "" for column in columns))


def column(passages: Sequence[Passage], field: str) -> Texts:
    """One of FIELDS of all passages, as it is at hand."""
    found: Texts = (
        getattr(passages, field) if isinstance(passages, Passages) else list(map(attrgetter(field), passages))
    )
    return found


def texts(column: Texts) -> Sequence[str]:
    """The same texts as Python's own, for what reads letters one by one."""
    return column if isinstance(column, Sequence) else [text or "" for text in column.to_pylist()]
