"""Feeds as known programs write them, each with one item, and what is read of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

from ttp.domain.feeds.item import FeedMedia

AT = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
ATOM = "<feed xmlns='http://www.w3.org/2005/Atom' xmlns:media='http://search.yahoo.com/mrss/'>"
RSS = (
    "<rss version='2.0' xmlns:media='http://search.yahoo.com/mrss/' xmlns:content='http://purl.org/rss/1.0/modules/content/'"
    " xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd' xmlns:dc='http://purl.org/dc/elements/1.1/'><channel>"
)
RFC822 = "Mon, 30 Nov 2026 10:00:00 +0100"


class Known(NamedTuple):
    """A document, and fields of its item."""

    document: str
    fields: dict[str, Any]


def atom(entry: str) -> str:
    return f"<?xml version='1.0'?>{ATOM}<title>F</title><entry>{entry}</entry></feed>"


def rss(item: str) -> str:
    return f"{RSS}<title>F</title><link>https://h.example</link><item>{item}</item></channel></rss>"


KNOWN = {
    "github": Known(
        atom(
            "<id>tag:github.com,2008:Repository/1/v2.1.0</id><updated>2026-11-30T09:00:00Z</updated>"
            "<link rel='alternate' type='text/html' href='https://github.com/o/r/releases/tag/v2.1.0'/><title>Two</title>"
            "<content type='html'>&lt;h2&gt;New&lt;/h2&gt;"
            "&lt;ul&gt;&lt;li&gt;Tea &amp;amp; milk&lt;/li&gt;&lt;/ul&gt;</content>"
            "<author><name>ann</name></author>"
        ),
        {
            "id": "tag:github.com,2008:Repository/1/v2.1.0",
            "link": "https://github.com/o/r/releases/tag/v2.1.0",
            "title": "Two",
            "text": "New\n\n- Tea & milk",
            "author": "ann",
            "updated_at": AT,
            "version": "v2.1.0",
        },
    ),
    "gitlab": Known(
        atom(
            "<id>https://gitlab.com/g/p/-/releases/v2</id><link href='https://gitlab.com/g/p/-/releases/v2'/>"
            "<title>Two</title><summary>Tag v2</summary>"
        ),
        {"id": "https://gitlab.com/g/p/-/releases/v2", "summary": "Tag v2", "text": "Tag v2", "version": "v2"},
    ),
    "gitea": Known(
        rss(
            "<title>v1</title><link>https://host/o/r/releases/tag/v1</link><description>v1</description>"
            f"<content:encoded>&lt;p&gt;Tea&lt;/p&gt;</content:encoded><guid>12: https://host/o/r/releases/tag/v1</guid>"
            f"<pubDate>{RFC822}</pubDate>"
        ),
        {
            "id": "12: https://host/o/r/releases/tag/v1",
            "version": "v1",
            "published_at": AT,
            "text": "Tea",
            "summary": "v1",
        },
    ),
    "youtube": Known(
        atom(
            "<id>yt:video:ID</id><title>V</title><link rel='alternate' href='https://y.example/watch?v=ID'/>"
            "<published>2026-11-30T09:00:00+00:00</published><media:group><media:title>V</media:title>"
            "<media:content url='https://y.example/v/ID' type='application/x-shockwave-flash'/>"
            "<media:thumbnail url='https://i.example/hq.jpg'/><media:description>One\ntwo</media:description></media:group>"
        ),
        {
            "id": "yt:video:ID",
            "text": "One\ntwo",
            "media": (FeedMedia("https://i.example/hq.jpg", source="media"),),
            "published_at": AT,
        },
    ),
    "mastodon": Known(
        rss(
            "<guid isPermaLink='true'>https://m.example/@a/1</guid><link>https://m.example/@a/1</link>"
            f"<pubDate>{RFC822}</pubDate><description>&lt;p&gt;Tea&lt;br /&gt;time&lt;/p&gt;</description>"
            "<media:content url='https://m.example/1.png' type='image/png' fileSize='1' medium='image'>"
            "<media:rating scheme='urn:simple'>nonadult</media:rating>"
            "<media:description type='plain'>A cup</media:description></media:content>"
            "<media:content url='https://m.example/2.png' type='image/png' medium='image'>"
            "<media:title>Pot</media:title><media:description type='plain'>A &gt; pot</media:description>"
            "</media:content><category>tea</category>"
        ),
        {
            "id": "https://m.example/@a/1",
            "title": "",
            "text": "Tea\ntime",
            "tags": ("tea",),
            "media": (
                FeedMedia("https://m.example/1.png", "image/png", "A cup", "media"),
                FeedMedia("https://m.example/2.png", "image/png", "A > pot", "media"),
            ),
        },
    ),
    "bluesky": Known(
        rss(
            "<link>https://b.example/profile/d/post/1</link><description>5 &lt; 6 &amp;amp; so\non</description>"
            "<pubDate>30 Nov 2026 09:00 +0000</pubDate><guid>at://did:plc:1/app.bsky.feed.post/1</guid>"
        ),
        {
            "id": "at://did:plc:1/app.bsky.feed.post/1",
            "link": "https://b.example/profile/d/post/1",
            "text": "5 < 6 & so\non",
            "published_at": AT,
        },
    ),
    "podcast": Known(
        rss(
            "<title>Ep. 1</title><guid isPermaLink='false'>ep-1</guid><itunes:image href='/cover.jpg'/>"
            "<enclosure url='https://t.example/track/1.mp3?x=1' length='0' type='audio/mpeg'/>"
            "<itunes:author>Ann</itunes:author><category/><category>A</category><category>A</category>"
        ),
        {
            "id": "ep-1",
            "link": None,
            "author": "Ann",
            "tags": ("A",),
            "media": (
                FeedMedia("https://h.example/cover.jpg", source="media"),
                FeedMedia("https://t.example/track/1.mp3?x=1", "audio/mpeg"),
            ),
        },
    ),
    "rdf": Known(
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'"
        " xmlns:dc='http://purl.org/dc/elements/1.1/'><channel><title>F</title></channel>"
        "<item rdf:about='https://h.example/1'><title>One</title><dc:date>2026-11-30T10:00+01:00</dc:date></item></rdf:RDF>",
        {"id": "https://h.example/1", "link": "https://h.example/1", "title": "One", "updated_at": AT},
    ),
    "netscape": Known(
        "<!DOCTYPE rss PUBLIC '-//Netscape Communications//DTD RSS 0.91//EN' 'http://my.netscape.com/rss-0.91.dtd'>"
        "<rss version='0.91'><channel><item><title>caf&eacute;</title><link>https://h.example/1</link></item></channel></rss>",
        {"id": None, "link": "https://h.example/1", "title": "café"},
    ),
    "xml:base": Known(
        atom(
            "<id>x</id><link xml:base='https://o.example/a/' rel='enclosure' href='1.jpg' type='image/jpeg'/>"
            "<link rel='self' href='https://o.example/self'/><link href='p/1'/><content type='xhtml' xml:base='https://o.example/b/'>"
            "<div xmlns='http://www.w3.org/1999/xhtml'><p>Hi<img src='i.png' alt='An i'/></p></div></content>"
        ),
        {
            "id": "x",
            "link": "https://h.example/base/p/1",
            "text": "Hi",
            "media": (
                FeedMedia("https://o.example/a/1.jpg", "image/jpeg"),
                FeedMedia("https://o.example/b/i.png", alt="An i", source="content"),
            ),
        },
    ),
    "content elsewhere": Known(
        atom(
            "<id> \n y \n</id><title type='html'>A&amp;lt;b&amp;gt; &lt;i&gt;c&lt;/i&gt;</title>"
            "<content src='https://o/x' type='video/mp4'/>"
        ),
        {"id": "y", "title": "A<b> c", "text": "", "summary": "", "link": None},
    ),
    "binary content": Known(atom("<id>z</id><content type='image/png'>AAAA</content>"), {"text": ""}),
    "hidden signs": Known(
        rss(
            "<guid/><link>https://h.example/1</link><title>pay\u202eexe\u2028 \u200enow</title>"
            "<description>@everyone $(rm)</description>"
        ),
        {"id": None, "link": "https://h.example/1", "title": "payexe now", "text": "@everyone $(rm)"},
    ),
    "permalink": Known(
        rss("<guid>https://h.example/1</guid><title>Use &lt;div&gt;</title>"),
        {"id": "https://h.example/1", "link": "https://h.example/1", "title": "Use <div>"},
    ),
}
