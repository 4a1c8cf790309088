"""Columns of X Analytics exports."""

from __future__ import annotations

from ttp.domain.metrics.ingest.columns import LINK, ExportColumns

EXPORTS = (
    ExportColumns(
        "X Analytics, content",
        {
            "remoteId": ("post id", "tweet id"),
            LINK: ("post link", "tweet permalink"),
            "text": ("post text", "tweet text"),
            "publishedAt": ("date", "time"),
            "views": ("impressions",),
            "likes": ("likes", "favorites"),
            "comments": ("replies",),
            "shares": ("reposts", "retweets"),
            "saves": ("bookmarks",),
        },
        (("remoteId",), (LINK,), ("publishedAt",), ("views",)),
    ),
)
