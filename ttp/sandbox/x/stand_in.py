"""X's API as `api.x.com` speaks it: which paths there are and which scopes they need."""

from __future__ import annotations

from functools import partial

from starlette.routing import Route

from ttp.sandbox.state import State
from ttp.sandbox.x import analytics, login, media, posts, reads
from ttp.sandbox.x.front import guarded

_READ = ("tweet.read", "users.read")
_WRITE = ("tweet.read", "tweet.write", "users.read")
_MEDIA = ("media.write",)


def routes(state: State) -> list[Route]:
    """The paths of X over `state`."""
    route = partial(guarded, state)
    return [
        *login.routes(state),
        route("/2/users/me", "GET", reads.me, _READ),
        route("/2/users/{id}/tweets", "GET", reads.timeline, _READ),
        route("/2/tweets", "GET", reads.by_ids, _READ),
        route("/2/tweets", "POST", posts.create, _WRITE),
        route("/2/tweets/analytics", "GET", analytics.analytics, _READ),
        route("/2/tweets/{id}", "GET", reads.by_id, _READ),
        route("/2/tweets/{id}", "DELETE", posts.delete, _WRITE),
        route("/2/media/upload", "GET", media.status, _MEDIA),
        route("/2/media/upload", "POST", media.upload, _MEDIA),
        route("/2/media/upload/initialize", "POST", media.initialize, _MEDIA),
        route("/2/media/upload/{id}/append", "POST", media.append, _MEDIA),
        route("/2/media/upload/{id}/finalize", "POST", media.finalize, _MEDIA),
        route("/2/media/metadata", "POST", media.metadata, _MEDIA),
    ]
