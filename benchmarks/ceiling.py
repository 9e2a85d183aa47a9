"""The limit: how fast a small program in C labels the same sentences, exactly, on one thread (ceiling.c).

It scores ASCII alone, and one model: words and pairs of words with sublinear counts and rows of length 1.
"""

import shutil
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from features import ngrams
from features.bundle import Bundle
from features.metrics import Bools
from features.text import Passage

_PROGRAM = Path(__file__).with_suffix(".c")
# What ceiling.c has room for: themes beside the rest of a term in 64 bytes, words of which a pair is one uint32.
_MOST_THEMES, _MOST_WORDS, _LONGEST = 6, 65_535, 4_095


def write_model(bundle: Bundle, path: Path) -> None:
    """Write `bundle` as ceiling.c reads it; raises ValueError for a model that ceiling.c cannot score.

    Little-endian, one after the other: uint32 (4,), how many themes, words, pairs and bytes of words; float64
    (4, themes), intercepts, slopes, offsets and thresholds; float64 (terms,), idf of words, then of pairs; float64
    (terms, themes), coefficients; uint32 (pairs, 2), the numbers of both words; the words, a newline behind each.
    Terms that are in no ASCII text are left out.
    """
    _require_simple(bundle)
    (view,) = bundle.model.views
    columns = {term: column for column, term in enumerate(view.vocabulary) if _is_met(term)}
    words = [term for term in columns if " " not in term]
    pairs = [term for term in columns if " " in term]
    both = _numbers(bundle, words, pairs)
    order = [columns[term] for term in words + pairs]
    spelling = "".join(f"{word}\n" for word in words).encode()
    weights = bundle.weights
    slopes, offsets = np.array(bundle.model.calibration).T
    idf = weights.idf[order] if view.ngrams.idf else np.ones(len(order))
    coefficients = weights.coefficients[:, order].T * view.ngrams.weight
    with path.open("wb") as file:
        file.write(struct.pack("<4I", len(bundle.themes), len(words), len(pairs), len(spelling)))
        for numbers in (weights.intercepts, slopes, offsets, bundle.thresholds, idf, coefficients):
            file.write(numbers.astype("<f8").tobytes())
        file.write(both.tobytes())
        file.write(spelling)


def measured(bundle: Bundle, texts: Sequence[str], scratch: Path, repeats: int) -> list[float]:
    """Sentences per CPU second of ceiling.c, one figure per repeat; its files are left in the folder `scratch`.

    Texts that are not ASCII, hold a line's end or are longer than 4,095 characters are left out. Raises ValueError for
    a model that ceiling.c cannot score and when no text remains; RuntimeError without a C compiler, when compiler or
    program fails, and when a label is not the bundle's.
    """
    lines = [text for text in texts if text.isascii() and "\n" not in text and len(text) <= _LONGEST]
    if not lines:
        raise ValueError(f"no text is ASCII on one line of at most {_LONGEST:,} characters: nothing to measure")
    model, source, labels = scratch / "model.bin", scratch / "sentences.txt", scratch / "labels.txt"
    write_model(bundle, model)
    source.write_bytes("".join(f"{line}\n" for line in lines).encode())
    printed = _run([str(_compiled(scratch)), str(model), str(source), str(labels), str(repeats)])
    _require_same(bundle, lines, labels)
    return [float(figure) for figure in printed.split()]


def _require_simple(bundle: Bundle) -> None:
    model = bundle.model
    others = model.lexicon or model.vector_parts or model.static_parts or model.tuned_blocks
    views = [
        (view.ngrams.of, view.ngrams.ngrams, view.ngrams.field, view.ngrams.sublinear_tf, view.ngrams.norm)
        for view in model.views
    ]
    if others or views != [("words", (1, 2), "text", True, "l2")] or len(bundle.themes) > _MOST_THEMES:
        raise ValueError(
            f"{bundle.name}: ceiling.c scores one view of words, n-grams 1 to 2 of the sentence itself, sublinear_tf "
            f"and norm l2, for at most {_MOST_THEMES} themes, and nothing else"
        )


def _numbers(bundle: Bundle, words: Sequence[str], pairs: Sequence[str]) -> NDArray[np.uint32]:
    """Shape (pairs, 2): the numbers of both words of each pair."""
    numbers = {word: number for number, word in enumerate(words)}
    try:
        both = [[numbers[word] for word in pair.split(" ")] for pair in pairs]
    except KeyError as error:
        raise ValueError(f"{bundle.name}: {error} is in a pair and no term itself; ceiling.c needs both") from error
    if len(words) > _MOST_WORDS:
        raise ValueError(f"{bundle.name}: {len(words):,} words; ceiling.c takes at most {_MOST_WORDS:,}")
    return np.array(both, dtype="<u4")


def _is_met(term: str) -> bool:
    """Whether an ASCII text can be cut into this term."""
    words = ngrams.words(term)
    return term.isascii() and term == term.lower() == " ".join(words) and len(words) in (1, 2)


def _compiled(scratch: Path) -> Path:
    compiler = shutil.which("cc")
    if compiler is None:
        raise RuntimeError("no C compiler: install one that answers to `cc`, such as Debian's package gcc")
    program = scratch / "ceiling"
    _run([compiler, "-O3", "-march=native", "-o", str(program), str(_PROGRAM), "-lm"])
    return program


def _run(command: Sequence[str]) -> str:
    """What the command prints; raises RuntimeError with its messages when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr}")
    return done.stdout


def _require_same(bundle: Bundle, lines: Sequence[str], labels: Path) -> None:
    written = [[mark == "1" for mark in line] for line in labels.read_text(encoding="ascii").splitlines()]
    expected: Bools = bundle.score([Passage(line) for line in lines]).labels
    other = int((np.array(written, dtype=bool) != expected).sum())
    if other:
        raise RuntimeError(f"ceiling.c gives {other} labels of {expected.size} that are not the bundle's")
