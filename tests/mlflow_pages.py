"""MLflow's pages as a user goes through them: the table of runs, three of them compared, the files of one.

Found by what MLflow 3.17 calls its own parts.
"""

from collections.abc import Callable, Collection
from urllib.parse import urlsplit

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

_PARALLEL = ".js-plotly-plot .parcoords"
_PATIENCE = 30.0
_ROW = ".ag-pinned-left-cols-container [role=row]"
_ASSISTANT = "[data-component-id='mlflow.assistant.chat_panel.close']"
_KEEP_VIEW = "[data-component-id='mlflow.experiment_page.shared_view.override']"
_NOTICE = "[data-component-id='mlflow.experiment_page.shared_view.override_undo']"


def open_runs(page: Chrome, address: str) -> None:
    """The table behind the address that `make ui` prints, kept as one's own view, with MLflow's assistant closed."""
    page.get(address)
    wait(page, lambda: bool(_all(page, _ROW)))
    _click(page, _ASSISTANT)
    _click(page, _KEEP_VIEW)
    wait(page, lambda: not _all(page, _NOTICE))


def columns(page: Chrome) -> list[str]:
    """What stands above the columns that are in sight, from left to right, without those that MLflow always shows."""
    cells = _all(page, ".ag-header-viewport .ag-header-cell")
    return [cell.text for cell in sorted(cells, key=lambda cell: int(cell.get_attribute("aria-colindex") or 0))]


def run_names(page: Chrome) -> list[str]:
    """From top to bottom."""
    return [row.find_element(By.CSS_SELECTOR, "a").text for row in _all(page, _ROW)]


def compare(page: Chrome, names: Collection[str]) -> None:
    """Tick the runs `names`, press Compare, and fold their parameters away so that the metrics are in sight."""
    for row in _all(page, _ROW):
        # The name may be shortened on the page, never in the address of its title.
        if row.find_element(By.CSS_SELECTOR, "a").text in names:
            row.find_element(By.CSS_SELECTOR, ".ag-selection-checkbox input").click()
    _named(page, "Compare").click()
    wait(page, lambda: bool(_all(page, _PARALLEL)))
    _section(page, "Parameters").click()


def compared(page: Chrome) -> list[str]:
    """What the comparison's table of metrics has in sight: names, then a run's value after the other."""
    body = _section(page, "Metrics").find_element(By.XPATH, "following-sibling::*")
    return body.text.splitlines()


def open_artifacts(page: Chrome, address: str, run_id: str) -> list[str]:
    """The files of a run, as its page lists them."""
    place = urlsplit(address)
    experiment = place.fragment.partition("/runs")[0]
    page.get("about:blank")  # else the files of the page before would still be listed
    page.get(f"{place.scheme}://{place.netloc}/#{experiment}/runs/{run_id}/artifacts?workflowType=machine_learning")
    wait(page, lambda: bool(_all(page, "[artifact-name]")))
    return [str(node.get_attribute("artifact-name")) for node in _all(page, "[artifact-name]")]


def open_file(page: Chrome, name: str, content: str) -> None:
    """Show one of the files that are listed, and wait for a line of its content."""
    _click(page, f"[artifact-name='{name}']")
    wait(page, lambda: content in page.find_element(By.TAG_NAME, "body").text)


def wait(page: Chrome, until: Callable[[], bool]) -> None:
    """Until that is so; raises TimeoutException when it never is."""
    WebDriverWait(page, _PATIENCE).until(lambda _: until())


def _click(page: Chrome, css: str) -> None:
    wait(page, lambda: bool(_all(page, css)))
    _all(page, css)[0].click()


def _named(page: Chrome, text: str) -> WebElement:
    return next(button for button in _all(page, "button") if button.text == text)


def _section(page: Chrome, title: str) -> WebElement:
    return next(one for one in _all(page, ".du-bois-light-collapse-header") if one.text == title)


def _all(page: Chrome, css: str) -> list[WebElement]:
    return list(page.find_elements(By.CSS_SELECTOR, css))
