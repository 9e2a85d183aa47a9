import hashlib
from pathlib import Path

import pytest

from pipelines import store
from pipelines.verify import differing_outs, verify


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    with store.writing(root / "data" / "stage") as folder:
        (folder / "rows.json").write_text("[1, 2]", encoding="utf-8")
    digest = hashlib.md5(b"[1, 2]").hexdigest()
    cached = root / ".dvc" / "cache" / "files" / "md5" / digest[:2] / digest[2:]
    cached.parent.mkdir(parents=True)
    cached.write_text("[1, 2]", encoding="utf-8")
    return root


def test_a_sound_checkout_has_nothing_wrong(checkout: Path) -> None:
    assert verify(checkout, fix=False) == ([], 1)


def test_a_flipped_byte_is_found_in_the_folder_and_in_the_cache_and_removed(checkout: Path) -> None:
    out = checkout / "data" / "stage" / "rows.json"
    (cached,) = (checkout / ".dvc" / "cache").glob("files/md5/??/*")
    out.write_text("[1, 3]", encoding="utf-8")
    cached.write_text("[1, 3]", encoding="utf-8")
    wrong, _ = verify(checkout, fix=False)
    assert len(wrong) == 2
    assert "rows.json" in wrong[0] and str(cached) in wrong[1]
    verify(checkout, fix=True)
    assert not out.exists() and not cached.exists()
    assert verify(checkout, fix=False) == ([], 0)


def test_outs_that_differ_between_two_runs_are_named(checkout: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    with store.writing(other / "data" / "stage") as folder:
        (folder / "rows.json").write_text("[1, 2]", encoding="utf-8")
    assert differing_outs(checkout, other) == []
    with store.writing(other / "data" / "stage") as folder:
        (folder / "rows.json").write_text("[2, 1]", encoding="utf-8")
        (folder / "more.json").write_text("", encoding="utf-8")
    assert differing_outs(checkout, other) == [
        "data/stage/more.json: only in one run",
        "data/stage/MANIFEST.sha256: differs",
        "data/stage/rows.json: differs",
    ]
