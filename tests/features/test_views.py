from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import views
from features.experiments import Lexicon, LinearSVM, NGrams, Part, Vectors
from features.lexicon import LabellingFunction
from features.ngrams import matrix
from features.resampling import Floats
from features.text import Passage

FULL = [
    NGrams("words", (1, 2), sublinear_tf=True, idf=True, norm="l2"),
    NGrams("characters", (2, 4), norm="l2", weight=2.0),
    NGrams("words", (1, 1), field="before", idf=True, norm="l2", weight=0.5),
    NGrams("words", (1, 1), field="after", weight=0.25),
]
TEXT = st.text(max_size=20) | st.text(alphabet="ab AB.-’é\u0301İß\n٣", max_size=20)
PASSAGE = st.builds(Passage, TEXT, TEXT, TEXT)
KNOWN = [Passage("the terrorist threat", "funds were frozen", "online propaganda"), Passage("ab", "ab", "ab")]


@given(st.lists(PASSAGE, min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_what_a_bundle_sees_is_what_the_pipeline_sees(functions: list[LabellingFunction], seen: list[Passage]) -> None:
    fitted = views.build(Part(LinearSVM(), FULL, Lexicon(0.3)), functions).fit([*seen, *KNOWN])
    expected = fitted.transform([*seen, *KNOWN]).toarray()
    found = [
        matrix([*seen, *KNOWN], view, vectorizer.vocabulary_, vectorizer.idf_ if view.idf else None).toarray()
        for view, vectorizer in zip(FULL, views.vectorizers([fitted]), strict=True)
    ]
    hits = [[0.3 * function.fires(passage.text) for function in functions] for passage in [*seen, *KNOWN]]
    np.testing.assert_allclose(np.hstack([*found, hits]), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("field", ["text", "before", "after"])
def test_a_view_sees_its_own_field_and_no_other(field: Literal["text", "before", "after"]) -> None:
    here = {"text": "one", "before": "two", "after": "three"}
    fitted = views.build(Part(LinearSVM(), [NGrams("words", (1, 1), field=field)]), []).fit([Passage(**here)])
    assert views.vectorizers([fitted])[0].get_feature_names_out().tolist() == [here[field]]
    elsewhere = {name: "" if name == field else " ".join(here.values()) for name in here}
    assert fitted.transform([Passage(**elsewhere)]).nnz == 0


@pytest.mark.parametrize("weight", [0.25, 1.0, 3.0])
def test_a_weight_multiplies_its_view_and_leaves_the_others_alone(weight: float) -> None:
    def seen(view: NGrams) -> Floats:
        part = Part(LinearSVM(), [NGrams("words", (1, 1)), view])
        return np.asarray(views.build(part, []).fit(KNOWN).transform(KNOWN).toarray())

    plain = seen(NGrams("words", (1, 1), field="after", norm="l2"))
    weighed = seen(NGrams("words", (1, 1), field="after", norm="l2", weight=weight))
    own = len({"the", "terrorist", "threat", "ab"})
    np.testing.assert_array_equal(weighed[:, :own], plain[:, :own])
    np.testing.assert_allclose(weighed[:, own:], weight * plain[:, own:])


def test_a_lexicon_without_functions_adds_nothing() -> None:
    part = Part(LinearSVM(), [NGrams("words", (1, 1))], Lexicon())
    assert views.build(part, []).fit(KNOWN).transform(KNOWN).shape == (2, 4)


@pytest.mark.parametrize(
    ("features", "lexicon"), [(FULL, Lexicon(0.3)), (FULL[:1], None), (FULL[1:2], None)], ids=["all", "one", "weighed"]
)
def test_features_are_those_of_the_union_itself(
    features: list[NGrams], lexicon: Lexicon | None, functions: list[LabellingFunction]
) -> None:
    theirs, ours = (views.build(Part(LinearSVM(), features, lexicon), functions) for _ in range(2))
    pairs = [
        (theirs.fit_transform(KNOWN), views.fit_transform(ours, KNOWN)),
        (theirs.transform(KNOWN[:1]), views.transform(ours, KNOWN[:1])),
    ]
    for expected, found in pairs:
        for name in ("data", "indices", "indptr"):
            np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), strict=True)


def test_functions_and_vectorizers_are_told_apart(functions: list[LabellingFunction]) -> None:
    fitted = [views.build(Part(LinearSVM(), FULL, Lexicon()), functions).fit(KNOWN)]
    assert views.functions(fitted) == functions
    assert [vectorizer.view for vectorizer in views.vectorizers(fitted)] == FULL
    reads_vectors = [views.build(Part(LinearSVM(), vectors=Vectors([6])), functions)]
    assert views.functions(reads_vectors) == views.vectorizers(reads_vectors) == []
