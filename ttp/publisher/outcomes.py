"""Apply the outcome of a publishing call: one that just came, or one from the journal.

Maps outcomes to the delivery's next state, the attempt's columns and the journal's entries. What an answer means is
decided in the platforms' folders.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from ttp.domain.action import action, way_out_from_text, way_out_to_text
from ttp.domain.config import Config
from ttp.domain.delivery import LOOK, Delivery, DeliveryError, DeliveryState
from ttp.domain.publishing.outcome import Attempt, Done, Handle, Kind, NotDone, Outcome, Unknown
from ttp.domain.publishing.retry import RetryPolicy, after_not_done
from ttp.domain.time.clock import from_ms, to_ms
from ttp.publisher.coordination import FindIntent
from ttp.publisher.delivery_context import apply_outcome_to_account, record_evidence
from ttp.store import accounts, attempts, claims, queries
from ttp.store.dialect import Conflicting, Connection
from ttp.store.home.journal import Entry, Journal
from ttp.store.machine.clock_check import DIFFER_AT_MOST
from ttp.store.row_mapper import CorruptRow, Quarantine
from ttp.store.writer import Writer

FIRST_LOOK_S = 2.0
"""Seconds until the first look-up after a lost answer; less if look-ups are configured closer together."""
ANOTHERS = "the answer names a post that is another delivery's"
_INSTANTS = ("retry_at", "look_at")
_FORMS: Mapping[str, type[Done] | type[NotDone] | type[Unknown]] = {
    "done": Done,
    "not_done": NotDone,
    "unknown": Unknown,
}


def after_outcome(delivery: Delivery, outcome: Outcome, *, config: Config, now: datetime) -> Delivery:
    """Return the delivery, which was sending, after the outcome of its call."""
    match outcome:
        case Done(processing=True):
            if outcome.handle is not None:
                delivery = replace(delivery, handle=outcome.handle)
            look_at = now + timedelta(seconds=config.seconds("publish.status_poll_s"))
            return delivery.mark_processing("the platform is processing the post", look_at, None)
        case Done(remote_id=remote_id, url=url, handle=handle, more=more, note=note):
            if note:
                delivery = replace(delivery, note=note)
            if handle is not None:
                delivery = delivery.with_part(remote_id, url, handle)
                remote_id, url = delivery.remote_id, delivery.url
            return delivery.withdraw() if more else delivery.mark_published(now, remote_id, url)
        case NotDone(handle=handle):
            delivery = delivery if handle is None else replace(delivery, handle=handle)
            return after_not_done(delivery, outcome, now=now, policy=RetryPolicy.of(config), spread=retry_jitter())
        case Unknown(handle=handle):
            delivery = delivery if handle is None else replace(delivery, handle=handle)
            error = DeliveryError(outcome.kind, outcome.message, outcome.code)
            if outcome.page is not None:
                message = f"{outcome.message.rstrip('.')}{LOOK}{outcome.page}"
                asking = error._replace(message=message, hint=action("show", delivery.post_id))
                return delivery.mark_reconciling(error, now).mark_needs_review(asking)
            look_in = min(FIRST_LOOK_S, config.seconds("publish.lookup_gap_s"))
            look_at = max(outcome.look_at or now, now + timedelta(seconds=look_in))
            return delivery.mark_reconciling(error, look_at)


def doubt_duplicate(outcome: Outcome, *, sent_before: bool) -> Outcome:
    """Turn a refusal as duplicate into Unknown if an earlier call may have succeeded."""
    if sent_before and isinstance(outcome, NotDone) and outcome.kind is Kind.DUPLICATE:
        return Unknown(Kind.DUPLICATE, outcome.message, outcome.code, outcome.http_status, handle=outcome.handle)
    return outcome


def retry_jitter() -> float:
    """Return a random position in the jitter, -1..1."""
    return random.uniform(-1, 1)  # noqa: S311 (spreads load, guards nothing)


def attempt_columns(outcome: Outcome) -> dict[str, Any]:
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
    """Return an outcome as a journal entry. Of a handle it has only the changes: the rest is in the store, and may be a
    secret address."""
    values: dict[str, Any] = {field.name: getattr(outcome, field.name) for field in fields(outcome)}
    for name in _INSTANTS:
        if values.get(name) is not None:
            values[name] = to_ms(values[name])
    if "hint" in values:
        values["hint"] = way_out_to_text(values["hint"])
    if outcome.handle is not None:
        before, after = delivery.handle, outcome.handle
        values["handle"] = {name: value for name, value in after.items() if before.get(name) != value}
        values["dropped"] = sorted(name for name in before if name not in after)
    return {
        "delivery": delivery.id,
        "intent": intent.id,
        "fingerprint": intent.fingerprint,
        "at": to_ms(now),
        "outcome": next(word for word, form in _FORMS.items() if isinstance(outcome, form)),
        "held": values,
    }


def from_journal_entry(entry: Entry, handle: Handle) -> Outcome:
    """Return the outcome of a journal entry; `handle` is the delivery's."""
    values = dict(entry["held"])
    dropped = values.pop("dropped", [])
    for name in _INSTANTS:
        if values.get(name) is not None:
            values[name] = from_ms(values[name])
    if values.get("handle") is not None:
        both: dict[str, object] = {**handle, **values["handle"]}
        values["handle"] = {name: value for name, value in both.items() if name not in dropped}
    if "kind" in values:
        values["kind"] = Kind(values["kind"])
    if "hint" in values:
        values["hint"] = way_out_from_text(values["hint"])
    return _FORMS[entry["outcome"]](**values)


def replay_journal(
    writer: Writer, journal: Journal, config: Config, quarantine: Quarantine, find_superseded: FindIntent | None = None
) -> list[Delivery]:
    """Store the outcomes in the journal before anything else, and return the deliveries that moved. `find_superseded`:
    see `Coordination.find_superseded_intent`.

    Idempotent: outcomes that the store has already are skipped. Call it with the publisher's lock held, before
    recovering open intents. Entries of corrupt rows stay in the journal, and their posts are quarantined.
    """
    moved: list[Delivery] = []
    entries = journal.entries()
    whole = True
    for entry in entries:
        try:
            after = writer.run(partial(_replay_entry, entry=entry, config=config, find_superseded=find_superseded))
        except Conflicting:
            after = writer.run(partial(_replay_entry, entry=entry, config=config, bound=True))
        except CorruptRow as row:
            quarantine.add(row)
            whole = False
            continue
        except (KeyError, TypeError, ValueError):  # a later ttp wrote it: its intent is open, and is looked up
            continue
        moved += [after] if after is not None else []
    if entries and whole:
        journal.clear()
    return moved


def _replay_entry(
    db: Connection, entry: Entry, config: Config, find_superseded: FindIntent | None = None, bound: bool = False
) -> Delivery | None:
    """`bound`: the answered id belongs to another delivery, so the answer proves nothing."""
    if (delivery := queries.delivery(db, entry["delivery"])) is None:
        return None
    db.lock_posts([delivery.post_id or 0])  # another publisher that takes it over does so before or after this
    delivery, intent = queries.delivery(db, entry["delivery"]), attempts.last_intent(db, entry["delivery"])
    if delivery is None or intent is None:
        return None
    now = from_ms(entry["at"])
    is_last = (intent.id, intent.fingerprint) == (entry["intent"], entry["fingerprint"])
    if delivery.state is not DeliveryState.SENDING or intent.outcome is not None or not is_last:
        # The store was put back since, or another publisher took it over: that it is live counts all the same.
        if find_superseded is None:
            return None
        lost = find_superseded(db, delivery.id or 0, entry["intent"], entry["fingerprint"])
        if lost is None or lost.outcome == "done":  # what it says is known, and a person may have acted on it
            return None
        outcome = from_journal_entry(entry, delivery.handle)
        after = record_evidence(db, lost, outcome, now) if isinstance(outcome, Done) else None
        return None if after is None or after.state is delivery.state else after
    outcome = Unknown(Kind.UNKNOWN, ANOTHERS) if bound else from_journal_entry(entry, delivery.handle)
    before = attempts.has_unknown(db, delivery.id or 0, in_thread=bool(delivery.parts))
    outcome = doubt_duplicate(outcome, sent_before=before)
    after = after_outcome(delivery, outcome, config=config, now=now)
    if claims.save_transition(db, delivery, after, now=now) is None:
        return None
    attempts.finish_attempt(db, intent, at=now, **attempt_columns(outcome))
    account = accounts.account_by_id(db, delivery.account_id or 0)
    if account is not None and isinstance(outcome, NotDone | Unknown):
        apply_outcome_to_account(account, outcome, now)(db)
    return after


DATE_WRONG_BY_MOST = timedelta(days=1)
"""A machine clock further behind the platform's is not set at all."""
_SECOND = timedelta(seconds=1)


def earliest_publish_time(intent: Attempt) -> datetime:
    """Return from when on the platform may list the post: the earlier of both clocks.

    A Date header ahead of the platform's list (proxies may write one) would let the look-up start after the post and
    miss it. The platform's time counts if it is the earlier one, or if this machine's clock is not set.
    """
    if intent.platform_at is None:
        return intent.at
    early = intent.platform_at - intent.at
    return intent.at if timedelta(0) < early <= DATE_WRONG_BY_MOST else intent.platform_at


def clocks_agree(intent: Attempt, platform_at: datetime, now: datetime, boot: float | None) -> bool:
    """Return whether the platform's clock and one of this machine's measured the same time since the intent. The clock
    since start-up cannot be set, but restarts with the machine; the wall clock can be set, but continues. `boot`: None
    where the intent may be another machine's. Otherwise a Date header was wrong, and with it the settle window and the
    look-up's start."""
    assert intent.platform_at is not None
    theirs = platform_at - intent.platform_at
    ours = [now - intent.at]
    if boot is not None and intent.boot_s is not None and boot >= intent.boot_s:
        ours.append(timedelta(seconds=boot - intent.boot_s))
    return any(abs(theirs - each) <= DIFFER_AT_MOST for each in ours)


def latest_send_time(intent: Attempt, looks: list[Attempt], platform_at: datetime) -> datetime:
    """Return when the call was certainly over, by the platform's clock. That is the first clean look-up, or earlier:
    the duration that this machine's clock measured, unless it was set back."""
    assert intent.platform_at is not None
    clean = (look.platform_at for look in looks if look.outcome == "absent")
    over = next((at for at in clean if at is not None), platform_at)
    under_way = (intent.ended_at or intent.at) - intent.at
    if under_way >= timedelta(0):
        over = min(over, intent.platform_at + under_way)
    return over + _SECOND  # a Date header tells whole seconds


def count_clean_lookups(times: list[datetime], gap: timedelta) -> int:
    """Return how many look-ups are at least a gap apart from the one counted before."""
    count, last = 0, None
    for at in times:
        if last is None or at - last >= gap:
            count, last = count + 1, at
        elif at < last:  # the clock was set back between the two: how far apart they are is not known
            last = at
    return count


def unclear_since(looks: list[Attempt]) -> datetime:
    """Return when the present run of unclear look-ups began. The newest one is unclear."""
    since = looks[-1].at
    for look in reversed(looks):
        if look.outcome != "unclear":
            break
        since = min(since, look.at)  # the clock may have been set back
    return since
