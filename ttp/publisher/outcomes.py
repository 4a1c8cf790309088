"""What follows from the outcome of a publishing call: for an answer that has just come, and for one that was kept in
the journal because the store did not take it.

Owns the delivery's move after an outcome, and the outcome's form in the attempt's row and in the journal. Decides
nothing about what an answer means: that is the platforms' word.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from ttp.domain.config import Config
from ttp.domain.delivery import Delivery, DeliveryError, DeliveryState
from ttp.domain.outcome import Attempt, Done, Handle, Kind, NotDone, Outcome, Unknown
from ttp.domain.retry import RetryPolicy, after_not_done
from ttp.domain.time.clock import from_ms, to_ms
from ttp.publisher.delivery_context import apply_outcome_to_account
from ttp.store import accounts, attempts, claims, queries
from ttp.store.corrupt_rows import LeftAlone, Unreadable
from ttp.store.dialect import Conflicting, Connection
from ttp.store.home.journal import Entry, Journal
from ttp.store.writer import Writer

FIRST_LOOK_S = 2.0
"""An answer that was lost is looked for after this, or sooner where look-ups are set closer together."""


ANOTHERS = "the answer names a post that is another delivery's"


_INSTANTS = ("retry_at", "look_at")


_FORMS: Mapping[str, type[Done] | type[NotDone] | type[Unknown]] = {
    "done": Done,
    "not_done": NotDone,
    "unknown": Unknown,
}


def after_outcome(delivery: Delivery, outcome: Outcome, *, config: Config, now: datetime) -> Delivery:
    """The delivery, which was sending, after what became of its call."""
    match outcome:
        case Done(processing=True):
            if outcome.handle is not None:
                delivery = replace(delivery, handle=outcome.handle)
            look_at = now + timedelta(seconds=config.seconds("publish.status_poll_s"))
            return delivery.processing(f"{delivery.platform} to finish processing", look_at, None)
        case Done(remote_id=remote_id, url=url, handle=handle, more=more):
            if handle is not None:
                delivery = delivery.with_part(remote_id, url, handle)
                remote_id, url = delivery.remote_id, delivery.url
            return delivery.withdrawn() if more else delivery.published(now, remote_id, url)
        case NotDone(handle=handle):
            delivery = delivery if handle is None else replace(delivery, handle=handle)
            return after_not_done(delivery, outcome, now=now, policy=RetryPolicy.of(config), spread=retry_jitter())
        case Unknown():
            look_in = min(FIRST_LOOK_S, config.seconds("publish.lookup_gap_s"))
            look_at = max(outcome.look_at or now, now + timedelta(seconds=look_in))
            return delivery.reconciling(DeliveryError(outcome.kind, outcome.message, outcome.code), look_at, None)


def doubt_duplicate(outcome: Outcome, *, sent_before: bool) -> Outcome:
    """A refusal as duplicate, where an earlier call may have gone through, is evidence that it did: look first."""
    if sent_before and isinstance(outcome, NotDone) and outcome.kind is Kind.DUPLICATE:
        return Unknown(Kind.DUPLICATE, outcome.message, outcome.code, outcome.http_status)
    return outcome


def retry_jitter() -> float:
    """Where in its jitter a wait lies, -1..1."""
    return random.uniform(-1, 1)  # noqa: S311 (spreads load, guards nothing)


def attempt_columns(outcome: Outcome) -> dict[str, Any]:
    """An outcome as the attempt row keeps it."""
    match outcome:
        case Done():
            return {"outcome": "done", "http_status": outcome.http_status, "message": outcome.remote_id}
        case NotDone() | Unknown():
            return {
                "outcome": "not_done" if isinstance(outcome, NotDone) else "unknown",
                "kind": outcome.kind,
                "code": outcome.code,
                "http_status": outcome.http_status,
                "message": outcome.message,
            }


def to_journal_entry(delivery: Delivery, intent: Attempt, outcome: Outcome, now: datetime) -> Entry:
    """An outcome as the journal keeps it. Of a handle only what the answer changed: the rest is in the store, and may
    be an address that is a secret."""
    held: dict[str, Any] = {field.name: getattr(outcome, field.name) for field in fields(outcome)}
    for name in _INSTANTS:
        if held.get(name) is not None:
            held[name] = to_ms(held[name])
    if isinstance(outcome, Done | NotDone) and outcome.handle is not None:
        before, after = delivery.handle, outcome.handle
        held["handle"] = {name: value for name, value in after.items() if before.get(name) != value}
        held["dropped"] = sorted(name for name in before if name not in after)
    return {
        "delivery": delivery.id,
        "intent": intent.id,
        "fingerprint": intent.fingerprint,
        "at": to_ms(now),
        "outcome": next(word for word, form in _FORMS.items() if isinstance(outcome, form)),
        "held": held,
    }


def from_journal_entry(entry: Entry, handle: Handle) -> Outcome:
    """What an entry of the journal says; `handle` is the delivery's own."""
    held = dict(entry["held"])
    dropped = held.pop("dropped", [])
    for name in _INSTANTS:
        if held.get(name) is not None:
            held[name] = from_ms(held[name])
    if held.get("handle") is not None:
        both: dict[str, object] = {**handle, **held["handle"]}
        held["handle"] = {name: value for name, value in both.items() if name not in dropped}
    if "kind" in held:
        held["kind"] = Kind(held["kind"])
    return _FORMS[entry["outcome"]](**held)


def replay_journal(writer: Writer, journal: Journal, config: Config, left: LeftAlone) -> list[Delivery]:
    """Store what the journal keeps, before anything else is done; answers the deliveries that moved by it.

    Idempotent: an intent whose outcome the store knows already is left alone. To be called by the holder of the
    publisher's lock, before open intents are recovered. What belongs to a row that cannot be read stays kept, and is
    `left` alone.
    """
    moved: list[Delivery] = []
    entries = journal.entries()
    whole = True
    for entry in entries:
        try:
            after = writer.run(partial(_replay_entry, entry=entry, config=config))
        except Conflicting:
            after = writer.run(partial(_replay_entry, entry=entry, config=config, bound=True))
        except Unreadable as row:
            left.take(row)
            whole = False
            continue
        except (KeyError, TypeError, ValueError):  # a later ttp wrote it: its intent is open, and is looked up
            continue
        moved += [after] if after is not None else []
    if entries and whole:
        journal.clear()
    return moved


def _replay_entry(db: Connection, *, entry: Entry, config: Config, bound: bool = False) -> Delivery | None:
    """`bound`: the id that the answer gave belongs to another delivery, so the answer proves nothing."""
    delivery = queries.delivery(db, entry["delivery"])
    intent = attempts.last_intent(db, entry["delivery"])
    if delivery is None or delivery.state is not DeliveryState.SENDING or intent is None or intent.outcome is not None:
        return None
    if (intent.id, intent.fingerprint) != (entry["intent"], entry["fingerprint"]):  # the store was put back since
        return None
    now = from_ms(entry["at"])
    outcome = Unknown(Kind.UNKNOWN, ANOTHERS) if bound else from_journal_entry(entry, delivery.handle)
    before = attempts.has_unknown(db, delivery.id or 0, in_thread=bool(delivery.parts))
    outcome = doubt_duplicate(outcome, sent_before=before)
    after = after_outcome(delivery, outcome, config=config, now=now)
    claims.save(db, delivery, after, now=now)
    attempts.end(db, entry["intent"], at=now, **attempt_columns(outcome))
    account = accounts.account_by_id(db, delivery.account_id or 0)
    if account is not None and isinstance(outcome, NotDone | Unknown):
        apply_outcome_to_account(account, outcome, now)(db)
    return after


CLOCKS_DIFFER_AT_MOST = timedelta(seconds=60)
"""Further apart, a Date header was wrong, and with it where the settle window ends and what the look-up asked for."""


DATE_WRONG_BY_MOST = timedelta(days=1)
"""A machine's clock that is further behind the platform's is not set."""


_SECOND = timedelta(seconds=1)


def earliest_publish_time(intent: Attempt) -> datetime:
    """From when on what the call made may be listed: the earlier of both clocks.

    A Date header that is ahead of the clock by which a platform lists its posts (whatever stands between may write one)
    would have the look-up begin behind the post, and miss it. The platform's own where it is the earlier one, and where
    this machine's cannot be right.
    """
    if intent.platform_at is None:
        return intent.at
    early = intent.platform_at - intent.at
    return intent.at if timedelta(0) < early <= DATE_WRONG_BY_MOST else intent.platform_at


def clocks_agree(intent: Attempt, platform_at: datetime, now: datetime, boot: float) -> bool:
    """Whether as much time went by on the platform's clock since the intent as on one of this machine's.

    The clock since start-up cannot be set, but begins anew with the machine; the wall clock can be, and goes on.
    """
    assert intent.platform_at is not None
    theirs = platform_at - intent.platform_at
    ours = [now - intent.at]
    if intent.boot_s is not None and boot >= intent.boot_s:
        ours.append(timedelta(seconds=boot - intent.boot_s))
    return any(abs(theirs - each) <= CLOCKS_DIFFER_AT_MOST for each in ours)


def latest_send_time(intent: Attempt, looks: list[Attempt], platform_at: datetime) -> datetime:
    """When the call was over for certain, by the platform's clock: the request may have left until then.

    It was when the first clean look was made; and it took as long as this machine's clock says, unless that was set
    back.
    """
    assert intent.platform_at is not None
    clean = (look.platform_at for look in looks if look.outcome == "absent")
    over = next((at for at in clean if at is not None), platform_at)
    under_way = (intent.ended_at or intent.at) - intent.at
    if under_way >= timedelta(0):
        over = min(over, intent.platform_at + under_way)
    return over + _SECOND  # a Date header tells whole seconds


def count_clean_lookups(times: list[datetime], gap: timedelta) -> int:
    """How many of these looks are at least a gap apart from the one counted before."""
    count, last = 0, None
    for at in times:
        if last is None or at - last >= gap:
            count, last = count + 1, at
        elif at < last:  # the clock was set back between the two: how far apart they are is not known
            last = at
    return count


def unclear_since(looks: list[Attempt]) -> datetime:
    """When the present run of unclear looks began. The newest look is unclear."""
    since = looks[-1].at
    for look in reversed(looks):
        if look.outcome != "unclear":
            break
        since = min(since, look.at)  # the clock may have been set back
    return since
