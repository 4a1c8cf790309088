"""Bugs that the sweeps must find. Each is inserted into the `ttp` processes of a bench only.

`python -m tests.faults --mutants` shows that the sweeps catch each. A sweep that catches none of its mutants checks
nothing. To add one: a function that changes the program in its own process, and the sweeps that must notice.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from ttp.domain.delivery import Delivery, DeliveryError
from ttp.domain.errors import Busy
from ttp.domain.parts import frozen_parts
from ttp.domain.publishing.outcome import Absent, Attempt, Handle, Kind, NotDone, Outcome, Unknown
from ttp.platforms import reply
from ttp.platforms.client import LookupResult, PublishRequest, Wait
from ttp.platforms.reply import Answer, ConnectionLost, RefusalReader, Reply
from ttp.publisher import delivery_worker, outcomes, reconcile
from ttp.publisher.delivery_context import DeliveryContext
from ttp.publisher.delivery_worker import DeliveryWorker
from ttp.publisher.late_cards import LateCards
from ttp.services.connecting.tokens import LockedToken
from ttp.store import attempts, spending
from ttp.store.dialect import StoreError
from ttp.store.home import locks


@dataclass(frozen=True, slots=True)
class Mutant:
    """One mistake. `sweeps`: those that must catch it, the best one first."""

    apply: Callable[[], None]
    sweeps: tuple[str, ...]


def _in_place_of(original: Any, changed: Any) -> None:
    """Put `changed` where any module of ttp has `original`."""
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] == "ttp":
            for attribute, value in list(vars(module).items()):
                if value is original:
                    setattr(module, attribute, changed)


def _intent_after_the_call() -> None:
    def _try(self: DeliveryWorker, token: LockedToken) -> Generator[Wait, None, bool]:
        order = self._context.build_request(self.task, credentials=token.credentials)
        client = self._context.client(self.task)
        ready = yield from self._prepare(client.prepare(order, self.task.delivery.handle))
        outcome = client.publish(order, ready.handle)
        intent = self._commit_intent(ready)
        yield from self._store_or_journal(intent, outcome, lambda: self._record(intent, outcome))
        return self.task.delivery.state != "claimed"

    DeliveryWorker._try = _try  # type: ignore[method-assign]


def _judged(is_not_done: Callable[[Reply], bool]) -> None:
    """Take some replies to a publishing call for proof that nothing was published."""
    original = reply.as_outcome

    def as_outcome(reply: Reply, judge: RefusalReader, platform: str) -> NotDone | Unknown:
        if is_not_done(reply):
            return NotDone(Kind.NETWORK, "taken for proof", passing=True)
        return original(reply, judge, platform)

    _in_place_of(original, as_outcome)


def _timeout_is_not_done() -> None:
    _judged(lambda reply: isinstance(reply, ConnectionLost) and "timed out" in reply.message)


def _server_error_is_not_done() -> None:
    _judged(lambda reply: isinstance(reply, Answer) and reply.status >= 500)


def _absent_at_once() -> None:
    def _absent(
        self: reconcile.LookupJob,
        delivery: Delivery,
        intent: Attempt | None,
        looks: list[Attempt],
        now: datetime,
        platform_at: datetime | None,
        absent: Absent,
    ) -> Delivery:
        error = DeliveryError(Kind.UNKNOWN, "the platform does not have it; it is sent again")
        return self._resend(delivery, now, error, spend=True)

    reconcile.LookupJob._absent = _absent  # type: ignore[method-assign]


def _binding_is_ignored() -> None:
    _in_place_of(attempts.bound_remote_ids, lambda *anything: frozenset[str]())


def _no_lock_on_refresh() -> None:
    @contextmanager
    def unlocked(*anything: object, **more: object) -> Iterator[None]:
        yield

    _in_place_of(locks.token_lock, unlocked)


def _one_clean_look() -> None:
    reconcile.CLEAN_LOOKS = 1


def _window_by_the_local_clock() -> None:
    original = reconcile.LookupJob._settle

    def _settle(
        self: reconcile.LookupJob, looked: LookupResult, intent: Attempt | None, earlier: list[Attempt], began: datetime
    ) -> None:
        local = None if intent is None else intent._replace(platform_at=intent.at)
        original(self, replace(looked, platform_at=self._context.clock.now()), local, earlier, began)

    reconcile.LookupJob._settle = _settle  # type: ignore[method-assign]


def _intent_kept_after_a_sleep() -> None:
    vars(delivery_worker)["SUSPENDED_AFTER_S"] = float("inf")


def _another_key_for_each_call() -> None:
    from ttp.platforms.mastodon import client

    client.key_of = lambda handle: uuid4().hex  # type: ignore[attr-defined]


def _duplicate_is_final() -> None:
    """Two places doubt it: the client of X, which knows of the lost answer by its handle, and the worker."""
    from ttp.platforms.x.client import XClient

    def doubt_duplicate(outcome: Outcome, *, sent_before: bool) -> Outcome:
        return outcome

    original = XClient.publish

    def publish(self: XClient, request: PublishRequest, handle: Handle) -> Outcome:
        return original(self, request, {name: value for name, value in handle.items() if name != "unsettled_since"})

    _in_place_of(outcomes.doubt_duplicate, doubt_duplicate)
    XClient.publish = publish  # type: ignore[method-assign]


def _outcome_is_dropped() -> None:
    def _store_or_journal(
        self: DeliveryWorker, intent: Attempt, outcome: Outcome, store: Callable[[], None]
    ) -> Generator[Wait, None, None]:
        with suppress(StoreError, Busy):
            store()
        yield from ()

    DeliveryWorker._store_or_journal = _store_or_journal  # type: ignore[method-assign]


def _parts_are_planned_anew() -> None:
    Delivery.may_plan = property(lambda self: True)  # type: ignore[assignment,method-assign]
    _in_place_of(frozen_parts.keep_frozen_parts, lambda before, after: ())


def _later_media_are_dropped() -> None:
    original = DeliveryContext.build_request

    def build_request(self: DeliveryContext, *args: Any, **more: Any) -> PublishRequest:
        return replace(original(self, *args, **more), thread_media=())

    DeliveryContext.build_request = build_request  # type: ignore[method-assign]


def _late_cards_are_forgotten() -> None:
    LateCards.begin = lambda self, *anything: None  # type: ignore[method-assign]


def _repeated_calls_are_charged() -> None:
    vars(spending)["_COMMITTED"] = spending._COMMITTED.replace(spending._CHARGED, "TRUE")


MUTANTS = {
    "intent after the call": Mutant(_intent_after_the_call, ("one trouble", "lagging lists")),
    "a time-out as NotDone": Mutant(_timeout_is_not_done, ("lagging lists", "one trouble")),
    "5xx as NotDone": Mutant(_server_error_is_not_done, ("lagging lists", "one trouble", "skewed clocks")),
    "a negative look-up at once": Mutant(_absent_at_once, ("lagging lists", "missed looks")),
    "a look-up that ignores binding": Mutant(_binding_is_ignored, ("twins",)),
    "no lock on refresh": Mutant(_no_lock_on_refresh, ("tokens",)),
    "one clean look instead of three": Mutant(_one_clean_look, ("missed looks",)),
    "the window by the local clock": Mutant(_window_by_the_local_clock, ("late lists and jumps",)),
    "an intent that is kept after a sleep": Mutant(_intent_kept_after_a_sleep, ("suspends",)),
    "another idempotency key for each call": Mutant(_another_key_for_each_call, ("hidden posts",)),
    "a duplicate is final after a lost answer": Mutant(_duplicate_is_final, ("hidden posts",)),
    "parts that are planned anew after publishing began": Mutant(_parts_are_planned_anew, ("changes",)),
    "an outcome that the store refuses is dropped": Mutant(_outcome_is_dropped, ("disks",)),
    "a call that is made again counts twice in the budget": Mutant(_repeated_calls_are_charged, ("one trouble",)),
    "a card that comes late is forgotten": Mutant(_late_cards_are_forgotten, ("one trouble",)),
    "media of later parts are dropped": Mutant(_later_media_are_dropped, ("one trouble",)),
}


def some_mutants(seed: str, count: int) -> list[str]:
    """Return the names of `count` mistakes, always the same ones for a seed."""
    return sorted(random.Random(f"{seed} mutants").sample(sorted(MUTANTS), min(count, len(MUTANTS))))
