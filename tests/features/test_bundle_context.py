"""Bundles that read neighbours and a lexicon beside the sentence itself."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features import bundle, experiment_files, manifest
from features.bundle import Bundle
from features.codebook import Codebook
from features.errors import UntrustedModelFailure
from features.experiments import Experiment, Lexicon, LogisticRegression, NGrams
from features.lexicon import LabellingFunction
from features.text import Example, Passage
from features.training import Trained
from pipelines.export import Export, export
from pipelines.train import train
from tests.conftest import PARAMS
from tests.small_bundle import write_bundle

TEXT = st.text(max_size=40) | st.text(alphabet="ab terrorist financing online.-’é\u0301İß\n", max_size=60)
PASSAGE = st.builds(Passage, TEXT, TEXT, TEXT)
HERE = Passage(
    "They froze terrorist assets and stopped hawala dealers.",
    before="The two sides met on the financing of terrorism.",
    after="Propaganda on the internet was discussed as well.",
)


@pytest.fixture(scope="module")
def context(examples: list[Example], small_codebook: Codebook, functions: list[LabellingFunction]) -> Trained:
    experiment = experiment_files.load(Path("experiments/context-lexicon-nb.yaml"))
    return train(experiment, examples, small_codebook.ids, functions, None, **PARAMS["train"])


@pytest.fixture(scope="module")
def exported(context: Trained, small_codebook: Codebook, examples: list[Example]) -> Export:
    return export(context, "context", small_codebook, [row.passage for row in examples], 2000, {})


@pytest.fixture
def folder(exported: Export, tmp_path: Path) -> Path:
    return write_bundle(tmp_path / "bundle", exported.model, exported.weights)


@given(passages=st.lists(PASSAGE, min_size=1, max_size=4))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_passage_gets_the_pipelines_labels_or_an_abstention(
    exported: Export, context: Trained, passages: list[Passage]
) -> None:
    scores = Bundle(exported.model, exported.weights, "").score(passages)
    expected = context.probabilities(passages)
    known = ~scores.abstained
    np.testing.assert_allclose(scores.probabilities[known], expected[known], atol=1e-9)
    assert (scores.labels[known] == context.labels(expected)[known]).all()


def test_a_loaded_bundle_answers_as_the_trained_pipeline_and_neighbours_matter(
    folder: Path, context: Trained, examples: list[Example]
) -> None:
    loaded = bundle.load(folder)
    passages = [row.passage for row in examples]
    scores = loaded.score(passages)
    expected = context.probabilities(passages)
    assert not scores.abstained.any()
    np.testing.assert_allclose(scores.probabilities, expected, atol=1e-9)
    assert (scores.labels == context.labels(expected)).all()
    alone = loaded.score([Passage(passage.text) for passage in passages])
    assert np.abs(alone.probabilities - scores.probabilities).max() > 0.01


def test_the_same_bytes_are_written_twice(folder: Path, tmp_path: Path) -> None:
    loaded = bundle.load(folder)
    again = write_bundle(tmp_path / "again", loaded.model, loaded.weights)
    assert all(path.read_bytes() == (folder / path.name).read_bytes() for path in again.iterdir())


def test_an_explanation_names_where_each_share_comes_from_and_adds_up(folder: Path) -> None:
    loaded = bundle.load(folder)
    terms = loaded.explain(HERE, "financing", most=10_000)
    row = loaded.themes.index("financing")
    slope, offset = loaded.model.calibration[row]
    margin = slope * (sum(weight for _, weight in terms) + loaded.weights.intercepts[row]) + offset
    assert 1 / (1 + np.exp(-margin)) == pytest.approx(loaded.score([HERE]).probabilities[0, row], abs=1e-9)
    names = [name for name, _ in terms]
    assert {"[before] financing", "[after] internet", "terrorist"} <= set(names)
    rules = {function.name for function in loaded._functions if function.fires(HERE.text)}
    assert rules
    assert {name.removeprefix("[rule] ") for name in names if name.startswith("[rule] ")} == rules


def test_it_abstains_where_only_a_neighbour_is_known(folder: Path) -> None:
    unknown = Passage("Жжж ццц.", before=HERE.before, after=HERE.after)
    known = Passage("Terrorist financing.", before="Жжж ццц.", after="Жжж ццц.")
    assert bundle.load(folder).score([unknown, known]).abstained.tolist() == [True, False]


def test_a_rule_of_the_lexicon_is_knowledge_enough(
    examples: list[Example], small_codebook: Codebook, functions: list[LabellingFunction]
) -> None:
    sees = Experiment(LogisticRegression(), [NGrams("words", (1, 1), field="before")], Lexicon())
    trained = train(sees, examples, small_codebook.ids, functions, None, **PARAMS["train"])
    done = export(trained, "rules", small_codebook, [row.passage for row in examples], 2000, {})
    scores = Bundle(done.model, done.weights, "").score([HERE, Passage("Nothing of note.", before=HERE.text)])
    assert scores.abstained.tolist() == [False, True]


def test_patterns_without_functions_leave_the_lexicon_empty(
    examples: list[Example], small_codebook: Codebook, tmp_path: Path
) -> None:
    experiment = experiment_files.load(Path("experiments/context-lexicon-logreg.yaml"))
    trained = train(experiment, examples, small_codebook.ids, [], None, **PARAMS["train"])
    done = export(trained, "bare", small_codebook, [row.passage for row in examples], 2000, {})
    loaded = bundle.load(write_bundle(tmp_path / "bare", done.model, done.weights))
    assert loaded.model.lexicon == []
    np.testing.assert_allclose(loaded.score([HERE]).probabilities, trained.probabilities([HERE]), atol=1e-9)


def _first(model: str, key: str, value: str) -> str:
    """`model` with the first value of `key` replaced."""
    start = model.index(f'"{key}": ', model.index('"lexicon"')) + len(f'"{key}": ')
    end = min(at for at in (model.find(",\n", start), model.find("\n", start)) if at > 0)
    return model[:start] + value + model[end:]


STRANGER = '{"name": "x", "theme": "x", "vote": 1, "pattern": "x", "python": null},'
DAMAGES: dict[str, Callable[[str], str]] = {
    "lexicon: .*not a regular expression": lambda model: _first(model, "pattern", '"("'),
    "lexicon: .*'python' names one of": lambda model: _first(model, "python", '"os.system"'),
    "vote": lambda model: _first(model, "vote", "2"),
    "field": lambda model: model.replace('"field": "before"', '"field": "everything"'),
    "hits": lambda model: model.replace('"lexicon": [', f'"lexicon": [{STRANGER}'),
}


@pytest.mark.parametrize("named", DAMAGES)
def test_what_it_cannot_look_for_is_refused_on_loading(folder: Path, named: str) -> None:
    model = (folder / "model.json").read_text(encoding="utf-8")
    damaged = DAMAGES[named](model)
    assert damaged != model
    (folder / "model.json").write_text(damaged, encoding="utf-8")
    manifest.write(folder)
    with pytest.raises(UntrustedModelFailure, match=f"(?s){named}") as refused:
        bundle.load(folder)
    assert refused.value.exit_code == 5
