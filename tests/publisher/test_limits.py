"""Rate limits of the platforms, against the sandbox on a clock that the test moves: posts wait, and none fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.clock import START, FakeClock
from tests.platforms.stubs import order
from tests.publisher.bench import Bench
from tests.publisher.world import World, open_world
from ttp.domain.account import Credentials
from ttp.platforms.client import PublishRequest
from ttp.platforms.limits import Meter, RateLimiter
from ttp.platforms.reply import Answer
from ttp.platforms.tiktok.limits import TikTokMeter
from ttp.platforms.x.limits import XMeter
from ttp.publisher.loop import Mode
from ttp.sandbox.files import CLIP, PHOTO
from ttp.sandbox.server import RunningSandbox
from ttp.store.database import Database
from ttp.store.dialect import Connection
from ttp.store.rate_limits import Limits

pytestmark = pytest.mark.usefixtures("a_day_passes")


@pytest.fixture
def world(tmp_path: Path, shared_sandbox: RunningSandbox) -> Iterator[World]:
    with open_world(shared_sandbox, tmp_path, FakeClock()) as world:
        yield world


def test_the_seventh_post_of_a_minute_waits_for_tiktok_and_says_so(world: World) -> None:
    world.account("tiktok/shop")
    for number in range(8):
        world.ttp.post(f"Number {number}", "--to", "tiktok/shop", "--media", str(CLIP), "--at", "now")
    world.run(max_time=20.0)
    assert world.states() == ["published"] * 6 + ["retrying", "pending"]
    assert world.calls("/init/") == 6
    (seventh,), (eighth,) = (world.ttp.shown(post)["deliveries"] for post in (7, 8))
    used_up = "limit reached: new posts a minute (6)"
    assert (seventh["waitingFor"], seventh["waitingUntil"]) == ("the platform to accept it", "2026-11-24T12:01:00Z")
    assert (seventh["error"]["kind"], seventh["error"]["message"]) == ("rate_limit", used_up)
    assert (eighth["waitingFor"], eighth["waitingUntil"]) == (
        f"the end of the account's hold: {used_up}",
        "2026-11-24T12:01:00Z",
    )
    assert world.told()[0] == {
        "account": "tiktok/shop",
        "name": "new posts a minute",
        "left": 0,
        "limit": 6,
        "resetsAt": "2026-11-24T12:01:00Z",
    }
    status = " ".join(world.ttp("status", "--format", "table").out.split())
    assert f"holds tiktok/shop until today 12:01 ({used_up})" in status
    assert "limits tiktok/shop new posts a minute: 0 of 6 left until today 12:01" in status
    world.run()
    assert world.states() == ["published"] * 8
    assert world.calls("/init/") == 8, "none was refused"
    assert len(world.posts("tiktok/shop")) == 8


def test_the_next_process_knows_how_often_tiktok_was_called(world: World) -> None:
    world.account("tiktok/shop")
    for number in range(5):
        world.ttp.post(f"Number {number}", "--to", "tiktok/shop", "--media", str(CLIP), "--at", "now")
    world.run()
    left = {limit["name"]: limit["left"] for limit in world.told()}
    assert left["new posts a minute"] == 1
    for number in range(5, 7):
        world.ttp.post(f"Number {number}", "--to", "tiktok/shop", "--media", str(CLIP), "--at", "now")
    world.run(max_time=5.0)
    assert world.states() == ["published"] * 6 + ["retrying"]
    assert world.calls("/init/") == 6


def test_a_post_over_tiktok_s_daily_limit_waits_for_tomorrow_and_is_not_missed(world: World) -> None:
    world.account("tiktok/shop")
    world.limits(**{"tiktok posts a day": 1})
    for number in range(3):
        world.ttp.post(f"Number {number}", "--to", "tiktok/shop", "--media", str(CLIP), "--at", "now")
    world.run(max_time=10.0)
    assert world.states() == ["published", "retrying", "pending"]
    assert {limit["name"]: (limit["left"], limit["limit"]) for limit in world.told()}["posts in 24 h"] == (0, 15)
    world.clock.advance(hours=12)
    world.run(Mode.ONCE)
    assert world.states() == ["published", "retrying", "pending"]
    assert world.ttp("status", "--json").json["overdue"] == 0, "they are held, not forgotten"
    world.clock.advance(hours=12)
    world.limits(**{"tiktok posts a day": 15})
    world.run()
    assert world.states() == ["published"] * 3


def test_another_process_after_a_restart_does_not_call_x_either(world: World) -> None:
    world.account("x/me")
    world.limits(**{"POST /2/tweets": 2})
    for number in range(4):
        world.ttp.post(f"Number {number}", "--to", "x/me", "--at", "now")
    world.run(max_time=10.0)
    assert world.states() == ["published", "published", "retrying", "pending"]
    world.run(Mode.ONCE)
    assert world.calls("/2/tweets") == 2
    world.ttp.post("One more", "--to", "x/me", "--at", "now")
    world.run(Mode.ONCE)
    assert world.calls("/2/tweets") == 2, "its first call would be refused too"
    (limit,) = (limit for limit in world.told() if limit["name"] == "POST /2/tweets")
    assert (limit["left"], limit["limit"], limit["resetsAt"]) == (0, 2, "2026-11-24T12:15:00Z")
    world.limits(**{"POST /2/tweets": 100})
    world.run()
    assert world.states() == ["published"] * 5
    third = [step["outcome"] for step in world.ttp("log", "3", "--json").json if step["phase"] == "publish"]
    assert third == ["done"], "it waited before there was an intent"


def test_the_day_of_an_app_counts_for_all_its_accounts_and_no_post_is_missed(world: World) -> None:
    world.account("x/one")
    world.account("x/two")
    world.limits(**{"x posts a day": 2})
    for number in range(2):
        world.ttp.post(f"Number {number}", "--to", "x/one", "--at", "now")
    world.run()
    world.ttp.post("Number 2", "--to", "x/two", "--at", "now")
    world.run(max_time=10.0)
    assert world.states() == ["published", "published", "retrying"]
    assert world.calls("/2/tweets") == 2, "what x/one heard holds for x/two"
    shared = [limit for limit in world.told() if limit["name"].startswith("app ")]
    assert [(limit["left"], limit["limit"], limit["resetsAt"]) for limit in shared] == [(0, 2, "2026-11-25T12:00:00Z")]
    for _ in range(3):
        world.clock.advance(hours=7)
        world.run(Mode.ONCE)
        assert world.states()[2] == "retrying", "later than a post may be, but by X's word"
    world.clock.advance(hours=8)
    world.run()
    assert world.states() == ["published"] * 3, "six hours count from the end of the wait"


def test_a_rate_limited_call_holds_the_account_and_is_looked_up_before_the_resend(
    world: World,
) -> None:
    world.account("x/me")
    noon = int(START.timestamp()) + 12 * 3600
    told = {"x-rate-limit-limit": "100", "x-rate-limit-remaining": "0", "x-rate-limit-reset": str(noon)}
    body = '{"title":"Too Many Requests","detail":"Too Many Requests","type":"about:blank","status":429}'
    json_type = {"content-type": "application/problem+json"}
    fault = {"path": "/2/tweets$", "do": "status", "status": 429, "body": body, "headers": {**json_type, **told}}
    world.control("POST", "faults", fault)
    for number in range(2):
        world.ttp.post(f"Number {number}", "--to", "x/me", "--at", "now")
    world.run(max_time=10.0)
    world.clock.advance(hours=7)
    world.run(Mode.ONCE)
    assert world.states() == ["reconciling", "pending"]
    assert world.calls("/2/tweets") == 1
    (hold,) = world.ttp("status", "--json").json["holds"]
    assert hold["reason"] == "429 Too Many Requests"
    world.clock.advance(hours=5)
    world.run()
    assert world.states() == ["published"] * 2
    assert len(world.posts("x/me")) == 2


class Sender:
    """One of two publishers, as far as limits go: it reads them when it claims, and stores what it has counted or heard
    with what it stores next."""

    def __init__(self, database: Database, clock: FakeClock, meter: Meter) -> None:
        self.limits = Limits(database, clock)
        self.limiter = RateLimiter(clock, meter, self.limits)

    def send(self, bench: Bench, request: PublishRequest, path: str, answer: Callable[[], Answer] | None) -> bool:
        """Make a call, unless a limit is known to be reached."""
        with closing(bench.database.connect()) as db, db.transaction():
            self.limits.recall(db, {request.account.id or 0: request.account.name})()
        if self.limiter.acquire(request, "POST", path) is not None:
            return False
        if answer is not None:
            self.limiter.record_answer(request, "POST", path, answer())
        with closing(bench.database.connect()) as db, db.transaction():
            self.limits.write(db)
        return True


def test_two_publishers_together_make_no_more_calls_of_an_account_than_are_allowed(bench: Bench) -> None:
    request = replace(order("tiktok"), account=bench.account("tiktok/shop"))
    two = [Sender(bench.database, bench.clock, TikTokMeter(bench.clock)) for _ in range(2)]
    sent = []
    for number in range(60):
        bench.clock.advance(2.0)
        if two[number * number % 3 % 2].send(bench, request, "/v2/post/publish/video/init/", None):
            sent.append(bench.seconds)
    assert len(sent) >= 10
    for at in sent:
        assert sum(at <= other < at + 60.0 for other in sent) <= 6


def test_two_publishers_together_make_no_more_calls_of_an_app_than_are_allowed(bench: Bench) -> None:
    left = 5

    def answer() -> Answer:
        nonlocal left
        left -= 1
        reset = int(START.timestamp()) + 3600
        told = {"limit": 5, "remaining": left, "reset": reset}
        return Answer(201, {f"x-app-limit-24hour-{part}": str(value) for part, value in told.items()}, date=START)

    two = [
        (Sender(bench.database, bench.clock, XMeter(bench.clock)), replace(order("x"), account=bench.account(name)))
        for name in ("x/one", "x/two")
    ]
    sent = 0
    for number in range(20):
        bench.clock.advance(1.0)
        sender, request = two[number % 2]
        app = replace(request, credentials=Credentials("token", client_id="my-app"))
        sent += sender.send(bench, app, "/2/tweets", answer)
    assert sent == 5


def test_a_full_day_on_instagram_waits_for_the_window_to_roll(world: World) -> None:
    world.account("instagram/shop")
    world.limits(**{"instagram posts a day": 2})
    for number in range(2):
        world.ttp.post(f"Number {number}", "--to", "instagram/shop", "--media", str(PHOTO), "--at", "now")
    world.run()
    assert {limit["name"]: limit["left"] for limit in world.told()}["posts in 24 h"] == 1
    world.clock.advance(hours=1)
    for number in range(2, 4):
        world.ttp.post(f"Number {number}", "--to", "instagram/shop", "--media", str(PHOTO), "--at", "now")
    for _ in range(4):
        world.run(max_time=5.0)
        world.clock.advance(hours=2)
    world.run(max_time=5.0)
    assert set(world.states()[2:]) <= {"retrying", "pending"}
    assert {limit["name"]: limit["left"] for limit in world.told()}["posts in 24 h"] == 0
    assert "2 of 2" in world.ttp.shown(3)["deliveries"][0]["error"]["message"]
    assert world.calls("/media_publish") == 2, "no place, no call"
    for _ in range(8):
        world.clock.advance(hours=2)
        world.run(max_time=60.0)
    assert world.states() == ["published"] * 4
    assert world.calls("/media_publish") == 4


def test_a_throttled_instagram_account_makes_no_calls_until_it_may(world: World) -> None:
    world.account("instagram/shop")
    world.account("instagram/other")
    world.control("POST", "accounts", {"account": "instagram/shop", "keepTokens": True, "trouble": "throttled"})
    for account in ("instagram/shop", "instagram/shop", "instagram/other"):
        world.ttp.post("Hello", "--to", account, "--media", str(PHOTO), "--at", "now")
    world.run(Mode.ONCE)
    assert world.states() == ["retrying", "retrying", "published"]
    world.control("DELETE", "requests")
    world.run(Mode.ONCE)
    assert world.control("GET", "requests") == []
    (limit,) = (limit for limit in world.told() if limit["account"] == "instagram/shop")
    assert (limit["name"], limit["left"], limit["resetsAt"]) == ("calls in percent", 0, "2026-11-24T13:00:00Z")
    world.control("POST", "accounts", {"account": "instagram/shop", "keepTokens": True, "trouble": ""})
    world.run()
    assert world.states() == ["published"] * 3


def test_posts_of_an_x_account_without_credit_wait(world: World) -> None:
    world.account("x/me")
    world.control("POST", "settings", {"trouble": {"x": "credits"}})
    for number in range(2):
        world.ttp.post(f"Number {number}", "--to", "x/me", "--at", "now")
    for _ in range(10):
        world.run(Mode.ONCE)
        world.clock.advance(hours=3)
    world.run(Mode.ONCE)
    assert set(world.states()) <= {"retrying", "pending"}
    assert world.posts("x/me") == []
    (hold,) = world.ttp("status", "--json").json["holds"]
    assert hold["reason"] == ("402 credits depleted: add credit in X's developer console; ttp tries again every hour")
    assert "Next:  ttp account enable x/me" in world.ttp("show", "1", "--format", "table").out
    world.control("POST", "settings", {"trouble": {}})
    world.ttp.ok("account", "enable", "x/me")
    assert world.ttp("status", "--json").json["holds"] == []
    before = world.clock.now()
    world.run()
    assert world.states() == ["published"] * 2
    assert world.clock.now() - before < timedelta(minutes=5)


@pytest.mark.sqlite("its trigger")
def test_a_limit_that_cannot_be_stored_blocks_no_post(world: World) -> None:
    world.account("x/me")
    world.ttp.post("Hello", "--to", "x/me", "--at", "now")
    world.ttp.sql("CREATE TRIGGER no BEFORE INSERT ON rate_limit BEGIN SELECT RAISE(ABORT, 'no'); END")
    world.run()
    assert world.states() == ["published"]
    assert world.told() == []


def test_limits_are_stored_in_existing_transactions(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.account("x/me")
    world.ttp.post("Hello", "--to", "x/me", "--at", "now")
    written: list[str] = []

    def write(limits: Limits, db: Connection) -> None:
        written.append("inside" if db.in_transaction else "alone")
        original(limits, db)

    original = Limits.write
    monkeypatch.setattr(Limits, "write", write)
    monkeypatch.setattr(Limits, "keep", lambda limits: written.append("kept at the end"))
    world.run()
    assert set(written) == {"inside", "kept at the end"}
    assert {limit["name"] for limit in world.told()} >= {"POST /2/tweets", "GET /2/users/me"}
