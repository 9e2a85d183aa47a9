"""The registered model answers alike whatever the form of its input, and needs nothing of this checkout."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlflow.exceptions import MlflowException
from mlflow.pyfunc import scoring_server
from packaging.requirements import Requirement

from features import bundle, encoder, requirements
from features.text import Passage
from pipelines import serving
from pipelines.tracking import registry
from tests import finished_files, small_bundle, tracked

TEXTS = ["terrorist funds", "the internet", "Zzz."]
THEMES = list(small_bundle.WORDS)
IN_CONTEXT = [Passage("terrorist funds", before="In cyberspace."), Passage("Zzz.", "In cyberspace.", "The end.")]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The champion of a store in the current folder."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        empty = tracked.empty_database(tmp_path_factory.mktemp("empty"))
        tracked.enter(tmp_path_factory.mktemp("workspace"), monkeypatch, empty)
        finished_files.finish("a")
        tracked.track_here()
        yield tracked.load(f"models:/{tracked.MODEL}@champion")


def expected(sentences: Sequence[str | Passage]) -> list[dict[str, Any]]:
    """What the bundle itself says, as rows."""
    passages = [Passage(one) if isinstance(one, str) else one for one in sentences]
    scores = bundle.load(Path("data/export/champion")).score(passages)
    rows: list[dict[str, Any]] = []
    for labels, probabilities, abstained in zip(scores.labels, scores.probabilities, scores.abstained, strict=True):
        row: dict[str, Any] = {}
        for theme, label, probability in zip(THEMES, labels, probabilities, strict=True):
            row |= {theme: bool(label), f"{theme}_probability": None if abstained else float(probability)}
        rows.append(row | {"abstained": bool(abstained)})
    return rows


def ask(model: Any, payload: str) -> tuple[int, Any]:
    """Status and answer of MLflow's scoring server, without the network."""
    served: Any = scoring_server
    try:
        answer = served.invocations(payload, "application/json", model, model.metadata.get_input_schema())
    except MlflowException as error:
        return error.get_http_status_code(), str(error)  # type: ignore[no-untyped-call]
    return answer.status, strictly(answer.response)


def strictly(answer: str) -> Any:
    """JSON without NaN, which only Python reads."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(answer, parse_constant=refuse)


def test_three_rows_of_a_table_give_three_rows(model: Any) -> None:
    answer = model.predict(pd.DataFrame({"text": TEXTS}))
    assert len(answer) == 3
    assert answer.to_dict("records") == expected(TEXTS)
    assert list(answer.columns) == [
        *(f"{theme}{ending}" for theme in THEMES for ending in ("", "_probability")),
        "abstained",
    ]


@pytest.mark.parametrize("form", [list, pd.Series, lambda texts: pd.DataFrame({"text": texts})])
def test_a_list_and_a_column_answer_like_a_table(model: Any, form: Any) -> None:
    assert model.predict(form(TEXTS)).to_dict("records") == expected(TEXTS)


def test_one_string_is_one_sentence(model: Any) -> None:
    assert model.predict(TEXTS[0]).to_dict("records") == expected(TEXTS[:1])


def test_probabilities_are_numbers_unless_the_model_abstains(model: Any) -> None:
    assert model.predict(TEXTS[:2])["online_probability"].dtype == float
    assert model.predict(TEXTS)["online_probability"].tolist()[2] is None


@pytest.mark.parametrize(
    "payload",
    [
        {"dataframe_split": {"columns": ["text"], "data": [[text] for text in TEXTS]}},
        {"dataframe_records": [{"text": text} for text in TEXTS]},
        {"inputs": TEXTS},
        {"instances": TEXTS},
    ],
)
def test_every_json_form_answers_alike_in_strict_json(model: Any, payload: dict[str, Any]) -> None:
    assert ask(model, json.dumps(payload)) == (200, {"predictions": expected(TEXTS)})


@pytest.mark.parametrize(
    "payload",
    [
        {
            "dataframe_split": {
                "columns": ["text", "before", "after"],
                "data": [[p.text, p.before, p.after] for p in IN_CONTEXT],
            }
        },
        {"dataframe_records": [{"after": p.after or None, "text": p.text, "before": p.before} for p in IN_CONTEXT]},
        {"inputs": {name: [getattr(p, name) for p in IN_CONTEXT] for name in ("text", "before", "after")}},
        {"instances": [{"text": p.text, "before": p.before} for p in IN_CONTEXT]},
    ],
)
def test_neighbours_may_be_given_in_every_json_form_of_a_table(model: Any, payload: dict[str, Any]) -> None:
    assert ask(model, json.dumps(payload)) == (200, {"predictions": expected(IN_CONTEXT)})


def test_neighbours_in_a_table_change_the_answer_and_a_missing_one_is_none(model: Any) -> None:
    table = pd.DataFrame(IN_CONTEXT)
    assert model.predict(table).to_dict("records") == expected(IN_CONTEXT)
    assert model.predict(table)["online"].tolist() == [True, False]
    assert model.predict(table)["abstained"].tolist() == [False, True]
    table.loc[0, "before"] = None
    assert model.predict(table)["online"].tolist() == [False, False]


def test_no_rows_give_no_rows(model: Any) -> None:
    assert ask(model, '{"inputs": []}') == (200, {"predictions": []})


def test_one_string_in_json_is_one_sentence(model: Any) -> None:
    assert ask(model, json.dumps({"inputs": TEXTS[0]})) == (200, {"predictions": expected(TEXTS[:1])})


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ('{"dataframe_split": {"columns": ["sentence"], "data": [["a"]]}}', "named 'text'"),
        ('{"dataframe_split": {"columns": ["id", "text"], "data": [["1", "a"]]}}', "named 'text'"),
        ('{"dataframe_split": {"columns": ["text"], "data": [[null]]}}', "row 0"),
        ('{"dataframe_split": {"columns": ["text"], "data": [["a"], [null]]}}', "row 1"),
        ('{"dataframe_split": {"columns": ["text"], "data": [[3]]}}', "string"),
        ('{"inputs": {"text": ["a"], "before": ["b", "c"]}}', "different lengths"),
        ('{"inputs": [["a"]]}', "row 0"),
        ('{"dataframe_records": [{"text": "a", "after": 3}]}', "'after' must be a string"),
        ('{"dataframe_records": [{"before": "a", "after": "b"}]}', "named 'text'"),
        ('{"sentences": ["a"]}', "input"),
        ("{nonsense", "JSON"),
        ("", "JSON"),
    ],
)
def test_what_is_not_one_column_of_texts_is_refused_with_the_reason(model: Any, payload: str, reason: str) -> None:
    status, message = ask(model, payload)
    assert status == 400
    assert reason in message


words = st.sampled_from(["terrorist", "funds", "assets", "internet", "attack", "Zzz", "", "\n", "FUNDS"])


@given(st.lists(st.lists(words, max_size=5).map(" ".join), min_size=1, max_size=6))
def test_rows_do_not_depend_on_one_another(texts: list[str]) -> None:
    model = small_bundle.small_bundle()
    passages = serving.passages(texts)
    together = serving.table(model, passages).to_dict("records")
    assert together == [serving.table(model, [one]).to_dict("records")[0] for one in passages]


def closure(names: tuple[str, ...]) -> set[str]:
    """These distributions and all that they require, by normal name."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = normal(waiting.pop())
        if name not in found:
            found.add(name)
            if name not in INSTALLED:  # what the lock leaves out: the client of a model hub that tokenizers names
                continue
            needs = [Requirement(line) for line in metadata.requires(name) or []]
            waiting += [need.name for need in needs if need.marker is None or need.marker.evaluate({"extra": ""})]
    return found


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


INSTALLED = {normal(one.name) for one in metadata.distributions()}


PROGRAM = """
import json, sys
for name in json.loads(sys.argv[3]):
    sys.modules[name] = None
import mlflow
mlflow.set_tracking_uri(sys.argv[1])
model = mlflow.pyfunc.load_model(sys.argv[2])
answer = model.predict(["terrorist funds", "the internet", "Zzz."])
import features
print(json.dumps({"rows": answer.to_dict("records"), "code": features.__file__}))
"""


def answered_elsewhere(needed: Sequence[str], folder: Path) -> dict[str, Any]:
    """What the champion says in a process that can import these distributions, what they need, and nothing else."""
    known = closure(tuple(needed))
    tops = metadata.packages_distributions()
    foreign = [module for module, names in tops.items() if not known & {normal(name) for name in names}]
    assert {"trafilatura", "dvc", "selectolax", "pypdf", encoder.MODULE} <= set(foreign)
    store = f"sqlite:///{tracked.DATABASE.resolve()}"
    words = [store, f"models:/{tracked.MODEL}@champion", json.dumps(foreign)]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    assert Path(answer["code"]).is_relative_to(Path("data/track/artifacts").resolve())
    return answer


def test_it_loads_where_only_its_own_requirements_are_installed(model: Any, tmp_path: Path) -> None:
    assert answered_elsewhere((*registry.SERVING, *requirements.SCORING), tmp_path)["rows"] == expected(TEXTS)


@pytest.mark.slow
def test_a_model_with_an_encoder_brings_it_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tracked.enter(tmp_path, monkeypatch, tracked.empty_database(tmp_path_factory.mktemp("empty")))
    finished_files.finish("a")
    small_bundle.write_bundle(finished_files.fresh("data/export/champion"), *small_bundle.encoder_parts())
    tracked.track_here()
    needed = (*registry.SERVING, *requirements.SCORING, *requirements.ENCODER)
    found = answered_elsewhere(needed, tmp_path)["rows"]
    by_words_alone = small_bundle.small_bundle().score([Passage(text) for text in TEXTS])
    assert [row["abstained"] for row in found] == [False, False, False]
    assert found[0]["online_probability"] != by_words_alone.probabilities[0, 2]
    for row, wanted in zip(found, expected(TEXTS), strict=True):
        assert row["online_probability"] == pytest.approx(wanted["online_probability"], abs=1e-6)
