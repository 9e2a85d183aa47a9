"""`refit.json`, what refit found of each model: written by refit, read by export, ledger and report."""

from pathlib import Path

import msgspec

from features.comparison import Difference
from features.errors import IntegrityFailure
from features.metrics import Estimate
from pipelines import store

NAME = "refit.json"
MODELS = "models"


class Refitted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One model fitted anew on `documents` and `sentences` of train and valid, beside itself fitted on train.

    `on_train` and `on_train_and_valid` are macro-F1 on test; `differences` are the second minus the first.
    """

    experiment: str
    documents: int
    sentences: int
    on_train: Estimate
    on_train_and_valid: Estimate
    differences: list[Difference]
    in_words: str


def read(folder: Path) -> dict[str, Refitted]:
    """By role: champion, linear and static; raises IntegrityFailure when the file is missing or something else."""
    return store.read_json(folder / NAME, dict[str, Refitted])


def model(folder: Path, role: str, name: str) -> Path:
    """The folder of the model refitted for `role`; raises IntegrityFailure when it is not experiment `name`."""
    fitted = read(store.check(folder))[role].experiment
    if fitted != name:
        raise IntegrityFailure(f"{folder / NAME}: {role} is {fitted}, but compare chose {name}; run: dvc repro refit")
    return folder / MODELS / role
