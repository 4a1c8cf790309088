"""Writers of files as the platforms export them: what a test puts in is what must come out."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from ttp.domain.metrics.sample import Sample

SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
META = (
    *("Post ID", "Account ID", "Account username", "Account name", "Description", "Duration (sec)", "Publish time"),
    *("Permalink", "Post type", "Data comment", "Date", "Views", "Reach", "Likes", "Shares", "Follows", "Comments"),
    "Saves",
)
META_KINDS = {"video": "IG reel", "image": "IG image", "carousel": "IG carousel", None: "IG story"}
TIKTOK = ("Video title", "Video link", "Post time", "Total likes", "Total comments", "Total shares", "Total views")
X = (
    *("Post id", "Date", "Post text", "Post Link", "Impressions", "Likes", "Engagements", "Bookmarks", "Shares"),
    *("New follows", "Replies", "Reposts", "Profile visits", "Detail Expands", "URL Clicks"),
)
OLD_X = (
    *("Tweet id", "Tweet permalink", "Tweet text", "time", "impressions", "engagements", "engagement rate"),
    *("retweets", "replies", "likes", "user profile clicks"),
)
Number = Callable[[int], str]


def x_id(at: datetime, more: int = 0) -> str:
    """An id of X of a post made then."""
    return str(((round(at.timestamp() * 1000) - 1288834974657) << 22) + more)


def tiktok_id(at: datetime, more: int = 0) -> str:
    """An id of TikTok of a post made then."""
    return str((int(at.timestamp()) << 32) + more)


def code_of(at: datetime, more: int = 0) -> str:
    """The code in the link of an Instagram post made then."""
    number = ((round(at.timestamp() * 1000) - 1314220021721) << 23) + more
    code = ""
    for _ in range(11):
        number, sign = divmod(number, 64)
        code = SIGNS[sign] + code
    return code


def table(header: Sequence[str], rows: Iterable[Sequence[str]], delimiter: str = ",") -> str:
    """A CSV."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def shown(count: int | None, number: Number = str) -> str:
    return "" if count is None else number(count)


def meta_row(one: Sample, time: str = "%m/%d/%Y %H:%M", number: Number = str, day: str = "Lifetime") -> list[str]:
    """A row of Meta's export, by the clock that `one.published_at` has."""
    cells = dict.fromkeys(META, "")
    cells |= {
        "Post ID": one.remote_id,
        "Account username": one.account.partition("/")[2],
        "Description": one.text or "",
        "Publish time": one.published_at.strftime(time),
        "Permalink": f"https://www.instagram.com/p/{code_of(one.published_at)}/",
        "Post type": META_KINDS[one.kind],
        "Date": day,
        "Views": shown(one.views, number),
        "Reach": shown(one.reach, number),
        "Likes": shown(one.likes, number),
        "Shares": shown(one.shares, number),
        "Comments": shown(one.comments, number),
        "Saves": shown(one.saves, number),
    }
    return list(cells.values())


def tiktok_row(one: Sample, time: str = "%Y-%m-%d %H:%M:%S", number: Number = str) -> list[str]:
    """A row of TikTok's export, by the clock that `one.published_at` has."""
    handle = one.account.partition("/")[2]
    counts = (one.likes, one.comments, one.shares, one.views)
    return [
        one.text or "",
        f"https://www.tiktok.com/@{handle}/video/{one.remote_id}",
        one.published_at.strftime(time),
        *(shown(count, number) for count in counts),
    ]


def x_row(one: Sample, number: Number = str) -> list[str]:
    """A row of X's export, which has the day alone."""
    cells = dict.fromkeys(X, "0")
    cells |= {
        "Post id": one.remote_id,
        "Date": one.published_at.strftime("%a, %b %d, %Y"),
        "Post text": one.text or "",
        "Post Link": f"https://x.com/{one.account.partition('/')[2]}/status/{one.remote_id}",
        "Impressions": shown(one.views, number),
        "Likes": shown(one.likes, number),
        "Bookmarks": shown(one.saves, number),
        "Replies": shown(one.comments, number),
        "Reposts": shown(one.shares, number),
    }
    return list(cells.values())


def old_x_row(one: Sample) -> list[str]:
    """A row of X's older export, which has the time in UTC."""
    link = f"https://twitter.com/{one.account.partition('/')[2]}/status/{one.remote_id}"
    counts = (one.views, 9, "0.031", one.shares, one.comments, one.likes, 3)
    return [one.remote_id, link, one.text or "", one.published_at.strftime("%Y-%m-%d %H:%M +0000"), *map(str, counts)]
