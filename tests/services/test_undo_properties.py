"""Random changes and undos of posts while a publisher runs: each undo restores the posts or is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from tests import people
from tests.examples import examples
from tests.platforms.factories import PLATFORMS
from tests.store.life import StoreMachine
from ttp.domain.errors import ContentRefused, NotFound, StateRefused, UsageError
from ttp.domain.post_edit import PostInput
from ttp.domain.time import clock
from ttp.domain.time.clock import to_ms
from ttp.services.audit import audit
from ttp.services.bulk_edit import BulkEdit, BulkEditRequest, apply_changes
from ttp.services.queries import view_of
from ttp.services.time_resolver import Shift
from ttp.services.undo import Undo, UndoRequest
from ttp.store import claims, queries
from ttp.store.dialect import Row
from ttp.store.queries import PostFilter
from ttp.views import posts

NAMES = ("x/one", "x/two")
PICK = st.lists(st.integers(0, 3), min_size=1, max_size=3, unique=True)
AT = st.sampled_from(["30", "60", "600"])
"""Minutes from now."""
Snapshot: TypeAlias = dict[int, Any]
EDITS = st.builds(
    PostInput,
    text=st.sampled_from([None, "Hello", "Hi"]),
    to=st.sampled_from([None, ("x/one",), ("x/two",), NAMES]),
    at=st.none() | AT,
    thread=st.sampled_from([None, ("more",)]),
    tags=st.sampled_from([None, ("launch",), ("b", "a")]),
    variants=st.sampled_from([{}, {"x": "Other"}]),
    max_lateness_s=st.sampled_from([None, 60.0]),
)


class Undoing(StoreMachine):
    @initialize()
    def begin(self) -> None:
        self.open_store(NAMES)
        self.posts = people.posts_of(self.database, self.clock)
        self.undo = Undo(self.posts)
        self.before: list[Snapshot] = []
        """The posts before each change that is not undone, the newest last."""
        self.after: list[Snapshot] = []
        """The posts before each one that was, since the last change."""
        self.made = 0
        for to in (NAMES, NAMES[:1]):
            self.create(to, "600", kept=False)

    def at(self, minutes: str | None) -> datetime | None:
        return None if minutes is None else self.clock.now() + timedelta(minutes=int(minutes))

    def seen(self) -> Snapshot:
        """All posts in their JSON form, without when they were changed and approved."""
        found = {post.id or 0: posts.post_json(view_of(post)) for post in queries.posts(self.db, PostFilter())}
        return {i: {**shape, "updatedAt": None, "approvedAt": None} for i, shape in found.items()}

    def log(self) -> list[tuple[int, int, str | None, str]]:
        sql = "SELECT change_id, post_id, image, digest FROM change_post ORDER BY change_id, post_id"
        return [tuple(row) for row in self.db.execute(sql)]

    def change(self, act: Callable[[], object]) -> None:
        before, log = self.seen(), self.log()
        try:
            act()
        except (StateRefused, UsageError, ContentRefused, NotFound):
            assert (self.seen(), self.log()) == (before, log)
            return
        if self.log() == log:
            assert self.seen() == before, "a change was not written down"
            return
        self.before.append(before)
        self.after.clear()

    def some(self, pick: Sequence[int]) -> list[int]:
        ids = sorted(self.seen(), reverse=True)[:4]
        return list(dict.fromkeys(ids[i % len(ids)] for i in pick)) if ids else [1]

    @rule(to=st.sampled_from([(), ("x/one",), NAMES]), at=AT, kept=st.booleans())
    def create(self, to: tuple[str, ...], at: str, kept: bool) -> None:
        self.made += 1
        typed = PostInput(f"post {self.made}", kept=kept, to=to, at=at if to else None, key=f"k{self.made}")
        self.change(lambda: people.create(self.posts, typed, self.at(typed.at)))

    @rule(pick=PICK, typed=EDITS)
    def edit(self, pick: list[int], typed: PostInput) -> None:
        self.change(lambda: people.edit(self.posts, self.some(pick)[0], typed, self.at(typed.at)))

    @rule(pick=PICK, at=AT)
    def schedule(self, pick: list[int], at: str) -> None:
        due = self.clock.now() + timedelta(minutes=int(at))
        self.change(lambda: people.schedule(self.posts, self.some(pick), due))

    @rule(pick=PICK)
    def unschedule(self, pick: list[int]) -> None:
        self.change(lambda: self.posts.unschedule(self.some(pick)))

    @rule(pick=PICK)
    def delete(self, pick: list[int]) -> None:
        self.change(lambda: self.posts.delete(self.some(pick)))

    @rule(pick=PICK, yes=st.booleans())
    def approve_or_reject(self, pick: list[int], yes: bool) -> None:
        approving = people.approvals_of(self.posts)
        self.change(lambda: approving.approve(self.some(pick)) if yes else approving.reject(self.some(pick), "no"))

    @rule(pick=PICK, later=st.booleans())
    def edit_many(self, pick: list[int], later: bool) -> None:
        shift = Shift(timedelta(0), timedelta(minutes=5)) if later else None
        edit = BulkEditRequest(shift=shift, account=None if later else NAMES)

        def act() -> None:
            found = list(queries.posts_by_id(self.db, self.some(pick)))
            steps = BulkEdit(self.posts, people.times_of(self.posts)).plan(found, edit)
            apply_changes(self.posts, [step for step in steps if not step.faults], "edit")

        self.change(act)

    @rule(minutes=st.sampled_from([0, 0, 0, 1, 45, 90]))
    def time_passes(self, minutes: int) -> None:
        self.clock.advance(minutes=minutes)

    @rule()
    def the_publisher_claims(self) -> None:
        now = self.clock.now()
        with self.database.writing() as db:
            claims.claim(db, now=now, cutoff=now, free=9, catch_up_gap=timedelta(0))

    @precondition(lambda self: self.before)
    @rule(many=st.integers(1, 3))
    def take_back(self, many: int) -> None:
        many = min(many, len(self.before))
        now = self.seen()
        if not self.turned(UndoRequest(many)):
            return
        self.after.append(now)
        for _ in range(many - 1):
            self.after.append({})  # the posts between two of them are unknown
        expected = self.before[-many]
        del self.before[-many:]
        self.same(expected)

    @precondition(lambda self: self.after)
    @rule()
    def do_again(self) -> None:
        now = self.seen()
        if not self.turned(UndoRequest(again=True)):
            return
        expected = self.after.pop()
        self.before.append(now)
        if expected:
            self.same(expected)

    def turned(self, wanted: UndoRequest) -> bool:
        """Do it; False where it is refused, which is only where the publisher has begun, and then nothing changes."""
        before = self.dump()
        due = self.due()
        rehearsed, done, said = None, None, ""
        try:
            rehearsed = self.undo.revert(wanted, rehearse=True)
            assert self.dump() == before
            done = self.undo.revert(wanted)
        except StateRefused as why:
            said = str(why)
        if rehearsed is None or done is None:
            assert self.dump() == before
            assert rehearsed is None
            assert "being published" in said or "cannot be restored" in said
            assert self.claimed(), said
            return False
        assert [one.post for one in done.posts] == [one.post for one in rehearsed.posts]
        assert self.due() <= due, "something is due that was not"
        assert not any(one.wrong for one in audit(self.database, PLATFORMS))
        return True

    def dump(self) -> list[tuple[object, ...]]:
        """Every row of every table that this could touch."""
        tables = ("post", "delivery", "post_tag", "post_media", "change", "change_post", "attempt", "account")
        return [tuple(row) for table in tables for row in self.db.execute(f"SELECT * FROM {table} ORDER BY 1, 2")]

    def claimed(self) -> list[Row]:
        return self.db.execute("SELECT id FROM delivery WHERE state = 'claimed'").fetchall()

    def due(self) -> set[int]:
        sql = "SELECT id FROM delivery WHERE state = 'pending' AND next_at <= ?"
        return {row["id"] for row in self.db.execute(sql, (to_ms(self.clock.now()),))}

    def same(self, expected: Snapshot) -> None:
        """The posts are as they were, but for those that had a time which has passed."""
        found = self.seen()
        assert found.keys() == expected.keys()
        now = clock.format_json_instant(self.clock.now()) or ""
        for post_id, shape in expected.items():
            passed = [d["dueAt"] for d in shape["deliveries"] if d["dueAt"] is not None and d["dueAt"] <= now]
            loose = {"status", "scheduledAt", "deliveries", "chosenBy"} if passed else set()
            assert {k: v for k, v in found[post_id].items() if k not in loose} == {
                k: v for k, v in shape.items() if k not in loose
            }


TestUndoing = Undoing.TestCase
TestUndoing.settings = examples(12, stateful_step_count=25)
