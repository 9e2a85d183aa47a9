"""The model card that travels with a bundle: what it is for, what it must not be used for, and how good it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from features import encoder
from features.agreement import Agreement
from features.bundle_files import FITTED_ON, Model
from features.codebook import Codebook

if TYPE_CHECKING:
    import jinja2


@dataclass(frozen=True, slots=True)
class Data:
    """How much coded text there was, and how much of it the model learned from."""

    documents: int
    sentences_gold: int
    train_sentences: int


def render(
    model: Model, codebook: Codebook, data: Data, agreement: Sequence[Agreement], scores: Mapping[str, float | None]
) -> str:
    """The card as Markdown; `scores` are the flat metrics of evaluate (`test/f1/<theme>`, ...)."""
    performance = [
        {
            "theme": theme.id,
            "threshold": threshold,
            "low": scores[f"test/f1_low/{theme.id}"],
            "high": scores[f"test/f1_high/{theme.id}"],
            **{name: scores[f"test/{name}/{theme.id}"] for name in ("precision", "recall", "f1")},
        }
        for theme, threshold in zip(model.themes, model.thresholds, strict=True)
    ]
    macro = {
        "low": scores["test/macro_f1_low"],
        "high": scores["test/macro_f1_high"],
        **{name: scores[f"test/macro_{name}"] for name in ("precision", "recall", "f1")},
    }
    return template(Path(__file__).with_name("card.md.j2")).render(
        model=model,
        fitted_on=model.provenance[FITTED_ON],
        codebook=codebook,
        data=data,
        agreement=agreement,
        performance=performance,
        macro=macro,
        encoder=encoder,
    )


def template(path: Path) -> "jinja2.Template":
    """A template of Markdown, in which a name without a value is an error; `number` shows a score or a dash."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(path.parent),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # Markdown, not HTML
        trim_blocks=False,
        keep_trailing_newline=True,
    )
    environment.filters["number"] = _number
    return environment.get_template(path.name)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
