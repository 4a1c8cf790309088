"""Keys of requests for new posts: the same request again returns the post that the first one stored."""

from __future__ import annotations

from ttp.domain.action import action, other_options
from ttp.domain.errors import Conflict, Hint
from ttp.domain.permissions import Caller
from ttp.domain.post import Post
from ttp.domain.post_edit import PostInput, request_fingerprint
from ttp.platforms.registry import Registry
from ttp.services.queries import is_within


def fingerprint(wanted: PostInput, platforms: Registry) -> str | None:
    """Return the fingerprint of a request with a key; None without a key."""
    wanted = wanted.asked or wanted  # a template may have changed since
    if not wanted.key:
        return None
    if not wanted.media:
        return request_fingerprint(wanted, (), platforms)
    from ttp.services.attachments.media import with_digests

    return request_fingerprint(*with_digests(wanted, platforms), platforms)


def same_request(first: Post, digest: str | None, caller: Caller, key: str | None = None) -> Post:
    """Return the post that a key stored before. Raise Conflict for another request. `key`: the request's, if the
    post's key was derived from it."""
    key = key or first.key
    if not is_within(first, caller.accounts):
        raise Conflict(f'the key "{key}" is in use', Hint("try", other_options(key="KEY")))
    if first.key_digest != digest:
        raise Conflict(
            f'the key "{key}" belongs to post {first.id}, whose text, account, option, file or time differs',
            Hint("see", action("show", first.id)),
            Hint("try", other_options(key="KEY")),
        )
    return first
