from pathlib import Path

import pytest

from features import experiment_files
from features.errors import UsageFailure

TUNABLE = "classifier: {kind: linear_svm}\nfeatures: [{of: words, ngrams: [1, 2]}]"
SHIPPED = sorted(Path("experiments").glob("*.yaml"))


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_experiment_is_one_and_says_why_on_top(path: Path) -> None:
    experiment_files.load(path)
    assert len(experiment_files.hypothesis(path)) > 80


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("classifier: {kind: logistic_regresion}", "logistic_regresion"),
        ("classifier: {kind: linear_svm, C: 1}\nfeatures: [{of: words, ngrams: [1, 2]}]", "`C`"),
        ("classifier: {kind: linear_svm}", "learns from `features`, from `vectors` or from `static`"),
        ("classifier: {kind: linear_svm}\nvectors: {layers: [7]}", "<= 6"),
        ("classifier: {kind: complement_nb}\nvectors: {layers: [6]}", "complement_nb counts words"),
        ("classifier: {kind: kernel_ridge}\nfeatures: [{of: words, ngrams: [1, 2]}]", "needs `vectors`"),
        ("classifier: {kind: kernel_ridge}\nstatic: {layers: [6]}", "needs `vectors`"),
        ("classifier: {kind: landmark_ridge}\nvectors: {layers: [6]}", "landmark_ridge needs `static`"),
        ("classifier: {kind: complement_nb}\nstatic: {layers: [6]}", "complement_nb counts words"),
        ("classifier: {kind: linear_svm}\nstatic: {layers: [6], width: 500}", "<= 384"),
        ("classifier: {kind: linear_svm}\nstatic: {layers: [6]}\nvectors: {layers: [6]}", "give one of them"),
        ("classifier: {kind: majority}\nstatic: {layers: [6]}", "belong to a trained classifier"),
        ("classifier: {kind: keywords}\nvectors: {layers: [6]}", "belong to a trained classifier"),
        ("classifier: {kind: linear_svm}\nvectors: {layers: [6]}\nlexicon: {weight: 0.3}", "`lexicon` stands beside"),
        (
            "classifier: {kind: linear_svm}\nlexicon: {weight: 0.3}",
            "learns from `features`, from `vectors` or from `static`",
        ),
        ("classifier: {kind: keywords}\nlexicon: {}", "belong to a trained classifier"),
        ("classifier: {kind: linear_svm}\nfeatures: [{of: words, ngrams: [1, 1], field: next}]", "'next'"),
        ("classifier: {kind: linear_svm}\nfeatures: [{of: words, ngrams: [1, 1], weight: 0}]", "> 0"),
        ("average: [{classifier: {kind: linear_svm}}]", "learns from `features`, from `vectors` or from `static`"),
        ("classifier: {kind: majority}\naverage: [{classifier: {kind: linear_svm}}]", "either a `classifier` or"),
        ("classifier: {kind: linear_svm}\nfeatures: [{of: word, ngrams: [1, 2]}]", "'word'"),
        (f"{TUNABLE}\ntune: {{classifier.C: [1]}}", "tune: classifier.C: 1: no 'C' in the path.*kind, c, balanced"),
        (f"{TUNABLE}\ntune: {{classifier.c: [1, many]}}", "classifier.c: many: Expected `float`, got `str`"),
        (f"{TUNABLE}\ntune: {{classifier.c: []}}", "length >= 1"),
        (f"{TUNABLE}\ntune: {{features.1.min_df: [1]}}", "no '1' in the path 'features.1.min_df'; there is 0"),
        (f"{TUNABLE}\ntune: {{vectors.layers: [[6]]}}", "no 'layers' in the path 'vectors.layers'; there is nothing"),
        (
            f"{TUNABLE}\ntune: {{labels: [gold, gold+weak]}}",
            "labels: only classifier, features, lexicon, vectors, static, average",
        ),
        (f"{TUNABLE}\ntune: {{classifier: [{{kind: kernel_ridge}}]}}", "needs `vectors`"),
        (f"{TUNABLE}\ntune: {{classifier: [{{kind: majority}}], features: [[]]}}", "another family"),
        ("classifier: {kind: majority}\ntune: {classifier.kind: [keywords]}", "of a trained model can be tuned"),
        (
            "average: [{classifier: {kind: fine_tuned}}]\ntune: {average.0.classifier: [{kind: fine_tuned}]}",
            "in a search",
        ),
        ("average: [{classifier: {kind: fine_tuned}}]\nweights: stacked", "of two parts or more"),
        ("features: [", "not an experiment"),
        ("{}", "classifier"),
    ],
)
def test_a_misspelt_experiment_is_named_with_its_file(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(UsageFailure, match=rf"(?s)mine\.yaml.*{named}"):
        experiment_files.load(write(tmp_path, text))


def test_an_experiment_without_a_file_says_which_file_to_write(tmp_path: Path) -> None:
    with pytest.raises(UsageFailure, match=r"nope\.yaml: no such experiment"):
        experiment_files.load(tmp_path / "nope.yaml")


def test_the_hypothesis_is_the_comment_on_top_as_one_paragraph(tmp_path: Path) -> None:
    path = write(tmp_path, "# Words alone\n# may do.\nclassifier:\n  kind: majority\n# later\n")
    assert experiment_files.hypothesis(path) == "Words alone may do."
