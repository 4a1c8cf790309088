"""The texts of templates: cleaned values, filters, and values that fit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import examples
from tests.rows import each
from ttp.domain.parts.fit import FitValue, fit_text, mark, shorten
from ttp.domain.template_text import FILTERS, clean_value, tidy

LINK = "https://example.org/a"


@each(
    ("name", "value", "args", "made"),
    [
        ("first_sentence", "One e.g. two. Three. Four", (), "One e.g. two."),
        ("first_sentence", "One line\nTwo.", (), "One line"),
        ("first_sentence", "No end", (), "No end"),
        ("paragraphs", "a\nb\n\nc\n \nd", (2,), "a\nb\n\nc"),
        ("lines", "\na\nb\nc", (2,), "a\nb"),
        ("words", "one  two\nthree", (2,), "one two"),
        ("oneline", " a\n  b ", (), "a b"),
        ("hashtags", ["two words", "One", "one", "2026", "été", "#x"], (), "#TwoWords #One #été #x"),
        ("hashtags", "a, b c,d", (2,), "#a #BC"),
        ("date", "2026-12-01", (), "1 December 2026"),
        ("date", "2026-12-01T09:30:00+01:00", ("%H:%M",), "09:30"),
        ("in_zone", "2026-12-01T09:30:00+01:00", ("UTC",), "2026-12-01T08:30:00+00:00"),
        ("link", "Notes", (LINK,), f"Notes {LINK}"),
        ("link", "", (LINK,), LINK),
        ("version_bump", "v2.0.0", (), "major"),
        ("version_bump", "2", (), "major"),
        ("version_bump", "2.1", (), "minor"),
        ("version_bump", "2.1.3+build", (), "patch"),
        ("version_bump", "2.0.0.1", (), "patch"),
        ("version_bump", "2.1.0rc1", (), "pre"),
        ("version_bump", "2.1.0-beta.2", (), "pre"),
        ("no_mentions", "@ann and a@b.c, (@bob)", (), "ann and a@b.c, (bob)"),
        ("emoji_strip", "a 👨\u200d👩\u200d👧 b 🇩🇪 1", (), "a b 1"),
        ("plain", "<p>One &amp; <b>two</b></p><style>x</style><ul><li>a<br>b</ul>", (), "One & two\n\n- a\nb"),
        (
            "markdown_plain",
            "# Head\n\n**bold** and *it* `x` [t](https://a.b) ![p](q)\n\n\n\n> end",
            (),
            "Head\n\nbold and it x t https://a.b \n\nend",
        ),
    ],
)
def test_filters(name: str, value: object, args: tuple[object, ...], made: str) -> None:
    assert FILTERS[name](value, *args) == made


@each(
    ("name", "value", "args"),
    [
        ("date", "soon", ()),
        ("date", "2026-12-01", ("%n%Q",)),
        ("in_zone", "2026-12-01T09:30:00", ("UTC",)),
        ("link", "Notes", (None,)),
        ("in_zone", "2026-12-01T09:30:00Z", ("Nowhere/No",)),
        ("in_zone", "2026-12-01T09:30:00Z", ("../etc",)),
        ("version_bump", "latest", ()),
    ],
)
def test_filters_refuse_what_they_cannot_use(name: str, value: str, args: tuple[str, ...]) -> None:
    with pytest.raises(ValueError):
        FILTERS[name](value, *args)


def test_values_are_cleaned_and_texts_tidied() -> None:
    value = {"a": "e\u0301\r\n\x07\ufdd00\ufdd1", "b": None, "c": [1, "\ud800x", True], "d": "\u202b👨\u200d👩"}
    assert clean_value(value) == {"a": "é\n0", "c": [1, "x", True], "d": "\u202b👨\u200d👩"}
    assert tidy("\n a  \n\n\n\n\nb\n") == " a\n\n\nb"


@each(
    ("text", "most", "made"),
    [
        ("one two three", 13, "one two three"),
        ("one two three", 9, "one two…"),
        ("one, two", 6, "one…"),
        ("abcdef", 4, "abc…"),
        ("abcdef", 1, ""),
        (f"one two three {LINK}", 31, f"one two… {LINK}"),
        (f"{LINK} one two", 25, f"{LINK}…"),
        (f"{LINK}", 3, LINK),
        ("日本語の文章", 4, "日本語…"),
    ],
)
def test_a_value_is_cut_between_words_and_keeps_its_links(text: str, most: int, made: str) -> None:
    assert shorten(FitValue(text), lambda one: len(one) <= most) == made


def test_the_last_value_is_cut_first_and_all_stay_where_that_does_not_help() -> None:
    values = [FitValue("one two three"), FitValue("four five six", " …")]
    text = f"{mark(0)}: {mark(1)}"
    assert fit_text(text, values, lambda one: len(one) <= 24) == "one two three: four …"
    assert fit_text(text, values, lambda one: len(one) <= 11) == "one two…:"
    assert fit_text(f"a{mark(0)}b", (), lambda one: True) == "ab"
    whole = "one two three: four five six"
    assert fit_text(text, values, lambda one: False) == fit_text(text, values, lambda one: True) == whole


@given(st.lists(st.one_of(st.text(max_size=12), st.just(LINK)), max_size=20).map(" ".join), st.integers(30, 200))
@examples(200)
def test_what_fits_is_short_enough_and_keeps_every_link(text: str, most: int) -> None:
    text = str(clean_value(text))
    made = fit_text(f"Head {mark(0)} {LINK}", [FitValue(text)], lambda one: len(one) <= most)
    links = text.count(LINK) + 1
    assert made.count(LINK) >= links
    assert len(made) <= most or len(" ".join(["Head", *[LINK] * links])) > most
