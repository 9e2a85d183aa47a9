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
    same_arithmetic = _vectors(Path()) == _vectors(root)
    for path in committed:
        experiment = experiment_files.load(Path("experiments") / f"{path.parent.name}.yaml")
        # Where a processor rounds the encoder's single-precision products in a way of its own, some labels tip over.
        reads_encoder = experiment.learns_from_encoder or experiment.is_adapted
        within = 0.02 if reads_encoder and not same_arithmetic else 5e-5
        _assert_close(
            json.loads(path.read_text(encoding="utf-8")), json.loads((root / path).read_text(encoding="utf-8")), within
        )


def _vectors(root: Path) -> str:
    """What tells the encoder's vectors of the corpus, to the bit, from others."""
    stages = yaml.safe_load((root / "dvc.lock").read_text(encoding="utf-8"))["stages"]
    return str(stages["embed"]["outs"][0]["md5"])


def _assert_close(expected: object, found: object, within: float) -> None:
    if isinstance(expected, dict):
        assert isinstance(found, dict) and set(found) == set(expected)
        for key, value in expected.items():
            _assert_close(value, found[key], within)
    elif isinstance(expected, float):
        assert isinstance(found, float | int) and math.isclose(expected, found, abs_tol=within)
    else:
        assert expected == found
