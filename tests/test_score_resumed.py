"""An interrupted `score` goes on where it was: whatever ended it, and wherever, the result has the same bytes."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import batches, scored
from features.bundle import Bundle
from features.errors import ResourceFailure
from features.scored import Scored
from features.text import Passage
from pipelines import command, unfinished
from pipelines.journal import Journal
from pipelines.score import _arguments as arguments
from pipelines.score import main
from pipelines.unfinished import Unfinished
from tests.small_bundle import WORDS, parts, write_bundle, write_small_bundle

ROOT = Path(__file__).parents[1]
AT_ONCE = 50
WORDS_OF_ALL = ["the", "states", "funds", "attack", "internet", "cyberspace", "qqq"]
# Ends the process by a signal to itself, as soon as some records are in the journal.
ENDED = f"""
import os, signal, sys
from features import batches
from pipelines import command, journal, score
batches.SENTENCES_AT_ONCE = {AT_ONCE}
how, left = sys.argv.pop(1), int(sys.argv.pop(1))
append = journal.Journal._append
def ending(self, payload):
    global left
    append(self, payload)
    left -= 1
    if not left:
        os.kill(os.getpid(), getattr(signal, how))
journal.Journal._append = ending
command.run(score.main, score._arguments())
"""


@dataclass(frozen=True)
class Given:
    """A model, and the same kinds of input for both units."""

    model: Path
    inputs: dict[str, Path]


@pytest.fixture(scope="module")
def given_(tmp_path_factory: pytest.TempPathFactory) -> Given:
    root = tmp_path_factory.mktemp("given")
    texts = [" ".join(WORDS_OF_ALL[n * k % 7] for k in range(2, 6)).capitalize() + f" {n}." for n in range(1_000)]
    (documents := root / "documents").mkdir()
    for n in range(20):
        (documents / f"{n:02}.txt").write_text("A heading\n\n" + " ".join(texts[n * 30 : n * 30 + 20 + n % 11]))
    (documents / "10.png").write_bytes(b"?")
    rows = [json.dumps({"id": text, "text": text}) for text in texts[:30]]
    (documents / "15.jsonl").write_text("\n".join([*rows, "nonsense", rows[0]]))
    (tables := root / "tables").mkdir()
    for name, some in (("a", texts[:600]), ("b", texts[600:])):
        lines = [json.dumps({"text": text, "doc": n // 20}) for n, text in enumerate(some)]
        (tables / f"{name}.jsonl").write_text("\n".join([*lines[:150], "nonsense", *lines[150:]]))
    return Given(write_small_bundle(root / "model"), {"document": documents, "sentence": tables})


@pytest.fixture(scope="module", autouse=True)
def _small_batches() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "SENTENCES_AT_ONCE", AT_ONCE)
        yield


def words(given: Given, out: Path, unit: str, *more: str) -> list[str]:
    return [str(given.model), str(given.inputs[unit]), str(out), "--unit", unit, *more]


def run(words: list[str]) -> str:
    return main(arguments().parse_args(words))


def ended(how: str, records: int, words: list[str]) -> "subprocess.CompletedProcess[str]":
    line = [sys.executable, "-c", ENDED, how, str(records), *words]
    return subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)


def interrupted(records: int, words: list[str]) -> None:
    """A run in this process that ends as by Ctrl-C when there are `records` in its journal."""
    append, left = Journal._append, [records]

    def ending(self: Journal, payload: bytes) -> None:
        append(self, payload)
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Journal, "_append", ending)
        run(words)


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("unit", ["document", "sentence"])
@pytest.mark.parametrize(
    ("records", "more"),
    [(2, ["--format", "parquet"]), (6, ["--format", "csv", "--explain"]), (9, ["--format", "jsonl", "--no-pages"])],
)
def test_a_killed_run_goes_on_to_the_bytes_of_one_that_was_not(
    given_: Given, tmp_path: Path, unit: str, records: int, more: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    expected = run(words(given_, tmp_path / "whole", unit, *more))
    killed = ended("SIGKILL", records, words(given_, tmp_path / "out", unit, *more))
    assert killed.returncode == -signal.SIGKILL
    assert sorted(path.name for path in tmp_path.iterdir()) == [".out.unfinished", "whole"]
    assert run(words(given_, tmp_path / "out", unit, *more)) == expected
    assert "going on after" in capsys.readouterr().err
    assert content(tmp_path / "out") == content(tmp_path / "whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "whole"]


@pytest.mark.parametrize(("how", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_an_interrupted_run_says_how_to_go_on_and_leaves_its_answers_alone(
    given_: Given, tmp_path: Path, how: str, code: int
) -> None:
    done = ended(how, 4, words(given_, tmp_path / "out", "sentence"))
    assert done.returncode == code
    assert "sentences are scored; the same command goes on from there\n" in done.stderr
    assert [path.name for path in tmp_path.rglob("*")] == [".out.unfinished", "answers"]


def test_a_run_killed_from_outside_again_and_again_ends_with_the_same_bytes(given_: Given, tmp_path: Path) -> None:
    table = tmp_path / "long.jsonl"
    table.write_text("".join(f'{{"text": "The states froze funds {n}."}}\n' for n in range(80_000)))
    line = [str(given_.model), str(table), "--unit", "sentence", "--no-pages"]
    answers = tmp_path / ".out.unfinished" / "answers"
    before = 0
    for _ in range(3):
        started = subprocess.Popen(
            [sys.executable, "-m", "pipelines.score", *line, str(tmp_path / "out")], cwd=ROOT, stderr=subprocess.DEVNULL
        )
        while started.poll() is None and not (answers.exists() and answers.stat().st_size > before):
            time.sleep(0.001)
        started.kill()
        assert started.wait() == -signal.SIGKILL
        before = answers.stat().st_size + 1
    assert not (tmp_path / "out").exists()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "SENTENCES_AT_ONCE", 8_192)
        run([*line, str(tmp_path / "out")])
        run([*line, str(tmp_path / "whole")])
    assert content(tmp_path / "out") == content(tmp_path / "whole")


@pytest.fixture(scope="module")
def whole(given_: Given, tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, dict[str, bytes], Path]:
    """The journal of a run to its end, its result, and a folder for more."""
    folder = tmp_path_factory.mktemp("whole")

    def stays(self: Unfinished) -> None:
        pass

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Unfinished, "remove", stays)
        run(words(given_, folder / "out", "sentence"))
    return (folder / ".out.unfinished" / "answers").read_bytes(), content(folder / "out"), folder


@given(where=st.floats(0, 1), tail=st.sampled_from([b"", b"\0" * 40, b"\1" * 40]))
@settings(max_examples=10)
def test_wherever_its_file_of_answers_was_torn_a_run_goes_on_to_the_same_bytes(
    given_: Given, whole: tuple[bytes, dict[str, bytes], Path], where: float, tail: bytes
) -> None:
    answers, expected, folder = whole
    left = folder / ".out.unfinished"
    left.mkdir(exist_ok=True)
    (left / "answers").write_bytes(answers[: int(where * len(answers))] + tail)
    run(words(given_, folder / "out", "sentence"))
    assert content(folder / "out") == expected
    assert not left.exists()


def test_what_was_scored_is_not_scored_again_and_progress_is_told_of_the_rest(
    given_: Given, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    interrupted(8, words(given_, tmp_path / "out", "sentence"))
    asked, ask = [], scored.ask

    def counted(model: Bundle, passages: Sequence[Passage], *, explain: bool) -> Scored:
        asked.append(len(passages))
        return ask(model, passages, explain=explain)

    monkeypatch.setattr(scored, "ask", counted)
    monkeypatch.setattr(command, "_SECONDS_BETWEEN_LINES", 0)
    capsys.readouterr()
    run(words(given_, tmp_path / "out", "sentence"))
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "going on after 350 sentences of an interrupted run"
    assert sum(asked) == 1_000 - 350
    assert told[1].startswith("50 of 649 remaining sentences, ")
    assert told[-1].startswith(f"{sum(asked) + 1} of 649 remaining sentences, ")


def test_another_format_of_the_same_answers_goes_on_too(given_: Given, tmp_path: Path) -> None:
    interrupted(5, words(given_, tmp_path / "out", "document", "--no-pages"))
    answers = tmp_path / ".out.unfinished" / "answers"
    size = answers.stat().st_size
    interrupted(1, words(given_, tmp_path / "out", "document", "--format", "csv"))
    assert answers.stat().st_size > size
    run(words(given_, tmp_path / "out", "document", "--format", "csv"))
    run(words(given_, tmp_path / "whole", "document", "--format", "csv"))
    assert content(tmp_path / "out") == content(tmp_path / "whole")


@pytest.mark.parametrize(
    "changed",
    [
        "the model",
        "--unit",
        "--explain",
        "the parameters of score",
        "IN",
        "the files in IN",
        "the code or its libraries",
    ],
)
def test_a_run_that_asks_for_something_else_starts_anew_and_says_why(
    given_: Given,
    tmp_path: Path,
    changed: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = tmp_path / "in" / "a.jsonl"
    for folder in (source.parent, tmp_path / "copy"):
        folder.mkdir()
        (folder / "a.jsonl").write_text('{"text": "The states froze funds."}\n' * 200)
        os.utime(folder / "a.jsonl", ns=(1, 1))
    other = write_bundle(tmp_path / "other", *parts({**WORDS, "threat": ["states"]}))
    (tmp_path / "params.yaml").write_text("score: {pdf_seconds: 7}")
    line = [str(given_.model), str(source), str(tmp_path / "out"), "--no-pages", "--unit", "sentence"]
    interrupted(3, line)
    if changed == "the files in IN":
        os.utime(source, ns=(1, 2))
    if changed == "the code or its libraries":
        monkeypatch.setattr(unfinished, "_code", str)
    line = {
        "the model": [str(other), *line[1:]],
        "--unit": line[:-2],
        "--explain": [*line, "--explain"],
        "the parameters of score": [*line, "--params", str(tmp_path / "params.yaml")],
        "IN": [line[0], str(tmp_path / "copy" / "a.jsonl"), *line[2:]],
    }.get(changed, line)
    capsys.readouterr()
    run(line)
    told = capsys.readouterr().err.splitlines()[0]
    assert told == f"starting anew, because of what has changed since the interrupted run: {changed}"
    run([*line[:2], str(tmp_path / "whole"), *line[3:]])
    assert content(tmp_path / "out") == content(tmp_path / "whole")


def test_a_run_starts_anew_when_it_is_told_to(
    given_: Given, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    interrupted(5, words(given_, tmp_path / "out", "sentence"))
    capsys.readouterr()
    run(words(given_, tmp_path / "out", "sentence", "--anew"))
    assert "going on" not in capsys.readouterr().err


def test_a_document_that_is_read_otherwise_the_second_time_is_scored_as_it_is_read(
    given_: Given, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its size and time of change are the same: so is a PDF that on a busy machine needs more seconds than it may."""
    source = tmp_path / "a.jsonl"
    lines = [f'{{"text": "The states froze funds {n:04}."}}\n' for n in range(1_000)]
    source.write_text("".join(lines))
    before = source.stat()
    line = [str(given_.model), str(source), str(tmp_path / "out"), "--unit", "sentence"]
    interrupted(8, line)
    lines[225] = lines[225].replace("text", "tent")
    source.write_text("".join(lines))
    os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns))
    run(line)
    assert "only 200 sentences: what follows is not read as it was" in capsys.readouterr().err
    run([*line[:2], str(tmp_path / "whole"), *line[3:]])
    assert content(tmp_path / "out") == content(tmp_path / "whole")


def test_of_two_runs_that_write_the_same_folder_the_second_is_refused_and_the_first_goes_on(
    given_: Given, tmp_path: Path
) -> None:
    line = words(given_, tmp_path / "out", "sentence")
    append = Journal._append
    seen: list[subprocess.CompletedProcess[bytes]] = []

    def meanwhile(self: Journal, payload: bytes) -> None:
        append(self, payload)
        if not seen:
            seen.append(subprocess.run([sys.executable, "-m", "pipelines.score", *line], cwd=ROOT, check=False))
            with pytest.raises(ResourceFailure, match="another run is writing it"):
                run([*line, "--anew"])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Journal, "_append", meanwhile)
        run(line)
    assert seen[0].returncode == ResourceFailure.exit_code
    run(words(given_, tmp_path / "whole", "sentence"))
    assert content(tmp_path / "out") == content(tmp_path / "whole")


def test_an_earlier_result_stays_until_the_new_one_is_whole(given_: Given, tmp_path: Path) -> None:
    run(words(given_, tmp_path / "out", "document"))
    earlier = content(tmp_path / "out")
    interrupted(5, words(given_, tmp_path / "out", "sentence"))
    assert content(tmp_path / "out") == earlier
    (tmp_path / "out").rename(tmp_path / ".out.unfinished" / "replaced")
    interrupted(1, words(given_, tmp_path / "out", "sentence", "--explain"))
    assert content(tmp_path / "out") == earlier, "killed between the two renames of an end"
