"""The optional header of a corpus file: keys and values between two lines of `---` at its top."""

import contextlib
import re
from collections.abc import Iterator

import yaml

from features.readers.characters import iso_date
from features.readers.refusal import RefusedError

KEYS = ("id", "date", "genre", "source", "title", "writer")
_OPENING = re.compile(r"---[ \t]*\n")
_CLOSING = re.compile(r"^---[ \t]*(?:\n|\Z)", re.MULTILINE)
_MAX_CHARACTERS = 10_000


def split_header(text: str) -> tuple[dict[str, str], str]:
    """The header's non-empty values and the text after it; no values and the whole text where there is no header.

    Raises RefusedError naming the line of a header that is not closed, not YAML, or holds an unknown key or a bad date.
    """
    opening = _OPENING.match(text)
    if not opening:
        return {}, text
    closing = _CLOSING.search(text, opening.end(), opening.end() + _MAX_CHARACTERS)
    if not closing:
        raise RefusedError("header", "line 1: '---' opens a header that no second '---' closes; add that line")
    return dict(_values(text[opening.end() : closing.start()])), text[closing.end() :]


def front_matter(text: str) -> tuple[dict[str, str], str]:
    """As `split_header`, for files written for other tools: keys that mean nothing here are passed over.

    What stands between two `---` and is no list of keys and values is text.
    """
    opening = _OPENING.match(text)
    closing = opening and _CLOSING.search(text, opening.end(), opening.end() + _MAX_CHARACTERS)
    if not (opening and closing):
        return {}, text
    try:
        nodes = _nodes(text[opening.end() : closing.start()])
    except RefusedError:
        return {}, text
    found = {}
    for key, value in nodes:
        if isinstance(value, yaml.ScalarNode) and key.value in KEYS:
            with contextlib.suppress(ValueError):
                found[key.value] = iso_date(value.value) if key.value == "date" else " ".join(value.value.split())
    return {key: value for key, value in found.items() if value}, text[closing.end() :]


def _values(header: str) -> Iterator[tuple[str, str]]:
    """Yield key and value of every line that has a value; values stay strings, whatever YAML would make of them."""
    seen = set()
    for key_node, value_node in _nodes(header):
        where = f"line {key_node.start_mark.line + 2}"
        key = key_node.value
        if not isinstance(key_node, yaml.ScalarNode) or key not in KEYS:
            raise RefusedError("header", f"{where}: unknown key '{key}'; a header takes {', '.join(KEYS)}")
        if key in seen:
            raise RefusedError("header", f"{where}: a second '{key}'; keep one")
        if not isinstance(value_node, yaml.ScalarNode):
            raise RefusedError("header", f"{where}: '{key}' takes one line of text; put it in quotes")
        seen.add(key)
        value = " ".join(value_node.value.split())
        if value:
            yield key, _date(value, where) if key == "date" else value


def _nodes(header: str) -> list[tuple[yaml.Node, yaml.Node]]:
    try:
        root = yaml.compose(header, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 2}: " if error.problem_mark else ""
        raise RefusedError(
            "header", f"{line}{error.problem}; put a value that holds a colon or quote in quotes"
        ) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise RefusedError("header", "the header is not YAML") from error
    if root is None:
        return []
    if not isinstance(root, yaml.MappingNode):
        raise RefusedError("header", "line 2: expected lines like 'date: 2014-03-11' between the two '---'")
    nodes: list[tuple[yaml.Node, yaml.Node]] = root.value
    return nodes


def _date(value: str, where: str) -> str:
    try:
        return iso_date(value)
    except ValueError as error:
        raise RefusedError("header", f"{where}: {error}") from error
