"""Attempts and handles: each step of each try, and what a delivery remembers between tries. Without `outcome`, so that
commands that only read import less."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, TypeAlias


class Kind(StrEnum):
    """Why something failed, for scripts to branch on."""

    AUTH = "auth"
    RATE_LIMIT = "rate_limit"
    NETWORK = "network"
    SERVER = "server"
    CONTENT = "content"
    DUPLICATE = "duplicate"
    MEDIA = "media"
    QUOTA = "quota"
    BUDGET = "budget"
    MISSED = "missed"
    ACCOUNT = "account"
    UNKNOWN = "unknown"


Handle: TypeAlias = Mapping[str, object]
"""What a client must remember about a delivery between steps, such as media ids, container id, publish id, offset. JSON
values only, stored before the step that needs them."""


TAKE_OVER = "take over"
"""Step of a call that another publisher may have made."""


class Phase(StrEnum):
    """What a step of an attempt can do to the world."""

    PREPARE = "prepare"  # invisible: may be repeated freely
    PUBLISH = "publish"  # visible: has an intent committed before it
    LOOK_UP = "look_up"  # reads only
    TAKE_DOWN = "take_down"  # deletes what is published, at a person's word: may be repeated freely


class Attempt(NamedTuple):
    """One step of one try at one delivery, kept for ever.

    A `publish` row is the intent: committed before the first byte is sent, `outcome` None until the answer is parsed.
    `platform_at` is in the platform's clock, `boot_s` in seconds since this machine's start. `cost`: what the call
    costs, and `cost_after` what the parts after it will, in thousandths of a US dollar; None where calls are free.
    """

    account: str
    number: int
    step: str
    phase: Phase
    at: datetime
    ended_at: datetime | None = None
    outcome: str | None = None
    kind: Kind | None = None
    code: str | None = None
    http_status: int | None = None
    message: str | None = None
    fingerprint: str | None = None
    platform_at: datetime | None = None
    boot_s: float | None = None
    cost: int | None = None
    cost_after: int | None = None
    id: int | None = None
    delivery_id: int | None = None
    is_comment: bool = False
    """Of a stored one: whether its delivery is the comment on a post."""
