"""Health: what `ttp status` knows at one moment. Data only; who gathers it and how is the services' matter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ttp.domain.account import Hold
from ttp.domain.errors import TtpError
from ttp.domain.media import NO_MEDIA, MediaUse
from ttp.domain.post import PostFields
from ttp.domain.rate_limit import Limit


@dataclass(frozen=True, slots=True)
class PublisherInfo:
    """The process that holds the store's publishing lock, or the last one that did.

    `mode` is `loop`, `once` or `until-idle`; `pid` and `since` are None while none runs.
    """

    running: bool = False
    pid: int | None = None
    mode: str | None = None
    since: datetime | None = None
    last_run_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ActionsNeeded:
    """What a person must do: ids of the posts to look at, names of the accounts to reconnect, ids of the posts to
    retry, and of those to approve (None: nobody need)."""

    review: tuple[int, ...] = ()
    reconnect: tuple[str, ...] = ()
    retry: tuple[int, ...] = ()
    approve: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class PlatformCosts:
    """What a platform will charge, in thousandths of a US dollar, for so many posts.

    `more`: further ones were not looked at.
    """

    platform: str
    title: str
    posts: int = 0
    thousandths: int = 0
    more: bool = False


@dataclass(frozen=True, slots=True)
class Health:
    """Who publishes, what is next, what waits and what needs a person.

    `overdue` counts posts whose time has passed unpublished, `waiting` the posts that have a time still to come,
    `held` those whose time has come, and whose account is held.
    `next_post` is the post that is due at `next_due_at`, `coming` the next few of their own time. `costs`: what X will
    charge for what waits. `clock`: why nothing is published by this clock; `elsewhere`: why nothing is from this
    machine; `unreadable`: what is left alone because it cannot be read.
    """

    publisher: PublisherInfo = PublisherInfo()
    next_due_at: datetime | None = None
    next_post: PostFields | None = None
    coming: tuple[PostFields, ...] = ()
    overdue: int = 0
    waiting: int = 0
    held: int = 0
    needs: ActionsNeeded = ActionsNeeded()
    holds: tuple[Hold, ...] = ()
    limits: tuple[Limit, ...] = ()
    costs: tuple[PlatformCosts, ...] = ()
    media: MediaUse = NO_MEDIA
    clock: TtpError | None = None
    elsewhere: TtpError | None = None
    unreadable: tuple[str, ...] = ()

    @property
    def stalled(self) -> bool:
        """Posts are overdue and nothing runs that would publish them."""
        return self.overdue > 0 and not self.publisher.running
