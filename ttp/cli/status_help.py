"""What the words for posts, deliveries and errors mean, and who moves on: for `ttp help statuses` and the documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from textwrap import wrap
from types import MappingProxyType

from ttp.domain.delivery import DeliveryState
from ttp.domain.post import PostStatus
from ttp.domain.record import Kind

STATUSES: Mapping[PostStatus, str] = MappingProxyType(
    {
        PostStatus.DRAFT: "has no time yet: ttp schedule ID --at TIME",
        PostStatus.SCHEDULED: "waits for its time",
        PostStatus.PUBLISHING: "some account has it in hand, or will have it again soon",
        PostStatus.PUBLISHED: "is live on all its accounts",
        PostStatus.PARTIAL: "is live on some accounts, or one needs review: ttp show ID",
        PostStatus.FAILED: "is live nowhere: ttp show ID says why, ttp retry ID tries again",
    }
)
STATES: Mapping[DeliveryState, tuple[str, str]] = MappingProxyType(
    {
        DeliveryState.PENDING: (
            "waits for its time, and for approval where that is required",
            "the publisher, when it is due",
        ),
        DeliveryState.CLAIMED: (
            "the publisher has it in hand: it checks the token and uploads media, which nobody can see yet",
            "the publisher",
        ),
        DeliveryState.SENDING: (
            "the intent is on the disk; the publishing call is under way",
            "the publisher, or the next one after a crash",
        ),
        DeliveryState.PROCESSING: ("the platform took it and still works on it", "the publisher, which asks"),
        DeliveryState.RETRYING: ("failed for a passing reason; it has a time for the next try", "the publisher"),
        DeliveryState.RECONCILING: ("may or may not be live; look-ups tell", "the publisher"),
        DeliveryState.PUBLISHED: ("is live", "nobody"),
        DeliveryState.FAILED: ("is not live", "you: ttp retry, a new time, or an edit that leaves the account out"),
        DeliveryState.NEEDS_REVIEW: ("may or may not be live, and look-ups cannot tell", "you: ttp resolve"),
        DeliveryState.CANCELLED: ("the account was taken off the post, or removed", "nobody"),
    }
)
"""What a state means, and who moves it on."""
KINDS: Mapping[Kind, tuple[str, str]] = MappingProxyType(
    {
        Kind.AUTH: ("the platform does not take the token", "ttp account connect ACCOUNT, then ttp retry ID"),
        Kind.RATE_LIMIT: ("too many calls for now", "wait: it goes on at the platform's own time"),
        Kind.NETWORK: ("no connection, or a cut one", "wait: it tries again; ttp doctor --online looks"),
        Kind.SERVER: ("the platform is in trouble", "wait: it tries again"),
        Kind.CONTENT: ("the platform refuses this post as it is", "ttp edit ID, then ttp retry ID"),
        Kind.DUPLICATE: ("the platform has had this text lately", "ttp edit ID TEXT, then ttp retry ID"),
        Kind.MEDIA: ("the platform does not take this file, or cannot fetch it", "ttp edit ID --media FILE"),
        Kind.QUOTA: ("the account's or the app's allowance is used up", "wait, or buy more"),
        Kind.MISSED: ("it came too late: nothing ran when it was due", "ttp schedule ID --at TIME, or ttp publish ID"),
        Kind.ACCOUNT: ("the account or the app may not do this", "what the message says, or ttp account check"),
        Kind.UNKNOWN: ("something that no list has", "ttp log ID shows what was answered; then ttp retry ID"),
    }
)
"""What an error's kind means, and what to do."""


def status_help() -> str:
    """The topic `statuses`."""
    lines = [
        "A post has one status, which follows from its deliveries; each account of it is",
        "a delivery.",
        "",
        "Post",
    ]
    lines += _rows((status, meaning) for status, meaning in STATUSES.items())
    lines += ["", "Delivery"]
    lines += _rows(
        (state, f"{meaning} ({who})" if who.startswith("you") else meaning) for state, (meaning, who) in STATES.items()
    )
    lines += ["", 'Why a delivery failed, or waits ("kind" in JSON), and what to do']
    lines += _rows((kind, f"{cause}; {cure}") for kind, (cause, cure) in KINDS.items())
    return "\n".join(lines) + "\n"


def _rows(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, meaning in rows:
        yield from wrap(meaning, 80, initial_indent=f"  {name:<13} ", subsequent_indent=" " * 16)
