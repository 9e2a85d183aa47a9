"""What a reader answers instead of a document, and why."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """One file, or one row of a file, that was not read.

    `path` is relative to the corpus. `kind` groups reasons for counting: format, empty, encoding, header, row, size,
    broken, encrypted, scanned, limit, unsafe, unreadable or duplicate.
    """

    path: str
    kind: str
    reason: str


class RefusedError(Exception):
    """Raised inside a reader; `read` turns it into a Refusal."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
