import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer

from features import counting, vectorizer
from features.errors import UsageFailure
from features.experiments import NGrams
from features.text import Passage
from features.vectorizer import NGramVectorizer

WORDS = st.sampled_from(["the", "threat", "of", "terror", "finance", "Straße", "İstanbul", "e\u0301tat", "_x", "a"])
TEXT = st.lists(WORDS, max_size=8).map(" ".join) | st.text(alphabet="ab AB.-_’é\u0301İſß\n\t\x00٣", max_size=20)
VIEWS = [
    NGrams("words", (1, 2), min_df=2, sublinear_tf=True, idf=True, norm="l2"),
    NGrams("words", (1, 1)),
    NGrams("characters", (3, 5), min_df=3, sublinear_tf=True, idf=True, norm="l2"),
    NGrams("characters", (1, 2), idf=True),
]
# Long enough that some term passes every `min_df` above.
ALWAYS = ["the terrorist threat"] * 3


def alone(texts: list[str]) -> list[Passage]:
    return [Passage(text) for text in texts]


def scikit_learns(view: NGrams) -> TfidfVectorizer:
    return TfidfVectorizer(
        analyzer="word" if view.of == "words" else "char_wb",
        ngram_range=view.ngrams,
        min_df=view.min_df,
        sublinear_tf=view.sublinear_tf,
        use_idf=view.idf,
        norm=view.norm,
    )


@pytest.mark.parametrize("view", VIEWS)
@given(learned=st.lists(TEXT, max_size=8), met_before=st.lists(TEXT, max_size=8), new=st.lists(TEXT, min_size=1))
@settings(max_examples=60, deadline=None)
def test_vocabulary_and_matrices_are_scikit_learns_whatever_texts_were_met_before(
    view: NGrams, learned: list[str], met_before: list[str], new: list[str]
) -> None:
    NGramVectorizer(view).fit(alone([*met_before, *ALWAYS]))
    learned = [*learned, *ALWAYS]
    expected, found = scikit_learns(view).fit(learned), NGramVectorizer(view)
    matrix = found.fit_transform(alone(learned))
    assert found.vocabulary_ == expected.vocabulary_
    assert found.get_feature_names_out().tolist() == expected.get_feature_names_out().tolist()
    # To the last bit, from what is remembered as from new texts.
    np.testing.assert_array_equal(matrix.toarray(), expected.transform(learned).toarray())
    for texts in (learned, met_before, new, [*new, *learned]):
        if texts:
            np.testing.assert_array_equal(found.transform(alone(texts)).toarray(), expected.transform(texts).toarray())
    if view.idf:
        np.testing.assert_array_equal(found.idf_, expected.idf_)


def test_a_text_is_read_once_however_often_it_is_fitted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectorizer, "_known", {})
    view = NGrams("words", (1, 2))
    first = NGramVectorizer(view).fit(alone(["one two", "two three"]))
    monkeypatch.setattr("features.ngrams.words", None)
    monkeypatch.setattr("sklearn.feature_extraction.text.CountVectorizer._word_ngrams", None)
    again = NGramVectorizer(view).fit(alone(["two three"]))
    assert again.transform(alone(["one two"])).toarray().tolist() == [[0, 1, 0]]
    assert first.transform(alone(["one two"])).sum() == 3


def test_more_texts_than_are_counted_at_once_have_the_same_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = alone(["one two two", "", "three", "two one", "", "one one", "four"])
    at_once = NGramVectorizer(NGrams("words", (1, 2))).fit_transform(texts)
    monkeypatch.setattr(counting, "_TEXTS_AT_ONCE", 2)
    np.testing.assert_array_equal(
        NGramVectorizer(NGrams("words", (1, 2))).fit_transform(texts).toarray(), at_once.toarray()
    )
    assert at_once.sum() == 13


def test_what_is_stored_has_what_scikit_learn_would_have_learned() -> None:
    view, texts = VIEWS[0], [*ALWAYS, "the threat of terror finance"]
    fitted = NGramVectorizer(view).fit(alone(texts))
    counts = CountVectorizer(ngram_range=view.ngrams, min_df=view.min_df).fit_transform(texts).astype(np.float64)
    expected = TfidfTransformer(sublinear_tf=view.sublinear_tf).fit(counts)
    assert pickle.dumps(fitted.weighting_) == pickle.dumps(expected)


def test_scoring_remembers_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectorizer, "_known", {})
    fitted = NGramVectorizer(NGrams("words", (1, 1))).fit(alone(["one two"]))
    fitted.transform(alone(["three four", "one two"]))
    assert [set(known.texts) for known in vectorizer._known.values()] == [{"one two"}]


def test_what_is_stored_answers_the_same_in_a_process_that_remembers_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    view = VIEWS[0]
    fitted = NGramVectorizer(view).fit(alone([*ALWAYS, "the threat of terror finance"]))
    here = fitted.transform(alone(ALWAYS)).toarray()
    content = pickle.dumps(fitted)
    monkeypatch.setattr(vectorizer, "_known", {})
    np.testing.assert_array_equal(pickle.loads(content).transform(alone(ALWAYS)).toarray(), here)


def test_too_few_sentences_for_any_term_say_which_setting_to_lower() -> None:
    with pytest.raises(UsageFailure, match="lower `min_df`"):
        NGramVectorizer(NGrams("words", (1, 1), min_df=2)).fit(alone(["one two", "three"]))
