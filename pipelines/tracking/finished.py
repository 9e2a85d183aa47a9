"""What the other stages left of one experiment, and the fingerprint that names exactly that. No MLflow here."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from features import experiment_files
from features.errors import IntegrityFailure
from pipelines import predictions, store, timings
from pipelines.about import About, Candidate
from pipelines.command import read_yaml


class Entry(msgspec.Struct, frozen=True):
    """One dependency or output as dvc.lock lists it; `size` in bytes."""

    path: str
    md5: str | None = None
    size: int = 0


class Locked(msgspec.Struct, frozen=True):
    """What dvc.lock says of one stage; its command is left out, for it names nothing that the rest does not."""

    deps: list[Entry] = []
    params: dict[str, dict[str, Any]] = {}
    outs: list[Entry] = []


@dataclass(frozen=True, slots=True)
class Finished:
    """One finished experiment as a run shows it; `artifacts` and `shared` map a file to its folder in the run.

    `metrics` and `artifacts` belong to the fingerprint; in `shared_metrics` and `shared` other experiments have a part,
    so they may change.
    """

    name: str
    fingerprint: str
    data_md5: str
    hypothesis: str
    parameters: dict[str, str]
    metrics: dict[str, float]
    shared_metrics: dict[str, float]
    artifacts: dict[Path, str]
    shared: dict[Path, str]
    candidates: Sequence[Candidate]


def read_lock(path: Path) -> dict[str, Locked]:
    """The stages of dvc.lock by name; raises IntegrityFailure when there is none."""
    if not path.is_file():
        raise IntegrityFailure(f"{path}: missing, so nothing has been trained here; run: dvc repro")
    try:
        return msgspec.convert(read_yaml(path).get("stages", {}), dict[str, Locked])
    except msgspec.ValidationError as error:
        raise IntegrityFailure(f"{path}: {error}; take it from git again, then run: dvc repro") from error


def collect(
    name: str,
    lock: Mapping[str, Locked],
    experiment: Path,
    split: Path,
    evaluate: Path,
    shared_metrics: Mapping[str, float],
    shared: Mapping[Path, str],
) -> Finished:
    """Everything of experiment `name`; raises IntegrityFailure when its files are not those that dvc.lock lists."""
    found = stages(name, lock)
    store.check(evaluate)
    for out in found["evaluate"].outs:
        _require_as_locked(out, name)
    scores = store.read_json(evaluate / "scores.json", dict[str, float | None])
    about = store.read_json(evaluate / "about.json", About)
    times = {f"timing/{key}": value for key, value in timings.read(name).items()}
    files = [evaluate / name for name in ("errors.csv", "metrics.json", predictions.NAME)] + [experiment]
    return Finished(
        name=name,
        fingerprint=fingerprint(found),
        data_md5=_md5_of(split, found["train"]),
        hypothesis=experiment_files.hypothesis(experiment),
        # What was chosen replaces what the file says in its place: it is what was fitted.
        parameters=dict(pair for stage in found.values() for pair in _parameters(stage))
        | dict(_flat(about.chosen, "")),
        metrics={key: value for key, value in scores.items() if value is not None}
        | times
        | {"size/model_megabytes": megabytes(out.size for out in found["train"].outs)},
        shared_metrics=dict(shared_metrics),
        artifacts=dict.fromkeys(sorted(evaluate.glob("*.svg")), "plots") | _present(dict.fromkeys(files, "")),
        shared=_present(shared),
        candidates=about.candidates,
    )


def stages(name: str, lock: Mapping[str, Locked]) -> dict[str, Locked]:
    """What dvc.lock says of the stages that make experiment `name`; raises IntegrityFailure when it is not finished."""
    return {stage: _locked(lock, f"{stage}@{name}") for stage in ("train", "evaluate")}


def fingerprint(stages: Mapping[str, Locked]) -> str:
    """SHA-256 over parameters, data, code and outputs, whatever the order in which dvc.lock lists them."""
    content = {
        name: {
            "deps": sorted((entry.path, entry.md5) for entry in stage.deps),
            "params": stage.params,
            "outs": sorted((entry.path, entry.md5) for entry in stage.outs),
        }
        for name, stage in stages.items()
    }
    return hashlib.sha256(msgspec.json.encode(content, order="sorted")).hexdigest()


def megabytes(sizes: Iterable[int]) -> float:
    """Of sizes in bytes, to three places."""
    return round(sum(sizes) / 1e6, 3)


def dvc_md5(path: Path) -> str:
    """The md5 that dvc.lock gives a file, or a folder (`.dir`: the md5 of the sorted list of its files)."""
    if not path.is_dir():
        return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    files = {file.relative_to(path).as_posix(): file for file in path.rglob("*") if file.is_file()}
    listed = [{"md5": dvc_md5(files[name]), "relpath": name} for name in sorted(files)]
    return hashlib.md5(json.dumps(listed).encode(), usedforsecurity=False).hexdigest() + ".dir"


def _locked(lock: Mapping[str, Locked], stage: str) -> Locked:
    if stage not in lock:
        raise IntegrityFailure(f"dvc.lock: no stage {stage}, so this experiment is not finished; run: dvc repro")
    return lock[stage]


def _require_as_locked(out: Entry, name: str) -> None:
    path = Path(out.path)
    if not path.exists() or dvc_md5(path) != out.md5:
        raise IntegrityFailure(f"{path}: not what dvc.lock lists for evaluate@{name}; run: dvc repro")


def _md5_of(split: Path, stage: Locked) -> str:
    found = [dep.md5 for dep in stage.deps if dep.md5 and (Path(dep.path) == split or split in Path(dep.path).parents)]
    if not found:
        raise IntegrityFailure(f"dvc.lock: train names no dependency in {split}; add it to the stage in dvc.yaml")
    return found[0].removesuffix(".dir")


def _parameters(stage: Locked) -> Iterator[tuple[str, str]]:
    for content in stage.params.values():
        yield from _flat(content, "")


def _flat(value: object, name: str) -> Iterator[tuple[str, str]]:
    """Names with dots; a list of mappings is counted from 0, every other list is one value."""
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        pairs = list(enumerate(value))
    else:
        yield name, value if isinstance(value, str) else json.dumps(value)
        return
    for key, item in pairs:
        yield from _flat(item, f"{name}.{key}" if name else str(key))


def _present(files: Mapping[Path, str]) -> dict[Path, str]:
    return {path: folder for path, folder in files.items() if path.is_file()}
