"""Bytes to characters, and characters to those that text may hold."""

import codecs
import re
from datetime import datetime
from pathlib import Path

from features.readers.refusal import RefusedError

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Without this list a few accents in English text are taken for Big5.
_LEGACY = (
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "iso8859_2", "iso8859_5", "koi8_r"),
    *("gb18030", "big5", "shift_jis", "euc_jp", "euc_kr"),
)
# A declaration comes with the page, so only these are believed. Browsers, too, read Latin-1 and ASCII as cp1252.
_DECLARED = {name: name for name in (*_LEGACY, "gb2312", "gbk", "iso8859_7", "iso8859_9", "iso8859_15", "koi8_u")} | {
    "ascii": "cp1252",
    "iso8859_1": "cp1252",
}
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f]")
_SURROGATES = re.compile(r"[\ud800-\udfff]")
_PIECE = 1 << 20


def decode(data: bytes, declared: str | None = None) -> str:
    """The characters of a text file: by its byte order mark, as UTF-8, as `declared`, or by the look of the bytes.

    Raises RefusedError for binary content and for bytes that no known encoding explains.
    """
    marked = _marked(data)
    if not marked:
        _refuse_binary(data)
    try:
        return data.decode(marked or "utf-8")
    except UnicodeDecodeError as error:
        if marked:
            raise RefusedError("encoding", f"not the {marked} that its first bytes promise: {error.reason}") from error
    return _as_declared(data, declared) or data.decode(_guess(data))


def encoding(path: Path) -> str:
    """The encoding of a file that may be too large to hold in memory; raises RefusedError as `decode` does."""
    utf8 = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        piece = file.read(_PIECE)
        marked = _marked(piece)
        if marked:
            return marked
        try:
            while piece:
                _refuse_binary(piece)
                utf8.decode(piece)
                last, piece = piece, file.read(_PIECE)
            utf8.decode(b"", final=True)
        except UnicodeDecodeError:
            # Whole lines only: a character cut in two would rule out every multi-byte encoding.
            return _guess(piece[: piece.rfind(b"\n") + 1] or piece or last)
    return "utf-8"


def clean(text: str) -> str:
    r"""The characters that are stored: newlines as \n, other control characters and lone surrogates replaced."""
    text = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return _SURROGATES.sub("\ufffd", _CONTROLS.sub(" ", text))


def one_line(text: str | None) -> str | None:
    """`text`, a title or a name, cleaned and on one line; None where nothing is left."""
    return " ".join(clean(text or "").split()) or None


def iso_date(text: str) -> str:
    """YYYY-MM-DD of an ISO 8601 date or time stamp; raises ValueError for anything else."""
    try:
        return datetime.fromisoformat(text.strip()).date().isoformat()
    except ValueError:
        raise ValueError(f"date '{text}' is not a date like 2014-03-11; mend it or leave it empty") from None


def _marked(data: bytes) -> str | None:
    return next((name for mark, name in _MARKS if data.startswith(mark)), None)


def _refuse_binary(data: bytes) -> None:
    if b"\0" in data:
        raise RefusedError("encoding", "binary content (NUL bytes) under the name of a text file")


def _as_declared(data: bytes, declared: str | None) -> str | None:
    try:
        name = codecs.lookup(declared or "").name.replace("-", "_")
        return data.decode(_DECLARED[name])
    except (LookupError, UnicodeDecodeError):
        return None


def _guess(data: bytes) -> str:
    from charset_normalizer import from_bytes

    matches = list(from_bytes(data, cp_isolation=list(_LEGACY)))
    if not matches:
        raise RefusedError("encoding", "neither UTF-8 nor another encoding known here; save it as UTF-8")
    # Western and Central European code pages often tie; Western is the commoner.
    best = min(matches, key=lambda match: (match.chaos, -match.coherence, "cp1252" not in match.could_be_from_charset))
    return best.encoding
