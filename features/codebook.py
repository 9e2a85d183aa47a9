"""The themes and their rules, read from one strict YAML file; nothing else in the project names a theme."""

import hashlib
from pathlib import Path

import msgspec
import yaml

from features import yaml_text
from features.errors import UsageFailure


class Theme(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One theme: what it means, what counts and what does not."""

    id: str
    title: str
    definition: str
    includes: list[str]
    excludes: list[str]


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one version of the codebook changed."""

    version: int
    what: str


class Codebook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a coder reads. `themes` fixes the order of themes everywhere.

    `provenance` says of the documents and labels beside it what every page with figures on them must say.
    """

    version: int
    title: str
    unit: str
    context: str
    themes: list[Theme]
    boundaries: list[str]
    open_questions: list[str]
    changes: list[Change]
    provenance: str = ""

    @property
    def ids(self) -> list[str]:
        """Theme ids in order."""
        return [theme.id for theme in self.themes]

    @property
    def sha256(self) -> str:
        """A hash of the meaning: the same for the same content, whatever its layout."""
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()


def load(path: Path) -> Codebook:
    """Read a codebook; raises UsageFailure naming the file and the field that is wrong."""
    try:
        codebook = msgspec.convert(yaml_text.parse(path.read_text(encoding="utf-8")), Codebook)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, msgspec.ValidationError) as error:
        raise UsageFailure(f"{path}: not a codebook: {error}") from error
    wrong = [theme for theme in codebook.ids if not (theme.isidentifier() and theme.islower())]
    if wrong or not codebook.themes or len(set(codebook.ids)) < len(codebook.ids):
        raise UsageFailure(f"{path}: theme ids must be unique, of lower-case letters, digits and _: {codebook.ids}")
    return codebook
