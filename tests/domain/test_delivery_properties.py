"""The whole life of posts, walked at random on a real store: nothing is ever lost or published twice.

People's moves go through `Posts`, `Outgoing` and `Accounts`, the publisher's through `claims`, a publisher's death
through `recover`. A model of the platform knows what is really live, and answers honestly or not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from tests import people
from tests.examples import examples
from tests.platforms.factories import PLATFORMS
from tests.settings import Config
from tests.store.life import StoreMachine
from ttp.domain.delivery import MOVES, Delivery, DeliveryError, DeliveryState
from ttp.domain.errors import ContentRefused, NotFound, StateRefused, UsageError
from ttp.domain.post import Post, derive_status
from ttp.domain.post_edit import PostInput
from ttp.domain.publishing.outcome import Attempt, Kind, NotDone, Phase
from ttp.domain.publishing.retry import RetryPolicy, after_not_done
from ttp.publisher.reconcile import recover_interrupted
from ttp.services.accounts import Accounts
from ttp.services.publishing import Publishing
from ttp.store import accounts as account_store
from ttp.store import accounts as stored_accounts
from ttp.store import attempts, claims, queries
from ttp.store.credentials import CredentialsFile
from ttp.store.row_mapper import Quarantine

NAMES = ("x/one", "x/two", "x/three")
POLICY = RetryPolicy(timedelta(seconds=15), timedelta(minutes=15), 3)
GAP = timedelta(seconds=60)
LATEST = timedelta(hours=6)
DOUBT = DeliveryError(Kind.UNKNOWN, "no answer came")
PASSING = NotDone(Kind.NETWORK, "cut off", passing=True)
REFUSED = (StateRefused, NotFound, UsageError, ContentRefused)
"""Errors that a person may get; any other is a fault."""

S = DeliveryState
SOME = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True).map(tuple)
MINUTES = st.sampled_from(["0", "0", "1", "90", "1000"])
PICK = st.integers(0, 99)
SECONDS = st.sampled_from([0, 1, 60, 60, 60, 3600, 30_000])
TIMES = ("schedule", "unschedule")
WISHES = st.sampled_from(
    ["publish", "publish", "retry", "retry", "retry there", "another time", "other accounts", "delete", *TIMES]
)
ACCOUNT_CHANGES = st.sampled_from(
    ["mend", "mend", "mend", "add", "add", "disable", "end the token", "hold", "remove", "remove and cancel"]
)


class Step(NamedTuple):
    """What the publisher does next: with which delivery, which way it goes, and what the platform says."""

    pick: int
    way: int
    yes: bool
    refusal: NotDone


REFUSALS = st.sampled_from(
    [PASSING, NotDone(Kind.CONTENT, "refused"), NotDone(Kind.AUTH, "ended"), NotDone(Kind.SERVER, "503", passing=True)]
)
STEPS = st.builds(Step, PICK, st.integers(0, 5), st.booleans(), REFUSALS)


def there_is(*states: DeliveryState) -> Callable[[Life], bool]:
    return lambda life: any(state in states for state in life.states.values())


class Life(StoreMachine):
    """One store, people, a publisher that may die, and a platform."""

    @initialize()
    def begin(self) -> None:
        self.open_store(NAMES)
        credentials = CredentialsFile(self.home)
        self.posts = people.posts_of(self.database, self.clock)
        self.outgoing = Publishing(self.posts, credentials)
        self.accounts = Accounts(self.database, credentials, lambda *_: None, self.clock, Config(), PLATFORMS)
        self.live: dict[int, str] = {}
        """What followers see: delivery id -> remote id."""
        self.states: dict[int, DeliveryState] = {}
        self.deleted: dict[int, Post] = {}
        self.ids: list[int] = []

    # What is in the store.

    def every(self) -> list[Post]:
        there = {post.id: post for post in queries.posts_by_id(self.db, self.ids)}
        return [there.get(post_id) or queries.post_even_deleted(self.db, post_id) for post_id in self.ids]

    def deliveries(self, *states: DeliveryState) -> list[Delivery]:
        return [d for post in self.every() for d in post.deliveries if d.state in states]

    def at(self, minutes: str | None) -> datetime | None:
        return None if minutes is None else self.clock.now() + timedelta(minutes=int(minutes))

    def refusable(self, change: Callable[[], object]) -> None:
        """A person's wish: done, or refused with nothing changed."""
        before, refusal = self.every(), None
        try:
            change()
        except REFUSED as told:
            refusal = told
        if refusal is not None:
            assert refusal.hints, f"no way out: {refusal}"
            assert self.every() == before

    # People.

    @precondition(lambda self: len(self.ids) < 8)
    @rule(to=SOME, at=st.none() | MINUTES)
    def create(self, to: tuple[str, ...], at: str | None) -> None:
        def change() -> None:
            wanted = PostInput(f"post {len(self.ids)}", to=to, at=at)
            saved = people.create(self.posts, wanted, self.at(at))
            post_id = saved.post.id or 0
            assert post_id > max(self.ids, default=0), "ids are never used again"
            self.ids.append(post_id)

        self.refusable(change)

    @precondition(lambda self: self.ids)
    @rule(what=WISHES, pick=PICK, to=SOME, at=MINUTES)
    def wish(self, what: str, pick: int, to: tuple[str, ...], at: str) -> None:
        """Something that a person wants of a post, whether it can be had or not."""
        post_id, due = self.ids[pick % len(self.ids)], self.clock.now() + timedelta(minutes=int(at))
        match what:
            case "schedule":
                self.refusable(lambda: people.schedule(self.posts, [post_id], due))
            case "unschedule":
                self.refusable(lambda: self.posts.unschedule([post_id]))
            case "another time":
                self.refusable(lambda: people.edit(self.posts, post_id, PostInput(at=at), due))
            case "other accounts":
                self.refusable(lambda: people.edit(self.posts, post_id, PostInput(to=to)))
            case "delete":
                self.refusable(lambda: self.posts.delete([post_id]))
            case "publish":
                self.refusable(lambda: self.outgoing.publish([post_id]))
            case "retry":
                self.refusable(lambda: self.retry(post_id, ()))
            case "retry there":
                self.refusable(lambda: self.retry(post_id, to))

    def retry(self, post_id: int, accounts: tuple[str, ...]) -> None:
        before = {d.id: d.state for d in self.deliveries(*S)}
        self.outgoing.retry([post_id], accounts)
        moved = [d.id for d in self.deliveries(*S) if d.state is not before[d.id]]
        assert moved
        assert all(before[moved_id] is S.FAILED for moved_id in moved), "only what failed is retried"

    @precondition(there_is(S.NEEDS_REVIEW))
    @rule()
    def resolve(self) -> None:
        """A person looks at the platform, and tells the truth."""
        doubtful = self.deliveries(S.NEEDS_REVIEW)[0]
        remote_id = self.live.get(doubtful.id or 0)
        self.refusable(lambda: self.outgoing.resolve(doubtful.post_id or 0, doubtful.account, remote_id))

    @precondition(lambda self: self.ids)
    @rule(name=st.sampled_from(NAMES), change=ACCOUNT_CHANGES)
    def change_account(self, name: str, change: str) -> None:
        """Usually for the better: an account that stays off lets nothing happen."""
        now = self.clock.now()
        fields: dict[str, dict[str, object]] = {
            "mend": {"enabled": True, "connected": True, "needs_reconnect": False, "hold_until": None},
            "disable": {"enabled": False},
            "end the token": {"needs_reconnect": True},
            "hold": {"hold_until": now + GAP},
        }
        match change:
            case "remove" | "remove and cancel":
                self.refusable(lambda: self.accounts.remove(name, cancel=change != "remove"))
            case "add":
                self.refusable(lambda: self.accounts.add(name, '{"accessToken": "t"}'))
            case _:
                with self.database.writing() as db:
                    account = stored_accounts.account(db, "x", name.removeprefix("x/"))
                    if account is not None:
                        changed = replace(account, **fields[change])  # type: ignore[arg-type]  # fields by name
                        account_store.save(db, changed, now=now)

    # The publisher.

    def save(self, before: Delivery, after: Delivery) -> None:
        assert self.writer.run(lambda db: claims.save_transition(db, before, after, now=self.clock.now()))

    @rule(passed=SECONDS, free=st.integers(1, 3), steps=st.lists(STEPS, max_size=8))
    def the_publisher_works(self, passed: int, free: int, steps: list[Step]) -> None:
        self.clock.advance(passed)
        self.refuse_the_hopeless()
        self.claim(free)
        self.go_on(steps)

    @precondition(there_is(S.CLAIMED, S.SENDING, S.PROCESSING, S.RECONCILING))
    @rule(steps=st.lists(STEPS, min_size=1, max_size=8))
    def go_on(self, steps: list[Step]) -> None:
        for step in steps:
            found = self.deliveries(S.CLAIMED, S.SENDING, S.PROCESSING, S.RECONCILING)
            if not found:
                return
            delivery = found[step.pick % len(found)]
            match delivery.state:
                case S.CLAIMED:
                    self.prepare(delivery, step)
                case S.SENDING:
                    self.hear(delivery, step)
                case _:
                    self.look(delivery, step)
            self.all_is_well()

    @precondition(there_is(S.CLAIMED, S.SENDING))
    @rule()
    def the_publisher_dies_and_another_takes_over(self) -> None:
        before = self.deliveries(S.CLAIMED, S.SENDING)
        assert len(self.writer.run(lambda db: recover_interrupted(db, self.clock.now(), Quarantine()))) == len(before)
        after = {d.id: d.state for d in self.deliveries(*S)}
        for delivery in before:
            assert after[delivery.id] is (S.PENDING if delivery.state is S.CLAIMED else S.RECONCILING)

    def refuse_the_hopeless(self) -> None:
        now = self.clock.now()
        late = self.writer.run(lambda db: claims.overdue(db, now=now, limit=LATEST, most=9))
        unusable = self.writer.run(lambda db: claims.due_on_unusable_accounts(db, now=now, most=9))
        for delivery in {d.id: d for d in [*(d for d, *_ in late), *(d for d, _ in unusable)]}.values():
            self.save(delivery, delivery.mark_failed(DeliveryError(Kind.MISSED, "too late")))

    def claim(self, free: int) -> None:
        now = self.clock.now()
        due = {d.id: d for d in self.deliveries(S.PENDING, S.RETRYING)}
        claimed = self.writer.run(lambda db: claims.claim(db, now=now, cutoff=now, free=free, catch_up_gap=GAP))
        assert len(claimed) <= free
        for delivery in claimed:
            was = due[delivery.id].next_at
            assert was is not None
            assert was <= now
            assert delivery.post_id not in self.deleted
            assert delivery.id not in self.live
        self.all_is_well()

    def prepare(self, delivery: Delivery, step: Step) -> None:
        """The invisible steps, then the intent; then the call is made, and may arrive."""
        now = self.clock.now()
        match step.way:
            case 0:
                self.save(delivery, after_not_done(delivery, step.refusal, now=now, policy=POLICY, spread=0))
            case 1:
                self.save(delivery, delivery.release(now))
            case _:
                sending = delivery.mark_sending()
                intent = Attempt(
                    delivery.account, delivery.attempts, "post", Phase.PUBLISH, now, delivery_id=delivery.id
                )
                self.writer.run(
                    lambda db: (
                        claims.save_transition(db, delivery, sending, now=now),
                        attempts.start_attempt(db, intent)(),
                    )
                )
                assert delivery.id is not None
                assert delivery.id not in self.live, "it was published already"
                if step.yes:
                    self.live[delivery.id] = f"{delivery.id}0{delivery.attempts}"

    def hear(self, delivery: Delivery, step: Step) -> None:
        """An answer comes, or none."""
        now, remote_id = self.clock.now(), self.live.get(delivery.id or 0)
        if step.way == 0:
            after = delivery.mark_reconciling(DOUBT, now + GAP)
        elif step.way == 1:
            after = delivery.mark_processing("moderation", now + GAP, now + LATEST)
        elif step.way == 2 and remote_id is None:
            after = delivery.withdraw()
        elif remote_id is None:
            after = after_not_done(delivery, step.refusal, now=now, policy=POLICY, spread=0)
        else:
            after = delivery.mark_published(now, remote_id, None)
        intent = self.writer.run(lambda db: attempts.last_intent(db, delivery.id or 0))
        assert intent is not None, "nothing is sent without an intent"
        self.writer.run(lambda db: attempts.finish_attempt(db, intent, at=now, outcome=after.state.value))
        self.save(delivery, after)

    def look(self, delivery: Delivery, step: Step) -> None:
        """The platform is asked: found, still at work, proven absent, refused, or it cannot be known."""
        now, remote_id = self.clock.now(), self.live.get(delivery.id or 0)
        looking = self.writer.run(lambda db: claims.due_lookups(db, now=now, most=99)())
        if delivery.id not in {d.id for d in looking}:
            assert delivery.next_at is not None, "it would wait for ever"
            assert delivery.next_at > now
            self.clock.advance((delivery.next_at - now).total_seconds())
            now = self.clock.now()
        match step.way:
            case 0:
                after = delivery.mark_needs_review(DOUBT)
            case 1:
                after = delivery.look_again(now + GAP)
            case _ if remote_id is None:
                after = delivery.mark_retrying(now, DOUBT, spend=True) if step.yes else delivery.mark_failed(DOUBT)
            case 2 if delivery.state is S.RECONCILING:
                after = delivery.mark_processing("moderation", now + GAP, now + LATEST)
            case _:
                after = delivery.mark_published(now, remote_id, None)
        self.save(delivery, after)

    # What holds after every step.

    @invariant()
    def all_is_well(self) -> None:
        if not hasattr(self, "ids"):
            return
        every = self.every()
        assert [row["id"] for row in self.db.execute("SELECT id FROM post ORDER BY id")] == self.ids
        busy: list[str] = []
        remote: list[tuple[str, str]] = []
        seen = {}
        for post in every:
            self.a_post_is_sound(post)
            for delivery in post.deliveries:
                assert delivery.id is not None
                before = self.states.get(delivery.id)
                if before is None:
                    assert delivery.id > max(self.states, default=0), "ids are never used again"
                    assert delivery.state is S.PENDING
                elif (before, delivery.state) == (S.CANCELLED, S.PENDING):
                    # An edit that names the account again makes a new delivery in the row of the old one.
                    assert (delivery.tries, delivery.error, dict(delivery.handle)) == (0, None, {})
                else:
                    assert before is delivery.state or (before, delivery.state) in MOVES, (before, delivery)
                seen[delivery.id] = delivery.state
                if delivery.state in (S.CLAIMED, S.SENDING):
                    busy.append(delivery.account)
                if delivery.remote_id is not None:
                    remote.append((delivery.account, delivery.remote_id))
                self.a_delivery_is_true(delivery)
        assert set(self.states) <= set(seen), "no delivery is ever removed"
        self.states = seen
        assert len(busy) == len(set(busy)), "one at a time for each account"
        assert len(remote) == len(set(remote)), "a remote post belongs to one delivery"

    def a_post_is_sound(self, post: Post) -> None:
        has_time = any(d.due_at is not None for d in post.active)
        assert post.status is derive_status([d.state for d in post.deliveries], has_time=has_time)
        times = [d.published_at for d in post.active]
        assert post.published_at == (max(t for t in times if t) if post.status == "published" else None)
        assert post.scheduled_at is not None or post.status == "draft"
        assert len(set(post.accounts)) == len(post.accounts)
        if post.deleted_at is not None:
            first = self.deleted.setdefault(post.id or 0, post)
            assert post == first, "a deleted post never changes again"
            assert not post.in_flight
            assert all(d.next_at is None for d in post.deliveries)

    def a_delivery_is_true(self, delivery: Delivery) -> None:
        """What the store says of a delivery agrees with what followers see."""
        there = self.live.get(delivery.id or 0)
        match delivery.state:
            case S.PUBLISHED:
                assert delivery.remote_id == there
                assert there is not None
            case S.PENDING | S.CLAIMED | S.RETRYING | S.FAILED | S.CANCELLED:
                assert there is None
            case S.SENDING | S.PROCESSING | S.RECONCILING | S.NEEDS_REVIEW:
                pass  # may be, or may not


TestLife = Life.TestCase
TestLife.settings = examples(30, stateful_step_count=40)
