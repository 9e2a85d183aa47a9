"""How the pages of one model show its themes: colour, line, the text of a chip, style sheet and security policy."""

import base64
import functools
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
from markupsafe import Markup

from features.bundle import Bundle

_HERE = Path(__file__).parent
# Okabe and Ito (2008) without black, then colours of Tol (2021) for more themes than seven.
_COLOURS = [
    *("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#f0e442"),
    *("#332288", "#882255", "#999933", "#44aa99", "#7a4a1e"),
]
# Dotted is kept for sentences on which the model abstains.
_LINES = ["solid", "dashed", "double", "wavy"]
_CHIP_CHARACTERS = 14
# Controls, embeddings and overrides of direction, halves of characters: shown as what they are, damage.
_HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Theme:
    """One theme as pages show it; `thickness` is that of its line in pixels."""

    number: int
    title: str
    short: str
    threshold: float
    colour: str
    line: str
    thickness: int


@dataclass(frozen=True, slots=True)
class Legend:
    """What all pages of one model share; the hashes let the browser refuse any other style or script."""

    model: str
    fingerprint: str
    themes: list[Theme]
    css: Markup
    script: Markup
    css_hash: str
    script_hash: str


def legend(bundle: Bundle) -> Legend:
    """Titles, colours, style sheet and policy of a bundle's pages."""
    shorts = short_titles(bundle.titles)
    themes = [
        Theme(
            number=number,
            title=title,
            short=short,
            threshold=float(threshold),
            colour=_COLOURS[number % len(_COLOURS)],
            line=_LINES[number % len(_LINES)],
            thickness=1 + number // len(_LINES) % 3,
        )
        for number, (title, short, threshold) in enumerate(zip(bundle.titles, shorts, bundle.thresholds, strict=True))
    ]
    css = environment().get_template("page.css.j2").render(themes=themes)
    script = (_HERE / "page_index.js").read_text(encoding="utf-8")
    return Legend(
        bundle.name, bundle.fingerprint, themes, Markup(css), Markup(script), _policy_hash(css), _policy_hash(script)
    )


def short_titles(titles: Sequence[str]) -> list[str]:
    """Texts for chips, all different: short titles whole, of others as many first words as tell them apart."""
    shorts: list[str] = []
    for number, title in enumerate(titles):
        others = [other for place, other in enumerate(titles) if place != number]
        words = title.split()
        beginnings = (" ".join(words[:count]) for count in range(1, len(words)))
        clear = (text for text in beginnings if not any(other.startswith(text) for other in others))
        short = title if len(title) <= _CHIP_CHARACTERS else next(clear, title)
        shorts.append(f"{short} {number + 1}" if short in shorts else short)
    return shorts


@functools.cache
def environment() -> jinja2.Environment:
    """Templates beside this module; what they print is made inert, then escaped."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_inert,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _inert(value: object) -> object:
    return _HARMFUL.sub("\ufffd", value) if type(value) is str else value


def _policy_hash(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode("utf-8")).digest()).decode("ascii")
