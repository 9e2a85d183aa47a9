"""What `dvc repro` costs when nothing has changed, beside as many trivial stages: one dependency and one out each.

python -m benchmarks.noop benchmarks/noop.json [--quick]

Measured on a stand-in: this project's dvc.yaml with its code, its parameters and its documents, but with stages that
write a line into each of their outs. DVC looks at them as it does at the true ones.
"""

import argparse
import importlib.metadata
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from benchmarks.timing import cost, processor, ratios, spread

ROUNDS = 7
OURS, TRIVIAL = "this pipeline", "trivial stages"
COPIED = ["features", "pipelines", "experiments", "tests/behaviour", "data/corpus", "data/annotations"]
COPIED += ["data/codebook.yaml", "data/patterns.yaml", "params.yaml", ".dvcignore", ".gitignore"]
OUTS = ("outs", "metrics", "plots")
# This one is cheap, and others name its files one by one.
REAL = "modules"


def stand_in(root: Path, experiments: int | None) -> None:
    """Everything that DVC looks at, after a run; `experiments` keeps so many of them."""
    for name in COPIED:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        if Path(name).is_dir():
            shutil.copytree(name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(name, root / name)
    params = yaml.safe_load((root / "params.yaml").read_text(encoding="utf-8"))
    if experiments:
        # The quick experiment is named by stages of its own.
        names = [name for name in params["experiments"] if name != params["quick_experiment"]]
        params["experiments"] = [params["quick_experiment"], *names][:experiments]
    _write_yaml(root / "params.yaml", params)
    pipeline = yaml.safe_load(Path("dvc.yaml").read_text(encoding="utf-8"))
    for name, stage in pipeline["stages"].items():
        body = stage.get("do", stage)
        body["cmd"] = body["cmd"].replace("python ", f"{sys.executable} ", 1) if name == REAL else _writing(body)
    _write_yaml(root / "dvc.yaml", pipeline)
    _finish(root)


def trivial(root: Path, count: int) -> None:
    """As many stages, each from one file to another, after a run."""
    (root / "in").mkdir(parents=True)
    stages = {}
    for number in range(count):
        (root / "in" / f"{number}").write_text(f"{number}\n", encoding="utf-8")
        out = f"out/{number}"
        stages[f"stage-{number}"] = {"cmd": _write(out), "deps": [f"in/{number}"], "outs": [out]}
    (root / ".gitignore").write_text("/out/\n", encoding="utf-8")
    _write_yaml(root / "dvc.yaml", {"stages": stages})
    _finish(root)


def _writing(body: dict[str, Any]) -> str:
    outs = [out if isinstance(out, str) else next(iter(out)) for key in OUTS for out in body.get(key, [])]
    # What has no suffix is a folder.
    return " && ".join(_write(out if Path(out).suffix else f"{out}/content") for out in outs)


def _write(path: str) -> str:
    return f"mkdir -p {Path(path).parent} && echo {path} > {path}"


def _write_yaml(path: Path, content: object) -> None:
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def _finish(root: Path) -> None:
    (root / ".dvc").mkdir()
    for name in ("config", ".gitignore"):
        shutil.copy(Path(".dvc") / name, root / ".dvc" / name)
    git = ["git", "-C", str(root), "-c", "user.name=benchmark", "-c", "user.email=benchmark@example.org"]
    for command in ([*git, "init", "--quiet"], _repro(root, "--quiet"), [*git, "add", "--all"]):
        subprocess.run(command, check=True)
    subprocess.run([*git, "commit", "--quiet", "--message", "done"], check=True)


def _repro(root: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "dvc", "--cd", str(root), "repro", *words]


def _size(root: Path) -> dict[str, int]:
    """What DVC looks at: stages, and their dependencies, outs and files of parameters."""
    stages = yaml.load((root / "dvc.lock").read_text(encoding="utf-8"), yaml.CSafeLoader)["stages"].values()
    counts = {key: sum(len(stage.get(key, [])) for stage in stages) for key in ("deps", "outs", "params")}
    return {"stages": len(stages), **counts}


def main() -> None:
    """Measure, and write what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="where to write the result")
    parser.add_argument("--quick", action="store_true", help="three experiments")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="noop-") as scratch:
        ours, theirs = Path(scratch) / "ours", Path(scratch) / "trivial"
        # Not the state of the files of this user's other projects.
        os.environ["DVC_SITE_CACHE_DIR"] = str(Path(scratch) / "site")
        stand_in(ours, 3 if options.quick else None)
        trivial(theirs, _size(ours)["stages"])
        core = [min(os.sched_getaffinity(0))]
        commands = {
            OURS: _repro(ours),
            f"{OURS}, --all-pipelines": _repro(ours, "--all-pipelines"),
            TRIVIAL: _repro(theirs),
        }
        for command in commands.values():
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            if "Data and pipelines are up to date." not in done.stdout:
                raise SystemExit(f"error: {shlex.join(command)} has work to do:\n{done.stdout}")
        seconds: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(ROUNDS):
            for name, command in commands.items():
                seconds[name].append(cost(command, core).cpu)
        sizes = {OURS: _size(ours), TRIVIAL: _size(theirs)}
    result = {
        "processor": processor(),
        "packages": {"dvc": importlib.metadata.version("dvc")},
        "sizes": sizes,
        "cpu_seconds": {name: spread(found) for name, found in seconds.items()},
        "ratios": {name: ratios(seconds[TRIVIAL], found) for name, found in seconds.items() if name != TRIVIAL},
    }
    options.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(f"{result['ratios'][OURS]['median']} times as many trivial stages: {options.out}")  # type: ignore[index]


if __name__ == "__main__":
    main()
