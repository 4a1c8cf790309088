"""The numbers of own posts on X: the exact requests, both dialects, what is missing and what is not asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.platforms.metrics_lines import SECOND, Told, history, line, read
from tests.platforms.stubs import BEARER, Stub
from tests.rows import each
from tests.settings import Config
from ttp.domain.account import Credentials
from ttp.domain.metrics.sample import Sample
from ttp.domain.publishing.outcome import Kind
from ttp.domain.time.clock import to_ms
from ttp.platforms.testing import NOON
from ttp.platforms.x.look_up import X_EPOCH_MS

API = "https://api.x.com"
FIELDS = {
    "post.fields": "created_at,public_metrics,attachments,entities",
    "expansions": "attachments.media_keys,referenced_posts",
    "media.fields": "public_metrics",
}
MADE = NOON - timedelta(hours=1)
ID = str((to_ms(MADE) - X_EPOCH_MS) << 22)
NUMBERS = {
    "like_count": 5,
    "reply_count": 4,
    "repost_count": 3,
    "quote_count": 2,
    "bookmark_count": 1,
    "impression_count": 100,
}


def post(post_id: str = ID, **more: object) -> dict[str, object]:
    return {
        "id": post_id,
        "text": "Hello",
        "created_at": "2026-11-24T11:00:00.000Z",
        "public_metrics": NUMBERS,
        "edit_history_post_ids": [post_id],
        **more,
    }


def by_ids(ids: str, answer: object, **more: Any) -> Stub:
    return Stub("GET", f"{API}/2/tweets", query={"ids": ids, **FIELDS}, headers=BEARER, answer=answer, **more)


def page(size: int, *posts: dict[str, object], token: str | None = None, after: str | None = None) -> Stub:
    query = {**FIELDS, "exclude": "replies,retweets", "max_results": str(size)}
    meta: dict[str, object] = {"result_count": len(posts), **({"next_token": token} if token else {})}
    return Stub(
        "GET",
        f"{API}/2/users/42/tweets",
        query={**query, **({"pagination_token": after} if after else {})},
        headers=BEARER,
        answer={**({"data": list(posts)} if posts else {}), "meta": meta},
    )


def x(*renewals: Credentials | None, user_id: str | None = "42") -> Any:
    return line("x", *renewals, user_id=user_id)


def one(answer: dict[str, object]) -> Sample:
    """The sample of one listed post."""
    (sample,) = read(x(), [ID], by_ids(ID, {"data": [answer]})).samples
    return sample


def test_every_number_of_a_post_is_read() -> None:
    assert one(post()) == Sample(
        "x/demo", ID, MADE, NOON, likes=5, comments=4, shares=5, views=100, saves=1, kind="text", text="Hello"
    )


def test_the_older_dialect_says_the_same() -> None:
    older = {("retweet_count" if name == "repost_count" else name): value for name, value in NUMBERS.items()}
    answer = post(public_metrics=older, edit_history_tweet_ids=[ID])
    assert one(answer) == one(post())


def test_a_hundred_posts_are_asked_for_at_once_and_the_rest_after_them() -> None:
    ids = [str(number) for number in range(1, 151)]
    first, second = ids[:100], ids[100:]
    told = read(
        x(),
        ids,
        by_ids(",".join(first), {"data": [post(one) for one in first]}),
        by_ids(",".join(second), {"data": [post(one) for one in second]}),
    )
    assert [sample.remote_id for sample in told.samples] == ids
    assert [len(page.samples) for page in told.pages] == [100, 50]


def test_posts_that_x_does_not_have_are_gone_and_others_that_it_hides_are_not() -> None:
    problems = "https://api.twitter.com/2/problems/"
    errors = [
        {"resource_id": "2", "value": "2", "type": f"{problems}resource-not-found"},
        {"value": "3", "type": "https://api.x.com/2/problems/resource-not-found"},
        {"resource_id": "4", "value": "4", "type": f"{problems}not-authorized-for-resource"},
        {"resource_id": "9", "type": f"{problems}resource-not-found"},
        "odd",
    ]
    told = read(x(), ["1", "2", "3", "4"], by_ids("1,2,3,4", {"data": [post("1")], "errors": errors}))
    assert ([one.remote_id for one in told.samples], told.gone) == (["1"], ["2", "3"])
    told = read(x(), ["2"], by_ids("2", {"errors": errors}))
    assert (told.samples, told.gone) == ([], ["2"])


def test_the_kind_follows_from_the_media() -> None:
    kinds = {"photo": "image", "video": "video", "animated_gif": "video"}
    for described, kind in kinds.items():
        answer = {
            "data": [post(attachments={"media_keys": ["3_1"]})],
            "includes": {"media": [{"media_key": "3_1", "type": described}]},
        }
        assert read(x(), [ID], by_ids(ID, answer)).samples[0].kind == kind
    assert one(post(attachments={"media_keys": ["7_1"]})).kind == "video"
    assert one(post(attachments={"media_keys": ["99_1"]})).kind is None


def test_video_views_replace_missing_impressions() -> None:
    media = {"media": [{"media_key": "7_1", "type": "video", "public_metrics": {"view_count": 70}}]}
    with_video = {"attachments": {"media_keys": ["7_1"]}}
    bare = {name: value for name, value in NUMBERS.items() if name != "impression_count"}
    both = [post("1", **with_video), post("2", public_metrics=bare, **with_video)]
    told = read(x(), ["1", "2"], by_ids("1,2", {"data": both, "includes": media}))
    assert [sample.views for sample in told.samples] == [100, 70]


@each("wrong", [-1, 1.5, "5", True, None, 2**60])
def test_an_invalid_count_is_unknown(wrong: object) -> None:
    sample = one(post(public_metrics={**NUMBERS, "like_count": wrong}))
    assert (sample.likes, sample.comments) == (None, 4)


def test_a_post_without_numbers_gives_no_sample() -> None:
    for answer in (post(public_metrics=None), post(public_metrics={"bookmark_count": 1}), {"id": "x"}, "odd", None):
        told = read(x(), [ID], by_ids(ID, {"data": [answer]}))
        assert (told.samples, told.gone, told.failure) == ([], [], None)


def test_the_time_is_that_of_the_id_where_x_does_not_tell_it() -> None:
    for odd in (None, "yesterday", "2026-11-24T11:00:00", 5):
        assert one(post(created_at=odd)).published_at == MADE
    assert one(post(created_at="2026-11-24T12:00:00.5+01:00")).published_at == MADE + timedelta(seconds=0.5)


def test_a_post_of_a_clock_ahead_is_observed_when_it_was_made() -> None:
    assert one(post(created_at="2026-11-24T12:00:09.000Z")).observed_at == datetime(2026, 11, 24, 12, 0, 9, tzinfo=UTC)


def test_the_text_is_one_line_with_links_put_back_and_cut() -> None:
    urls = [{"url": "https://t.co/a", "expanded_url": "https://example.com/menu"}]
    text = "\n  See &amp; taste https://t.co/a \nmore"
    assert one(post(text=text, entities={"urls": urls})).text == "See & taste https://example.com/menu more"
    assert one(post(text="é" * 400)).text == "é" * 299 + "…"
    assert one(post(text="\n \n")).text is None
    assert one(post(text="a\ud800b")).text == "a\ufffdb"
    assert one(post(text=None)).text is None


def test_ids_of_other_platforms_are_not_requested() -> None:
    assert read(x(), ["", "v_pub~1", "9" * 20]) == Told()


# History.


def test_history_goes_back_page_by_page_to_the_number_asked_for() -> None:
    newest = [post(str(1000 - number)) for number in range(100)]
    older = [post(str(900 - number)) for number in range(20)]
    told = history(x(), 120, page(100, *newest, token="t1"), page(20, *older, token="t2", after="t1"))
    assert len(told.samples) == 120
    assert told.samples[-1].remote_id == "881"


def test_history_takes_no_more_than_was_asked_for_though_a_page_has_five_at_least() -> None:
    told = history(x(), 2, page(5, *(post(str(number)) for number in range(9, 4, -1)), token="t1"))
    assert [sample.remote_id for sample in told.samples] == ["9", "8"]


def test_history_ends_where_x_has_no_more_and_where_it_goes_in_circles() -> None:
    assert history(x(), 50, page(50)).samples == []
    assert len(history(x(), 50, page(50, post())).samples) == 1
    told = history(x(), 50, page(50, post("2"), token="t"), page(49, post("2"), token="t", after="t"))
    assert len(told.samples) == 1


def test_replies_and_reposts_are_no_posts_of_their_own_and_quotes_are() -> None:
    posts = [
        post("5", referenced_posts=[{"type": "replied_to", "id": "1"}]),
        post("4", referenced_tweets=[{"type": "replied_to", "id": "1"}]),
        post("3", referenced_posts=[{"type": "retweeted", "id": "1"}]),
        post("2", referenced_posts=[{"type": "quoted", "id": "1"}]),
    ]
    assert [one.remote_id for one in history(x(), 50, page(50, *posts)).samples] == ["2"]


def test_the_user_id_is_asked_for_where_nobody_knows_it() -> None:
    me = Stub("GET", f"{API}/2/users/me", headers=BEARER, answer={"data": {"id": "42", "name": "a", "username": "a"}})
    assert len(history(x(user_id=None), 5, me, page(5, post())).samples) == 1
    me.answer = {"data": {}}
    told = history(x(user_id=None), 5, me)
    assert told.failure is not None
    assert told.failure.outcome.kind is Kind.SERVER


# What goes wrong.


def test_a_refused_token_is_renewed_once_and_the_reading_goes_on() -> None:
    refused = by_ids("1", {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"})
    refused.status = 401
    again = by_ids("1", {"data": [post("1")]})
    again.headers = {"authorization": f"Bearer {SECOND}"}
    told = read(x(Credentials(SECOND)), ["1"], refused, again)
    assert len(told.samples) == 1
    again.answer, again.status = refused.answer, 401
    told = read(x(Credentials(SECOND)), ["1"], refused, again)
    assert told.failure is not None
    assert told.failure.outcome.kind is Kind.AUTH
    assert read(x(None), ["1"], refused).failure is not None


@each(
    ("status", "answer", "kind", "passing"),
    [
        (402, {"title": "Payment Required", "detail": "credits depleted", "status": 402}, Kind.QUOTA, True),
        (403, {"title": "Forbidden", "detail": "You are not permitted to perform this action."}, Kind.AUTH, False),
        (429, {"title": "Too Many Requests", "detail": "Too Many Requests", "status": 429}, Kind.RATE_LIMIT, True),
        (503, "<html>", Kind.SERVER, True),
        (200, {"meta": {"result_count": 0}, "data": None}, None, False),
        (200, {"odd": 1}, Kind.SERVER, True),
        (200, ["odd"], Kind.SERVER, True),
    ],
)
def test_every_other_answer_is_a_failure_of_its_kind(
    status: int, answer: object, kind: Kind | None, passing: bool
) -> None:
    failure = read(x(), ["1"], by_ids("1", answer, status=status)).failure
    assert (failure and failure.outcome.kind, failure is not None and failure.outcome.passing) == (kind, passing)


def test_a_list_of_a_user_that_x_does_not_know_is_a_failure() -> None:
    stub = page(5)
    stub.answer = {"errors": [{"value": "42", "detail": "Could not find user", "type": "…/resource-not-found"}]}
    failure = history(x(), 5, stub).failure
    assert failure is not None
    assert failure.outcome.passing


def test_reading_stops_while_some_of_the_limit_is_left_for_publishing() -> None:
    stub = page(100, *(post(str(1000 - number)) for number in range(100)), token="t")
    reset = NOON + timedelta(minutes=7)
    stub.sent = {
        "x-rate-limit-limit": "900",
        "x-rate-limit-remaining": "180",
        "x-rate-limit-reset": str(int(reset.timestamp())),
    }
    told = history(x(), 300, stub)
    assert len(told.samples) == 100
    assert told.failure is not None
    assert (told.failure.outcome.kind, told.failure.outcome.retry_at) == (Kind.RATE_LIMIT, reset)
    assert "180 of 900" in told.failure.outcome.message


def listed(size: int, *posts: dict[str, object], token: str | None = None, after: str | None = None) -> Stub:
    """One page of the list since the oldest post of NEWER."""
    stub = page(size, *posts, token=token, after=after)
    return replace(stub, query={**(stub.query or {}), "start_time": "2026-11-24T11:00:00Z"})


OWNER = Config({"platforms.x.app_owner": "@Demo"})
NEWER = [str(int(ID) + number) for number in range(7)]


def test_the_posts_of_the_app_owner_are_read_from_the_list_and_the_rest_by_ids() -> None:
    found, rest = NEWER[:6], NEWER[6]
    elsewhere = post(str(int(ID) + 99))
    told = read(
        x(),
        NEWER,
        listed(7, elsewhere, *map(post, found[:5]), token="more"),
        listed(7, post(found[5]), after="more"),
        by_ids(rest, {"data": [post(rest)]}),
        config=OWNER,
    )
    assert [sample.remote_id for sample in told.samples] == NEWER


def test_a_list_that_costs_as_much_as_ids_is_left() -> None:
    others = [post(str(int(ID) + 50 + number)) for number in range(4)]
    told = read(
        x(),
        NEWER,
        listed(7, *others, post(NEWER[0]), token="more"),
        by_ids(",".join(NEWER[1:]), {"data": list(map(post, NEWER[1:]))}),
        config=OWNER,
    )
    assert [sample.remote_id for sample in told.samples] == NEWER


def test_one_post_of_the_app_owner_costs_less_by_its_id() -> None:
    told = read(x(), [ID], by_ids(ID, {"data": [post()]}), config=OWNER)
    assert [sample.remote_id for sample in told.samples] == [ID]


def test_the_list_of_somebody_who_does_not_own_the_app_is_not_read() -> None:
    config = Config({"platforms.x.app_owner": "boss"})
    told = read(x(), NEWER, by_ids(",".join(NEWER), {"data": list(map(post, NEWER))}), config=config)
    assert [sample.remote_id for sample in told.samples] == NEWER
