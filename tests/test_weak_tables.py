from pipelines import weak_tables

ESTIMATE = {"value": 0.5, "low": 0.4, "high": 0.6}


def row(supervision: str, documents: int, *scores: float) -> dict[str, object]:
    gain = ESTIMATE if supervision.startswith("gold+") else None
    return {"supervision": supervision, "documents": documents, "macro_f1": list(scores), "gain": gain}


def test_each_number_of_documents_is_a_line_with_the_mean_over_draws_and_the_gain() -> None:
    rows = [row("majority", 0, 0.3), row("label_model", 0, 0.4), row("gold", 5, 0.1, 0.2), row("gold+majority", 5, 0.6)]
    found = weak_tables.gains({"rows": [*rows, row("gold+label_model", 5, 0.7, 0.8)]})
    assert found == [
        ["0", "-", "0.300", "-", "0.400", "-"],
        ["5", "0.150", "0.600", "0.500 [0.400, 0.600]", "0.750", "0.500 [0.400, 0.600]"],
    ]
    assert {len(cells) for cells in found} == {len(weak_tables.GAINS)}


def test_weak_labels_stand_beside_gold_theme_by_theme_with_the_mean_last() -> None:
    names = [f"{of}/money" for of in ("precision", "recall", "f1")] + [
        f"macro_{of}" for of in ("precision", "recall", "f1")
    ]
    measured = {name: {**ESTIMATE, "value": n / 10} for n, name in enumerate(names)}
    found = weak_tables.labels({"labels": {"majority": measured, "label_model": measured}}, ["money"])
    assert found == [
        ["money", *["0.000", "0.100", "0.200"] * 2],
        ["macro", *["0.300", "0.400", "0.500"] * 2],
    ]
    assert {len(cells) for cells in found} == {len(weak_tables.LABELS)}


def test_without_labelling_functions_the_other_cells_are_dashes() -> None:
    assert weak_tables.gains({"rows": [row("gold", 5, 0.1)]}) == [["5", "0.100", "-", "-", "-", "-"]]
    assert weak_tables.labels({"labels": {}}, ["money"]) == [["money", *["-"] * 6], ["macro", *["-"] * 6]]
