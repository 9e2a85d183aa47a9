"""Twelve documents of the shipped corpus, taken once through the stages' own functions."""

import os
from collections.abc import Generator
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from hypothesis import settings

import pipelines  # noqa: F401 - pins the threads before numpy starts any
from features import annotations, codebook, experiment_files, lexicon
from features.adapted import Adaptation
from features.annotations import Annotations
from features.codebook import Codebook
from features.experiments import Experiment
from features.lexicon import LabellingFunction
from features.text import Document, Example, Label, Sentence
from features.training import Trained
from pipelines.adapt import adapt
from pipelines.ingest import ingest
from pipelines.label import label
from pipelines.segment import segment
from pipelines.split import split
from pipelines.train import train

# What of an extra a test imports; CI names in ABSENT_EXTRAS those that it goes without.
EXTRAS = {"parity": "sentence_transformers", "spark": "pyspark"}
SMALL = Path("tests/corpus")
PARAMS = yaml.safe_load((SMALL / "params.yaml").read_text(encoding="utf-8"))
WORDS = "tfidf-word-logreg"
# How fast a test is, is not what it tests.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under CI a skipped test is a failure: a check that never runs is no check."""
    report = yield
    absent = _extras(item) & set(os.environ.get("ABSENT_EXTRAS", "").split())
    if os.environ.get("CI") == "true" and report.skipped and not absent and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped under CI: {item.nodeid}: {report.longrepr}"
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest test first: what runs on the other cores meanwhile costs no time."""
    items.sort(key=lambda item: "test_full_list" not in item.nodeid)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for name in sorted(_extras(item)):
        if find_spec(EXTRAS[name]) is None:
            pytest.skip(
                f"the extra is missing: .venv/bin/uv pip install --python .venv -r pyproject.toml --extra {name}"
            )


def _extras(item: pytest.Item) -> set[str]:
    return {mark.args[0] for mark in item.iter_markers("extra")}


@pytest.fixture(scope="session")
def small_codebook() -> Codebook:
    return codebook.load(Path("data/codebook.yaml"))


@pytest.fixture(scope="session")
def functions(small_codebook: Codebook) -> list[LabellingFunction]:
    return lexicon.load(Path("data/patterns.yaml"), small_codebook.ids)


@pytest.fixture(scope="session")
def documents() -> list[Document]:
    return ingest(SMALL / "corpus", **PARAMS["ingest"]).documents


@pytest.fixture(scope="session")
def small_sentences(documents: list[Document]) -> list[Sentence]:
    return segment(documents, **PARAMS["segment"])


@pytest.fixture(scope="session")
def coded(small_sentences: list[Sentence], small_codebook: Codebook) -> Annotations:
    return annotations.read(SMALL / "annotations", small_sentences, small_codebook)


@pytest.fixture(scope="session")
def labels(
    small_sentences: list[Sentence],
    coded: Annotations,
    small_codebook: Codebook,
    functions: list[LabellingFunction],
) -> list[Label]:
    return label(small_sentences, coded, small_codebook, functions, **PARAMS["label"]).labels


@pytest.fixture(scope="session")
def examples(documents: list[Document], labels: list[Label], small_codebook: Codebook) -> list[Example]:
    return split(documents, labels, small_codebook.ids, **PARAMS["split"]).examples


@pytest.fixture(scope="session")
def adaptation(examples: list[Example], small_codebook: Codebook) -> Adaptation:
    """The encoder fine-tuned on the small corpus."""
    done = adapt(examples, small_codebook.ids, **PARAMS["adapt"])
    assert done is not None
    return done


@pytest.fixture(scope="session")
def words_experiment() -> Experiment:
    return experiment_files.load(Path("experiments") / f"{WORDS}.yaml")


@pytest.fixture(scope="session")
def trained(
    words_experiment: Experiment,
    examples: list[Example],
    small_codebook: Codebook,
    functions: list[LabellingFunction],
) -> Trained:
    return train(words_experiment, examples, small_codebook.ids, functions, None, **PARAMS["train"])
