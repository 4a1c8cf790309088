"""A fake X: a feed that keeps posts, a list of them, and answers that can get lost."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email.utils import format_datetime
from typing import Any

import httpx

from tests import people
from tests.clock import FakeClock
from tests.platforms.factories import client_for
from tests.publisher.bench import Bench
from ttp.domain.delivery import DeliveryState
from ttp.domain.publishing.outcome import Phase
from ttp.domain.time.clock import to_ms
from ttp.platforms.x.look_up import X_EPOCH_MS
from ttp.services.publishing import Publishing

PARTS = ("One", "Two", "Three", "Four")
SETTLE_S = 900.0
DUPLICATE = "You are not allowed to create a Tweet with duplicate content."
SENDS = (
    "done",
    "done",
    "lost",
    "late",
    "never",
    "die before",
    "die after",
    "refused",
    "final",
    "server error",
    "limit",
    "unreachable",
)
"""The possible results of a publishing call."""
LOOKS = ("truth", "truth", "server error", "limit", "die")
"""The possible results of a look-up."""


@dataclass(frozen=True)
class Entry:
    """One post on X: from when on the list shows it, in seconds."""

    id: str
    text: str
    parent: str | None
    seen_from: float


@dataclass
class FakeX(httpx.BaseTransport):
    """`sends` and `looks` are the results of the coming calls, last first; then all is well. `guard`: an identical
    text is refused, as X mostly does."""

    clock: FakeClock
    die: Callable[[], object]
    sends: list[str] = field(default_factory=list)
    looks: list[str] = field(default_factory=list)
    guard: bool = False
    chance: random.Random = field(default_factory=lambda: random.Random(0))
    feed: list[Entry] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    """Every publishing call that arrived or was meant to."""
    tells_parents: bool = True
    on_post: Callable[[], object] = lambda: None
    on_duplicate: Callable[[], object] = lambda: None
    """Called before a publishing call is dealt with, and before one is refused as a duplicate."""

    def enter(self, bench: Bench) -> None:
        """Take the place of X for the bench's next publisher, which is a new process."""
        client = client_for("x", bench.config, bench.clock, transport=self)
        bench.clients["x"] = client  # type: ignore[assignment]  # a real one in the place of a scripted one

    @property
    def now(self) -> float:
        return self.clock.boot()

    @property
    def texts(self) -> list[str]:
        return [entry.text for entry in self.feed]

    def chain(self, first: str) -> list[str]:
        """The ids of a thread from its first part on, as a reader follows it. AssertionError where it forks."""
        found = [first]
        while replies := [entry.id for entry in self.feed if entry.parent == found[-1]]:
            assert len(replies) == 1, f"{found[-1]} has {len(replies)} replies"
            found += replies
        return found

    def text_of(self, post_id: str) -> str:
        return next(entry.text for entry in self.feed if entry.id == post_id)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        match request.method, request.url.path:
            case "GET", "/2/users/me":
                return self._answer(200, {"data": {"id": "42"}})
            case "GET", "/2/users/42/tweets":
                return self._listed(dict(request.url.params))
            case "POST", "/2/tweets":
                return self._posted(json.loads(request.read()))
        raise AssertionError(f"unexpected request to X: {request.method} {request.url}")

    def _posted(self, body: dict[str, Any]) -> httpx.Response:
        self.bodies.append(body)
        self.on_post()
        send = self.sends.pop() if self.sends else "done"
        match send:
            case "die before":
                self.die()
            case "unreachable":
                raise httpx.ConnectError("no route")
            case "refused":
                return self._problem(402, "credits depleted")
            case "duplicate":
                self.on_duplicate()
                return self._problem(403, DUPLICATE)
            case "final":
                return self._problem(403, "You are not permitted to perform this action.")
            case "limit":
                return self._problem(429, "Too Many Requests")
        if send == "never":
            self.clock.advance(self.chance.choice([0.0, 60.0]))
            raise httpx.ReadTimeout("nothing came")
        parent = body.get("reply", {}).get("in_reply_to_tweet_id")
        if self.guard and body["text"] in self.texts:
            return self._problem(403, DUPLICATE)
        assert parent is None or any(entry.id == parent for entry in self.feed), "a reply to nothing"
        slow = send in ("lost", "late", "die after")
        delay = self.chance.uniform(0.0, SETTLE_S - 70.0) if slow and self.chance.random() < 0.5 else 0.0
        post_id = self.arrive(body["text"], parent, delay)
        match send:
            case "die after":
                self.die()
            case "server error":
                return self._answer(503, None)
            case "lost" | "late":
                raise httpx.ReadTimeout("the answer was lost")
        return self._answer(201, {"data": {"id": post_id, "text": body["text"]}})

    def arrive(self, text: str, parent: str | None, delay: float = 0.0) -> str:
        """A post that X has, and shows after so many seconds; its id."""
        ms = to_ms(self.clock.now()) + int(delay * 1000)
        post_id = str((ms - X_EPOCH_MS << 22) + len(self.feed))
        self.feed.append(Entry(post_id, text, parent, self.now + delay))
        return post_id

    def _listed(self, query: dict[str, str]) -> httpx.Response:
        look = self.looks.pop() if self.looks else "truth"
        match look:
            case "die":
                self.die()
            case "server error":
                return self._answer(503, None)
            case "limit":
                return self._problem(429, "Too Many Requests")
        assert "referenced_posts" in query["expansions"].split(",")
        seen = [entry for entry in self.feed if entry.seen_from <= self.now]
        data = [self._shown(entry) for entry in reversed(seen)]
        return self._answer(200, {"meta": {"result_count": len(data)}, **({"data": data} if data else {})})

    def _shown(self, entry: Entry) -> dict[str, Any]:
        shown: dict[str, Any] = {"id": entry.id, "text": entry.text}
        if entry.parent is not None and self.tells_parents:
            shown["referenced_posts"] = [{"type": "replied_to", "id": entry.parent}]
        return shown

    def _problem(self, status: int, detail: str) -> httpx.Response:
        return self._answer(status, {"title": "Problem", "detail": detail, "type": "about:blank", "status": status})

    def _answer(self, status: int, data: object) -> httpx.Response:
        headers = {
            "content-type": "application/json",
            "date": format_datetime(self.clock.now().replace(microsecond=0), usegmt=True),
        }
        return httpx.Response(status, headers=headers, stream=_Body(b"" if data is None else json.dumps(data).encode()))


class _Body(httpx.SyncByteStream):
    def __init__(self, content: bytes) -> None:
        self._content = content

    def __iter__(self) -> Any:
        yield self._content


def thread(bench: Bench, parts: Sequence[str] = PARTS, **fields: object) -> int:
    """A post with a thread, due now."""
    return bench.post("x/me", content=parts[0], thread=tuple(parts[1:]), **fields)  # type: ignore[arg-type]  # by name


def outgoing(bench: Bench) -> Publishing:
    return Publishing(people.posts_of(bench.database, bench.clock, bench.config), bench.credentials)


def steps(bench: Bench, post_id: int = 1) -> list[tuple[str, str | None]]:
    return [(attempt.step, attempt.outcome) for attempt in bench.attempts(post_id, Phase.PUBLISH)]


def whole(bench: Bench, x: FakeX, post_id: int = 1, parts: Sequence[str] = PARTS) -> None:
    """The post is published, and on X each of its parts is there once, each a reply to the one before."""
    delivery = bench.delivery(post_id)
    assert delivery.state is DeliveryState.PUBLISHED
    assert delivery.remote_id is not None
    ids = x.chain(delivery.remote_id)
    assert [x.text_of(one) for one in ids] == list(parts)
    assert delivery.url == f"https://x.com/i/status/{ids[0]}"
    assert delivery.handle == ({"parts": ids, "of": len(parts)} if len(parts) > 1 else {})
