"""Instagram's comments: the call, its error table, and the list of comments as the proof of what happened."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.platforms.factories import PLATFORMS, client_for
from tests.platforms.instagram.test_prepare import API, error, of
from tests.platforms.instagram.test_publish import ROWS
from tests.platforms.stubs import BEARER, Script, Stub, drive, drive_to_failure
from tests.rows import each
from tests.settings import Config
from ttp.domain.action import action
from ttp.domain.platform_post import PlatformPost
from ttp.domain.publishing.outcome import Done, Finding, Found, Kind, NotDone, Outcome, Unclear, Unknown
from ttp.platforms.client import PublishRequest
from ttp.platforms.instagram.comments import MOST_PAGES
from ttp.platforms.testing import NOON, StandingClock

SINCE = NOON - timedelta(minutes=5)
SCOPES = (
    "instagram_business_basic,instagram_business_content_publish,instagram_business_manage_insights,"
    "instagram_business_manage_comments"
)


def comment(**changes: Any) -> PublishRequest:
    return replace(of(text="Links"), replies_to=("555",), **changes)


def media(**changes: Any) -> Stub:
    return Stub("GET", f"{API}/555", **{"headers": BEARER, "query": {"fields": "is_comment_enabled"}, **changes})


def call(**changes: Any) -> Stub:
    return Stub("POST", f"{API}/555/comments", **{"headers": BEARER, "form": {"message": "Links"}, **changes})


def page(*items: dict[str, object], after: str | None = None, next_after: str | None = None, **changes: Any) -> Stub:
    query = {"fields": "id,text,timestamp,username,from", "limit": "50", **({"after": after} if after else {})}
    answer: dict[str, object] = {"data": list(items)}
    if next_after:
        answer["paging"] = {"cursors": {"before": "b", "after": next_after}, "next": "https://elsewhere.example"}
    return Stub("GET", f"{API}/555/comments", **{"headers": BEARER, "query": query, "answer": answer, **changes})


def item(comment_id: str, at: datetime = SINCE, text: str = "Links", **more: object) -> dict[str, object]:
    return {"id": comment_id, "text": text, "timestamp": f"{at:%Y-%m-%dT%H:%M:%S}+0000", "username": "demo", **more}


def published(*stubs: Stub) -> Outcome:
    script = Script(*stubs)
    outcome = client_for("instagram", Config(), StandingClock(), transport=script).publish(comment(), {})
    assert script.left == []
    return outcome


def looked_up(*stubs: Stub, **changes: Any) -> Finding:
    script = Script(*stubs)
    client = client_for("instagram", Config(), StandingClock(), transport=script)
    finding = client.look_up(comment(**changes), {}, SINCE).finding
    assert script.left == []
    return finding


LINK = "https://example.com"


@each(
    ("text", "more", "codes"),
    [
        ("Links in the bio", {}, []),
        ("#beans " * 5, {}, []),
        (LINK, {}, []),
        ("a" * 301, {}, ["comment_doubtful"]),
        (f"{LINK}/a {LINK}/b", {}, ["comment_doubtful"]),
        ("BUY NOW", {}, ["comment_doubtful"]),
        ("#beans " * 6, {}, ["hashtags"]),
        ("Nice", {"options": {"instagram.kind": "reel"}}, []),
        ("Nice", {"scopes": ("instagram_business_basic", "instagram_business_manage_comments")}, []),
        ("a" * 2201, {}, ["text_too_long", "comment_doubtful"]),
        ("#beans " * 31, {}, ["hashtags"]),
        ("@a " * 21, {}, ["mentions"]),
        ("Nice", {"options": {"instagram.kind": "story"}}, ["comment_kind"]),
        ("Nice", {"scopes": ("instagram_business_basic",)}, ["permission"]),
    ],
)
def test_what_is_said_of_a_comment_before_it_is_sent(text: str, more: dict[str, Any], codes: list[str]) -> None:
    case = PlatformPost(
        "instagram/demo",
        text,
        (),
        is_comment=True,
        table=PLATFORMS.options("instagram"),
        config=Config(),
        **{"options": {}, **more},
    )
    problems = list(PLATFORMS.rules("instagram").problems(case))
    assert [one.code for one in problems] == codes
    refusing = {one.code for one in problems if not one.warning}
    assert refusing <= {"text_too_long", "hashtags", "mentions", "comment_kind", "permission"}
    if "permission" in codes:
        assert problems[0].hint == action("account connect", "instagram/demo", scopes=SCOPES)


def test_the_post_is_asked_for_before_the_call() -> None:
    clock, script = StandingClock(), Script(media(answer={"id": "555", "is_comment_enabled": True}))
    _, ready = drive(client_for("instagram", Config(), clock, transport=script).prepare(comment(), {}), clock)
    assert (ready.step, ready.platform_at, ready.handle) == ("POST comments", NOON, {})


@each(
    ("changes", "kind", "passing"),
    [
        ({"answer": {"id": "555", "is_comment_enabled": False}}, Kind.ACCOUNT, False),
        ({"status": 400, "answer": error(100, 33)}, Kind.ACCOUNT, False),
        ({"status": 500, "answer": {}}, Kind.SERVER, True),
        ({"status": 400, "answer": error(190, 463)}, Kind.AUTH, False),
    ],
)
def test_a_post_that_takes_no_comment_gets_none(changes: dict[str, Any], kind: Kind, passing: bool) -> None:
    clock, script = StandingClock(), Script(media(**changes))
    client = client_for("instagram", Config(), clock, transport=script)
    _, failure = drive_to_failure(client.prepare(comment(), {}), clock)
    assert (failure.outcome.kind, failure.outcome.passing) == (kind, passing)


def test_a_comment_is_done_with_its_id() -> None:
    assert published(call(answer={"id": "777"})) == Done("777", http_status=200)


@each("comment_id", ["0", 777, "555", None])
def test_an_odd_id_proves_nothing(comment_id: object) -> None:
    assert isinstance(published(call(answer={"id": comment_id})), Unknown)


@each("code", ROWS)
def test_each_row_of_the_table_is_the_outcome_of_a_comment(code: str) -> None:
    numbers = [int(number) for number in code.split("/")]
    outcome = published(call(status=400, answer=error(*numbers)))
    kind, passing = ROWS[code]
    if kind in (Kind.SERVER, Kind.RATE_LIMIT):
        assert isinstance(outcome, Unknown)
        return
    assert isinstance(outcome, NotDone)
    if kind is Kind.AUTH and numbers[0] not in (190, 102):  # of the comment alone: the account goes on
        assert (outcome.kind, outcome.passing) == (Kind.ACCOUNT, False)
        assert outcome.hint == action("account connect", "instagram/demo", scopes=SCOPES)
    else:
        assert (outcome.kind, outcome.passing) == (kind, passing)


def test_its_own_comment_with_the_text_is_found() -> None:
    others = [item("1", text="Nice"), item("2", SINCE - timedelta(hours=1)), item("3")]
    assert looked_up(page(*others, item("777", NOON, "Links \r\n")), bound=frozenset({"3"})) == Found("777")
    by_id = {**item("777"), "username": None, "from": {"id": "178"}}
    assert looked_up(page(by_id)) == Found("777")


@pytest.mark.parametrize("pages", [page(), page(item("2", SINCE - timedelta(minutes=2)), next_after="more")], ids=repr)
def test_no_comment_with_the_text_proves_nothing_as_a_second_one_would_be_taken(pages: Stub) -> None:
    finding = looked_up(pages)
    assert isinstance(finding, Unclear)
    assert not finding.final


@each(
    "items",
    [
        [{**item("7", username="fan"), "from": {"id": "9", "username": "fan"}}],
        [item("7"), item("8")],
        [item("7"), item("8", username="fan")],
    ],
)
def test_comments_that_could_be_it_are_for_a_person(items: list[dict[str, object]]) -> None:
    finding = looked_up(page(*items))
    assert isinstance(finding, Unclear)
    assert finding.final


def test_the_list_is_read_back_to_the_call() -> None:
    newer = page(item("1", text="Nice"), next_after="c1")
    assert looked_up(newer, page(item("777"), after="c1")) == Found("777")
    pages = [
        page(item("1", text="Nice"), after=f"c{n}" if n else None, next_after=f"c{n + 1}") for n in range(MOST_PAGES)
    ]
    finding = looked_up(*pages)
    assert isinstance(finding, Unclear)
    assert finding.final


@each(
    "changes",
    [
        {"status": 400, "answer": error(10)},
        {"raw": b"{"},
        {"answer": {"data": [{"id": "7"}]}},
        {"answer": {"data": "none"}},
    ],
)
def test_a_list_that_cannot_be_read_tells_nothing(changes: dict[str, Any]) -> None:
    finding = looked_up(page(**changes))
    assert isinstance(finding, Unclear)
    assert not finding.final
