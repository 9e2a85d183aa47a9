"""The report as a reader has it before them."""

from dataclasses import replace
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from pipelines.report import Measured, report
from tests import browser
from tests.test_report import BOOK, measured  # noqa: F401 - a fixture


@pytest.fixture
def page(measured: Measured, tmp_path: Path) -> Path:  # noqa: F811
    errors = [
        {
            "theme": theme,
            "error": kind,
            "probability": 0.1,
            "threshold": 0.4,
            "text": f"{kind} of {theme}",
            **dict.fromkeys(("doc", "before", "after", "why"), ""),
            "terms": ["funds +1.20"],
        }
        for theme in BOOK.ids
        for kind in ("false alarm", "miss")
    ]
    path = tmp_path / "report.html"
    path.write_text(report(replace(measured, errors=errors)), encoding="utf-8")
    return path


def shown(opened: Chrome) -> list[str]:
    return [row.text for row in opened.find_elements(By.CSS_SELECTOR, "#errors tr.error") if row.is_displayed()]


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 390])
def test_it_asks_for_nothing_says_no_error_and_fits_the_window(page: Path, width: int) -> None:
    with browser.chromium(width) as opened:
        opened.get(browser.address(page))
        assert browser.complaints(opened) == []
        assert [url for url in browser.asked_for(opened) if not url.startswith(("file:", "data:"))] == []
        assert opened.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
        pictures = opened.find_elements(By.CSS_SELECTOR, "figure svg")
        assert len(pictures) == 4
        assert all(picture.rect["width"] > 100 and picture.rect["height"] > 100 for picture in pictures)


@pytest.mark.slow
def test_the_filters_show_the_errors_of_one_theme_and_one_kind(page: Path) -> None:
    with browser.chromium(1280) as opened:
        opened.get(browser.address(page))
        assert len(shown(opened)) == 2 * len(BOOK.ids)
        opened.find_element(By.ID, "t-2").click()
        assert [row.split()[0] for row in shown(opened)] == [BOOK.ids[1]] * 2
        opened.find_element(By.ID, "k-miss").click()
        (only,) = shown(opened)
        assert f"miss of {BOOK.ids[1]}" in only
        opened.find_element(By.ID, "t-all").click()
        assert len(shown(opened)) == len(BOOK.ids)
        assert all("miss of" in row for row in shown(opened))
