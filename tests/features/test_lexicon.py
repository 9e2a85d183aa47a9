from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features import lexicon
from features.errors import UsageFailure
from features.lexicon import LabellingFunction

PATTERNS = """
functions:
  - {name: money, theme: financing, any: [terrorist financ, hawala]}
  - {name: near, theme: financing, python: terror_near_money}
  - {name: development, theme: financing, vote: absent, any: [development financ]}
  - {name: posts, theme: ict_misuse, any: [online]}
"""
THEMES = ["financing", "ict_misuse"]
TEXTS = ["Terrorist financing online.", "Development financing and hawala.", "Schools."]


def write(folder: Path, text: str) -> Path:
    path = folder / "patterns.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_functions_vote_for_or_against_their_theme(tmp_path: Path) -> None:
    functions = lexicon.load(write(tmp_path, PATTERNS), THEMES)
    cast = lexicon.votes(functions, TEXTS)
    assert cast.tolist() == [[1, 1, 0, 1], [1, 0, -1, 0], [0, 0, 0, 0]]
    assert lexicon.majority(functions, cast, THEMES).tolist() == [[True, True], [False, False], [False, False]]


def test_coverage_overlap_and_conflict_are_shares_of_all_sentences(tmp_path: Path) -> None:
    functions = lexicon.load(write(tmp_path, PATTERNS), THEMES)
    money, near, development, posts = lexicon.coverage(functions, lexicon.votes(functions, TEXTS))
    assert (money.coverage, money.overlap, money.conflict) == (0.666667, 0.666667, 0.333333)
    assert (near.coverage, near.overlap, near.conflict) == (0.333333, 0.333333, 0.0)
    assert development.conflict == 0.333333
    assert (posts.overlap, posts.conflict) == (0.0, 0.0)


def test_a_function_is_stored_as_data_and_comes_back_the_same(tmp_path: Path) -> None:
    functions = lexicon.load(write(tmp_path, PATTERNS), THEMES)
    kept = msgspec.json.encode([lexicon.stored(function) for function in functions])
    back = [lexicon.restored(one) for one in msgspec.json.decode(kept, type=list[lexicon.Stored])]
    assert back == functions
    assert (lexicon.votes(back, TEXTS) == lexicon.votes(functions, TEXTS)).all()


def test_a_hit_is_a_vote_whichever_way(tmp_path: Path) -> None:
    functions = lexicon.load(write(tmp_path, PATTERNS), THEMES)
    assert lexicon.hits(functions, TEXTS).toarray().tolist() == [[1, 1, 0, 1], [1, 0, 1, 0], [0, 0, 0, 0]]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("functions: [{name: f, theme: nope, any: [x]}]", "nope"),
        ("functions: [{name: f, theme: financing, any: ['(']}]", "regular expression"),
        ("functions: [{name: f, theme: financing}]", "either"),
        ("functions: [{name: f, theme: financing, python: nope}]", "terror_near_money"),
        ("functions: [{name: f, theme: financing, anny: [x]}]", "anny"),
        ("functions: [", "patterns.yaml"),
    ],
)
def test_a_function_that_means_nothing_is_named(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(UsageFailure, match=named):
        lexicon.load(write(tmp_path, text), THEMES)


WORDS = [
    *(
        "terrorist",
        "financing",
        "of",
        "the",
        "hawala",
        "online",
        "propaganda",
        "development",
        "money",
        "radicalisation",
    ),
    *(
        "attack",
        "Attacks",
        "cooperation",
        "joint",
        "working",
        "group",
        "council",
        "social",
        "media",
        "bank",
        "and",
        "al-Qaida",
    ),
]


@given(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join))
def test_nothing_fires_on_a_masked_text_and_other_words_stay(functions: list[LabellingFunction], text: str) -> None:
    left = lexicon.masked(functions, text)
    assert not any(function.fires(left) for function in functions)
    assert lexicon.masked(functions, "The council met twice.") == "The council met twice."
