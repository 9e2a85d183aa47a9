from pathlib import Path

import pytest

from features.errors import UsageFailure
from pipelines.ledger import DOCUMENTS, filled, tables

ROOT = Path()


def test_a_table_takes_the_place_between_its_markers_and_nothing_else_changes() -> None:
    text = "before\n<!-- table: x -->\nold\n<!-- end -->\nafter\n"
    done = filled(text, {"x": lambda: "| new |\n"}, "README.md")
    assert done == "before\n<!-- table: x -->\n| new |\n<!-- end -->\nafter\n"
    assert filled(done, {"x": lambda: "| new |\n"}, "README.md") == done


def test_a_document_without_a_marker_is_named() -> None:
    with pytest.raises(UsageFailure, match=r"README\.md"):
        filled("nothing", {}, "README.md")


def test_a_table_that_is_not_asked_for_is_not_made() -> None:
    text = "<!-- table: x -->\n<!-- end -->\n"
    unmade = {"x": lambda: "| new |\n", "y": lambda: pytest.fail("made")}
    assert "| new |" in filled(text, unmade, "README.md")


def test_a_result_that_is_missing_says_which_command_makes_it(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("inputs: data\n")
    with pytest.raises(
        UsageFailure, match=r"transfer\.json: missing; make it with: make transfer SET=gold\.jsonl OUT="
    ):
        tables(tmp_path)["shares"]()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents_are_in_step_with_the_committed_metrics(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert filled(text, tables(ROOT), name) == text, "run: make ledger"
