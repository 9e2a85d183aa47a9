"""What an experiment may say: what it learns from, with what classifier, on which labels; see experiment_files."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from features.encoder import Layer
from features.grid import combinations, replaced
from features.transformer import WIDTH


class NGrams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One view of a passage: counts of n-grams of words, or of characters inside word bounds.

    `field` is the sentence itself or a neighbour; `weight` multiplies the view, so that it counts less than another.
    """

    of: Literal["words", "characters"]
    ngrams: tuple[int, int]
    field: Literal["text", "before", "after"] = "text"
    weight: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    min_df: int = 1
    sublinear_tf: bool = False
    idf: bool = False
    norm: Literal["l2"] | None = None


class Vectors(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sentence vectors: means of the encoder's token states after these layers (0: words alone, 6: the last)."""

    layers: Annotated[list[Layer], msgspec.Meta(min_length=1)]


class Lexicon(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One feature per labelling function of patterns.yaml: `weight` where it fires, else 0."""

    weight: Annotated[float, msgspec.Meta(gt=0)] = 1.0


class Static(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sums of word-piece vectors that were taught to come close to the encoder's sentence vectors of these layers.

    `width`: dimensions kept of them; `penalty`: how hard a piece's vector is held to the encoder's own embedding.
    """

    layers: Annotated[list[Layer], msgspec.Meta(min_length=1)]
    width: Annotated[int, msgspec.Meta(ge=1, le=WIDTH)] = 256
    penalty: Annotated[float, msgspec.Meta(gt=0)] = 1.0


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
    """L2-regularised logistic regression per theme; `c` is the inverse of the penalty.

    `naive_bayes` first weighs every feature by how unevenly it falls on the theme (Wang and Manning 2012).
    """

    c: float = 1.0
    balanced: bool = False
    naive_bayes: bool = False


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


class FineTuned(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="fine_tuned", tag_field="kind"):
    """The encoder as stage `adapt` has fine-tuned it, with its own margins; see adapt in params.yaml."""


class LandmarkRidge(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="landmark_ridge", tag_field="kind"):
    """The same regression with kernels around `landmarks` of the training rows alone, which is fast to score."""

    gamma: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    penalty: Annotated[float, msgspec.Meta(gt=0)] = 0.1
    landmarks: Annotated[int, msgspec.Meta(ge=1)] = 4_000


Trainable = ComplementNB | LogisticRegression | LinearSVM | AveragedSGD | KernelRidge | LandmarkRidge | FineTuned
Classifier = Majority | Keywords | Trainable
BASELINES = (Majority, Keywords)


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One classifier and what it sees of a passage.

    That is n-grams with or without a lexicon, sentence vectors, or static vectors.
    """

    classifier: Trainable
    features: list[NGrams] = []
    lexicon: Lexicon | None = None
    vectors: Vectors | None = None
    static: Static | None = None


class Experiment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to fit, on which labels: one classifier, or the average of several parts.

    `weights` of the parts of an average: equal, or stacked: learned per theme from out-of-fold predictions of train.
    `thresholds` tuned: from out-of-fold predictions of train; half: 0.5 everywhere.

    `tune` gives candidate values for what stands elsewhere in the experiment, by dotted path (`classifier.c`,
    `features.0.min_df`, `average.1.classifier.gamma`). Every combination is a candidate; what the file itself says
    there is one only if listed. Training takes the best, see `features/search.py`.
    """

    classifier: Classifier | None = None
    features: list[NGrams] = []
    lexicon: Lexicon | None = None
    vectors: Vectors | None = None
    static: Static | None = None
    average: list[Part] = []
    weights: Literal["equal", "stacked"] = "equal"
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
        return [Part(self.classifier, self.features, self.lexicon, self.vectors, self.static)]

    @property
    def is_baseline(self) -> bool:
        """Baselines say how little is enough; they are never champion and have nothing to calibrate."""
        return isinstance(self.classifier, BASELINES)

    @property
    def family(self) -> str:
        """What kind of model comes out, by what it needs to score: baseline, linear-ngrams, static or encoder."""
        if self.is_baseline:
            return "baseline"
        if any(part.vectors for part in self.parts) or self.is_adapted:
            return "encoder"
        return "static" if any(part.static for part in self.parts) else "linear-ngrams"

    @property
    def is_adapted(self) -> bool:
        """Whether any part is the fine-tuned encoder."""
        return any(isinstance(part.classifier, FineTuned) for part in self.parts)

    @property
    def learns_from_encoder(self) -> bool:
        """Whether fitting asks for the encoder's sentence states, even if scoring does not."""
        return any(part.vectors or part.static for part in self.parts)
