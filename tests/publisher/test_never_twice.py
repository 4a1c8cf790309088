"""Property test of the promises: any answers, lost or late, and crashes at any point."""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from tests.clock import START
from tests.examples import examples
from tests.platforms.factories import PLATFORMS
from tests.publisher.bench import FINGERPRINT, Bench, Crash
from ttp.domain.delivery import DeliveryState
from ttp.domain.publishing.outcome import Absent, Done, Found, Handle, Kind, NotDone, Outcome, Unclear, Unknown, Working
from ttp.platforms.client import PublishRequest, Ready, StepDone, StepFailed, Wait
from ttp.publisher.loop import Mode
from ttp.services.audit import audit

SETTLE_S = 900.0
ENDED = {DeliveryState.PUBLISHED, DeliveryState.FAILED, DeliveryState.NEEDS_REVIEW}

STEPS = ("nothing", "upload", "wait", "fail", "die")
SENDS = (
    "done",
    "accepted",
    "lost",
    "late",
    "never",
    "refused",
    "final",
    "not ready",
    "die before",
    "die after",
    "limit",
)
LOOKS = ("truth", "truth", "truth", "unclear", "limit", "die", "working")


@dataclass
class World:
    """What the platforms really have: for each delivery, from when on each of its posts is visible."""

    bench: Bench
    steps: list[str]
    sends: list[str]
    looks: list[str]
    delays: random.Random
    posts: dict[int, list[tuple[float, str]]] = field(default_factory=dict)

    def prepare(self, order: PublishRequest, handle: Handle) -> Any:
        match self.steps.pop() if self.steps else "nothing":
            case "upload":
                yield StepDone("upload", handle={"media": len(self.steps)})
            case "wait":
                yield Wait(self.delays.uniform(0.0, 50.0), "a container")
            case "fail":
                raise StepFailed("upload", NotDone(Kind.SERVER, "503", passing=True))
            case "die":
                self.bench.die()
        client = self.bench.clients[order.account.platform]
        return Ready(handle, client.platform_at, "POST", FINGERPRINT)

    def publish(self, order: PublishRequest, handle: Handle) -> Outcome:
        send = self.sends.pop() if self.sends else "done"
        if send == "die before":
            self.bench.die()
        if send in ("done", "accepted", "lost", "late", "die after"):
            # A request may be on its way for a while, and a list may show a post later than it is there. TikTok's word
            # is final from the first.
            slow = send in ("lost", "late", "die after") and order.account.platform != "tiktok"
            delay = self.delays.uniform(0.0, SETTLE_S - 1.0) if slow else 0.0
            mine = self.posts.setdefault(order.delivery_id, [])
            mine.append((self.bench.seconds + delay, f"{order.delivery_id}-{len(mine)}"))
        match send:
            case "done":
                return Done(self.posts[order.delivery_id][-1][1])
            case "accepted":
                return Done(processing=True)
            case "refused":
                return NotDone(Kind.NETWORK, "no route", passing=True)
            case "final":
                return NotDone(Kind.CONTENT, "too long")
            case "not ready":
                return NotDone(Kind.MEDIA, "not ready", passing=True, not_ready=True)
            case "limit":
                return Unknown(Kind.RATE_LIMIT, "429", look_at=self.bench.clock.now())
            case "die after":
                self.bench.die()
        self.bench.clock.advance(self.delays.choice([0.0, 0.0, 60.0]))
        return Unknown(Kind.NETWORK, "cut")

    def look_up(self, order: PublishRequest, handle: Handle) -> Any:
        match self.looks.pop() if self.looks else "truth":
            case "unclear":
                return Unclear(Kind.SERVER, "503")
            case "limit":
                return Unclear(Kind.RATE_LIMIT, "429", look_at=self.bench.clock.now())
            case "die":
                self.bench.die()
            case "working" if self.posts.get(order.delivery_id):
                return Working("processing")
        visible = [post for at, post in self.posts.get(order.delivery_id, []) if at <= self.bench.seconds]
        certain = order.account.platform == "tiktok" and not self.posts.get(order.delivery_id)
        return Found(visible[0]) if visible else Absent(certain=certain)


def lists(names: tuple[str, ...], most: int) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(names), max_size=most)


@given(
    steps=lists(STEPS, 12),
    sends=lists(SENDS, 12),
    looks=lists(LOOKS, 12),
    deaths=st.lists(st.integers(0, 25), max_size=4),
    pauses=st.lists(st.sampled_from([0.0, 1.0, 100.0, 3000.0, 20_000.0]), min_size=30, max_size=30),
    skew=st.sampled_from([0.0, 3600.0, -3600.0]),
    once=st.booleans(),
    seed=st.integers(0, 2**32),
)
@example([], ["lost"], [], [], [0.0] * 30, 0.0, False, 1)
@example([], ["die after", "never", "late"], [], [3, 5], [0.0] * 30, -3600.0, True, 2)
@examples(40)
def test_nothing_is_published_twice_and_nothing_is_lost(
    steps: list[str],
    sends: list[str],
    looks: list[str],
    deaths: list[int],
    pauses: list[float],
    skew: float,
    once: bool,
    seed: int,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder) / "home")
        world = World(bench, steps, sends, looks, random.Random(seed))
        for client in bench.clients.values():
            client.skew = skew
            client.prepare = world.prepare  # type: ignore[method-assign]
            client.always = world.look_up
            client.publishes = Always(world.publish)  # type: ignore[assignment]  # a deque that never ends
        bench.account("tiktok/me")
        bench.post("x/me", "tiktok/me")
        bench.post("x/me", due=5.0)
        for pause in pauses:
            die_at = deaths.pop() if deaths else None
            bench.on_commit = Countdown(die_at, bench)
            try:
                bench.run(Mode.ONCE if once and deaths else Mode.UNTIL_IDLE)
            except Crash:
                bench.clock.advance(pause)
                continue
            if all(d.state in ENDED for i in (1, 2) for d in bench.whole(i).deliveries):
                break
            bench.clock.advance(max(pause, 1.0))
        for delivery in (d for i in (1, 2) for d in bench.whole(i).deliveries):
            there = len(world.posts.get(delivery.id or 0, []))
            assert delivery.state in ENDED, (delivery.state, delivery.next_at, bench.clock.now())
            assert there <= 1, f"{delivery.account} has it {there} times"
            match delivery.state:
                case DeliveryState.PUBLISHED:
                    assert there == 1
                case DeliveryState.FAILED:
                    assert there == 0
        assert Counter(bench.intents(1) + bench.intents(2))[None] == 0
        assert [check.breaches for check in audit(bench.database, PLATFORMS) if check.wrong] == []
        assert bench.clock.now() >= START


class Always:
    """A script with the same answer for ever."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def popleft(self) -> Any:
        return self._answer


class Countdown:
    """Kills the publisher after so many commits."""

    def __init__(self, left: int | None, bench: Bench) -> None:
        self._left = left
        self._bench = bench

    def __call__(self) -> None:
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                self._bench.die()
