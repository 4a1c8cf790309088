"""Notifications: what is worth a word to a person, and the words. Sending them is not here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from ttp.domain.account import connect_action
from ttp.domain.action import WayOut, action
from ttp.domain.config import Config
from ttp.domain.errors import Hint, UsageError
from ttp.domain.text import clean_text

OWN_WAYS = ("desktop", "program", "ntfy")
"""How ttp itself sends notifications. Any other name in `notify.to` is that of a stored address."""
NEEDED: Mapping[str, str] = MappingProxyType({"program": "notify.program", "ntfy": "notify.ntfy.url"})
"""The setting that a way needs."""
NOBODY = "nobody is notified when something needs you"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


def names_in_use(config: Config, has_address: Callable[[str], bool]) -> tuple[str, ...]:
    """Return the names in `notify.to` whose settings are there, or whose address is."""
    return tuple(
        name
        for name in dict.fromkeys(config.texts("notify.to"))
        if (not (setting := NEEDED.get(name)) or config[setting]) and (name in OWN_WAYS or has_address(name))
    )


def credentials_name(name: str) -> str:
    """Return the name of an address, or of the token of ntfy, among the credentials."""
    return f"notify/{name}"


def refuse_address(name: str) -> None:
    """Raise UsageError for an address where its name belongs. It is a secret, so it is not shown."""
    if re.search("[:/@]", name):
        raise UsageError(
            "an address is a secret, so it is not typed on the command line", Hint("try", action("notify add", "phone"))
        )


def is_address_name(name: str) -> bool:
    """Return whether an address can be stored by a name."""
    return name not in (*OWN_WAYS, "command") and _NAME.fullmatch(name) is not None


FAILED = "delivery.failed"
NEEDS_REVIEW = "delivery.needs_review"
COMMENT_FAILED = "comment.failed"
COMMENT_NEEDS_REVIEW = "comment.needs_review"
RECONNECT = "account.needs_reconnect"
REFUSED = "publisher.refused"
STALLED = "publisher.stalled"
LOGIN_ENDS = "account.login_ends"
UNAPPROVED = "post.unapproved"
REMINDERS_H = (24, 2)
"""Hours before the time of a post that is not approved, the longest first."""
SOURCES = ("source.held", "source.failed", "source.gone")
TEST = "notify.test"
ENDS: Mapping[str, str] = {
    RECONNECT: "account.reconnected",
    REFUSED: "publisher.allowed",
    STALLED: "publisher.recovered",
}
"""The event that says that all is well again."""

PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120))
"""Before each further try. It is longer than a try takes: whoever tries has the notification until then."""
MOST_NAMED = 8
"""Posts or accounts that one notification names."""
_SHOWN_TEXT = 60


class Alarm(NamedTuple):
    """A state of the publisher that a person must end. `subject` distinguishes it from others of its event."""

    event: str
    subject: str
    message: str
    hint: WayOut | None = None


@dataclass(frozen=True, slots=True)
class Notification:
    """One line of one notification, of one kind. `text`: the post's."""

    id: int
    kind: str
    event: str
    created_at: datetime
    post_id: int | None = None
    account: str | None = None
    text: str | None = None
    message: str | None = None
    hint: WayOut | None = None
    tries: int = 0
    next_at: datetime | None = None
    sent_at: datetime | None = None
    error: str | None = None
    ended_at: datetime | None = None

    @property
    def state(self) -> str:
        """Return `sent`, `waiting` (for its next try), `failed` (no further try), or `over` (it became needless)."""
        if self.sent_at is not None:
            return "sent"
        if self.next_at is not None:
            return "waiting"
        return "failed" if self.tries else "over"


@dataclass(frozen=True, slots=True)
class Message:
    """What a person reads. Neither the title nor a line has control characters. `about`: the lines as data."""

    event: str
    title: str
    lines: tuple[str, ...]
    hints: tuple[WayOut, ...] = ()
    about: tuple[Mapping[str, object], ...] = ()


def write_message(notifications: Sequence[Notification]) -> Message:
    """Write one message about notifications of one event."""
    event, first = notifications[0].event, notifications[0]
    named = notifications[:MOST_NAMED]
    lines = [line for one in named for line in _lines(one)]
    if len(notifications) > len(named):
        lines.append(f"and {len(notifications) - len(named)} more")
    about = tuple({"post": one.post_id, "account": one.account, "message": one.message} for one in notifications)
    title, hints = _title(event, first, len(notifications)), tuple(_hints(event, notifications))
    if not (lines or hints):
        lines = [title]  # services refuse a message that is a title alone
    return Message(event, f"ttp: {title}", tuple(lines), hints, about)


def trial_message() -> Message:
    """Write the message of a test."""
    return Message(TEST, "ttp: a test", ("Notifications of ttp arrive here.",))


_TITLES: Mapping[str, tuple[str, str]] = {
    FAILED: ("post {post} failed on {account}", "{count} posts failed"),
    NEEDS_REVIEW: ("post {post} may be live on {account}", "{count} posts may be live"),
    COMMENT_FAILED: ("the comment on post {post} failed on {account}", "{count} comments failed"),
    COMMENT_NEEDS_REVIEW: ("the comment on post {post} may be live on {account}", "{count} comments may be live"),
    RECONNECT: ("{account} must be connected again", "{count} accounts must be connected again"),
    ENDS[RECONNECT]: ("{account} is connected again", "{count} accounts are connected again"),
    REFUSED: ("nothing is published from this machine",) * 2,
    ENDS[REFUSED]: ("this machine publishes again",) * 2,
    STALLED: ("nothing is publishing",) * 2,
    ENDS[STALLED]: ("no post is overdue any more",) * 2,
    LOGIN_ENDS: ("a login ends soon", "{count} logins end soon"),
    UNAPPROVED: ("post {post} waits for approval", "{count} posts wait for approval"),
    SOURCES[0]: ("items of a source wait for you", "items of {count} sources wait for you"),
    SOURCES[1]: ("a source cannot be read", "{count} sources cannot be read"),
    SOURCES[2]: ("a source is gone", "{count} sources are gone"),
}
"""The title of one notification of an event, and of several."""


def _title(event: str, first: Notification, count: int) -> str:
    account = clean_text(first.account or "an account")
    return _TITLES[event][count > 1].format(post=first.post_id, account=account, count=count)


def _lines(one: Notification) -> Iterator[str]:
    message = clean_text(one.message) if one.message else ""
    if one.post_id is None:
        if message:
            yield f"{clean_text(one.account)}: {message}" if one.account else message
        return
    text = clean_text(one.text or "")
    shown = text if len(text) <= _SHOWN_TEXT else f"{text[: _SHOWN_TEXT - 1]}…"
    to = f" to {clean_text(one.account)}" if one.account else ""
    yield f'Post {one.post_id}{to}: "{shown}"'
    if message:
        yield f"  {message}"


def _hints(event: str, notifications: Sequence[Notification]) -> Iterator[WayOut]:
    """Yield what to do, each once: what the failures say themselves, then what all of them need."""
    posts = list(dict.fromkeys(one.post_id for one in notifications if one.post_id is not None))
    if len(posts) > MOST_NAMED:
        yield action("list", needs_you=True)
        return
    own = dict.fromkeys(one.hint for one in notifications if one.hint is not None)
    yield from own
    if event in (FAILED, COMMENT_FAILED) and action("retry", *posts) not in own:
        yield action("retry", *posts)
    if event == RECONNECT:
        yield from (connect_action(one.account) for one in notifications[:MOST_NAMED] if one.account)
    if event == UNAPPROVED:
        yield action("approve", *posts)
    if event in (NEEDS_REVIEW, COMMENT_NEEDS_REVIEW):
        yield from (way for way in (action("show", post) for post in posts) if way not in own)
