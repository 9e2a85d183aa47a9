from pathlib import Path

import pytest
import yaml

from features import codebook
from features.errors import UsageFailure

SHIPPED = Path("data/codebook.yaml")


def changed(folder: Path, **changes: object) -> Path:
    content = yaml.safe_load(SHIPPED.read_text(encoding="utf-8")) | changes
    path = folder / "codebook.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def test_the_shipped_codebook_has_the_five_themes_in_order() -> None:
    themes = codebook.load(SHIPPED).ids
    assert themes == ["threat_assessment", "financing", "radicalisation", "ict_misuse", "multilateral_cooperation"]


def test_the_hash_follows_the_meaning_and_not_the_layout(tmp_path: Path) -> None:
    shipped = codebook.load(SHIPPED)
    assert codebook.load(changed(tmp_path)).sha256 == shipped.sha256
    assert codebook.load(changed(tmp_path, unit="A paragraph.")).sha256 != shipped.sha256


@pytest.mark.parametrize("changes", [{"themes": []}, {"extra": 1}, {"version": "two"}, {"boundaries": None}])
def test_a_codebook_that_is_not_one_is_refused_by_name(tmp_path: Path, changes: dict[str, object]) -> None:
    with pytest.raises(UsageFailure, match=r"codebook\.yaml"):
        codebook.load(changed(tmp_path, **changes))
