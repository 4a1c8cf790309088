"""Comments: each is sent once, as a reply to the last part of its post, after that is known to be published and never
before; and whatever is lost, late, refused or killed, neither is sent twice."""

from __future__ import annotations

import random
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests import people
from tests.examples import examples
from tests.platforms.factories import PLATFORMS
from tests.publisher.bench import Bench, Crash
from tests.publisher.fake_x import LOOKS, SENDS, FakeX, outgoing
from tests.publisher.test_never_twice import Countdown, lists
from tests.publisher.test_takeover import LAPTOP, PI, on, published_by, take_over
from ttp.domain.comments import plan_comments
from ttp.domain.delivery import Delivery, DeliveryState
from ttp.domain.parts.links import NO_RULES
from ttp.domain.post_edit import PostInput, with_delivery
from ttp.publisher.loop import Mode, Scope
from ttp.publisher.reconcile import UNDER_WAY, _record_possible_call
from ttp.store import accounts, claims, posts, queries
from ttp.store.machine import clock_check

ROUNDS = 60
TEXTS = st.sampled_from(["One", "Two"])
S = DeliveryState


def commented(bench: Bench, text: str = "Links", after_s: float | None = None, **fields: Any) -> int:
    """A post with a comment, due now."""
    post_id = bench.post("x/me", comment=text, comment_after_s=after_s, **fields)
    with bench.database.writing() as db:
        post = queries.post_even_deleted(db, post_id)
        posts.update(db, plan_comments(post, accounts.accounts(db), PLATFORMS, NO_RULES), None)
    return post_id


def comment(bench: Bench, post_id: int = 1) -> Delivery:
    found = bench.delivery(post_id).comment
    assert found is not None
    return found


def states(bench: Bench, post_id: int = 1) -> tuple[DeliveryState, DeliveryState]:
    return bench.delivery(post_id).state, comment(bench, post_id).state


@given(
    threads=st.lists(st.lists(TEXTS, min_size=1, max_size=2), min_size=1, max_size=2),
    after_s=st.sampled_from([None, 0.0, 600.0]),
    sends=lists(SENDS, 12),
    looks=lists(LOOKS, 8),
    deaths=st.lists(st.integers(0, 30), max_size=5),
    pauses=st.lists(st.sampled_from([0.0, 1.0, 100.0, 3000.0]), min_size=ROUNDS, max_size=ROUNDS),
    once=st.booleans(),
    seed=st.integers(0, 2**32),
)
@example([["One"]], None, ["lost", "lost"], [], [], [0.0] * ROUNDS, False, 1)
@example([["One", "Two"], ["One"]], 600.0, ["late", "die after", "never"], ["die"], [3, 9], [100.0] * ROUNDS, True, 2)
@examples(60)
def test_every_comment_is_on_x_once_as_a_reply_to_its_post(
    threads: list[list[str]],
    after_s: float | None,
    sends: list[str],
    looks: list[str],
    deaths: list[int],
    pauses: list[float],
    once: bool,
    seed: int,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder) / "home")
        x = FakeX(bench.clock, bench.die, sends, looks, chance=random.Random(seed))
        ids = [
            commented(bench, "One", after_s, due=float(place), content=parts[0], thread=tuple(parts[1:]))
            for place, parts in enumerate(threads)
        ]
        for pause in pauses:
            bench.on_commit = Countdown(deaths.pop() if deaths else None, bench)
            x.enter(bench)
            try:
                bench.run(Mode.ONCE if once and deaths else Mode.UNTIL_IDLE)
            except Crash:
                bench.clock.advance(pause)
                continue
            bench.on_commit = lambda: None
            for post_id in ids:
                settle(bench, x, post_id)
            if all(states(bench, i) == (S.PUBLISHED, S.PUBLISHED) for i in ids):
                break
            bench.clock.advance(max(pause, 1.0))
        for post_id, parts in zip(ids, threads, strict=True):
            post, reply = bench.delivery(post_id), comment(bench, post_id)
            assert [x.text_of(one) for one in x.chain(str(post.remote_id))] == [*parts, "One"]
            assert x.chain(str(post.remote_id))[-1] == reply.remote_id
            assert reply.published_at is not None
            assert post.published_at is not None
            assert (reply.published_at - post.published_at).total_seconds() >= (after_s or 0.0)
        assert len(x.feed) == sum(map(len, threads)) + len(threads)


def settle(bench: Bench, x: FakeX, post_id: int) -> None:
    """A person who looks at X for what is in doubt, says what is there, and retries what failed."""
    bench.dead = False
    post = bench.whole(post_id)
    texts = [post.content, *post.thread, str(post.comment)]
    (own,) = post.deliveries
    for row in (own, own.comment):
        assert row is not None
        if row.state is S.NEEDS_REVIEW:
            bench.clock.advance(1000.0)  # what is late has come by now
            before = (own.parts or (own.remote_id,)) if row.is_comment else own.parts
            taken = {one for (one,) in bench.sql("SELECT remote_id FROM delivery WHERE remote_id IS NOT NULL")}
            text, parent = texts[-1] if row.is_comment else texts[len(own.parts)], before[-1] if before else None
            found = [e.id for e in x.feed if (e.text, e.parent) == (text, parent) and e.id not in taken]
            there = f"https://x.com/i/status/{found[0]}" if found else None
            outgoing(bench).resolve(post_id, "x/me", there, comment=row.is_comment)
    if S.FAILED in states(bench, post_id):
        outgoing(bench).retry([post_id])


def test_it_waits_for_its_time_and_counts_for_nothing_of_its_post(bench: Bench, x: FakeX) -> None:
    commented(bench, after_s=600.0)
    bench.run(Mode.UNTIL_IDLE)
    post = bench.whole(1)
    assert (post.status, states(bench)) == ("published", (S.PUBLISHED, S.PENDING))
    assert post.published_at is not None
    assert comment(bench).due_at == post.published_at + timedelta(seconds=600)
    finished = bench.told("post.finished")
    bench.clock.advance(601.0)
    bench.run(Mode.ONCE)
    assert x.texts == [post.content, "Links"]
    assert states(bench) == (S.PUBLISHED, S.PUBLISHED)
    after = bench.whole(1)
    assert (after.status, after.published_at) == (post.status, post.published_at)
    assert bench.told("post.finished") == finished
    assert bench.told("comment.published")


def test_without_a_delay_the_same_run_sends_both(bench: Bench, x: FakeX) -> None:
    commented(bench)
    bench.run(Mode.ONCE)
    assert states(bench) == (S.PUBLISHED, S.PUBLISHED)


@pytest.mark.parametrize(("send", "state"), [("final", S.FAILED), ("lost", S.RECONCILING)])
def test_it_is_not_sent_before_its_post_is_known_to_be_published(
    bench: Bench, x: FakeX, send: str, state: DeliveryState
) -> None:
    commented(bench)
    x.sends[:] = [send]
    bench.run(Mode.ONCE)
    assert states(bench) == (state, S.PENDING)
    assert (len(x.bodies), comment(bench).next_at) == (1, None)
    if state is S.FAILED:
        outgoing(bench).retry([1])
    bench.clock.advance(2000.0)
    bench.run(Mode.UNTIL_IDLE)
    assert states(bench) == (S.PUBLISHED, S.PUBLISHED)
    assert len(x.feed) == 2


def test_a_failed_one_is_retried_alone(bench: Bench, x: FakeX) -> None:
    commented(bench)
    x.sends[:] = ["final", "done"]
    bench.run(Mode.UNTIL_IDLE)
    post = bench.whole(1)
    assert (post.status, states(bench), post.needs()) == ("published", (S.PUBLISHED, S.FAILED), ("retry",))
    outgoing(bench).retry([1])
    bench.run(Mode.UNTIL_IDLE)
    assert states(bench) == (S.PUBLISHED, S.PUBLISHED)
    assert x.texts == [post.content, "Links"]


def test_its_lateness_counts_from_its_own_time(bench: Bench, x: FakeX) -> None:
    commented(bench, after_s=600.0, max_lateness_s=60.0)
    bench.run(Mode.ONCE)
    bench.clock.advance(600.0 + 120.0)
    bench.run(Mode.ONCE)
    assert states(bench) == (S.PUBLISHED, S.FAILED)
    assert comment(bench).error.kind == "missed"  # type: ignore[union-attr]
    assert len(x.feed) == 1


def test_a_clock_set_back_neither_loses_it_nor_sends_it_early(bench: Bench, x: FakeX) -> None:
    commented(bench, after_s=600.0)
    bench.run(Mode.ONCE)
    due = comment(bench).due_at
    assert due is not None
    bench.clock.set(bench.clock.now() - timedelta(seconds=1))
    bench.run(Mode.ONCE)
    assert (comment(bench).state, comment(bench).due_at) == (S.PENDING, due)
    bench.clock.set(due)
    bench.run(Mode.UNTIL_IDLE)
    assert states(bench) == (S.PUBLISHED, S.PUBLISHED)


def test_one_whose_post_was_published_while_the_clock_was_ahead_is_not_lost(bench: Bench, x: FakeX) -> None:
    right = bench.clock.now()
    commented(bench, after_s=600.0, due=400 * 86_400.0)
    bench.clock.set(right + timedelta(days=400))
    bench.run(Mode.ONCE)
    assert states(bench) == (S.PUBLISHED, S.PENDING)
    bench.clock.set(right)
    for _ in range(2):  # the second changes nothing
        with bench.database.writing() as db:
            clock_check.shorten_waits(db, right)
        assert (comment(bench).due_at, comment(bench).next_at) == (right + timedelta(minutes=10),) * 2


@pytest.mark.parametrize("comes_later", [False, True])
def test_one_whose_post_has_no_id_cannot_reply(bench: Bench, comes_later: bool) -> None:
    commented(bench)
    with bench.database.writing() as db:
        post = queries.post_even_deleted(db, 1)
        (sending,) = (one.claim().mark_sending() for one in post.deliveries)
        at = bench.clock.now()
        published = sending.mark_published(at, None, None, id_at=at + timedelta(hours=1) if comes_later else None)
        posts.update(db, with_delivery(post, post.deliveries[0], published), None)
    assert states(bench) == (S.PUBLISHED, S.PENDING if comes_later else S.FAILED)
    if comes_later:
        assert comment(bench).due_at is None
        with bench.database.writing() as db:
            before = queries.post_even_deleted(db, 1).deliveries[0]
            claims.save_transition(db, before, before.identify("1890", None), now=at)
        assert comment(bench).due_at == at


# Take-overs.


@pytest.mark.sqlite("its file can be copied to another machine")
@pytest.mark.parametrize("sent", [False, True])
def test_after_a_take_over_it_is_looked_up_where_its_post_is_found(bench: Bench, x: FakeX, sent: bool) -> None:
    published_by(bench, PI)
    commented(bench)
    x.arrive(bench.whole(1).content, None)
    if sent:
        x.arrive("Links", x.feed[0].id)
    x.enter(bench)
    take_over(bench)
    bench.clock.advance(3000.0)
    on(bench, LAPTOP).run(Scope(Mode.UNTIL_IDLE), bench.events.append)
    assert states(bench) == (S.PUBLISHED, S.PUBLISHED if sent else S.NEEDS_REVIEW)
    assert not x.bodies


@pytest.mark.sqlite("its file can be copied to another machine")
def test_after_a_take_over_one_that_was_settled_asks_no_more(bench: Bench, x: FakeX) -> None:
    published_by(bench, PI)
    commented(bench)
    x.arrive(bench.whole(1).content, None)
    x.enter(bench)
    take_over(bench)
    outgoing(bench).resolve(1, "x/me", None, comment=True)
    posts_of = people.posts_of(bench.database, bench.clock, bench.config)
    posts_of.edit(1, PostInput(comment=""), None)
    posts_of.edit(1, PostInput(comment="Links"), None)
    on(bench, LAPTOP).run(Scope(Mode.UNTIL_IDLE), bench.events.append)
    assert states(bench) == (S.PUBLISHED, S.PUBLISHED)
    assert len(x.feed) == 2


@pytest.mark.sqlite("its file can be copied to another machine")
def test_after_a_take_over_both_ask_once(bench: Bench, x: FakeX) -> None:
    published_by(bench, PI)
    commented(bench)
    x.enter(bench)
    take_over(bench)
    bench.clock.advance(3000.0)
    on(bench, LAPTOP).run(Scope(Mode.UNTIL_IDLE), bench.events.append)
    assert states(bench) == (S.NEEDS_REVIEW, S.PENDING)
    outgoing(bench).resolve(1, "x/me", None)
    outgoing(bench).retry([1])
    on(bench, LAPTOP).run(Scope(Mode.UNTIL_IDLE), bench.events.append)
    assert states(bench) == (S.PUBLISHED, S.PUBLISHED)
    assert len(x.feed) == 2


@pytest.mark.parametrize("sent", [False, True])
def test_after_a_failover_it_is_looked_up_before_it_is_sent(bench: Bench, x: FakeX, sent: bool) -> None:
    commented(bench)
    x.arrive(bench.whole(1).content, None)
    if sent:
        x.arrive("Links", x.feed[0].id)
    with bench.database.writing() as db:  # the server lost what was committed last
        found = queries.post_even_deleted(db, 1).deliveries[0]
        _record_possible_call(db, found, bench.clock.now(), code=UNDER_WAY)
    bench.run(Mode.ONCE)
    assert states(bench) == (S.PUBLISHED, S.PUBLISHED if sent else S.RECONCILING)
    assert not x.bodies
    bench.clock.advance(10_000.0)
    bench.run(Mode.UNTIL_IDLE)
    assert states(bench) == (S.PUBLISHED, S.PUBLISHED)
    assert (len(x.bodies), len(x.feed)) == (not sent, 2)
