"""Markdown to plain paragraphs: the marks go, the words stay."""

import re

# Every pattern stops at the next mark of its own kind, so that a long line of marks costs no more than its length.
_BLOCKS = tuple(
    (re.compile(pattern, re.MULTILINE), replacement)
    for pattern, replacement in (
        (r"(?s:<!--(?:(?!-->|<!--).)*-->)", ""),
        (r"^[ ]{0,3}(?:```|~~~).*$", ""),  # fences; what stands between them stays
        (r"^[ ]{0,3}\[[^\]\n]+\]:[ \t]*\S*[/#@]\S*(?:[ \t]+[\"'(].*)?$", ""),  # targets of links by reference
        (r"^[ ]{0,3}>[> ]*", ""),
        (r"^[ ]{0,3}(\S.*)\n[ ]{0,3}(?:=+|-{2,})[ \t]*$", r"\n\1\n"),  # underlined headings
        (r"^[ ]{0,3}(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})$", ""),  # rules
        (r"^([ \t]*)[*+][ \t]+", r"\1- "),
    )
)
_HEADING = re.compile(r"^[ ]{0,3}#{1,6}[ \t]+(.*)$", re.MULTILINE)
_TABLE_ROW = re.compile(r"^[ \t]*\|(.+)\|[ \t]*$", re.MULTILINE)
_INLINE = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"!?\[([^\[\]\n]*)\]\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)", r"\1"),
        (r"!?\[([^\[\]\n]+)\]\[[^\[\]\n]*\]", r"\1"),
        (r"\[\^[^\[\]\n]+\]:?", ""),
        (r"<((?:https?|mailto):[^<>\s]+)>", r"\1"),
        (r"<br[ ]*/?>", r"\n"),
        (r"</?[A-Za-z][^<>\n]*>", ""),
        (r"(?<!\\)(`+)([^`\n]+)\1", r"\2"),
        (r"(?<![\\*])(\*{1,3})(?=[^\s*])([^*\n]+(?:\n[^*\n]+)*?)(?<=[^\s*\\])\1(?!\*)", r"\2"),
        (r"(?<![\\\w])(_{1,3})(?=[^\s_])([^_\n]+(?:\n[^_\n]+)*?)(?<=[^\s_\\])\1(?!\w)", r"\2"),
    )
)
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")


def plain(text: str) -> str:
    """`text` without Markdown marks; headings and table cells become paragraphs of their own."""
    for pattern, replacement in _BLOCKS:
        text = pattern.sub(replacement, text)
    text = _TABLE_ROW.sub(_cells, _HEADING.sub(_heading, text))
    # Twice: a linked picture, or italics within bold, shows its outer mark only when the inner one is gone.
    for pattern, replacement in (*_INLINE, *_INLINE):
        text = pattern.sub(replacement, text)
    return _ESCAPE.sub(r"\1", text)


def _heading(line: re.Match[str]) -> str:
    return f"\n{line[1].strip().rstrip('#').rstrip()}\n"


def _cells(row: re.Match[str]) -> str:
    cells = (cell.strip() for cell in row[1].split("|"))
    return "".join(f"\n{cell}\n" for cell in cells if cell.strip(":-"))
