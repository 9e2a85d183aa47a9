"""The shipped corpus keeps the rules it was made by."""

import json
from collections import Counter
from pathlib import Path

import pytest

from features import annotations, codebook
from features.annotations import Annotations
from features.text import Document
from pipelines.ingest import Ingested, ingest
from pipelines.segment import segment
from tests.conftest import PARAMS

DATA = Path("data")


@pytest.fixture(scope="module")
def corpus() -> Ingested:
    return ingest(DATA / "corpus", **PARAMS["ingest"])


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


def test_no_genre_has_more_than_an_eighth_of_the_documents(corpus: Ingested) -> None:
    genres = Counter(document.genre for document in corpus.documents)
    assert len(genres) >= 14
    assert max(genres.values()) <= 0.12 * len(corpus.documents) + 1


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


def test_a_tenth_of_the_sentences_is_coded_again_by_the_same_coder(decided: Annotations) -> None:
    again = decided.by_role["again"]
    assert len(again) >= 0.08 * len(decided.by_role["coding"])
    assert all(set(by_coder) <= set(decided.by_role["coding"][sentence]) for sentence, by_coder in again.items())


def test_the_small_corpus_of_the_tests_is_part_of_it(corpus: Ingested, documents: list[Document]) -> None:
    assert len(documents) == 12
    assert {document.id for document in documents} <= {document.id for document in corpus.documents}
