"""The numbers of own posts on Instagram: fields, insights by kind of post, cursors, and what stays unknown."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.platforms.factories import reader_for
from tests.platforms.metrics_lines import SECOND, Told, history, line, read
from tests.platforms.stubs import BEARER, Script, Stub
from tests.rows import each
from tests.settings import Config
from ttp.domain.account import Credentials
from ttp.domain.metrics.sample import OnlineDay, Sample
from ttp.domain.publishing.outcome import Kind
from ttp.platforms.testing import NOON, StandingClock

API = "https://graph.instagram.com/v25.0"
FIELDS = "id,caption,media_type,media_product_type,timestamp,like_count,comments_count"
LASTING = ("views", "reach", "shares", "saved")
MADE = NOON - timedelta(hours=1)
VALUES = {"views": 100, "reach": 80, "shares": 3, "saved": 2}


def media(media_id: str = "17", **more: object) -> dict[str, object]:
    answer = {
        "id": media_id,
        "caption": "Hello",
        "media_type": "IMAGE",
        "media_product_type": "FEED",
        "timestamp": "2026-11-24T11:00:00+0000",
        "like_count": 5,
        "comments_count": 4,
        **more,
    }
    return {name: value for name, value in answer.items() if value is not None}


def node(answer: dict[str, Any], **more: Any) -> Stub:
    return Stub("GET", f"{API}/{answer['id']}", query={"fields": FIELDS}, headers=BEARER, answer=answer, **more)


def insights(media_id: str = "17", metrics: tuple[str, ...] = LASTING, **more: Any) -> Stub:
    """The insights of a post, with the values of `VALUES`."""
    told = [
        {"name": name, "period": "lifetime", "values": [{"value": VALUES[name]}], "id": f"{media_id}/insights/{name}"}
        for name in metrics
    ]
    fields = {"answer": {"data": told}, **more}
    query = {"metric": ",".join(metrics)}
    return Stub("GET", f"{API}/{media_id}/insights", query=query, headers=BEARER, **fields)


def error(code: int, subcode: int | None = None, message: str = "no") -> dict[str, object]:
    told: dict[str, object] = {"message": message, "type": "OAuthException", "code": code}
    return {"error": {**told, **({"error_subcode": subcode} if subcode else {})}}


def refused(stub: Stub, code: int, subcode: int | None = None) -> Stub:
    stub.status, stub.answer = 400, error(code, subcode)
    return stub


def listed(*items: dict[str, Any], limit: int = 50, after: str | None = None, cursor: str | None = None) -> Stub:
    """A page of the list; `cursor` leads to the next one, whose address holds a token and another host."""
    query = {"fields": FIELDS, "limit": str(limit), **({"after": after} if after else {})}
    answer: dict[str, object] = {"data": list(items)}
    if cursor:
        answer["paging"] = {
            "cursors": {"before": "b", "after": cursor},
            "next": "https://evil.example/?access_token=stolen",
        }
    else:
        answer["paging"] = {"cursors": {"before": "b", "after": "end"}}
    return Stub("GET", f"{API}/42/media", query=query, headers=BEARER, answer=answer)


def ig(*renewals: Credentials | None, user_id: str | None = "42") -> Any:
    return line("instagram", *renewals, user_id=user_id)


def one(answer: dict[str, Any], *stubs: Stub) -> Sample:
    """The sample of one post, given what its insights answer."""
    (sample,) = read(ig(), [answer["id"]], node(answer), *(stubs or [insights()])).samples
    return sample


def test_a_post_is_its_fields_and_its_insights() -> None:
    assert one(media()) == Sample(
        "instagram/demo", "17", MADE, NOON, 5, 4, 3, 100, saves=2, reach=80, kind="image", text="Hello"
    )


def test_hidden_likes_are_unknown_and_not_zero() -> None:
    assert one(media(like_count=None)).likes is None


@each(
    ("media_type", "product", "metrics", "kind"),
    [
        ("IMAGE", "FEED", LASTING, "image"),
        ("CAROUSEL_ALBUM", "FEED", LASTING, "carousel"),
        ("VIDEO", "FEED", LASTING, "video"),
        ("VIDEO", "REELS", LASTING, "video"),
        ("IMAGE", "STORY", ("views", "reach", "shares"), "image"),
    ],
)
def test_every_kind_of_post_is_asked_for_its_own_metrics(
    media_type: str, product: str, metrics: tuple[str, ...], kind: str
) -> None:
    answer = media(media_type=media_type, media_product_type=product)
    assert one(answer, insights(metrics=metrics)).kind == kind


def test_unknown_kinds_are_not_asked_for_insights() -> None:
    told = read(ig(), ["17"], node(media(media_product_type="AD", media_type="OTHER")))
    assert [(one.likes, one.views, one.kind) for one in told.samples] == [(5, None, None)]


def test_insights_that_lag_behind_are_unknown_and_not_zero() -> None:
    sample = one(media(), insights(answer={"data": []}))
    assert (sample.likes, sample.views, sample.reach, sample.saves, sample.shares) == (5, None, None, None, None)


def test_a_value_may_come_as_a_total() -> None:
    answer = {"data": [{"name": "views", "total_value": {"value": 7}}, {"name": "reach", "values": []}, "odd"]}
    sample = one(media(), insights(answer=answer))
    assert (sample.views, sample.reach) == (7, None)


def test_one_unsupported_metric_loses_itself_alone_and_is_not_asked_for_again() -> None:
    first, second, third = (media(media_id) for media_id in ("1", "2", "3"))
    told = read(
        ig(),
        ["1", "2", "3"],
        node(first),
        refused(insights("1"), 100),
        insights("1", ("views",)),
        refused(insights("1", ("reach",)), 100),
        insights("1", ("shares",)),
        insights("1", ("saved",)),
        node(second),
        insights("2", ("views", "shares", "saved")),
        node({**third, "media_product_type": "REELS"}),
        insights("3"),
    )
    assert [(one.views, one.reach, one.shares, one.saves) for one in told.samples] == [
        (100, None, 3, 2),
        (100, None, 3, 2),
        (100, 80, 3, 2),
    ]


def test_a_post_without_any_insights_takes_them_from_no_other() -> None:
    alone = [refused(insights("1", (metric,)), 100) for metric in LASTING]
    older = [node(media("2")), refused(insights("2"), 100), node(media("3")), insights("3")]
    told = read(ig(), ["1", "2", "3"], node(media("1")), refused(insights("1"), 100), *alone, *older)
    assert [sample.views for sample in told.samples] == [None, None, 100]


def test_a_refusal_after_the_same_question_was_answered_is_about_one_post() -> None:
    stubs = [node(media("1")), insights("1"), node(media("2")), refused(insights("2"), 100), node(media("3"))]
    told = read(ig(), ["1", "2", "3"], *stubs, insights("3"))
    assert [sample.views for sample in told.samples] == [100, None, 100]


def test_a_story_that_too_few_have_seen_keeps_the_others_insights_open() -> None:
    story = media("1", media_product_type="STORY", like_count=0)
    few = refused(insights("1", ("views", "reach", "shares")), 10)
    told = read(ig(), ["1", "2"], node(story), few, node(media("2")), insights("2"))
    assert [sample.views for sample in told.samples] == [None, 100]
    assert told.pages[0].ends == {"1": MADE + timedelta(hours=24)}
    assert told.pages[1].ends == {}


def test_a_missing_insights_permission_is_reported_once() -> None:
    told = read(ig(), ["1", "2"], node(media("1")), refused(insights("1"), 10), node(media("2")))
    assert [(sample.likes, sample.views) for sample in told.samples] == [(5, None), (5, None)]
    first, second = (page.note for page in told.pages)
    assert first is not None
    assert "instagram/demo" in first
    assert second is None


def test_a_fault_of_one_posts_insights_costs_only_them() -> None:
    told = read(ig(), ["1", "2"], node(media("1")), refused(insights("1"), 2), node(media("2")), insights("2"))
    assert [sample.views for sample in told.samples] == [None, 100]


@pytest.mark.parametrize(("code", "subcode"), [(100, 33), (24, 2207006)])
def test_a_deleted_post_is_reported_and_the_next_one_read(code: int, subcode: int) -> None:
    told = read(ig(), ["1", "2"], refused(node(media("1")), code, subcode), node(media("2")), insights("2"))
    assert (told.gone, len(told.samples)) == (["1"], 1)


def test_a_post_without_numbers_or_a_time_gives_no_sample() -> None:
    nothing = media(like_count=None, comments_count=None, media_product_type="OTHER")
    assert read(ig(), ["17"], node(nothing)).samples == []
    assert read(ig(), ["17"], node(media(timestamp="yesterday"))).samples == []
    assert read(ig(), ["not-a-number"]) == Told()


# History.


def test_history_follows_cursors_and_never_the_address_of_the_next_page() -> None:
    told = history(
        ig(),
        60,
        listed(media("1"), media("2"), cursor="c1"),
        insights("1"),
        insights("2"),
        listed(media("3"), after="c1"),
        insights("3"),
    )
    assert [sample.remote_id for sample in told.samples] == ["1", "2", "3"]


def test_history_takes_no_more_than_was_asked_for_and_no_ads() -> None:
    page = listed(media("1", media_product_type="AD"), media("2"), media("3"), limit=1, cursor="c1")
    assert [sample.remote_id for sample in history(ig(), 1, page, insights("2")).samples] == ["2"]


def test_history_ends_where_a_cursor_comes_again() -> None:
    told = history(ig(), 9, listed(limit=9, cursor="c"), listed(limit=9, after="c", cursor="c"))
    assert (told.samples, told.failure) == ([], None)


@pytest.mark.parametrize("answer", [{"data": [{"user_id": "42"}]}, {"user_id": "42", "username": "demo"}])
def test_the_user_id_is_asked_for_where_nobody_knows_it(answer: object) -> None:
    me = Stub("GET", f"{API}/me", query={"fields": "user_id,username"}, headers=BEARER, answer=answer)
    assert len(history(ig(user_id=None), 5, me, listed(media(), limit=5), insights()).samples) == 1


def test_without_a_user_id_nothing_can_be_listed() -> None:
    me = Stub("GET", f"{API}/me", query={"fields": "user_id,username"}, headers=BEARER, answer={"id": "7"})
    failure = history(ig(user_id=None), 5, me).failure
    assert failure is not None
    assert failure.outcome.passing
    facebook = Config({"platforms.instagram.login": "facebook"})
    failure = history(ig(user_id=None), 5, config=facebook).failure
    assert failure is not None
    assert failure.outcome.kind is Kind.AUTH


# What goes wrong.


def test_a_refused_token_is_renewed_once_in_the_middle_of_it() -> None:
    again = insights()
    again.headers = {"authorization": f"Bearer {SECOND}"}
    told = read(ig(Credentials(SECOND, user_id="42")), ["17"], node(media()), refused(insights(), 190, 463), again)
    assert [sample.views for sample in told.samples] == [100]
    told = read(ig(None), ["17"], node(media()), refused(insights(), 190, 463))
    assert told.failure is not None
    assert told.failure.outcome.kind is Kind.AUTH


def test_a_missing_permission_is_reported() -> None:
    failure = read(ig(), ["17"], refused(node(media()), 10)).failure
    assert failure is not None
    assert failure.outcome.kind is Kind.AUTH


@pytest.mark.parametrize(
    ("stub", "kind"),
    [
        (refused(insights(), 80002), Kind.RATE_LIMIT),
        (insights(fails=httpx.ConnectError("no route")), Kind.NETWORK),
    ],
    ids=["throttled", "network"],
)
def test_a_failure_not_about_one_post_ends_the_reading(stub: Stub, kind: Kind) -> None:
    failure = read(ig(), ["17", "18"], node(media()), stub).failure
    assert failure is not None
    assert (failure.outcome.kind, failure.outcome.passing) == (kind, True)


def test_reading_stops_while_some_calls_are_left_for_publishing() -> None:
    usage = json.dumps({"call_count": 80, "total_cputime": 1, "total_time": 1})
    told = read(ig(), ["1", "2"], node(media("1")), insights("1", sent={"x-app-usage": usage}))
    assert len(told.samples) == 1
    assert told.failure is not None
    assert told.failure.outcome.kind is Kind.RATE_LIMIT


# When followers are online.


def online(*days: dict[str, Any], until: datetime = NOON, **more: Any) -> Stub:
    since, until_s = (str(int(at.timestamp())) for at in (until - timedelta(days=29), until))
    query = {"metric": "online_followers", "period": "lifetime", "since": since, "until": until_s}
    answer = {"data": [{"name": "online_followers", "period": "lifetime", "values": list(days)}]}
    return Stub("GET", f"{API}/42/insights", query=query, headers=BEARER, **{"answer": answer, **more})


def day(ends: object, **hours: object) -> dict[str, object]:
    return {"value": {name.removeprefix("h"): count for name, count in hours.items()}, "end_time": ends}


def days_of(told: Told) -> list[OnlineDay]:
    return [one for page in told.pages for one in page.online]


def test_hours_of_online_followers_stay_as_instagram_names_them() -> None:
    first, second = "2026-11-21T08:00:00+0000", "2026-11-22T07:00:00+0000"
    told = history(ig(), 1, listed(limit=1), online(day(first, h0=20, h13=90), day(second, h9=0)))
    assert days_of(told) == [OnlineDay(first, {"0": 20, "13": 90}), OnlineDay(second, {"9": 0})]


def test_days_and_hours_without_numbers_are_left_out() -> None:
    days = (day("2026-11-24T08:00:00+0000"), day(7, h1=1), day("a" * 41, h1=1), day("x", h1=-1, h2=2.5, h3="4"))
    odd = ({"end_time": "2026-11-24T08:00:00+0000", "value": [1]}, day("y", h1=True, h2=3))
    told = read(ig(), ["17"], node(media()), insights(), online(*days, *odd))
    assert days_of(told) == [OnlineDay("y", {"2": 3})]
    assert days_of(read(ig(), ["17"], node(media()), insights(), online(answer={"data": [7]}))) == []


def test_a_refusal_of_online_followers_is_a_note_and_loses_no_post() -> None:
    told = read(ig(), ["17"], node(media()), insights(), refused(online(), 100))
    assert ([one.likes for one in told.samples], told.failure) == ([5], None)
    assert [page.note is not None for page in told.pages] == [False, True]


def test_without_the_permission_for_insights_online_followers_are_not_asked_for() -> None:
    class Asked(Exception):
        pass

    never = online(fails=Asked())
    with pytest.raises(AssertionError):  # the last request is left
        read(ig(), ["17"], node(media()), refused(insights(), 10), never)


def test_a_reader_asks_for_online_followers_twice_a_day() -> None:
    clock = StandingClock(NOON)
    script = Script(*(online(day("x", h1=1), until=NOON + timedelta(hours=hours)) for hours in (0, 12)))
    reader = reader_for("instagram", Config(), clock, transport=script)
    found = []
    for hours in (0, 11, 1):
        clock.move(hours * 3600)
        found.append(len(list(reader.read(ig(), []))))
    reader.close()
    assert (found, script.left) == ([1, 0, 1], [])
