"""An announcement of a release as a JSON object."""

from __future__ import annotations

from collections.abc import Mapping

from ttp.views import Json

_OF_POST = ("id", "status", "accounts", "scheduledAt", "asksFor", "needs")
KEYS = ("key", *_OF_POST, "url", "replayed")


def announcement_json(key: str, post: Mapping[str, object]) -> Json:
    """Return the announcement that a post is. `post`: as JSON has it; without a store its `url` alone says where it
    is."""
    return {"key": key, **{name: post.get(name) for name in (*_OF_POST, "url")}, "replayed": bool(post.get("replayed"))}
