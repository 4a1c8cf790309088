"""Edits and deletions while the publisher runs: they win before the claim, or are refused."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import people
from tests.platforms.factories import PLATFORMS
from tests.publisher.bench import Bench
from ttp.domain.delivery import DeliveryState
from ttp.domain.errors import Bug, StateRefused
from ttp.domain.post_edit import PostInput
from ttp.domain.publishing.outcome import Done, Handle, Outcome
from ttp.platforms.client import PublishRequest
from ttp.publisher.loop import Mode
from ttp.services.accounts import Accounts
from ttp.services.posts import Posts
from ttp.store.credentials import CredentialsFile


@pytest.fixture
def posts(bench: Bench) -> Posts:
    return people.posts_of(bench.database, bench.clock, bench.config)


def with_a_person(
    bench: Bench, act: Callable[[int], str], content: str, field: str = "text"
) -> tuple[dict[int, str], dict[int, str]]:
    """Publish posts of four accounts while a person acts on each of them. Return what was sent, as text, and what the
    person was answered, by post."""
    names = [f"x/a{i}" for i in range(4)]
    for name in names:
        bench.account(name)
    ids = [bench.post(name, content=f"{content} {name}") for _ in range(4) for name in names]
    if bench.config["publish.require_approval"]:
        people.approvals_of(people.posts_of(bench.database, bench.clock, bench.config)).approve(ids)
    sent: dict[int, str] = {}
    answers: dict[int, str] = {}

    def publish(order: PublishRequest, handle: Handle) -> Outcome:
        sent[order.delivery_id] = str(getattr(order, field))
        return Done(f"remote-{order.delivery_id}")

    def meddle() -> None:
        for post_id in reversed(ids):
            try:
                answers[post_id] = act(post_id)
            except StateRefused:
                answers[post_id] = "refused"

    bench.x.publishes.extend([publish] * len(ids))
    bench.threads = True
    person = threading.Thread(target=meddle)
    person.start()
    bench.run()
    person.join()
    bench.run()  # what the person's last word came too late for
    return sent, answers


def test_an_edit_and_a_delete_win_before_the_claim_or_are_refused(bench: Bench, posts: Posts) -> None:
    """With real threads: whatever the interleaving, what was answered is what happens."""

    def act(post_id: int) -> str:
        if post_id % 3:
            posts.edit(post_id, PostInput(text=f"edited {post_id}"), None)
            return "edited"
        posts.delete([post_id])
        return "deleted"

    sent, answers = with_a_person(bench, act, "as it was")
    for post_id, answer in answers.items():
        match answer:
            case "edited":
                assert sent[post_id] == f"edited {post_id}"
            case "deleted":
                assert post_id not in sent or bench.delivery(post_id).state is DeliveryState.PUBLISHED
            case "refused":
                assert sent[post_id].startswith("as it was")


def test_an_edit_after_approval_wins_and_is_not_sent_or_is_refused(tmp_path: Path) -> None:
    """With real threads: no version of a post is ever sent without its approval."""
    bench = Bench(tmp_path / "home", publish__require_approval=True)
    posts = people.posts_of(bench.database, bench.clock, bench.config)

    def act(post_id: int) -> str:
        posts.edit(post_id, PostInput(text=f"edited {post_id}"), None)
        return "edited"

    sent, answers = with_a_person(bench, act, "as approved")
    edited = {post_id for post_id, answer in answers.items() if answer == "edited"}
    assert set(sent) == set(answers) - edited
    assert all(text.startswith("as approved") for text in sent.values())
    assert all(bench.delivery(post_id).state is DeliveryState.PENDING for post_id in edited)


def test_no_options_are_sent_that_were_not_approved(tmp_path: Path) -> None:
    """With real threads: a person changes the accounts' options while approved posts are published."""
    bench = Bench(tmp_path / "home", publish__require_approval=True)
    accounts = Accounts(
        bench.database, CredentialsFile(bench.database.home), lambda *_: None, bench.clock, bench.config, PLATFORMS
    )

    def act(post_id: int) -> str:
        name = bench.delivery(post_id).account
        accounts.set(name, timezone=None, options={"x.reply_settings": "following"})
        return "changed"

    sent, answers = with_a_person(bench, act, "as approved", "options")
    assert set(sent.values()) <= {"{}"}
    for post_id in set(answers) - set(sent):
        assert (bench.delivery(post_id).state, bench.delivery(post_id).approved_at) == (DeliveryState.PENDING, None)


def test_a_post_being_published_cannot_be_edited_deleted_or_rescheduled(bench: Bench, posts: Posts) -> None:
    bench.post()
    refused: list[str] = []

    def meddle() -> None:
        for act in (
            lambda: posts.edit(1, PostInput(text="too late"), None),
            lambda: posts.delete([1]),
            lambda: posts.unschedule([1]),
        ):
            with pytest.raises(StateRefused) as told:
                act()
            refused.append(told.value.message)

    def publish(order: PublishRequest, handle: Handle) -> Outcome:
        meddle()
        return Done("1")

    bench.x.prepares.append([meddle])
    bench.x.publishes.append(publish)
    bench.run()
    assert len(refused) == 6
    assert bench.delivery().state is DeliveryState.PUBLISHED


@pytest.mark.sqlite("no other publisher may have a delivery")
def test_a_delivery_moved_by_another_process_is_an_error_and_not_overwritten(bench: Bench) -> None:
    bench.post()

    def publish(order: PublishRequest, handle: Handle) -> Outcome:
        bench.sql("UPDATE delivery SET state = 'needs_review'")
        return Done("1")

    bench.x.publishes.append(publish)
    with pytest.raises(Bug):
        bench.run(Mode.ONCE)
    assert bench.delivery().state is DeliveryState.NEEDS_REVIEW
    assert bench.delivery().remote_id is None
    assert bench.intents() == [None]
