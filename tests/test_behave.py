import argparse
import json
from pathlib import Path

import msgspec
import yaml

from features import behaviour
from pipelines.behave import behave, main
from pipelines.store import check
from tests import small_bundle

PARAMS = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
CASES = Path("tests/behaviour")


def test_the_committed_champion_stays_above_the_floors() -> None:
    found = json.loads(Path("data/behave/behaviour.json").read_text(encoding="utf-8"))
    floors = PARAMS["behave"]["floors"]
    passed = {rate["kind"]: rate["passed"] for rate in found["rates"]}
    assert set(passed) == set(floors)
    assert {kind: share for kind, share in passed.items() if share < floors[kind]} == {}


def test_a_kind_without_a_floor_is_reported_all_the_same() -> None:
    cases = behaviour.load(CASES, ["financing"])
    found = behave(
        cases,
        lambda passages: ([[0.0]] * len(passages), [[False]] * len(passages)),  # type: ignore[arg-type,return-value]
        "none",
        ["financing"],
        floors={"negation": 0.4},
    )
    assert {rate.kind: rate.floor for rate in found.rates}["negation"] == 0.4
    assert {rate.kind: rate.floor for rate in found.rates}["direction"] == 0.0


def test_the_stage_puts_the_cases_to_the_bundle(tmp_path: Path) -> None:
    model, weights = small_bundle.parts()
    champion = tmp_path / "export" / "champion"
    champion.mkdir(parents=True)
    small_bundle.write_bundle(champion, msgspec.structs.replace(model, name="small"), weights)
    params = tmp_path / "params.yaml"
    params.write_text("behave: {floors: {}}\n", encoding="utf-8")
    options = argparse.Namespace(cases=CASES, export=tmp_path / "export", out=tmp_path / "behave", params=params)
    assert main(options).startswith("small: functionality")
    found = json.loads((check(tmp_path / "behave") / "behaviour.json").read_text(encoding="utf-8"))
    assert found["model"] == "small"
    assert found["outcome"]["changes"]
