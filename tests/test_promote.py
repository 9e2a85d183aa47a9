"""champion moves by make promote alone, and experiments/promotions.yaml remembers."""

import tempfile
from argparse import Namespace
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import UsageFailure
from features.metrics import Predictions
from features.text import Example
from pipelines import predictions, promote
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


def promote_here(version: int | None = None, reason: str | None = "I say so", *, force: bool = True) -> str:
    options = {"codebook": Path("data/codebook.yaml"), "track": Path("data/track"), "promotions": RECORD}
    return promote.main(Namespace(**options, params=Path("params.yaml"), version=version, reason=reason, force=force))


def predicted(path: Path, wrong: Sequence[int], documents: Sequence[int] = range(12)) -> Path:
    """Predictions of valid, ten sentences a document, every other one positive; `wrong` counts the errors of each."""
    rows, labels = [], []
    for document, errors in zip(documents, wrong, strict=True):
        for place in range(10):
            themes = ["online"] if place % 2 else []
            rows.append(
                Example(f"{document}-{place}", f"d{document}", place, "text", themes, "gold", "valid", "", "", "")
            )
            labels.append(bool(themes) != (place < errors))
    gold, said = np.array([[bool(row.themes)] for row in rows]), np.array(labels)[:, None]
    found = Predictions(gold, said, said.astype(float), [row.doc for row in rows])
    predictions.write(path, {"valid": rows}, {"valid": found}, ["online"])
    return path


def judged(ours: Path, theirs: Path) -> promote.Verdict:
    return promote.judge(ours, theirs, ["online"], resamples=500, seed=1)


def test_a_model_that_errs_less_on_valid_is_better_and_the_other_is_not(tmp_path: Path) -> None:
    good, bad = predicted(tmp_path / "good", [1] * 12), predicted(tmp_path / "bad", [5] * 12)
    assert judged(good, bad).is_better
    assert "the new one is better than the champion before on macro-F1" in judged(good, bad).in_words
    assert not judged(bad, good).is_better
    assert not judged(good, good).is_better
    assert "No detectable difference" in judged(good, good).in_words


def test_a_gain_on_few_documents_alone_is_no_evidence(tmp_path: Path) -> None:
    one_better = predicted(tmp_path / "better", [1, 5] + [3] * 10)
    assert not judged(one_better, predicted(tmp_path / "other", [2, 5] + [3] * 10)).is_better


def test_only_sentences_that_valid_holds_for_both_are_compared(tmp_path: Path) -> None:
    ours = predicted(tmp_path / "ours", [0] * 12)
    assert "On 80 sentences of 8 documents" in judged(ours, predicted(tmp_path / "a", [5] * 12, range(4, 16))).in_words
    few = judged(ours, predicted(tmp_path / "b", [5] * 12, range(9, 21)))
    assert not few.is_better
    assert few.in_words == "Both have 3 documents of valid in common, too few to compare."


@pytest.mark.parametrize(("reason", "force"), [(None, True), (" ", True), ("a reason", False)])
def test_without_evidence_nothing_is_promoted_but_by_force_and_with_a_reason(
    here: Path, reason: str | None, force: bool
) -> None:
    with pytest.raises(UsageFailure, match=r"version 2 stays challenger\. .*REASON="):
        promote_here(reason=reason, force=force)
    assert not RECORD.exists()
    assert tracked.aliases() == {"champion": 1, "challenger": 2}


def test_a_version_that_is_better_on_valid_is_promoted_on_that_evidence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty_database: Path
) -> None:
    tracked.enter(tmp_path, monkeypatch, empty_database)
    for c, errors in ((1.0, 5), (2.0, 1)):
        finished_files.finish("a", c=c, predictions=predicted(tmp_path / "predictions", [errors] * 12))
        tracked.track_here()
    said = promote_here(reason=None, force=False)
    [entry] = promotions.read(RECORD)
    assert not entry.forced
    assert entry.evidence
    assert "the new one is better than the champion before on macro-F1" in entry.evidence
    assert said.endswith(entry.evidence)


def test_a_forced_promotion_is_recorded_with_its_reason_and_what_valid_said(here: Path) -> None:
    said = promote_here(reason="fewer false alarms\n on financing")
    assert said.startswith("theme-model version 2 (a) is champion, version 1 was before; commit")
    assert tracked.aliases() == {"champion": 2, "challenger": 2}
    [entry] = promotions.read(RECORD)
    promoted = tracked.client().get_model_version(tracked.MODEL, "2")
    assert entry.bundle == promoted.tags["fingerprint"]
    assert (entry.experiment, entry.reason, entry.forced) == ("a", "fewer false alarms on financing", True)
    assert entry.evidence == "The run of version 2 has no predictions.parquet to compare."


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

maybe = st.none() | one_line
entries = st.builds(Promotion, one_line, one_line, st.dates(date(1000, 1, 1)), maybe, maybe, st.booleans())


@given(st.lists(entries, max_size=4))
def test_what_is_recorded_is_read_back(promoted: list[Promotion]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        promotions.write(Path(folder) / promotions.NAME, promoted)
        assert promotions.read(Path(folder) / promotions.NAME) == promoted
