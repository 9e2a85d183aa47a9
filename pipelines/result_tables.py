"""What was measured of the experiments and of the exported models, as rows of Markdown tables."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from features.errors import UsageFailure
from features.experiment_files import hypothesis
from features.metrics import Estimate
from pipelines.markdown import span
from pipelines.refits import Refitted

_DEVELOPMENT = "development (real text)"
RESULTS = ["experiment", "macro-F1 on valid", "macro-F1 on test, 95 % interval", _DEVELOPMENT]
IDEAS = ["experiment", "hypothesis, and what was learned", *RESULTS[1:]]
MODELS = ["", "experiment", "macro-F1 on test", _DEVELOPMENT, "as exported: test", "as exported: development"]
REFIT = ["experiment", "documents", "test, fitted on train", "test, on train and valid", "in words"]
AXES = ["left out together", "groups", "sentences", "macro-F1", "drop"]
SLICES = ["by", "slice", "documents", "sentences", "labels", "F1 over all labels", "all labels right"]
BEYOND = ["theme", "gold the lexicon misses", "recall there", "lexicon fires wrongly", "false alarms there"]
BEHAVIOUR = ["kind", "group", "cases", "passed"]
_ROLES = {
    "linear": "best of those that know words alone",
    "static": "best that needs no encoder to score",
    "champion": "champion",
}


def results(
    names: Sequence[str], metrics: Mapping[str, Mapping[str, Any]], champion: str, real: Mapping[str, Mapping[str, Any]]
) -> list[list[str]]:
    """One row per experiment, the champion in bold; `metrics` as in metrics.json, `real` as `external` writes it."""
    return [
        [
            f"**{name}**" if name == champion else name,
            f"{metrics[name]['valid']['macro_f1']:.3f}",
            _test(metrics[name]),
            span(real[name]["macro_f1"]) if name in real else "-",
        ]
        for name in names
    ]


def ideas(rows: Sequence[Sequence[str]], experiments: Path) -> list[list[str]]:
    """The rows of `results` with each experiment's hypothesis, and what was learned, behind its name."""
    return [[name, hypothesis(experiments / f"{name.strip('*')}.yaml"), *numbers] for name, *numbers in rows]


def models(
    metrics: Mapping[str, Mapping[str, Any]], refitted: Mapping[str, Refitted], development: Mapping[str, Any]
) -> list[list[str]]:
    """What is exported, beside a search for words: as compared (fitted on train), and as exported, whatever that is.

    Raises UsageFailure when `development` was measured of other exports than these.
    """
    real, exported = development["experiments"], development.get("exported", {})
    rows = [
        ["a search for words", "keywords", _test(metrics["keywords"]), span(real["keywords"]["macro_f1"]), "-", "-"]
    ]
    for role, words in _ROLES.items():
        if role in refitted:
            name = refitted[role].experiment
            one = exported.get(role, {})
            if one.get("experiment") != name:
                raise UsageFailure(
                    f"development.json does not have {name} as exported {role}; measure it: "
                    "make external SET=gold.jsonl OUT=experiments/development.json"
                )
            then = [_test(metrics[name]), span(real[name]["macro_f1"])]
            test = then[0] if one["fitted_on"] == "train" else _span(refitted[role].on_train_and_valid)
            rows.append([words, name, *then, test, span(one["result"]["macro_f1"])])
    return rows


def refit(refitted: Mapping[str, Refitted]) -> list[list[str]]:
    """Each exported model once, with what fitting it anew has changed."""
    return [
        [one.experiment, str(one.documents), _span(one.on_train), _span(one.on_train_and_valid), one.in_words]
        for one in {one.experiment: one for one in refitted.values()}.values()
    ]


def axes(found: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """How one model does on what it has seen nothing of, and by how much that is less than on other documents."""
    return [
        [
            one["name"],
            str(one["groups"]),
            f"{one['sentences']:,}",
            span(one["macro_f1"]),
            span(one["drop"]) if one["drop"] else "-",
        ]
        for one in found
    ]


def slices(found: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """The champion on sentences of test that share something."""
    counts = ("documents", "sentences", "labels")
    return [
        [one["by"], one["name"], *(f"{one[of]:,}" for of in counts), span(one["f1"]), span(one["exact"])]
        for one in found
    ]


def beyond(found: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """The champion where the labelling functions are silent or wrong."""
    return [
        [one["theme"], str(one["unfound"]), span(one["recall"]), str(one["misled"]), span(one["false_alarms"])]
        for one in found
    ]


def behaviour(found: Mapping[str, Any]) -> list[list[str]]:
    """How many cases of each kind and group passed, the whole kind behind its groups."""
    rows: list[list[str]] = []
    for rate in found["rates"]:
        here = [one for one in found["outcome"]["results"] if one["kind"] == rate["kind"]]
        rows += [[one["kind"], one["group"], str(one["cases"]), str(one["passed"])] for one in here]
        total = sum(one["cases"] for one in here)
        rows.append([f"**{rate['kind']}**", "all", str(total), f"{rate['passed']:.1%}"])
    return rows


def _test(metrics: Mapping[str, Any]) -> str:
    found = metrics["test"]
    return span({"value": found["macro_f1"], "low": found["low"], "high": found["high"]})


def _span(estimate: Estimate) -> str:
    return span({"value": estimate.value, "low": estimate.low, "high": estimate.high})
