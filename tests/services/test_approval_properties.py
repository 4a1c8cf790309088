"""Posts changed at random by writers, approvers and a publisher: only approved versions are published."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeAlias

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from tests import people
from tests.examples import examples
from tests.settings import Config
from tests.store.life import StoreMachine
from ttp.domain.errors import ContentRefused, NotAllowed, StateRefused, UsageError
from ttp.domain.post import Post
from ttp.domain.post_edit import PostInput
from ttp.services.bulk_edit import BulkEdit, BulkEditRequest, apply_changes
from ttp.services.publishing import Publishing
from ttp.services.time_resolver import Shift
from ttp.store import claims, queries
from ttp.store.credentials import CredentialsFile

NAMES = ("x/one", "x/two")
GAP = timedelta(seconds=60)
PICK = st.integers(0, 1)
Seen: TypeAlias = tuple[object, ...]
EDITS = st.builds(
    PostInput,
    text=st.sampled_from([None, "Hello", "Hi"]),
    to=st.sampled_from([None, ("x/one",), ("x/one", "x/two")]),
    at=st.sampled_from([None, "0", "5"]),
    thread=st.sampled_from([None, ("more",)]),
    tags=st.sampled_from([None, ("launch",)]),
    max_lateness_s=st.sampled_from([None, 60.0]),
)


def seen(post: Post) -> Seen:
    """What an approver sees of a post, without its time, which `ttp publish` brings forward."""
    return post.content, post.thread, dict(post.variants), post.accounts, post.max_lateness_s


class Approval(StoreMachine):
    @initialize()
    def begin(self) -> None:
        self.open_store(NAMES)
        self.posts = people.posts_of(self.database, self.clock, Config({"publish.require_approval": True}))
        self.approving = people.approvals_of(self.posts)
        self.outgoing = Publishing(self.posts, CredentialsFile(self.home))
        self.ids: list[int] = []
        self.said: dict[int, Seen] = {}
        """What was approved, as it was seen then."""
        for to in (NAMES, NAMES[:1]):
            self.create(to, "5")

    def at(self, minutes: str | None) -> datetime | None:
        return None if minutes is None else self.clock.now() + timedelta(minutes=int(minutes))

    def stored(self, post_id: int) -> Post:
        return queries.post_even_deleted(self.db, post_id)

    def change(self, pick: int, act: Callable[[int], object]) -> bool:
        """Do something with a post; whether it was done, and not refused."""
        try:
            act(self.ids[-1 - pick])
        except (StateRefused, UsageError, ContentRefused, NotAllowed):
            return False
        return True

    @rule(to=st.sampled_from([("x/one",), NAMES]), at=st.sampled_from([None, "0", "5"]))
    def create(self, to: tuple[str, ...], at: str | None) -> None:
        """The last two are what the rest is about."""
        if len(self.ids) < 6:
            wanted = PostInput(f"post {len(self.ids)}", to=to, at=at)
            self.ids.append(people.create(self.posts, wanted, self.at(at)).post.id or 0)

    @rule(pick=PICK, typed=EDITS)
    def edit(self, pick: int, typed: PostInput) -> None:
        self.change(pick, lambda post_id: people.edit(self.posts, post_id, typed, self.at(typed.at)))

    @rule(pick=PICK, at=st.sampled_from(["0", "5"]))
    def schedule(self, pick: int, at: str) -> None:
        due = self.clock.now() + timedelta(minutes=int(at))
        self.change(pick, lambda post_id: people.schedule(self.posts, [post_id], due))

    @rule(pick=PICK)
    def unschedule(self, pick: int) -> None:
        self.change(pick, lambda post_id: self.posts.unschedule([post_id]))

    @rule(pick=PICK, later=st.booleans())
    def edit_in_bulk(self, pick: int, later: bool) -> None:
        edit = BulkEditRequest(shift=Shift(timedelta(0), GAP) if later else None, account=None if later else NAMES)

        def act(post_id: int) -> None:
            steps = [
                step
                for step in BulkEdit(self.posts, people.times_of(self.posts)).plan([self.stored(post_id)], edit)
                if not step.faults
            ]
            apply_changes(self.posts, steps, "edit")

        self.change(pick, act)

    @rule(pick=PICK, then=st.none() | EDITS)
    def approve(self, pick: int, then: PostInput | None) -> None:
        def act(post_id: int) -> None:
            self.approving.approve([post_id])
            self.said[post_id] = seen(self.stored(post_id))

        if self.change(pick, act) and then is not None:
            self.edit(pick, then)

    @rule(pick=PICK)
    def reject(self, pick: int) -> None:
        def act(post_id: int) -> None:
            self.approving.reject([post_id], "no")
            self.said.pop(post_id, None)

        self.change(pick, act)

    @rule(pick=PICK)
    def publish(self, pick: int) -> None:
        self.change(pick, lambda post_id: self.outgoing.publish([post_id]))

    @rule(passed=st.sampled_from([0, 60, 400]))
    def the_publisher_works(self, passed: int) -> None:
        self.clock.advance(passed)
        now = self.clock.now()
        found = self.writer.run(
            lambda db: claims.claim(db, now=now, cutoff=now, free=9, catch_up_gap=timedelta(0), approved=True)
        )
        for delivery in found:
            post = self.stored(delivery.post_id or 0)
            assert self.said.get(post.id or 0) == seen(post)
            assert post.rejection is None
            sending = delivery.mark_sending()
            out = sending.mark_published(now, f"{delivery.id}", None)
            for before, after in ((delivery, sending), (sending, out)):
                assert self.writer.run(lambda db, b=before, a=after: claims.save_transition(db, b, a, now=now))  # type: ignore[misc]

    @invariant()
    def what_is_approved_was_seen_as_it_is(self) -> None:
        for post_id in getattr(self, "ids", ()):
            post = self.stored(post_id)
            if post.approved_at is not None and not post.in_flight:
                assert self.said.get(post_id) == seen(post)
                assert post.rejection is None


TestApproval = Approval.TestCase
TestApproval.settings = examples(12, stateful_step_count=25)
