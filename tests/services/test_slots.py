"""Slots under random scheduling, deleting and moving: no instant of an account is ever given twice."""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests import people
from tests.clock import START, FakeClock
from tests.examples import examples
from tests.settings import Config
from tests.store.stores import add_account, new_store
from ttp.domain.post_edit import PostInput
from ttp.services.slots import Slots
from ttp.store import queries

NAMES = ("x/a", "x/b")


class Row(RuleBasedStateMachine):
    """Two accounts with a slot every day, one of them with two; posts come, go and move."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = FakeClock()
        database = new_store(Path(self.folder.name) / "home")
        accounts = [add_account(database, name) for name in NAMES]
        self.database = database
        self.slots = Slots(database, self.clock, Config())
        self.posts = people.posts_of(database, self.clock)
        self.times = people.times_of(self.posts)
        self.slots.add([(account, "Europe/Berlin") for account in accounts], ["0 9 * * *"], None)
        self.slots.add([(accounts[0], "Europe/Berlin")], ["0 18 * * *"], None)
        self.ids: list[int] = []
        self.named = 0

    def teardown(self) -> None:
        self.folder.cleanup()

    @rule(to=st.sampled_from([("x/a",), ("x/b",), NAMES]), first=st.booleans())
    def create(self, to: tuple[str, ...], first: bool) -> None:
        before = self.held()
        wanted = PostInput(text="hi", to=to, at="next-slot", first=first)
        time = self.times.resolve("next-slot", self.posts.accounts_of_new(wanted), first=first)
        saved = self.posts.create(wanted, time)
        assert saved.post.id is not None
        self.ids.append(saved.post.id)
        if not first:
            assert not any((name, saved.post.scheduled_at) in before for name in to)

    @precondition(lambda self: self.ids)
    @rule(data=st.data(), first=st.booleans())
    def move(self, data: st.DataObject, first: bool) -> None:
        accounts = self.posts.accounts_by_post([data.draw(st.sampled_from(self.ids))])
        self.posts.schedule(self.times.resolve_posts("next-slot", accounts, first=first), first=first)

    @precondition(lambda self: self.ids)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        post = data.draw(st.sampled_from(self.ids))
        self.posts.delete([post])
        self.ids.remove(post)

    @precondition(lambda self: self.ids)
    @rule(data=st.data(), hours=st.integers(1, 200))
    def elsewhere(self, data: st.DataObject, hours: int) -> None:
        """A time that is not a slot of any account."""
        self.named += 1
        at = START + timedelta(hours=hours, minutes=7, seconds=self.named)
        people.schedule(self.posts, [data.draw(st.sampled_from(self.ids))], at)

    @precondition(lambda self: self.ids)
    @rule(data=st.data())
    def unschedule(self, data: st.DataObject) -> None:
        self.posts.unschedule([data.draw(st.sampled_from(self.ids))])

    @invariant()
    def no_instant_is_given_twice(self) -> None:
        held = self.held()
        assert len(held) == len(set(held))

    @invariant()
    def the_preview_shows_who_stands_there(self) -> None:
        held = set(self.held())
        for place in self.slots.preview(count=6):
            assert ((place.slot.account, place.at) in held) is bool(place.posts)

    def held(self) -> list[tuple[str, datetime]]:
        with self.database.reading() as db:
            assert db is not None
            posts = list(queries.posts_by_id(db, self.ids))
        timed = [post for post in posts if post.scheduled_at is not None]
        return [(name, post.scheduled_at) for post in timed for name in post.accounts if post.scheduled_at]


TestRow = Row.TestCase
TestRow.settings = examples(12, stateful_step_count=15)
