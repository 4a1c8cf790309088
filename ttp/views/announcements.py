"""An announcement of a release as a JSON object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict


class AnnouncementAnswer(TypedDict):
    """`id`, `status`, `asksFor`: of its post in the store; None without a store. `url`: where it is without one."""

    key: str
    id: int | None
    status: str
    accounts: list[str]
    scheduledAt: str | None
    asksFor: str | None
    needs: list[str]
    url: str | None
    replayed: bool


def announcement_of_post(key: str, post: Mapping[str, object]) -> AnnouncementAnswer:
    """Return the announcement that a post is. `post`: as JSON has it."""
    fields = ("id", "status", "accounts", "scheduledAt", "asksFor", "needs")
    values = {name: post.get(name) for name in fields}
    return {"key": key, **values, "url": None, "replayed": post.get("replayed") is True}  # type: ignore[typeddict-item]


def announcement_at(key: str, account: str, url: str | None, *, replayed: bool) -> AnnouncementAnswer:
    """Return an announcement without a store."""
    none: dict[str, None] = dict.fromkeys(("id", "scheduledAt", "asksFor"))
    shape = {"key": key, "status": "published", "accounts": [account], "needs": [], "url": url, "replayed": replayed}
    return {**none, **shape}  # type: ignore[typeddict-item]  # fields by name
