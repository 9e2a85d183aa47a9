"""On the path of a run of the pipeline, this notes at the end of each stage's process which modules it has imported."""

import atexit
import os
import sys
from pathlib import Path


def _note(stage: str) -> None:
    folder = Path(os.environ["IMPORTED"])
    (folder / f"{stage}-{os.getpid()}.txt").write_text("\n".join(sorted(sys.modules)), encoding="utf-8")


_command = sys.orig_argv[1:3]
if _command[:1] == ["-m"] and _command[-1].startswith("pipelines."):
    atexit.register(_note, _command[-1].removeprefix("pipelines."))
