"""The numbers of own videos on TikTok: seconds and milliseconds, cut titles, what is left out, and refusals."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.platforms.metrics_lines import SECOND, Told, history, line, read
from tests.platforms.stubs import BEARER, Stub
from tests.rows import each
from ttp.domain.account import Credentials
from ttp.domain.metrics.sample import Sample
from ttp.domain.publishing.outcome import Kind
from ttp.platforms.testing import NOON

API = "https://open.tiktokapis.com/v2/video"
QUERY = {"fields": "id,create_time,title,video_description,like_count,comment_count,share_count,view_count"}
MADE = NOON - timedelta(hours=1)
OK = {"code": "ok", "message": "", "log_id": "2026"}


def video(video_id: str | int = "7", **more: object) -> dict[str, object]:
    return {
        "id": video_id,
        "create_time": int(MADE.timestamp()),
        "title": "Hello",
        "video_description": "Hello there",
        "like_count": 5,
        "comment_count": 4,
        "share_count": 3,
        "view_count": 2**40,
        **more,
    }


def query(ids: list[str], *videos: object, **more: Any) -> Stub:
    fields = {"answer": {"data": {"videos": list(videos)}, "error": OK}, **more}
    body = {"filters": {"video_ids": ids}}
    return Stub("POST", f"{API}/query/", query=QUERY, headers=BEARER, json=body, **fields)


def page(size: int, *videos: object, cursor: object = None, more: object = False, after: int | None = None) -> Stub:
    body = {"max_count": size, **({} if after is None else {"cursor": after})}
    data = {"videos": list(videos), "cursor": cursor, "has_more": more}
    return Stub("POST", f"{API}/list/", query=QUERY, headers=BEARER, json=body, answer={"data": data, "error": OK})


def tiktok(*renewals: Credentials | None) -> Any:
    return line("tiktok", *renewals, user_id="open-id")


def one(answer: object) -> Sample:
    (sample,) = read(tiktok(), ["7"], query(["7"], answer)).samples
    return sample


def refusal(code: str, status: int, ids: list[str] | None = None) -> Stub:
    answer = {"data": {}, "error": {"code": code, "message": "no", "log_id": "2026"}}
    return query(ids or ["7"], answer=answer, status=status)


def test_a_video_has_the_four_numbers_and_is_dated_in_seconds() -> None:
    assert one(video()) == Sample("tiktok/demo", "7", MADE, NOON, 5, 4, 3, 2**40, kind="video", text="Hello")


def test_an_id_may_come_as_a_number() -> None:
    assert one(video(7)).remote_id == "7"


def test_twenty_videos_are_asked_for_at_once_and_those_left_out_are_gone() -> None:
    ids = [str(number) for number in range(1, 26)]
    told = read(tiktok(), ids, query(ids[:20], *map(video, ids[1:20])), query(ids[20:], *map(video, ids[20:])))
    assert (len(told.samples), told.gone) == (24, ["1"])


def test_a_video_that_tiktok_has_not_named_yet_is_not_asked_for() -> None:
    assert read(tiktok(), ["v_pub_file~v2-1.7"]) == Told()


def test_a_title_that_was_cut_is_kept_as_it_is_and_the_description_stands_in_for_none() -> None:
    assert one(video(title="a" * 150)).text == "a" * 150
    assert one(video(title="")).text == "Hello there"
    assert one(video(title=None, video_description=None)).text is None


@each("made", [None, "1", 2**40, 1, -5, True])
def test_a_video_without_a_time_is_no_sample(made: object) -> None:
    told = read(tiktok(), ["7"], query(["7"], video(create_time=made)))
    assert (told.samples, told.gone) == ([], [])


def test_what_is_no_count_is_unknown_and_a_video_without_counts_no_sample() -> None:
    sample = one(video(like_count="5", view_count=None))
    assert (sample.likes, sample.views, sample.comments) == (None, None, 4)
    nothing = video(like_count=None, comment_count=None, share_count=None, view_count=None)
    told = read(tiktok(), ["7"], query(["7"], nothing, "odd"))
    assert (told.samples, told.gone) == ([], [])


# History.


def test_history_goes_on_before_the_last_video_by_its_milliseconds() -> None:
    told = history(
        tiktok(),
        30,
        page(20, *(video(str(100 - n)) for n in range(20)), cursor=1_700_000_000_000, more=True),
        page(
            10, *(video(str(80 - n)) for n in range(10)), cursor=1_600_000_000_000, more=True, after=1_700_000_000_000
        ),
    )
    assert len(told.samples) == 30


def test_history_takes_no_more_than_was_asked_for() -> None:
    told = history(tiktok(), 1, page(1, video("2"), video("1"), cursor=5, more=True))
    assert [sample.remote_id for sample in told.samples] == ["2"]


@each(("cursor", "more"), [(None, True), (5, False), (5, "yes"), ("5", True)])
def test_history_ends_where_tiktok_says_so_or_nothing_that_leads_on(cursor: object, more: object) -> None:
    assert len(history(tiktok(), 9, page(9, video(), cursor=cursor, more=more)).samples) == 1


def test_history_ends_where_the_cursor_stands_still() -> None:
    told = history(tiktok(), 9, page(9, video("2"), cursor=5, more=True), page(8, cursor=5, more=True, after=5))
    assert len(told.samples) == 1


# What goes wrong.


def test_a_refused_token_is_renewed_once() -> None:
    again = query(["7"], video())
    again.headers = {"authorization": f"Bearer {SECOND}"}
    told = read(tiktok(Credentials(SECOND)), ["7"], refusal("access_token_invalid", 401), again)
    assert len(told.samples) == 1


@each(
    ("code", "status", "kind", "passing"),
    [
        ("access_token_invalid", 401, Kind.AUTH, False),
        ("scope_not_authorized", 401, Kind.AUTH, False),
        ("scope_permission_missed", 400, Kind.AUTH, False),
        ("rate_limit_exceeded", 429, Kind.RATE_LIMIT, True),
        ("internal_error", 500, Kind.SERVER, True),
        ("invalid_params", 400, Kind.CONTENT, False),
        ("ok", 200, Kind.SERVER, True),
        ("rate_limit_exceeded", 200, Kind.RATE_LIMIT, True),
    ],
)
def test_every_refusal_is_a_failure_of_its_kind(code: str, status: int, kind: Kind, passing: bool) -> None:
    failure = read(tiktok(None), ["7"], refusal(code, status)).failure
    assert failure is not None
    assert (failure.outcome.kind, failure.outcome.passing) == (kind, passing)


def test_a_missing_permission_does_not_cost_the_token_and_is_named() -> None:
    failure = read(tiktok(), ["7"], refusal("scope_not_authorized", 401)).failure
    assert failure is not None
    assert "video.list" in failure.outcome.message


def test_after_a_refusal_for_too_many_calls_none_is_made_before_a_minute_is_over() -> None:
    told = read(tiktok(), ["7"], refusal("rate_limit_exceeded", 429))
    assert told.failure is not None
    assert told.failure.outcome.retry_at == NOON + timedelta(minutes=1)
