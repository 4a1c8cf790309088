"""The health of a store and its publishers, as `ttp status` shows it. Data only."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from ttp import __version__
from ttp.domain.account import Hold
from ttp.domain.errors import TtpError
from ttp.domain.media.item import NO_MEDIA, MediaUse
from ttp.domain.post import PostFields
from ttp.domain.publishing.rate_limit import Limit

if TYPE_CHECKING:
    from ttp.domain.login_end import LoginEnd


class PublisherInfo(NamedTuple):
    """The process that holds the publisher's lock, or held it last. `mode` is `loop`, `once` or `until-idle`; without a
    running publisher `pid` and `since` are empty. `version`: of the program that it runs; None: as `pid`, or unknown.
    `outdated`: another version is installed."""

    running: bool = False
    pid: int | None = None
    mode: str | None = None
    since: datetime | None = None
    last_run_at: datetime | None = None
    version: str | None = None

    @property
    def is_outdated(self) -> bool:
        return self.version not in (None, __version__)


NO_PUBLISHER = PublisherInfo()


class RegisteredPublisher(NamedTuple):
    """A running publisher as all hosts see it. `accounts`: how many have a delivery in hand. The times are by the clock
    of the store's server, if it has one."""

    host: str
    pid: int
    mode: str
    since: datetime
    last_report_at: datetime
    accounts: int


class ActionsNeeded(NamedTuple):
    """What a person must do: ids of posts to look at, accounts to reconnect, ids of posts to retry and to approve
    (None: approval is not required). `retry_after_reconnect`: posts that failed because
    an account must be reconnected."""

    review: tuple[int, ...] = ()
    reconnect: tuple[str, ...] = ()
    retry: tuple[int, ...] = ()
    approve: tuple[int, ...] | None = None
    retry_after_reconnect: tuple[int, ...] = ()
    comments: frozenset[int] = frozenset()
    """Those of these posts of which the comment alone needs a person."""


NO_ACTIONS = ActionsNeeded()


class PlatformCosts(NamedTuple):
    """What a platform will charge, in thousandths of a US dollar. `more`: further posts were not counted."""

    platform: str
    title: str
    posts: int = 0
    thousandths: int = 0
    more: bool = False


class WebhookHealth(NamedTuple):
    """How many events wait to be sent to a webhook, and how many were given up."""

    id: int
    host: str
    waiting: int = 0
    given_up: int = 0


class SourceHealth(NamedTuple):
    """A source. `event`, `message`: why it needs a person, if it does."""

    id: int
    name: str
    state: str
    held: int = 0
    event: str | None = None
    message: str | None = None


def _is_stalled(health: QueueHealth | Health) -> bool:
    """Return whether posts are overdue and no publisher runs."""
    return health.overdue > 0 and not health.publisher.running


class QueueHealth(NamedTuple):
    """Whether posts are published. `overdue`: posts whose time has passed unpublished; `waiting`: posts with a later
    time; `clock`: why nothing is published with this clock."""

    publisher: PublisherInfo = NO_PUBLISHER
    overdue: int = 0
    waiting: int = 0
    clock: TtpError | None = None

    @property
    def is_stalled(self) -> bool:
        return _is_stalled(self)


class Overview(NamedTuple):
    """What the menu of each page shows.

    `troubled`: posts with a delivery that only a person ends; `unapproved`: posts that wait for approval. `queue`: None
    for a person who sees some accounts only; `is_publishing`: a publisher runs, or ran as lately as expected.
    """

    troubled: int = 0
    unapproved: int = 0
    queue: QueueHealth | None = None
    is_publishing: bool = False
    next_due_at: datetime | None = None


class Health(NamedTuple):
    """Who publishes, what is next, what waits and what needs a person. The first fields are those of `QueueHealth`.

    `held`: due posts of accounts on hold. `next_post` is due at `next_due_at`; `coming`: the next few. `costs`: what
    platforms will charge for waiting posts. `elsewhere`: why nothing is published from this machine; `unreadable`: what
    is skipped because it cannot be read. `logins`: those that end soon, or before posts of theirs. `publishers`: all
    that publish from the store; `publisher` is this home's, or else the first of them. `notify`: the names
    in `notify.to` that are set up.
    """

    publisher: PublisherInfo = NO_PUBLISHER
    overdue: int = 0
    waiting: int = 0
    clock: TtpError | None = None
    next_due_at: datetime | None = None
    next_post: PostFields | None = None
    coming: tuple[PostFields, ...] = ()
    held: int = 0
    needs: ActionsNeeded = NO_ACTIONS
    holds: tuple[Hold, ...] = ()
    limits: tuple[Limit, ...] = ()
    costs: tuple[PlatformCosts, ...] = ()
    media: MediaUse = NO_MEDIA
    elsewhere: TtpError | None = None
    unreadable: tuple[str, ...] = ()
    webhooks: tuple[WebhookHealth, ...] = ()
    sources: tuple[SourceHealth, ...] = ()
    publishers: tuple[RegisteredPublisher, ...] = ()
    notify: tuple[str, ...] = ()
    logins: tuple[LoginEnd, ...] = ()

    @property
    def is_stalled(self) -> bool:
        return _is_stalled(self)
