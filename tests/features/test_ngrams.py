import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from features.experiments import NGrams
from features.ngrams import matrix, terms
from features.text import Passage

TEXT = st.text(max_size=60) | st.text(alphabet="ab AB.-_’é\u0301İſß\n\t\x00٣", max_size=40)
VIEWS = [
    NGrams("words", (1, 1)),
    NGrams("words", (1, 2), sublinear_tf=True, idf=True, norm="l2"),
    NGrams("words", (2, 3), idf=True),
    NGrams("characters", (3, 5), sublinear_tf=True, norm="l2"),
    NGrams("characters", (1, 2)),
]


def vectorizer(view: NGrams) -> TfidfVectorizer:
    return TfidfVectorizer(
        analyzer="word" if view.of == "words" else "char_wb",
        ngram_range=view.ngrams,
        sublinear_tf=view.sublinear_tf,
        use_idf=view.idf,
        norm=view.norm,
    )


@pytest.mark.parametrize("view", VIEWS)
@given(text=TEXT)
@settings(max_examples=200)
def test_the_terms_of_any_text_are_scikit_learns(view: NGrams, text: str) -> None:
    assert sorted(terms(text, view)) == sorted(vectorizer(view).build_analyzer()(text))


@pytest.mark.parametrize("view", VIEWS)
@given(texts=st.lists(TEXT, min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_the_weights_of_any_texts_are_scikit_learns(view: NGrams, texts: list[str]) -> None:
    fitted = vectorizer(view).fit([*texts, "the terrorist threat", "share information on financing"])
    idf = fitted.idf_ if view.idf else None
    found = matrix([Passage(text) for text in texts], view, fitted.vocabulary_, idf)
    np.testing.assert_allclose(found.toarray(), fitted.transform(texts).toarray(), rtol=1e-12, atol=1e-12)
