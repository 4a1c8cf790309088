"""What is known of each platform: names, ids and addresses of posts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.platforms.factories import PLATFORMS
from tests.rows import each
from ttp.domain.account import Account
from ttp.domain.errors import Hint, UsageError
from ttp.domain.platform import created_at, parse_post_url
from ttp.platforms.registry import Registry
from ttp.platforms.x import look_up

NAMES = PLATFORMS.names()


@each(
    ("typed", "name"),
    [("instagram", "instagram"), (" IG ", "instagram"), ("tt", "tiktok"), ("X", "x"), ("Twitter", "x")],
)
def test_a_platform_is_found_by_name_or_alias_in_any_case(typed: str, name: str) -> None:
    assert Registry().find(typed).name == name


@pytest.mark.parametrize(("typed", "meant"), [("myspace", ()), ("Instgram", ("instagram",))])
def test_a_name_that_no_platform_has_is_refused_with_those_that_there_are(typed: str, meant: tuple[str, ...]) -> None:
    with pytest.raises(UsageError) as caught:
        Registry().find(typed)
    assert all(name in caught.value.message for name in (*NAMES, "tt"))
    assert caught.value.hints == tuple(Hint("try", near, (typed, near)) for near in meant)


@each(
    ("name", "post_id", "at"),
    [
        ("x", "1458144430612094980", datetime(2021, 11, 9, 18, 33, 26, 591000, UTC)),
        ("tiktok", "6829267836783971589", datetime(2020, 5, 21, 12, 30, 40, tzinfo=UTC)),
        ("x", "123456", None),
        ("x", "9" * 25, None),
        ("x", "12a", None),
        ("x", "", None),
        ("instagram", "17901234567890123", None),
        ("bluesky", "3jzfcijpj2z2a", datetime(2023, 6, 30, 3, 50, 42, 318000, UTC)),
        ("bluesky", "2222222222222", None),
    ],
)
def test_the_time_in_an_id(name: str, post_id: str, at: datetime | None) -> None:
    found = created_at(PLATFORMS.facts(name), post_id)
    assert found == at or (found is not None and at is not None and abs(found - at) < timedelta(hours=12))


def test_a_look_up_on_x_reads_ids_as_the_facts_say() -> None:
    post_id = "1458144430612094980"
    assert created_at(PLATFORMS.facts("x"), post_id) == look_up.created_at(post_id)


@each(
    ("name", "url", "parts"),
    [
        ("x", "https://mobile.twitter.com/me/status/12?s=20", {"handle": "me", "id": "12"}),
        ("tiktok", "https://www.tiktok.com/@a.b/photo/7", {"handle": "a.b", "kind": "photo", "id": "7"}),
        ("instagram", "https://www.instagram.com/reel/Cabc-_1/", {"handle": None, "code": "Cabc-_1"}),
        ("x", "https://www.instagram.com/reel/Cabc/", {}),
    ],
)
def test_the_parts_of_an_address(name: str, url: str, parts: dict[str, str | None]) -> None:
    assert parse_post_url(PLATFORMS.facts(name), url) == parts


@each(
    ("account", "info", "proof"),
    [
        ("bluesky/me.example.org", {}, "key"),
        ("mastodon/me@example.org", {"software": "mastodon"}, "key"),
        ("mastodon/me@example.org", {"software": "snac"}, "look_up"),
        ("mastodon/me@example.org", {}, "look_up"),
        ("command/box", {"verbs": ["publish", "lookup"]}, "look_up"),
        ("command/box", {"verbs": ["publish"]}, "none"),
        ("command/box", {}, "none"),
    ],
)
def test_what_settles_a_lost_answer_depends_on_the_account(account: str, info: dict[str, object], proof: str) -> None:
    platform, _, handle = account.partition("/")
    assert PLATFORMS.facts(platform).proof_for(Account(platform, handle, server_info=info)) == proof
