"""Text and Markdown files, with or without a header."""

from features.readers.characters import clean, decode
from features.readers.header import front_matter, split_header
from features.text import Document


def text_document(data: bytes, name: str) -> Document:
    """The document in the bytes of a .txt file; its id is `name` unless its header gives one."""
    header, text = split_header(clean(decode(data)))
    return Document(**({"id": name} | header), text=text)


def markdown_document(data: bytes, name: str) -> Document:
    """The document in the bytes of a .md file, without its marks."""
    from features.readers.markdown import plain

    header, text = front_matter(clean(decode(data)))
    return Document(**({"id": name} | header), text=plain(text))
