"""MLflow's pages as `make ui` serves them and a browser without a network shows them."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests import browser, finished_files, mlflow_pages, screenshots, tracked
from tests.ui_server import served

NAMES = ["a", "b", "c"]
MOST_BYTES = 300_000


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tracked.enter(tmp_path, monkeypatch, tracked.empty_database(tmp_path_factory.mktemp("empty")))
    finished_files.finish(*NAMES, "d")
    for c, name in enumerate(NAMES, start=2):
        finished_files.experiment(name, c)
        finished_files.evaluate(name, c)
        finished_files.lock(name, c)
    finished_files.evaluate("d", 1.0, candidates=[{"values": {"c": 3.0}, "average_precision": 0.8, "folds": 5}])
    finished_files.lock("d", 1.0)
    tracked.track_here()
    return folder


@pytest.mark.slow
def test_runs_are_listed_compared_and_opened_without_a_request_to_anyone_else(here: Path) -> None:
    with served() as address, browser.chromium(1600) as page:
        screenshots.runs(page, address, here)
        assert sorted(mlflow_pages.run_names(page)) == [*NAMES, "d"]
        shown = ["valid/macro_f1", "test/macro_f1", "test/f1/online", "size/model_megabytes", "size/bundle_megabytes"]
        assert mlflow_pages.columns(page)[: len(shown)] == shown

        screenshots.comparison(page, NAMES, here)
        assert {"behind_champion/macro", "0.01"} <= set(mlflow_pages.compared(page))
        for picture in ("mlflow-runs.png", "mlflow-compare.png"):
            assert 10_000 < (here / picture).stat().st_size < MOST_BYTES

        run = tracked.current()["a"]
        listed = mlflow_pages.open_artifacts(page, address, run.info.run_id)
        assert {"plots", "errors.csv", "a.yaml", "card.md", "report.html"} <= set(listed)
        mlflow_pages.open_file(page, "a.yaml", "a finds more.")
        asked = [urlsplit(url) for url in browser.asked_for(page)]
    assert {url.hostname for url in asked if url.scheme not in ("data", "blob")} == {"127.0.0.1"}
