"""A person's change and a publisher on PostgreSQL, stopped at each statement of one while the other does all its work:
what was published is what the person sees, and a change that was not refused is in it."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.clock import FakeClock
from tests.publisher.world import World, open_world
from ttp.cli.context import Context
from ttp.domain.errors import StateRefused
from ttp.domain.post_edit import PostInput
from ttp.publisher.loop import Mode
from ttp.sandbox.server import RunningSandbox
from ttp.services.posts import Posts
from ttp.store.postgresql.address import read_address
from ttp.store.postgresql.connection import PostgresConnection

PERSON = "person"
PATIENCE_S = 60.0
GOES_ROUND = timedelta(seconds=5)
"""The publisher passes over rows that others have locked, and looks again a second later."""
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = ?"
CHANGES: dict[str, Callable[[Posts, int], object]] = {
    "edit": lambda posts, post: posts.edit(post, PostInput(text=f"new {post}"), None),
    "unschedule": lambda posts, post: posts.unschedule([post]),
    "delete": lambda posts, post: posts.delete([post]),
}


@dataclass
class Stop:
    """Calls `then` before the `at`-th statement of the person, or of the publisher."""

    of_person: bool
    at: int
    then: Callable[[], object]
    seen: int = field(default=0)

    def before_statement(self) -> None:
        if (threading.current_thread().name == PERSON) is self.of_person:
            self.seen += 1
            if self.seen == self.at:
                self.then()


@dataclass
class Stage:
    world: World
    look: PostgresConnection
    name: str
    """Of the sessions on this store."""
    stop: Stop | None = None
    turns: int = 0

    def is_waiting(self) -> bool:
        return bool(self.look.execute(WAITING, (self.name,)).fetchone()[0])

    def await_end(self, ended: threading.Event) -> None:
        """Wait until the other side has ended, or waits for this one: in the server, or a publisher on its clock."""
        began = self.world.clock.now()
        for _ in range(int(PATIENCE_S / 0.01)):
            if ended.wait(0.01) or self.is_waiting() or self.world.clock.now() - began > GOES_ROUND:
                return
        raise AssertionError("the other side neither ends nor waits")

    def play(self, change: str, *, stop_person: bool, at: int) -> bool:
        """Let both sides work, one of them stopped before its `at`-th statement. Return whether it came so far."""
        self.turns += 1
        gc.collect()  # ends the sessions of the last turn's program
        if self.turns == 3:
            gc.freeze()  # all has been imported and made
        self.world.clock.advance(1200.0)  # the platform limits posts of a time
        post = self.world.ttp.post(f"old {self.turns}", "--to", "x/me", "--at", "now")
        refused: list[BaseException] = []
        posts = Context(self.world.clock).posts  # here: making it asks the store for settings
        reached, published, changed = threading.Event(), threading.Event(), threading.Event()

        def work() -> None:
            try:
                CHANGES[change](posts, post)
            except BaseException as why:  # noqa: BLE001 (judged by the test)
                refused.append(why)
            finally:
                changed.set()
                reached.set()

        person = threading.Thread(target=work, name=PERSON)

        def at_statement() -> None:
            reached.set()
            if stop_person:
                self.await_end(published)
            else:
                person.start()
                self.await_end(changed)

        self.stop = Stop(stop_person, at, at_statement)
        if stop_person:
            person.start()
            assert reached.wait(PATIENCE_S)
        self.world.run(Mode.ONCE)
        published.set()
        came, self.stop = self.stop.seen >= at, None
        if not stop_person and not came:
            person.start()
        person.join(PATIENCE_S)
        assert changed.is_set()
        self.judge(post, change, refused)
        return came

    def judge(self, post: int, change: str, refused: list[BaseException]) -> None:
        assert all(isinstance(why, StateRefused) for why in refused), refused
        sent = [one["text"] for one in self.world.posts("x/me")]
        fresh, self.sent = sent[len(self.sent) :], sent
        sql = "SELECT content, deleted_at, status FROM post WHERE id = ?"
        ((content, deleted, status),) = self.world.ttp.sql(sql, post)
        if fresh:
            assert fresh == [content], "what is published is what a person sees"
            assert status == "published"
        if not refused and change != "delete":  # what is published may be deleted from the lists
            assert fresh == ([f"new {post}"] if change == "edit" and fresh else [])
        elif not refused:
            assert deleted is not None
        else:
            assert fresh == [f"old {self.turns}"]
        self.world.ttp.sql("UPDATE delivery SET next_at = NULL WHERE post_id = ?", post)

    sent: list[str] = field(default_factory=list)


@pytest.fixture
def stage(
    store_url: str,
    postgresql: str,
    tmp_path: Path,
    shared_sandbox: RunningSandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Stage]:
    with (
        open_world(shared_sandbox, tmp_path, FakeClock()) as world,
        closing(PostgresConnection(read_address(postgresql))) as look,
    ):
        monkeypatch.setenv("TTP_STORE__URL", store_url)
        stage = Stage(world, look, store_url.rpartition("application_name=")[2])
        execute = PostgresConnection.execute

        def counted(self: PostgresConnection, *args: Any) -> Any:
            if stage.stop is not None and self is not look:
                stage.stop.before_statement()
            return execute(self, *args)

        monkeypatch.setattr(PostgresConnection, "execute", counted)
        world.account("x/me")
        yield stage


BOTH = pytest.mark.parametrize(
    "stop_person", [True, pytest.param(False, marks=pytest.mark.slow)], ids=["person stopped", "publisher stopped"]
)


@BOTH
def test_a_change_wins_before_the_claim_or_is_refused(stage: Stage, stop_person: bool) -> None:
    at = 1
    while stage.play("edit", stop_person=stop_person, at=at):
        at += 23 if stop_person else 97  # a publisher runs ten times as many
    assert at > 23


@pytest.mark.slow
@BOTH
@pytest.mark.parametrize("change", CHANGES)
def test_at_every_statement(stage: Stage, change: str, stop_person: bool) -> None:
    at = 1
    while stage.play(change, stop_person=stop_person, at=at):
        at += 1
    assert at > 12
