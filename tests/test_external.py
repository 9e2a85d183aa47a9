from features.gold import GoldRow
from features.text import Example
from features.training import Trained
from pipelines.external import external
from tests.conftest import PARAMS


def gold_rows(examples: list[Example]) -> list[GoldRow]:
    return [GoldRow(row.sentence_id, row.doc, row.text, row.themes) for row in examples if row.part == "test"]


def test_results_are_those_of_evaluate_on_the_same_sentences(trained: Trained, examples: list[Example]) -> None:
    from pipelines.evaluate import evaluate

    def model(texts: object) -> object:
        probabilities = trained.probabilities(texts)  # type: ignore[arg-type]
        return probabilities, trained.labels(probabilities)

    found = external(model, gold_rows(examples), trained.themes, **PARAMS["evaluate"])  # type: ignore[arg-type]
    expected = evaluate(trained, examples, **PARAMS["evaluate"]).metrics["test"]
    assert found.macro_f1 == expected["macro_f1"]
    assert found.themes["financing"].f1 == expected["f1/financing"].value
    assert found.themes["financing"].support == sum("financing" in row.labels for row in gold_rows(examples))


def test_a_theme_without_a_gold_positive_is_null(trained: Trained, examples: list[Example]) -> None:
    def model(texts: object) -> object:
        probabilities = trained.probabilities(texts)  # type: ignore[arg-type]
        return probabilities, trained.labels(probabilities)

    bare = [GoldRow(r.id, r.doc, r.text, [x for x in r.labels if x != "financing"]) for r in gold_rows(examples)]
    found = external(model, bare, trained.themes, **PARAMS["evaluate"])  # type: ignore[arg-type]
    assert found.themes["financing"].f1 is None
    assert found.themes["financing"].support == 0
    assert found.macro_f1.value is not None
