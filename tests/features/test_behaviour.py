from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from features import behaviour
from features.behaviour import Behaviour, rates, tried
from features.errors import UsageFailure
from features.metrics import Bools
from features.resampling import Floats
from features.text import Passage

FOLDER = Path("tests/behaviour")
THEMES = ["threat_assessment", "financing", "radicalisation", "ict_misuse", "multilateral_cooperation"]


@pytest.fixture(scope="module")
def cases() -> Behaviour:
    return behaviour.load(FOLDER, THEMES)


class Oracle:
    """Says of every text what the files say, and is a little surer of a longer text."""

    def __init__(self, cases: Behaviour) -> None:
        every = [*cases.functionality, *cases.negation, *cases.look_alike]
        self.themes = {text: one.themes for one in every for text in one.texts}

    def __call__(self, passages: Sequence[Passage]) -> tuple[Floats, Bools]:
        labels = np.array([[theme in self.themes.get(one.text, []) for theme in THEMES] for one in passages])
        return labels * 0.5 + np.array([[len(one.text) / 1000] for one in passages]), labels


def test_there_are_as_many_cases_as_promised_and_none_stands_twice(cases: Behaviour) -> None:
    counts = {one.themes[0]: len(one.texts) for one in cases.functionality if one.themes}
    assert counts == dict.fromkeys(THEMES, 25)
    texts = [
        *(text for one in (*cases.functionality, *cases.negation, *cases.look_alike) for text in one.texts),
        *(texts[0] for one in cases.invariance for texts in one.texts),
        *(after for one in cases.direction for _, after in one.pairs),
    ]
    assert len(texts) >= 250
    assert len(set(texts)) == len(texts)
    assert sum(len(one.names) for one in cases.swaps) >= 40


def test_one_who_knows_the_answers_passes_everything(cases: Behaviour) -> None:
    outcome = tried(cases, Oracle(cases), THEMES)
    assert set(rates(outcome.results).values()) == {1.0}
    assert outcome.failing == []
    assert sum(one.cases for one in outcome.results) >= 250


def test_one_who_says_everything_of_every_text_fails_what_it_should_and_is_told_with_it(cases: Behaviour) -> None:
    def loud(passages: Sequence[Passage]) -> tuple[Floats, Bools]:
        return np.ones((len(passages), len(THEMES))), np.ones((len(passages), len(THEMES)), dtype=bool)

    outcome = tried(cases, loud, THEMES)
    found = rates(outcome.results)
    assert found == {"functionality": 0, "negation": 1, "look_alike": 0, "invariance": 1, "direction": 0}
    failing = next(one for one in outcome.failing if one.kind == "look_alike")
    assert failing.said == [THEMES]
    assert {change.mean_change for change in outcome.changes} == {0.0}


def test_a_model_that_reads_the_name_of_a_country_is_seen_to_move(cases: Behaviour) -> None:
    def prejudiced(passages: Sequence[Passage]) -> tuple[Floats, Bools]:
        named = np.array([["Iraq" in one.text] for one in passages])
        return np.repeat(named, len(THEMES), axis=1).astype(float), np.repeat(named, len(THEMES), axis=1)

    changes = {(one.kind, one.theme): one for one in tried(cases, prejudiced, THEMES).changes}
    country = changes["country", "financing"]
    # One name of n stands apart: n - 1 pairs of n (n - 1) / 2 differ by 1.
    assert country.mean_change == pytest.approx(2 / country.names, abs=1e-6)
    assert changes["group", "financing"].mean_change == 0


def test_cases_of_other_themes_are_left_out(cases: Behaviour) -> None:
    fewer = behaviour.load(FOLDER, ["financing"])
    assert {theme for one in fewer.functionality for theme in one.themes} == {"financing"}
    assert [one.theme for one in fewer.direction] == ["financing"]


def test_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    for path in FOLDER.glob("*.yaml"):
        (tmp_path / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "negation.yaml").write_text("- themes: financing\n", encoding="utf-8")
    with pytest.raises(UsageFailure, match=r"negation\.yaml: not a file of cases"):
        behaviour.load(tmp_path, THEMES)
