"""make export TO=folder: what a colleague gets works where nothing but what it lists is installed."""

import csv
import io
import os
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from features import bundle, encoder
from features.errors import IntegrityFailure, UsageFailure
from features.text import Passage
from pipelines import handover, store
from tests.small_bundle import encoder_parts, parts, write_bundle

TEXT = "A heading\n\nThe states met. They froze the funds of the group.\n"
SENTENCES = ["The states met.", "They froze the funds of the group."]


@pytest.fixture(params=["words", "encoder"])
def handed(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder handed over, in which `model` was found first."""
    model = write_bundle(tmp_path / "champion", *(parts() if request.param == "words" else encoder_parts()))
    hand_over(model, tmp_path / "handed")
    return tmp_path / "handed"


def hand_over(model: Path, to: Path) -> str:
    return handover.main(handover._arguments().parse_args([str(model), str(to)]))


def installed_alone(handed: Path, site: Path) -> Path:
    """What requirements.txt lists, and nothing else, as an installer would lay it out in `site`."""
    site.mkdir()
    for line in (handed / "requirements.txt").read_text().splitlines():
        if line.startswith("./"):
            zipfile.ZipFile(handed / line).extractall(site)
            continue
        needed = Requirement(line)
        distribution = metadata.distribution(needed.name)
        assert needed.specifier.contains(distribution.version)
        tops = {file.parts[0] for file in distribution.files or [] if file.parts[0] != ".."}
        for top in tops - {path.name for path in site.iterdir()}:
            (site / top).symlink_to(str(distribution.locate_file(top)))
    return site


def elsewhere(folder: Path, site: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """Python without its installed packages (-S), with `site` in their place."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        [sys.executable, "-S", *words],
        cwd=folder,
        env=kept | {"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_the_example_labels_a_file_where_only_the_listed_requirements_are(handed: Path, tmp_path: Path) -> None:
    site = installed_alone(handed, tmp_path / "site")
    assert elsewhere(tmp_path, site, "-c", "import pandas").returncode == 1
    (tmp_path / "statement.txt").write_text(TEXT)
    done = elsewhere(tmp_path, site, str(handed / "example.py"), "statement.txt")
    assert done.returncode == 0, done.stderr
    found = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["sentence"] for row in found] == SENTENCES
    assert [TEXT[int(row["start"]) : int(row["end"])] for row in found] == SENTENCES
    model = bundle.load(handed / "model")
    labels = model.score([Passage(SENTENCES[0], "", SENTENCES[1]), Passage(SENTENCES[1], SENTENCES[0])]).labels
    assert [[row[theme] for theme in model.themes] for row in found] == labels.astype(int).astype(str).tolist()
    code = elsewhere(tmp_path, site, "-c", "import features; print(features.__file__)").stdout.strip()
    assert Path(code).is_relative_to(site)


@pytest.mark.slow
def test_everything_is_listed_and_the_encoder_comes_along_where_the_model_reads_it(handed: Path) -> None:
    store.check(handed)
    reads = bundle.load(handed / "model").model.encoder is not None
    assert (handed / bundle.ENCODER).is_dir() == reads
    if reads:
        assert {path.name for path in (handed / bundle.ENCODER).iterdir()} == set(encoder.SHA256)
    for name in ("model/card.md", "example.py", "requirements.txt"):
        assert f"`{name}`" in (handed / "README.md").read_text()
    assert (encoder.PACKAGE in (handed / "requirements.txt").read_text()) is False


@pytest.mark.slow
def test_an_earlier_handover_is_replaced_and_anything_else_is_not(tmp_path: Path) -> None:
    model = write_bundle(tmp_path / "champion", *parts())
    hand_over(model, tmp_path / "to")
    assert "small with what it needs" in hand_over(model, tmp_path / "to")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(UsageFailure, match="mine: holds something else"):
        hand_over(model, tmp_path / "mine")
    assert (tmp_path / "mine" / "notes.txt").read_text() == "mine"


def test_an_encoder_that_was_changed_on_the_way_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "encoder"
    folder.mkdir()
    for name in encoder.SHA256:
        (folder / name).write_bytes(b"other")
    with pytest.raises(IntegrityFailure, match=r"encoder/.*: not the file of all-MiniLM-L6-v2; copy the folder again"):
        encoder.load(folder)
