"""The end of logins that no app can renew: which posts are due after it, and when a person is reminded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from ttp.domain.account import Account, account_warnings, connect_action
from ttp.domain.action import Action
from ttp.domain.delivery import DeliveryState
from ttp.domain.errors import Problem
from ttp.domain.platform import PlatformFacts
from ttp.domain.post import Post, PostFields
from ttp.domain.time.clock import to_ms

if TYPE_CHECKING:
    from ttp.domain.notification import Alarm

REMINDERS_D = (14, 7, 1)
"""Days before the end of a login, the longest first."""


class LoginEnd(NamedTuple):
    """`at`: can be in the past. `posts`: ids of some that are due after it."""

    account: str
    at: datetime
    posts: tuple[int, ...] = ()

    @property
    def message(self) -> str:
        message = f"{self.account} needs a new login by {_day(self.at)}"
        if not self.posts:
            return message
        return f"{message}, before {'post' if len(self.posts) == 1 else 'posts'} {', '.join(map(str, self.posts))}"


def login_end(account: Account, platforms: PlatformFacts) -> datetime | None:
    """Return the time by which a person must log in again; None if ttp renews the login, or it has no end."""
    if not account.connected or account.needs_reconnect or account.platform not in platforms.names():
        return None
    return account.expires_at if platforms.facts(account.platform).login_ends else None


def ends_before(ends: Iterable[LoginEnd], posts: Sequence[PostFields]) -> list[LoginEnd]:
    """Return the logins that end before some of the posts, with those."""
    late = [end._replace(posts=tuple(post.id for post in posts if post.id and _is_late(post, end))) for end in ends]
    return [end for end in late if end.posts]


def _is_late(post: PostFields, end: LoginEnd) -> bool:
    """Return whether a post waits for a time after the end of a login."""
    return any(
        one.account == end.account and one.state is DeliveryState.PENDING and one.due_at and one.due_at >= end.at
        for one in post.active
    )


def account_notes(
    post: Post, accounts: Sequence[Account], platforms: PlatformFacts, now: datetime
) -> Iterator[Problem]:
    """Yield why a post would fail or wait: the state of its accounts, and a login that ends before the post is due.
    `now`: in the zone of the days that are named."""
    yield from account_warnings(accounts)
    for account in accounts:
        at = login_end(account, platforms)
        if at is not None and _is_late(post, LoginEnd(account.name, at)):
            message = f"{account.name} needs a new login by {_day(at.astimezone(now.tzinfo))}, before the post is due"
            hint: Action | None = connect_action(account.name)
            life = platforms.facts(account.platform).token_life
            if life is not None and post.scheduled_at is not None and post.scheduled_at >= now + life:
                # One of today would end before the post, too.
                after = (post.scheduled_at - life).astimezone(now.tzinfo)
                message, hint = f"{message}: a login of today ends before it, too; log in after {_day(after)}", None
            yield Problem("accounts", "login_ends", message, account.name, hint, warning=True)


def login_alarms(ends: Iterable[LoginEnd], now: datetime) -> Iterator[Alarm]:
    """Yield the present reminder of each login that ends soon."""
    from ttp.domain.notification import LOGIN_ENDS, Alarm  # here: `create` and `status` remind nobody

    for one in ends:
        days = min((days for days in REMINDERS_D if one.at - now <= timedelta(days=days)), default=None)
        if days is not None:
            subject = f"{one.account} {to_ms(one.at)} {days}"
            yield Alarm(LOGIN_ENDS, subject, one.message, connect_action(one.account))


def _day(at: datetime) -> str:
    return f"{at.day} {at:%b %Y}"
