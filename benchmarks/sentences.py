"""Sentences of the shipped corpus, as the pipeline cuts them."""

from pathlib import Path

import yaml

from pipelines.ingest import ingest
from pipelines.segment import segment


def sentences(count: int) -> list[str]:
    """`count` distinct sentences, evenly spread over the corpus."""
    params = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    documents = ingest(Path(params["inputs"]) / "corpus", **params["ingest"]).documents
    texts = sorted({sentence.text for sentence in segment(documents, **params["segment"])})
    return [texts[len(texts) * n // count] for n in range(count)]
