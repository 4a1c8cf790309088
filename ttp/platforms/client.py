"""What every platform client offers: invisible steps, one publishing call, one look-up.

A client never sleeps, never retries and never touches the store. It answers with `ttp.domain.outcome` data; the
publisher decides what happens next.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeAlias

from ttp.domain.account import NO_OPTIONS, Account, Credentials
from ttp.domain.diagnostics import Remark, failure_remark, warning_remark
from ttp.domain.media import MediaItem
from ttp.domain.outcome import Finding, Handle, Kind, NotDone, Outcome

CHECK_PATIENCE_S = 20.0
"""Most seconds that one question of a checker waits for its answer: several accounts are asked in turn."""


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A media item as it is sent, and the place of its bytes. `origin`: the SHA-256 of the image that it was converted
    from, where it was."""

    item: MediaItem
    path: Path
    origin: str | None = None

    @property
    def given(self) -> str:
        """The SHA-256 of what the user gave: the same whatever was made of it."""
        return self.origin or self.item.sha256


@dataclass(frozen=True, slots=True)
class PublishRequest:
    """All that a client may know of one delivery.

    `options` are the effective platform options without the platform's name (`privacy_level`): the post's over the
    account's. `bound` are remote ids that belong to other deliveries of the account: never a match in a look-up.
    `thread`: the parts that follow `text`, where the platform has threads. `key_seed` is the same for every call of the
    delivery and of no other one in any store: what a client derives the keys of its posts from. A client puts such
    keys into `Ready.handle` as `keys`, so that they are stored with the intent; they survive failures and edits.
    """

    delivery_id: int
    account: Account
    credentials: Credentials
    text: str
    media: tuple[MediaFile, ...] = ()
    options: Mapping[str, str] = field(default_factory=lambda: NO_OPTIONS)
    bound: frozenset[str] = frozenset()
    thread: tuple[str, ...] = ()
    key_seed: str = ""


@dataclass(frozen=True, slots=True)
class Did:
    """An invisible step ended well. What is given of `handle` and `server_info` (of the account) is stored before the
    generator goes on."""

    step: str
    http_status: int | None = None
    message: str = ""
    handle: Handle | None = None
    server_info: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Come back after `seconds`; `what` says in the user's words what is waited for."""

    seconds: float
    what: str


Step: TypeAlias = Did | Wait


@dataclass(frozen=True, slots=True)
class Ready:
    """Everything invisible is done. `platform_at`: the platform's clock now (its Date header, moved on by the time
    since), None where it sent none. `step` names the publishing call, `fingerprint` is the SHA-256 of its canonical
    request. `doubt`: the handle shows that an earlier call may have published it after all; it must be looked up, not
    sent."""

    handle: Handle
    platform_at: datetime | None
    step: str
    fingerprint: str
    doubt: str | None = None


@dataclass(frozen=True, slots=True)
class LookupResult:
    """What a look-up found, and the platform's clock when it looked."""

    finding: Finding
    platform_at: datetime | None


class StepFailed(Exception):
    """An invisible step failed. Nothing can have been published."""

    def __init__(self, step: str, outcome: NotDone) -> None:
        super().__init__(outcome.message)
        self.step = step
        self.outcome = outcome


class Client(Protocol):
    """One platform. Safe to use from several threads at once."""

    def prepare(self, request: PublishRequest, handle: Handle, /) -> Generator[Step, None, Ready]:
        """Do the invisible steps that `handle` does not show as done. Raises StepFailed."""
        ...

    def publish(self, request: PublishRequest, handle: Handle, /) -> Outcome:
        """The one publishing call. Never raises for anything the network or the platform does."""
        ...

    def look_up(self, request: PublishRequest, handle: Handle, since: datetime, /) -> LookupResult:
        """Find the result of a publishing call whose intent was committed at `since` (platform time). Never raises for
        anything the network or the platform does."""
        ...

    def close(self) -> None:
        """Close its connections. Not while a call is being made."""
        ...


@dataclass(frozen=True, slots=True)
class Deleted:
    """The platform does not have the post any more. `note`: where it was gone before."""

    http_status: int | None = None
    note: str | None = None


class Deleter(Protocol):
    """Deletes published posts of one platform. Never sleeps, never retries; deleting twice is harmless."""

    def delete(self, request: PublishRequest, remote_id: str) -> Deleted | NotDone:
        """Delete a published post of the request's account. A refusal that is not passing is final: a person must act,
        or the platform deletes no such post. Never raises for anything the network or the platform does."""
        ...

    def close(self) -> None:
        """Close its connections."""
        ...


@dataclass(frozen=True, slots=True)
class AccountInfo:
    """What a platform says of a token that works. None or empty: not said. `scopes`: what was granted; `server_info`:
    what the account's server allows, which is stored with the account."""

    user_id: str | None
    handle: str | None
    remarks: tuple[Remark, ...] = ()
    scopes: tuple[str, ...] = ()
    server_info: Mapping[str, object] | None = None


class Checker(Protocol):
    """Asks one platform about accounts, and changes nothing.

    Raises nothing for what the network or the platform does.
    """

    def check(self, account: Account, credentials: Credentials) -> AccountInfo | NotDone:
        """Return what the platform says of the account, or why not: of kind `auth` where it refuses the token."""
        ...

    def offered(self, account: Account, credentials: Credentials, option: str) -> tuple[str, ...]:
        """Return the values of an option (named without the platform) that the account may choose from now; none where
        the platform does not say."""
        ...

    def platform_at(self, account: Account) -> datetime | None:
        """Return the platform's clock now, as its last answer for the account told it. None where none did."""
        ...

    def close(self) -> None:
        """Close its connections."""
        ...


def diagnostic_of_refusal(refused: NotDone, what: str) -> Remark:
    """Return the remark on a question that was refused though the token works. `what` could not be asked."""
    said = f"{what}: {refused.message}"
    if refused.kind is Kind.AUTH:
        return failure_remark(said, refused.hint, reconnect=True)
    return warning_remark(said, refused.hint) if refused.passing else failure_remark(said, refused.hint)


def fingerprint(method: str, url: str, content: Mapping[str, object]) -> str:
    """SHA-256, in hexadecimal, of a request in one canonical spelling: sorted keys, no spaces, ASCII."""
    canonical = json.dumps([method, url, content], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()
