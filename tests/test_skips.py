"""What stands in conftest.py: a check that never runs is no check."""

import pytest

pytest_plugins = ["pytester"]

SKIPPED = """
import pytest

def test_that_skips():
    pytest.skip("no chromium here")

@pytest.mark.extra("parity")
def test_of_an_extra():
    pytest.skip("not here")

@pytest.mark.xfail
def test_that_is_known_to_fail():
    assert False
"""


@pytest.mark.parametrize(
    ("settings", "failed", "skipped"),
    [({}, 0, 2), ({"CI": "true"}, 2, 0), ({"CI": "true", "ABSENT_EXTRAS": "parity"}, 1, 1)],
)
def test_under_ci_a_skip_is_a_failure_unless_its_extra_is_named(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], failed: int, skipped: int
) -> None:
    for name in ("CI", "ABSENT_EXTRAS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    pytester.makeconftest("from tests.conftest import pytest_runtest_makereport, pytest_runtest_setup")
    pytester.makepyfile(SKIPPED)
    found = pytester.runpytest_inprocess().parseoutcomes()
    # A test that skips before it begins, as one does whose extra is missing, is counted as an error.
    assert found.get("failed", 0) + found.get("errors", 0) == failed
    assert found.get("skipped", 0) == skipped
    assert found["xfailed"] == 1
