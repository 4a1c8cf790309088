"""Threads against an X and a machine that do their worst: whatever is lost, late, refused or killed, every part is on X
once, in a chain, once everything is settled."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from tests.examples import examples
from tests.publisher.bench import Bench, Crash
from tests.publisher.fake_x import LOOKS, SENDS, FakeX, outgoing, whole
from tests.publisher.test_never_twice import Countdown, lists
from ttp.domain.delivery import Delivery, DeliveryState
from ttp.publisher.loop import Mode

ROUNDS = 60
TEXTS = st.sampled_from(["One", "Two", "Three"])
"""Few, so that parts and posts are often of one text."""


@given(
    threads=st.lists(st.lists(TEXTS, min_size=1, max_size=4), min_size=1, max_size=3),
    sends=lists(SENDS, 14),
    looks=lists(LOOKS, 10),
    deaths=st.lists(st.integers(0, 30), max_size=5),
    pauses=st.lists(st.sampled_from([0.0, 1.0, 100.0, 3000.0, 20_000.0]), min_size=ROUNDS, max_size=ROUNDS),
    once=st.booleans(),
    seed=st.integers(0, 2**32),
)
@example([["One", "One", "One"]], ["lost"], [], [], [0.0] * ROUNDS, False, 1)
@example([["One", "Two"], ["One", "Two"]], ["late", "die after", "never"], ["die"], [3, 9], [100.0] * ROUNDS, True, 2)
@example([["One", "Two"], ["Two"]], ["never", "lost", "done"], [], [], [0.0] * ROUNDS, False, 3)
@examples(60)
def test_every_part_is_on_x_once_and_in_one_chain(
    threads: list[list[str]],
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
            bench.post("x/me", due=float(place), content=parts[0], thread=tuple(parts[1:]))
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
            settle(bench, x, ids)
            if all(bench.delivery(i).state is DeliveryState.PUBLISHED for i in ids):
                break
            bench.clock.advance(max(pause, 1.0))
        for post_id, parts in zip(ids, threads, strict=True):
            whole(bench, x, post_id, parts)
        assert len(x.feed) == sum(map(len, threads))


def settle(bench: Bench, x: FakeX, ids: list[int]) -> None:
    """A person who looks at X for what is in doubt, says what is there, and retries what failed."""
    bench.dead = False
    for post_id in ids:
        delivery = bench.delivery(post_id)
        if delivery.state is DeliveryState.NEEDS_REVIEW:
            bench.clock.advance(1000.0)  # what is late has come by now
            outgoing(bench).resolve(post_id, "x/me", there(bench, x, post_id, delivery, ids))
        if bench.delivery(post_id).state is DeliveryState.FAILED:
            outgoing(bench).retry([post_id])


def there(bench: Bench, x: FakeX, post_id: int, delivery: Delivery, ids: list[int]) -> str | None:
    """The address of the part that is in doubt, if it is on X and belongs to no other post."""
    text = [bench.whole(post_id).content, *bench.whole(post_id).thread][len(delivery.parts)]
    parent = delivery.parts[-1] if delivery.parts else None
    taken = {bench.delivery(other).remote_id for other in ids}
    found = [e.id for e in x.feed if (e.text, e.parent) == (text, parent) and e.id not in taken]
    return f"https://x.com/i/status/{found[0]}" if found else None
