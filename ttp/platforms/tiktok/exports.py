"""Columns of TikTok Studio exports."""

from __future__ import annotations

from ttp.domain.metrics.ingest.columns import LINK, ExportColumns

EXPORTS = (
    ExportColumns(
        "TikTok Studio, content",
        {
            LINK: ("video link", "post link"),
            "publishedAt": ("post time", "video publish time", "publish time"),
            "text": ("video title", "post title"),
            "views": ("total views", "views", "video views"),
            "likes": ("total likes", "likes"),
            "comments": ("total comments", "comments"),
            "shares": ("total shares", "shares"),
            "saves": ("add to favorites", "total favorites", "favorites", "total bookmarks", "total saves"),
            "reach": ("reached audience",),
        },
        ((LINK,), ("publishedAt",), ("views", "likes")),
    ),
)
