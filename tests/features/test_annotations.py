import json
from pathlib import Path

import pytest

from features import annotations, codebook
from features.errors import IntegrityFailure, UsageFailure
from features.sentences import sentences
from features.text import Annotation, Document, Sentence, text_sha256

CODEBOOK = codebook.load(Path("data/codebook.yaml"))
TEXT = "Terrorists raised funds. The sides met. We thank the host."


def sentences_of(text: str = TEXT) -> list[Sentence]:
    return sentences(Document(id="d", text=text), 2000)


def row(sentence: Sentence, coder: str, *themes: str) -> Annotation:
    return Annotation(sentence.id, "d", text_sha256(sentence.text), coder, 2, list(themes))


def test_adjudication_wins_over_the_coders(tmp_path: Path) -> None:
    one, two, three = sentences_of()
    annotations.write(tmp_path / "coding-a.jsonl", [row(one, "a", "financing"), row(two, "a"), row(three, "a")])
    annotations.write(tmp_path / "coding-b.jsonl", [row(one, "b", "financing"), row(two, "b", "financing")])
    annotations.write(tmp_path / "adjudication-c.jsonl", [row(two, "c", "multilateral_cooperation")])
    found = annotations.read(tmp_path, sentences_of(), CODEBOOK)
    gold = found.gold()
    assert gold[one.id] == {"financing"}
    assert gold[two.id] == {"multilateral_cooperation"}
    assert gold[three.id] == set()
    assert found.disputed() == set()


def test_what_two_coders_differ_on_is_not_decided_and_the_dispute_is_known(tmp_path: Path) -> None:
    one, two, _ = sentences_of()
    annotations.write(tmp_path / "coding-a.jsonl", [row(one, "a", "financing", "ict_misuse"), row(two, "a")])
    annotations.write(tmp_path / "coding-b.jsonl", [row(one, "b", "financing"), row(two, "b")])
    found = annotations.read(tmp_path, sentences_of(), CODEBOOK)
    assert found.gold() == {two.id: frozenset()}
    assert found.disputed() == {one.id}


def test_of_three_coders_two_decide(tmp_path: Path) -> None:
    one, *_ = sentences_of()
    for coder, themes in {"a": ["financing"], "b": ["financing", "ict_misuse"], "c": []}.items():
        annotations.write(tmp_path / f"coding-{coder}.jsonl", [row(one, coder, *themes)])
    found = annotations.read(tmp_path, sentences_of(), CODEBOOK)
    assert found.gold() == {one.id: frozenset({"financing"})}
    assert found.disputed() == set()


def test_after_a_new_segmentation_annotations_follow_their_text(tmp_path: Path) -> None:
    annotations.write(tmp_path / "coding-a.jsonl", [row(s, "a", "financing") for s in sentences_of()])
    moved = sentences_of("A new first line.\n\n" + TEXT.replace("The sides met.", "The sides met today."))
    found = annotations.read(tmp_path, moved, CODEBOOK)
    assert {s.text for s in moved if s.id in found.gold()} == {"Terrorists raised funds.", "We thank the host."}
    assert len(found.migrated) == 2
    (lost,) = found.unplaced
    assert (lost.file, lost.line, lost.reason) == ("coding-a.jsonl", 2, "unknown sentence")


def test_no_folder_means_that_nobody_has_coded(tmp_path: Path) -> None:
    assert annotations.read(tmp_path / "none", sentences_of(), CODEBOOK).gold() == {}


def test_a_label_outside_the_codebook_is_named_with_file_and_line(tmp_path: Path) -> None:
    annotations.write(tmp_path / "coding-a.jsonl", [row(sentences_of()[0], "a", "finance")])
    with pytest.raises(IntegrityFailure, match=r"coding-a\.jsonl:1: \['finance'\]"):
        annotations.read(tmp_path, sentences_of(), CODEBOOK)


def test_a_sentence_coded_twice_by_one_coder_is_an_error(tmp_path: Path) -> None:
    one = sentences_of()[0]
    annotations.write(tmp_path / "coding-a.jsonl", [row(one, "a"), row(one, "a", "financing")])
    with pytest.raises(IntegrityFailure, match=r"coding-a\.jsonl:2: .*twice"):
        annotations.read(tmp_path, sentences_of(), CODEBOOK)


def test_a_file_without_a_role_and_a_row_that_is_none_are_named(tmp_path: Path) -> None:
    (tmp_path / "anna.jsonl").write_text("{}\n", encoding="utf-8")
    with pytest.raises(UsageFailure, match=r"anna\.jsonl.*coding-"):
        annotations.read(tmp_path, sentences_of(), CODEBOOK)
    (tmp_path / "anna.jsonl").rename(tmp_path / "coding-anna.jsonl")
    with pytest.raises(UsageFailure, match=r"coding-anna\.jsonl:1"):
        annotations.read(tmp_path, sentences_of(), CODEBOOK)


def test_an_annotation_made_with_a_later_codebook_is_refused(tmp_path: Path) -> None:
    one = sentences_of()[0]
    content = {"sentence_id": one.id, "doc": "d", "text_sha256": text_sha256(one.text), "coder": "a"}
    line = json.dumps(content | {"codebook_version": 99, "themes": []})
    (tmp_path / "coding-a.jsonl").write_text(line, encoding="utf-8")
    with pytest.raises(IntegrityFailure, match="version 99"):
        annotations.read(tmp_path, sentences_of(), CODEBOOK)
