"""Is a .docx file safe to open? Its zip directory and its XML prologs are looked at, and nothing else."""

import io
import zipfile
import zlib
from typing import IO, NoReturn
from xml.parsers import expat

from features.readers.refusal import RefusedError

_MAX_MEMBERS = 2_000
_MAX_UNPACKED_BYTES = 256_000_000
# Word's own XML shrinks to a tenth or a thirtieth, a bomb to a thousandth. A part under a megabyte does no harm.
_MAX_RATIO = 150
_SMALL_BYTES = 1_000_000
_PIECE = 1 << 20
_UNKNOWN_ENCODING = expat.errors.codes[expat.errors.XML_ERROR_UNKNOWN_ENCODING]


def refuse_unsafe(data: bytes) -> None:
    """Raise RefusedError unless `data` is a sound zip file of bounded size whose XML declares no document type."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _refuse_bomb(archive.infolist())
            for member in archive.infolist():
                with archive.open(member) as part:
                    _refuse_declarations(member.filename, part)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        # RuntimeError is zipfile's word for an encrypted member.
        raise RefusedError(
            "broken", f"not a readable .docx package ({error}); save it again from its source"
        ) from error


def _refuse_bomb(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > _MAX_MEMBERS:
        raise RefusedError("unsafe", f"a package of {len(members):,} parts, more than {_MAX_MEMBERS:,}")
    # zipfile unpacks no more of a member than it declares, so a bound on the declared sizes bounds the real ones.
    unpacked = sum(member.file_size for member in members)
    if unpacked > _MAX_UNPACKED_BYTES:
        raise RefusedError("unsafe", f"unpacks to {unpacked:,} bytes, more than {_MAX_UNPACKED_BYTES:,}")
    for member in members:
        if member.file_size > max(_SMALL_BYTES, _MAX_RATIO * member.compress_size):
            raise RefusedError("unsafe", f"{member.filename} unpacks to over {_MAX_RATIO} times its size, like a bomb")


def _refuse_declarations(name: str, part: IO[bytes]) -> None:
    """Parse `part` up to its root element, before which alone a document type may stand, and unpack the rest.

    Any part may turn out to be XML, whatever its name; what is none fails before a root element and harms nobody.
    """
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = lambda *_: _refuse_doctype(name)
    rooted: list[str] = []
    parser.StartElementHandler = lambda tag, _: rooted.append(tag)
    undecided = True
    while piece := part.read(_PIECE):
        if undecided:
            undecided = _parse(parser, piece, name, rooted) and not rooted


def _parse(parser: expat.XMLParserType, piece: bytes, name: str, rooted: list[str]) -> bool:
    """Whether `piece` may be XML; raises RefusedError where it is broken, or in an encoding that cannot be searched."""
    try:
        parser.Parse(piece)
    except (LookupError, ValueError) as error:
        raise RefusedError("broken", f"{name} is in an unusual encoding: {error}") from error
    except expat.ExpatError as error:
        is_xml = name.lower().endswith((".xml", ".rels")) or error.code == _UNKNOWN_ENCODING
        if is_xml and not rooted:
            raise RefusedError("broken", f"{name} is not well-formed XML: {error}") from error
        return False
    return True


def _refuse_doctype(name: str) -> NoReturn:
    raise RefusedError("unsafe", f"{name} declares a document type, which may define entities; Word writes none")
