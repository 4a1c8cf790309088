"""A split text is published in the parts that were planned, each once, whatever happens between two of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests import people
from tests.clock import START
from tests.platforms.factories import PLATFORMS
from tests.publisher.bench import Bench
from tests.publisher.fake_x import FakeX, outgoing, whole
from ttp.domain.action import action
from ttp.domain.delivery import DeliveryState
from ttp.domain.errors import Hint, StateRefused
from ttp.domain.post import Post
from ttp.domain.post_edit import PostInput
from ttp.domain.publishing.outcome import Done, Kind, Unclear, Unknown
from ttp.platforms.client import Ready
from ttp.platforms.x import rules
from ttp.services.attachments.media import RowMedia
from ttp.services.bulk_edit import BulkEdit, BulkEditRequest, ChangeKind
from ttp.services.files.fields import Entry
from ttp.services.files.import_plan import ImportPlanner, ImportRules
from ttp.services.posts import Posts
from ttp.services.queries import Queries
from ttp.services.server.submitted_drafts import SubmittedDrafts

FAILED, PUBLISHED = DeliveryState.FAILED, DeliveryState.PUBLISHED
PARAGRAPHS = [f"{number} {'word ' * 50}".strip() for number in range(1, 5)]
TEXT = "\n\n".join(PARAGRAPHS)


def posts_of(bench: Bench) -> Posts:
    return people.posts_of(bench.database, bench.clock, bench.config)


def create(bench: Bench, *accounts: str) -> None:
    """A post that is split into four parts on X, due now."""
    wanted = PostInput(text=TEXT, to=accounts or ("x/me",), split=True)
    people.create(posts_of(bench), wanted, START)
    assert list(bench.delivery(account="x/me").planned_parts) == PARAGRAPHS


def half_out(bench: Bench, x: FakeX, *accounts: str) -> None:
    """A split post of which two parts are published, and the third failed."""
    create(bench, *accounts)
    x.sends = ["final", "done", "done"]
    bench.run()
    assert (bench.delivery(account="x/me").state, len(bench.delivery(account="x/me").parts)) == (FAILED, 2)


@pytest.mark.parametrize("part", [1, 2, 3, 4])
@pytest.mark.parametrize("send", ["lost", "late", "never", "server error", "refused", "die before", "die after"])
def test_whatever_happens_to_a_part_all_are_published_once(bench: Bench, x: FakeX, part: int, send: str) -> None:
    create(bench)
    x.sends = [send, *["done"] * (part - 1)]
    if send.startswith("die"):
        bench.run_and_die()
        x.enter(bench)
    bench.run()
    if bench.delivery().state is FAILED:
        outgoing(bench).retry([1])
        bench.run()
    whole(bench, x, parts=PARAGRAPHS)
    assert len(x.feed) == 4


def test_the_parts_are_frozen_with_the_first_intent(bench: Bench, x: FakeX) -> None:
    seen: list[bool | None] = []
    x.on_post = lambda: seen.append(bench.delivery().parts_frozen)
    create(bench)
    assert bench.delivery().parts_frozen is None
    bench.run()
    assert seen == [True] * 4


def test_a_limit_that_changes_between_two_parts_never_cuts_anew(
    bench: Bench, x: FakeX, monkeypatch: pytest.MonkeyPatch
) -> None:
    half_out(bench, x)
    monkeypatch.setattr(rules, "X_LIMIT", 100)
    x.sends = ["final"]
    outgoing(bench).retry([1])
    bench.run()
    assert bench.delivery().state is FAILED
    assert list(bench.delivery().planned_parts) == PARAGRAPHS
    assert x.bodies[-1]["text"] == PARAGRAPHS[2]
    with pytest.raises(StateRefused):
        posts_of(bench).edit(1, PostInput(number_parts=True), None)
    outgoing(bench).retry([1])
    bench.run()
    whole(bench, x, parts=PARAGRAPHS)


@pytest.mark.parametrize("change", [{"text": "Other"}, {"thread": ("More",)}, {"split": False}])
def test_an_edit_between_two_parts_is_refused_where_it_would_reach_no_account(
    bench: Bench, x: FakeX, change: dict[str, object]
) -> None:
    half_out(bench, x)
    with pytest.raises(StateRefused) as refused:
        posts_of(bench).edit(1, PostInput(**change), None)  # type: ignore[arg-type]  # fields by name
    assert refused.value.hints[0] == Hint("try", action("retry", 1))
    posts_of(bench).edit(1, PostInput(tags=("a",)), None)
    outgoing(bench).retry([1])
    bench.run()
    whole(bench, x, parts=PARAGRAPHS)


def test_an_edit_between_two_parts_goes_to_the_other_accounts(bench: Bench, x: FakeX) -> None:
    bench.account("instagram/me")
    bench.account("x/other", enabled=False)
    half_out(bench, x, "x/me", "x/other")
    saved = posts_of(bench).edit(1, PostInput(text="Other"), None)
    assert [(one.code, one.account) for one in saved.warnings if one.code == "parts_frozen"] == [
        ("parts_frozen", "x/me")
    ]
    assert list(bench.delivery(account="x/me").planned_parts) == PARAGRAPHS
    assert bench.delivery(account="x/other").planned_parts == ()
    outgoing(bench).retry([1], ["x/me"])
    bench.run()
    whole(bench, x, parts=PARAGRAPHS)


def test_an_account_dropped_and_added_again_continues_with_its_parts(bench: Bench, x: FakeX) -> None:
    half_out(bench, x)
    bench.account("x/other")
    posts_of(bench).edit(1, PostInput(to=("x/other",)), None)
    posts_of(bench).edit(1, PostInput(to=("x/me",)), None)
    outgoing(bench).publish([1])
    bench.run()
    whole(bench, x, parts=PARAGRAPHS)
    assert len(x.feed) == 4


def test_a_part_in_doubt_is_resolved_and_the_rest_follows(bench: Bench, x: FakeX) -> None:
    create(bench)
    x.sends, x.looks = ["lost", "done"], ["server error"] * 100
    bench.run()
    assert bench.delivery().state is DeliveryState.NEEDS_REVIEW
    x.looks = []
    outgoing(bench).resolve(1, "x/me", f"https://x.com/i/status/{x.feed[-1].id}")
    outgoing(bench).retry([1])
    bench.run()
    whole(bench, x, parts=PARAGRAPHS)


def scheduled_again(bench: Bench, x: FakeX) -> Posts:
    """A split post of which the first part was refused, and that has a new time."""
    posts = posts_of(bench)
    wanted = PostInput(text=f"{TEXT} https://old.example", to=("x/me",), split=True, key="k")
    people.create(posts, wanted, START)
    x.sends = ["final"]
    bench.run()
    people.schedule(posts, [1], START + timedelta(days=1))
    delivery = bench.delivery()
    assert (delivery.state, delivery.parts_frozen, delivery.parts) == (DeliveryState.PENDING, True, ())
    return posts


def test_a_bulk_edit_leaves_a_post_whose_parts_are_frozen(bench: Bench, x: FakeX) -> None:
    posts = scheduled_again(bench, x)
    edit = BulkEditRequest(links=("https://old.example", "https://new.example"))
    (step,) = BulkEdit(posts, people.times_of(posts)).plan([bench.whole(1)], edit)
    assert (step.what, len(step.faults)) == (ChangeKind.LEFT, 1)
    tags = BulkEditRequest(add_tags=("a",))
    (step,) = BulkEdit(posts, people.times_of(posts)).plan([bench.whole(1)], tags)
    assert step.what is ChangeKind.CHANGE


def importing(posts: Posts) -> ImportPlanner:
    times = people.times_of(posts)
    media = RowMedia(posts.database, posts.media, posts.config, posts.platforms, None)
    return ImportPlanner(posts, media, times, times.allocator(), ImportRules())


def row(post: Post, **fields: object) -> Entry:
    """A row of a file that has a post as it is, but these fields."""
    at = (START + timedelta(days=1)).isoformat()
    same = PostInput(post.content, to=post.accounts, at=at, thread=post.thread, split=post.split, key=post.key)
    return Entry("row 1", replace(same, **fields))  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize("text", ["Other", None])
def test_an_import_leaves_a_post_whose_parts_are_frozen(bench: Bench, x: FakeX, text: str | None) -> None:
    posts = scheduled_again(bench, x)
    before = bench.whole(1)
    (step,) = importing(posts).plan([row(before, text=text or before.content, tags=("a",))])
    assert step.what is (ChangeKind.CHANGE if text is None else ChangeKind.LEFT)
    assert len(step.faults) == (0 if text is None else 1)


def test_an_import_leaves_a_thread_that_differs_in_a_published_part(bench: Bench, x: FakeX) -> None:
    """Its position decides what comes next: with one more part before it, the second would be published again."""
    posts = posts_of(bench)
    bench.post("x/me", content="One", thread=("Two", "Three"), key="k")
    x.sends = ["final", "done", "done"]
    bench.run()
    people.schedule(posts, [1], START + timedelta(days=1))
    (step,) = importing(posts).plan([row(bench.whole(1), thread=("New", "Two", "Three"))])
    assert (step.what, len(step.faults)) == (ChangeKind.LEFT, 1)


def test_a_renamed_file_with_another_thread_is_planned_anew(bench: Bench) -> None:
    posts = posts_of(bench)
    wanted = PostInput(TEXT, to=("x/me",), thread=("Old",), split=True, key="k")
    people.create(posts, wanted, START + timedelta(days=1))
    before, intake = bench.whole(1), importing(posts)
    (step,) = intake.plan([row(before, thread=("New",), key="other")])
    renamed = intake.as_rename(step, before)
    assert renamed.post is not None
    assert renamed.post.deliveries[0].planned_parts == (*PARAGRAPHS, "New")


def test_an_approval_cannot_change_a_text_whose_parts_are_frozen(bench: Bench, x: FakeX) -> None:
    posts = scheduled_again(bench, x)
    posts.unschedule([1])
    found = Queries(posts.database, bench.clock, posts.config, PLATFORMS, people.OWNER)
    drafts = SubmittedDrafts(posts, found, people.times_of(posts), people.approvals_of(posts))
    with pytest.raises(StateRefused):
        drafts.approve(1, ["Other"], "tomorrow 12:00", by="a person")


@pytest.mark.parametrize("known", [True, False])
def test_parts_that_went_in_one_call_are_resolved_as_a_whole(bench: Bench, known: bool) -> None:
    bench.account("bluesky/me")
    create(bench, "x/me", "bluesky/me")
    keys = [f"3l5abcdefgh2{number}" for number in range(2, 6)]
    bluesky, x = bench.clients["bluesky"], bench.x
    bluesky.makes = lambda order, handle: Ready({"keys": keys}, bluesky.platform_at, "POST", "print")
    bluesky.publishes.append(Unknown(Kind.NETWORK, "lost"))
    bluesky.looks.append(Unclear(Kind.UNKNOWN, "no", final=True))
    x.publishes.append(Done("1"))
    bench.run()
    key = keys[0] if known else "3l5abcdefgh7a"
    outgoing(bench).resolve(1, "bluesky/me", f"https://bsky.app/profile/me.example/post/{key}")
    resolved = bench.delivery(account="bluesky/me")
    assert (resolved.state, resolved.remote_id) == (PUBLISHED, key)
    assert list(resolved.parts) == (keys if known else [])


def test_a_thread_that_began_without_planned_parts_ends_as_it_was_written(bench: Bench, x: FakeX) -> None:
    """As one that an earlier version began: a wish to split comes too late for it."""
    bench.post("x/me", content="One", thread=("Two", "Three"))
    x.sends = ["final", "done"]
    bench.run()
    posts_of(bench).edit(1, PostInput(number_parts=True), None)
    outgoing(bench).retry([1])
    bench.run()
    whole(bench, x, parts=["One", "Two", "Three"])
