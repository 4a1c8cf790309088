"""Partly published threads: confirm a part, edit the rest, continue. Published parts stay."""

from __future__ import annotations

import pytest

from tests import people
from tests.publisher.bench import Bench
from tests.publisher.fake_x import FakeX, outgoing, thread, whole
from ttp.domain.action import action
from ttp.domain.delivery import DeliveryState
from ttp.domain.errors import Conflict, Hint, StateRefused, UsageError
from ttp.domain.post_edit import PostInput
from ttp.services.post_changes import SavedPost

PUBLISHED, FAILED, REVIEW = DeliveryState.PUBLISHED, DeliveryState.FAILED, DeliveryState.NEEDS_REVIEW


def in_doubt(bench: Bench, x: FakeX, part: int) -> None:
    """A thread with a part whose outcome is unknown."""
    thread(bench)
    x.sends = ["lost", *["done"] * (part - 1)]
    x.looks = ["server error"] * 100
    bench.run()
    assert bench.delivery().state is REVIEW
    x.looks = []


@pytest.mark.parametrize("part", [1, 2, 4])
def test_a_part_confirmed_as_live_lets_a_retry_publish_the_rest(bench: Bench, x: FakeX, part: int) -> None:
    in_doubt(bench, x, part)
    outgoing(bench).resolve(1, "x/me", f"https://x.com/i/status/{x.feed[-1].id}")
    if part < 4:
        assert bench.delivery().state is FAILED
        assert f"{part} of 4 parts" in bench.error().message
        outgoing(bench).retry([1])
        bench.run()
    whole(bench, x)
    assert len(x.feed) == 4


@pytest.mark.parametrize("part", [1, 2, 4])
def test_a_part_confirmed_as_absent_is_sent_again_without_the_parts_before(bench: Bench, x: FakeX, part: int) -> None:
    in_doubt(bench, x, part)
    x.feed.pop()  # a person is right
    outgoing(bench).resolve(1, "x/me", None)
    assert len(bench.delivery().parts) == part - 1
    outgoing(bench).retry([1])
    bench.run()
    whole(bench, x)
    assert len(x.feed) == 4


def test_a_known_part_or_one_of_another_thread_cannot_be_named(bench: Bench, x: FakeX) -> None:
    in_doubt(bench, x, 3)
    with pytest.raises(UsageError):
        outgoing(bench).resolve(1, "x/me", x.feed[1].id)
    other = thread(bench, parts=["Other", "Words"], due=bench.seconds)
    bench.run()
    whole(bench, x, other, ["Other", "Words"])
    with pytest.raises(Conflict):
        outgoing(bench).resolve(1, "x/me", x.feed[-1].id)
    assert bench.delivery().state is REVIEW


def edited(bench: Bench, **changes: object) -> SavedPost:
    """The post as a person changes it."""
    posts = people.posts_of(bench.database, bench.clock, bench.config)
    return posts.edit(1, PostInput(**changes), None)  # type: ignore[arg-type]  # what was typed, by name


def half_out(bench: Bench, x: FakeX) -> None:
    """A thread of which two parts are published, and the third failed."""
    thread(bench)
    x.sends = ["final", "done", "done"]
    bench.run()
    assert (bench.delivery().state, len(bench.delivery().parts)) == (FAILED, 2)


def test_the_unpublished_parts_of_a_thread_can_be_edited_and_extended(bench: Bench, x: FakeX) -> None:
    half_out(bench, x)
    assert edited(bench, thread=("Two", "Better", "Fourth", "Fifth")).warnings == ()
    outgoing(bench).retry([1])
    bench.run()
    whole(bench, x, parts=["One", "Two", "Better", "Fourth", "Fifth"])


@pytest.mark.parametrize("parts", [(), ("Three", "Two"), ("Other", "Three"), ("Three",)])
def test_the_published_parts_of_a_thread_cannot_be_edited(bench: Bench, x: FakeX, parts: tuple[str, ...]) -> None:
    half_out(bench, x)
    with pytest.raises(StateRefused) as refused:
        edited(bench, thread=parts)
    assert refused.value.hints == (Hint("try", action("edit", 1, thread=["Two", "TEXT"])),)


def test_a_thread_may_be_ended_after_its_published_parts(bench: Bench, x: FakeX) -> None:
    half_out(bench, x)
    edited(bench, thread=("Two",))
    outgoing(bench).retry([1])
    bench.run()
    assert (bench.delivery().state, x.texts) == (PUBLISHED, ["One", "Two"])
    assert bench.delivery().parts == tuple(entry.id for entry in x.feed)


def test_editing_a_started_thread_reports_that_it_changes_nothing(bench: Bench, x: FakeX) -> None:
    half_out(bench, x)
    (warning,) = edited(bench, text="Other").warnings
    assert (warning.account, warning.code) == ("x/me", "published")
    assert edited(bench, variants={"instagram": "Other"}).warnings == ()


def test_an_account_dropped_and_added_again_continues_its_thread(bench: Bench, x: FakeX) -> None:
    half_out(bench, x)
    bench.account("x/other")
    edited(bench, to=("x/other",))
    assert bench.delivery(account="x/me").state is DeliveryState.CANCELLED
    edited(bench, to=("x/me",))
    outgoing(bench).publish([1])
    bench.run()
    whole(bench, x)
    assert len(x.feed) == 4
