from features.lexicon import LabellingFunction
from features.profile import Coded, profile

FINANCING, NONE = frozenset({"financing"}), frozenset[str]()
CODED = Coded(
    texts=[
        "Terrorists raise funds by hawala.",
        "Hawala pays.",
        "The sides met on 4 May 2004 in town.",
        "The sides met on 9 May 2011 in town.",
    ],
    themes=[FINANCING, FINANCING | {"ict_misuse"}, NONE, NONE],
    documents=["a", "a", "a", "b"],
)


def figures(functions: list[LabellingFunction]) -> dict[tuple[str, str], float]:
    rows = profile(CODED, ["financing", "ict_misuse"], functions, shingle=2, near_duplicate=0.6)
    return {(row.group, row.name): row.value for row in rows}


def test_figures_are_those_of_the_definition(functions: list[LabellingFunction]) -> None:
    known = [function for function in functions if function.theme in ("financing", "ict_misuse")]
    found = figures(known)
    assert found["size", "documents"] == 2
    assert found["size", "words, mean"] == 6.25
    assert found["share of sentences", "no theme"] == 0.5
    assert found["share of sentences", "two themes or more"] == 0.25
    assert found["share with both", "financing and ict_misuse"] == 0.25
    assert found["wording", "names terrorism, of sentences with a theme"] == 0.5
    assert found["wording", "names terrorism, of sentences without"] == 0
    assert found["wording", "nearly repeated in another document"] == 0.5
    assert found["recall of keywords", "financing"] == 1
    assert found["precision of keywords", "financing"] == 1
    assert found["recall of keywords", "ict_misuse"] == 0
