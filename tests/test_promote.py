"""champion moves by make promote alone, and experiments/promotions.yaml remembers."""

import tempfile
from argparse import Namespace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import UsageFailure
from pipelines import promote
from pipelines.tracking import promotions
from pipelines.tracking.promotions import Promotion
from tests import finished_files, tracked

RECORD = Path("experiments/promotions.yaml")


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tracked.empty_database(tmp_path_factory.mktemp("empty"))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty_database: Path) -> Path:
    """A workspace whose second export is challenger, and whose first is champion by itself."""
    folder = tracked.enter(tmp_path, monkeypatch, empty_database)
    for c in (1.0, 2.0):
        finished_files.finish("a", c=c)
        tracked.track_here()
    return folder


def promote_here(version: int | None = None, reason: str | None = None) -> str:
    options = {"track": Path("data/track"), "promotions": RECORD, "params": Path("params.yaml")}
    return promote.main(Namespace(**options, version=version, reason=reason))


def test_the_challenger_becomes_champion_and_is_recorded_with_the_reason(here: Path) -> None:
    said = promote_here(reason="fewer false alarms\n on financing")
    assert said.startswith("theme-model version 2 (a) is champion, version 1 was before; commit")
    assert tracked.aliases() == {"champion": 2, "challenger": 2}
    [entry] = promotions.read(RECORD)
    promoted = tracked.client().get_model_version(tracked.MODEL, "2")
    assert entry.bundle == promoted.tags["fingerprint"]
    assert (entry.experiment, entry.reason) == ("a", "fewer false alarms on financing")


def test_an_older_version_can_be_promoted_by_its_number(here: Path) -> None:
    promote_here()
    promote_here(version=1)
    assert tracked.aliases() == {"champion": 1, "challenger": 2}
    assert len(promotions.read(RECORD)) == 2


def test_promoting_the_champion_again_records_nothing_more(here: Path) -> None:
    promote_here()
    promote_here()
    assert len(promotions.read(RECORD)) == 1


def test_tracking_puts_an_alias_that_was_moved_otherwise_back(here: Path) -> None:
    promote_here()
    tracked.client().set_registered_model_alias(tracked.MODEL, "champion", "1")
    tracked.track_here()
    assert tracked.aliases() == {"champion": 2, "challenger": 2}


def test_without_a_promotion_the_first_version_stays_champion(here: Path) -> None:
    assert tracked.aliases() == {"champion": 1, "challenger": 2}
    assert not RECORD.exists()


def test_a_version_that_does_not_exist_is_named_and_nothing_changes(here: Path) -> None:
    with pytest.raises(UsageFailure, match="no version 7; it has 1, 2"):
        promote_here(version=7)
    assert not RECORD.exists()
    assert tracked.aliases() == {"champion": 1, "challenger": 2}


def test_an_empty_store_says_to_run_the_pipeline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty_database: Path
) -> None:
    tracked.enter(tmp_path, monkeypatch, empty_database)
    finished_files.inputs("a")
    with pytest.raises(UsageFailure, match="no version of theme-model yet; run: dvc repro"):
        promote_here()


@pytest.mark.parametrize(
    "content", ["- bundle: x\n", "nonsense", "- [", "- {bundle: x, experiment: a, dat: 2024-05-01}"]
)
def test_a_record_that_is_no_list_of_promotions_is_named(here: Path, content: str) -> None:
    RECORD.write_text(content)
    with pytest.raises(UsageFailure, match=str(RECORD)):
        promote_here()
    assert RECORD.read_text() == content


one_line = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1)


@given(st.lists(st.builds(Promotion, one_line, one_line, st.dates(date(1000, 1, 1)), st.none() | one_line), max_size=4))
def test_what_is_recorded_is_read_back(promoted: list[Promotion]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        promotions.write(Path(folder) / promotions.NAME, promoted)
        assert promotions.read(Path(folder) / promotions.NAME) == promoted
