"""Reading a source: a feed, a page that names feeds, releases over REST."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.rows import each
from tests.websites import HTML, web_site
from ttp.domain.errors import UsageError
from ttp.platforms.feeds.fetch import Failed, FoundFeed, NotModified
from ttp.platforms.feeds.read import Reading, read_source
from ttp.platforms.feeds.releases import find_releases

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)


def read(address: str, **more: Any) -> Reading | Failed:
    answer = read_source(address, now=NOW, allow_private=True, **more)
    assert isinstance(answer, Reading | Failed)
    return answer


def test_a_feed_is_read_and_the_longer_wait_counts() -> None:
    with web_site() as site:
        feed = b"<rss version='2.0'><channel><ttl>60</ttl><item><guid>1</guid></item></channel></rss>"
        site.pages["/feed"] = ("application/rss+xml", feed)
        reading = read(f"{site.url}/feed")
        assert isinstance(reading, Reading)
        assert ([item.id for item in reading.feed.items], reading.check_after_s) == (["1"], 3_600)
        same = read_source(f"{site.url}/feed", now=NOW, allow_private=True, sha256=reading.fetched.sha256)
        assert isinstance(same, NotModified)


@pytest.mark.parametrize(
    ("head", "paths"),
    [
        (
            '<LINK rel="alternate feed" type="application/rss+xml" title="News &amp; more" href="/a?x=1&amp;y=2">',
            ["/a?x=1&y=2"],
        ),
        (
            "<link type='application/atom+xml' rel=alternate href=a><link rel=alternate type=application/feed+json "
            "href=/b><link rel=alternate type=application/atom+xml href=/a>",
            ["/a", "/b"],
        ),
        (
            '<link rel="stylesheet" type="application/rss+xml" href="/a"><link rel=alternate hreflang=de href="/d">',
            [],
        ),
        ('<link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">', []),
        ("<link " * 100_000, []),
    ],
)
def test_a_page_tells_which_feeds_it_names(head: str, paths: list[str]) -> None:
    with web_site() as site:
        site.pages["/"] = (HTML, f"<!doctype html><html><head>{head}</head><body>Log in</body></html>".encode())
        failed = read(f"{site.url}/")
        assert isinstance(failed, Failed)
        assert (failed.flaw, [feed.url for feed in failed.feeds]) == ("page", [site.url + path for path in paths])
        assert not paths or isinstance(failed.feeds[0], FoundFeed)


@each(
    ("mime", "body", "flaw"),
    [
        ("text/plain", b"", "empty"),
        ("application/rss+xml", b"<rss><channel><item><guid>1</guid></item><item><link>https", "cut_off"),
        ("application/json", b'{"error": "no"}', "format"),
        ("text/plain", b"maintenance", "format"),
    ],
)
def test_what_is_no_feed_is_a_failure(mime: str, body: bytes, flaw: str) -> None:
    with web_site() as site:
        site.pages["/feed"] = (mime, body)
        failed = read(f"{site.url}/feed")
        assert isinstance(failed, Failed)
        assert failed.flaw == flaw


GITHUB = {
    "id": 5, "tag_name": "v2.1.0", "name": "Two", "draft": False, "prerelease": False, "author": {"login": "ann"},
    "html_url": "https://github.com/o/r/releases/tag/v2.1.0", "published_at": "2026-11-30T08:00:00Z",
    "body": "<!-- made -->\r\n## What's new\r\n\r\n* Tea\u202e by @everyone",
}  # fmt: skip
GITLAB = {
    "tag_name": "v2.1.0", "name": "Two", "description": "Tea", "released_at": "2026-11-30T09:00:00.000+01:00",
    "upcoming_release": False, "author": {"username": "ann"}, "_links": {"self": "https://gitlab.com/g/s/p/-/releases/v2.1.0"},
}  # fmt: skip
FORGEJO = {**GITHUB, "html_url": "https://codeberg.org/o/r/releases/tag/v2.1.0", "author": {"login": "ann"}}


@pytest.mark.parametrize(
    ("source", "path", "release", "id", "prerelease"),
    [
        ("github:{}/o/r", "/api/v3/repos/o/r/releases?per_page=30", GITHUB, "5", False),
        ("gitlab:{}/g/s/p", "/api/v4/projects/g%2Fs%2Fp/releases?per_page=30", GITLAB, "v2.1.0", None),
        ("forgejo:{}/o/r", "/api/v1/repos/o/r/releases?limit=30&draft=false", FORGEJO, "5", False),
    ],
)
def test_releases_are_read_but_for_drafts_prereleases_and_upcoming_ones(
    source: str, path: str, release: dict[str, Any], id: str, prerelease: bool | None
) -> None:
    more = [{"tag_name": "v3-rc.1", "prerelease": True}, {"tag_name": "d", "draft": True}]
    more.append({"tag_name": "later", "upcoming_release": True})
    with web_site() as site:
        site.pages[path] = ("application/json", json.dumps([release, *more]).encode())
        stable, every = (read(source.format(site.url), prereleases=asked) for asked in (False, True))
    assert isinstance(stable, Reading)
    assert isinstance(every, Reading)
    [item] = stable.feed.items
    assert (item.id, item.title, item.version, item.author, item.prerelease) == (id, "Two", "v2.1.0", "ann", prerelease)
    assert item.link == release.get("html_url", "https://gitlab.com/g/s/p/-/releases/v2.1.0")
    assert item.published_at == datetime(2026, 11, 30, 8, tzinfo=UTC)
    assert item.text in ("Tea", "## What's new\n\n* Tea by @everyone")
    assert [each.version for each in every.feed.items] == ["v2.1.0", "v3-rc.1"]
    assert every.feed.items[1].prerelease is True


def test_an_answer_that_lists_no_releases_is_a_failure() -> None:
    with web_site() as site:
        for body in (b'{"message": "no"}', b"[1]", b"<html>"):
            site.pages["/api/v3/repos/o/r/releases?per_page=30"] = ("application/json", body)
            assert isinstance(read(f"github:{site.url}/o/r"), Failed)


def test_places_of_releases() -> None:
    public = ("github:o/r", "gitlab:g/s/p", "forgejo:https://codeberg.org/o/r/")
    assert [place and place.address.partition("?")[0] for place in map(find_releases, public)] == [
        "https://api.github.com/repos/o/r/releases",
        "https://gitlab.com/api/v4/projects/g%2Fs%2Fp/releases",
        "https://codeberg.org/api/v1/repos/o/r/releases",
    ]
    assert find_releases("https://github.com/o/r") is None
    for wrong in (
        "github:o",
        "github:o/r/x",
        "forgejo:o/r",
        "gitlab:",
        "github:o/..",
        "gitlab:../o",
        "forgejo:ftp://h/o/r",
    ):
        with pytest.raises(UsageError):
            find_releases(wrong)
