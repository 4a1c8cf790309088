"""Bluesky: what is marked in a text, and how long it is."""

from __future__ import annotations

import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from tests.rows import each
from ttp.platforms.bluesky.facets import facets_of, find_entities, is_handle, shorten_link, show_text
from ttp.platforms.graphemes import count_graphemes

FAMILY = "👨\u200d👩\u200d👧\u200d👦"


@each(
    ("text", "length"),
    [
        ("abc", 3),
        ("", 0),
        (FAMILY * 300, 300),
        ("e\u0301", 1),
        ("🇩🇪🇦🇹", 2),
        ("a\r\nb", 3),
        ("한국어", 3),
        ("ក្ក", 2),
        ("क्षि", 1),
    ],
)
def test_graphemes_are_what_a_reader_counts(text: str, length: int) -> None:
    assert count_graphemes(text) == length


@each(
    ("text", "found"),
    [
        ("see https://example.org/a?b=1#c.", [("link", "https://example.org/a?b=1#c")]),
        ("(see example.org/a)", [("link", "https://example.org/a")]),
        ("https://example.org/Tea_(drink)", [("link", "https://example.org/Tea_(drink)")]),
        ("example.org, example.com!", [("link", "https://example.org"), ("link", "https://example.com")]),
        ("EXAMPLE.ORG Example.org", [("link", "https://EXAMPLE.ORG"), ("link", "https://Example.org")]),
        ("That was the end.Next we eat at home.House rules", []),
        ("$aapl, $BRK2 (up) US$ $5 $toolong a$AB $A_B", [("tag", "$AAPL"), ("tag", "$BRK2")]),
        ("http://münchen.example/ä", [("link", "http://münchen.example/ä")]),
        ("https://", []),
        ("https:///a", []),
        ("notes.invalid v1.2 a..b me@example.org file.invalidtld", []),
        ("#tea #Grüntee! (#no) a#b #123 #1st #", [("tag", "tea"), ("tag", "Grüntee"), ("tag", "1st")]),
        (f"#{'a' * 64} #{'b' * 65}", [("tag", "a" * 64)]),
        ("@Alice.example.org: hi @bob, a@c.example.org", [("mention", "alice.example.org")]),
        (
            "https://example.org/#tea @a.example.org",
            [("link", "https://example.org/#tea"), ("mention", "a.example.org")],
        ),
    ],
)
def test_links_tags_and_mentions(text: str, found: list[tuple[str, str]]) -> None:
    assert [(one.sort, one.value) for one in find_entities(text)] == found


def test_a_bare_host_is_a_link_without_pkg_resources() -> None:
    program = """
import sys
sys.modules["pkg_resources"] = None
from ttp.platforms.bluesky.facets import show_text
print(*show_text("see example.org").links)
"""
    ran = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["https://example.org"]


def test_offsets_are_bytes_and_white_space_around_a_text_does_not_count() -> None:
    shown = show_text("\n é👩\u200d💻 #tea example.org @a.example.org @b.example.org \n")
    facets = facets_of(shown, {"a.example.org": "did:plc:a"})
    raw = shown.text.encode()
    parts = [raw[one["index"]["byteStart"] : one["index"]["byteEnd"]].decode() for one in facets]  # type: ignore[index]
    assert parts == ["#tea", "example.org", "@a.example.org"]
    assert facets[2]["features"] == [{"$type": "app.bsky.richtext.facet#mention", "did": "did:plc:a"}]
    assert shown.handles == ("a.example.org", "b.example.org")


def test_a_shortened_link_leads_to_the_whole_address() -> None:
    shown = show_text("Menu: https://example.org/menus/2026/spring?x=1 #tea", shorten_links=True)
    assert shown.text == "Menu: example.org/menus/2026/s… #tea"
    assert [(shown.text[one.start : one.end], one.value) for one in shown.entities] == [
        ("example.org/menus/2026/s…", "https://example.org/menus/2026/spring?x=1"),
        ("#tea", "tea"),
    ]
    assert (shorten_link("http://example.org/"), shorten_link("example.org/a")) == ("example.org", "example.org/a")


@given(st.text(alphabet=st.sampled_from("ab.é👩\u200d #@/:()h \n"), max_size=60), st.booleans())
def test_marks_never_overlap_and_lie_in_the_text(text: str, shorten_links: bool) -> None:
    shown = show_text(text, shorten_links=shorten_links)
    ends = [0, *(edge for one in shown.entities for edge in (one.start, one.end)), len(shown.text)]
    assert ends == sorted(ends)


@each(("text", "fits"), [("a.example.org", True), ("alice", False), ("a..b", False), ("-a.b", False), ("a.1", False)])
def test_what_has_the_form_of_a_handle(text: str, fits: bool) -> None:
    assert is_handle(text) == fits


def test_a_bare_domain_is_found_in_a_process_without_x() -> None:
    find = "from ttp.platforms.bluesky.facets import show_text; print(*show_text('see example.org').links)"
    told = subprocess.run([sys.executable, "-c", find], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "https://example.org"
