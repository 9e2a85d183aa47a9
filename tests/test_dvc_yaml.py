"""The contract between dvc.yaml, params.yaml, the stage modules and the experiment files."""

import importlib
import inspect
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.modules import modules

STAGES: dict[str, Any] = yaml.safe_load(Path("dvc.yaml").read_text(encoding="utf-8"))["stages"]
PARAMS: dict[str, Any] = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
SMALL_PARAMS: dict[str, Any] = yaml.safe_load(Path("tests/corpus/params.yaml").read_text(encoding="utf-8"))
PACKAGES = ("features", "pipelines")
CLOSURES = {
    verb: {path.as_posix() for path in paths}
    for verb, paths in modules({name: Path(name) for name in PACKAGES}).items()
}
NO_SECTION = {"modules", "report"}
FLOW = "modules ingest segment label split audit embed adapt train evaluate compare".split()  # noqa: SIM905
FLOW += "curve weak slices gallery axes refit export behave report track".split()  # noqa: SIM905


def body(stage: str) -> dict[str, Any]:
    content: dict[str, Any] = STAGES[stage]
    inner: dict[str, Any] = content.get("do", content)
    return inner


def paths(entries: list[Any]) -> list[str]:
    return [entry if isinstance(entry, str) else next(iter(entry)) for entry in entries]


def test_the_stages_stand_in_the_order_of_the_flow() -> None:
    assert list(STAGES) == FLOW


@pytest.mark.parametrize("stage", FLOW)
def test_one_word_names_stage_module_function_section_folder_and_test(stage: str) -> None:
    module = importlib.import_module(f"pipelines.{stage}")
    keyword_only = {
        name
        for name, parameter in inspect.signature(getattr(module, stage)).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }
    assert set(PARAMS.get(stage, {})) <= keyword_only
    assert (stage in PARAMS) == (stage not in NO_SECTION)
    assert f"python -m pipelines.{stage} " in body(stage)["cmd"]
    outs = [path for key in ("outs", "metrics", "plots") for path in paths(body(stage).get(key, []))]
    assert all(path.startswith(f"data/{stage}") for path in outs)
    assert Path(f"tests/test_{stage}.py").is_file()
    assert body(stage)["desc"]


@pytest.mark.parametrize("stage", FLOW[1:])
def test_a_stage_depends_on_the_modules_that_it_imports_and_on_no_other_code(stage: str) -> None:
    deps = paths(body(stage)["deps"])
    assert f"data/modules/{stage}.sha256" in deps
    assert all(path.endswith(".j2") for path in deps if path.split("/")[0] in PACKAGES)
    # A run of track is known by the code of train and evaluate.
    others = {"train", "evaluate"} if stage == "track" else set()
    assert {Path(path).stem for path in deps if path.startswith("data/modules")} == {stage, *others}


def test_the_list_of_modules_depends_on_all_code() -> None:
    assert body("modules")["deps"] == list(PACKAGES)


@pytest.mark.parametrize("stage", FLOW)
def test_a_stage_depends_on_every_path_of_its_command(stage: str) -> None:
    *inputs, out = [word for word in body(stage)["cmd"].split() if "/" in word and not word.startswith("-")]
    deps = set(paths(body(stage)["deps"])) | {path.removesuffix(":") for path in paths(body(stage).get("params", []))}
    assert [path for path in inputs if path not in deps] == []
    assert out.startswith(f"data/{stage}")


@pytest.mark.parametrize("stage", [stage for stage in FLOW if stage in PARAMS])
def test_a_stage_reruns_when_its_section_changes(stage: str) -> None:
    assert stage in paths(body(stage)["params"])


def test_the_list_of_experiments_and_their_files_are_in_step() -> None:
    assert sorted(PARAMS["experiments"]) == sorted(
        path.stem for path in Path("experiments").glob("*.yaml") if path.stem != "promotions"
    )


def test_stages_never_import_stages() -> None:
    for stage in FLOW:
        others = {f"pipelines/{other}.py" for other in FLOW if other != stage}
        assert not CLOSURES[stage] & others


def test_features_never_import_pipelines() -> None:
    for path in Path("features").rglob("*.py"):
        assert not re.search(r"^\s*(from|import) pipelines\b", path.read_text(encoding="utf-8"), re.MULTILINE), path


def test_the_small_corpus_is_run_with_the_same_knobs() -> None:
    assert {key: set(value) for key, value in PARAMS.items() if isinstance(value, dict)} == {
        key: set(value) for key, value in SMALL_PARAMS.items() if isinstance(value, dict)
    }
