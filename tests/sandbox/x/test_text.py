"""X: weighted length and t.co."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.rows import each
from ttp.sandbox.x.posts import count_cashtags, links, normalize, shorten_links, weighted_length


@each(
    ("text", "length"),
    [
        ("", 0),
        ("abc", 3),
        ("é", 1),
        ("日本", 4),
        ("→", 2),
        ("€", 2),
        ("“quoted”", 8),
        ("👍", 2),
        ("👍🏽", 2),
        ("👨‍👩‍👧‍👦", 2),
        ("🇩🇪🇫🇷", 4),
        ("1️⃣", 2),
        ("❤️", 2),
        ("https://example.com", 23),
        ("https://example.com/" + "a" * 500, 23),
        ("see example.com.", 28),
        ("me@example.com", 14),
        ("a http://x.io b", 27),
        ("3.14 and v1.2", 13),
        ("https://exämple.com/x", 23),
        ("https://example.com/日本", 27),
        ("©®™", 6),
    ],
)
def test_weighted_length_matches_x(text: str, length: int) -> None:
    assert weighted_length(text) == length


def test_text_is_normalized_and_trimmed() -> None:
    assert normalize(" e\u0301\n") == "é"


def test_a_link_ends_before_the_punctuation_of_the_sentence() -> None:
    assert [link.url for link in links("(https://a.de/b?c=d), a.com/x!")] == ["https://a.de/b?c=d", "a.com/x"]


def test_prices_are_not_cashtags() -> None:
    assert count_cashtags("$5 $AB $TWTR us$X") == 2


@given(st.text(alphabet="ab &<> https://example.com/é👍", max_size=60))
def test_entities_point_at_their_links(text: str) -> None:
    shown, urls = shorten_links(text, "1", "https://x.com/a/status/1/photo/1", ("3_1",))
    assert [shown[u["start"] : u["end"]] for u in urls] == [u["url"] for u in urls]
    assert len(urls) == len(links(text)) + 1
