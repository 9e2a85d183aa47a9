from hypothesis import given
from hypothesis import strategies as st

from features.legend import environment, legend, short_titles
from tests.small_bundle import small_bundle

TITLES = ["Threat assessment", "Financing", "Radicalisation", "Misuse of ICT", "Multilateral cooperation"]


def test_short_titles_stay_whole_and_long_ones_keep_as_many_words_as_tell_them_apart() -> None:
    assert short_titles(TITLES) == ["Threat", "Financing", "Radicalisation", "Misuse of ICT", "Multilateral"]
    assert short_titles(["Financing of terrorism", "Financing of proliferation"]) == [
        "Financing of terrorism",
        "Financing of proliferation",
    ]


@given(st.lists(st.text(alphabet="ab ", min_size=1, max_size=20).filter(str.strip), min_size=1, max_size=6))
def test_chips_of_different_themes_have_different_texts(titles: list[str]) -> None:
    shorts = short_titles(titles)
    assert len(set(shorts)) == len(titles)
    assert all(short.strip() for short in shorts)


def test_twelve_themes_differ_in_colour_and_in_line() -> None:
    themes = legend(small_bundle({f"theme_{number}": [f"word{number}"] for number in range(12)})).themes
    assert len({theme.colour for theme in themes}) == 12
    assert len({(theme.line, theme.thickness) for theme in themes}) == 12
    assert "dotted" not in {theme.line for theme in themes}


def test_what_a_template_prints_is_escaped_and_freed_of_controls() -> None:
    template = environment().from_string("{{ text }}")
    assert template.render(text="<b>\x00\u202e\ud800é") == "&lt;b&gt;\ufffd\ufffd\ufffdé"
