import subprocess
import sys
from pathlib import Path

import pytest

from features.errors import UsageFailure
from pipelines import command
from pipelines.command import Count, Share, experiment_names, parameters, progress, read_yaml


def some_stage(rows: list[str], *, seed: Count, share: Share = 0.5) -> list[str]:
    return rows[: int(seed * share)]


def write(folder: Path, text: str) -> Path:
    path = folder / "params.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_section_is_the_keyword_only_arguments_of_its_stage(tmp_path: Path) -> None:
    assert parameters(some_stage, write(tmp_path, "some_stage: {seed: 3}")) == {"seed": 3}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("some_stage: {sed: 3}", "unknown parameter 'sed'; it takes seed, share"),
        ("some_stage: {share: 0.1}", "'seed' is missing"),
        ("some_stage: {seed: three}", "seed: Expected `int`"),
        ("some_stage: {seed: 3, share: 60}", "share: Expected `float` <= 1"),
        ("some_stage: {seed: 0}", "seed: Expected `int` >= 1"),
        ("some_stage: [", "not valid YAML.*line 1"),
        ("- a", "expected keys and values"),
    ],
)
def test_a_parameter_that_means_nothing_is_named_with_its_file(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(UsageFailure, match=rf"(?s)params\.yaml.*{named}"):
        parameters(some_stage, write(tmp_path, text))


def test_a_missing_parameter_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageFailure, match=r"none\.yaml"):
        read_yaml(tmp_path / "none.yaml")


def test_a_list_without_experiments_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageFailure, match="experiments"):
        experiment_names(write(tmp_path, "experiments: []"))


def run(body: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = f"import argparse\nfrom pipelines.command import run, stage\n{body}\nrun(main, stage('doc', 'out'))"
    return subprocess.run([sys.executable, "-c", program, "x", *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        ("features.errors.UsageFailure('say what')", 2),
        ("features.errors.AllRefusedFailure('say what')", 3),
        ("features.errors.IntegrityFailure('say what')", 4),
        ("features.errors.UntrustedModelFailure('say what')", 5),
        ("features.errors.ResourceFailure('say what')", 6),
        ("FileNotFoundError(2, 'say what', 'x')", 2),
        ("MemoryError('say what')", 6),
        ("KeyboardInterrupt()", 130),
    ],
)
def test_a_failure_ends_with_its_code_and_no_traceback(raised: str, code: int) -> None:
    done = run(f"import features.errors\ndef main(options): raise {raised}")
    assert done.returncode == code
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert "Traceback" in run(f"import features.errors\ndef main(options): raise {raised}", "--debug").stderr


def test_the_last_line_says_what_was_done_and_how_long_it_took() -> None:
    done = run("def main(options): return '3 documents'")
    assert done.returncode == 0
    assert done.stdout.startswith("3 documents, ")
    assert done.stdout.endswith(" s\n")


def test_a_python_without_the_packages_says_how_to_get_them() -> None:
    program = "import importlib.util as u; u.find_spec = lambda name: None; import pipelines"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert ". .venv/bin/activate" in done.stderr


def test_progress_passes_everything_on_and_tells_of_it_in_plain_lines_when_piped(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "_SECONDS_BETWEEN_LINES", 0)
    assert list(progress(["a", "b"], total=2, unit="files")) == ["a", "b"]
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(",")[0] for line in lines] == ["1 of 2 files", "2 of 2 files"]
    assert list(progress(iter([]), total=None, unit="rows")) == []
