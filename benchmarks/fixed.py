"""What the process of each stage costs before it works: CPU seconds to start Python and to import what it imports.

python -m benchmarks.fixed benchmarks/fixed.json [--quick]

What it imports is noted in a run of the whole pipeline on tests/corpus, so that imports inside functions count too.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from benchmarks.timing import cost, processor, spread
from tests import pipeline

ROUNDS = 7
PYTHON = "python"
# The stage first, as when it runs; modules that others leave behind under names of their own cannot be imported.
IMPORT = """
import importlib, sys
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except ImportError:
        pass
"""


def imported(folder: Path) -> dict[str, list[str]]:
    """The modules that each stage has imported by its end, in a run on the small corpus."""
    notes = folder / "notes"
    notes.mkdir()
    path = str(Path("tests/imported").resolve())
    root = pipeline.clone(folder / "clone")
    pipeline.dvc(root, "repro", PYTHONPATH=path, IMPORTED=str(notes))
    found: dict[str, set[str]] = {}
    for note in sorted(notes.iterdir()):
        stage = note.stem.partition("-")[0]
        found.setdefault(stage, set()).update(note.read_text(encoding="utf-8").split("\n"))
    return {stage: sorted(names - {"__main__", "sitecustomize"}) for stage, names in found.items()}


def main() -> None:
    """Measure, and write what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="where to write the result")
    parser.add_argument("--quick", action="store_true", help="what a stage imports at its start, without a run")
    options = parser.parse_args()
    stages = list(yaml.safe_load(Path("dvc.yaml").read_text(encoding="utf-8"))["stages"])
    os.environ["PYTHONPATH"] = str(Path.cwd())
    with tempfile.TemporaryDirectory(prefix="fixed-") as scratch:
        later = {} if options.quick else imported(Path(scratch))
        commands = {PYTHON: [sys.executable, "-c", ""]} | {
            stage: [sys.executable, "-c", IMPORT, f"pipelines.{stage}", *later.get(stage, [])] for stage in stages
        }
        for command in commands.values():  # once beforehand, so that all is compiled and in memory
            subprocess.run(command, check=True)
        core = [min(os.sched_getaffinity(0))]
        seconds: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(ROUNDS):
            for name, command in commands.items():
                seconds[name].append(cost(command, core).cpu)
    result = {
        "processor": processor(),
        "modules": {stage: len(names) for stage, names in later.items()},
        "cpu_seconds": {name: spread(found) for name, found in seconds.items()},
    }
    options.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(f"CPU seconds before {len(stages)} stages work: {options.out}")


if __name__ == "__main__":
    main()
