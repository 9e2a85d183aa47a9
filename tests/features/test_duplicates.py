from hypothesis import given
from hypothesis import strategies as st

from features.duplicates import documents_that_repeat, near_duplicates

WORDS = st.lists(st.sampled_from(["terror", "fund", "share", "state", "meet", "2004"]), min_size=1, max_size=9)


def shingles(words: list[str]) -> set[str]:
    words = ["0" if word == "2004" else word for word in words]
    return {" ".join(words[i : i + 2]) for i in range(max(1, len(words) - 1))}


@given(st.lists(WORDS, min_size=2, max_size=12), st.sampled_from([0.1, 0.3, 0.5, 0.6, 1.0]))
def test_the_pairs_are_exactly_those_of_the_definition_in_order(rows: list[list[str]], at_least: float) -> None:
    found = near_duplicates([" ".join(row) for row in rows], shingle=2, at_least=at_least).tolist()
    sets = [shingles(row) for row in rows]
    assert found == [
        [i, j]
        for i in range(len(rows))
        for j in range(i + 1, len(rows))
        if len(sets[i] & sets[j]) / len(sets[i] | sets[j]) >= at_least
    ]


def test_numbers_case_and_punctuation_do_not_hide_a_repetition() -> None:
    texts = ["The 3rd meeting was held on 4 May 2004.", "the 3rd meeting was held on 11 May 2019", "Nothing alike"]
    assert near_duplicates(texts, shingle=2, at_least=0.9).tolist() == [[0, 1]]


def test_documents_sharing_a_third_of_the_shorter_one_stay_together_in_chains() -> None:
    texts = ["alpha beta", "gamma delta", "alpha beta", "epsilon zeta", "epsilon zeta", "one two", "three four"]
    documents = ["a", "a", "b", "b", "c", "d", "d"]
    pairs = near_duplicates(texts, shingle=2, at_least=0.9)
    groups = documents_that_repeat(documents, pairs, at_least=0.3)
    assert groups == {"a": "a", "b": "a", "c": "a", "d": "d"}


def test_no_text_has_no_pairs() -> None:
    assert near_duplicates([], shingle=2, at_least=0.5).shape == (0, 2)
