"""A post and its comment through whatever people, the network and time do, in any order: each is on X at most once,
the comment only as a reply to its post, and nothing is sent after a person has stopped it."""

from __future__ import annotations

import random
import tempfile
from contextlib import suppress
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests import people
from tests.examples import examples
from tests.publisher.bench import Bench
from tests.publisher.fake_x import LOOKS, SENDS, FakeX, outgoing
from tests.publisher.test_comments import commented, settle
from ttp.domain.delivery import DeliveryState
from ttp.domain.errors import NotFound, StateRefused
from ttp.domain.post_edit import PostInput
from ttp.domain.time.clock import to_ms
from ttp.publisher.loop import Mode

NEVER = {"die", "die before", "die after"}
TEXTS = st.sampled_from(["Links", "Other links"])


class CommentLife(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.bench = Bench(Path(self.folder.name) / "home")
        self.x = FakeX(self.bench.clock, self.bench.die, chance=random.Random(0))
        commented(self.bench, after_s=600.0, max_lateness_s=1e6)
        self.posts = people.posts_of(self.bench.database, self.bench.clock, self.bench.config)
        self.deleted = self.held = False

    def teardown(self) -> None:
        self.folder.cleanup()

    @rule(sends=st.lists(st.sampled_from(sorted({*SENDS} - NEVER)), max_size=2), looks=st.sampled_from(LOOKS[:4]))
    def publish(self, sends: list[str], looks: str) -> None:
        self.x.sends[:], self.x.looks[:] = sends, [looks]
        before = len(self.x.bodies)
        self.x.enter(self.bench)
        self.bench.run(Mode.ONCE)
        if self.deleted or self.held:
            assert len(self.x.bodies) == before

    @rule(seconds=st.sampled_from([1.0, 601.0, 2000.0]))
    def let_time_pass(self, seconds: float) -> None:
        self.bench.clock.advance(seconds)

    @rule(text=TEXTS)
    def edit(self, text: str) -> None:
        with suppress(StateRefused, NotFound):
            self.posts.edit(1, PostInput(comment=text), None)

    @rule()
    def drop(self) -> None:
        with suppress(StateRefused, NotFound):
            self.posts.edit(1, PostInput(comment=""), None)
            comment = self.bench.delivery().comment
            assert comment is None or comment.state in (DeliveryState.CANCELLED, DeliveryState.PUBLISHED)

    @rule()
    def hold(self) -> None:
        self.held = True
        self.bench.sql("UPDATE account SET hold_until = ?", to_ms(self.bench.clock.now()) + 10**12)

    @rule()
    def release(self) -> None:
        self.held = False
        self.bench.sql("UPDATE account SET hold_until = NULL")

    @precondition(lambda self: not self.deleted)
    @rule()
    def look_and_retry(self) -> None:
        if self.bench.delivery().comment is not None:
            settle(self.bench, self.x, 1)
        else:
            with suppress(StateRefused):
                outgoing(self.bench).retry([1])

    @rule()
    def delete(self) -> None:
        with suppress(StateRefused, NotFound):
            self.posts.delete([1])
            self.deleted = True

    @invariant()
    def each_is_there_once(self) -> None:
        posts = [entry for entry in self.x.feed if entry.parent is None]
        replies = [entry for entry in self.x.feed if entry.parent is not None]
        assert len(posts) <= 1
        assert len(replies) <= 1
        assert all(reply.parent == posts[0].id for reply in replies)
        own = self.bench.delivery()
        if own.comment is not None and own.comment.state is DeliveryState.PUBLISHED:
            assert own.comment.remote_id == replies[0].id
        if own.comment is not None and own.comment.state is DeliveryState.PENDING and own.comment.next_at is not None:
            assert own.state is DeliveryState.PUBLISHED


TestCommentLife = CommentLife.TestCase
TestCommentLife.settings = examples(60, stateful_step_count=20)
