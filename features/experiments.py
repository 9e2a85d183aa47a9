"""One experiment as its YAML file states it; a misspelt key is an error that names the file and the key."""

from pathlib import Path
from typing import Literal

import msgspec
import yaml

from features.errors import UsageFailure


class NGrams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One view of the text: counts of n-grams of words, or of characters inside word bounds."""

    of: Literal["words", "characters"]
    ngrams: tuple[int, int]
    min_df: int = 1
    sublinear_tf: bool = False
    idf: bool = False
    norm: Literal["l2"] | None = None


class Majority(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="majority", tag_field="kind"):
    """The share of each theme in train, for every sentence alike."""


class Keywords(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="keywords", tag_field="kind"):
    """The majority vote of the labelling functions."""


class ComplementNB(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="complement_nb", tag_field="kind"):
    """Complement naive Bayes (Rennie et al. 2003) with additive smoothing `alpha`."""

    alpha: float = 1.0


class LogisticRegression(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="logistic_regression", tag_field="kind"
):
    """L2-regularised logistic regression per theme; `c` is the inverse of the penalty."""

    c: float = 1.0
    balanced: bool = False


class LinearSVM(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="linear_svm", tag_field="kind"):
    """Linear support vector machine per theme (squared hinge); `c` is the inverse of the penalty."""

    c: float = 1.0
    balanced: bool = False


Classifier = Majority | Keywords | ComplementNB | LogisticRegression | LinearSVM
BASELINES = (Majority, Keywords)


class Experiment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to fit, on which labels. `thresholds` tuned: from out-of-fold predictions of train; half: 0.5 everywhere."""

    classifier: Classifier
    features: list[NGrams] = []
    labels: Literal["gold", "gold+weak"] = "gold"
    thresholds: Literal["tuned", "half"] = "tuned"

    @property
    def is_baseline(self) -> bool:
        """Baselines say how little is enough; they are never champion and have nothing to calibrate."""
        return isinstance(self.classifier, BASELINES)

    @property
    def family(self) -> str:
        """What kind of model comes out: baseline or linear-ngrams."""
        return "baseline" if self.is_baseline else "linear-ngrams"


def load(path: Path) -> Experiment:
    """Read one experiment file; raises UsageFailure naming the file and what is wrong in it."""
    try:
        experiment = msgspec.convert(yaml.safe_load(path.read_text(encoding="utf-8")), Experiment)
    except FileNotFoundError as error:
        raise UsageFailure(f"{path}: no such experiment; write that file or mend the list in params.yaml") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError, msgspec.ValidationError) as error:
        raise UsageFailure(f"{path}: not an experiment: {error}") from error
    if not experiment.is_baseline and not experiment.features:
        raise UsageFailure(f"{path}: `features` is empty, so the classifier has nothing to learn from")
    return experiment


def hypothesis(path: Path) -> str:
    """The comment on top of an experiment file, as one paragraph."""
    lines = path.read_text(encoding="utf-8").splitlines()
    count = next((n for n, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return " ".join(line.lstrip("# ").rstrip() for line in lines[:count])
