"""One grid of settings searched two ways: a process each, imports and all.

python -m benchmarks.searches WAY ROWS OUT [--few]
"""

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import pipelines  # noqa: F401 - pins the threads before numpy starts any
from features.gold import gold_matrix
from features.metrics import Bools
from features.resampling import Floats
from features.text import Example
from pipelines import tables

FOLDS = 5
Grid = dict[str, list[Any]]
# It ends where the best setting is still ahead of the second by more than what scikit-learn's solver, at its default
# tolerance, is away from the minimum; weaker penalties lie nearer to each other. At the strongest nothing is predicted.
GRID: Grid = {"min_df": [1, 5], "balanced": [True, False], "c": [0.03, 0.1, 0.3, 1.0, 3.0, 10.0]}
FEW: Grid = {"min_df": [1], "balanced": [True], "c": [3.0, 10.0]}
Scores = list[dict[str, Any]]
Fold = tuple[Any, Any]


def this_project(rows: Sequence[Example], gold: Bools, folds: Sequence[Fold], grid: Grid) -> Scores:
    """As `tune` has it: what a search asks of CrossFit, scored as the peer is."""
    from sklearn.metrics import f1_score

    from features.experiments import Experiment, LogisticRegression, NGrams
    from features.folds import CrossFit
    from features.grid import combinations
    from features.logistic_family import families

    paths = {"features.0.min_df": "min_df", "classifier.balanced": "balanced", "classifier.c": "c"}
    words = NGrams("words", (1, 2), sublinear_tf=True, idf=True, norm="l2")
    tune = {path: grid[name] for path, name in paths.items()}
    tuned = Experiment(LogisticRegression(), [words], tune=tune)
    fold_of = np.zeros(len(rows), dtype=np.int64)
    for number, (_, held_out) in enumerate(folds):
        fold_of[held_out] = number
    in_folds = CrossFit([row.passage for row in rows], gold, fold_of, np.empty((0, 2), dtype=np.int64), [])
    in_folds.fit_together(families(tuned.candidates))

    def score(margins: Floats) -> float:
        of_folds = [f1_score(gold[at], margins[at] > 0, average="macro", zero_division=0) for _, at in folds]
        return float(np.mean(of_folds))

    return [
        {
            **{paths[path]: value for path, value in values.items()},
            "macro_f1": score(in_folds.out_of_fold(one.parts[0])),
        }
        for values, one in zip(combinations(tune), tuned.candidates, strict=True)
    ]


def scikit_learn(rows: Sequence[Example], gold: Bools, folds: Sequence[Fold], grid: Grid) -> Scores:
    """GridSearchCV of a Pipeline, which fits all of it for every setting and fold."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import Pipeline

    words, regression = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LogisticRegression(max_iter=1000)
    pipeline = Pipeline([("words", words), ("classifier", OneVsRestClassifier(regression))])
    names = {"words__min_df": "min_df", "classifier__estimator__C": "c"}
    weight = "classifier__estimator__class_weight"
    candidates = {name: grid[short] for name, short in names.items()}
    candidates[weight] = ["balanced" if balanced else None for balanced in grid["balanced"]]
    search = GridSearchCV(pipeline, candidates, scoring="f1_macro", cv=folds, refit=False)
    search.fit([row.text for row in rows], gold.astype(np.int64))
    scores = search.cv_results_["mean_test_score"]
    return [
        {
            **{names[name]: settings[name] for name in names},
            "balanced": bool(settings[weight]),
            "macro_f1": float(score),
        }
        for settings, score in zip(search.cv_results_["params"], scores, strict=True)
    ]


WAYS: dict[str, Callable[[Sequence[Example], Bools, Sequence[Fold], Grid], Scores]] = {
    "this project": this_project,
    "scikit-learn": scikit_learn,
}


def main() -> None:
    """Search, and write the score of each setting."""
    from sklearn.model_selection import GroupKFold

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("rows", type=Path, help="examples, as stage split writes them")
    parser.add_argument("out", type=Path)
    parser.add_argument("--few", action="store_true", help="two settings alone")
    options = parser.parse_args()
    rows = tables.read(options.rows, Example)
    gold = gold_matrix(rows, sorted({theme for row in rows for theme in row.themes}))
    folds = list(GroupKFold(FOLDS).split(rows, groups=[row.group for row in rows]))
    found = WAYS[options.way](rows, gold, folds, FEW if options.few else GRID)
    options.out.write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
