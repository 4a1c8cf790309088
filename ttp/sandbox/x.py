"""X's API as `api.x.com` speaks it: which paths there are and which scopes they need."""

from __future__ import annotations

from functools import partial

from starlette.routing import Route

from ttp.sandbox import x_analytics, x_login, x_media, x_posts, x_reads
from ttp.sandbox.state import State
from ttp.sandbox.x_front import guarded

_READ = ("tweet.read", "users.read")
_WRITE = ("tweet.read", "tweet.write", "users.read")
_MEDIA = ("media.write",)


def routes(state: State) -> list[Route]:
    """The paths of X over `state`."""
    route = partial(guarded, state)
    return [
        *x_login.routes(state),
        route("/2/users/me", "GET", x_reads.me, _READ),
        route("/2/users/{id}/tweets", "GET", x_reads.timeline, _READ),
        route("/2/tweets", "GET", x_reads.by_ids, _READ),
        route("/2/tweets", "POST", x_posts.create, _WRITE),
        route("/2/tweets/analytics", "GET", x_analytics.analytics, _READ),
        route("/2/tweets/{id}", "GET", x_reads.by_id, _READ),
        route("/2/tweets/{id}", "DELETE", x_posts.delete, _WRITE),
        route("/2/media/upload", "GET", x_media.status, _MEDIA),
        route("/2/media/upload", "POST", x_media.upload, _MEDIA),
        route("/2/media/upload/initialize", "POST", x_media.initialize, _MEDIA),
        route("/2/media/upload/{id}/append", "POST", x_media.append, _MEDIA),
        route("/2/media/upload/{id}/finalize", "POST", x_media.finalize, _MEDIA),
        route("/2/media/metadata", "POST", x_media.metadata, _MEDIA),
    ]
