import argparse
import hashlib
import re
from pathlib import Path

import numpy as np
import pytest

from features import embeddings, encoder
from features.errors import IntegrityFailure, UsageFailure
from features.text import Sentence
from pipelines import states, store, tables
from pipelines.embed import embed, main
from tests.conftest import PARAMS

TEXTS = ["One sentence of ours.", "A second one, a little longer.", "One sentence of ours."]


def test_every_distinct_text_has_its_states_in_order() -> None:
    found = embed(TEXTS, **PARAMS["embed"])
    assert list(found) == [embeddings.key(TEXTS[0]), embeddings.key(TEXTS[1])]
    expected = encoder.load().states(TEXTS[:2])[:, PARAMS["embed"]["layers"]]
    np.testing.assert_allclose(np.array(list(found.values())), expected, atol=2e-6)


def test_no_layers_ask_nothing_of_the_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings, "states", lambda *_: pytest.fail("the encoder was asked"))
    assert embed(TEXTS, layers=[], at_once=2) == {}


@pytest.fixture
def options(tmp_path: Path, small_sentences: list[Sentence]) -> argparse.Namespace:
    with store.writing(tmp_path / "segment") as folder:
        tables.write(small_sentences[:5], Sentence, folder / "sentences.parquet")
    return argparse.Namespace(
        segment=tmp_path / "segment",
        out=tmp_path / "embed",
        experiments=Path("experiments"),
        params=Path("tests/corpus/params.yaml"),
    )


def test_a_second_run_computes_nothing_and_writes_the_same_bytes(
    options: argparse.Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    main(options)
    first = hashlib.sha256((options.out / "states.npz").read_bytes()).hexdigest()
    monkeypatch.setattr(embeddings, "_known", {})
    monkeypatch.setattr(embeddings, "loaded", lambda: pytest.fail("the encoder was asked again"))
    assert main(options).endswith("0 of them new")
    assert hashlib.sha256((options.out / "states.npz").read_bytes()).hexdigest() == first


def test_what_was_written_is_recalled(options: argparse.Namespace, small_sentences: list[Sentence]) -> None:
    main(options)
    expected = {(embeddings.key(sentence.text), layer) for sentence in small_sentences[:5] for layer in (3, 6)}
    assert states.recall(options.out) == expected


def test_a_rotten_earlier_result_is_computed_anew(options: argparse.Namespace) -> None:
    main(options)
    (options.out / "states.npz").write_bytes(b"rotten")
    main(options)
    assert len(states.recall(options.out)) == 5 * 2


def test_what_another_encoder_made_is_computed_anew(
    options: argparse.Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    main(options)
    monkeypatch.setattr(encoder, "FINGERPRINT", "2 of other weights")
    with pytest.raises(IntegrityFailure, match=r"states\.npz: made by another encoder"):
        states.recall(options.out)
    assert main(options).endswith("5 of them new")


def test_without_layers_the_run_goes_on_and_keeps_nothing(options: argparse.Namespace, tmp_path: Path) -> None:
    params = tmp_path / "params.yaml"
    params.write_text(options.params.read_text(encoding="utf-8").replace("layers: [3, 6]", "layers: []"))
    options.params = params
    assert main(options).startswith("0 distinct sentences")
    assert states.recall(options.out) == set()


def test_without_the_package_the_experiments_that_need_it_are_named(
    options: argparse.Namespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoder, "MODULE", "no_such_module_anywhere")
    monkeypatch.setattr(embeddings, "loaded", encoder.load)
    monkeypatch.setattr(embeddings, "_known", {})
    params = tmp_path / "params.yaml"
    small = options.params.read_text(encoding="utf-8")
    params.write_text(re.sub(r"(?m)^experiments:\n", "experiments:\n  - minilm-kernel\n", small))
    options.params = params
    with pytest.raises(UsageFailure, match=r"pip install .* or set embed\.layers to \[\] .* needs it: minilm-kernel"):
        main(options)
