"""Documents of feeds: what is read of those that programs write, and which are refused."""

from __future__ import annotations

import builtins
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from feedgen.feed import FeedGenerator

from tests.domain.feeds.documents import ATOM, KNOWN, Known, rss
from tests.rows import each
from ttp.domain.errors import UsageError
from ttp.domain.feeds import html_text
from ttp.domain.feeds.document import parse_feed
from ttp.domain.feeds.html_text import read_html
from ttp.domain.feeds.item import Feed, FeedMedia, NotAFeed

URL = "https://h.example/base/feed.xml"


def parsed(document: str | bytes, content_type: str = "", **more: Any) -> Feed:
    body = document.encode() if isinstance(document, str) else document
    return parse_feed(body, URL, content_type, **more)


@each("known", KNOWN.values())
def test_what_is_read_of_an_item(known: Known) -> None:
    [item] = parsed(known.document).items
    assert {name: getattr(item, name) for name in known.fields} == known.fields


def test_the_feed_itself() -> None:
    feed = parsed(
        f"{ATOM}<title type='html'>A &amp;amp; B</title><link href='/'/><author><name>Ann</name></author>"
        "<entry><id>1</id><title>One</title></entry><entry><updated>2026-11-30T09:00:00Z</updated></entry></feed>"
    )
    assert (feed.format, feed.title, feed.link) == ("atom", "A & B", "https://h.example/")
    assert [(item.id, item.author) for item in feed.items] == [("1", "Ann")]  # what cannot be told apart is left out


@each(
    ("channel", "check_after_s"),
    [
        ("<ttl>60</ttl>", 3_600),
        ("<ttl>999999</ttl>", 86_400),
        ("<ttl>soon</ttl>", None),
        ("<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>", 21_600),
        ("<ttl>5</ttl><sy:updatePeriod> hourly </sy:updatePeriod><sy:updateFrequency>x</sy:updateFrequency>", 3_600),
    ],
)
def test_the_wait_that_a_feed_asks_for(channel: str, check_after_s: int | None) -> None:
    head = "<rss version='2.0' xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'><channel>"
    assert parsed(f"{head}{channel}</channel></rss>").check_after_s == check_after_s


@each(
    ("date", "instant"),
    [
        ("Mon, 30 Nov 26 10:00:00 +0100", datetime(2026, 11, 30, 9, tzinfo=UTC)),
        ("Mon, 30 Nov 2026 04:00:00 EST", datetime(2026, 11, 30, 9, tzinfo=UTC)),
        ("Mon, 30 Nov 2026 10:00:00 +0100 (CET)", datetime(2026, 11, 30, 9, tzinfo=UTC)),
        ("Mon, 30 Nov 2026 10:00:00", None),
        ("2026-11-30T10:00:00", None),
        ("2026-11-30", None),
        ("lun., 30 nov. 2026 10:00:00 +0100", None),
        ("30/11/2026", None),
        ("0000-01-01T00:00:00Z", None),
    ],
)
def test_a_date_without_a_zone_is_none(date: str, instant: datetime | None) -> None:
    [item] = parsed(rss(f"<guid>1</guid><pubDate>{date}</pubDate>")).items
    assert item.published_at == instant


def test_dates_of_the_seventies_are_named() -> None:
    assert parsed(rss("<guid>1</guid><pubDate>Thu, 01 Jan 1970 00:00:00 GMT</pubDate>")).warnings
    assert not parsed(rss("<guid>1</guid><pubDate>Fri, 01 Jan 2038 00:00:00 GMT</pubDate>")).warnings


@each(
    ("encoding", "written", "content_type", "title"),
    [
        ("iso-8859-1", "latin-1", "text/xml", "Café"),
        ("iso-8859-1", "utf-8", "text/xml; charset=utf-8", "Café"),
        ("iso-8859-1", "utf-8-sig", "text/xml", "Café"),
        ("utf-8", "utf-8", "text/xml", "Café"),
        ("utf-16", "utf-16", "application/xml", "Café"),
        ("shift_jis", "shift_jis", "application/rss+xml", "日本"),
    ],
)
def test_encodings(encoding: str, written: str, content_type: str, title: str) -> None:
    blank = "\n" if written == "utf-8-sig" else ""
    document = f"{blank}<?xml version='1.0' encoding='{encoding}'?>{rss(f'<guid>1</guid><title>{title}</title>')}"
    assert parsed(document.encode(written), content_type).items[0].title == title


BROKEN = rss("<guid>x</guid><title>a & b</title><link>/1</link><enclosure url='/1.mp3' type='audio/mpeg'/>")


def test_broken_xml_is_read_with_a_warning() -> None:
    feed = parsed(BROKEN)
    [item] = feed.items
    assert (item.title, item.link, feed.warnings != ()) == ("a & b", "https://h.example/1", True)
    assert item.media == (FeedMedia("https://h.example/1.mp3", "audio/mpeg"),)


JSON = {"version": "https://jsonfeed.org/version/1.1", "title": "F", "home_page_url": "https://h.example/"}
REFUSED: dict[str, tuple[str | bytes, str]] = {
    "nothing": (b"\xef\xbb\xbf \n", "empty"),
    "a login page": ("\n<!-- a --><!DOCTYPE HTML>\n<html><form>", "page"),
    "a page without a doctype": ("<HTML><head>", "page"),
    "a page in XML": ("<?xml version='1.0'?><?x?><html xmlns='http://www.w3.org/1999/xhtml'/>", "page"),
    "a page with a late doctype": ("<?x?><!DOCTYPE html><html>", "page"),
    "text": ("down for maintenance", "format"),
    "other XML": ("<svg/>", "format"),
    "an entity bomb": ("<!DOCTYPE rss [<!ENTITY a 'lol'><!ENTITY b '&a;&a;&a;'>]><rss>&b;</rss>", "doctype"),
    "an entity of a file": ("<!DOCTYPE rss [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><rss>&a;</rss>", "doctype"),
    "100,000 levels": (f"{ATOM}{'<a>' * 100_000}", "levels"),
    "an archive": (ATOM + "<entry/>" * 2_001 + "</feed>", "too_many"),
    "a broken archive": (ATOM + "<entry/>" * 2_001 + "&</feed>", "too_many"),
    "cut in a tag": (rss("<guid>1</guid>")[:-30] + "<item><link>https", "cut_off"),
    "cut in CDATA": (f"{ATOM}<entry><title><![CDATA[ab", "cut_off"),
    "broken and cut": (BROKEN[:-20], "cut_off"),
    "broken and long": (BROKEN.replace("a & b", "a & b" * 100_001), "broken"),
    "broken and nested": (BROKEN.replace("a & b", "&" + "<b>" * 30_000), "broken"),
    "broken beyond feedparser": (BROKEN.replace("a & b", "&#xd800;"), "broken"),
    "an encoding that decodes nothing": ("<?xml version='1.0' encoding='undefined'?><rss/>", "broken"),
    "JSON": ('{"items": []}', "format"),
    "JSON that is cut": ('{"version": "https://jsonfeed.org/version/1", "items": [', "format"),
    "deep JSON": ('{"a":' * 200_000, "format"),
    "a JSON archive": (json.dumps({**JSON, "items": [{"id": 1}] * 2_001}), "too_many"),
}


@each(("document", "flaw"), REFUSED.values())
def test_what_is_refused(document: str | bytes, flaw: str) -> None:
    with pytest.raises(NotAFeed) as refused:
        parsed(document)
    assert refused.value.flaw == flaw


def test_a_json_feed() -> None:
    entry = {
        "id": 5, "url": "/5", "title": "Five\u202e", "content_html": "<p>T<img src='/c.png' alt='C'></p>",
        "summary": "S", "tags": ["a", 1], "date_published": "2026-11-30T10:00:00+01:00", "date_modified": "soon",
        "image": "https://h.example/i.png", "attachments": [{"url": "a.mp3", "mime_type": "audio/mpeg"}, 3, {}],
        "author": {"name": "Ann"},
    }  # fmt: skip
    others = [{"id": "5"}, {"id": 5.5, "content_text": " x  y\n"}, {"url": "/nameless"}, {"id": True}, 7]
    feed = parsed(json.dumps({**JSON, "authors": [{"name": "Bo"}], "items": [entry, *others]}))
    first, same, other = feed.items
    assert (feed.format, feed.title, feed.link, len(feed.warnings)) == ("json", "F", "https://h.example/", 1)
    assert (first.id, first.link, first.title, first.text) == ("5", "https://h.example/5", "Five", "T")
    assert (first.summary, first.tags, first.author) == ("S", ("a", "1"), "Ann")
    assert (first.published_at, first.updated_at) == (datetime(2026, 11, 30, 9, tzinfo=UTC), None)
    assert [(one.url, one.source) for one in first.media] == [
        ("https://h.example/base/a.mp3", "enclosure"),
        ("https://h.example/i.png", "media"),
        ("https://h.example/c.png", "content"),
    ]
    assert (same.id, same.author, other.id, other.text) == ("5", "Bo", "5.5", "x y")


def test_long_ids_and_strange_addresses() -> None:
    long = json.dumps({**JSON, "items": [{"id": "a" * 5_000}, {"id": "\0b", "url": "https://[::1", "image": "x\x7f"}]})
    first, second = parsed(long).items
    assert first.id is not None
    assert len(first.id) < 100
    assert (second.id, second.link, second.media) == ("\ufffdb", None, ())


@each(
    ("html", "text"),
    [
        ("<p>Hi <b>you</b> &amp;amp; me</p>\n<p>two</p>", "Hi you &amp; me\n\ntwo"),
        ("<ul><li>one<li>two</ul>after<br>z", "- one\n- two\n\nafter\nz"),
        ("a<script>x<b>y</script>b<style>p{}</style><!-- c --><iframe>d</iframe>", "ab"),
        ("<script>never closed", ""),
        ("a < b and 5 &lt; 6", "a < b and 5 < 6"),
        ("plain\r\n\n\n\nlines &amp; entities", "plain\n\nlines & entities"),
        ("cafe\u0301 <i>x</i>", "café x"),
        ("<b>cut <a href", "cut"),
        ("<b>cut <a href='x>y", "cut y"),
        ('<a title="a > b">link</a>', "link"),
        ("<a title='>broken <b>x</b>", "broken x"),
    ],
)
def test_the_text_of_html(html: str, text: str) -> None:
    assert read_html(html).text == text


@pytest.mark.parametrize(
    ("html", "image"),
    [
        ("<img width=1 height=1 src=t.gif><IMG alt='A &amp; b' SRC=' c.png '><img src=d.png>", ("c.png", "A & b")),
        ("<img alt=x>", None),
    ],
)
def test_the_first_image_that_people_see(html: str, image: tuple[str, str] | None) -> None:
    assert read_html(html).image == image


@pytest.mark.parametrize(
    "html", ["<a ", "<![", "<!--", "<a b='", "</a ", "<script></script", "<img src=x width=0>", "&#"]
)
def test_no_html_takes_long(html: str) -> None:
    read_html(f"<b>{html * 60_000}")  # minutes with html.parser
    assert html_text.MOST_HTML <= 200_000


def test_without_feedparser_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def import_other(name: str, *args: Any, **more: Any) -> Any:
        if name.startswith("feedparser"):
            raise ImportError("No module named 'feedparser'")
        return real(name, *args, **more)

    monkeypatch.setattr(builtins, "__import__", import_other)
    with pytest.raises(UsageError) as refused:
        parsed(rss("<guid>1</guid>"))
    assert refused.value.hints[0].way == "pip install 'ttp-cli[feeds]'"


@pytest.mark.parametrize("write", [FeedGenerator.atom_str, FeedGenerator.rss_str])
def test_feeds_of_another_generator_say_what_was_put_into_them(write: Callable[[FeedGenerator], bytes]) -> None:
    made = FeedGenerator()
    made.id("https://h.example/")
    made.title("Tea & more")
    made.link(href="https://h.example/", rel="alternate")
    made.description("F")
    kept = {}
    for number in range(3):
        entry, date = made.add_entry(order="append"), datetime(2026, 11, 30, 9, number, tzinfo=UTC)
        id, link, title = f"https://h.example/?p={number}", f"https://h.example/posts/{number}", f"<{number}> & 'more'"
        entry.id(id)
        entry.guid(id, permalink=False)
        entry.title(title)
        entry.link(href=link)
        entry.content(f"<p>Text &amp;amp; {number}</p>", type="html")
        entry.published(date)
        entry.updated(date)
        kept[id] = (link, title, f"Text &amp; {number}", date)
    feed = parsed(write(made))
    assert feed.title == "Tea & more"
    assert {item.id: (item.link, item.title, item.text, item.published_at) for item in feed.items} == kept
