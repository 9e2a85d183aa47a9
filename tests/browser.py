"""A headless Chromium as Debian packages it, offline, that remembers what it was asked to load and what went wrong."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

_LOGS = {"browser": "ALL", "performance": "ALL"}


def is_installed() -> bool:
    """Whether Chromium and its driver are there."""
    return all(map(shutil.which, ("chromium", "chromedriver")))


@contextmanager
def chromium(width: int) -> Iterator[Chrome]:
    """A window of `width` pixels; skips the test where Chromium or its driver is not installed."""
    if not is_installed():
        pytest.skip("no Chromium: apt-get install chromium chromium-driver")
    options = ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", f"--window-size={width},1000"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", _LOGS)
    opened = Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        yield opened
    finally:
        opened.quit()


def complaints(opened: Chrome) -> list[str]:
    """What the console says of errors and warnings."""
    return [entry["message"] for entry in _log(opened, "browser") if entry["level"] != "INFO"]


def asked_for(opened: Chrome) -> list[str]:
    """Every address that the page asked for since it was opened, its own included."""
    events = [json.loads(entry["message"])["message"] for entry in _log(opened, "performance")]
    return [one["params"]["request"]["url"] for one in events if one["method"] == "Network.requestWillBeSent"]


def address(path: Path) -> str:
    """Of a file."""
    return path.resolve().as_uri()


def _log(opened: Chrome, kind: str) -> list[dict[str, Any]]:
    return list(opened.get_log(kind))  # type: ignore[no-untyped-call]
