import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features import page, scored
from features.legend import legend
from features.page import Entry, document_pages, index_page, page_names, row_marks
from features.scored import Totals
from features.sentences import sentences
from features.text import Document, Passage, in_context
from tests.small_bundle import small_bundle

MODEL = small_bundle()
LEGEND = legend(MODEL)
HOSTILE = "Funds </style><script>alert(1)</script> \"onmouseover='x' {{ 7*7 }} \u202eevil\u2066 \x00 the end."


class Tags(HTMLParser):
    """Every tag with its attributes, and the text outside style and script."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._inside = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside not in {"style", "script"}:
            self.text += data


def pages(text: str, *, document_id: str = "doc", title: str | None = None, explain: bool = False) -> list[str]:
    document = Document(document_id, text, title=title)
    found = sentences(document, 300)
    texts = [sentence.text for sentence in found if sentence.kind != "heading"]
    answer = scored.ask(MODEL, in_context(texts, [document_id] * len(texts)), explain=explain)
    return [html for _, html in document_pages(LEGEND, document, found, answer)]


def tags(html: str, name: str, css_class: str = "") -> list[dict[str, str | None]]:
    return [a for tag, a in Tags(html).tags if tag == name and css_class in ["", *(a.get("class") or "").split()]]


def totals(sentence_count: int = 1) -> Totals:
    return Totals(unit="document", sources=1, quarantined=0, sentences=sentence_count, abstained=0, counts=[1, 0, 0])


def test_a_page_keeps_headings_paragraphs_and_every_sentence() -> None:
    (html,) = pages("A heading\n\nThe states met. They froze the funds.\n\nThe end came.")
    assert [tag for tag, _ in Tags(html).tags if tag in {"h2", "p"}].count("h2") == 1
    assert len(tags(html, "p", "p")) == 2
    for sentence in ("A heading", "The states met.", "They froze the funds.", "The end came."):
        assert sentence in Tags(html).text


def test_a_labelled_sentence_carries_chips_and_the_others_do_not() -> None:
    (html,) = pages("The states met. The funds paid for the attack.")
    assert len(tags(html, "span", "s")) == 2
    assert [sorted(re.findall(r"\bc\d", str(a["class"]))) for a in tags(html, "b", "chip")] == [["c0"], ["c1"]]
    labelled = tags(html, "span", "h0")
    assert labelled == tags(html, "span", "h1")
    assert labelled[0]["tabindex"] == "0"


def test_probabilities_are_the_description_of_each_sentence() -> None:
    (html,) = pages("The funds paid for it.")
    (sentence,) = tags(html, "span", "s")
    (tip,) = tags(html, "span", "tip")
    assert sentence["aria-describedby"] == tip["id"]
    assert tip["role"] == "tooltip"
    assert "95&nbsp;%" in html
    assert "12&nbsp;%" in html


def test_an_abstained_sentence_is_dotted_and_says_so() -> None:
    (html,) = pages("Zzz qqq. The states met.")
    assert ["abstained" in str(a["class"]) for a in tags(html, "span", "x")] == [True, False]
    assert Tags(html).text.count("The model abstains") == 1


def test_explained_terms_stand_with_the_probability() -> None:
    (html,) = pages("The funds paid for it.", explain=True)
    assert "funds +5.00" in Tags(html).text


def test_several_themes_stack_their_lines_around_one_text() -> None:
    (html,) = pages("The funds paid for the attack on the internet.")
    assert '<span class="u u0"><span class="u u1"><span class="u u2">The funds' in html
    assert "k3 a0 b1 d2" in html


def test_hostile_text_stays_text() -> None:
    (html,) = pages(HOSTILE, document_id=HOSTILE, title=HOSTILE, explain=True)
    found = Tags(html)
    assert not [tag for tag, _ in found.tags if tag == "script"]
    assert html.count("<style>") == 1
    assert not [name for _, attributes in found.tags for name in attributes if name.startswith("on")]
    assert "<script>alert(1)</script>" in found.text
    assert "{{ 7*7 }}" in found.text
    assert not re.search("[\x00\u202a-\u202e\u2066-\u2069]", html)


def test_hostile_titles_of_themes_and_documents_stay_text_in_the_index() -> None:
    model = small_bundle({"a": ["funds"]}, titles={"a": HOSTILE})
    entry = Entry("x.html", HOSTILE, HOSTILE, "2020-01-01", 1, [1])
    counts = Totals(unit="document", sources=1, quarantined=0, sentences=1, abstained=0, counts=[1])
    html = index_page(legend(model), counts, [entry], [])
    assert html.count("<script>") == html.count("</script>") == 1
    assert html.count("</style>") == 1
    assert "\u202e" not in html


@pytest.mark.parametrize("html", [*pages("The funds."), index_page(LEGEND, totals(), [], [])])
def test_pages_load_nothing_and_name_their_style_by_its_hash(html: str) -> None:
    addresses = [value for _, a in Tags(html).tags for name, value in a.items() if name in {"src", "href", "action"}]
    assert all(re.fullmatch(r"#text|\.\./index\.html", value or "") for value in addresses)
    assert not re.search(r"url\(|@import|https?:", html)
    assert not [a for _, a in Tags(html).tags if "style" in a]
    (policy,) = [a["content"] for _, a in Tags(html).tags if "http-equiv" in a]
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


def test_the_hash_of_the_policy_is_that_of_the_style_as_it_stands_in_the_page() -> None:
    import base64
    import hashlib

    (html,) = pages("The funds.")
    style = html[html.index("<style>") + len("<style>") : html.index("</style>")]
    assert base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() in html[: html.index("<style>")]


def test_a_long_document_is_parted_into_pages_that_link_to_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "SENTENCES_PER_PAGE", 2)
    parts = pages("The states met.\n\n" * 5)
    assert [len(tags(html, "span", "s")) for html in parts] == [2, 2, 1]
    assert page_names("doc", 3)[2] in parts[0]


def test_a_document_without_text_has_a_page_that_says_so() -> None:
    (html,) = pages("")
    assert "This document has no text." in Tags(html).text


@given(st.text(max_size=200), st.text(max_size=200))
def test_page_names_are_safe_file_names_and_differ_with_the_id(one: str, other: str) -> None:
    (name,) = page_names(one, 1)
    assert re.fullmatch(r"[a-z0-9_][a-z0-9_-]*\.html", name)
    assert len(name) <= 80
    assert (page_names(other, 1) == [name]) == (one == other)


def test_ids_that_differ_only_in_case_or_in_separators_have_different_pages() -> None:
    names = {page_names(document_id, 1)[0] for document_id in ("a/b", "a-b", "A/b", "../a/b", "a\\b")}
    assert len({name.casefold() for name in names}) == 5


def test_the_index_links_every_document_and_counts_its_themes() -> None:
    entry = Entry(page_names("a b", 1)[0], "a b", "A title", "2020-01-01", 1200, [40, 0, 7])
    html = index_page(LEGEND, totals(1200), [entry], [])
    assert [a["href"] for a in tags(html, "a")] == [f"pages/{entry.page}"]
    for shown in ("A title", "2020-01-01", "1,200", "40", "–", "7"):
        assert shown in Tags(html).text


def test_rows_that_were_sentences_already_are_listed_in_the_index_with_where_they_come_from() -> None:
    texts = ["The funds.", "The states."]
    marks = row_marks(["a.csv", "b.csv"], texts, scored.ask(MODEL, [Passage(text) for text in texts], explain=False))
    html = index_page(LEGEND, totals(5_000), [], marks)
    assert len(tags(html, "cite")) == 2
    assert "The first 2 of 5,000 sentences" in Tags(html).text
    assert not tags(html, "a")
