import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from features import codebook
from features.agreement import Agreement
from features.metrics import Estimate
from pipelines.charts import Line, chart, from_0_to_1
from pipelines.refits import Refitted
from pipelines.report import AgreementReport, Measured, SplitSummary, report

BOOK = codebook.load(Path("data/codebook.yaml"))
REFITTED = Refitted(
    "words", 30, 300, Estimate(0.612, 0.5, 0.7), Estimate(0.634, 0.5, 0.7), [], "No detectable difference."
)
PICTURE = chart("", from_0_to_1(""), from_0_to_1(""), [Line("a", [(0, 0), (1, 1)])], 500, 300)
HOSTILE = '<script>alert("x")</script> & "quoted"'


@pytest.fixture
def measured() -> Measured:
    rows = {theme: Agreement(theme, 0.7, 0.6, 0.8, 0.95, 0.1, 100, experimental=False) for theme in BOOK.ids}
    parts = ("train", "valid", "test")
    metrics = ["macro_f1", "macro_f1_low", "macro_f1_high", "macro_average_precision", "macro_calibration_error"]
    scores: dict[str, float | None] = {f"{part}/{name}": 0.612 for part in parts for name in metrics}
    for kind in ("f1", "f1_low", "f1_high"):
        scores |= {f"test/{kind}/{theme}": 0.5 for theme in BOOK.ids} | {f"test/{kind}/financing": None}
    error = {"theme": "financing", "error": "miss", "probability": 0.1, "threshold": 0.4, "doc": "d", "text": HOSTILE}
    error |= {"before": "A bank.", "after": "", "terms": ["funds +1.20", "[before] bank -0.30"]}
    return Measured(
        codebook=BOOK,
        documents={"documents": 65},
        agreement=AgreementReport(rows, rows, 0.9, 41, {"gold": 1500}),
        split=SplitSummary(
            dict.fromkeys(parts, 5), dict.fromkeys(parts, 50), {part: dict.fromkeys(BOOK.ids, 7) for part in parts}
        ),
        audit={"document_in_two_parts": 0},
        scores={"words": scores, "keywords": scores},
        chosen={"champion": "words", "linear": "words", "why": "highest macro-F1 on valid (0.612) of 1 candidates"},
        comparisons=[{"in_words": "words is better than keywords on financing by 0.06 [0.02, 0.10]."}],
        slices={
            "slices": [
                {
                    "by": "themes",
                    "name": "one",
                    "documents": 12,
                    "sentences": 60,
                    "labels": 60,
                    "f1": {"value": 0.8, "low": 0.7, "high": 0.9},
                    "exact": {"value": None, "low": None, "high": None},
                }
            ],
            "beyond_the_lexicon": [],
        },
        axes=[
            {
                "name": "date",
                "groups": 2,
                "sentences": 1234,
                "macro_f1": {"value": 0.7, "low": 0.6, "high": 0.8},
                "drop": {"theme": "macro", "value": 0.051, "low": 0.03, "high": 0.07, "p": 0.01},
            }
        ],
        quick="words",
        behaviour={
            "rates": [{"kind": "negation", "passed": 0.96, "floor": 0.5}],
            "outcome": {
                "results": [{"kind": "negation", "group": "financing", "cases": 25, "passed": 24}],
                "changes": [{"kind": "country", "theme": "financing", "names": 30, "mean_change": 0.00612}],
            },
        },
        refitted={"champion": REFITTED, "linear": REFITTED},
        errors=[error | {"why": "boundary: of money alone"}],
        pictures=dict.fromkeys(("reliability.svg", "learning_curve.svg", "weak.svg"), PICTURE),
    )


def test_the_page_holds_every_experiment_with_its_interval_and_names_the_champion(measured: Measured) -> None:
    page = report(measured)
    assert page.count("<td>0.61</td>") >= 2
    assert '<tr class="champion"><td>words</td>' in page
    assert "0.61 to 0.61" in page
    assert "by 0.06 [0.02, 0.10]" in page


def test_the_page_says_once_what_fitting_anew_changed(measured: Measured) -> None:
    page = report(measured)
    assert page.count("words: 0.61 fitted on 5 documents, 0.63 (0.50 to 0.70) on 30. No detectable difference.") == 1


def test_the_page_says_what_the_text_and_the_labels_are(measured: Measured) -> None:
    page = " ".join(report(measured).split())
    assert "invented and written by language models" in page
    assert "model-assisted double coding" in page


def test_hostile_text_is_shown_and_not_run(measured: Measured) -> None:
    page = report(measured)
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_an_error_stands_with_its_neighbours_its_terms_and_the_reason(measured: Measured) -> None:
    page = report(measured)
    assert "funds +1.20, [before] bank -0.30" in page
    assert "boundary: of money alone" in page


def test_the_page_asks_for_nothing_outside_itself(measured: Measured) -> None:
    page = report(measured)
    asked: list[str] = []

    class Links(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            asked.extend(value or "" for name, value in attrs if name in ("src", "href", "action"))

    Links().feed(page)
    assert asked == []
    assert not re.search(r"url\(|@import|https?://", page)


def test_an_undefined_number_is_a_dash(measured: Measured) -> None:
    assert "<td>–</td>" in report(measured)


def test_slices_axes_and_behaviour_stand_on_the_page(measured: Measured) -> None:
    page = report(measured)
    assert "<td>0.051 [0.030, 0.070]</td>" in page
    assert "<td>0.800 [0.700, 0.900]</td>" in page
    assert "<td>96.0%</td>" in page
    assert "country, financing 0.006." in page


def test_the_coders_stand_on_one_axis_with_the_keywords_and_the_champion(measured: Measured) -> None:
    page = report(measured)
    assert page.count("says where any model must stop") == 2  # under the picture, and for who cannot see it
    assert report(measured) == page
    svg = ElementTree.fromstring(page[page.index("<svg") : page.index("</svg>") + len("</svg>")])
    rows = {row.findtext("text"): [dot.get("cx") for dot in row.iter("circle")][1:] for row in svg.iter("g")}
    known = len(BOOK.ids) - 1  # F1 of financing is not
    half, alpha = "450.0", "546.0"
    assert rows == {"keywords": [half] * known, "words": [half] * known, "coders (alpha)": [alpha] * len(BOOK.ids)}
    bars = [[bar.get("d", "") for bar in row.iter("path")] for row in svg.iter("g")]
    assert [len(found) for found in bars] == [known, known, len(BOOK.ids)]
    assert all(bar.startswith("M498.0 ") and bar.endswith("H594.0") for bar in bars[2])
    heights = [bar[len("M498.0 ") : -len("H594.0")] for bar in bars[2]]
    assert len(set(heights)) == len(BOOK.ids)
