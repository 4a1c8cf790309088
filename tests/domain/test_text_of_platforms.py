"""A platform's words, made fit to be shown."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from ttp.domain.text import LONGEST, clean_text


def test_control_and_bidi_characters_are_made_visible() -> None:
    assert clean_text("a\x1b[31mb\u202ec\x9bd\ud800e") == r"a\u001b[31mb\u202ec\u009bd\ud800e"


def test_a_text_becomes_one_line() -> None:
    assert clean_text(" one\r\n\ttwo\u2028three ") == "one two three"


def test_a_long_text_is_cut_and_says_so() -> None:
    assert clean_text("x" * 1000) == "x" * (LONGEST - 1) + "…"


def test_a_quoted_secret_is_covered() -> None:
    assert clean_text("token abc is bad", ["abc"]) == "token [secret] is bad"


def test_joined_emoji_and_accents_stay_whole() -> None:
    assert clean_text("👩\u200d💻 café") == "👩\u200d💻 café"


@given(st.text())
def test_what_is_shown_is_short_printable_and_on_one_line(text: str) -> None:
    shown = clean_text(text)
    assert len(shown) <= LONGEST
    assert not any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in shown)
    shown.encode()
