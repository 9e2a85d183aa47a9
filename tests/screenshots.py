"""The pictures of MLflow's pages in README.md, from this checkout's own runs: python -m tests.screenshots docs"""

import argparse
import sys
from collections.abc import Collection
from pathlib import Path

from selenium.webdriver import Chrome

from pipelines import store
from pipelines.track import Choice
from tests import browser, mlflow_pages
from tests.ui_server import served


def runs(page: Chrome, address: str, folder: Path) -> None:
    """Write mlflow-runs.png into `folder`."""
    page.set_window_size(1600, 900)
    mlflow_pages.open_runs(page, address)
    page.save_screenshot(folder / "mlflow-runs.png")


def comparison(page: Chrome, names: Collection[str], folder: Path) -> None:
    """Write mlflow-compare.png, of the experiments `names`, from the table of runs on `page`."""
    page.set_window_size(1400, 1500)
    mlflow_pages.compare(page, names)
    page.save_screenshot(folder / "mlflow-compare.png")


def main() -> None:
    """Where is written, and from what."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    if not browser.is_installed():
        sys.exit("error: no Chromium: apt-get install chromium chromium-driver")
    choice = store.read_json(store.check(Path("data/compare")) / "champion.json", Choice)
    names = {name for name in (choice.champion, choice.static, choice.linear) if name}
    with served() as address, browser.chromium(1600) as page:
        runs(page, address, folder)
        comparison(page, names, folder)


if __name__ == "__main__":
    main()
