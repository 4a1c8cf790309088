"""The interface of a platform client: invisible steps, one publishing call, one look-up. A client never sleeps, never
retries and never touches the store. It returns `ttp.domain.publishing.outcome` data; the publisher decides what happens
next."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable

from ttp.domain.account import NO_OPTIONS, Account, Credentials
from ttp.domain.diagnostics import Remark, failure_remark, warning_remark
from ttp.domain.media.item import MediaItem
from ttp.domain.media.place import place_of, split_part
from ttp.domain.publishing.outcome import Finding, Handle, Kind, NotDone, Outcome, parts_of
from ttp.domain.time.clock import from_ms

CHECK_PATIENCE_S = 20.0
"""Seconds to wait for each answer of a checker. Several accounts are asked one after another."""


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A media item for upload, and its file. `origin`: SHA-256 of the image it was converted from, if it was.
    `thumbnail`: the image that stands for it."""

    item: MediaItem
    path: Path
    origin: str | None = None
    thumbnail: MediaFile | None = None

    @property
    def original_sha256(self) -> str:
        """SHA-256 of the file that the user attached, before any conversion."""
        return self.origin or self.item.sha256


@dataclass(frozen=True, slots=True)
class CardFile:
    """A link card that a part shows, as stored with the post, and the file of its picture. Without a title the part
    shows a bare link. `note`: what a person should know of it."""

    url: str
    title: str | None
    description: str = ""
    picture: MediaFile | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class PublishRequest:
    """What a client knows about one delivery.

    `options`: the effective options without the platform's name (`privacy_level`); the post's override the account's.
    `bound`: remote ids of the account's other deliveries, which a look-up never matches. `thread`: the parts after
    `text`. `media`: those of `text`; `thread_media`: those of each part of `thread`, if the platform's facts have
    `media_on_parts`; `part_starts` as of the delivery. `cards`: by the number of the part, from 1. `key_seed`: unique
    to this delivery and equal in all its calls;
    a client derives the keys of its posts from it. Keys go into `Ready.handle` as `keys`: they are stored with the
    intent and survive failures and edits.
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
    thread_media: tuple[tuple[MediaFile, ...], ...] = ()
    part_starts: tuple[int, ...] = ()
    replies_to: tuple[str, ...] = ()
    """Of a comment, the ids of the post that it is on, part by part; it replies to the last one."""

    def option_of_part(self, name: str, number: int, count: int) -> str | None:
        """Return the value of an option that is for one part of `count` (`2=VALUE`; else the first), if it is for
        this one."""
        part, value = split_part(self.options.get(name, ""))
        return value if value and place_of(part, self.part_starts, count) == number - 1 else None

    @property
    def all_media(self) -> tuple[MediaFile, ...]:
        """The media of all parts, in order."""
        return (*self.media, *chain.from_iterable(self.thread_media))

    cards: Mapping[int, CardFile] = field(default_factory=dict)

    @property
    def token_key(self) -> str:
        """Hash of the token, the account and its user. Two accounts may have the same token."""
        user_id = self.credentials.user_id or self.account.user_id
        text = f"{self.account.name} {user_id} {self.credentials.access_token}"
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


@dataclass(frozen=True, slots=True)
class StepDone:
    """An invisible step succeeded. Its `handle` and `server_info` (of the account) are stored before the next step."""

    step: str
    http_status: int | None = None
    message: str = ""
    handle: Handle | None = None
    server_info: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Continue after `seconds`. `what`: the reason, shown to the user ("X is processing a.mp4")."""

    seconds: float
    what: str


Step: TypeAlias = StepDone | Wait


@dataclass(frozen=True, slots=True)
class Ready:
    """All invisible steps are done.

    `platform_at`: the platform's clock now (its Date header plus the time since); None if it sent none. `step`: name of
    the publishing call. `fingerprint`: SHA-256 of its canonical request. `doubt`: why an earlier call may have
    published the post already; the publisher then looks it up instead of sending it.
    """

    handle: Handle
    platform_at: datetime | None
    step: str
    fingerprint: str
    doubt: str | None = None


@dataclass(frozen=True, slots=True)
class LookupResult:
    """The result of a look-up, and the platform's clock at that time."""

    finding: Finding
    platform_at: datetime | None


class StepFailed(Exception):
    """An invisible step failed. Nothing was published."""

    def __init__(self, step: str, outcome: NotDone) -> None:
        super().__init__(outcome.message)
        self.step = step
        self.outcome = outcome


class Client(Protocol):
    """Publishes on one platform. Safe to use from several threads."""

    def prepare(self, request: PublishRequest, handle: Handle, /) -> Generator[Step, None, Ready]:
        """Run the invisible steps that `handle` does not record as done. Raises StepFailed."""

    def publish(self, request: PublishRequest, handle: Handle, /) -> Outcome:
        """Make the one publishing call. Never raises for errors of the network or the platform."""

    def look_up(self, request: PublishRequest, handle: Handle, since: datetime, /) -> LookupResult:
        """Find the result of a publishing call whose intent was committed at `since` (platform time). Never raises for
        errors of the network or the platform."""

    def close(self) -> None:
        """Close the connections. Not while a call is in progress."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """The post is not on the platform any more. `note`: set if it was already gone."""

    http_status: int | None = None
    note: str | None = None


NO_DELETION = "no_deletion"
"""Code of a NotDone: the account's server or program lets no app delete posts."""


class Deleter(Protocol):
    """Deletes published posts of one platform. Never sleeps or retries; deleting twice is harmless."""

    def delete(self, request: PublishRequest, remote_id: str) -> Deleted | NotDone:
        """Delete a published post of the account. A refusal that is not `passing` is final: a person must act, or the
        platform cannot delete this post. Never raises for errors of the network or the platform."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class AccountInfo:
    """What a platform reports for a working token; None or empty if it does not say. `scopes`: the granted ones.
    `server_info`: limits of the account's server, stored with the account."""

    user_id: str | None
    handle: str | None
    remarks: tuple[Remark, ...] = ()
    scopes: tuple[str, ...] = ()
    server_info: Mapping[str, object] | None = None


class Checker(Protocol):
    """Asks one platform about accounts without changing anything. Never raises for network errors."""

    def check(self, account: Account, credentials: Credentials) -> AccountInfo | NotDone:
        """Return what the platform says about the account, or why not (kind `auth` if it rejects the token)."""

    def option_values(self, account: Account, credentials: Credentials, option: str) -> tuple[str, ...]:
        """Return the values the account may use for an option (named without the platform); empty if unknown."""
        return ()

    def platform_at(self, account: Account) -> datetime | None:
        """Return the platform's clock now, from its last answer for the account; None before the first."""

    def close(self) -> None: ...


@runtime_checkable
class SettingsChecker(Checker, Protocol):
    """A checker of a platform that also says what an account may choose for a post."""

    def posting_settings(self, account: Account, credentials: Credentials) -> Mapping[str, object] | NotDone:
        """Return it in the platform's own fields, or why it is not known."""


def diagnostic_of_refusal(refused: NotDone, what: str) -> Remark:
    """Return the diagnostic for a check that was refused though the token works. `what`: what was checked."""
    message = f"{what}: {refused.message}"
    if refused.kind is Kind.AUTH:
        return failure_remark(message, refused.hint, reconnect=True)
    return warning_remark(message, refused.hint) if refused.passing else failure_remark(message, refused.hint)


def first_unsettled(handle: Handle, since: datetime) -> datetime:
    """Return when the first call with an unknown outcome was made, in platform time: `since`, or before."""
    unsettled = handle.get("unsettled_since")
    return min(since, from_ms(unsettled)) if isinstance(unsettled, int) else since


def fingerprint(method: str, url: str, content: Mapping[str, object]) -> str:
    """Return the SHA-256 (hex) of a request in one canonical form: sorted keys, no spaces, ASCII."""
    canonical = json.dumps([method, url, content], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a thread. `request` has its text and its media. `published_ids`: earlier parts."""

    request: PublishRequest
    number: int
    of: int
    published_ids: tuple[str, ...] = ()

    @property
    def parent(self) -> str | None:
        """The id of the part, or of the post, that it replies to."""
        earlier = self.published_ids or self.request.replies_to
        return earlier[-1] if earlier else None

    @property
    def is_last(self) -> bool:
        return self.number == self.of

    def step(self, call: str) -> str:
        """The call's name in the log."""
        return call if self.of == 1 else f"{call} (part {self.number} of {self.of})"

    def handle_with(self, handle: Handle, post_id: str) -> Handle | None:
        """Return the handle once this part is published, without media and unclear look-ups. None for a single post."""
        if self.of == 1:
            return None
        return {"user_id": handle.get("user_id"), "parts": [*self.published_ids, post_id], "of": self.of}


def next_part(request: PublishRequest, handle: Handle) -> Part | None:
    """Return the first part that is not published; None if all are."""
    texts, out = (request.text, *request.thread), parts_of(handle)
    if len(out) >= len(texts):
        return None
    if len(texts) == 1:
        return Part(request, 1, 1)
    media = (request.media, *request.thread_media, *((),) * len(texts))[len(out)]
    alone = replace(request, text=texts[len(out)], thread=(), media=media, thread_media=())
    return Part(alone, len(out) + 1, len(texts), out)
