"""Whether an environment that may write drafts only may make a change of a post. What each command needs is `cli`'s."""

from __future__ import annotations

from ttp.domain.capability import VARIABLE, Capability
from ttp.domain.errors import Hint, NotAllowed
from ttp.domain.post import Post, PostStatus
from ttp.store import repeats
from ttp.store.dialect import Connection


def permit(db: Connection, capability: Capability, before: Post | None, after: Post) -> None:
    """NotAllowed for a change of anything but a draft, and for one by which a draft goes out by itself."""
    if capability is Capability.PUBLISH:
        return
    this = "" if before is None else f" {before.id}"
    here = f"{VARIABLE} is {capability}"
    if before is not None and before.status is not PostStatus.DRAFT:
        raise NotAllowed(f"post{this} is {before.status}, and {here}: only drafts are changed here", *_look(before))
    if after.status is not PostStatus.DRAFT:
        permit_time(capability)
    going = [one for one in repeats.recurrences(db) if one.state != "ended"]
    for one in going:
        if before is not None and one.post_id == before.id:
            raise NotAllowed(f"post{this} is what repeat {one.id} makes posts of, and {here}", *_look(before))
        if one.pool is not None and one.pool in (*after.tags, *(before.tags if before else ())):
            said = f'what is tagged "{one.pool}" goes out by repeat {one.id}, and {here}'
            raise NotAllowed(said, Hint("see it", "ttp repeat list"))


def permit_time(capability: Capability) -> None:
    """NotAllowed where no post may get a time."""
    if capability is not Capability.PUBLISH:
        said = f"{VARIABLE} is {capability}: no post gets a time here"
        raise NotAllowed(said, Hint("keep it as a draft", "leave out --at"))


def _look(post: Post) -> tuple[Hint, ...]:
    return (Hint("look at it", f"ttp show {post.id}"),)
