from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.readers.html import html_document
from tests.features.test_readers import document, refusal

LINES = [
    f"The ministers met and agreed to share information on the financing of terrorism, item {i}." for i in range(6)
]
SAME = "The delegation thanked the host country for its warm hospitality and renewed its commitment to joint work."


def page(*blocks: str, depth: int = 0) -> bytes:
    content = "<div>" * depth + "".join(blocks) + "</div>" * depth
    return (
        "<html><head><title>Ministry | Readout</title><meta charset='utf-8'>"
        "<meta property='article:published_time' content='1994-03-11T10:00:00Z'></head>"
        "<body><nav><ul><li><a href='/'>Home</a></li><li><a href='/x'>News</a></li></ul></nav>"
        f"<main>{content}</main><footer>All rights reserved by the Ministry of Foreign Affairs and Trade</footer>"
        "<script>var sentence = 'This is a long sentence of a script that nobody should ever be shown.';</script>"
        "</body></html>"
    ).encode()


def paragraphs(*texts: str) -> list[str]:
    return [f"<p>{text}</p>" for text in texts]


def test_the_statement_of_a_page_is_kept_and_its_menu_is_not(tmp_path: Path) -> None:
    found = document(tmp_path, "a.html", page("<h1>Readout</h1>", *paragraphs(*LINES)))
    assert found.text.split("\n\n") == ["Readout", *LINES]
    assert (found.id, found.date, found.title) == ("a.html", "1994-03-11", "Readout")


PUBLISHED = b"<meta property='article:published_time' content='1994-03-11T10:00:00Z'>"


@pytest.mark.parametrize(
    ("head", "body", "expected"),
    [
        ("", "Adopted on 2011-05-03, published 3 May 2011.", None),
        ("<meta name='DC.Date' content='2014-03-11'>", "", "2014-03-11"),
        ("<meta name='date' content='03/04/1994'>", "", None),
        ("<meta name='date' content='soon'><meta itemprop='datePublished' content='2014-03-11'>", "", "2014-03-11"),
        ('<script type=\'application/ld+json\'>{"datePublished": "2014-03-11T10:00"}</script>', "", "2014-03-11"),
        ("", "<time datetime='2014-03-11'>then</time> <time datetime='2014-03-11T10:00'>10</time>", "2014-03-11"),
        ("", "<time datetime='2014-03-11'>then</time> <time datetime='2015-03-11'>later</time>", None),
    ],
)
def test_a_page_is_dated_by_what_it_declares_and_never_by_its_prose(
    tmp_path: Path, head: str, body: str, expected: str | None
) -> None:
    data = page(*paragraphs(*LINES, body)).replace(PUBLISHED, head.encode())
    assert document(tmp_path, "a.html", data).date == expected


@pytest.mark.parametrize(
    ("head", "body", "expected"),
    [
        ("", "", "Ministry | Readout"),
        ("", "<h1>The <i>Readout</i></h1>", "The Readout"),
        ("", "<h1>Menu</h1><h1>Readout</h1>", "Ministry | Readout"),
        ("<meta property='og:title' content=' Joint&#10;Readout '>", "<h1>Readout</h1>", "Joint Readout"),
    ],
)
def test_a_page_is_titled_by_its_metadata_its_only_heading_or_its_title(
    tmp_path: Path, head: str, body: str, expected: str
) -> None:
    data = page(body, *paragraphs(*LINES)).replace(PUBLISHED, head.encode())
    assert document(tmp_path, "a.html", data).title == expected


def test_a_page_names_its_source(tmp_path: Path) -> None:
    data = page(*paragraphs(*LINES)).replace(PUBLISHED, b"<meta property='og:site_name' content='Ministry of Justice'>")
    assert document(tmp_path, "a.html", data).source == "Ministry of Justice"


def test_comments_of_readers_are_left_out(tmp_path: Path) -> None:
    comment = f"<div class='comments' id='comments'><h3>Comments</h3><p>{SAME}</p></div>"
    assert document(tmp_path, "a.html", page(*paragraphs(*LINES), comment)).text.split("\n\n") == LINES


def test_each_of_six_identical_paragraphs_is_kept(tmp_path: Path) -> None:
    assert document(tmp_path, "a.html", page(*paragraphs(*[SAME] * 6))).text.split("\n\n") == [SAME] * 6


def test_a_repeated_paragraph_among_others_keeps_its_place(tmp_path: Path) -> None:
    expected = [*LINES[:3], SAME, SAME, SAME, *LINES[3:], SAME]
    assert document(tmp_path, "a.html", page(*paragraphs(*expected))).text.split("\n\n") == expected


def test_trafilatura_alone_still_loses_what_is_repaired_here() -> None:
    import trafilatura

    same = trafilatura.extract(page(*paragraphs(*[SAME] * 6)).decode(), favor_recall=True) or ""
    deep = trafilatura.extract(page(*paragraphs(*LINES), depth=300).decode(), favor_recall=True) or ""
    assert same.count(SAME) < 6
    assert LINES[0] not in deep


@pytest.mark.parametrize("depth", [100, 250, 256, 900])
def test_deep_nesting_loses_no_paragraph(tmp_path: Path, depth: int) -> None:
    assert document(tmp_path, "a.html", page(*paragraphs(*LINES), depth=depth)).text.split("\n\n") == LINES


@pytest.mark.parametrize("start", ["<div>", "<div/>", "<DIV a='<'>", "<p><b a=1>", "<div></b>", "<x'y></z>"])
def test_nesting_that_would_take_hours_is_refused(tmp_path: Path, start: str) -> None:
    assert refusal(tmp_path, "a.html", f"<html><body>{start * 60_000}x".encode()).kind == "limit"


def test_what_is_closed_or_needs_no_end_tag_or_stands_in_a_script_is_no_nesting(tmp_path: Path) -> None:
    items = "".join(
        f"<li>Item {i} of the long list of measures that the ministers have agreed upon" for i in range(1500)
    )
    script = "<script>for(var i=0;i<n;i++){if(i<m&&'<div>'){}}</script>"
    blocks = [
        f"<ul>{items}</ul>",
        "<br>" * 1500,
        "<a name=x></a>" * 1500,
        "<DIV></div>" * 1500,
        "<o:p></o:p>" * 20_000,
        script * 900,
    ]
    found = document(tmp_path, "a.html", page(*blocks))
    assert found.text.count("\n\n- Item") == 1499


def test_lists_line_breaks_tables_and_inline_marks_become_readable_blocks(tmp_path: Path) -> None:
    found = document(
        tmp_path,
        "a.html",
        page(
            *paragraphs(*LINES, "One<br>two &amp; <b>th</b>ree<br><br>four"),
            "<ul><li><p>first item</p></li><li>second<ul><li>inner item</li></ul></li></ul>",
            "<table><tr><th>Group</th><th>Listed</th></tr><tr><td>Example Front</td><td>1999</td></tr></table>",
        ),
    )
    assert found.text.split("\n\n")[6:] == [
        "One\ntwo & three",
        "four",
        "- first item",
        "- second",
        "- inner item",
        "Group",
        "Listed",
        "Example Front",
        "1999",
    ]


def test_a_fragment_too_short_for_trafilatura_is_read(tmp_path: Path) -> None:
    assert document(tmp_path, "a.htm", b"<p>Short &eacute;.</p>").text == "Short é."


def test_a_page_on_which_trafilatura_stumbles_is_read_from_what_it_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_: object, **__: object) -> None:
        raise AssertionError("the element to be dropped has no parent")

    monkeypatch.setattr("trafilatura.bare_extraction", stumble)
    assert document(tmp_path, "a.html", page(*paragraphs(*LINES))).text.split("\n\n") == LINES


def test_the_declared_charset_decides_where_utf8_does_not_fit(tmp_path: Path) -> None:
    data = page(*paragraphs("Ąę.", *LINES)).replace(b"charset='utf-8'", b"charset=iso-8859-2")
    found = document(tmp_path, "a.html", data.decode().encode("iso8859-2"))
    assert "Ąę." in found.text


def test_a_page_without_text_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, "a.html", b"<html><body><nav>Home</nav><script>x</script></body></html>").kind == "empty"


TAGS = st.sampled_from(
    [
        f"<{tag}>"
        for tag in ("p", "div", "ul", "li", "table", "td", "br", "b", "nav", "script", "svg", "template", "math")
    ]
    + [f"</{tag}>" for tag in ("p", "div", "ul", "li", "table", "b", "nav", "script", "svg", "template", "body")]
    + ["<!--", "-->", "<frameset>", "<title>", "<html", "&#7;", "&#30;", "&#xD800;", "&amp", "<?xml?>", "<plaintext>"]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(TAGS | st.text(max_size=20) | st.sampled_from(LINES), max_size=25))
def test_any_page_gives_a_document_of_clean_text(parts: list[str]) -> None:
    data = "".join(parts).replace("\0", "").encode("utf-8", "replace")
    found = html_document(data, "a.html")
    assert not set(found.text) & {chr(code) for code in range(32) if chr(code) not in "\n\t"}
    assert found == html_document(data, "a.html")
