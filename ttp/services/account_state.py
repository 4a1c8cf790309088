"""What is known of an account without asking anybody: whether it can publish, and until when. Functions, no I/O."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ttp.domain import hosts
from ttp.domain.account import Account, Credentials, Platform, connect_command, same_host
from ttp.domain.checkup import SOON, Remark, failure, fine, until, warning
from ttp.domain.config import Config
from ttp.domain.token_life import is_alive
from ttp.platforms.oauth.scopes import PUBLISHING, missing, needed


def standing(account: Account, now: datetime) -> Iterator[Remark]:
    """What a person or the publisher has marked the account with."""
    name = account.name
    if not account.enabled:
        yield warning("disabled: what is due for it fails", f"ttp account enable {name}")
    if account.needs_reconnect:
        yield failure("must be connected again: its token no longer works", connect_command(name), reconnect=True)
    elif not account.connected:
        yield warning("not connected: it can be analysed, not published to", connect_command(name))
    if account.is_paused:
        yield warning("paused, its posts wait", f"ttp resume --account {name}")
    elif account.hold_until is not None and account.hold_until > now:
        why = f": {account.hold_reason}" if account.hold_reason else ""
        yield warning(f"held, its posts wait; ends {until(account.hold_until, now)}{why}", f"ttp account enable {name}")


def elsewhere(account: Account, held: Credentials, config: Config) -> Remark | None:
    """Whether the credentials were made for another host than the settings name; None where they fit."""
    host = hosts.host(account.platform, config)
    if not held.host or same_host(held.host, host):
        return None
    return failure(
        f"its credentials were made for {held.host} and are not sent to {host}",
        connect_command(account.name, by_keys=held.by_keys),
    )


def life(account: Account, held: Credentials, now: datetime, *, renews: bool) -> Iterator[Remark]:
    """Until when the credentials work. `renews`: the platform gives new tokens for them without a person."""
    if held.by_keys:
        yield fine("keys that do not end")
        return
    again = connect_command(account.name)
    end, alive = held.expires_at, is_alive(held, now)
    if not renews:
        yield from _end("token, which cannot be renewed," if end else "token", end, again, now)
    elif account.platform is Platform.INSTAGRAM:
        # Its token renews itself, and only while it lives.
        yield from _end("token, which renews itself,", end, again, now)
    else:
        known = f"token ends {until(end, now)}" if end else "token without a known end"
        yield fine(f"{known}, and is renewed" if alive else "token has ended, and is renewed when it is used")
        if held.refresh_expires_at is not None:
            yield from _end("its renewal", held.refresh_expires_at, again, now)


def _end(what: str, end: datetime | None, again: str, now: datetime) -> Iterator[Remark]:
    if end is None:
        yield fine(f"{what} without a known end")
    elif end <= now:
        yield failure(f"{what} ended {until(end, now)}", again, reconnect=True)
    else:
        told = f"{what} ends {until(end, now)}"
        yield warning(told, again) if end - now < SOON else fine(told)


def permissions(account: Account, held: Credentials, granted: tuple[str, ...], config: Config) -> Iterator[Remark]:
    """What was granted against what is needed. Keys of OAuth 1.0a have no such list."""
    if held.by_keys:
        return
    wanted = needed(account.platform, config)
    if not granted:
        yield fine("its permissions were never told")
        return
    lacking = missing(wanted, granted)
    if not lacking:
        yield fine("has all permissions")
        return
    again = connect_command(account.name)
    said = f"without permission for {', '.join(lacking)}"
    inbox = account.platform is Platform.TIKTOK and "video.upload" in granted
    if PUBLISHING.intersection(lacking) and not (inbox and account.options.get("tiktok.mode") == "inbox"):
        yield failure(f"{said}: it cannot publish", again, reconnect=True)
    else:
        yield warning(said, again)
