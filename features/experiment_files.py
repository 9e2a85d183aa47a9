"""One experiment as its YAML file states it; a misspelt key is an error that names the file and the key."""

from pathlib import Path

import msgspec
import yaml

from features import yaml_text
from features.errors import UsageFailure
from features.experiments import ComplementNB, Experiment, FineTuned, KernelRidge, LandmarkRidge, Part
from features.grid import combinations

# What a path of `tune` may begin with: what is fitted, not what it is fitted on or how it is read.
TUNABLE = ("classifier", "features", "lexicon", "vectors", "static", "average")


def load(path: Path) -> Experiment:
    """Read one experiment file; raises UsageFailure naming the file and what is wrong in it."""
    try:
        experiment = msgspec.convert(yaml_text.parse(path.read_text(encoding="utf-8")), Experiment)
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


def _seen_by(one: Experiment | Part) -> tuple[object, ...]:
    return one.features, one.lexicon, one.vectors, one.static


def _require_sense(part: Part, where: str) -> None:
    kind = type(part.classifier).__name__
    if isinstance(part.classifier, FineTuned):
        if any(_seen_by(part)):
            raise UsageFailure(
                f"{where}: fine_tuned reads the sentence itself; it takes no `features` and no `vectors`"
            )
        return
    if [bool(part.features), bool(part.vectors), bool(part.static)].count(True) != 1:
        raise UsageFailure(f"{where}: {kind} learns from `features`, from `vectors` or from `static`: give one of them")
    if part.lexicon and not part.features:
        raise UsageFailure(f"{where}: a `lexicon` stands beside `features`; give vectors a part of their own")
    if isinstance(part.classifier, KernelRidge) and not part.vectors:
        raise UsageFailure(f"{where}: kernel_ridge needs `vectors`; for n-grams take a linear classifier")
    if isinstance(part.classifier, LandmarkRidge) and not part.static:
        raise UsageFailure(f"{where}: landmark_ridge needs `static`; for `vectors` take kernel_ridge")
    if isinstance(part.classifier, ComplementNB) and not part.features:
        raise UsageFailure(f"{where}: complement_nb counts words; it cannot learn from vectors")


def _require_whole(experiment: Experiment, where: str) -> None:
    if (experiment.classifier is None) != bool(experiment.average):
        raise UsageFailure(f"{where}: give either a `classifier` or the parts of an `average`")
    if experiment.weights == "stacked" and len(experiment.average) < 2:
        raise UsageFailure(f"{where}: stacked `weights` are learned for an `average` of two parts or more")
    if (experiment.average or experiment.is_baseline) and any(_seen_by(experiment)):
        raise UsageFailure(
            f"{where}: `features`, `lexicon`, `vectors` and `static` belong to a trained classifier, or to a part of "
            "an average"
        )
    for part in experiment.parts:
        _require_sense(part, where)


def _require_candidates(experiment: Experiment, path: Path) -> None:
    if experiment.is_adapted:
        raise UsageFailure(f"{path}: tune: fine_tuned has seen every fold but its own; it cannot stand in a search")
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
        if (candidate.family, candidate.is_adapted) != (experiment.family, experiment.is_adapted):
            raise UsageFailure(f"{where}: makes a model of another family; write an experiment of its own")
