from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from features import folds
from features.classifiers import fit
from features.codebook import Codebook
from features.errors import UsageFailure
from features.experiments import Part
from features.lexicon import LabellingFunction
from features.text import Document, Example, Passage
from features.training import Trained
from pipelines import axes as module
from pipelines.axes import Axis, axes
from tests.conftest import PARAMS

KNOBS = PARAMS["axes"]


@pytest.fixture(scope="module")
def by_id(documents: list[Document]) -> dict[str, Document]:
    return {document.id: document for document in documents}


@pytest.fixture(scope="module")
def found(
    trained: Trained, examples: list[Example], by_id: dict[str, Document], functions: list[LabellingFunction]
) -> dict[str, Axis]:
    return {one.name: one for one in axes(trained, examples, by_id, functions, **KNOBS)}


def test_every_axis_is_measured_with_its_drop_below_the_plain_one(found: dict[str, Axis]) -> None:
    assert list(found) == ["documents", "genres", "sources", "date", "without the lexicon"]
    plain = found["documents"]
    assert plain.drop is None and plain.macro_f1.value is not None
    for one in list(found.values())[1:]:
        assert one.drop is not None and one.macro_f1.value is not None
        if one.name != "date":  # which is set beside the same late sentences
            assert one.drop.value == pytest.approx(plain.macro_f1.value - one.macro_f1.value, abs=2e-6)
        assert one.drop.low <= one.drop.value <= one.drop.high
    assert 0 < found["date"].sentences < plain.sentences


def test_no_model_has_seen_the_genre_the_source_or_the_years_it_is_asked_about(
    trained: Trained,
    examples: list[Example],
    by_id: dict[str, Document],
    functions: list[LabellingFunction],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    document_of = {row.text: by_id[row.doc] for row in examples if row.part in module.OPENED}
    learned: list[set[str]] = []

    def spy(part: Part, passages: Sequence[Passage], *rest: Any) -> Any:
        learned.append({passage.text for passage in passages})
        return fit(part, passages, *rest)

    monkeypatch.setattr(folds, "in_threads", map)
    monkeypatch.setattr(folds, "fit", spy)
    done = axes(trained, examples, by_id, functions, **KNOBS)
    count = {one.name: one.groups for one in done}
    by_genre = learned[count["documents"] :][: count["genres"]]
    every = {document.genre for document in document_of.values()}
    assert [len(every - {document_of[text].genre for text in texts}) for texts in by_genre] == [1] * len(every)
    by_date = learned[count["documents"] + count["genres"] + count["sources"] :][: count["date"]]
    years = [sorted(str(document_of[text].date) for text in texts) for texts in by_date]
    latest, earliest = min(dates[-1] for dates in years), max(dates[0] for dates in years)
    assert latest <= earliest
    masked = learned[-count["without the lexicon"] :]
    sounding = [function for function in functions if function.pattern is not None]
    assert not any(function.fires(text) for texts in masked for text in texts for function in sounding)


def test_test_stays_closed(
    trained: Trained,
    examples: list[Example],
    by_id: dict[str, Document],
    functions: list[LabellingFunction],
    found: dict[str, Axis],
) -> None:
    other = [replace(row, text="Herring.", themes=["financing"]) if row.part == "test" else row for row in examples]
    assert axes(trained, other, by_id, functions, **KNOBS) == list(found.values())


def test_without_dates_the_axis_of_time_is_left_out(
    trained: Trained, examples: list[Example], by_id: dict[str, Document], small_codebook: Codebook
) -> None:
    undated = {name: replace(document, date=None) for name, document in by_id.items()}
    assert "date" not in [one.name for one in axes(trained, examples, undated, [], **KNOBS)]


def test_an_average_is_refused(trained: Trained, examples: list[Example], by_id: dict[str, Document]) -> None:
    average = replace(trained, experiment=replace_parts(trained))
    with pytest.raises(UsageFailure, match="one classifier"):
        axes(average, examples, by_id, [], **KNOBS)


def replace_parts(trained: Trained) -> Any:
    from features.experiments import Experiment

    return Experiment(average=[*trained.experiment.parts, *trained.experiment.parts])
