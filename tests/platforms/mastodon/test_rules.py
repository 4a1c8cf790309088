"""Mastodon: lengths as each software counts them, what is refused before it is scheduled, options, servers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from tests.platforms.factories import PLATFORMS
from tests.rows import each
from tests.settings import Config
from ttp.domain.account import Account
from ttp.domain.media.item import MediaItem
from ttp.domain.platform_post import PlatformPost
from ttp.domain.publishing.outcome import NotDone
from ttp.platforms.mastodon.limits import read_limit
from ttp.platforms.mastodon.look_up import content_text
from ttp.platforms.mastodon.options import option_problem, post_id_of, split_focus
from ttp.platforms.mastodon.rules import count_characters
from ttp.platforms.mastodon.server import software_of
from ttp.platforms.platform import Runtime
from ttp.platforms.reply import Answer
from ttp.platforms.testing import StandingClock

SERVER = {"software": "mastodon", "version": "4.7.4", "api": 10, "characters": 500}
FAMILY = "👨\u200d👩\u200d👧\u200d👦"


@each(
    ("text", "length"),
    [
        ("Hello", 5),
        ("  Hello\n", 5),
        (FAMILY * 3, 3),
        ("é" + "e\u0301", 2),
        ("see https://example.com/" + "a" * 200, 4 + 23),
        ("https://example.com/a.", 23 + 1),
        ("(https://example.com/a)", 23 + 2),
        ("https://example.com/a日本", 23 + 2),
        ("example.com/" + "a" * 20, 32),
        ("http://localhost/" + "a" * 20, 37),
        ("hi @someone@very.long.example.org!", 12),
        ("me@example.org", 14),
    ],
)
def test_the_length_of_a_text_on_mastodon(text: str, length: int) -> None:
    assert count_characters(text) == length


def test_a_content_warning_counts_and_other_software_counts_otherwise() -> None:
    link = "https://example.com/" + "a" * 30
    assert count_characters("Cake", "Food") == 8
    assert count_characters("Cake", f" {link} ") == 4 + 50
    assert count_characters(FAMILY, software="gotosocial") == 7
    assert count_characters(link, software="snac") == 50


def item(name: str = "a.jpg", mime: str = "image/jpeg", size: int = 1000, **more: Any) -> MediaItem:
    return MediaItem(name, mime, size, f"{name}{size}", **more)


def codes(
    text: str = "Hello",
    *media: MediaItem,
    server: Mapping[str, object] = SERVER,
    thread: tuple[str, ...] = (),
    **options: str,
) -> set[str]:
    """The codes of the problems of a post; warnings in parentheses."""
    chosen = {f"mastodon.{name}": value for name, value in options.items()}
    post = PlatformPost(
        "mastodon/me@example.org",
        text,
        media,
        chosen,
        own=frozenset(chosen),
        most_parts=24,
        thread=thread,
        table=PLATFORMS.options("mastodon"),
        server=server,
    )
    return {
        f"({problem.code})" if problem.warning else problem.code
        for problem in PLATFORMS.rules("mastodon").problems(post)
    }


FILM = item("a.mp4", "video/mp4")
GIF = item("a.gif", "image/gif")


@each(
    ("post", "found"),
    [
        (codes(), set()),
        (codes("x" * 500), set()),
        (codes("x" * 501), {"text_too_long"}),
        (codes("x" * 500, spoiler_text="y"), {"text_too_long"}),
        (codes("x" * 600, server={**SERVER, "characters": 1000}), set()),
        (codes(""), {"text_missing"}),
        (codes("", spoiler_text="Food"), set()),
        (codes("", item()), set()),
        (codes("One", thread=("",)), {"text_missing"}),
        (codes("One", thread=("x" * 501,)), {"text_too_long"}),
        (codes("One", thread=("x",) * 24), {"thread_count"}),
        (codes("Five", *(item(f"{n}.jpg") for n in range(5))), {"media_count"}),
        (codes("Both", item(), FILM), {"media_mixed"}),
        (codes("Both", item(), GIF), {"media_mixed"}),
        (codes("Two", FILM, item("b.mp4", "video/mp4")), {"media_count"}),
        (codes("Big", item(size=17_000_000)), {"media_size"}),
        (codes("Alt", item(alt="x" * 1500)), set()),
        (codes("Alt", item(alt="x" * 1501)), {"alt_too_long"}),
        (codes("Alt", item(alt="x" * 1501), server={**SERVER, "description": 5000}), set()),
        (codes("Alt", item(alt="x" * 101), server={**SERVER, "description": 100}), {"alt_too_long"}),
        (codes("Poll", poll="Yes|No"), set()),
        (codes("Poll", poll="Yes"), {"option_value"}),
        (codes("Poll", poll="1|2|3|4|5"), {"option_value"}),
        (codes("Poll", poll="Yes|Yes"), {"option_value"}),
        (codes("Poll", poll=f"Yes|{'x' * 51}"), {"option_value"}),
        (codes("Poll", poll="Yes|No", poll_expires="60"), {"option_value"}),
        (codes("Poll", item(), poll="Yes|No"), {"option_conflict"}),
        (codes("Poll", poll="Yes|No", server={**SERVER, "software": "snac", "api": 0}), {"option_value"}),
        (codes("No poll", poll_hide="true"), {"(option_idle)"}),
        (codes("Focus", item(), focus="0:2"), {"option_value"}),
        (codes("Focus", focus="0:1"), {"option_value"}),
        (codes("Quote", quote="12"), set()),
        (codes("Quote", item(), quote="12"), {"option_conflict"}),
        (codes("Quote", quote="12", server={**SERVER, "api": 6}), {"option_value"}),
        (codes("Quote", quote="no id!"), {"option_value"}),
        (codes("Quote", item(), thread=("Two",), quote="2=12"), set()),
        (codes("Quote", quote="2=12"), {"option_value"}),
        (codes("Mine", visibility="private", quote_policy="public"), {"option_conflict"}),
        (codes("Mine", visibility="direct", server={**SERVER, "software": "snac"}), {"(unprovable)"}),
        (codes(server={}), {"(server_unknown)"}),
        (codes(server={**SERVER, "software": "takahe"}), {"(server_unknown)"}),
    ],
)
def test_what_is_refused_and_warned_of(post: set[str], found: set[str]) -> None:
    assert post == found


@each(
    ("text", "post_id"),
    [
        ("113", "113"),
        ("https://example.org/@me/113", "113"),
        ("https://example.org/users/me/statuses/113/", "113"),
        ("https://example.org/@you@example.net/113", None),
        ("https://example.net/@you/113", None),
        ("https://example.org/about", None),
    ],
)
def test_the_id_of_a_post_that_is_named(text: str, post_id: str | None) -> None:
    assert post_id_of(text, "https://example.org") == post_id


def test_the_focus_of_images() -> None:
    assert split_focus("0:0.5, -1:1") == ("0,0.5", "-1,1")
    assert split_focus(None) == ()
    assert option_problem("focus", "0.5", {}) is not None


@each(
    ("reset", "seconds"),
    [("2026-11-27T10:05:00.000000Z", 300.0), ("1795773900", 300.0), ("soon", None), ("2026-11-27T10:05:00", None)],
)
def test_a_limit_resets_at_a_time_or_at_seconds(reset: str, seconds: float | None) -> None:
    now = datetime(2026, 11, 27, 10, 0, tzinfo=UTC)
    headers = {"x-ratelimit-limit": "300", "x-ratelimit-remaining": "7", "x-ratelimit-reset": reset}
    reading = read_limit(Answer(200, headers, date=now), now)
    assert (None if reading is None else (reading.resets_at - now).total_seconds()) == seconds


def test_the_text_of_what_a_post_shows() -> None:
    shown = '<p>One &amp; <a href="https://example.org/x">example.org/x</a></p><p>Two<br>three</p>'
    assert content_text(shown) == "One & example.org/x\nTwo\nthree"


def test_unknown_software_is_read_carefully() -> None:
    software = software_of(Account("mastodon", "me@example.org", server_info={"software": "takahe"}))
    assert (software.keys, software.lists_private, software.is_known, software.settle_s) == (False, False, False, 900.0)


# Finding a server by a handle.


def network(answers: Mapping[str, httpx.Response]) -> httpx.MockTransport:
    """A network that answers by host."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host not in answers:
            raise httpx.ConnectError("no such host", request=request)
        return answers[request.url.host]

    return httpx.MockTransport(answer)


def self_link(href: str) -> httpx.Response:
    return httpx.Response(200, json={"links": [{"rel": "self", "href": href}]})


@each(
    ("answers", "server"),
    [
        ({"example.org": self_link("https://social.example.org/users/me")}, "https://social.example.org"),
        ({"example.org": httpx.Response(404)}, "https://example.org"),
        ({"example.org": self_link("http://127.0.0.1/users/me")}, "https://example.org"),
        ({"example.org": self_link("javascript:1")}, "https://example.org"),
        (
            {
                "example.org": httpx.Response(
                    301, headers={"location": "https://social.example.org/.well-known/webfinger"}
                ),
                "social.example.org": self_link("https://social.example.org/users/me"),
            },
            "https://social.example.org",
        ),
        ({"example.org": httpx.Response(302, headers={"location": "http://evil.example/"})}, "https://example.org"),
        ({}, None),
    ],
)
def test_the_server_of_a_handle(answers: Mapping[str, httpx.Response], server: str | None) -> None:
    runtime = Runtime(Config({}), StandingClock(), transport=network(answers))
    found = PLATFORMS.facts("mastodon").find_server(runtime, "me@example.org")
    assert found == server or (server is None and isinstance(found, NotDone) and found.passing)


def test_a_server_may_have_another_name_for_a_type() -> None:
    snac = {"software": "snac", "mimes": ["image/jpeg", "audio/mp3"]}
    assert codes("Song", item("a.mp3", "audio/mpeg"), server=snac) == set()
    assert codes("Song", item("a.flac", "audio/flac"), server=snac) == {"media_kind"}


@each(
    ("server", "removed"),
    [
        ({"software": "mastodon"}, False),
        ({"software": "gotosocial"}, False),
        ({"software": "snac"}, True),
        ({"software": "pleroma"}, True),
        ({"software": "takahe"}, None),
        ({}, None),
    ],
)
def test_a_place_in_a_photo_is_removed_where_the_server_would_or_may_publish_it(
    server: dict[str, str], removed: bool | None
) -> None:
    form = PLATFORMS.rules("mastodon").image_form_for(server, {})
    assert form is not None
    assert form.without_location is removed
