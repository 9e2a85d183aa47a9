import json
import subprocess
from pathlib import Path

import pytest

from features.errors import UsageFailure
from pipelines.history import history, openings


def git(root: Path, *arguments: str) -> None:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", *who, *arguments], cwd=root, check=True, capture_output=True)


def measured(root: Path, subject: str, **scores: float | None) -> None:
    for name, score in scores.items():
        folder = root / "data" / "evaluate" / name
        folder.mkdir(parents=True, exist_ok=True)
        content = {"test": {"macro_f1": score, "low": 0.0}, "valid": {"macro_f1": 0.5}}
        (folder / "metrics.json").write_text(json.dumps(content), encoding="utf-8")
    git(root, "add", "-A")
    git(root, "commit", "-m", subject)


def test_each_commit_with_other_test_metrics_is_an_opening_and_says_what_changed(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    measured(tmp_path, "Two experiments", words=0.5, keywords=0.3)
    (tmp_path / "README.md").write_text("text", encoding="utf-8")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-m", "No metric")
    measured(tmp_path, "More documents\twith a tab", words=0.6, keywords=0.3)
    git(tmp_path, "rm", "-rq", "data/evaluate/keywords")
    git(tmp_path, "commit", "-m", "Without keywords")
    found = history(tmp_path)
    assert [one.subject for one in found] == ["Two experiments", "More documents\twith a tab", "Without keywords"]
    assert [one.changed for one in found] == [["keywords", "words"], ["words"], []]
    assert [one.gone for one in found] == [[], [], ["keywords"]]
    assert found[1].best == ("words", 0.6)


def test_a_model_fitted_anew_and_scored_on_test_is_an_opening_too(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    measured(tmp_path, "Compared", words=0.5)
    (tmp_path / "data" / "refit").mkdir()
    content = {"champion": {"experiment": "words", "on_train_and_valid": {"value": 0.55, "low": 0.4, "high": 0.6}}}
    (tmp_path / "data" / "refit" / "refit.json").write_text(json.dumps(content), encoding="utf-8")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-m", "Fitted anew")
    found = history(tmp_path)
    assert [one.changed for one in found] == [["words"], ["words (refit)"]]


def test_the_same_metrics_again_open_nothing() -> None:
    commits = [(name, "2026-01-01", "x") for name in ("a", "b", "c")]
    same, other = {"words": 0.5}, {"words": 0.6}
    assert [one.commit for one in openings(commits, {"a": same, "b": same, "c": other})] == ["a", "c"]


def test_outside_of_a_repository_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageFailure, match="not a git repository"):
        history(tmp_path)
