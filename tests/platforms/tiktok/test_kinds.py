"""TikTok except the upload of videos: media that it fetches itself, photos, drafts, and their pace."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.platforms.factories import client_for
from tests.platforms.stubs import BEARER, Script, Stub, drive, drive_to_failure, media, order
from tests.platforms.tiktok.test_client import API, JSON, OPEN, announce, creator, envelope, failed, fetch, put
from tests.settings import Config
from ttp.domain.publishing.outcome import (
    Done,
    Found,
    Handle,
    Kind,
    NotDone,
    Outcome,
    Refused,
    Unclear,
    Unknown,
    Working,
)
from ttp.platforms.client import LookupResult, MediaFile, PublishRequest, Ready, Step, StepDone
from ttp.platforms.testing import NOON, StandingClock

PUBLIC = {**OPEN, "privacy_level": "PUBLIC_TO_EVERYONE"}
SENT = {
    "privacy_level": "PUBLIC_TO_EVERYONE",
    "disable_comment": False,
    "brand_content_toggle": False,
    "brand_organic_toggle": False,
}
INFO = {**SENT, "title": "Hello", "disable_duet": False, "disable_stitch": False}
VIDEO_URL = "https://cdn.example/v.mp4"
PHOTO_URLS = ["https://cdn.example/a.jpg", "https://cdn.example/b.webp"]
PULL_ID, PHOTO_ID = "v_pub_url~v2.5", "p_pub_url~v2.5"
PULLED = {"post_info": INFO, "source_info": {"source": "PULL_FROM_URL", "video_url": VIDEO_URL}}
PHOTOS = {
    "media_type": "PHOTO",
    "post_mode": "DIRECT_POST",
    "post_info": {**SENT, "description": "Hello"},
    "source_info": {"source": "PULL_FROM_URL", "photo_images": PHOTO_URLS, "photo_cover_index": 0},
}


@pytest.fixture
def clip(tmp_path: Path) -> MediaFile:
    return media(tmp_path / "v.mp4", b"video", "video/mp4", duration_ms=3000, url=VIDEO_URL)


@pytest.fixture
def pictures(tmp_path: Path) -> tuple[MediaFile, ...]:
    first = media(tmp_path / "a.jpg", b"jpeg", "image/jpeg", url=PHOTO_URLS[0])
    return first, media(tmp_path / "b.webp", b"webp", "image/webp", url=PHOTO_URLS[1])


def of(*files: MediaFile, text: str = "Hello", **options: str) -> PublishRequest:
    return order("tiktok", text, *files, options={**PUBLIC, **options})


def draft(*files: MediaFile, **options: str) -> PublishRequest:
    return order("tiktok", "Hello", *files, options={"mode": "inbox", **options})


def pulled(clip: MediaFile, text: str = "Hello", **options: str) -> PublishRequest:
    return of(clip, text=text, source="pull", **options)


def prepared(
    what: PublishRequest, handle: Handle, *stubs: Stub, config: Config | None = None
) -> tuple[list[Step], Ready]:
    clock, script = StandingClock(), Script(*stubs)
    client = client_for("tiktok", config or Config(), clock, transport=script)
    steps, ready = drive(client.prepare(what, handle), clock)
    assert script.left == []
    return steps, ready


def init(path: str, body: object, publish_id: str = PULL_ID, **changes: Any) -> Stub:
    answer = envelope({"publish_id": publish_id})
    return Stub("POST", f"{API}/{path}", **{"headers": JSON, "json": body, "answer": answer, **changes})


def published(what: PublishRequest, handle: Handle, *stubs: Stub) -> Outcome:
    script = Script(*stubs)
    outcome = client_for("tiktok", Config(), StandingClock(), transport=script).publish(what, handle)
    assert script.left == []
    return outcome


def looked(what: PublishRequest, handle: Handle, *stubs: Stub, since: datetime = NOON) -> LookupResult:
    script = Script(*stubs)
    found = client_for("tiktok", Config(), StandingClock(), transport=script).look_up(what, handle, since)
    assert script.left == []
    return found


# What TikTok fetches itself.


def test_nothing_is_announced_before_the_call_that_publishes(clip: MediaFile) -> None:
    steps, ready = prepared(pulled(clip), {}, creator())
    assert [step.step for step in steps if isinstance(step, StepDone)] == ["ask what is allowed"]
    assert (ready.step, ready.platform_at, ready.doubt) == ("POST video/init/", NOON, None)
    assert {**ready.handle, "request": "…"} == {
        "init": "video/init/",
        "body": PULLED,
        "request": "…",
        "username": "demo.user",
        "publish_id": None,
    }


def test_the_announcement_publishes_and_its_id_is_remembered(clip: MediaFile) -> None:
    _, ready = prepared(pulled(clip), {}, creator())
    outcome = published(pulled(clip), ready.handle, init("video/init/", PULLED))
    remembered = {**ready.handle, "publish_id": PULL_ID}
    assert outcome == Done(PULL_ID, processing=True, http_status=200, handle=remembered)


def test_a_local_video_is_pulled_from_the_media_host(tmp_path: Path) -> None:
    served = tmp_path / "served"
    served.mkdir()
    file = media(tmp_path / "v.mp4", b"video", "video/mp4")
    settings = {"kind": "folder", "path": str(served), "base_url": "https://cdn.example/m"}
    config = Config({f"media_host.{name}": value for name, value in settings.items()})
    _, ready = prepared(pulled(file), {}, creator(), config=config)
    body = ready.handle["body"]
    assert isinstance(body, dict)
    assert body["source_info"]["video_url"] == f"https://cdn.example/m/{file.item.sha256}.mp4"
    _, failure = failed(pulled(file), {}, creator())
    assert failure.outcome.kind is Kind.MEDIA
    assert "media_host.kind" in failure.outcome.message


def test_photos_have_a_title_and_a_description_of_their_own(pictures: tuple[MediaFile, ...]) -> None:
    chosen = {"title": "A title", "auto_add_music": "true", "is_aigc": "true", "photo_cover_index": "1"}
    _, ready = prepared(of(*pictures, **chosen), {}, creator())
    assert (ready.step, ready.handle["init"]) == ("POST content/init/", "content/init/")
    assert ready.handle["body"] == {
        **PHOTOS,
        "post_info": {
            **SENT,
            "title": "A title",
            "description": "Hello",
            "auto_add_music": True,
            "is_aigc": True,
        },
        "source_info": {"source": "PULL_FROM_URL", "photo_images": PHOTO_URLS, "photo_cover_index": 1},
    }


def test_photos_say_nothing_that_was_not_chosen(pictures: tuple[MediaFile, ...]) -> None:
    _, ready = prepared(of(*pictures), {}, creator())
    assert ready.handle["body"] == PHOTOS
    outcome = published(of(*pictures), ready.handle, init("content/init/", PHOTOS, PHOTO_ID))
    assert isinstance(outcome, Done)
    assert outcome.remote_id == PHOTO_ID


def test_photos_need_no_choice_about_duets_and_stitches(pictures: tuple[MediaFile, ...]) -> None:
    what = order("tiktok", "Hello", *pictures, options={"privacy_level": "PUBLIC_TO_EVERYONE"})
    _, failure = failed(what, {}, creator())
    asked = ("tiktok.disable_comment", "tiktok.brand_content_toggle", "tiktok.brand_organic_toggle")
    assert tuple(re.findall(r"tiktok\.\w+", failure.outcome.message)) == asked


def test_an_option_that_cannot_be_is_refused_before_the_call(pictures: tuple[MediaFile, ...]) -> None:
    _, failure = failed(of(*pictures, photo_cover_index="first"), {}, creator())
    assert (failure.outcome.kind, failure.outcome.passing) == (Kind.CONTENT, False)
    assert all(named in failure.outcome.message for named in ("tiktok.photo_cover_index", '"first"'))


def test_36_photos_are_too_many(pictures: tuple[MediaFile, ...]) -> None:
    _, failure = failed(of(*pictures[:1] * 36), {})
    assert failure.outcome.kind is Kind.CONTENT


REFUSALS: list[tuple[dict[str, Any], Kind, bool]] = [
    ({"status": 403, "answer": envelope(code="spam_risk_too_many_posts")}, Kind.QUOTA, True),
    ({"status": 403, "answer": envelope(code="url_ownership_unverified")}, Kind.ACCOUNT, False),
    ({"status": 200, "answer": envelope(code="spam_risk")}, Kind.CONTENT, False),
    ({"status": 400, "answer": envelope(code="invalid_params")}, Kind.CONTENT, False),
    ({"status": 401, "answer": envelope(code="access_token_invalid")}, Kind.AUTH, False),
]


@pytest.mark.parametrize(("changes", "kind", "passing"), REFUSALS, ids=str)
def test_a_refusal_on_the_list_is_proof(clip: MediaFile, changes: dict[str, Any], kind: Kind, passing: bool) -> None:
    _, ready = prepared(pulled(clip), {}, creator())
    outcome = published(pulled(clip), ready.handle, init("video/init/", PULLED, **changes))
    assert isinstance(outcome, NotDone)
    assert (outcome.kind, outcome.passing) == (kind, passing)
    assert outcome.hold is (kind is Kind.QUOTA)


@pytest.mark.parametrize(
    "changes",
    [
        {"status": 500, "answer": envelope(code="internal_error")},
        {"status": 503, "answer": envelope(code="spam_risk")},
        {"status": 200, "answer": envelope(code="internal_error")},
        {"status": 429, "answer": envelope(code="rate_limit_exceeded")},
        {"status": 403, "answer": envelope(code="never heard of")},
        {"status": 200, "answer": {"data": {"publish_id": PULL_ID}}},
        {"answer": envelope({})},
        {"answer": envelope({"publish_id": 5})},
        {"answer": envelope({"publish_id": ""})},
    ],
    ids=str,
)
def test_everything_else_is_unknown(clip: MediaFile, changes: dict[str, Any]) -> None:
    _, ready = prepared(pulled(clip), {}, creator())
    outcome = published(pulled(clip), ready.handle, init("video/init/", PULLED, **changes))
    assert isinstance(outcome, Unknown)
    assert (outcome.look_at == NOON + timedelta(seconds=67)) is (changes.get("status") == 429)


# The result, looked up by its id.


def begun(what: PublishRequest, publish_id: str | None = PULL_ID) -> dict[str, object]:
    _, ready = prepared(what, {}, creator())
    return {**ready.handle, "publish_id": publish_id}


def asked(state: str, publish_id: str = PULL_ID, **changes: Any) -> Stub:
    return fetch(state, json={"publish_id": publish_id}, **changes)


def test_fetched_media_are_found_by_their_status(clip: MediaFile) -> None:
    what = pulled(clip)
    assert looked(what, begun(what), asked("PROCESSING_DOWNLOAD")).finding == Working("TikTok is processing the video")
    complete = asked("PUBLISH_COMPLETE", data={"publicaly_available_post_id": [77]})
    link = "https://www.tiktok.com/@demo.user/video/77"
    assert looked(what, begun(what), complete).finding == Found("77", link)
    assert looked(what, begun(what), asked("PUBLISH_COMPLETE")).finding == Found(PULL_ID, id_later=True)


def test_photos_are_linked_as_photos(pictures: tuple[MediaFile, ...]) -> None:
    what = of(*pictures)
    complete = asked("PUBLISH_COMPLETE", PHOTO_ID, data={"publicaly_available_post_id": [77]})
    finding = looked(what, begun(what, PHOTO_ID), complete).finding
    assert finding == Found("77", "https://www.tiktok.com/@demo.user/photo/77")


def test_a_url_that_could_not_be_fetched_is_announced_again(clip: MediaFile) -> None:
    what = pulled(clip)
    gone = asked("FAILED", data={"fail_reason": "video_pull_failed"})
    finding = looked(what, begun(what), gone).finding
    assert isinstance(finding, Refused)
    assert (finding.outcome.code, finding.outcome.passing) == ("video_pull_failed", True)
    _, ready = prepared(what, begun(what), gone, creator())
    assert (ready.handle["publish_id"], ready.doubt) == (None, None)


@pytest.mark.parametrize(
    "seen",
    [
        asked("PUBLISH_COMPLETE"),
        asked("PROCESSING_DOWNLOAD"),
        asked("SEND_TO_USER_INBOX"),
        asked("SOMETHING_NEW"),
        asked("", status=400, answer=envelope(code="invalid_publish_id")),
    ],
    ids=str,
)
def test_what_may_be_published_is_doubt_whatever_the_order_says_now(clip: MediaFile, seen: Stub) -> None:
    handle = begun(pulled(clip))
    for what in (pulled(clip), of(clip, text="Edited")):
        _, ready = prepared(what, handle, replace(seen))
        assert ready.doubt is not None
        assert ready.handle == handle


def test_a_status_that_cannot_be_read_is_asked_for_again(clip: MediaFile) -> None:
    _, failure = failed(
        pulled(clip), begun(pulled(clip)), asked("", status=500, answer=envelope(code="internal_error"))
    )
    assert (failure.step, failure.outcome.passing) == ("ask for the status", True)


# The result, looked up without its id.

LIST = "https://open.tiktokapis.com/v2/video/list/"


def listed(*videos: object, **changes: Any) -> Stub:
    query = {"fields": "id,create_time,title,video_description,share_url"}
    answer = envelope({"videos": list(videos), "cursor": 0, "has_more": False})
    return Stub(
        "POST", LIST, **{"headers": JSON, "query": query, "json": {"max_count": 20}, "answer": answer, **changes}
    )


def video(number: int = 77, title: str = "Hello", after_s: int = 0, **more: object) -> dict[str, object]:
    made = int(NOON.timestamp()) + after_s
    link = f"https://www.tiktok.com/@demo/video/{number}"
    return {"id": str(number), "create_time": made, "title": title, "share_url": link, **more}


MINE = Found("77", "https://www.tiktok.com/@demo/video/77")


@pytest.mark.parametrize(
    ("videos", "text"),
    [
        ([video(title="Other"), video()], "Hello"),
        ([video(76, after_s=-1), video()], "Hello"),
        ([video(title=" Hello  world ")], "Hello\nworld"),
        ([video(title="", video_description="Hello")], "Hello"),
        ([video(title="long " * 30)], "long " * 50),
        ([video(title=("long " * 30)[:147] + "...")], "long " * 50),
        ([video(title="👍" * 75)], "👍" * 200),
        ([video(76, title="long " * 20), video(title="long " * 30)], "long " * 30),
    ],
    ids=["one", "young enough", "spaces", "description", "cut", "dots", "cut in half", "not a shorter one"],
)
def test_a_public_video_is_found_by_its_title_and_time(clip: MediaFile, videos: list[object], text: str) -> None:
    what = pulled(clip, text=text)
    found = looked(what, begun(what, None), listed(*videos), since=NOON + timedelta(milliseconds=900))
    assert found == LookupResult(MINE, NOON)


def test_videos_of_other_deliveries_and_two_candidates_do_not_match(clip: MediaFile) -> None:
    what = pulled(clip)
    bound = replace(what, bound=frozenset({"76"}))
    assert looked(bound, begun(what, None), listed(video(76), video())).finding == MINE
    two = looked(what, begun(what, None), listed(video(76), video())).finding
    assert isinstance(two, Unclear)
    assert (two.kind, two.final, len(two.links)) == (Kind.DUPLICATE, True, 2)


def test_a_video_that_is_not_listed_may_still_come(clip: MediaFile) -> None:
    what = pulled(clip)
    finding = looked(what, begun(what, None), listed(video(title="Other"))).finding
    assert isinstance(finding, Unclear)
    assert not finding.final


@pytest.mark.parametrize(
    ("changes", "final"),
    [
        ({"status": 401, "answer": envelope(code="scope_not_authorized")}, True),
        ({"status": 500, "answer": envelope(code="internal_error")}, False),
        ({"answer": envelope({})}, False),
        ({"answer": envelope({"videos": [{"id": "5"}]})}, False),
        ({"answer": envelope({"videos": [None]})}, False),
    ],
    ids=str,
)
def test_a_list_that_cannot_be_read_could_not_tell(clip: MediaFile, changes: dict[str, Any], final: bool) -> None:
    finding = looked(pulled(clip), begun(pulled(clip), None), listed(**changes)).finding
    assert isinstance(finding, Unclear)
    assert finding.final is final


@pytest.mark.parametrize(
    "options",
    [
        {"privacy_level": "SELF_ONLY"},
        {"privacy_level": "MUTUAL_FOLLOW_FRIENDS"},
        {"mode": "inbox"},
        {"text": "  "},
    ],
    ids=str,
)
def test_a_post_that_tiktok_never_lists_needs_a_person(clip: MediaFile, options: dict[str, str]) -> None:
    handle = begun(pulled(clip), None)
    finding = looked(pulled(clip, **options), handle).finding
    assert isinstance(finding, Unclear)
    assert finding.final


def test_a_video_that_another_publisher_sent_is_looked_for_in_the_list(clip: MediaFile) -> None:
    """As after a take-over: the other publisher's publish_id is not here."""
    what = of(clip, privacy_level="PUBLIC_TO_EVERYONE")
    assert isinstance(looked(what, {}, listed(video())).finding, Found)
    finding = looked(what, {}, listed()).finding
    assert isinstance(finding, Unclear)
    assert not finding.final


def test_photos_are_never_looked_for_in_the_list(pictures: tuple[MediaFile, ...]) -> None:
    finding = looked(of(*pictures), begun(of(*pictures), None)).finding
    assert isinstance(finding, Unclear)
    assert finding.final


# Drafts.


def test_a_draft_is_uploaded_without_any_choice(clip: MediaFile) -> None:
    source = {"source": "FILE_UPLOAD", "video_size": 5, "chunk_size": 5, "total_chunk_count": 1}
    stub = announce(5, 5, 1)
    stub.url, stub.json = f"{API}/inbox/video/init/", {"source_info": source}
    what = draft(clip)
    steps, ready = prepared(what, {}, stub)
    assert [step.step for step in steps if isinstance(step, StepDone)] == ["announce the post"]
    assert isinstance(published(what, ready.handle, put(b"video", 0, 5)), Done)


def test_a_draft_is_pulled_with_its_source_alone(clip: MediaFile) -> None:
    what = draft(clip, source="pull")
    _, ready = prepared(what, {})
    body = {"source_info": {"source": "PULL_FROM_URL", "video_url": VIDEO_URL}}
    assert (ready.handle["init"], ready.handle["body"]) == ("inbox/video/init/", body)
    outcome = published(what, ready.handle, init("inbox/video/init/", body, "v_inbox_url~v2.5"))
    assert isinstance(outcome, Done)
    assert outcome.handle is not None
    found = looked(what, outcome.handle, asked("SEND_TO_USER_INBOX", "v_inbox_url~v2.5")).finding
    assert isinstance(found, Found)
    assert found.note is not None
    assert "inbox" in found.note


def test_photos_as_a_draft_keep_their_texts(pictures: tuple[MediaFile, ...]) -> None:
    _, ready = prepared(draft(*pictures, title="A title"), {})
    assert ready.handle["body"] == {
        **PHOTOS,
        "post_mode": "MEDIA_UPLOAD",
        "post_info": {"title": "A title", "description": "Hello"},
    }


# The pace.


def test_a_seventh_post_in_a_minute_waits_instead_of_being_refused(clip: MediaFile) -> None:
    clock, local = StandingClock(), replace(clip, item=replace(clip.item, url=None))
    script = Script()
    client = client_for("tiktok", Config(), clock, transport=script)
    for _ in range(6):
        script.left = [creator(), announce(5, 5, 1, INFO)]
        drive(client.prepare(of(local), {}), clock)
        clock.move(1)
    steps, failure = drive_to_failure(client.prepare(of(local), {}), clock)
    assert (steps, script.left) == ([], []), "nothing is asked in vain"
    assert failure.outcome == NotDone(
        Kind.RATE_LIMIT,
        "limit reached: new posts a minute (6)",
        "limit",
        passing=True,
        retry_at=NOON + timedelta(seconds=60),
        hold=True,
    )
    other = replace(of(local), account=replace(of(local).account, handle="other"))
    script.left = [creator(), announce(5, 5, 1, INFO)]
    drive(client.prepare(other, {}), clock)
    clock.move(54)
    for seconds in (61, 62):
        script.left = [creator(), announce(5, 5, 1, INFO)]
        drive(client.prepare(of(local), {}), clock)
        _, failure = drive_to_failure(client.prepare(of(local), {}), clock)
        assert failure.outcome.retry_at == NOON + timedelta(seconds=seconds), "one place a second, in the calls' order"
        clock.move(1)


def test_calls_that_publish_count_as_well(clip: MediaFile) -> None:
    clock, script = StandingClock(), Script()
    client = client_for("tiktok", Config(), clock, transport=script)
    for number in range(6):
        script.left = [creator(), init("video/init/", PULLED)]
        _, ready = drive(client.prepare(pulled(clip), {}), clock)
        if number < 5:
            client.publish(pulled(clip), ready.handle)
    client.publish(pulled(clip), ready.handle)
    script.left = []
    _, failure = drive_to_failure(client.prepare(pulled(clip), {}), clock)
    assert failure.outcome.retry_at == NOON + timedelta(seconds=60)
    late = client.publish(pulled(clip), ready.handle)
    assert isinstance(late, NotDone), "no byte left: proof"
    assert (late.kind, late.passing, late.retry_at) == (Kind.RATE_LIMIT, True, NOON + timedelta(seconds=60))


def test_the_days_posts_wait_for_the_next_day(clip: MediaFile) -> None:
    answer = envelope(code="spam_risk_too_many_posts", message="no")
    _, failure = failed(pulled(clip), {}, creator(answer=answer))
    assert (failure.outcome.kind, failure.outcome.hold) == (Kind.QUOTA, True)
    assert failure.outcome.retry_at == NOON + timedelta(days=1)
    assert BEARER["authorization"] not in failure.outcome.message
