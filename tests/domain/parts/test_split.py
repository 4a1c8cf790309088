"""Texts in parts: nothing is lost, nothing that belongs together is cut, and each part is short enough."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from tests.rows import each
from ttp.domain.parts.split import MOST_PARTS, SplitText, Unsplittable, split_text, split_texts
from ttp.domain.parts.text_cuts import find_cuts
from ttp.platforms.bluesky.facets import find_entities
from ttp.platforms.graphemes import count_graphemes
from ttp.platforms.text_library import text_library
from ttp.platforms.x.text_length import weighted_length

FAMILY = "👨\u200d👩\u200d👧\u200d👦"
SCRIPTS = {
    "Latin": "Wir öffnen morgen früh um neun. Kommt alle vorbei! ",
    "Cyrillic": "Завтра мы открываемся в девять. Приходите все! ",
    "Greek": "Αύριο ανοίγουμε στις εννέα. Ελάτε όλοι! ",
    "Arabic": "نفتح غدا في التاسعة صباحا. هل ستأتون؟ ",
    "Hebrew": "מחר אנחנו פותחים בתשע. בואו כולם! ",
    "Devanagari": "हम कल सुबह नौ बजे खुलेंगे। सब आइए! ",
    "Korean": "내일 아침 아홉 시에 문을 엽니다. 모두 오세요! ",
    "Thai": "พรุ่งนี้เราเปิดตอนเก้าโมงเช้า",
    "Khmer": "ថ្ងៃស្អែកយើងបើកនៅម៉ោងប្រាំបួន។",
    "Chinese": "我们明天早上九点开门，欢迎大家。",
    "Japanese": "明日の朝、九時に「開店」します。みなさん、どうぞ！",
    "Burmese": "မနက်ဖြန်မနက်ကိုးနာရီမှာဖွင့်မည်။",
}
LINKS = ["https://example.org/a?b=1#c", "example.com/path", "https://ja.wikipedia.org/wiki/日本語", "http://a.example"]
MARKED = [*LINKS, "@alice.example.org", "@bob@example.org", "#tea", "#Grüntee", "#お茶", "$ABC", "me@example.org"]
EMOJI = [FAMILY, "🇩🇪", "👍🏽", "1️⃣", "❤️", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"]
SPACES = [" ", "  ", "\n", "\n\n", "\r\n\r\n", "\u00a0", "\t", "\u3000"]
PIECES = st.one_of(
    st.sampled_from([*SCRIPTS.values(), *MARKED, *EMOJI, *SPACES, ". ", "! ", "。", "「", "」", "(", ")", "\u200b"]),
    st.sampled_from(list(SCRIPTS.values())).flatmap(lambda text: st.sampled_from(text.split())),
)
TEXTS = st.lists(PIECES, min_size=1, max_size=80).map("".join)


def at_most(limit: int) -> Callable[[str], tuple[int, int]]:
    return lambda text: (len(text), limit)


def on_x(text: str) -> tuple[int, int]:
    return weighted_length(text), 280


def on_bluesky(text: str) -> tuple[int, int]:
    return count_graphemes(text), 300


def bluesky_spans(text: str) -> list[tuple[int, int]]:
    return [(one.start, one.end) for one in find_entities(text)]


def whole(split: SplitText) -> str:
    """The text again: its parts, with the white space that was cut."""
    assert not "".join(split.gaps).strip()
    first, *gaps = split.gaps
    return first + "".join(part + gap for part, gap in zip(split.parts, gaps, strict=True))


def parts(text: str, limit: int) -> tuple[str, ...]:
    split = split_text(text, at_most(limit))
    assert whole(split) == text
    return split.parts


@given(TEXTS)
def test_nothing_is_lost_or_torn(text: str) -> None:
    try:
        split = split_text(text, on_x, bluesky_spans)
    except Unsplittable:
        return
    assert whole(split) == text
    assert split.parts == (text,) or all(part == part.strip() != "" for part in split.parts)
    torn = [match.end() for match in regex.finditer(r"\X", text)]
    marked = [
        *bluesky_spans(text),
        *(tuple(one["indices"]) for one in text_library().extract_urls_with_indices(text)),
    ]
    place = len(split.gaps[0])
    for part, gap in zip(split.parts[:-1], split.gaps[1:], strict=False):
        place += len(part)
        assert place in torn
        assert not any(start < place < end for start, end in marked)
        place += len(gap)
    for part in split.parts:
        assert text_library().parse_tweet(part).weightedLength <= 280


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("length", [on_x, on_bluesky])
def test_twelve_scripts(script: str, length: Callable[[str], tuple[int, int]]) -> None:
    """Sentences stay whole where they fit, in scripts with spaces and without."""
    text = (SCRIPTS[script] * 30).strip()
    split = split_text(text, length)
    assert whole(split) == text
    assert 1 < len(split.parts) <= 10
    assert all(length(part)[0] <= length(part)[1] for part in split.parts)
    if script != "Thai":  # which ends no sentence with a sign
        assert all(regex.search(r"[\p{STerm}]\Z", part) for part in split.parts)


@each("script", ["Thai", "Khmer", "Chinese", "Japanese", "Burmese"])
def test_scripts_without_spaces_are_cut_between_graphemes(script: str) -> None:
    text = regex.sub(r"[\p{P}\s]", "", SCRIPTS[script])
    split = split_text(text, on_short)
    assert whole(split) == text
    assert len(split.parts) > 1


def on_short(text: str) -> tuple[int, int]:
    return on_bluesky(text)[0], 8


def test_a_unit_is_cut_only_where_it_does_not_fit() -> None:
    assert parts("One two. Three four.\n\nFive six.", 25) == ("One two. Three four.", "Five six.")
    assert parts("One two. Three four. Five six.", 25) == ("One two. Three four.", "Five six.")
    assert parts("One two. Three four five six.", 20) == ("One two.", "Three four five six.")
    assert parts("One two three four five six.", 20) == ("One two three four", "five six.")
    # A paragraph that must be cut anyway fills the part before it.
    assert parts("One.\n\nTwo three. Four five. Six seven.", 20) == ("One.\n\nTwo three.", "Four five.", "Six seven.")
    assert parts("- one two\n- three four\n- five", 22) == ("- one two\n- three four", "- five")
    assert parts("See e.g. this page and more", 20) == ("See e.g. this page", "and more")
    assert parts("1. One two three. 2. Four five six.", 24) == ("1. One two three.", "2. Four five six.")
    assert parts("We met J. Doe again and ate.", 24) == ("We met J. Doe again and", "ate.")
    assert parts("We met Dr. Doe again and ate.", 25) == ("We met Dr. Doe again and", "ate.")
    assert parts("我们，你们。「他们」她们好", 6) == ("我们，你们。", "「他们」", "她们好")


def test_what_fits_stays_as_it_was() -> None:
    assert parts("  Hello \n", 20) == ("  Hello \n",)
    assert parts(" " * 400, 20) == (" " * 400,)  # that it is empty is for the rules to say
    assert parts("  One two three four \n", 12) == ("One two", "three four")


def test_480_characters_are_two_posts_on_bluesky_and_on_x() -> None:
    text = ("word " * 96).strip() + "."
    assert len(text) == 480
    assert [len(split_text(text, length).parts) for length in (on_bluesky, on_x)] == [2, 2]


def test_fifty_links_stay_whole() -> None:
    links = [f"https://example.org/{'a' * number}" for number in range(50)]
    split = split_text(" ".join(links), on_x)
    assert [link for part in split.parts for link in part.split()] == links
    assert len(split.parts) == 5  # a link counts 23, and 11 of them with spaces 263


@each("piece", ["a" * 5000, "https://example.org/" + "a" * 300, "#" + "日" * 301, "don't-" * 60, "á" * 400, "가" * 301])
def test_a_piece_that_cannot_be_cut_is_refused_by_name(piece: str) -> None:
    with pytest.raises(Unsplittable) as refused:
        split_text(f"Hello {piece} there", on_bluesky)
    assert (refused.value.why, refused.value.piece) == ("piece", piece)
    assert refused.value.length > refused.value.limit == 300


def test_emoji_sequences_stay_whole() -> None:
    split = split_text("".join(EMOJI) * 100, on_bluesky)
    assert len(split.parts) == 2
    assert len(split_text("".join(EMOJI) * 100, on_x).parts) == 5  # 2 each


def test_a_thread_has_24_parts_at_most() -> None:
    text = " ".join(["word"] * MOST_PARTS)
    assert len(split_texts([text], at_most(4)).parts) == MOST_PARTS
    for texts in ([text, "more"], [f"{text} more"]):
        with pytest.raises(Unsplittable) as refused:
            split_texts(texts, at_most(4))
        assert refused.value.why == "count"


def test_numbers_count() -> None:
    assert split_texts(["One two three", "four"], at_most(11), numbered=True) == (
        ("One two 1/3", "three 2/3", "four 3/3"),
        (0, 2),
    )
    whole = split_texts(["One two", "four"], at_most(11), numbered=True)
    assert whole == (("One two", "four"), (0, 1))  # nothing was split
    many = split_texts(["word " * 20], at_most(10), numbered=True)
    assert many.parts[9] == "word 10/20"
    with pytest.raises(Unsplittable):
        split_texts(["word " * 20], at_most(9), numbered=True)


@given(TEXTS)
def test_cuts_are_in_order(text: str) -> None:
    cuts = list(find_cuts(text))
    assert all(before.start < after.start and before.end < after.end for before, after in pairwise(cuts))
    assert all(0 < cut.end <= cut.start < len(text) for cut in cuts)
