"""The shipped corpus keeps the rules it was made by."""

import json
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest

from features import annotations, codebook
from features.annotations import Annotations
from features.duplicates import near_duplicates
from features.profile import names_terrorism
from features.text import Document, Label
from pipelines.ingest import Ingested, ingest
from pipelines.label import label
from pipelines.segment import segment
from tests.conftest import PARAMS

DATA = Path("data")


@pytest.fixture(scope="module")
def corpus() -> Ingested:
    return ingest(DATA / "corpus", **PARAMS["ingest"])


@pytest.fixture(scope="module")
def labels(corpus: Ingested, decided: Annotations) -> list[Label]:
    """Every sentence that coders decided."""
    sentences = segment(corpus.documents, **PARAMS["segment"])
    found = label(sentences, decided, codebook.load(DATA / "codebook.yaml"), [], **PARAMS["label"]).labels
    return [row for row in found if row.label_source == "gold"]


@pytest.fixture(scope="module")
def decided(corpus: Ingested) -> Annotations:
    sentences = segment(corpus.documents, **PARAMS["segment"])
    return annotations.read(DATA / "annotations", sentences, codebook.load(DATA / "codebook.yaml"))


def test_no_document_is_refused_and_each_has_a_full_header(corpus: Ingested) -> None:
    assert corpus.refusals == []
    for document in corpus.documents:
        assert all([document.date, document.source, document.genre, document.title, document.writer]), document.id


def test_a_document_lies_in_the_folder_of_its_genre_under_its_id(corpus: Ingested) -> None:
    expected = {f"{document.genre}/{document.id}.txt" for document in corpus.documents}
    assert {path.relative_to(DATA / "corpus").as_posix() for path in (DATA / "corpus").rglob("*.txt")} == expected


def test_the_corpus_is_large_and_of_many_kinds(corpus: Ingested, labels: list[Label]) -> None:
    genres = Counter(document.genre for document in corpus.documents)
    assert len(corpus.documents) >= 200
    assert len(labels) >= 3600
    assert len(genres) >= 14
    assert max(genres.values()) <= 0.12 * len(corpus.documents)
    assert len({document.source for document in corpus.documents}) >= 60


def test_dates_spread_over_a_quarter_of_a_century(corpus: Ingested) -> None:
    years = {int(str(document.date)[:4]) for document in corpus.documents}
    assert years <= set(range(1999, 2026))
    assert len(years) >= 25


def test_most_sentences_carry_one_theme_or_none_as_in_life(labels: list[Label]) -> None:
    counts = np.array([len(row.themes) for row in labels])
    assert 0.42 <= (counts == 0).mean() <= 0.55
    assert (counts > 1).mean() >= 0.15


def test_every_theme_has_support_in_many_documents(labels: list[Label]) -> None:
    for theme in codebook.load(DATA / "codebook.yaml").ids:
        carriers = [row for row in labels if theme in row.themes]
        assert len(carriers) >= 0.09 * len(labels), theme
        assert len({row.doc for row in carriers}) >= 60, theme


def test_many_documents_are_about_something_else(labels: list[Label]) -> None:
    themed: dict[str, list[bool]] = defaultdict(list)
    for row in labels:
        themed[row.doc].append(bool(row.themes))
    assert sum(np.mean(rows) <= 0.25 for rows in themed.values()) >= 35


def test_theme_less_sentences_name_terrorism_in_passing(labels: list[Label]) -> None:
    passing = [names_terrorism(row.text) for row in labels if not row.themes]
    assert 0.15 <= np.mean(passing) <= 0.25


def test_institutions_repeat_themselves_as_in_life(labels: list[Label]) -> None:
    pairs = near_duplicates([row.text for row in labels], shingle=2, at_least=0.6)
    repeated = {int(row) for a, b in pairs for row in (a, b) if labels[a].doc != labels[b].doc}
    assert 0.03 <= len(repeated) / len(labels) <= 0.06


def test_every_sentence_is_coded_by_two_coders_and_no_dispute_is_left(corpus: Ingested, decided: Annotations) -> None:
    sentences = [s for s in segment(corpus.documents, **PARAMS["segment"]) if s.kind != "heading"]
    codings = decided.by_role["coding"]
    assert [s.id for s in sentences if len(codings.get(s.id, {})) != 2] == []
    assert decided.disputed() == set()
    assert decided.unplaced == []


def test_no_writer_codes_or_adjudicates_its_own_document(corpus: Ingested) -> None:
    writer = {document.id: document.writer for document in corpus.documents}
    for path in (DATA / "annotations").glob("*.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            assert row["coder"] != writer[row["doc"]], (path.name, row["sentence_id"])


def test_an_adjudicator_is_no_coder_of_the_same_sentence_and_gives_a_reason(decided: Annotations) -> None:
    for sentence, by_coder in decided.by_role["adjudication"].items():
        assert not set(by_coder) & set(decided.by_role["coding"][sentence])
    for path in (DATA / "annotations").glob("adjudication-*.jsonl"):
        codes = {json.loads(line)["reason"].split(":")[0] for line in path.read_text(encoding="utf-8").splitlines()}
        assert codes <= {"definition", "boundary", "slip", "context"}


def test_a_suspicious_label_is_corrected_only_where_two_coders_and_an_adjudicator_are_against_it(
    labels: list[Label],
) -> None:
    themes = {row.sentence_id: row.themes for row in labels}
    for row in map(json.loads, (DATA / "suspicions.jsonl").read_text(encoding="utf-8").splitlines()):
        assert (row["theme"] in themes[row["sentence_id"]]) == (row["gold"] != row["corrected"])
        against = row["coders"] == [not row["gold"]] * 2
        assert [row[key] is not None for key in ("adjudicator", "clear", "reason")] == [against] * 3
        assert not row["corrected"] or (row["adjudicator"] and row["clear"] and not row["gold"])


def test_a_tenth_of_the_sentences_is_coded_again_by_the_same_coder(decided: Annotations) -> None:
    again = decided.by_role["again"]
    assert len(again) >= 0.08 * len(decided.by_role["coding"])
    assert all(set(by_coder) <= set(decided.by_role["coding"][sentence]) for sentence, by_coder in again.items())


def test_the_small_corpus_of_the_tests_is_part_of_it(corpus: Ingested, documents: list[Document]) -> None:
    assert len(documents) == 12
    assert {document.id for document in documents} <= {document.id for document in corpus.documents}
