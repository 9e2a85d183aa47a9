"""Everything, from a clean clone: by far the longest test, so it has a file of its own and begins first (conftest)."""

import json
import math
import os
from pathlib import Path

import pytest
import yaml

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
        _assert_close(
            json.loads(path.read_text(encoding="utf-8")), json.loads((root / path).read_text(encoding="utf-8"))
        )


def _assert_close(expected: object, found: object) -> None:
    """Equal, numbers to four places."""
    if isinstance(expected, dict):
        assert isinstance(found, dict) and set(found) == set(expected)
        for key, value in expected.items():
            _assert_close(value, found[key])
    elif isinstance(expected, float):
        assert isinstance(found, float | int) and math.isclose(expected, found, abs_tol=5e-5)
    else:
        assert expected == found
