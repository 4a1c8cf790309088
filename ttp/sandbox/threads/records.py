"""Threads: its accounts, containers, app, switches, limits, and the refusals that can be ordered."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from ttp.sandbox.meta.nodes import MetaContainer
from ttp.sandbox.meta.records import MetaAccount
from ttp.sandbox.records import SandboxApp
from ttp.sandbox.state import State, switch

APP = SandboxApp("170300000000003", "threads", "sandbox-threads-secret")
BASIC, PUBLISH, INSIGHTS = "threads_basic", "threads_content_publish", "threads_manage_insights"
DELETE, READ_REPLIES, REPLY = "threads_delete", "threads_read_replies", "threads_manage_replies"


@dataclass(frozen=True, slots=True)
class ThreadsAccount(MetaAccount):
    """A profile."""

    granted: ClassVar = (BASIC, PUBLISH, INSIGHTS, DELETE, READ_REPLIES, REPLY)

    def new_tokens(self) -> dict[str, str | None]:
        return {"access_token": f"THAA{secrets.token_urlsafe(90)}"}


@dataclass(frozen=True, slots=True)
class ThreadsContainer(MetaContainer):
    """A container. `kind`: TEXT, IMAGE, VIDEO or CAROUSEL. `known_ms`: from when on publishing knows it."""

    text: str = ""
    media: tuple[str, ...] = ()
    alts: tuple[str | None, ...] = ()
    shapes: tuple[str, ...] = ()
    child: bool = False
    reply_to: str | None = None
    reply_control: str = "everyone"
    known_ms: int = 0
    labels: tuple[str, ...] = ()
    """What was chosen for the post, as `name=value`."""


@dataclass(slots=True)
class ThreadsSwitches:
    """Threads' own switches."""

    unknown_s: float = switch(0.0, "Threads: how long publishing does not know a finished container (24/4279009)")
    threads_lag_s: float = switch(5.0, "Threads: how long insights stay empty, and how far they lag behind")


def new_id(state: State) -> str:
    """Return a new id: 17 digits in no order."""
    containers = state.table(ThreadsContainer)
    while (made := f"18{secrets.randbelow(10**15):015d}") in containers or made in state.posts:
        pass
    return made


CALLS, POSTS, REPLIES, DELETIONS = (f"threads {what} a day" for what in ("calls", "posts", "replies", "deletions"))
LIMITS = {CALLS: 48_000, POSTS: 250, REPLIES: 1000, DELETIONS: 100}
"""Per account and 24 hours."""


class ThreadsTrouble(NamedTuple):
    """An error at one step: `create` a container, `status`, `publish` it, or `after` it was published."""

    code: int
    subcode: int | None
    step: str
    message: str
    status: int = 400


TROUBLES = {
    "not_found": ThreadsTrouble(24, 4279009, "publish", "The requested resource does not exist"),
    "lost": ThreadsTrouble(24, 4279009, "all", "The requested resource does not exist"),
    "denied_but_live": ThreadsTrouble(10, None, "after", "Application does not have permission for this action", 500),
    "threads_spam": ThreadsTrouble(4, 2207051, "publish", "We restrict certain activity to protect our community."),
    "threads_restricted": ThreadsTrouble(25, 4279013, "publish", "The account is restricted."),
    "invalid": ThreadsTrouble(100, None, "publish", "(#100) Invalid parameter"),
    "call_limit": ThreadsTrouble(4, None, "publish", "(#4) Application request limit reached"),
    "links": ThreadsTrouble(100, None, "create", "THREADS_API__LINK_LIMIT_EXCEEDED"),
}
