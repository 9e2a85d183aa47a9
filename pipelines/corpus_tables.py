"""What the corpus is, and what it is worth on real text, as rows of Markdown tables."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from features.readers.header import split_header
from pipelines.markdown import percent, span

AGREEMENT = ["theme", "Krippendorff's alpha, 95 % interval", "share of sentences"]
GENRES = ["genre", "documents", "from", "to"]
PARTS = ["part", "documents", "sentences"]
ROUNDS = ["round", "aim", "documents", "sentences"]
SUSPICIONS = ["suspicious label", "all", "theme in gold", "theme not in gold"]
APART = ["sets", "area under ROC", "sentences of each"]


def agreement(found: Mapping[str, Any]) -> list[list[str]]:
    """How well coders agree on each theme, from label's agreement.json."""
    return [
        [theme, span({"value": row["alpha"], "low": row["low"], "high": row["high"]}), percent(row["prevalence"])]
        for theme, row in sorted(found["between_coders"].items())
    ]


def genres(corpus: Path) -> list[list[str]]:
    """How many documents of each genre lie in `corpus`, and of which years."""
    dates: dict[str, list[str]] = {}
    for path in sorted(corpus.glob("*/*.txt")):
        header, _ = split_header(path.read_text(encoding="utf-8"))
        dates.setdefault(path.parent.name, []).append(str(header["date"])[:4])
    rows = [[genre, str(len(years)), min(years), max(years)] for genre, years in dates.items()]
    every = [year for years in dates.values() for year in years]
    return [*rows, ["all", str(len(every)), min(every), max(every)]]


def parts(found: Mapping[str, Any]) -> list[list[str]]:
    """What train, valid and test hold, from split's summary.json."""
    return [
        [part, str(count), f"{found['sentences'][part]:,}", *map(str, found["themes"][part].values())]
        for part, count in sorted(found["documents"].items(), key=lambda item: -item[1])
    ]


class Suspicion(msgspec.Struct, frozen=True):
    """A label that models spoke against, and what became of it.

    `coders` and, where both of those are against gold, `adjudicator` say whether the sentence carries the theme;
    `clear` whether the adjudicator was in no doubt, `reason` why they decided so; `corrected`, whether gold changed.
    """

    sentence_id: str
    doc: str
    theme: str
    gold: bool
    coders: tuple[bool, bool]
    adjudicator: bool | None
    clear: bool | None
    reason: str | None
    corrected: bool


def suspicions(path: Path) -> list[list[str]]:
    """How many labels of `make suspicious` fresh coders and an adjudicator upheld, and how many were corrected."""
    read = msgspec.json.Decoder(Suspicion).decode
    rows = [read(line) for line in path.read_bytes().splitlines()]
    kinds = {
        "listed": rows,
        "both fresh coders for gold": [row for row in rows if set(row.coders) == {row.gold}],
        "the two split": [row for row in rows if len(set(row.coders)) == 2],
        "both against gold": [row for row in rows if set(row.coders) == {not row.gold}],
        "adjudicator against gold too": [row for row in rows if row.adjudicator is (not row.gold)],
        "of these without doubt": [row for row in rows if row.adjudicator is (not row.gold) and row.clear],
        "corrected": [row for row in rows if row.corrected],
    }
    return [
        [kind, str(len(of_kind)), str(sum(row.gold for row in of_kind)), str(sum(not row.gold for row in of_kind))]
        for kind, of_kind in kinds.items()
    ]


def rounds(transfer: Mapping[str, Any], aims: Sequence[str]) -> list[list[str]]:
    """What each round of the corpus aimed at, and what all up to it are worth to each experiment."""
    gains = zip(*(one["rounds"] for one in transfer.values()), strict=True)
    return [
        [str(n), aim, str(row[0]["documents"]), f"{row[0]['sentences']:,}", *(span(one["macro_f1"]) for one in row)]
        for n, (aim, row) in enumerate(zip(aims, gains, strict=True), start=1)
    ]


def shares(transfer: Mapping[str, Any]) -> list[list[str]]:
    """What random shares of the corpus are worth: one figure per draw."""
    return [
        [str(row[0][0]["documents"]), *(" ".join(f"{one['macro_f1']['value']:.3f}" for one in drawn) for drawn in row)]
        for row in zip(*(one["shares"] for one in transfer.values()), strict=True)
    ]


def profile(profiles: Mapping[str, Any]) -> list[list[str]]:
    """Figures of each set of sentences side by side."""
    rows = zip(*profiles.values(), strict=True)
    return [[f"{row[0]['group']}: {row[0]['name']}", *(f"{one['value']:g}" for one in row)] for row in rows]


def apart(separations: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """How easily a classifier tells two sets of sentences apart."""
    return [
        [f"{one['first']} and {one['second']}", f"{one['area_under_roc']:.3f}", str(one["sentences"])]
        for one in separations
    ]
