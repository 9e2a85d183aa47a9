"""One experiment as its YAML file states it; a misspelt key is an error that names the file and the key."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import yaml

from features.encoder import Layer
from features.errors import UsageFailure
from features.grid import combinations, replaced


class NGrams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One view of the text: counts of n-grams of words, or of characters inside word bounds."""

    of: Literal["words", "characters"]
    ngrams: tuple[int, int]
    min_df: int = 1
    sublinear_tf: bool = False
    idf: bool = False
    norm: Literal["l2"] | None = None


class Vectors(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sentence vectors: means of the encoder's token states after these layers (0: words alone, 6: the last)."""

    layers: Annotated[list[Layer], msgspec.Meta(min_length=1)]


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


class AveragedSGD(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="averaged_sgd", tag_field="kind"):
    """Linear classifier per theme by averaged stochastic gradient descent (Polyak and Juditsky 1992), L2 `penalty`."""

    loss: Literal["log_loss", "hinge"] = "log_loss"
    penalty: Annotated[float, msgspec.Meta(gt=0)] = 1e-4
    balanced: bool = False


class KernelRidge(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="kernel_ridge", tag_field="kind"):
    """Ridge regression on +1 and -1 in the space of a Gaussian kernel over sentence vectors (Saunders et al. 1998)."""

    gamma: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    penalty: Annotated[float, msgspec.Meta(gt=0)] = 0.1


Trainable = ComplementNB | LogisticRegression | LinearSVM | AveragedSGD | KernelRidge
Classifier = Majority | Keywords | Trainable
BASELINES = (Majority, Keywords)
# What a path of `tune` may begin with: what is fitted, not what it is fitted on or how it is read.
TUNABLE = ("classifier", "features", "vectors", "average")


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One classifier and what it sees of a text: n-grams, or sentence vectors."""

    classifier: Trainable
    features: list[NGrams] = []
    vectors: Vectors | None = None


class Experiment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to fit, on which labels: one classifier, or the average of several parts.

    `thresholds` tuned: from out-of-fold predictions of train; half: 0.5 everywhere.

    `tune` gives candidate values for what stands elsewhere in the experiment, by dotted path (`classifier.c`,
    `features.0.min_df`, `average.1.classifier.gamma`). Every combination is a candidate; what the file itself says
    there is one only if listed. Training takes the best, see `features/search.py`.
    """

    classifier: Classifier | None = None
    features: list[NGrams] = []
    vectors: Vectors | None = None
    average: list[Part] = []
    labels: Literal["gold", "gold+weak"] = "gold"
    thresholds: Literal["tuned", "half"] = "tuned"
    tune: dict[str, Annotated[list[Any], msgspec.Meta(min_length=1)]] = {}

    @property
    def candidates(self) -> list["Experiment"]:
        """The experiment with each combination of `tune` in its place, in order."""
        return [self.having(values) for values in combinations(self.tune)]

    def having(self, values: Mapping[str, Any]) -> "Experiment":
        """The experiment with `values` at their paths and nothing left to tune.

        Raises UsageFailure for a path that is not there, msgspec.ValidationError for a value of the wrong type.
        """
        return msgspec.convert(replaced(msgspec.to_builtins(self) | {"tune": {}}, values), Experiment)

    @property
    def parts(self) -> list[Part]:
        """What is fitted; empty for a baseline."""
        if self.classifier is None or isinstance(self.classifier, BASELINES):
            return self.average
        return [Part(self.classifier, self.features, self.vectors)]

    @property
    def is_baseline(self) -> bool:
        """Baselines say how little is enough; they are never champion and have nothing to calibrate."""
        return isinstance(self.classifier, BASELINES)

    @property
    def family(self) -> str:
        """What kind of model comes out: baseline, linear-ngrams, or encoder where any part needs sentence vectors."""
        if self.is_baseline:
            return "baseline"
        return "encoder" if any(part.vectors for part in self.parts) else "linear-ngrams"


def load(path: Path) -> Experiment:
    """Read one experiment file; raises UsageFailure naming the file and what is wrong in it."""
    try:
        experiment = msgspec.convert(yaml.safe_load(path.read_text(encoding="utf-8")), Experiment)
    except FileNotFoundError as error:
        raise UsageFailure(f"{path}: no such experiment; write that file or mend the list in params.yaml") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError, msgspec.ValidationError) as error:
        raise UsageFailure(f"{path}: not an experiment: {error}") from error
    _require_whole(experiment, str(path))
    if experiment.tune:
        _require_candidates(experiment, path)
    return experiment


def hypothesis(path: Path) -> str:
    """The comment on top of an experiment file, as one paragraph."""
    lines = path.read_text(encoding="utf-8").splitlines()
    count = next((n for n, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return " ".join(line.lstrip("# ").rstrip() for line in lines[:count])


def _require_sense(part: Part, where: str) -> None:
    kind = type(part.classifier).__name__
    if bool(part.features) == bool(part.vectors):
        raise UsageFailure(f"{where}: {kind} learns from `features` or from `vectors`: give one of them")
    if isinstance(part.classifier, KernelRidge) and not part.vectors:
        raise UsageFailure(f"{where}: kernel_ridge needs `vectors`; for n-grams take a linear classifier")
    if isinstance(part.classifier, ComplementNB) and part.vectors:
        raise UsageFailure(f"{where}: complement_nb counts words; it cannot learn from `vectors`")


def _require_whole(experiment: Experiment, where: str) -> None:
    if (experiment.classifier is None) != bool(experiment.average):
        raise UsageFailure(f"{where}: give either a `classifier` or the parts of an `average`")
    if (experiment.average or experiment.is_baseline) and (experiment.features or experiment.vectors):
        raise UsageFailure(
            f"{where}: `features` and `vectors` belong to a trained classifier, or to a part of an average"
        )
    for part in experiment.parts:
        _require_sense(part, where)


def _require_candidates(experiment: Experiment, path: Path) -> None:
    for key in experiment.tune:
        if experiment.is_baseline or key.split(".")[0] not in TUNABLE:
            raise UsageFailure(f"{path}: tune: {key}: only {', '.join(TUNABLE)} of a trained model can be tuned")
    for values in combinations(experiment.tune):
        where = f"{path}: tune: {', '.join(f'{key}: {value}' for key, value in values.items())}"
        try:
            candidate = experiment.having(values)
        except (UsageFailure, msgspec.ValidationError) as error:
            raise UsageFailure(f"{where}: {error}") from error
        _require_whole(candidate, where)
        if candidate.family != experiment.family:
            raise UsageFailure(f"{where}: makes a model of another family; write an experiment of its own")
