from features.profile import Coded
from features.separability import masked, separation

NONE, MONEY = frozenset[str](), frozenset({"financing"})
KNOBS = {"folds": 3, "sentences": 40, "draws": 3, "seed": 0}


def manner(word: str, documents: int) -> Coded:
    """Four sentences a document; `word` is the only mark of the set."""
    texts = [f"{word} the members met in session {['a', 'b', 'c', 'd'][n % 4]} again" for n in range(4 * documents)]
    return Coded(
        texts, [MONEY if n % 2 else NONE for n in range(len(texts))], [f"d{n // 4}" for n in range(len(texts))]
    )


def test_sets_of_one_manner_cannot_be_told_apart() -> None:
    found = separation(manner("then", 12), manner("then", 12), **KNOBS)
    assert found is not None
    assert 0.3 < found.area_under_roc < 0.7


def test_a_set_with_a_habit_is_told_apart_and_the_habit_is_named() -> None:
    found = separation(manner("furthermore", 12), manner("then", 12), **KNOBS)
    assert found is not None
    assert found.area_under_roc > 0.95
    assert "furthermore" in " ".join(found.first_words)
    assert "then" in " ".join(found.second_words)


def test_a_difference_of_subject_alone_leaves_nothing_to_compare() -> None:
    first, second = manner("then", 12), manner("then", 12)
    money = Coded(first.texts, [MONEY] * len(first.texts), first.documents)
    none = Coded(second.texts, [NONE] * len(second.texts), second.documents)
    assert separation(money, none, **KNOBS) is None


def test_fewer_documents_than_folds_are_too_few() -> None:
    assert separation(manner("then", 2), manner("now", 12), **KNOBS | {"sentences": 8}) is None


def test_names_and_numbers_are_masked_and_the_rest_is_kept() -> None:
    text = "Today the Treasury of New Arden froze 1,250,000 dollars on 4 May 2016 again."
    assert masked(text) == "Today the Name of Name froze 0 dollars on 0 Name 0 again."
