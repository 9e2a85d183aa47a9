"""What scoring with a bundle needs installed, beside the package `features` itself."""

from importlib import metadata
from pathlib import Path

from features import encoder
from features.bundle_files import Model

SCORING = ("msgspec", "numpy", "nupunkt", "PyYAML", "scipy")
# Not the encoder's own package, which declares torch: its files travel with the model.
ENCODER = ("safetensors", "tokenizers")


def of_scoring(model: Model) -> tuple[str, ...]:
    """Names of the distributions that scoring with `model` imports."""
    return (*SCORING, *(ENCODER if model.encoder else ()))


def encoder_files(model: Model) -> list[Path]:
    """The encoder's files where they are installed, to travel with a model that reads through it; else none."""
    return [encoder.installed() / name for name in encoder.SHA256] if model.encoder else []


def pinned(names: tuple[str, ...]) -> list[str]:
    """One line `name==version` for each, the version that is installed here."""
    return [f"{name}=={metadata.version(name)}" for name in names]
