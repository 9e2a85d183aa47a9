"""What is taken from scikit-learn when a stage that fits starts, imported without pandas.

Scikit-learn imports pandas where it is installed, and uses it on tables of pandas alone. Here it is given none, and
pandas is a fifth of what such a stage costs before it works.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _without(package: str) -> Iterator[None]:
    """Within the block `package` cannot be imported, unless it has been already."""
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[package]


with _without("pandas"):
    from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
    from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer

__all__ = ["BaseEstimator", "ClassifierMixin", "CountVectorizer", "TfidfTransformer", "TransformerMixin"]
