"""PDF files, read in a child process that cannot outlast its time or memory."""

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

from features.readers import pdf_process
from features.readers.characters import clean, one_line
from features.readers.pages import paragraphs
from features.readers.refusal import RefusedError
from features.text import Document

_MEGABYTES = 1024
# Waiting for a busy machine is no fault of the file, so the clock allows more than the processor time.
_CLOCK_SECONDS_PER_SECOND = 4
_ADDRESS = re.compile(r"0x[0-9a-f]+|\d{9,}")


def pdf_document(path: Path, name: str, *, seconds: int, max_characters: int) -> Document:
    """The document in the PDF file `path`, read in at most `seconds` of processor time; its date is not trusted.

    Raises RefusedError for a broken, encrypted or scanned file and for one that takes too long or too much.
    """
    command = [sys.executable, "-I", pdf_process.__file__, str(seconds), str(_MEGABYTES), str(max_characters)]
    with path.open("rb") as file:
        try:
            child = subprocess.run(
                command, stdin=file, capture_output=True, timeout=seconds * _CLOCK_SECONDS_PER_SECOND, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise _too_long(seconds) from error
    if child.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        raise _too_long(seconds)
    if child.returncode:
        raise _broken(child.stderr)
    answer = json.loads(child.stdout)
    if "refused" in answer:
        raise RefusedError(*answer["refused"])
    text = paragraphs([clean(page) for page in answer["pages"]])
    return Document(id=name, text=text, title=one_line(answer["title"]))


def _too_long(seconds: int) -> RefusedError:
    return RefusedError("limit", f"took more than {seconds} s of processor time; raise ingest.pdf_seconds or split it")


def _broken(stderr: bytes) -> RefusedError:
    """The last line of a traceback, without what differs from run to run."""
    last = (stderr.decode("utf-8", "replace").strip().splitlines() or [""])[-1]
    if last.startswith("MemoryError"):
        return RefusedError("limit", f"needs more than {_MEGABYTES} MB of memory; split it")
    return RefusedError(
        "broken", f"not a readable PDF ({_ADDRESS.sub('…', last)[:200]}); save it again from its source"
    )
