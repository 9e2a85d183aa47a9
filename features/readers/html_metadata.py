"""What a web page says about itself. Nothing is guessed from its prose: a wrong date is worse than none."""

import re
from typing import TYPE_CHECKING, TypedDict

from features.readers.characters import iso_date, one_line

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

_DATES = (
    "article:published_time",
    "datepublished",
    "dc.date.issued",
    "dcterms.issued",
    "dc.date",
    "dcterms.date",
    "date",
    "pubdate",
)
_TITLES = ("og:title", "dc.title", "dcterms.title")
_SOURCES = ("og:site_name", "dc.publisher", "dcterms.publisher")
_JSON_DATE = re.compile(r'"datePublished"\s*:\s*"([^"]{1,40})"')


class Metadata(TypedDict):
    """The fields of a Document that a page can fill; `date` is YYYY-MM-DD."""

    title: str | None
    date: str | None
    source: str | None


def metadata(tree: "LexborHTMLParser") -> Metadata:
    """Title, date and publisher from meta elements, structured data, time elements, the only heading, the title."""
    named: dict[str, str] = {}
    for node in tree.css("meta[content]"):
        name = node.attributes.get("property") or node.attributes.get("name") or node.attributes.get("itemprop") or ""
        named.setdefault(name.lower(), node.attributes["content"] or "")
    headings = [node.text() for node in tree.css("h1")]
    titles = [*(named.get(name) for name in _TITLES), *(headings if len(headings) == 1 else []), _title(tree)]
    return {
        "title": next(filter(None, map(one_line, titles)), None),
        "date": next(filter(None, map(_day, [*(named.get(name) for name in _DATES), *_marked_up(tree)])), None),
        "source": next(filter(None, (one_line(named.get(name)) for name in _SOURCES)), None),
    }


def _title(tree: "LexborHTMLParser") -> str:
    node = tree.css_first("title")
    return node.text() if node else ""


def _marked_up(tree: "LexborHTMLParser") -> list[str]:
    """Dates of structured data, and that of the time elements where all of them name one day."""
    dates = [
        found for node in tree.css("script[type='application/ld+json']") for found in _JSON_DATE.findall(node.text())
    ]
    times = {_day(node.attributes.get("datetime")) for node in tree.css("time[datetime]")}
    return [*dates, *(filter(None, times) if len(times) == 1 else [])]


def _day(value: str | None) -> str | None:
    try:
        return iso_date(value or "")
    except ValueError:
        return None
