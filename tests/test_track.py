"""One run per distinct fingerprint, current=true on those of the present workspace and on no others."""

import json
import os
import random
import socket
import sqlite3
import subprocess
import sys
from datetime import date
from pathlib import Path

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from mlflow.entities import Run

from features import manifest
from features.errors import IntegrityFailure, ResourceFailure, UsageFailure
from pipelines.tracking import finished, mlflow_store, promotions
from pipelines.tracking.finished import Entry, Locked
from tests import finished_files, tracked
from tests.tracked import track_here

CHECKOUT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tracked.empty_database(tmp_path_factory.mktemp("empty"))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty_database: Path) -> Path:
    folder = tracked.enter(tmp_path, monkeypatch, empty_database)
    finished_files.finish("a", "b")
    return folder


def test_a_run_shows_what_was_chosen_in_place_of_what_the_file_says(here: Path) -> None:
    finished_files.evaluate("a", 1.0, {"classifier.c": 3.0, "features.0.min_df": 2})
    finished_files.lock("a", 1.0)
    track_here()
    shown = tracked.current()["a"].data.params
    assert shown["classifier.c"] == "3.0"
    assert shown["features.0.min_df"] == "2"
    assert tracked.current()["b"].data.params["classifier.c"] == "1.0"


SEARCHED = [
    {"values": {"classifier.c": 3.0}, "average_precision": 0.8, "folds": 4},
    {"values": {"classifier.c": 9.0}, "average_precision": 0.7, "folds": 1},
]


def below(run_id: str) -> dict[str, Run]:
    return {str(run.info.run_name): run for run in tracked.runs() if run.data.tags.get("mlflow.parentRunId") == run_id}


def test_what_a_search_tried_stands_below_its_run_and_is_no_experiment_of_its_own(here: Path) -> None:
    finished_files.evaluate("a", 1.0, {"classifier.c": 3.0}, candidates=SEARCHED)
    finished_files.lock("a", 1.0)
    track_here()
    tried = below(tracked.current()["a"].info.run_id)
    assert {name: run.data.params for name, run in tried.items()} == {
        "c=3.0": {"classifier.c": "3.0"},
        "c=9.0": {"classifier.c": "9.0"},
    }
    assert tried["c=3.0"].data.metrics == {"search/average_precision": 0.8, "search/folds_that_chose": 4}
    assert tried["c=3.0"].data.tags["mlflow.note.content"] == "Tried by the search of a."
    assert not any({"fingerprint", "current"} & run.data.tags.keys() for run in tried.values())
    assert "(0 new, 2 known)" in track_here()
    assert len(tracked.runs()) == 4


def test_of_an_interrupted_run_what_its_search_tried_is_replaced_too(here: Path) -> None:
    finished_files.evaluate("a", 1.0, {"classifier.c": 3.0}, candidates=SEARCHED)
    finished_files.lock("a", 1.0)
    track_here()
    tracked.client().update_run(tracked.current()["a"].info.run_id, status="RUNNING")
    track_here()
    assert len(tracked.runs()) == 4
    assert len(below(tracked.current()["a"].info.run_id)) == 2


def test_a_run_shows_the_numbers_parameters_data_and_files_of_its_experiment(here: Path) -> None:
    finished_files.write(".timings/a.json", '{"train_seconds": 1.5}')
    track_here()
    run = tracked.current()["a"]
    scores = json.loads(Path("data/evaluate/a/scores.json").read_text())
    numbers = {name: value for name, value in scores.items() if value is not None}
    itself = {f"behind_champion/macro{kind}": float(kind == "_p") for kind in ("", "_low", "_high", "_p")}
    bundle = sum(file.stat().st_size for file in Path("data/export/champion").iterdir())
    sizes = {"size/model_megabytes": 2.5, "size/bundle_megabytes": round(bundle / 1e6, 3)}
    assert run.data.metrics == numbers | itself | sizes | {"timing/train_seconds": 1.5}
    assert "size/bundle_megabytes" not in tracked.current()["b"].data.metrics
    assert run.data.params == {
        "features.0.of": "words",
        "features.0.ngrams": "[1, 2]",
        "classifier.kind": "linear_svm",
        "classifier.c": "1.0",
        "train.folds": "5",
    }
    assert run.data.tags["mlflow.note.content"] == "a finds more.\n\n**Learned:** it does."
    assert run.data.tags["codebook_version"] == "2"
    split_md5 = finished.dvc_md5(Path("data/split")).removesuffix(".dir")
    assert run.data.tags["data_md5"] == split_md5
    assert run.inputs
    used = {one.tags[0].value: (one.dataset.name, one.dataset.digest) for one in run.inputs.dataset_inputs}
    assert used == {part: (part, split_md5) for part in ("train", "valid", "test")}
    own = {"plots/precision_recall.svg", "errors.csv", "metrics.json", "a.yaml", "comparisons.md"}
    assert tracked.files(run) == own | {"plots/learning_curve.svg", "card.md", "refit.json", "report.html"}
    assert tracked.files(tracked.current()["b"]) == {path.replace("a.yaml", "b.yaml") for path in own}


def test_tracking_twice_adds_no_run_and_writes_the_same_receipt(here: Path) -> None:
    said = track_here()
    receipt = Path("data/track/receipt.json").read_bytes()
    assert "2 runs current (2 new, 0 known), model theme-model version 1 (champion and challenger)" in said
    assert "2 runs current (0 new, 2 known), model theme-model version 1" in track_here()
    assert len(tracked.runs()) == 2
    assert Path("data/track/receipt.json").read_bytes() == receipt
    fingerprints = [run.data.tags["fingerprint"] for run in tracked.runs()]
    assert json.loads(receipt) == sorted(fingerprints)


def test_a_changed_parameter_is_a_new_run_and_going_back_makes_the_old_one_current_again(here: Path) -> None:
    track_here()
    first = tracked.current()["a"].info.run_id
    finished_files.finish("a", "b", c=2.0)
    assert "(2 new, 0 known)" in track_here()
    assert tracked.current()["a"].data.params["classifier.c"] == "2.0"
    assert len(tracked.runs()) == 4
    finished_files.finish("a", "b", c=1.0)
    assert "(0 new, 2 known)" in track_here()
    assert tracked.current()["a"].info.run_id == first
    assert len(tracked.runs()) == 4


def test_an_experiment_taken_off_the_list_keeps_its_run_without_being_current(here: Path) -> None:
    track_here()
    finished_files.inputs("a")
    assert "1 run current (0 new, 1 known)" in track_here()
    assert set(tracked.current()) == {"a"}
    assert {run.info.run_name for run in tracked.runs()} == {"a", "b"}


def test_how_far_a_run_is_behind_the_champion_follows_the_champion(here: Path) -> None:
    track_here()
    shown = {name: run.data.metrics["behind_champion/macro"] for name, run in tracked.current().items()}
    assert shown == {"a": 0.0, "b": 0.01}
    assert tracked.current()["b"].data.metrics["behind_champion/macro_p"] == 0.04
    finished_files.conclude("b", "a")
    assert "2 runs current (0 new, 2 known)" in track_here()
    shown = {name: run.data.metrics["behind_champion/macro"] for name, run in tracked.current().items()}
    assert shown == {"a": 0.01, "b": 0.0}


def test_what_was_learned_later_reaches_the_run_that_is_known(here: Path) -> None:
    track_here()
    experiment = Path("experiments/a.yaml")
    experiment.write_text(experiment.read_text().replace("it does", "it does not"))
    finished_files.write("data/compare/comparisons.md", "no difference\n")
    manifest.write(Path("data/compare"))
    track_here()
    run = tracked.current()["a"]
    assert run.data.tags["mlflow.note.content"].endswith("**Learned:** it does not.")
    kept = tracked.client().download_artifacts(run.info.run_id, "comparisons.md")
    assert Path(kept).read_text() == "no difference\n"


def test_a_run_that_was_interrupted_is_replaced_by_a_whole_one(here: Path) -> None:
    track_here()
    whole = tracked.current()["a"]
    tracked.client().update_run(whole.info.run_id, status="RUNNING")
    assert "(1 new, 1 known)" in track_here()
    assert len(tracked.runs()) == 2
    assert tracked.current()["a"].data.metrics == whole.data.metrics


def test_of_two_runs_with_one_fingerprint_the_first_is_kept(here: Path) -> None:
    track_here()
    first = tracked.current()["a"]
    twin = tracked.client().create_run(
        first.info.experiment_id, tags={"fingerprint": first.data.tags["fingerprint"], "current": "true"}
    )
    tracked.client().set_terminated(twin.info.run_id)
    track_here()
    assert tracked.current()["a"].info.run_id == first.info.run_id
    assert len(tracked.runs()) == 2


def test_a_temporary_copy_adds_runs_to_the_users_store_but_moves_no_mark(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / ".dvc").mkdir()
    track_here()
    before = tracked.current()
    copy = here / ".dvc/tmp/exps/standalone/copy"
    (copy / ".dvc").mkdir(parents=True)
    monkeypatch.chdir(copy)
    monkeypatch.setenv("DVC_ROOT", str(here))
    monkeypatch.setenv("DVC_EXP_NAME", "brave-newt")
    finished_files.finish("a", "b", c=3.0)
    said = track_here()
    assert "2 runs of a temporary workspace (2 new, 0 known), model theme-model version 2," in said
    assert (copy / "data/track/receipt.json").is_file()
    monkeypatch.chdir(here)
    assert tracked.current().keys() == before.keys()
    assert {run.info.run_id for run in tracked.current().values()} == {run.info.run_id for run in before.values()}
    added = [run for run in tracked.runs() if run.data.tags.get("dvc_experiment") == "brave-newt"]
    assert {run.info.run_name for run in added} == {"a", "b"}
    assert tracked.aliases() == {"champion": 1, "challenger": 1}


def test_a_new_export_is_challenger_and_the_first_one_stays_champion(here: Path) -> None:
    track_here()
    finished_files.finish("a", "b", c=2.0)
    assert "model theme-model version 2 (challenger)" in track_here()
    assert tracked.aliases() == {"champion": 1, "challenger": 2}
    finished_files.finish("a", "b", c=1.0)
    assert "model theme-model version 1 (champion and challenger)" in track_here()
    assert len(tracked.client().search_model_versions(f"name='{tracked.MODEL}'")) == 2


def test_a_card_that_says_more_is_no_new_version_of_the_model(here: Path) -> None:
    track_here()
    finished_files.write("data/export/champion/card.md", "# a, and more\n")
    manifest.write(Path("data/export/champion"))
    assert "version 1 (champion and challenger)" in track_here()


def test_a_promoted_bundle_that_this_store_never_saw_leaves_no_champion_and_is_said(here: Path) -> None:
    track_here()
    gone = promotions.Promotion("f" * 64, "a", date(2024, 5, 1))
    promotions.write(Path("experiments/promotions.yaml"), [gone])
    assert "has no version in this store" in track_here()
    assert tracked.aliases() == {"challenger": 1}


@pytest.mark.parametrize("damage", ["scores.json", "metrics.json"])
def test_numbers_that_are_not_those_of_dvc_lock_are_refused(here: Path, damage: str) -> None:
    finished_files.write(f"data/evaluate/b/{damage}", '{"test/macro_f1": 0.99}')
    manifest.write(Path("data/evaluate/b"))
    with pytest.raises(IntegrityFailure, match=r"data/evaluate/b.*not what dvc.lock lists"):
        track_here()
    assert not tracked.runs()


def test_an_experiment_that_was_never_run_is_named(here: Path) -> None:
    finished_files.inputs("a", "b", "c")
    with pytest.raises(IntegrityFailure, match="train@c"):
        track_here()


def test_a_misspelt_parameter_is_named(here: Path) -> None:
    finished_files.write("params.yaml", "experiments: [a]\ntrack: {experiment_nam: x, model_name: y}\n")
    with pytest.raises(UsageFailure, match="experiment_nam"):
        track_here()


def test_a_locked_database_says_what_to_do(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mlflow_store, "PATIENCE", 0.2)
    holder = sqlite3.connect(tracked.DATABASE, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(ResourceFailure, match=r"mlflow.db.*locked(.|\n)*dvc repro -sf track"):
        track_here()
    holder.close()
    assert not Path("data/track/receipt.json").exists()
    assert "(2 new, 0 known)" in track_here()


def test_a_store_that_may_only_be_read_says_what_to_do_and_is_as_it_was(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tracked.DATABASE.read_bytes()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///file:{tracked.DATABASE.resolve()}?mode=ro&uri=true")
    with pytest.raises(ResourceFailure, match=r"readonly database(.|\n)*dvc repro -sf track"):
        track_here()
    assert tracked.DATABASE.read_bytes() == before
    assert not Path("data/track/receipt.json").exists()
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert "(2 new, 0 known)" in track_here()


def test_a_full_disk_says_what_to_do_and_afterwards_every_experiment_has_one_run(here: Path) -> None:
    kilobytes = tracked.DATABASE.stat().st_size // 2048
    [(code, out, messages)] = processes(here, 1, "bash", "-c", f'ulimit -f {kilobytes}; exec "$@"', "-")
    assert (code, out) == (6, ""), messages
    assert "dvc repro -sf track" in messages
    assert "Traceback" not in messages
    assert not Path("data/track/receipt.json").exists()
    track_here()
    assert set(tracked.current()) == {"a", "b"}
    assert len(tracked.runs()) == 2


def test_another_store_gets_the_runs_of_the_present_workspace(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    track_here()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{here / 'other.db'}")
    assert "2 runs current (2 new, 0 known)" in track_here()
    assert "2 runs current (0 new, 2 known)" in track_here()
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert "2 runs current (0 new, 2 known)" in track_here()


def test_a_database_that_is_none_says_what_to_do(here: Path) -> None:
    tracked.DATABASE.write_bytes(b"not a database, but long enough to have a header" * 100)
    with pytest.raises(ResourceFailure, match=r"not a database(.|\n)*dvc repro -sf track"):
        track_here()


def test_a_server_that_is_not_there_says_what_to_do_and_keeps_its_password(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://user:secret@127.0.0.1:{port}")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(ResourceFailure, match="dvc repro -sf track") as failure:
        track_here()
    assert f"http://127.0.0.1:{port}" in str(failure.value)
    assert "secret" not in str(failure.value)


def test_another_process_at_work_is_waited_for_and_then_named(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mlflow_store, "PATIENCE", 0.2)
    with (
        mlflow_store.opened(Path("data/track"), ""),
        pytest.raises(ResourceFailure, match=r"another process(.|\n)*dvc repro -sf track"),
    ):
        track_here()


locked_stages = st.builds(
    Locked,
    deps=st.lists(st.builds(Entry, path=st.text(max_size=5), md5=st.text(max_size=5)), max_size=4),
    params=st.dictionaries(st.text(max_size=3), st.dictionaries(st.text(max_size=3), st.integers()), max_size=3),
)


@given(train=locked_stages, evaluate=locked_stages, seed=st.integers())
def test_the_order_in_which_dvc_lists_things_does_not_change_a_fingerprint(
    train: Locked, evaluate: Locked, seed: int
) -> None:
    shuffled = random.Random(seed).sample(train.deps, len(train.deps))
    reversed_params = dict(reversed(train.params.items()))
    other = Locked(deps=shuffled, params=reversed_params, outs=train.outs)
    assert finished.fingerprint({"train": train, "evaluate": evaluate}) == finished.fingerprint(
        {"evaluate": evaluate, "train": other}
    )


@given(train=locked_stages, md5=st.text(min_size=6, max_size=8))
def test_another_output_is_another_fingerprint(train: Locked, md5: str) -> None:
    other = msgspec.structs.replace(train, outs=[*train.outs, Entry("data/train/a", md5)])
    assert finished.fingerprint({"train": train}) != finished.fingerprint({"train": other})


def processes(folder: Path, count: int, *before: str) -> list[tuple[int, str, str]]:
    """Exit code, output and messages of `count` simultaneous `python -m pipelines.track`, started by `before`."""
    environment = {name: value for name, value in os.environ.items() if name not in ("DVC_ROOT", "MLFLOW_TRACKING_URI")}
    command = [*before, sys.executable, "-m", "pipelines.track", *finished_files.ARGUMENTS]
    started = [
        subprocess.Popen(
            command,
            cwd=folder,
            env=environment | {"PYTHONPATH": str(CHECKOUT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(count)
    ]
    ended = [(process, *process.communicate(timeout=120)) for process in started]
    return [(process.returncode, out, messages) for process, out, messages in ended]


def test_processes_that_start_at_once_on_an_empty_store_log_each_experiment_once(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracked.DATABASE.unlink()
    ended = processes(here, 6)
    assert [code for code, _, _ in ended] == [0] * 6, ended
    told = sorted(out.split("(")[1].split(")")[0] for _, out, _ in ended)
    assert told == ["0 new, 2 known"] * 5 + ["2 new, 0 known"]
    assert len(tracked.runs()) == 2
    assert tracked.aliases() == {"champion": 1, "challenger": 1}


def test_a_deleted_store_is_rebuilt_and_its_last_line_says_that_only_current_runs_returned(here: Path) -> None:
    track_here()
    finished_files.finish("a", "b", c=2.0)
    track_here()
    promoted = tracked.client().get_model_version_by_alias(tracked.MODEL, "challenger").tags["fingerprint"]
    promotions.write(Path("experiments/promotions.yaml"), [promotions.Promotion(promoted, "a", date(2024, 5, 1))])
    lock = yaml.safe_load(Path("dvc.lock").read_text())
    lock["stages"]["track"] = {"cmd": "python -m pipelines.track"}
    Path("dvc.lock").write_text(yaml.safe_dump(lock))
    moved = here / "elsewhere"
    (here / "data/track").rename(moved)
    [(code, out, messages)] = processes(here, 1)
    assert code == 0, messages
    assert "2 runs current (2 new, 0 known), model theme-model version 1 (champion and challenger)" in out
    assert "a new store: earlier runs, if there were any, could not return, only the current ones" in out


def test_the_command_exits_6_when_the_store_is_locked_and_shows_no_traceback(here: Path) -> None:
    finished_files.write("data/track/mlflow.db", "not a database" * 200)
    [(code, out, messages)] = processes(here, 1)
    assert (code, out) == (6, "")
    assert "Traceback" not in messages
    assert messages.startswith("error: data/track/mlflow.db: ")


def test_tracking_never_loads_scikit_learn(here: Path) -> None:
    program = "import sys; from tests.tracked import track_here; track_here(); print('sklearn' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "False\n"
