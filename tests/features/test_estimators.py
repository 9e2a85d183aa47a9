import subprocess
import sys

import pytest

BEFORE = "import features.training, sys; "
FIT = (
    "from features.estimators import CountVectorizer; from sklearn.naive_bayes import ComplementNB; "
    "ComplementNB().fit(CountVectorizer().fit_transform(['the funds', 'the net']), [0, 1]); "
)


@pytest.mark.parametrize(
    ("program", "printed"),
    [
        (BEFORE + FIT + "print('pandas' in sys.modules)", "False"),
        (BEFORE + "import pandas; print(pandas.DataFrame({'a': [1]}).shape)", "(1, 1)"),
        ("import pandas, sys; " + BEFORE + "print(sys.modules['pandas'] is pandas)", "True"),
    ],
    ids=["fitting imports no pandas", "pandas can be imported later", "pandas stays where it was first"],
)
def test_scikit_learn_comes_without_pandas_and_takes_it_from_nobody(program: str, printed: str) -> None:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == printed
