"""The JSON objects have exactly the keys and forms that scripts rely on."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.rows import each
from ttp.cli import errors as cli_errors
from ttp.cli.errors import command_text
from ttp.domain.account import Account, Hold
from ttp.domain.action import action
from ttp.domain.delivery import Delivery, DeliveryError, DeliveryState
from ttp.domain.errors import (
    Bug,
    ContentRefused,
    Damaged,
    Hint,
    NotFound,
    PartlyFailed,
    PastTime,
    Problem,
    ReconnectNeeded,
    SlowClock,
    TtpError,
)
from ttp.domain.health import ActionsNeeded, Health, PlatformCosts, PublisherInfo, RegisteredPublisher
from ttp.domain.login_end import LoginEnd
from ttp.domain.media.item import MediaItem, MediaUse
from ttp.domain.metrics.sample import Sample
from ttp.domain.post import Metrics, PostStatus
from ttp.domain.post_fields import PLAIN
from ttp.domain.publishing.outcome import Attempt, Kind, Phase
from ttp.domain.publishing.rate_limit import Limit
from ttp.services.queries import PostView
from ttp.views import accounts, metrics, posts, status
from ttp.views import errors as views_errors

AT = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
AT_TEXT = "2026-11-23T17:00:00Z"
NEXT = AT + timedelta(minutes=5)
DELIVERED = Delivery(
    "instagram/roastery",
    "instagram",
    DeliveryState.PUBLISHED,
    due_at=AT,
    remote_id="179",
    url="https://example.org/p/1",
    published_at=AT + timedelta(milliseconds=3004),
    attempts=1,
)
FAILED = Delivery(
    "x/roastery",
    "x",
    DeliveryState.FAILED,
    due_at=AT,
    attempts=1,
    error=DeliveryError(Kind.AUTH, "token ended", "401", action("account connect", "x/roastery")),
)
POST = PostView(
    "Launch day!",
    (DELIVERED, FAILED),
    PostStatus.PARTIAL,
    scheduled_at=AT,
    created_at=AT,
    updated_at=AT,
    media=(MediaItem("launch.jpg", "image/jpeg", 412331, "ab" * 32, 1080, 1350, alt="a cup"),),
    variants={"x": "Launch!"},
    tags=("launch",),
    id=38,
    metrics={"instagram/roastery": Metrics(12, None, None, 900, AT)},
)


def test_a_post_has_the_documented_form() -> None:
    assert json.loads(json.dumps(posts.post_json(POST), default=command_text)) == {
        "id": 38,
        "status": "partial",
        "content": "Launch day!",
        "accounts": ["instagram/roastery", "x/roastery"],
        "platforms": ["instagram", "x"],
        "scheduledAt": AT_TEXT,
        "publishedAt": None,
        "createdAt": AT_TEXT,
        "updatedAt": AT_TEXT,
        **{one.file: getattr(POST, one.name) for one in PLAIN},
        "media": [
            {
                "name": "launch.jpg",
                "mime": "image/jpeg",
                "bytes": 412331,
                "sha256": "ab" * 32,
                "width": 1080,
                "height": 1350,
                "durationMs": None,
                "alt": "a cup",
                "url": None,
                "focus": None,
                "captions": None,
                "thumbnail": None,
                "part": 1,
                "only": None,
            }
        ],
        "cards": [],
        "variants": {"x": "Launch!"},
        "thread": [],
        "tags": ["launch"],
        "options": {},
        "key": None,
        "origin": None,
        "chosenBy": None,
        "approvedAt": None,
        "rejection": None,
        "repeat": None,
        "needs": ["reconnect"],
        "asksFor": None,
        "warnings": [],
        "likes": 12,
        "comments": None,
        "shares": None,
        "views": 900,
        "deliveries": [
            {
                "account": "instagram/roastery",
                "platform": "instagram",
                "state": "published",
                "dueAt": AT_TEXT,
                "remoteId": "179",
                "url": "https://example.org/p/1",
                "publishedAt": "2026-11-23T17:00:03.004Z",
                "note": None,
                "takenDownAt": None,
                "parts": [],
                "plannedParts": [],
                "langs": None,
                "attempts": 1,
                "nextAttemptAt": None,
                "waitingFor": None,
                "waitingUntil": None,
                "error": None,
                "metrics": {
                    "likes": 12,
                    "comments": None,
                    "shares": None,
                    "views": 900,
                    "observedAt": AT_TEXT,
                },
                "comment": None,
            },
            {
                "account": "x/roastery",
                "platform": "x",
                "state": "failed",
                "dueAt": AT_TEXT,
                "remoteId": None,
                "url": None,
                "publishedAt": None,
                "note": None,
                "takenDownAt": None,
                "parts": [],
                "plannedParts": [],
                "langs": None,
                "attempts": 1,
                "nextAttemptAt": None,
                "waitingFor": None,
                "waitingUntil": None,
                "error": {
                    "kind": "auth",
                    "code": "401",
                    "message": "token ended",
                    "hint": "ttp account connect x/roastery",
                },
                "metrics": None,
                "comment": None,
            },
        ],
    }


def test_warnings_are_told_and_replayed_only_where_it_is_so() -> None:
    assert posts.post_json(POST, ["no media"])["warnings"] == ["no media"]
    assert posts.post_json(POST, replayed=True)["replayed"] is True
    assert "replayed" not in posts.post_json(POST)


@pytest.mark.parametrize(
    ("state", "told"), [(DeliveryState.RETRYING, "2026-11-23T17:05:00Z"), (DeliveryState.RECONCILING, None)]
)
def test_only_a_retrying_delivery_has_a_next_attempt_because_a_look_up_is_none(
    state: DeliveryState, told: str | None
) -> None:
    row = Delivery("x/me", "x", state, next_at=NEXT, waiting_for="a reset", waiting_until=NEXT)
    shape = posts.delivery_json(row)
    assert shape["nextAttemptAt"] == told
    assert (shape["waitingFor"], shape["waitingUntil"]) == ("a reset", "2026-11-23T17:05:00Z")


def test_an_account_has_the_documented_form() -> None:
    account = Account(
        "tiktok",
        "demo",
        id=3,
        user_id="77",
        connected=True,
        timezone="Europe/Berlin",
        expires_at=NEXT,
        scopes=("video.publish",),
        hold_until=NEXT,
        hold_reason="quota",
        options={"tiktok.privacy_level": "SELF_ONLY"},
    )
    assert json.loads(json.dumps(accounts.account_json(account))) == {
        "account": "tiktok/demo",
        "platform": "tiktok",
        "handle": "demo",
        "connected": True,
        "needsReconnect": False,
        "enabled": True,
        "timezone": "Europe/Berlin",
        "expiresAt": "2026-11-23T17:05:00Z",
        "scopes": ["video.publish"],
        "holdUntil": "2026-11-23T17:05:00Z",
        "holdReason": "quota",
        "options": {"tiktok.privacy_level": "SELF_ONLY"},
        "server": None,
        "split": None,
        "utm": None,
    }


@each(
    ("url", "pages"),
    [
        ("https://x.com/i/status/11", ["https://x.com/i/status/11", "https://x.com/i/status/12"]),
        ("https://a.example/11/post/11?a", ["https://a.example/11/post/11?a", "https://a.example/11/post/12?a"]),
        ("https://a.example/other", [None, None]),
        (None, [None, None]),
    ],
)
def test_each_part_of_a_thread_has_its_id_and_page(url: str | None, pages: list[str | None]) -> None:
    delivery = Delivery(
        "x/me", "x", DeliveryState.PUBLISHED, remote_id="11", url=url, handle={"parts": ["11", "12"], "of": 2}
    )
    parts = posts.delivery_json(delivery)["parts"]
    assert parts == [{"remoteId": part, "url": page} for part, page in zip(("11", "12"), pages, strict=True)]


def test_an_attempt_has_the_documented_form() -> None:
    attempt = Attempt(
        "x/me", 2, "create", Phase.PUBLISH, AT, NEXT, "not_done", Kind.AUTH, "89", 401, "ended", fingerprint="f" * 64
    )
    assert json.loads(json.dumps(posts.attempt_json(attempt))) == {
        "at": AT_TEXT,
        "account": "x/me",
        "comment": False,
        "number": 2,
        "step": "create",
        "phase": "publish",
        "outcome": "not_done",
        "kind": "auth",
        "httpStatus": 401,
        "message": "ended",
        "endedAt": "2026-11-23T17:05:00Z",
    }


def test_a_sample_tells_what_was_not_counted_as_null_not_as_zero() -> None:
    sample = Sample("x/me", "1", AT, NEXT, likes=0, views=9)
    assert metrics.sample_json(sample) == {
        "account": "x/me",
        "remoteId": "1",
        "publishedAt": AT_TEXT,
        "observedAt": "2026-11-23T17:05:00Z",
        "likes": 0,
        "comments": None,
        "shares": None,
        "views": 9,
        "saves": None,
        "reach": None,
        "kind": None,
        "text": None,
    }


def test_status_has_the_documented_form() -> None:
    health = Health(
        PublisherInfo(True, 4127, "loop", AT, NEXT, "0.1.0"),
        next_due_at=NEXT,
        next_post=POST,
        overdue=1,
        waiting=3,
        needs=ActionsNeeded((36,), ("x/roastery",), (38, 39)),
        holds=(Hold("x/me", NEXT, "quota"),),
        limits=(Limit("tiktok/me", "posts", 3, 15, NEXT),),
        media=MediaUse(7, 12_000_000),
        clock=SlowClock(AT, NEXT),
        costs=(PlatformCosts("x", "X"),),
        publishers=(RegisteredPublisher("alpha", 4127, "loop", AT, NEXT, 3),),
        notify=("phone",),
        logins=(LoginEnd("li/me", NEXT, (4,)),),
    )
    assert json.loads(json.dumps(status.status_json(health), default=command_text)) == {
        "publisher": {
            "running": True,
            "pid": 4127,
            "mode": "loop",
            "since": AT_TEXT,
            "lastRunAt": "2026-11-23T17:05:00Z",
            "version": "0.1.0",
        },
        "nextDueAt": "2026-11-23T17:05:00Z",
        "overdue": 1,
        "waiting": 3,
        "needs": {"review": 1, "reconnect": 1, "retry": 2},
        "holds": [{"account": "x/me", "until": "2026-11-23T17:05:00Z", "reason": "quota"}],
        "limits": [
            {"account": "tiktok/me", "name": "posts", "left": 3, "limit": 15, "resetsAt": "2026-11-23T17:05:00Z"}
        ],
        "costs": {"x": {"posts": 0, "usd": 0.0, "more": False}},
        "media": {"files": 7, "bytes": 12_000_000},
        "blocked": [{"by": "clock", "message": SlowClock(AT, NEXT).message, "hint": "date"}],
        "sources": [],
        "webhooks": [],
        "publishers": [
            {
                "host": "alpha",
                "pid": 4127,
                "mode": "loop",
                "since": AT_TEXT,
                "lastReportAt": "2026-11-23T17:05:00Z",
                "accounts": 3,
            }
        ],
        "notify": ["phone"],
        "logins": [{"account": "li/me", "endsAt": "2026-11-23T17:05:00Z", "posts": [4]}],
    }


@pytest.mark.parametrize(("running", "stalled"), [(False, True), (True, False)])
def test_publishing_is_stalled_when_posts_are_overdue_and_nothing_runs(*, running: bool, stalled: bool) -> None:
    assert Health(PublisherInfo(running), overdue=1).is_stalled is stalled
    assert not Health(PublisherInfo(running)).is_stalled


def test_an_error_has_the_documented_form_with_all_its_problems() -> None:
    error = ContentRefused(
        "instagram/shop cannot take a post without media",
        Hint("try", "--media FILE"),
        Hint("try", "leave out --at"),
        problems=[Problem("media", "required", "needs media", "instagram/shop", "--media FILE")],
    )
    assert views_errors.error_json(error, 2) == {
        "error": {
            "code": "content",
            "message": "instagram/shop cannot take a post without media",
            "hint": None,
            "hints": ["--media FILE", "leave out --at"],
            "exit": 2,
            "problems": [
                {
                    "field": "media",
                    "account": "instagram/shop",
                    "code": "required",
                    "message": "needs media",
                    "hint": "--media FILE",
                }
            ],
        }
    }


def test_an_error_without_a_way_out_has_a_null_hint_and_its_details_are_in_the_message() -> None:
    shape = views_errors.error_json(PastTime("02:30 does not exist", details=["(clocks go from 02:00 to 03:00)"]), 2)[
        "error"
    ]
    assert isinstance(shape, dict)
    assert shape["hint"] is None
    assert shape["problems"] == []
    assert shape["message"] == "02:30 does not exist (clocks go from 02:00 to 03:00)"


def every_error(kind: type[TtpError] = TtpError) -> set[type[TtpError]]:
    return {kind}.union(*(every_error(below) for below in kind.__subclasses__()))


def test_every_error_code_has_an_exit_code_of_its_own_choosing() -> None:
    raised = {kind.code for kind in every_error() if kind.__module__.startswith("ttp.")}
    only_over_http = {kind.code for kind in every_error() if kind.__module__ == "ttp.server.problems"}
    assert raised - (only_over_http - {"usage"}) == set(cli_errors.BY_CODE)


@each(
    ("error", "code"),
    [
        (PastTime("x"), 2),
        (NotFound("x"), 3),
        (ReconnectNeeded("x"), 4),
        (Damaged("x"), 5),
        (PartlyFailed("x"), 6),
        (Bug("x"), 1),
    ],
)
def test_exit_codes_are_those_of_the_contract(error: TtpError, code: int) -> None:
    assert cli_errors.exit_code(error) == code
