"""Whether a listed post is the text that was sent."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from tests.rows import each
from ttp.platforms.x.look_up import canonical, created_at, is_same_text

_URL = re.compile(r"https?://\S+")


def as_listed(text: str, *, scheme: bool = True) -> dict[str, object]:
    """A post the way X lists it: trimmed, NFC, links as t.co, HTML entities."""
    urls: list[dict[str, str]] = []

    def shortened(found: re.Match[str]) -> str:
        short = f"https://t.co/{len(urls):010d}"
        path = quote(found[0].rstrip("/"), safe=":/?#[]@!$&'()*+,;=%~-._")
        urls.append({"url": short, "expanded_url": path + "/" if path.count("/") == 2 else path})
        return short

    text = _URL.sub(shortened, unicodedata.normalize("NFC", text.strip()))
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return {"text": text, "entities": {"urls": urls}}


_words = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="%"), max_size=20)
_links = st.builds(
    "https://{}.example{}".format,
    st.text("abcxyz", min_size=1, max_size=5),
    st.sampled_from(["", "/", "/a", "/a/", "/a?b=1&c=2", "/köln", "/a%20b", "/a#frag"]),
)


@given(st.lists(st.one_of(_words, _links), max_size=6).map(" ".join))
def test_a_text_is_recognised_in_what_x_lists(text: str) -> None:
    assert is_same_text(text, as_listed(text))


@given(_words, _words)
def test_other_words_are_another_text(one: str, other: str) -> None:
    assert is_same_text(one, as_listed(other)) is (canonical(one) == canonical(other))


@each(
    ("sent", "text", "urls"),
    [
        ("see example.com", "see https://t.co/abc", [("https://t.co/abc", "http://example.com")]),
        ("see https://example.com", "see https://t.co/abc", [("https://t.co/abc", "https://example.com/")]),
        ("(example.com/a).", "(https://t.co/abc).", [("https://t.co/abc", "https://example.com/a")]),
        ("go https://example.com/!", "go https://t.co/abc/!", [("https://t.co/abc", "https://example.com")]),
        ("a & b < c &amp; d", "a &amp; b &lt; c &amp;amp; d", []),
        ("cafe\u0301", "café", []),
        ("  hello \n", "hello", []),
        ("a\r\nb", "a\nb", []),
        ("twice https://t.co/own", "twice https://t.co/abc", [("https://t.co/abc", "https://t.co/own")]),
        ("picture", "picture https://t.co/pic", [("https://t.co/pic", "https://x.com/demo/status/1/photo/1")]),
        ("film", "film https://t.co/pic", [("https://t.co/pic", "https://twitter.com/demo/status/1/video/1")]),
    ],
)
def test_a_text_rewritten_by_x_is_restored(sent: str, text: str, urls: list[tuple[str, str]]) -> None:
    listed = {"text": text, "entities": {"urls": [{"url": short, "expanded_url": long} for short, long in urls]}}
    assert is_same_text(sent, listed)


@each(
    ("sent", "text"), [("Hello", "Hello!"), ("Hello", "hello"), ("a b", "ab"), ("see example.com", "see example.org")]
)
def test_another_text_is_not_ours(sent: str, text: str) -> None:
    assert not is_same_text(sent, {"text": text})


@each("entities", [None, {}, {"urls": None}, {"urls": [None, 1, {"url": 1}]}, [1]])
def test_broken_entities_break_nothing(entities: object) -> None:
    assert is_same_text("Hello", {"text": "Hello", "entities": entities})
    assert not is_same_text("Hello", {"text": None})


def test_an_id_tells_when_the_post_was_made() -> None:
    assert created_at("1346889436626259968") == datetime(2021, 1, 6, 18, 40, 40, 344000, tzinfo=UTC)
