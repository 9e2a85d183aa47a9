from pathlib import Path

import pytest

from features import experiment_files
from features.experiments import ComplementNB, LinearSVM

TUNABLE = "classifier: {kind: linear_svm}\nfeatures: [{of: words, ngrams: [1, 2]}]"


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "family", "learns"),
    [
        ("majority", "baseline", False),
        ("tfidf-word-logreg", "linear-ngrams", False),
        ("context-static", "static", True),
        ("ngrams-minilm-kernel", "encoder", True),
    ],
)
def test_a_family_is_what_scoring_needs_whatever_fitting_asks_for(name: str, family: str, learns: bool) -> None:
    experiment = experiment_files.load(Path("experiments") / f"{name}.yaml")
    assert (experiment.family, experiment.learns_from_encoder) == (family, learns)


def test_every_combination_of_tune_is_an_experiment_with_nothing_left_to_tune(tmp_path: Path) -> None:
    text = f"{TUNABLE}\ntune: {{classifier.c: [1, 3.0], features.0.min_df: [1, 2]}}"
    experiment = experiment_files.load(written(tmp_path, text))
    found = [(one.classifier, one.features[0].min_df) for one in experiment.candidates]
    assert found == [(LinearSVM(c), min_df) for c in (1.0, 3.0) for min_df in (1, 2)]
    assert not any(one.tune for one in experiment.candidates)
    assert experiment.classifier == LinearSVM(1.0)
    (plain,) = experiment_files.load(written(tmp_path, TUNABLE)).candidates
    assert plain == experiment_files.load(written(tmp_path, TUNABLE))


def test_a_path_leads_into_the_parts_of_an_average_and_may_name_a_whole_classifier(tmp_path: Path) -> None:
    part = "{classifier: {kind: linear_svm}, features: [{of: words, ngrams: [1, 2]}]}"
    text = f"average: [{part}, {part}]\ntune: {{average.1.classifier: [{{kind: complement_nb}}, {{kind: linear_svm}}]}}"
    first, second = experiment_files.load(written(tmp_path, text)).candidates
    assert [type(part.classifier) for part in first.parts] == [LinearSVM, ComplementNB]
    assert [type(part.classifier) for part in second.parts] == [LinearSVM, LinearSVM]
