"""An exported model at work: probabilities and labels, and what they rest on."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import numpy as np
from scipy.sparse import csr_array

from features import bundle_files, embeddings, lexicon, ngrams, static, transformer, vector_parts
from features.adapted import tuned_encoder
from features.bundle_files import Model, Weights
from features.compiled import CompiledView, WordGrams
from features.errors import UsageFailure
from features.experiments import NGrams
from features.metrics import Bools
from features.passages import Texts, column
from features.passages import texts as python_texts
from features.resampling import Floats
from features.text import Passage
from features.thresholds import calibrate
from features.wordpiece import WordPieces

ENCODER = "encoder"
KERNELS = ("auto", "numpy", "numba")
# From so many sentences on the kernel saves more time than it takes to load.
_FAST_FROM = 400_000
# The kernel adds up in another order, which changes the last bits of a probability: nearer to a threshold than this its
# answer is not taken.
_NEAR = 1e-9
SENTENCE_VECTOR = "[sentence vector]"
STATIC_VECTOR = "[static vector]"


@dataclass(frozen=True, slots=True)
class Scores:
    """Shape (passages, themes): probabilities and labels; `abstained` (passages,): the model knows nothing of the text.

    An abstained row has no labels and no probabilities (NaN). `again` (passages,): so near to a threshold that the
    kernel's answer was not taken, but worked out anew without it.
    """

    probabilities: Floats
    labels: Bools
    abstained: Bools
    again: Bools


class Weigher(Protocol):
    """One view's share of the margins, shape (texts, themes), and whether each text has any of its terms."""

    def margins(self, texts: Texts) -> tuple[Floats, Bools]: ...


class Bundle:
    """A loaded bundle, ready to score."""

    def __init__(self, model: Model, weights: Weights, fingerprint: str) -> None:
        self.model = model
        self.weights = weights
        self.fingerprint = fingerprint
        self.name = model.name
        self.themes = tuple(theme.id for theme in model.themes)
        self.titles = tuple(theme.title for theme in model.themes)
        self.thresholds = np.array(model.thresholds)
        self._tuned = tuned_encoder(transformer.blocks_of(weights.tuned))
        self._functions = [lexicon.restored(kept) for kept in model.lexicon]
        self._vocabularies = [{term: n for n, term in enumerate(view.vocabulary)} for view in model.views]
        self._cut = WordPieces(model.pieces)
        self._reads_letters = bool(self._functions or model.encoder or model.static_parts)
        self.fast = False
        self._edges = np.cumsum([0, *(len(view.vocabulary) for view in model.views)])

    def use(self, kernel: str, sentences: int = 0) -> None:
        """Weigh n-grams of words by one of KERNELS; auto is numba where it is installed and so many sentences repay it.

        Raises UsageFailure where numba is asked for and not installed.
        """
        installed = find_spec("numba") is not None
        if kernel == "numba" and not installed:
            raise UsageFailure("the kernel numba is not installed; run: pip install numba, or leave out --kernel")
        self.fast = kernel == "numba" or (kernel == "auto" and installed and sentences >= _FAST_FROM)

    def score(self, passages: Sequence[Passage]) -> Scores:
        """Probabilities and labels of `passages`; one whose own text says nothing to the model is abstained from."""
        if not self.fast:
            return self._scored(passages, self._exact)
        scores = self._scored(passages, self._fast)
        close = np.abs(scores.probabilities - self.thresholds) < _NEAR
        if close.any():
            near = np.flatnonzero(close.any(axis=1)).tolist()
            exact = self._scored([passages[n] for n in near], self._exact)
            scores.probabilities[near], scores.labels[near] = exact.probabilities, exact.labels
            scores.again[near] = True
        return scores

    def _scored(self, passages: Sequence[Passage], views: Sequence[tuple[str, Weigher]]) -> Scores:
        margins = np.tile(self.weights.intercepts, (len(passages), 1))
        known = np.zeros(len(passages), dtype=bool)
        for field, view in views:
            found, has_terms = view.margins(column(passages, field))
            margins += found
            if field == "text":
                known |= has_terms
        texts = python_texts(column(passages, "text")) if self._reads_letters else []
        if self._functions:
            hits = lexicon.hits(self._functions, texts)
            margins += hits @ self.weights.hits.T
            known |= np.diff(hits.indptr) > 0
        if self.model.encoder:
            margins += self._of_encoder(texts)
            known |= _has_letter(texts)
        if self.model.static_parts:
            counted = static.counts(texts, self._cut)
            margins += self._of_pieces(counted)
            known |= (np.diff(counted.indptr) > 0) & _has_letter(texts)
        probabilities = calibrate(margins, np.array(self.model.calibration))
        labels = (probabilities >= self.thresholds) & known[:, None]
        probabilities[~known] = np.nan
        return Scores(probabilities, labels, ~known, np.zeros(len(passages), dtype=bool))

    @cached_property
    def _exact(self) -> list[tuple[str, CompiledView]]:
        """What weighs n-grams of many passages, by the field it sees; made when it is first asked for."""
        return [
            (view.field, CompiledView(view, vocabulary, self._idf(view, start, end), self._coefficients(start, end)))
            for view, vocabulary, start, end in self._views()
        ]

    @cached_property
    def _fast(self) -> list[tuple[str, Weigher]]:
        """The same with the kernel for views of words."""
        from features import fast

        return [
            (field, fast.FastView(exact) if isinstance(exact.grams, WordGrams) and fast.fits(exact.grams) else exact)
            for field, exact in self._exact
        ]

    def _idf(self, view: NGrams, start: int, end: int) -> Floats | None:
        return self.weights.idf[start:end] if view.idf else None

    def _coefficients(self, start: int, end: int) -> Floats:
        return self.weights.coefficients[:, start:end]

    def explain(self, passage: Passage, theme: str, most: int) -> list[tuple[str, float]]:
        """The terms of `passage` that weigh most for or against `theme`, and their part of the margin.

        A neighbour's term stands behind [before] or [after], a rule of the lexicon behind [rule]. What comes from a
        vector of the whole sentence cannot be told by terms: it is one entry of its own.
        """
        row = self.themes.index(theme)
        shares = []
        for (view, vocabulary, start, end), named in zip(self._views(), self.model.views, strict=True):
            found = ngrams.matrix([passage], view, vocabulary, self._idf(view, start, end))
            parts = found.data * self.weights.coefficients[row, start:end][found.indices]
            place = "" if view.field == "text" else f"[{view.field}] "
            shares += [(place + named.vocabulary[i], float(part)) for i, part in zip(found.indices, parts, strict=True)]
        shares += [
            (f"[rule] {function.name}", float(weight))
            for function, weight in zip(self._functions, self.weights.hits[row], strict=True)
            if function.fires(passage.text)
        ]
        if self.model.encoder:
            shares.append((SENTENCE_VECTOR, float(self._of_encoder([passage.text])[0, row])))
        if self.model.static_parts:
            shares.append((STATIC_VECTOR, float(self._of_pieces(static.counts([passage.text], self._cut))[0, row])))
        return sorted(shares, key=lambda share: (-abs(share[1]), share[0]))[:most]

    def _of_encoder(self, texts: Sequence[str]) -> Floats:
        """The encoder's share of the margins; every sentence is encoded once for all vector parts, and forgotten."""
        layers = sorted({layer for part in self.model.vector_parts for layer in part.layers})
        total = np.zeros((len(texts), len(self.themes)))
        if self._tuned.blocks:
            states = self._tuned.states_beside(layers, texts, keep=False)
            total += states[:, -1].astype(np.float64) @ self.weights.head
        else:
            states = embeddings.states(texts, layers, keep=False)
        for part, numbers in zip(self.model.vector_parts, self.weights.vector_parts, strict=True):
            total += vector_parts.margins(states[:, [layers.index(layer) for layer in part.layers]], part, numbers)
        return total

    def _of_pieces(self, counted: csr_array) -> Floats:
        """The static parts' share of the margins."""
        parts = zip(self.model.static_parts, self.weights.static_parts, strict=True)
        total: Floats = np.sum([static.margins(counted, *part) for part in parts], axis=0, dtype=np.float64)
        return total

    def _views(self) -> list[tuple[NGrams, dict[str, int], int, int]]:
        edges = [int(edge) for edge in self._edges]
        views = [view.ngrams for view in self.model.views]
        return list(zip(views, self._vocabularies, edges[:-1], edges[1:], strict=True))


def _has_letter(texts: Sequence[str]) -> Bools:
    return np.array([any(map(str.isalpha, text)) for text in texts], dtype=bool)


def load(folder: Path) -> Bundle:
    """Read a bundle; raises UntrustedModelFailure (exit 5) for anything that is not exactly one.

    A folder `encoder` beside it holds the encoder's files, for where their package is not installed.
    """
    model, weights, fingerprint = bundle_files.read(folder)
    beside = folder.resolve().with_name(ENCODER)
    if model.encoder and beside.is_dir():
        embeddings.read_from(beside)
    return Bundle(model, weights, fingerprint)
