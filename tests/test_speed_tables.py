from typing import Any

from pipelines import speed_tables

SPEED = {"median": 50_000, "low": 40_000, "high": 60_000.4}
RATIO = {"median": 2.5, "low": 2, "high": 3}


def test_each_file_of_results_names_its_processor() -> None:
    rows = speed_tables.processors({"score": {"processor": "x", "sizes": 1}, "grid": {"processor": "y"}})
    assert rows == [["score", "x"], ["grid", "y"]]


def test_speeds_stand_with_their_range_and_the_ratio_of_the_rounds() -> None:
    both = {"here": {"median": 80.04, "low": 70, "high": 90}, "there": {"median": 100, "low": 95, "high": 105}}
    rows = speed_tables.speeds({"sentences_per_second": both, "ratio": {"median": 0.8, "low": 0.7, "high": 0.9}})
    assert rows == [["here", "80", "70", "90"], ["there", "100", "95", "105"], ["ratio", "0.80", "0.70", "0.90"]]
    assert {len(row) for row in rows} == {len(speed_tables.SPEEDS)}


def test_in_one_process_each_stands_beside_scikit_learn_and_beside_the_limit() -> None:
    rows = speed_tables.in_process(
        {
            "sentences_per_second": {"ours": SPEED, "scikit-learn": SPEED, "a program in C": SPEED},
            "ratios": {"ours": RATIO},
            "share_of_limit": {"ours": {"median": 0.456, "low": 0.4, "high": 0.5}},
        }
    )
    assert [row[4:] for row in rows] == [["2.50 [2.00, 3.00]", "46% [40%, 50%]"], ["", ""], ["", ""]]
    assert {len(row) for row in rows} == {len(speed_tables.IN_PROCESS)}


def test_a_peer_stands_with_its_speeds_and_how_much_slower_it_is_at_the_most_that_it_was_asked() -> None:
    small: dict[str, Any] = {
        "sentences_per_second": {"ours": SPEED, "slow": SPEED},
        "ratios": {"ours": RATIO, "slow": RATIO},
        "ratios_numba": {"ours": RATIO, "slow": {"median": 9, "low": 8, "high": 10}},
        "megabytes": {"ours": 300, "slow": 400},
    }
    large = {key: {"ours": value["ours"]} for key, value in small.items()} | {"megabytes": {"ours": 310}}
    score = {"end_to_end": {"1000": small, "20000": large}, "macro_f1": {"ours": 0.8, "slow": 0.7012, "unmeasured": 0}}
    rows = speed_tables.scoring(score)
    assert rows == [
        ["ours", "50,000", "50,000", "2.50 [2.00, 3.00]", "2.50 [2.00, 3.00]", "310", "0.800"],
        ["slow", "50,000", "", "2.50 [2.00, 3.00]", "9.00 [8.00, 10.00]", "400", "0.701"],
    ]
    heads = speed_tables.scoring_heads(score)
    assert heads[1:3] == ["of 1,000", "of 20,000"]
    assert {len(row) for row in rows} == {len(heads)}


def test_ten_times_the_sentences_and_a_second_core_stand_side_by_side() -> None:
    one = {
        "megabytes": 300,
        "megabytes_of_tenfold": 310,
        "seconds": 9.5,
        "seconds_of_tenfold": 95,
        "wall_ratio_of_two_cores": 0.654,
    }
    assert [row[1:] for row in speed_tables.growth({"a": one, "b": one})] == [
        ["300", "300"],
        ["310", "310"],
        ["9.5", "9.5"],
        ["95", "95"],
        ["0.654", "0.654"],
    ]


def test_both_searches_stand_with_their_cost_and_their_winner() -> None:
    seconds = {"median": 10.04, "low": 9, "high": 11}
    search = {
        "cpu_seconds": {"ours": seconds, "scikit-learn": seconds},
        "megabytes": {"ours": 300, "scikit-learn": 400},
        "winner": {"ours": {"macro_f1": 0.81234, "c": 3.0}, "scikit-learn": {"macro_f1": 0.8123, "c": 3.0}},
        "ratio": RATIO,
    }
    rows = speed_tables.grid({"search": search})
    assert rows[0] == ["ours", "10.0", "9.0", "11.0", "300", "0.8123"]
    assert rows[2] == ["ratio", "2.50", "2.00", "3.00", "", ""]
    assert {len(row) for row in rows} == {len(speed_tables.GRID)}


def test_the_memory_of_both_searches_stands_by_size() -> None:
    growth = {"sentences": [1000, 4000], "megabytes": {"ours": [300, 400], "scikit-learn": [310, 390]}}
    rows = speed_tables.grid_memory({"growth": growth})
    assert rows == [["1,000", "300", "310"], ["4,000", "400", "390"]]


def test_what_is_done_when_nothing_is_to_be_done_stands_beside_trivial_stages() -> None:
    seconds = {"median": 1.004, "low": 0.9, "high": 1.1}
    rows = speed_tables.noop(
        {
            "sizes": {"ours": {"stages": 70, "deps": 300}, "trivial": {"stages": 70, "deps": 70}},
            "cpu_seconds": {"ours": seconds, "trivial": seconds},
            "ratios": {"ours": RATIO},
        }
    )
    assert rows == [
        ["ours", "70", "300", "1.00", "0.90", "1.10", "2.50 [2.00, 3.00]"],
        ["trivial", "70", "70", "1.00", "0.90", "1.10", "1"],
    ]


def test_the_cheapest_stage_to_start_stands_first() -> None:
    rows = speed_tables.fixed(
        {"cpu_seconds": {name: {"median": n, "low": n, "high": n} for name, n in (("train", 1.5), ("split", 0.2))}}
    )
    assert rows == [["split", "0.20", "0.20", "0.20"], ["train", "1.50", "1.50", "1.50"]]


def test_fits_stand_by_size_and_side() -> None:
    seconds = {"median": 10.04, "low": 9, "high": 11}
    size = {"cpu_seconds": {"ours": seconds}, "ratios": {"ours": RATIO}, "megabytes": {"ours": 300}}
    rows = speed_tables.fitting({"sizes": {"2000": size}})
    assert rows == [["2,000", "ours", "10.0", "9.0", "11.0", "2.50 [2.00, 3.00]", "300"]]


def test_spark_stands_beside_the_local_engine_and_a_cluster_that_is_too_small_never_pays() -> None:
    found = {
        "sentences_per_second": {"local": SPEED, "Spark": SPEED},
        "ratio": {"median": 0.5, "low": 0.4, "high": 0.6},
        "crossover": {"from": {"2": None, "32": 1_234_567}},
    }
    assert speed_tables.spark(found)[1:] == [["Spark", "50,000", "40,000", "60,000"], ["ratio", "0.50", "0.40", "0.60"]]
    assert speed_tables.crossover(found) == [["2", "never"], ["32", "1,234,567"]]
