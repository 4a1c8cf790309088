"""How long a text is on each platform. The library that X's count rests on is the oracle of the short way to it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import examples
from tests.rows import each
from ttp.domain.text import utf16_length
from ttp.platforms.text_library import text_library
from ttp.platforms.x.text_length import _NEEDLESS_SELECTOR, _PLAIN_LINK, has_link, weighted_length

PIECES = st.sampled_from(
    [
        *(
            " ",
            "\n",
            "\t",
            "\r\n",
            "\r",
            ".",
            "-",
            "_",
            "/",
            "?",
            "@",
            "#",
            "$",
            ":",
            "(",
            ")",
            "\u00a0",
            "\u2003",
            "\u2028",
        ),
        *(
            "a",
            "é",
            "e\u0301",
            "ß",
            "\u1100",
            "\u1161",
            "日",
            "本",
            "。",
            "٣",
            "\u202a",
            "\ufeff",
            "…",
            "™",
            "©",
            "\x00",
        ),
        *("👨\u200d👩\u200d👧", "🇩🇪", "👍🏽", "🏽", "1️⃣", "\u200d", "\ufe0f", "\u20e3", "🫩"),
        *(
            "a.com",
            "www.example.org",
            "http://",
            "HTTPS://",
            "t.co/x",
            ".co.uk",
            ":80",
            "/a/b?c=d&e",
            "한국",
            ".рф",
            "xn--p1ai",
        ),
    ]
)
TEXTS = st.lists(st.one_of(PIECES, st.characters(exclude_categories=["Cs"])), max_size=14).map("".join)


HOSTS = st.builds(
    "{}{}.{}".format,
    st.sampled_from(["", "www.", "a-b.", "münchen.", "日本."]),
    st.text("abc019-_é한", min_size=1, max_size=6),
    st.sampled_from(["com", "de", "co.uk", "museum", "рф", "みんな", "nosuchdomain", "c", "com。"]),
)
LINKS = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "", "http://", "https://", "HTTPS://", "ftp://", "//", "@", "#", "("]),
    HOSTS,
    st.sampled_from(["", ":8080", ":x"]),
    st.sampled_from(["", "/", "/a_(b)", "/köln?a=1&b[]=2#c", "/a.", "/日本", "?q=1", "/~x/a,b", ").", "'s", "…"]),
)
EMOJI = st.builds(
    "".join,
    st.lists(
        st.sampled_from(
            ["👩", "🏽", "\u200d", "💻", "❤", "\ufe0f", "🔥", "🏴", "\U000e0067", "\U000e007f", "🇩", "🇪", "9", "#"]
        ),
        min_size=1,
        max_size=7,
    ),
)
WORDS = st.one_of(
    LINKS, EMOJI, st.text("日本語한국어가각ㅏㄱ", max_size=6), st.text("ae\u0301\u0308\u0327nõ.", max_size=6), PIECES
)
SENTENCES = st.lists(WORDS, max_size=8).flatmap(
    lambda words: st.sampled_from([" ", "\n", "", "\u3000", "\t"]).map(lambda gap: gap.join(words))
)
"""Whole links, emoji sequences and scripts as people write them, and what is nearly one."""


@examples(300)
@given(st.from_regex(_PLAIN_LINK, fullmatch=True), st.sampled_from(["", " ", "a\n", "a\t"]))
def test_what_is_taken_for_a_link_unasked_is_one_to_the_library(link: str, before: str) -> None:
    assert text_library().extract_urls(before + link) == [link]
    assert weighted_length(before + link) == library_length(before + link) == len(before) + 23


def library_length(text: str) -> int:
    return int(text_library().parse_tweet(text).weightedLength) - 2 * len(_NEEDLESS_SELECTOR.findall(text))


@examples(1000)
@given(TEXTS)
def test_words_weighed_one_by_one_weigh_what_the_library_says_of_the_whole(text: str) -> None:
    assert weighted_length(text) == library_length(text)


@examples(400)
@given(SENTENCES)
def test_what_people_write_weighs_what_the_library_says(text: str) -> None:
    assert weighted_length(text) == library_length(text)


@examples(400)
@given(st.one_of(SENTENCES, TEXTS))
def test_a_link_is_where_the_library_finds_one(text: str) -> None:
    whole = unicodedata.normalize("NFC", text).replace("\r\n", "\n")
    assert has_link(text) == bool(text_library().extract_urls(whole))


@each(
    ("text", "has"),
    [
        ("", False),
        ("Hello. 3.5 kg e.g. at 9.30", False),
        ("see example.com", True),
        ("https://example.com/a", True),
        ("https://localhost/a", False),
        ("me@example.com", False),
        ("\ud800 example.com", True),
        ("a." * 10_000, False),
    ],
)
def test_a_link_needs_a_domain_that_exists(text: str, has: bool) -> None:
    assert has_link(text) is has


@each(
    ("text", "length"),
    [
        ("", 0),
        ("Hello. 3.5 kg at 20%", 20),
        ("cafe\u0301", 4),  # NFC first
        ("line\r\nline", 9),
        ("日本語", 6),
        ("→ €", 5),
        ("© ®", 5),
        ("👨\u200d👩\u200d👧\u200d👦", 2),
        ("👍🏽🇩🇪", 4),
        *(
            (emoji + "\ufe0f", 2)
            for emoji in "⌚⌛◽◾☔☕♈♉♊♋♌♍♎♏♐♑♒♓♿⚓⚡⚪⚫⚽⚾⛄⛅⛔⛪⛲⛳⛵⛺⛽❗⬛⬜⭐⭕🀄🈚🈯"
        ),  # one in twitter-text 3.1
        ("✌\ufe0f❤\ufe0f", 4),
        ("☕\ufe0f\ufe0f🌍\ufe0f", 2 + 2 + 2 + 2),
        ("https://example.com/" + "a" * 300, 23),
        ("example.com", 23),
        ("see a.co!", 4 + 23 + 1),
        ("example.nosuchdomain", 20),
        ("me@example.com", 14),
        ("a" * 280, 280),
    ],
)
def test_x_weighs_links_as_23_emoji_as_2_and_most_scripts_of_asia_as_2(text: str, length: int) -> None:
    assert weighted_length(text) == length


def test_a_half_of_a_surrogate_pair_is_weighed_and_raises_nothing() -> None:
    assert weighted_length("a\ud800") == 3
    assert weighted_length("\udc00 example.com") == 2 + 1 + 23


@pytest.mark.parametrize(
    "text",
    ["a." * 10_000, "日." * 5_000, ("a." * 63 + "a ") * 200, ("a." * 63 + "/") * 300, ("a-" * 2_000 + ".b ") * 50],
)
def test_texts_made_to_exhaust_the_search_for_links_are_weighed_at_once(text: str) -> None:
    begun = time.process_time()
    assert weighted_length(text) > 2_800
    assert time.process_time() - begun < 60  # the library alone takes minutes


def test_far_beyond_the_limit_links_are_no_longer_looked_for() -> None:
    link = "https://example.com/long "
    assert weighted_length(link * 117) == 117 * 24
    assert weighted_length(link * 118) > 118 * 24


def test_plain_text_is_weighed_without_importing_thetext_library() -> None:
    assert modules_after("Hello there. Ä 日本 30 % off at 9.30!") == {"length": 37, "library": False}
    assert modules_after("See https://example.com/menu?day=1") == {"length": 27, "library": False}


def test_the_library_needs_no_pkg_resources_and_leaves_none_behind() -> None:
    told = modules_after("example.com 👍🏽", before="sys.modules['pkg_resources'] = None")
    assert told == {"length": 26, "library": True}


def test_a_real_pkg_resources_is_put_back() -> None:
    told = modules_after("example.com", before="import types; sys.modules['pkg_resources'] = types.ModuleType('mine')")
    assert told == {"length": 23, "library": True}


def test_threads_load_the_library_at_once() -> None:
    threads = "from concurrent.futures import ThreadPoolExecutor; from threading import Barrier"
    load = "from ttp.platforms.text_library import text_library; begin = Barrier(8)"
    run = "list(ThreadPoolExecutor(8).map(lambda _: (begin.wait(), text_library()), range(8)))"
    told = modules_after("example.com", before=f"{threads}; {load}; {run}")
    assert told == {"length": 23, "library": True}


def modules_after(text: str, before: str = "") -> dict[str, object]:
    """Weigh a text in a fresh interpreter in which warnings are errors."""
    program = f"""
import json, sys
{before}
there = sys.modules.get("pkg_resources", "none")
from ttp.platforms.x.text_length import weighted_length
length = weighted_length({text!r})
assert sys.modules.get("pkg_resources", "none") is there
print(json.dumps({{"length": length, "library": "twitter_text" in sys.modules}}))
"""
    ran = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True)
    told: dict[str, object] = json.loads(ran.stdout)
    return told


@given(st.text())
def test_utf16_length_is_half_the_bytes_of_utf16(text: str) -> None:
    assert utf16_length(text) == len(text.encode("utf-16-le", "surrogatepass")) // 2


def test_an_emoji_is_two_utf16_units() -> None:
    assert utf16_length("a👍") == 3
