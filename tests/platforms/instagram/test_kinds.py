"""Instagram's kinds of post: what each container says, carousels over crashes, and the upload of bytes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.platforms.factories import client_for
from tests.platforms.instagram.test_prepare import (
    API,
    create,
    error,
    failed,
    made,
    prepared,
    status,
)
from tests.platforms.stubs import BEARER, Script, Stub, last_handle, media, order
from tests.settings import Config
from ttp.domain.account import Credentials
from ttp.domain.config import Value
from ttp.domain.publishing.outcome import Found, Handle, Kind, NotDone, Refused, Unclear
from ttp.domain.time.clock import to_ms
from ttp.platforms.client import MediaFile, PublishRequest, StepDone, Wait
from ttp.platforms.testing import NOON, StandingClock

PEOPLE = {"collaborators": "anna,ben", "location_id": "77", "is_ai_generated": "true"}
SAID = {"collaborators": json.dumps(["anna", "ben"]), "location_id": "77", "is_ai_generated": "true"}
RUPLOAD = "https://rupload.facebook.com/ig-api-upload/v25.0"


@pytest.fixture
def photo(tmp_path: Path) -> MediaFile:
    return media(tmp_path / "a.jpg", b"jpeg", "image/jpeg", alt="A cup", url="https://a.example/a.jpg")


@pytest.fixture
def clip(tmp_path: Path) -> MediaFile:
    return media(tmp_path / "v.mp4", b"video", "video/mp4", url="https://a.example/v.mp4")


def of(*files: MediaFile, text: str = "Hello", user_id: str | None = "178", **options: str) -> PublishRequest:
    credentials = Credentials("secret-token-123", user_id=user_id)
    return order("instagram", text, *files, credentials=credentials, options=options)


def tags(*found: dict[str, object]) -> str:
    return json.dumps(list(found))


# What containers say.


def test_an_image_says_who_made_it_where_and_who_is_in_it(config: Config, photo: MediaFile) -> None:
    what = of(photo, user_tags="anna:0.5:0.25,ben:0:1", **PEOPLE)
    found = tags({"username": "anna", "x": 0.5, "y": 0.25}, {"username": "ben", "x": 0.0, "y": 1.0})
    form = {"image_url": "https://a.example/a.jpg", "caption": "Hello", "alt_text": "A cup", "user_tags": found, **SAID}
    prepared(config, what, {}, create(form), status("FINISHED"))


def test_a_reel_says_all_that_a_reel_can_say(config: Config, clip: MediaFile) -> None:
    chosen = {"share_to_feed": "false", "audio_name": "Rain", "thumb_offset_ms": "1500", "user_tags": "anna"}
    chosen["trial_reel"] = "MANUAL"
    form = {
        "trial_params": '{"graduation_strategy": "MANUAL"}',
        "media_type": "REELS",
        "video_url": "https://a.example/v.mp4",
        "caption": "Hello",
        "share_to_feed": "false",
        "audio_name": "Rain",
        "thumb_offset": "1500",
        "user_tags": tags({"username": "anna"}),
        **SAID,
    }
    prepared(config, of(clip, **chosen, **PEOPLE), {}, create(form), status("FINISHED"))


def test_a_cover_goes_before_a_moment_of_the_video(config: Config, clip: MediaFile) -> None:
    cover = "https://a.example/cover.jpg"
    form = {"media_type": "REELS", "video_url": "https://a.example/v.mp4", "caption": "Hello", "cover_url": cover}
    what = of(clip, cover_url=cover, thumb_offset_ms="1500")
    prepared(config, what, {}, create(form), status("FINISHED"))


@pytest.mark.parametrize("which", ["photo", "clip"])
def test_a_story_has_its_media_and_neither_text_nor_alt(
    config: Config, which: str, request: pytest.FixtureRequest
) -> None:
    file: MediaFile = request.getfixturevalue(which)
    form = {"media_type": "STORIES", "user_tags": tags({"username": "anna"}), "is_ai_generated": "true"}
    form["video_url" if which == "clip" else "image_url"] = str(file.item.url)
    what = of(file, kind="story", user_tags="anna", **PEOPLE)
    prepared(config, what, {}, create(form), status("FINISHED"))


# Carousels.


def photo_child(number: str = "901", **changes: Any) -> Stub:
    form = {"is_carousel_item": "true", "image_url": "https://a.example/a.jpg", "alt_text": "A cup"}
    return create({**form, **changes.pop("form", {})}, answer={"id": number}, **changes)


def clip_child(number: str = "902", **changes: Any) -> Stub:
    form = {"is_carousel_item": "true", "video_url": "https://a.example/v.mp4", "media_type": "VIDEO"}
    return create(form, **{"answer": {"id": number}, **changes})


def whole(children: str = "901,902", number: str = "910", **changes: Any) -> Stub:
    form = {"media_type": "CAROUSEL", "children": children, "caption": "Hello", **changes.pop("form", {})}
    return create(form, **{"answer": {"id": number}, **changes})


def child(number: str) -> dict[str, object]:
    return {"id": number, "created": to_ms(NOON)}


def test_a_carousel_has_its_items_first_each_waited_for_and_then_itself(
    config: Config, photo: MediaFile, clip: MediaFile
) -> None:
    steps, ready = prepared(
        config,
        of(photo, clip),
        {},
        photo_child(),
        clip_child(),
        status("FINISHED", "901"),
        status("IN_PROGRESS", "902"),
        status("FINISHED", "902"),
        whole(),
        status("FINISHED", "910"),
    )
    assert [step.step for step in steps if isinstance(step, StepDone)] == [
        "ask for the quota",
        "create the container of item 1",
        "create the container of item 2",
        "create the container",
    ]
    assert [step for step in steps if isinstance(step, Wait)] == [Wait(1.0, "Instagram is processing the media")]
    assert ready.handle["creation_id"] == "910"
    assert ready.handle["children"] == [child("901"), child("902")]


def test_what_is_said_of_a_carousel_is_said_once_and_people_where_they_are(
    config: Config, photo: MediaFile, clip: MediaFile
) -> None:
    found = tags({"username": "anna", "x": 0.5, "y": 0.5})
    item = {"is_carousel_item": "true", "video_url": "https://a.example/v.mp4", "media_type": "VIDEO"}
    prepared(
        config,
        of(photo, clip, user_tags="anna:0.5:0.5,2/ben", **PEOPLE),
        {},
        photo_child(form={"user_tags": found}),
        create({**item, "user_tags": tags({"username": "ben"})}, answer={"id": "902"}),
        status("FINISHED", "901"),
        status("FINISHED", "902"),
        whole(form=SAID),
        status("FINISHED", "910"),
    )


def test_a_crash_among_the_items_repeats_none_of_them(config: Config, photo: MediaFile, clip: MediaFile) -> None:
    cut = clip_child(fails=httpx.ReadTimeout("slow"))
    steps, failure = failed(config, of(photo, clip), {}, photo_child(), cut)
    assert (failure.step, failure.outcome.passing) == ("create the container of item 2", True)
    handle = last_handle(steps)
    assert handle is not None
    assert handle["children"] == [child("901"), None]
    _, ready = prepared(
        config,
        of(photo, clip),
        handle,
        clip_child(),
        status("FINISHED", "901"),
        status("FINISHED", "902"),
        whole(),
        status("FINISHED", "910"),
    )
    assert ready.handle["creation_id"] == "910"


def test_a_carousel_that_could_not_be_made_keeps_its_items(config: Config, photo: MediaFile, clip: MediaFile) -> None:
    waited = [status("FINISHED", "901"), status("FINISHED", "902")]
    broken = whole(status=500, answer=error(2))
    steps, _ = failed(config, of(photo, clip), {}, photo_child(), clip_child(), *waited, broken)
    handle = last_handle(steps)
    assert handle is not None
    prepared(config, of(photo, clip), handle, *waited, whole(), status("FINISHED", "910"))


@pytest.mark.parametrize("state", ["ERROR", "EXPIRED"])
def test_only_the_ended_item_is_created_again(config: Config, photo: MediaFile, clip: MediaFile, state: str) -> None:
    answer = {"status_code": state, "status": "Error: 2207053", "id": "902"}
    ended = status(state, "902", answer=answer)
    steps, failure = failed(config, of(photo, clip), {}, photo_child(), clip_child(), status("FINISHED", "901"), ended)
    assert failure.step == "wait for the container of item 2"
    assert failure.outcome.message.startswith("item 2: ")
    assert failure.outcome.passing
    handle = last_handle(steps)
    assert handle is not None
    assert handle["children"] == [child("901"), None]
    _, ready = prepared(
        config,
        of(photo, clip),
        handle,
        clip_child("903"),
        status("FINISHED", "901"),
        status("FINISHED", "903"),
        whole("901,903"),
        status("FINISHED", "910"),
    )
    assert ready.handle["children"] == [child("901"), child("903")]


def test_the_items_of_an_edited_carousel_are_created_again(config: Config, photo: MediaFile, clip: MediaFile) -> None:
    cut = clip_child(fails=httpx.ReadTimeout("slow"))
    steps, _ = failed(config, of(photo, clip, text="Old"), {}, photo_child(), cut)
    handle = last_handle(steps)
    assert handle is not None
    waited = [status("FINISHED", "901"), status("FINISHED", "902")]
    fresh = [photo_child(), clip_child(), *waited, whole(), status("FINISHED", "910")]
    prepared(config, of(photo, clip), handle, *fresh)


def test_a_carousel_whose_call_was_made_is_never_made_twice(config: Config, photo: MediaFile, clip: MediaFile) -> None:
    waited = [status("FINISHED", "901"), status("FINISHED", "902")]
    fresh = [photo_child(), clip_child(), *waited, whole(), status("FINISHED", "910")]
    _, ready = prepared(config, of(photo, clip), {}, *fresh)
    handle = {**ready.handle, "unsettled_since": to_ms(NOON)}
    _, again = prepared(config, of(photo, clip), handle, status("FINISHED", "910"))
    assert (again.handle["creation_id"], again.doubt) == ("910", None)
    _, doubtful = prepared(config, of(photo, clip), handle, status("PUBLISHED", "910"))
    assert doubtful.doubt is not None
    after = timedelta(hours=25)
    old = {**handle, "created": to_ms(NOON - after)}
    _, anew = prepared(config, of(photo, clip), old, status("EXPIRED", "910"), *fresh)
    assert anew.handle["children"] == [child("901"), child("902")]


# Stories are found among the stories.


def stories(*items: dict[str, object], **changes: Any) -> Stub:
    query = {"fields": "id,caption,timestamp,permalink", "limit": "50"}
    fields = {"headers": BEARER, "query": query, "answer": {"data": list(items)}, **changes}
    return Stub("GET", f"{API}/178/stories", **fields)


def story(number: str, minutes: int = 0) -> dict[str, object]:
    at = NOON + timedelta(minutes=minutes)
    link = f"https://www.instagram.com/stories/demo/{number}/"
    return {"id": number, "timestamp": at.strftime("%Y-%m-%dT%H:%M:%S+0000"), "permalink": link}


def looked_up(what: PublishRequest, *stubs: Stub) -> object:
    handle: Handle = {"user_id": "178", "creation_id": "900", "created": to_ms(NOON), "request": "r"}
    script = Script(*stubs)
    found = client_for("instagram", Config(), StandingClock(), transport=script).look_up(what, handle, NOON)
    assert script.left == []
    return found.finding


def test_a_published_story_has_the_id_of_the_only_one_since(photo: MediaFile) -> None:
    what = of(photo, kind="story")
    mine = Found("5", "https://www.instagram.com/stories/demo/5/")
    assert looked_up(what, status("PUBLISHED"), stories(story("4", -5), story("5"))) == mine
    assert looked_up(what, status("PUBLISHED"), stories(story("5"), story("6"))) == Found(None)
    bound = replace(what, bound=frozenset({"6"}))
    assert looked_up(bound, status("PUBLISHED"), stories(story("5"), story("6"))) == mine


def test_a_story_or_a_post_without_text_is_no_proof_where_the_container_cannot_tell(photo: MediaFile) -> None:
    ended = status("ERROR")
    finding = looked_up(of(photo, kind="story"), ended, stories(story("5")))
    assert isinstance(finding, Unclear)
    assert (finding.final, finding.links) == (True, ("https://www.instagram.com/stories/demo/5/",))
    assert isinstance(looked_up(of(photo, kind="story"), ended, stories(story("4", -5))), Refused)
    listed = stories({**story("5"), "caption": None})
    listed.url = f"{API}/178/media"
    assert isinstance(looked_up(of(photo, text=""), ended, listed), Unclear)


def test_what_is_in_doubt_is_looked_for_again_where_the_container_cannot_be_read_this_time(photo: MediaFile) -> None:
    unread = Stub("GET", f"{API}/900", {"fields": "status_code,status"}, status=503)
    finding = looked_up(of(photo, kind="story"), unread, stories(story("5")))
    assert isinstance(finding, Unclear)
    assert (finding.final, finding.links) == (False, ("https://www.instagram.com/stories/demo/5/",))


# Facebook Login takes the bytes of videos.


@pytest.fixture
def facebook(config: Config) -> Config:
    # The scripts of these tests name one host; without the slash the setting would count as unset, and be Facebook's.
    chosen: dict[str, Value] = {
        "platforms.instagram.login": "facebook",
        "platforms.instagram.base_url": "https://graph.instagram.com/",
    }
    return Config({**{name: config[name] for name in config}, **chosen})


@pytest.fixture
def local(tmp_path: Path) -> MediaFile:
    return media(tmp_path / "local.mp4", b"0123456789", "video/mp4")


def reel(**changes: Any) -> Stub:
    form = {"media_type": "REELS", "upload_type": "resumable", "caption": "Hello"}
    return create(form, **{"answer": {"id": "900", "uri": f"{RUPLOAD}/900"}, **changes})


def sent(data: bytes, offset: int = 0, size: int = 10, container: str = "900", **changes: Any) -> Stub:
    headers = {
        "authorization": "OAuth secret-token-123",
        "offset": str(offset),
        "file_size": str(size),
        "content-length": str(len(data)),
        "transfer-encoding": None,
    }
    answer = {"success": True, "message": "Upload successful."}
    return Stub("POST", f"{RUPLOAD}/{container}", **{"headers": headers, "body": data, "answer": answer, **changes})


def received(count: object, **changes: Any) -> Stub:
    answer = {"video_status": {"uploading_phase": {"status": "in_progress", "bytes_transferred": count}}, "id": "900"}
    return Stub(
        "GET", f"{API}/900", **{"headers": BEARER, "query": {"fields": "video_status"}, "answer": answer, **changes}
    )


def test_facebook_login_sends_the_bytes_of_a_reel(facebook: Config, local: MediaFile) -> None:
    steps, ready = prepared(facebook, of(local), {}, reel(), sent(b"0123456789"), status("FINISHED"))
    told = [step.step for step in steps if isinstance(step, StepDone)]
    assert told == ["ask for the quota", "create the container", "upload the video"]
    assert "uri" not in ready.handle


def test_an_image_and_a_video_with_a_url_are_fetched_there_too(
    facebook: Config, photo: MediaFile, clip: MediaFile
) -> None:
    waited = [status("FINISHED", "901"), status("FINISHED", "902")]
    prepared(facebook, of(photo, clip), {}, photo_child(), clip_child(), *waited, whole(), status("FINISHED", "910"))


def test_a_carousels_video_is_sent_as_bytes(facebook: Config, photo: MediaFile, local: MediaFile) -> None:
    form = {"is_carousel_item": "true", "media_type": "VIDEO", "upload_type": "resumable"}
    item = create(form, answer={"id": "902", "uri": f"{RUPLOAD}/902"})
    waited = [status("FINISHED", "901"), status("FINISHED", "902")]
    stubs = [photo_child(), item, sent(b"0123456789", container="902"), *waited, whole(), status("FINISHED", "910")]
    _, ready = prepared(facebook, of(photo, local), {}, *stubs)
    assert ready.handle["children"] == [child("901"), child("902")]


def broken_off(facebook: Config, what: PublishRequest) -> Handle:
    steps, failure = failed(facebook, what, {}, reel(), sent(b"0123456789", fails=httpx.WriteTimeout("slow")))
    assert (failure.step, failure.outcome.kind, failure.outcome.passing) == ("upload the video", Kind.NETWORK, True)
    handle = last_handle(steps)
    assert handle is not None
    assert handle["uri"] == f"{RUPLOAD}/900"
    return handle


@pytest.mark.parametrize(("count", "offset"), [(4, 4), (0, 0), (None, 0), (99, 0), (-1, 0)])
def test_an_upload_that_broke_off_goes_on_where_instagram_has_it(
    facebook: Config, local: MediaFile, count: object, offset: int
) -> None:
    handle = broken_off(facebook, of(local))
    rest = b"0123456789"[offset:]
    prepared(facebook, of(local), handle, received(count), sent(rest, offset), status("FINISHED"))


def test_an_upload_whose_progress_cannot_be_read_is_kept(facebook: Config, local: MediaFile) -> None:
    handle = broken_off(facebook, of(local))
    steps, failure = failed(facebook, of(local), handle, received(0, status=500, answer=error(2)))
    assert (failure.step, failure.outcome.passing) == ("upload the video", True)
    assert last_handle(steps) is None


def test_an_upload_that_is_all_there_is_not_repeated(facebook: Config, local: MediaFile) -> None:
    handle = broken_off(facebook, of(local))
    _, ready = prepared(facebook, of(local), handle, received(10), status("FINISHED"))
    assert "uri" not in ready.handle


def test_an_upload_with_an_unusable_container_starts_again(facebook: Config, local: MediaFile) -> None:
    handle = broken_off(facebook, of(local))
    gone = received(0, status=400, answer=error(24, 2207006))
    steps, failure = failed(facebook, of(local), handle, gone)
    assert (failure.outcome.code, failure.outcome.passing) == ("gone", True)
    left = last_handle(steps)
    assert left is not None
    anew = [reel(), sent(b"0123456789"), status("FINISHED")]
    prepared(facebook, of(local), left, *anew)
    prepared(facebook, of(local), {**handle, "created": to_ms(NOON - timedelta(hours=23))}, *anew)
    prepared(facebook, of(local), {**handle, "request": "another"}, *anew)


@pytest.mark.parametrize(
    ("changes", "expected", "kept"),
    [
        (
            {"status": 400, "answer": {"debug_info": {"retriable": False, "type": "Failed", "message": "bad\x07"}}},
            NotDone(Kind.MEDIA, r"bad\u0007", code="Failed", http_status=400),
            False,
        ),
        (
            {"status": 400, "answer": {"debug_info": {"retriable": True, "type": "Partial"}}},
            NotDone(Kind.MEDIA, "Partial", code="Partial", http_status=400, passing=True),
            True,
        ),
        ({"status": 500, "raw": b"<html>"}, None, True),
        ({"answer": {"success": False}}, None, True),
    ],
    ids=str,
)
def test_bytes_that_are_refused_say_why(
    facebook: Config, local: MediaFile, changes: dict[str, Any], expected: NotDone | None, kept: bool
) -> None:
    steps, failure = failed(facebook, of(local), {}, reel(), sent(b"0123456789", **changes))
    handle = last_handle(steps)
    assert handle is not None
    assert ("creation_id" in handle) is kept
    if expected is None:
        assert (failure.outcome.kind, failure.outcome.passing) == (Kind.SERVER, True)
    else:
        assert failure.outcome == expected


@pytest.mark.parametrize(
    "uri",
    [
        None,
        5,
        "https://elsewhere.example/900",
        "http://rupload.facebook.com/900",
        "https://rupload.facebook.com.elsewhere.example/900",
        "http://127.0.0.1:8700/900",
        "https://rupload.facebook.com/9 00",
    ],
)
def test_the_token_goes_to_no_other_host_than_the_upload_host(facebook: Config, local: MediaFile, uri: object) -> None:
    _, failure = failed(facebook, of(local), {}, reel(answer={"id": "900", "uri": uri}))
    assert (failure.outcome.kind, failure.outcome.passing) == (Kind.SERVER, True)


def test_facebook_login_needs_the_accounts_own_id(facebook: Config, local: MediaFile) -> None:
    _, failure = failed(facebook, of(local, user_id=None), {})
    assert failure.outcome.kind is Kind.AUTH
    assert "userId" in failure.outcome.message


def test_the_handle_of_a_single_image_is_as_small_as_ever(config: Config, photo: MediaFile) -> None:
    assert set(made(config, of(photo))) == {"user_id", "request", "creation_id", "created"}
