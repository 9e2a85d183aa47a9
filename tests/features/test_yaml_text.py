from pathlib import Path

import pytest
import yaml

from features import yaml_text

FILES = [*Path("experiments").glob("*.yaml"), *map(Path, ("params.yaml", "data/codebook.yaml", "data/patterns.yaml"))]


@pytest.mark.parametrize("path", FILES, ids=str)
def test_a_file_says_what_it_says_to_the_slow_parser(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert yaml_text.parse(text) == yaml.safe_load(text)


def test_what_is_wrong_is_shown_where_it_stands() -> None:
    with pytest.raises(yaml.YAMLError, match=r"(?s)line 2.*b: 2\n +\^"):
        yaml_text.parse("a: [1\nb: 2\n")
