"""`mlflow models serve` on the registered champion: what it answers is what the trained pipeline answers."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from features import bundle
from features.codebook import Codebook
from features.text import Example, Passage
from features.training import Trained
from pipelines.export import export
from pipelines.score import _arguments as score_arguments
from pipelines.score import main as score
from tests import finished_files, tracked
from tests.small_bundle import write_bundle
from tests.ui_server import free_port

pytestmark = pytest.mark.slow
CHECKOUT = Path(__file__).parents[1]
READY_WITHIN, ANSWER_WITHIN = 90.0, 120.0
PATIENCE = 0.2


@dataclass(frozen=True)
class Server:
    """A model server on loopback."""

    port: int
    process: subprocess.Popen[bytes]

    def ask(self, payload: Any, path: str = "/invocations") -> tuple[int, Any]:
        """Status and answer to a POST of `payload`, JSON unless it is bytes already."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_WITHIN)
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        content = answer.read()
        return answer.status, json.loads(content) if content else None

    def is_alive(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_WITHIN)
        connection.request("GET", "/ping")
        return connection.getresponse().status == http.client.OK and self.process.poll() is None


@pytest.fixture(scope="module")
def here(
    tmp_path_factory: pytest.TempPathFactory, trained: Trained, small_codebook: Codebook, examples: list[Example]
) -> Iterator[Path]:
    """A workspace whose registered champion is the model trained on the small corpus."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        empty = tracked.empty_database(tmp_path_factory.mktemp("empty"))
        folder = tracked.enter(tmp_path_factory.mktemp("workspace"), monkeypatch, empty)
        finished_files.finish("a")
        done = export(trained, "a", small_codebook, [examples[0].passage], 2_000, {})
        write_bundle(finished_files.fresh("data/export/champion"), done.model, done.weights)
        tracked.track_here()
        yield folder


@pytest.fixture(scope="module")
def server(here: Path) -> Iterator[Server]:
    port = free_port()
    uri = f"models:/{tracked.MODEL}@champion"
    command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", uri, "--env-manager", "local", "-p", str(port)]
    process = subprocess.Popen(
        command,
        env=os.environ | {"MLFLOW_TRACKING_URI": f"sqlite:///{tracked.DATABASE.resolve()}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        found = Server(port, process)
        _wait_until_ready(found)
        yield found
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_until_ready(server: Server) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while server.process.poll() is None and time.monotonic() < deadline:
        try:
            if server.is_alive():
                return
        except OSError:
            time.sleep(PATIENCE)
    raise AssertionError(f"not ready within {READY_WITHIN:.0f} s, exit code {server.process.poll()}")


@pytest.fixture(scope="module")
def texts(examples: list[Example]) -> list[str]:
    return [*[row.text for row in examples][:199], "Zzz qqq."]


@pytest.fixture(scope="module")
def expected(here: Path, texts: list[str]) -> pd.DataFrame:
    """Labels and probabilities by the bundle, as every form of the model lays them out."""
    model = bundle.load(Path("data/export/champion"))
    scores = model.score([Passage(text) for text in texts])
    columns: dict[str, Any] = {}
    for number, theme in enumerate(model.themes):
        columns |= {theme: scores.labels[:, number], f"{theme}_probability": scores.probabilities[:, number]}
    return pd.DataFrame(columns | {"abstained": scores.abstained})


def assert_same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    assert len(found) == len(expected)
    for name in expected.columns:
        if name.endswith("_probability"):
            gap = found[name].astype(float) - expected[name]
            assert np.isnan(gap).tolist() == expected["abstained"].tolist()
            assert np.nanmax(np.abs(gap)) <= 1e-6
        else:
            assert found[name].tolist() == expected[name].tolist(), name


def test_the_trained_pipeline_and_the_bundle_give_the_same_labels(
    trained: Trained, texts: list[str], expected: pd.DataFrame
) -> None:
    probabilities = trained.probabilities([Passage(text) for text in texts])
    known = ~expected["abstained"].to_numpy()
    found = pd.DataFrame(trained.labels(probabilities), columns=list(trained.themes))
    assert known.sum() == len(texts) - 1
    assert found[known].equals(expected.loc[known, list(trained.themes)])
    beside = expected[[f"{theme}_probability" for theme in trained.themes]].to_numpy()
    assert np.abs(probabilities - beside)[known].max() <= 1e-6


@pytest.mark.parametrize("form", [list, lambda texts: pd.DataFrame({"text": texts})], ids=["list", "table"])
def test_the_loaded_model_gives_them_too(here: Path, form: Any, texts: list[str], expected: pd.DataFrame) -> None:
    assert_same(tracked.load(f"models:/{tracked.MODEL}@champion").predict(form(texts)), expected)


@pytest.mark.parametrize(
    "payload",
    [
        lambda texts: {"dataframe_split": {"columns": ["text"], "data": [[text] for text in texts]}},
        lambda texts: {"dataframe_records": [{"text": text} for text in texts]},
        lambda texts: {"inputs": texts},
    ],
    ids=["split", "records", "list"],
)
def test_the_server_gives_them_too(server: Server, payload: Any, texts: list[str], expected: pd.DataFrame) -> None:
    status, answer = server.ask(payload(texts))
    assert status == 200
    assert_same(pd.DataFrame(answer["predictions"]), expected)


def test_the_command_score_gives_them_too(here: Path, tmp_path: Path, texts: list[str], expected: pd.DataFrame) -> None:
    table = tmp_path / "sentences.jsonl"
    table.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
    words = ["data/export/champion", str(table), str(tmp_path / "out"), "--unit", "sentence"]
    score(score_arguments().parse_args([*words, "--params", str(CHECKOUT / "params.yaml")]))
    assert_same(pq.read_table(tmp_path / "out" / "sentences.parquet").to_pandas(), expected)


def test_one_string_is_one_row(server: Server, texts: list[str], expected: pd.DataFrame) -> None:
    status, answer = server.ask({"inputs": texts[0]})
    assert status == 200
    assert_same(pd.DataFrame(answer["predictions"]), expected[:1])


def test_a_document_is_cut_into_sentences_on_request(server: Server) -> None:
    text = "A heading\n\nThe states met. They froze the funds of the group."
    status, answer = server.ask({"inputs": [text, ""], "params": {"unit": "document"}})
    assert status == 200
    assert [(row["document"], text[row["start"] : row["end"]]) for row in answer["predictions"]] == [
        (0, "The states met."),
        (0, "They froze the funds of the group."),
    ]
    assert [row["text"] for row in answer["predictions"]] == ["The states met.", "They froze the funds of the group."]


@pytest.mark.parametrize(
    "payload",
    [
        b"{nonsense",
        b"",
        b"[]",
        {"inputs": [3]},
        {"dataframe_split": {"columns": ["sentence"], "data": [["a"]]}},
        {"sentences": ["a"]},
        {"inputs": ["a"], "params": {"unit": "paragraph"}},
        {"inputs": ["a"], "params": {"unit": 3}},
    ],
    ids=str,
)
def test_what_cannot_be_scored_is_refused_as_the_callers_mistake(server: Server, payload: Any) -> None:
    status, answer = server.ask(payload)
    assert 400 <= status < 500
    assert answer["message"]
    assert server.is_alive()


def test_a_hundred_requests_at_once_all_get_their_own_rows(
    server: Server, texts: list[str], expected: pd.DataFrame
) -> None:
    with ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(lambda n: server.ask({"inputs": texts[n : n + 3]}), range(100)))
    for first, (status, answer) in enumerate(answers):
        assert status == 200
        assert_same(pd.DataFrame(answer["predictions"]), expected[first : first + 3].reset_index(drop=True))
    assert server.is_alive()


def test_fifty_megabytes_are_answered_row_by_row(server: Server, texts: list[str], expected: pd.DataFrame) -> None:
    long = [text + " " * 250_000 for text in texts]
    body = json.dumps({"inputs": long}).encode()
    assert len(body) > 50_000_000
    status, answer = server.ask(body)
    assert status == 200
    assert _labels(answer["predictions"]) == _labels(expected.to_dict("records"))
    assert server.is_alive()


def _labels(rows: Sequence[Mapping[Any, Any]]) -> list[list[bool]]:
    return [[value for name, value in row.items() if not name.endswith("_probability")] for row in rows]


def test_the_export_is_the_one_that_was_registered(here: Path) -> None:
    [version] = tracked.client().search_model_versions(f"name='{tracked.MODEL}'")
    assert version.tags["fingerprint"] == bundle.load(Path("data/export/champion")).fingerprint
