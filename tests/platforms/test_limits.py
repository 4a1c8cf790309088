"""The rate limits that platforms report in their answers, and the gate that keeps calls within them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.platforms.factories import gate_for
from tests.platforms.stubs import Script, Stub, order
from tests.rows import each
from ttp.domain.account import Credentials
from ttp.domain.publishing.outcome import Kind, NotDone, Unclear
from ttp.domain.publishing.rate_limit import Limit, LimitKey
from ttp.platforms.client import PublishRequest, StepFailed
from ttp.platforms.http import Http, Timeouts
from ttp.platforms.instagram.part import InstagramMeter
from ttp.platforms.limits import ClockMeter, InMemoryLimits, RateLimiter, parse_whole_number
from ttp.platforms.meta.usage import seconds_until_regained
from ttp.platforms.reply import Answer, NotSent, as_failure, as_outcome, as_unclear
from ttp.platforms.testing import NOON, StandingClock
from ttp.platforms.tiktok.errors import refusal as tiktok_refusal
from ttp.platforms.tiktok.limits import TikTokMeter
from ttp.platforms.x.limits import XMeter

NOON_S = int(NOON.timestamp())
X, INSTAGRAM, TIKTOK = (order(platform) for platform in ("x", "instagram", "tiktok"))
INIT = "/v2/post/publish/video/init/"
STATUS = "/v2/post/publish/status/fetch/"


def after(**more: float) -> datetime:
    return NOON + timedelta(**more)


# X: headers.


def x_headers(which: str, limit: object = 100, left: object = 7, reset: object = NOON_S + 600) -> dict[str, str]:
    told = {"limit": limit, "remaining": left, "reset": reset}
    return {f"{which}-{part}": str(value) for part, value in told.items() if value is not None}


def x_told(
    headers: dict[str, str], *, status: int = 200, what: PublishRequest = X, path: str = "/2/tweets"
) -> list[Limit]:
    return list(XMeter(StandingClock()).read_limits(what, "POST", path, Answer(status, headers, date=NOON)))


def test_x_tells_each_of_its_three_limits() -> None:
    app = replace(X, credentials=Credentials("token", client_id="my-app"))
    headers = {
        **x_headers("x-rate-limit", 100, 7),
        **x_headers("x-user-limit-24hour", 1000, 990, NOON_S + 3600),
        **x_headers("x-app-limit-24hour", 10_000, 0, NOON_S + 7200),
    }
    assert x_told(headers, what=app) == [
        Limit("x/demo", "POST /2/tweets", 7, 100, after(minutes=10)),
        Limit("x/demo", "POST /2/tweets in 24 h", 990, 1000, after(hours=1)),
        Limit("x/demo", "POST /2/tweets in 24 h", 0, 10_000, after(hours=2), "app", "4c9a75cc"),
    ]
    assert XMeter(StandingClock()).keys(app, "POST", "/2/tweets") == tuple(
        limit.key for limit in x_told(headers, what=app)
    )


def test_credentials_that_do_not_name_their_app_share_nothing() -> None:
    (limit,) = x_told(x_headers("x-app-limit-24hour"))
    assert limit.name == "POST /2/tweets of its app in 24 h"


@each(
    ("path", "shown"),
    [
        ("/2/users/1346889436626259968/tweets", "/2/users/{id}/tweets"),
        ("/2/media/upload/5/append", "/2/media/upload/{id}/append"),
        ("/2/tweets/5", "/2/tweets/{id}"),
        ("/2/tweets?ids=1,2", "/2/tweets"),
        ("/2/users/me", "/2/users/me"),
    ],
)
def test_an_endpoint_is_named_without_its_ids(path: str, shown: str) -> None:
    (limit,) = x_told(x_headers("x-rate-limit"), path=path)
    assert limit.name == f"POST {shown}"


@each(
    ("changes", "told"),
    [
        ({"reset": NOON_S - 60}, [(7, 100, timedelta(seconds=1))]),
        ({"reset": NOON_S + 10**7}, [(7, 100, timedelta(hours=24))]),
        ({"reset": "9" * 30}, []),
        ({"reset": "soon"}, []),
        ({"reset": "-5"}, []),
        ({"reset": "\u0665"}, []),
        ({"reset": None}, []),
        ({"left": None}, []),
        ({"left": "many"}, []),
        ({"left": 10**11}, []),
        ({"limit": None}, [(7, None, timedelta(minutes=10))]),
        ({"limit": "0"}, [(7, None, timedelta(minutes=10))]),
        ({"limit": 10**10}, [(7, None, timedelta(minutes=10))]),
    ],
)
def test_headers_that_make_no_sense_are_not_believed(
    changes: dict[str, Any], told: list[tuple[int, int | None, timedelta]]
) -> None:
    found = x_told(x_headers("x-rate-limit", **changes))
    assert [(limit.left, limit.limit, limit.resets_at) for limit in found] == [(a, b, NOON + c) for a, b, c in told]


@pytest.mark.parametrize(
    ("headers", "reset"),
    [
        ({}, 900),
        (x_headers("x-rate-limit", left=95), 600),
        (x_headers("x-rate-limit", left="?", reset="?"), 900),
        ({"retry-after": "7"}, 7),
        ({"retry-after": "-7"}, 900),
        ({"retry-after": "9" * 30}, 900),
        ({"retry-after": "0", **x_headers("x-rate-limit")}, 600),
    ],
    ids=["nothing", "places left", "nonsense", "an advised wait", "a negative one", "an endless one", "both"],
)
def test_a_refusal_says_that_its_endpoint_has_nothing_left(headers: dict[str, str], reset: int) -> None:
    answer = Answer(429, headers, {"title": "Too Many Requests"})
    (limit,) = XMeter(StandingClock()).read_limits(X, "POST", "/2/tweets", answer)
    assert (limit.left, limit.resets_at) == (0, after(seconds=reset))


@each("data", [None, {}, [], {"foo": 1}])
def test_a_429_that_is_not_x_s_tells_nothing_of_x_s_limits(data: object) -> None:
    assert list(XMeter(StandingClock()).read_limits(X, "POST", "/2/tweets", Answer(429, {}, data))) == []


def test_a_proxy_may_send_retry_after() -> None:
    asked = {"retry-after": "7"}
    too_many = {"error": {"code": "rate_limit_exceeded"}}
    (limit,) = TikTokMeter(StandingClock()).read_limits(
        TIKTOK, "POST", "/v2/post/publish/video/init/", Answer(429, asked, too_many)
    )
    assert limit.resets_at == after(seconds=7)
    refused = tiktok_refusal(Answer(429, asked, too_many), TIKTOK.account, NOON, 5)
    assert refused is not None
    assert refused.retry_at == after(seconds=7)
    assert seconds_until_regained(Answer(400, asked, {"error": {"code": 4}})) == 7


def test_x_s_reset_counts_from_x_s_own_clock() -> None:
    answer = Answer(200, x_headers("x-rate-limit", reset=NOON_S + 300 + 60), date=after(minutes=5))
    (limit,) = XMeter(StandingClock()).read_limits(X, "POST", "/2/tweets", answer)
    assert limit.resets_at == after(seconds=60)


# Instagram: percentages.


def used(**shares: object) -> dict[str, object]:
    return {"call_count": 0, "total_cputime": 0, "total_time": 0, **shares}


def business(*lines: object) -> dict[str, str]:
    return {"x-business-use-case-usage": json.dumps({"178": list(lines)})}


def app(line: object) -> dict[str, str]:
    return {"x-app-usage": json.dumps(line)}


REGAIN = "estimated_time_to_regain_access"


@each(
    ("headers", "left", "minutes"),
    [
        (business({"type": "instagram", **used(call_count=28), REGAIN: 0}), 72, 60),
        (business(used(total_cputime=80)), 20, 60),
        (business(used(total_time=99.2)), 0, 60),
        (business(used(call_count=12), used(call_count=34)), 66, 60),
        (business({**used(call_count=100), REGAIN: 7}), 0, 7),
        (business({**used(call_count=150), REGAIN: 99_999}), 0, 24 * 60),
        (business({**used(call_count=50), REGAIN: 5}), 0, 5),
        (business({REGAIN: 5}), 0, 5),
        (business(used(call_count=100)), 0, 60),
        (app(used(call_count=41)), 59, 60),
        (app(used(call_count=100)), 0, 60),
        ({**app(used(call_count=90)), **business(used(call_count=10))}, 10, 60),
    ],
)
def test_instagram_usage_is_in_percent(headers: dict[str, str], left: int, minutes: int) -> None:
    found = list(InstagramMeter(StandingClock()).read_limits(INSTAGRAM, "GET", "/v25.0/1", Answer(200, headers)))
    assert found == [Limit("instagram/demo", "calls in percent", left, 100, after(minutes=minutes))]


@each(
    "headers",
    [
        {},
        business(),
        business(5, None, "x", []),
        business(used(call_count="28", total_cputime=None, total_time=True)),
        business({REGAIN: -5}),
        app([1]),
        app({"call_count": -1}),
        {"x-app-usage": '{"call_count": NaN}'},
        {"x-app-usage": "[" * 100_000, "x-business-use-case-usage": "{"},
        {"x-business-use-case-usage": '{"178": 5}'},
        {"x-business-use-case-usage": "5"},
    ],
)
def test_usage_that_makes_no_sense_is_not_believed(headers: dict[str, str]) -> None:
    assert list(InstagramMeter(StandingClock()).read_limits(INSTAGRAM, "GET", "/v25.0/1", Answer(200, headers))) == []


@each("code", [4, 17, 32, 613, 80001, 80002])
@each(("headers", "minutes"), [({}, 60), (business({REGAIN: 9}), 9), (app(used(call_count=3)), 60)])
def test_a_throttled_account_has_nothing_left(code: int, headers: dict[str, str], minutes: int) -> None:
    answer = Answer(400, headers, {"error": {"code": code, "message": "too many"}})
    assert list(InstagramMeter(StandingClock()).read_limits(INSTAGRAM, "GET", "/v25.0/1", answer)) == [
        Limit("instagram/demo", "calls in percent", 0, 100, after(minutes=minutes))
    ]


@each("error", [{"code": 4, "error_subcode": 2207051}, {"code": 190}, {"code": "4"}, "no"])
def test_another_refusal_says_nothing_of_the_limits(error: object) -> None:
    assert (
        list(InstagramMeter(StandingClock()).read_limits(INSTAGRAM, "GET", "/", Answer(400, {}, {"error": error})))
        == []
    )


def test_only_publishing_counts_against_the_posts_of_a_day() -> None:
    meter = InstagramMeter(StandingClock())
    assert meter.keys(INSTAGRAM, "POST", "/v25.0/178/media_publish") == (
        LimitKey("calls in percent"),
        LimitKey("posts in 24 h"),
    )
    assert meter.keys(INSTAGRAM, "POST", "/v25.0/178/media") == (LimitKey("calls in percent"),)
    assert meter.count_call(INSTAGRAM, "POST", "/v25.0/178/media", InMemoryLimits()) == ()


# TikTok: counted here.


def counts(
    pace: TikTokMeter, memory: InMemoryLimits, path: str = INIT, what: PublishRequest = TIKTOK
) -> tuple[int, datetime | None]:
    (limit,) = pace.count_call(what, "POST", path, memory)
    memory.note(what.account, [limit])
    return limit.left, limit.resets_at


def test_tiktok_calls_per_minute_are_counted() -> None:
    clock, memory = StandingClock(), InMemoryLimits()
    pace = TikTokMeter(clock)
    seen = []
    for _ in range(6):
        seen.append(counts(pace, memory))
        clock.move(2)
    assert seen == [(5 - i, after(seconds=60 + 2 * i) if i < 5 else after(seconds=60)) for i in range(6)]
    assert counts(pace, memory, "/v2/post/publish/content/init/")[0] == 0, "all that begins a post counts together"
    clock.move(60 - 12)
    assert counts(pace, memory) == (0, after(seconds=62))
    clock.move(120)
    assert counts(pace, memory) == (5, after(seconds=240))


@each(
    ("path", "names", "most"),
    [
        (INIT, ("new posts a minute", "posts in 24 h"), 6),
        ("/v2/post/publish/inbox/video/init/", ("new posts a minute", "posts in 24 h"), 6),
        (STATUS, ("status/fetch a minute",), 30),
        ("/v2/post/publish/creator_info/query/", ("creator_info/query a minute",), 20),
        ("/v2/video/list/", ("video/list a minute",), None),
    ],
)
def test_tiktok_limits_each_sort_of_call(path: str, names: tuple[str, ...], most: int | None) -> None:
    pace = TikTokMeter(StandingClock())
    assert pace.keys(TIKTOK, "POST", path) == tuple(map(LimitKey, names))
    assert [limit.limit for limit in pace.count_call(TIKTOK, "POST", path, InMemoryLimits())] == (
        [most] if most else []
    )


@each(("left", "resets_in", "now_left"), [(2, 30, 1), (0, 30, 0), (9, 30, 5), (2, 0, 5), (2, -5, 5), (2, None, 5)])
def test_counts_of_another_process_continue(left: int, resets_in: int | None, now_left: int) -> None:
    memory = InMemoryLimits()
    resets_at = None if resets_in is None else after(seconds=resets_in)
    memory.note(TIKTOK.account, [Limit("tiktok/demo", "new posts a minute", left, 6, resets_at)])
    assert counts(TikTokMeter(StandingClock()), memory)[0] == now_left


def test_accounts_of_tiktok_are_counted_apart_and_a_clock_that_is_put_back_stops_nothing() -> None:
    clock, memory = StandingClock(), InMemoryLimits()
    pace = TikTokMeter(clock)
    other = replace(TIKTOK, account=replace(TIKTOK.account, handle="other"))
    assert (counts(pace, memory)[0], counts(pace, memory, what=other)[0]) == (5, 5)
    clock.at -= timedelta(hours=1)
    assert counts(pace, memory) == (5, after(hours=-1, seconds=60))


@each(
    ("code", "path", "told"),
    [
        ("rate_limit_exceeded", INIT, ("new posts a minute", 0, 6, 60)),
        ("rate_limit_exceeded", "/v2/video/list/", ("video/list a minute", 0, None, 60)),
        ("spam_risk_too_many_posts", INIT, ("posts in 24 h", 0, 15, 86_400)),
        ("ok", INIT, None),
        ("spam_risk", INIT, None),
    ],
)
def test_tiktok_s_refusals_are_remembered(code: str, path: str, told: tuple[str, int, int | None, int] | None) -> None:
    found = list(
        TikTokMeter(StandingClock()).read_limits(TIKTOK, "POST", path, Answer(429, {}, {"error": {"code": code}}))
    )
    assert found == ([] if told is None else [Limit("tiktok/demo", *told[:3], after(seconds=told[3]))])


# The gate.


def gate(memory: InMemoryLimits | None = None, clock: StandingClock | None = None) -> RateLimiter:
    clock = clock or StandingClock()
    return RateLimiter(clock, XMeter(clock), memory)


def closed(name: str = "POST /2/tweets", seconds: float = 60, limit: int | None = 100) -> Limit:
    return Limit("x/demo", name, 0, limit, after(seconds=seconds))


def test_a_call_over_a_limit_is_refused_with_its_reset_and_no_other() -> None:
    memory = InMemoryLimits()
    memory.note(X.account, [closed(), closed("POST /2/tweets in 24 h", 3600, None)])
    assert gate(memory).why_closed(X, "POST", "/2/tweets") == NotSent(
        "limit reached: POST /2/tweets in 24 h", Kind.RATE_LIMIT, retry_at=after(hours=1)
    )
    assert gate(memory).why_closed(X, "GET", "/2/users/me") is None
    later = StandingClock(after(hours=1))
    assert gate(memory, later).why_closed(X, "POST", "/2/tweets") is None


def test_the_check_before_the_work_holds_the_account() -> None:
    memory = InMemoryLimits()
    gate(memory).require_open(X, "POST /2/tweets", "POST", "/2/tweets")
    memory.note(X.account, [closed()])
    with pytest.raises(StepFailed) as failed:
        gate(memory).require_open(X, "POST /2/tweets", "POST", "/2/tweets")
    assert failed.value.step == "POST /2/tweets"
    assert failed.value.outcome == NotDone(
        Kind.RATE_LIMIT,
        "limit reached: POST /2/tweets (100)",
        "limit",
        passing=True,
        retry_at=after(seconds=60),
        hold=True,
    )


def test_impossible_limits_are_not_stored() -> None:
    memory = InMemoryLimits()
    there = gate(memory)
    told = [closed(seconds=86_401), closed("a")._replace(left=-1), closed("b")._replace(left=10**10), closed("c")]
    there.note(X.account, *told, closed("d")._replace(resets_at=None))
    assert [
        name for name in ("POST /2/tweets", "a", "b", "c", "d") if memory.last_known(X.account, LimitKey(name))
    ] == [
        "c",
        "d",
    ]


def test_without_a_meter_everything_may_be_called() -> None:
    free = RateLimiter(StandingClock())
    assert free.acquire(X, "POST", "/2/tweets") is None
    free.record_answer(X, "POST", "/2/tweets", Answer(429))
    free.memory.keep()
    assert free.why_closed(X, "POST", "/2/tweets") is None
    assert ClockMeter(StandingClock()).keys(X, "POST", "/") == ()


@each(
    ("text", "number"),
    [("15", 15), ("0", 0), ("", None), (None, None), ("1" * 12, None), ("-1", None), ("1.5", None), ("\u0661", None)],
)
def test_only_digits_are_a_number(text: str | None, number: int | None) -> None:
    assert parse_whole_number(text) == number


HEADERS = st.dictionaries(
    st.sampled_from(
        [
            *(f"x-{which}-{part}" for which in ("rate-limit", "app-limit-24hour") for part in ("limit", "remaining")),
            *("x-rate-limit-reset", "x-app-limit-24hour-reset", "x-app-usage", "x-business-use-case-usage"),
        ]
    ),
    st.one_of(
        st.text(max_size=30),
        st.integers().map(str),
        st.recursive(
            st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3)),
            lambda inner: st.one_of(
                st.lists(inner, max_size=2),
                st.dictionaries(st.sampled_from(["178", "call_count", REGAIN]), inner, max_size=2),
            ),
        ).map(json.dumps),
    ),
)


@given(headers=HEADERS, status=st.sampled_from([200, 400, 429, 503]), data=st.one_of(st.none(), st.just({"error": 4})))
def test_whatever_an_answer_holds_it_fails_no_call(headers: dict[str, str], status: int, data: object) -> None:
    clock = StandingClock()
    answer = Answer(status, headers, data, date=NOON)
    for what, meter in ((X, XMeter(clock)), (INSTAGRAM, InstagramMeter(clock)), (TIKTOK, TikTokMeter(clock))):
        there = RateLimiter(clock, meter)
        there.record_answer(what, "POST", INIT, answer)
        shut = there.why_closed(what, "POST", INIT)
        assert shut is None or (shut.retry_at is not None and NOON < shut.retry_at <= after(hours=24))


# The gate in the client's way.

URL = "https://api.x.com/2/tweets"


def http(script: Script, clock: StandingClock) -> Http:
    return Http("https://api.x.com", Timeouts(1, 2, 3), clock, gate=gate(clock=clock), transport=script)


def test_a_used_up_limit_stops_the_next_call() -> None:
    clock = StandingClock()
    script = Script(Stub("POST", URL, sent=x_headers("x-rate-limit", left=0)), Stub("POST", URL))
    client = http(script, clock)
    assert isinstance(client.request_for(X, "POST", "/2/tweets"), Answer)
    reply = client.request_for(X, "POST", "/2/tweets")
    assert reply == NotSent("limit reached: POST /2/tweets (100)", Kind.RATE_LIMIT, retry_at=after(minutes=10))
    assert len(script.left) == 1
    clock.move(600)
    assert isinstance(client.request_for(X, "POST", "/2/tweets"), Answer)


def test_an_urgent_call_is_made_all_the_same_and_one_without_the_token_is_no_call_of_the_account() -> None:
    script = Script(
        Stub("POST", URL, status=429), Stub("POST", URL), Stub("POST", URL, headers={"authorization": None})
    )
    client = http(script, StandingClock())
    client.request_for(X, "POST", "/2/tweets")
    assert isinstance(client.request_for(X, "POST", "/2/tweets", urgent=True), Answer)
    assert isinstance(client.request_for(X, "POST", URL, with_token=False), Answer)
    assert script.left == []


def test_a_call_that_was_not_made_is_proof_and_waits_for_the_reset() -> None:
    reply = NotSent("used up", Kind.RATE_LIMIT, retry_at=after(minutes=5))
    proof = NotDone(Kind.RATE_LIMIT, "used up", passing=True, retry_at=after(minutes=5))
    assert as_failure(reply, lambda _: None, "X") == proof
    assert as_outcome(reply, lambda _: None, "X") == proof
    assert as_unclear(reply, lambda _: None, "X") == Unclear(Kind.RATE_LIMIT, "used up", look_at=after(minutes=5))


class Kept(InMemoryLimits):
    """A memory that counts how often it is to be kept."""

    kept = 0

    def keep(self) -> None:
        self.kept += 1


def test_closing_the_connections_stores_the_limits() -> None:
    memory = Kept()
    Http(
        "https://api.x.com", Timeouts(1, 2, 3), StandingClock(), gate=RateLimiter(StandingClock(), memory=memory)
    ).close()
    assert memory.kept == 1


@pytest.mark.parametrize(
    ("what", "path", "name"),
    [
        (X, "/2/tweets", "POST /2/tweets"),
        (INSTAGRAM, "/v25.0/1/media_publish", "posts in 24 h"),
        (TIKTOK, INIT, "new posts a minute"),
    ],
    ids=["x", "instagram", "tiktok"],
)
def test_each_platform_has_its_own_gate(what: PublishRequest, path: str, name: str) -> None:
    memory = InMemoryLimits()
    there = gate_for(what.account.platform, StandingClock(), memory)
    assert there.why_closed(what, "POST", path) is None
    memory.note(what.account, [Limit(what.account.name, name, 0, 1, after(seconds=5))])
    assert there.why_closed(what, "POST", path) is not None
