import csv
import errno
import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from features import batches, bundle, manifest
from features.codebook import Codebook
from features.errors import AllRefusedFailure, UsageFailure
from features.text import Example
from features.training import Trained
from pipelines import scored_folder, store
from pipelines.export import export
from pipelines.score import _arguments as arguments
from pipelines.score import main, score
from tests.small_bundle import small_bundle, write_bundle, write_small_bundle

ROOT = Path(__file__).parents[1]
TEXT = "A heading\n\nThe states met. They froze the funds of the attack.\n\nZzz qqq."


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_small_bundle(tmp_path / "model")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    (folder / "sub").mkdir(parents=True)
    (folder / "one.txt").write_text(f"---\ntitle: The first\ndate: 2014-03-11\n---\n{TEXT}")
    (folder / "sub" / "two.jsonl").write_text('{"id": "two", "text": "=1+1 is what the internet says."}\nnonsense\n')
    (folder / "picture.png").write_bytes(b"\x89PNG")
    return folder


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "sentences.jsonl"
    rows = [{"id": n, "doc": "d", "text": "The funds." if n % 2 else "The states."} for n in range(5)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def run(*words: object) -> str:
    return main(arguments().parse_args([str(word) for word in words]))


def command(*words: object) -> "subprocess.CompletedProcess[str]":
    line = [sys.executable, "-m", "pipelines.score", *map(str, words)]
    return subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)


def rows(out: Path, kind: str = "parquet") -> list[dict[str, Any]]:
    path = out / f"sentences.{kind}"
    if kind == "parquet":
        found: list[dict[str, Any]] = pq.read_table(path).to_pylist()
        return found
    if kind == "csv":
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_every_sentence_but_headings_has_a_row_with_its_place_label_and_probability(
    model: Path, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert run(model, folder, out) == "2 documents, 2 quarantined, 4 sentences, 1 abstained"
    first, second, third, fourth = rows(out)
    assert [row["text"] for row in (first, second, third)] == [
        "The states met.",
        "They froze the funds of the attack.",
        "Zzz qqq.",
    ]
    assert all(TEXT[row["start"] : row["end"]] == row["text"] for row in (first, second, third))
    assert (second["doc"], second["position"], fourth["doc"]) == ("one.txt", 2, "two")
    assert (second["financing"], second["threat"], second["online"]) == (True, True, False)
    assert (second["financing_probability"], second["online_probability"]) == (0.952574, 0.119203)
    assert (third["abstained"], third["financing"], third["financing_probability"]) == (True, False, None)


def test_what_is_refused_is_listed_with_its_reason_and_counted(model: Path, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(model, folder, out)
    refused = [json.loads(line) for line in (out / "quarantine.jsonl").read_text().splitlines()]
    assert [row["path"] for row in refused] == ["picture.png", "sub/two.jsonl"]
    assert "line 2" in refused[1]["reason"]
    assert json.loads((out / "summary.json").read_text()) == {
        "model": "small",
        "fingerprint": bundle.load(model).fingerprint,
        "fitted_on": "train",
        "documents": 2,
        "quarantined": 2,
        "sentences": 4,
        "abstained": 1,
        "kernel": "numpy",
        "decided_again_without_kernel": 0,
        "sentences_per_theme": {"financing": 1, "threat": 1, "online": 1},
    }
    assert store.check(out) == out


def test_the_three_formats_hold_the_same_rows(model: Path, folder: Path, tmp_path: Path) -> None:
    for kind in scored_folder.FORMATS:
        run(model, folder, tmp_path / kind, "--format", kind, "--explain")
    expected = rows(tmp_path / "parquet")
    assert rows(tmp_path / "jsonl", "jsonl") == expected
    as_text = [
        {
            name: "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
            for name, value in row.items()
        }
        for row in expected
    ]
    as_text[3]["text"] = f"'{as_text[3]['text']}"
    assert rows(tmp_path / "csv", "csv") == as_text


def test_a_cell_that_a_spreadsheet_would_run_has_an_apostrophe_before_it(model: Path, tmp_path: Path) -> None:
    texts = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "1=1"]
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps({"text": text, "id": text, "doc": text}) + "\n" for text in texts))
    run(model, path, tmp_path / "out", "--unit", "sentence", "--format", "csv")
    for column in ("text", "doc", "sentence_id"):
        assert [row[column] for row in rows(tmp_path / "out", "csv")] == [*(f"'{text}" for text in texts[:-1]), "1=1"]


def test_explained_terms_stand_beside_assigned_themes_only(model: Path, folder: Path, tmp_path: Path) -> None:
    run(model, folder, tmp_path / "out", "--explain")
    told = [(row["financing_terms"], row["online_terms"]) for row in rows(tmp_path / "out")]
    assert told == [(None, None), ("funds +5.00", None), (None, None), (None, "internet +5.00")]


def test_rows_that_are_sentences_keep_their_ids_and_documents(model: Path, table: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run(model, table, out, "--unit", "sentence") == "1 table, 0 quarantined, 5 sentences, 0 abstained"
    found = rows(out)
    assert [row["sentence_id"] for row in found] == ["0", "1", "2", "3", "4"]
    assert {(row["doc"], row["start"], row["end"]) for row in found} == {("d", None, None)}
    assert [row["financing"] for row in found] == [False, True, False, True, False]
    assert sorted(path.name for path in out.iterdir()) == [
        "MANIFEST.sha256",
        "index.html",
        "quarantine.jsonl",
        "sentences.parquet",
        "summary.json",
    ]


def test_the_size_of_a_batch_changes_nothing(
    model: Path, folder: Path, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(model, folder, tmp_path / "whole")
    run(model, table, tmp_path / "whole-table", "--unit", "sentence")
    monkeypatch.setattr(batches, "SENTENCES_AT_ONCE", 2)
    monkeypatch.setattr("features.scored.SENTENCES_AT_ONCE", 2)
    run(model, folder, tmp_path / "cut")
    run(model, table, tmp_path / "cut-table", "--unit", "sentence")
    assert rows(tmp_path / "cut") == rows(tmp_path / "whole")
    assert rows(tmp_path / "cut-table") == rows(tmp_path / "whole-table")
    assert (tmp_path / "cut" / "index.html").read_bytes() == (tmp_path / "whole" / "index.html").read_bytes()


def test_two_runs_write_the_same_bytes(model: Path, folder: Path, tmp_path: Path) -> None:
    run(model, folder, tmp_path / "a")
    run(model, folder, tmp_path / "b")
    assert (tmp_path / "a" / manifest.NAME).read_bytes() == (tmp_path / "b" / manifest.NAME).read_bytes()


def test_every_document_has_a_page_that_the_index_links(model: Path, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(model, folder, out)
    pages = sorted(path.name for path in (out / "pages").iterdir())
    assert len(pages) == 2
    index = (out / "index.html").read_text()
    assert all(f'href="pages/{name}"' in index for name in pages)
    assert "The first" in index


@pytest.mark.parametrize("unit", ["document", "sentence"])
def test_scoring_imports_nothing_that_it_does_not_need(
    unit: str, model: Path, folder: Path, table: Path, tmp_path: Path
) -> None:
    program = (
        "import runpy, sys\n"
        "try: runpy.run_module('pipelines.score', run_name='__main__')\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "print(*{'pandas', 'sklearn', 'mlflow', 'matplotlib'} & set(sys.modules))"
    )
    words = [model, table if unit == "sentence" else folder, tmp_path / "out", "--unit", unit]
    done = subprocess.run([sys.executable, "-c", program, *map(str, words)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == ""


def test_pages_can_be_left_out(model: Path, folder: Path, tmp_path: Path) -> None:
    run(model, folder, tmp_path / "out", "--no-pages")
    assert not list((tmp_path / "out").rglob("*.html"))


def test_pages_are_made_for_a_bounded_number_of_documents_and_rows(
    model: Path, folder: Path, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scored_folder, "MOST_DOCUMENTS_SHOWN", 1)
    monkeypatch.setattr(scored_folder, "MOST_ROWS_SHOWN", 3)
    monkeypatch.setattr(batches, "SENTENCES_AT_ONCE", 2)
    run(model, folder, tmp_path / "out")
    assert len(list((tmp_path / "out" / "pages").iterdir())) == 1
    assert "the first 1 documents" in (tmp_path / "out" / "index.html").read_text()
    assert len(rows(tmp_path / "out")) == 4
    run(model, table, tmp_path / "rows", "--unit", "sentence")
    assert "The first 3 of 5 sentences" in (tmp_path / "rows" / "index.html").read_text()


def test_the_kernel_writes_the_same_table(
    model: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(model, folder, tmp_path / "numpy", "--kernel", "numpy")
    monkeypatch.setattr("features.bundle.find_spec", lambda _: True)
    run(model, folder, tmp_path / "numba", "--kernel", "numba")
    assert rows(tmp_path / "numba") == rows(tmp_path / "numpy")
    assert json.loads((tmp_path / "numba" / "summary.json").read_text())["kernel"] == "numba"


def test_a_document_of_headings_alone_is_read_and_has_no_rows(model: Path, tmp_path: Path) -> None:
    (tmp_path / "title.txt").write_text("Only a title")
    assert run(model, tmp_path / "title.txt", tmp_path / "out").startswith("1 document, 0 quarantined, 0 sentences")


def test_a_models_own_bound_cuts_long_sentences(model: Path, tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("The states, " * 100 + "met.")
    run(model, tmp_path / "long.txt", tmp_path / "out")
    lengths = [len(str(row["text"])) for row in rows(tmp_path / "out")]
    assert len(lengths) > 1
    assert max(lengths) <= bundle.load(model).model.max_characters


@pytest.mark.parametrize("where", [".", "inside"])
def test_a_result_is_never_written_into_its_own_input(model: Path, folder: Path, where: str) -> None:
    with pytest.raises(UsageFailure, match="name another folder"):
        run(model, folder, folder / where)


def test_a_folder_that_score_did_not_write_is_left_alone(model: Path, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("All my work.")
    with pytest.raises(UsageFailure, match=r"thesis\.txt"):
        run(model, folder, tmp_path / "out")
    with pytest.raises(UsageFailure, match=r"card\.md"):
        run(model, folder, model)
    assert (tmp_path / "out" / "thesis.txt").read_text() == "All my work."


def test_an_earlier_result_is_replaced_but_not_with_a_users_file_in_it(
    model: Path, folder: Path, table: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run(model, folder, out)
    run(model, table, out, "--unit", "sentence", "--format", "csv")
    assert not (out / "pages").exists()
    (out / "notes.txt").write_text("Mine.")
    with pytest.raises(UsageFailure, match=r"notes\.txt"):
        run(model, folder, out)
    assert (out / "notes.txt").exists()


def test_a_full_disk_is_a_failure_that_is_told(
    model: Path, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pq.ParquetWriter, "write_table", full)
    with pytest.raises(OSError, match="No space left"):
        run(model, table, tmp_path / "out", "--unit", "sentence")
    assert not (tmp_path / "out").exists()


def test_nothing_is_left_behind_when_nothing_could_be_read(model: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(AllRefusedFailure, match="0 refused"):
        run(model, tmp_path / "in", tmp_path / "out")
    (tmp_path / "in" / "a.png").write_bytes(b"?")
    with pytest.raises(AllRefusedFailure, match=r"1 refused.*a\.png"):
        run(model, tmp_path / "in", tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "model"]


def test_a_theme_with_the_name_of_another_column_is_refused(folder: Path, tmp_path: Path) -> None:
    answers = score((folder, []), small_bundle({"text": ["funds"]}), "document", False)
    wanted = scored_folder.Wanted("document", "parquet", explain=False, pages=False)
    with pytest.raises(UsageFailure, match="text"):
        scored_folder.write(answers, tmp_path, small_bundle({"text": ["funds"]}), wanted)


def test_exit_codes_are_those_of_the_contract(model: Path, folder: Path, tmp_path: Path) -> None:
    done = command(model, folder, tmp_path / "out")
    assert done.returncode == 0
    assert done.stdout.startswith("2 documents, 2 quarantined, 4 sentences, 1 abstained, ")
    (tmp_path / "pickled").mkdir()
    (tmp_path / "pickled" / "model.json").write_bytes(pickle.dumps({"themes": []}))
    manifest.write(tmp_path / "pickled")
    (tmp_path / "empty").mkdir()
    (tmp_path / "params.yaml").write_text("score:\n  max_megabyte: 1\n")
    for code, words in [
        (2, (model, tmp_path / "missing", tmp_path / "o")),
        (2, (model, folder, tmp_path / "o", "--params", tmp_path / "params.yaml")),
        (3, (model, tmp_path / "empty", tmp_path / "o")),
        (5, (tmp_path / "pickled", folder, tmp_path / "o")),
    ]:
        done = command(*words)
        assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
        assert done.stderr.startswith("error: ")
    assert not (tmp_path / "o").exists()


def test_a_trained_model_labels_documents_as_it_labelled_its_sentences(
    trained: Trained, small_codebook: Codebook, examples: list[Example], tmp_path: Path
) -> None:
    exported = export(trained, "words", small_codebook, [examples[0].passage], 2000, {})
    path = write_bundle(tmp_path / "model", exported.model, exported.weights)
    run(path, ROOT / "tests" / "corpus" / "corpus", tmp_path / "out", "--explain")
    found = {row["sentence_id"]: row for row in rows(tmp_path / "out")}
    assert set(found) == {row.sentence_id for row in examples}
    expected = trained.labels(trained.probabilities([row.passage for row in examples]))
    for example, labels in zip(examples, expected, strict=True):
        row = found[example.sentence_id]
        assert row["abstained"] or [row[theme] for theme in small_codebook.ids] == labels.tolist()
