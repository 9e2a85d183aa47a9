from pathlib import Path

import pytest

from features import training
from features.codebook import Codebook
from features.errors import UsageFailure
from features.experiments import Experiment
from features.gold import GoldRow
from features.text import Document, Example
from pipelines.transfer import Transfer, read_rounds, transfer
from tests.conftest import PARAMS


def rounds_and_gold(examples: list[Example]) -> tuple[list[set[str]], list[GoldRow]]:
    names = sorted({row.doc for row in examples})
    gold = [GoldRow(row.sentence_id, row.doc, row.text, row.themes) for row in examples if row.part == "test"]
    return [set(names[:6]), set(names[6:])], gold


@pytest.fixture(scope="module")
def done(examples: list[Example], small_codebook: Codebook, words_experiment: Experiment) -> Transfer:
    return transfer(
        words_experiment, examples, *rounds_and_gold(examples), small_codebook.ids, [], **PARAMS["transfer"]
    )


def test_each_round_is_trained_with_all_before_it(done: Transfer) -> None:
    assert [gain.documents for gain in done.rounds] == [6, 12]
    assert done.rounds[0].sentences < done.rounds[1].sentences


def test_shares_are_drawn_several_times_but_all_documents_only_once(done: Transfer) -> None:
    assert [[gain.documents for gain in drawn] for drawn in done.shares] == [[6, 6], [12]]


def test_the_last_round_is_the_whole_corpus_and_no_documents_are_fitted_twice(
    examples: list[Example],
    small_codebook: Codebook,
    words_experiment: Experiment,
    monkeypatch: pytest.MonkeyPatch,
    done: Transfer,
) -> None:
    fitted: list[frozenset[str]] = []

    def spy(experiment: Experiment, rows: list[Example], *others: object, **knobs: object) -> object:
        fitted.append(frozenset(row.doc for row in rows))
        return train_model(experiment, rows, *others, **knobs)  # type: ignore[arg-type]

    train_model = training.train_model
    monkeypatch.setattr(training, "train_model", spy)
    again = transfer(
        words_experiment, examples, *rounds_and_gold(examples), small_codebook.ids, [], **PARAMS["transfer"]
    )
    assert again == done
    assert done.rounds[-1] == done.shares[-1][0]
    assert len(fitted) == len(set(fitted)) == 4


def documents() -> list[Document]:
    return [Document(id=name, text="", writer=writer) for name, writer in (("a", "w1"), ("b", "w2"), ("c", "w1"))]


def write_rounds(folder: Path, *rounds: str) -> Path:
    path = folder / "rounds.yaml"
    path.write_text("".join(f"- writers: [{writers}]\n  aim: more\n" for writers in rounds))
    return path


def test_a_round_is_the_documents_of_its_writers(tmp_path: Path) -> None:
    assert read_rounds(write_rounds(tmp_path, "w1", "w2"), documents()) == [{"a", "c"}, {"b"}]


@pytest.mark.parametrize("rounds", [["w1"], ["w1", "w2", "w3"], ["w1", "w2, w1"]])
def test_a_writer_in_no_round_or_in_two_or_without_documents_is_named(tmp_path: Path, rounds: list[str]) -> None:
    with pytest.raises(UsageFailure, match=r"rounds\.yaml: every writer .* see w\d"):
        read_rounds(write_rounds(tmp_path, *rounds), documents())


def test_a_file_that_is_no_list_of_rounds_is_named(tmp_path: Path) -> None:
    path = tmp_path / "rounds.yaml"
    path.write_text("writers: [w1]\n")
    with pytest.raises(UsageFailure, match=r"rounds\.yaml: not a list of rounds"):
        read_rounds(path, documents())
