import numpy as np

from features.codebook import Codebook
from features.experiments import Experiment
from features.lexicon import LabellingFunction
from features.text import Example
from pipelines.curve import curve
from tests.conftest import PARAMS


def test_the_curve_grows_from_few_documents_to_all_and_rises(
    words_experiment: Experiment, examples: list[Example], small_codebook: Codebook, functions: list[LabellingFunction]
) -> None:
    scales = np.tile([1.0, 0.0], (1, len(small_codebook.ids), 1))
    points = curve(words_experiment, scales, examples, small_codebook.ids, functions, **PARAMS["curve"])
    assert [point.documents for point in points] == [2, 4, 5, 7]
    assert [len(point.macro_f1) for point in points] == [2, 2, 2, 1]
    assert points[-1].macro_f1[0] > min(points[0].macro_f1)
    assert points[-1].sentences == [sum(row.part == "train" for row in examples)]
