"""What an environment may do: read, write drafts, or everything; and which changes of a post that allows. A guard
against mistakes, set by `TTP_CAPABILITY`. Whoever can set the variable can unset it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING

from ttp.domain.action import action, other_options
from ttp.domain.errors import Hint, NotAllowed

if TYPE_CHECKING:
    from ttp.domain.post import Post
    from ttp.domain.recurrence import Recurrence

VARIABLE = "TTP_CAPABILITY"


class Capability(StrEnum):
    """Each allows what those before it do."""

    READ = "read"  # writes nothing
    DRAFT = "draft"  # writes drafts, and files that are named
    PUBLISH = "publish"  # whatever there is

    def allows(self, needed: Capability) -> bool:
        order = list(Capability)
        return order.index(self) >= order.index(needed)


def refuse_forbidden_change(
    capability: Capability, before: Post | None, after: Post, repeats: Iterable[Recurrence], *, source: str = VARIABLE
) -> None:
    """Raise NotAllowed for a change of anything but a draft, or of a draft that will be published automatically.
    `repeats`: all active ones; a draft that one of them copies is published automatically. `source`: what sets the
    capability."""
    if capability is Capability.PUBLISH:
        return
    this = "" if before is None else f" {before.id}"
    here = f"{source} is {capability}"
    if before is not None and before.status != "draft":
        raise NotAllowed(f"post{this} is {before.status}, and {here}: only drafts are changed here", *_look(before))
    if after.status != "draft":
        refuse_time(capability, source=source)
    for one in repeats:
        if before is not None and one.post_id == before.id:
            raise NotAllowed(f"post{this} is what repeat {one.id} makes posts of, and {here}", *_look(before))
        if one.pool is not None and one.pool in (*after.tags, *(before.tags if before else ())):
            said = f'what is tagged "{one.pool}" is published by repeat {one.id}, and {here}'
            raise NotAllowed(said, Hint("see", action("repeat list")))


def refuse_time(capability: Capability, *, source: str = VARIABLE) -> None:
    """Raise NotAllowed where no post may get a time."""
    if capability is not Capability.PUBLISH:
        said = f"{source} is {capability}: no post gets a time here"
        raise NotAllowed(said, Hint("try", other_options(at=None)))


def _look(post: Post) -> tuple[Hint, ...]:
    return (Hint("see", action("show", post.id)),)
