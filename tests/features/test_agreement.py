import pytest

from features.agreement import agreement, exact, nominal_alpha


def test_alpha_of_two_coders_equals_the_published_binary_example() -> None:
    # Krippendorff (2011), section B: two observers, ten units.
    units = [list(pair) for pair in zip("0100000010", "1110010000", strict=True)]
    assert nominal_alpha(units) == pytest.approx(0.095, abs=0.0005)


def test_alpha_with_gaps_equals_the_published_nominal_example() -> None:
    # Krippendorff (2011), section C: four observers, twelve units, gaps.
    rows = ["123321412...", "12332241 25.3".replace(" ", ""), ".3332342251.", "12332441251."]
    units = [[row[n] for row in rows if row[n] != "."] for n in range(12)]
    assert nominal_alpha(units) == pytest.approx(0.743, abs=0.0005)


def _codings() -> dict[str, dict[str, frozenset[str]]]:
    first = "0100000010"
    second = "1110010000"
    themes = {"0": frozenset[str](), "1": frozenset({"x"})}
    return {str(n): {"a": themes[a], "b": themes[b]} for n, (a, b) in enumerate(zip(first, second, strict=True))}


def test_a_themes_alpha_is_the_nominal_alpha_of_present_and_absent() -> None:
    documents = {str(n): f"d{n % 5}" for n in range(10)}
    (found,) = agreement(_codings(), documents, ["x"], resamples=200, seed=1, experimental_below=0.667)
    assert found.alpha == pytest.approx(0.095, abs=0.0005)
    assert found.percent_agreement == 0.6
    assert found.prevalence == 0.3
    assert found.experimental
    assert found.low is not None and found.high is not None and found.low <= 0.095 <= found.high


def test_without_double_coding_agreement_is_not_measured() -> None:
    codings = {"s": {"a": frozenset({"x"})}}
    (found,) = agreement(codings, {"s": "d"}, ["x"], resamples=10, seed=1, experimental_below=0.667)
    assert found.alpha is None
    assert not found.experimental


def test_exact_agreement_counts_only_sentences_coded_twice() -> None:
    assert exact(_codings() | {"once": {"a": frozenset()}}) == 0.6
    assert exact({}) is None
