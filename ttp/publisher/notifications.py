"""Notifications: look for what a person should hear of, and send it, each thing once.

Publishing never waits for it: a look reads the store, and writes only where there is news; sending has a time limit.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import NamedTuple

from ttp.domain.account import Credentials
from ttp.domain.action import WayOut, action
from ttp.domain.errors import Hint, NotFound, TtpError, UsageError
from ttp.domain.login_end import login_alarms
from ttp.domain.notification import (
    ENDS,
    OWN_WAYS,
    RECONNECT,
    REFUSED,
    STALLED,
    UNAPPROVED,
    Alarm,
    Message,
    Notification,
    credentials_name,
    is_address_name,
    refuse_address,
    trial_message,
    write_message,
)
from ttp.domain.time.clock import utc_text
from ttp.domain.time.formatting import format_duration
from ttp.platforms.addresses import split_address
from ttp.platforms.notifiers import Notifiers, Outgoing, SendingFailed, host_of_ntfy
from ttp.publisher.periodic import Stop, run_every
from ttp.services.application import Installation
from ttp.store import notifications as stored
from ttp.store.machine.publisher_session import PeriodicJob

FIRST_S, EVERY_S = 1.0, 5.0
LAST_S = 10.0
"""Seconds that the end of a run waits for a last look."""
_GRACE_S = 2.0


class Sent(NamedTuple):
    """How sending to one name in `notify.to` ended. `error`: why it failed; `hint`: what helps."""

    kind: str
    error: str | None = None
    hint: WayOut | None = None


class Notifications:
    """`ntfy_token`: that of the environment, or ""."""

    def __init__(self, installation: Installation, ntfy_token: str) -> None:
        self._installation = installation
        self._database, self._config, self._clock = installation.database, installation.config, installation.clock
        self._status = installation.status
        self._ntfy_token = ntfy_token
        self._notifiers = Notifiers(self._config, self._clock)
        self.kinds: tuple[str, ...] = tuple(dict.fromkeys(self._config.texts("notify.to")))

    def look(self, stop: Stop = lambda: False) -> list[Sent]:
        """Send what is new or due, and return how that went. Raise what the store raises."""
        if not self.kinds:
            return []
        with self._database.job(PeriodicJob.NOTIFICATIONS) as is_mine:
            return self._look(stop) if is_mine else []

    def _look(self, stop: Stop) -> list[Sent]:
        ends = login_alarms(self._status.login_ends(), self._clock.now())
        alarms = [*self._alarms(), *self._source_alarms(), *ends]
        judged, approval = (self._machine, self._machine_clock, "publisher"), self._config.requires_approval
        with self._database.reading() as db:
            if db is None or not stored.has_work(db, self.kinds, alarms, judged, self._clock.now(), approval=approval):
                return []
        with self._database.writing() as db:
            stored.update(db, self.kinds, alarms, judged, self._clock.now(), approval=approval)
        tried: list[Sent] = []

        def send_all(kind: str) -> None:
            with suppress(TtpError):  # the store: whoever publishes meets and reports that
                while not stop():
                    with self._database.writing() as db:
                        mine = stored.claim(db, (kind,), self._clock.now())
                    if not mine:
                        break
                    ended = self._send(kind, write_message(mine), mine)
                    with self._database.writing() as db:
                        stored.record(db, [one.id for one in mine], self._clock.now(), ended.error)
                    tried.append(ended)

        # At once: what a run leaves at its end behind one that hangs would be sent again.
        threads = [threading.Thread(target=send_all, args=(kind,), daemon=True) for kind in self.kinds]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sorted(tried, key=lambda one: self.kinds.index(one.kind))

    @contextmanager
    def looking(self, every_s: float = EVERY_S) -> Iterator[None]:
        """Look again and again until the block ends, in a thread."""
        if not self.kinds:
            yield
            return
        with run_every(self._look_safely, name="ttp-notify", first_s=FIRST_S, every_s=every_s, leave_s=0):
            yield

    def look_at_last(self, over: Stop = lambda: False) -> None:
        """Look once more at the end of a run, at most LAST_S seconds or until `over`."""
        if self.kinds:
            _within(LAST_S, lambda: self._look_safely(over))

    def test(self, kind: str | None) -> list[Sent]:
        """Send a test to one name, or to those in `notify.to`. UsageError if there is none, NotFound for a name that
        nothing is stored for."""
        if kind is not None and kind not in (*OWN_WAYS, *self.kinds) and not self.has_secret(kind):
            raise NotFound(f'nothing is stored for "{kind}"', _way_to_add(kind))
        kinds = self.kinds if kind is None else (kind,)
        if not kinds:
            raise UsageError("notify.to is not set", Hint("try", action("notify add", "desktop")))
        return [self._test(one) for one in kinds]

    def _test(self, kind: str) -> Sent:
        """Send a test and record it. That the store cannot record it says nothing about the test."""
        ended = self._send(kind, trial_message())
        with suppress(TtpError), self._database.writing() as db:
            stored.record_test(db, kind, self._clock.now(), ended.error)
        return ended

    def check(self, kind: str) -> str:
        """Return what a kind uses. Sends nothing. Raise SendingFailed."""
        secret, answers = self._secret(kind), list[str]()
        failed = _within(LAST_S, lambda: answers.append(self._notifiers.check(kind, secret)))
        if failed is not None:
            raise failed
        return answers[0]

    def newest(self, most: int) -> list[Notification]:
        """Return the newest notifications, newest first."""
        with self._database.reading() as db:
            return [] if db is None else stored.newest(db, most)

    def check_name(self, name: str) -> None:
        """Raise UsageError if a name cannot be used, or if its token cannot be stored yet."""
        if name == "ntfy" and not host_of_ntfy(self._config):
            raise UsageError(
                "notify.ntfy.url is not a web address", Hint("fix", action("config set", "notify.ntfy.url", "ADDRESS"))
            )
        if name not in OWN_WAYS and not is_address_name(name):
            raise UsageError(f'"{name}" cannot be the name of an address', Hint("try", action("notify add", "phone")))

    def add(self, name: str, secret: str) -> str:
        """Store an address that Apprise accepts, or the token of ntfy. Return the service or the host that it is for.
        UsageError."""
        if not secret or not secret.isprintable() or " " in secret:
            what = "access token" if name == "ntfy" else "address"
            message = f"the {what} is empty or has a space; nothing was stored"
            raise UsageError(message, Hint("try", action("notify add", name)))
        host = host_of_ntfy(self._config) if name == "ntfy" else ""
        try:
            goes_to = host or self._notifiers.service(secret)
        except SendingFailed as error:
            hint = Hint("fix", error.fix) if error.fix else Hint("see", "docs/how-to/notifications.md")
            raise UsageError(error.message, hint) from None
        self._installation.credentials.put(credentials_name(name), Credentials(secret, host))
        return goes_to

    def remove(self, name: str) -> bool:
        """Delete the address or the token of a name. Return whether there was one."""
        is_stored = self.has_secret(name)
        self._installation.credentials.remove(credentials_name(name))
        return is_stored

    def has_secret(self, name: str) -> bool:
        """Return whether an address or a token is stored by a name. UsageError for an address in its place."""
        refuse_address(name)
        return self._installation.credentials.get(credentials_name(name)) is not None

    def refuse_unknown(self, names: Sequence[str]) -> None:
        """Raise UsageError for the first name that is neither one of OWN_WAYS nor a stored address."""
        for name in names:
            if name == "command":
                raise UsageError('"command" is now "program"', Hint("try", "program", ("command", "program")))
            if name not in OWN_WAYS and not self.has_secret(name):
                message = f'"{name}" is not {", ".join(OWN_WAYS)} or the name of a stored address'
                raise UsageError(message, _way_to_add(name))

    @property
    def _machine(self) -> str:
        return os.uname().nodename

    @property
    def _machine_clock(self) -> str:
        return f"clock of {self._machine}"

    def _alarms(self) -> Iterator[Alarm]:
        """Yield why nothing is published, as far as this machine can know."""
        for subject, why in (
            (self._machine, self._status.elsewhere()),
            (self._machine_clock, self._status.clock_trouble()),
        ):
            if why is not None:
                yield Alarm(REFUSED, subject, why.message, why.hints[0].way if why.hints else None)
        after = timedelta(seconds=self._config.seconds("notify.stalled_after_s"))
        overdue = self._status.count_stalled(after)
        if overdue:
            posts = "1 post is" if overdue == 1 else f"{overdue} posts are"
            message, way = f"{posts} overdue, and no publisher runs", action("run")
            if (hung := self._status.hung_publisher(after)) is not None and hung.last_run_at is not None:
                silent = format_duration(self._clock.now() - hung.last_run_at)
                message = f"{posts} overdue, and the publisher (pid {hung.pid}) has given no sign of life for {silent}"
                way = action("status")
            yield Alarm(STALLED, "publisher", message, way)

    def _source_alarms(self) -> Iterator[Alarm]:
        for one in self._status.sources():
            if one.event is not None and one.message is not None:
                yield Alarm(one.event, f"source {one.id}", one.message, action("source show", one.id))

    def _look_safely(self, stop: Stop) -> None:
        # What is wrong with the store or the settings is met and reported by whoever publishes.
        with suppress(TtpError):
            self.look(stop)

    def _secret(self, kind: str) -> Credentials | None:
        """Return the token of ntfy, from the environment or as stored, or a stored address. Raise SendingFailed."""
        if kind == "ntfy" and self._ntfy_token:
            return Credentials(self._ntfy_token)
        try:
            return (
                None if kind in ("desktop", "program") else self._installation.credentials.get(credentials_name(kind))
            )
        except TtpError as error:
            raise SendingFailed(f"its secret cannot be read: {error.message}") from None

    def _page(self, message: Message) -> str:
        """Return the address of the page that is about a message; empty where people do not reach this server."""
        base = self._config.text("server.base_url").rstrip("/")
        return f"{base}{page_of(message)}" if split_address(base) is not None else ""

    def _send(self, kind: str, message: Message, about: Sequence[Notification] = ()) -> Sent:
        hints = [self._installation.render_way_out(one) for one in message.hints]
        text = "\n".join([*message.lines, *(f"try:  {one}" for one in hints)])
        first = about[0].id if about else 0
        data: dict[str, object] = {
            "at": utc_text(self._clock.now()),
            "event": message.event,
            "title": message.title,
            "text": text,
            "about": list(message.about),
            "try": hints,
            "url": self._page(message) or None,
        }
        out = Outgoing(f"notification-{first}", message.title, text, data, self._page(message))
        try:
            secret = self._secret(kind)
            limit = self._config.seconds("notify.timeout_s") + _GRACE_S
            failed = _within(limit, lambda: self._notifiers.send(kind, out, secret))
        except SendingFailed as error:
            failed = error
        if failed is None:
            return Sent(kind)
        return Sent(kind, failed.message, failed.fix)


def _way_to_add(name: str) -> Hint:
    return Hint("fix", action("notify add", name if is_address_name(name) else "phone"))


def page_of(message: Message) -> str:
    """Return the path of the page that is about a message."""
    posts = {one["post"] for one in message.about if one["post"] is not None}
    if len(posts) == 1:
        return f"/posts/{posts.pop()}"
    if message.event == UNAPPROVED:
        return "/approvals"
    return "/accounts" if message.event in (RECONNECT, ENDS[RECONNECT]) else "/queue"


def _within(limit_s: float, work: Callable[[], None]) -> SendingFailed | None:
    """Do some work in a thread, and leave it there after `limit_s` seconds. Return why it failed."""
    failed: list[SendingFailed] = []

    def attempt() -> None:
        try:
            work()
        except SendingFailed as error:
            failed.append(error)
        except Exception as error:  # noqa: BLE001 (whatever a receiver causes, the next notification is sent)
            failed.append(SendingFailed(f"a fault of ttp: {type(error).__name__}"))

    thread = threading.Thread(target=attempt, name="ttp-notification", daemon=True)
    thread.start()
    thread.join(limit_s)
    if thread.is_alive():
        return SendingFailed(f"it took longer than {limit_s:g} s")
    return failed[0] if failed else None
