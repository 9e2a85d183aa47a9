"""The verbs: one module per stage, in the order of the flow in dvc.yaml. Each runs as `python -m pipelines.<verb>`."""

import importlib.util
import os
import sys

if importlib.util.find_spec("msgspec") is None:
    sys.stderr.write("The packages of this project are not installed in this Python. Run: . .venv/bin/activate\n")
    sys.exit(2)

# More threads would change the last bits of the solvers' results, and so the bytes of every out.
for pool in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[pool] = "1"
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["DO_NOT_TRACK"] = "true"
