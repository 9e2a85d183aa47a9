"""The child process that reads one PDF: the file on its standard input, JSON on its standard output.

A PDF is a program: it can ask for endless time and memory. This process limits itself before it reads a byte, and it
imports nothing of this project, so that it starts fast and can run isolated (`python -I`).
"""

import contextlib
import io
import json
import resource
import sys


def main(seconds: int, megabytes: int, max_characters: int) -> None:
    """Write {"pages": [text], "title": text or null} or {"refused": [kind, reason]}; other faults are tracebacks."""
    limit(seconds, megabytes)
    json.dump(read(sys.stdin.buffer.read(), max_characters), sys.stdout)


def limit(seconds: int, megabytes: int) -> None:
    """Bound the processor time and the memory of this process for good."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    with contextlib.suppress(ValueError, OSError):  # macOS knows no such limit
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))


def read(data: bytes, max_characters: int) -> dict[str, object]:
    """The text of every page of a PDF, or why there is none."""
    from pypdf import PasswordType, PdfReader

    reader = PdfReader(io.BytesIO(data))
    if reader.is_encrypted and reader.decrypt("") == PasswordType.NOT_DECRYPTED:
        return {"refused": ["encrypted", "encrypted; save a copy without a password"]}
    pages: list[str] = []
    characters = 0
    for page in reader.pages:
        pages.append(page.extract_text())
        characters += len(pages[-1])
        if characters > max_characters:
            return {"refused": ["size", f"more than {max_characters:,} characters of text; split it"]}
    if not "".join(pages).strip():
        return {
            "refused": ["scanned", f"no text on its {len(pages)} pages (scanned?); run text recognition on it first"]
        }
    title = reader.metadata.title if reader.metadata else None
    return {"pages": pages, "title": title if isinstance(title, str) else None}


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
