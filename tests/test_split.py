from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.codebook import Codebook
from features.duplicates import near_duplicates
from features.errors import UsageFailure
from features.text import Document, Example, Label
from pipelines.split import PARTS, split
from tests.conftest import PARAMS

KNOBS = PARAMS["split"]


@given(st.integers(0, 10_000))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_split_is_a_partition_of_whole_documents(
    documents: list[Document], labels: list[Label], small_codebook: Codebook, seed: int
) -> None:
    done = split(documents, labels, small_codebook.ids, **KNOBS | {"seed": seed, "trials": 50})
    assert [row.sentence_id for row in done.examples] == [row.sentence_id for row in labels]
    parts = {(row.doc, row.part) for row in done.examples if row.part in PARTS}
    assert len({doc for doc, _ in parts}) == len(parts) == len(documents)


def test_parts_have_the_wanted_shares_of_documents_and_every_theme(
    examples: list[Example], small_codebook: Codebook
) -> None:
    held = Counter(part for _, part in {(row.doc, row.part) for row in examples if row.part in PARTS})
    assert held == {"train": 7, "valid": 2, "test": 3}
    for part in PARTS:
        assert {theme for row in examples if row.part == part for theme in row.themes} == set(small_codebook.ids)


def test_no_kept_sentence_nearly_repeats_one_of_another_part(examples: list[Example]) -> None:
    kept = [row for row in examples if row.part in PARTS]
    pairs = near_duplicates([row.text for row in kept], shingle=KNOBS["shingle"], at_least=KNOBS["near_duplicate"])
    assert all(kept[a].part == kept[b].part for a, b in pairs)


def test_a_repeated_sentence_is_dropped_from_the_earlier_part(
    documents: list[Document], labels: list[Label], examples: list[Example], small_codebook: Codebook
) -> None:
    part = {row.sentence_id: row.part for row in examples}
    train = next(n for n, row in enumerate(labels) if part[row.sentence_id] == "train")
    test = next(row for row in labels if part[row.sentence_id] == "test" and len(row.text) > 80)
    planted = [replace(row, text=test.text) if n == train else row for n, row in enumerate(labels)]
    done = split(documents, planted, small_codebook.ids, **KNOBS)
    parts = {row.sentence_id: row.part for row in done.examples}
    assert {parts[labels[train].sentence_id], parts[test.sentence_id]} in (
        {"dropped", "test"},
        {"train"},
        {"dropped", "valid"},
    )


def test_a_dropped_sentence_is_not_seen_as_a_neighbour_either(
    documents: list[Document], labels: list[Label], examples: list[Example], small_codebook: Codebook
) -> None:
    part = {row.sentence_id: row.part for row in examples}
    repeated = next(n for n, row in enumerate(labels) if part[row.sentence_id] == "train" and row.position > 3)
    test = next(row for row in labels if part[row.sentence_id] == "test" and len(row.text) > 80)
    planted = [replace(row, text=test.text) if n == repeated else row for n, row in enumerate(labels)]
    done = split(documents, planted, small_codebook.ids, **KNOBS).examples
    assert done[repeated].part == "dropped"
    assert done[repeated].doc == done[repeated - 1].doc == done[repeated + 1].doc
    assert done[repeated - 1].after == done[repeated + 1].before == ""
    assert test.text not in {text for row in done if row.part == "train" for text in (row.before, row.after)}


def test_neighbours_are_the_sentences_next_to_it_in_its_document(examples: list[Example]) -> None:
    for here, following in pairwise(examples):
        next_to = here.doc == following.doc
        assert here.after == (following.text if next_to and following.part != "dropped" else "")
        assert following.before == (here.text if next_to and here.part != "dropped" else "")


def test_documents_that_share_sentences_stay_together(
    documents: list[Document], labels: list[Label], small_codebook: Codebook
) -> None:
    first, last = documents[0].id, documents[-1].id
    texts = [row.text for row in labels if row.doc == first]
    shared = iter(texts[: len(texts) // 2])
    planted = [replace(row, text=next(shared, row.text)) if row.doc == last else row for row in labels]
    for seed in range(5):
        done = split(documents, planted, small_codebook.ids, **KNOBS | {"seed": seed})
        assert done.groups[first] == done.groups[last]
        parts = {row.part for row in done.examples if row.doc in (first, last) and row.part in PARTS}
        assert len(parts) == 1


def test_by_date_train_comes_before_valid_before_test(
    documents: list[Document], labels: list[Label], small_codebook: Codebook
) -> None:
    done = split(documents, labels, small_codebook.ids, **KNOBS | {"mode": "date"})
    date = {document.id: document.date or "" for document in documents}
    ranges = [[date[row.doc] for row in done.examples if row.part == part] for part in PARTS]
    assert max(ranges[0]) <= min(ranges[1]) <= max(ranges[1]) <= min(ranges[2])


def test_by_date_refuses_documents_without_a_date_by_name(
    documents: list[Document], labels: list[Label], small_codebook: Codebook
) -> None:
    undated = [replace(documents[0], date=None), *documents[1:]]
    with pytest.raises(UsageFailure, match=documents[0].id):
        split(undated, labels, small_codebook.ids, **KNOBS | {"mode": "date"})


def test_by_source_documents_of_one_source_are_never_parted(
    documents: list[Document], labels: list[Label], small_codebook: Codebook
) -> None:
    sources = ["one", "two", "three", "four", "five", "six"]
    shared = [replace(document, source=sources[n % 6]) for n, document in enumerate(documents)]
    done = split(shared, labels, small_codebook.ids, **KNOBS | {"mode": "source"})
    source = {document.id: document.source for document in shared}
    parts = {(source[row.doc], row.part) for row in done.examples if row.part in PARTS}
    assert len(parts) == 6


def test_weak_labels_are_only_ever_in_train(
    documents: list[Document], labels: list[Label], small_codebook: Codebook
) -> None:
    uncoded = documents[3].id
    mixed = [
        replace(row, label_source="weak") if row.doc == uncoded or n % 9 == 0 else row for n, row in enumerate(labels)
    ]
    done = split(documents, mixed, small_codebook.ids, **KNOBS)
    weak = Counter(row.part for row in done.examples if row.label_source == "weak")
    assert set(weak) <= {"train", "unlabelled", "dropped"}
    assert weak["train"] > 0
    assert weak["unlabelled"] > 0


def test_a_theme_without_a_gold_sentence_in_train_is_named(
    documents: list[Document], labels: list[Label], small_codebook: Codebook
) -> None:
    bare = [replace(row, themes=[theme for theme in row.themes if theme != "financing"]) for row in labels]
    with pytest.raises(UsageFailure, match="financing"):
        split(documents, bare, small_codebook.ids, **KNOBS)


def test_too_few_coded_documents_say_what_to_do(documents: list[Document], small_codebook: Codebook) -> None:
    with pytest.raises(UsageFailure, match="make annotations"):
        split(documents, [], small_codebook.ids, **KNOBS)


def test_documents_that_all_repeat_one_another_are_refused_with_what_to_do(
    documents: list[Document], labels: list[Label], small_codebook: Codebook
) -> None:
    formulas = [row.text for row in labels if row.doc == documents[0].id]
    repeated = [replace(row, text=formulas[n % len(formulas)]) for n, row in enumerate(labels)]
    with pytest.raises(UsageFailure, match=r"form only 1 groups.*split\.same_document"):
        split(documents, repeated, small_codebook.ids, **KNOBS)


def test_shares_that_leave_nothing_for_test_are_refused(
    documents: list[Document], labels: list[Label], small_codebook: Codebook
) -> None:
    with pytest.raises(UsageFailure, match="leave nothing for test"):
        split(documents, labels, small_codebook.ids, **KNOBS | {"train": 0.9})
