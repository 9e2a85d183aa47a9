"""Everything, from a clean clone: by far the longest test, so it has a file of its own and begins first (conftest)."""

import json
import math
import os
from pathlib import Path

import pytest
import yaml

from features import experiment_files
from tests import pipeline
from tests.pipeline import dvc


@pytest.mark.slow
@pytest.mark.skipif(os.environ.get("CI") != "true" and "FULL" not in os.environ, reason="minutes; set FULL=1")
def test_the_full_list_from_a_clean_clone_gives_the_committed_metrics(tmp_path: Path) -> None:
    root = pipeline.clone(tmp_path / "full", small=False)
    dvc(root, "repro")
    committed = sorted(Path("data/evaluate").glob("*/metrics.json"))
    assert len(committed) == len(yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))["experiments"])
    chosen = Path("data/compare/champion.json")
    assert json.loads(chosen.read_text(encoding="utf-8")) == json.loads((root / chosen).read_text(encoding="utf-8"))
    for path in committed:
        experiment = experiment_files.load(Path("experiments") / f"{path.parent.name}.yaml")
        # Processors round single-precision products of matrices in ways of their own, and some labels tip over.
        within = 0.02 if experiment.learns_from_encoder or experiment.is_adapted else 5e-5
        _assert_close(
            json.loads(path.read_text(encoding="utf-8")), json.loads((root / path).read_text(encoding="utf-8")), within
        )


def _assert_close(expected: object, found: object, within: float) -> None:
    if isinstance(expected, dict):
        assert isinstance(found, dict) and set(found) == set(expected)
        for key, value in expected.items():
            _assert_close(value, found[key], within)
    elif isinstance(expected, float):
        assert isinstance(found, float | int) and math.isclose(expected, found, abs_tol=within)
    else:
        assert expected == found
