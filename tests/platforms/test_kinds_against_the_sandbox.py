"""Every kind of post on Instagram and TikTok, over real HTTP against the sandbox, with its limits and troubles."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.platforms.sandboxed import Desk, on
from tests.platforms.stubs import drive, drive_to_failure, last_handle, media
from tests.platforms.tiktok.case import PUBLIC
from ttp.domain.account import Credentials
from ttp.domain.action import action
from ttp.domain.publishing.outcome import Done, Found, Kind, NotDone, Outcome, Unclear, Unknown
from ttp.platforms.client import MediaFile, StepFailed
from ttp.sandbox.files import CLIP, PHOTO


def picture(folder: Path, name: str) -> MediaFile:
    return media(folder / name, PHOTO.read_bytes() + name.encode(), "image/jpeg", alt=f"This is {name}")


def film(folder: Path, name: str = "clip.mp4") -> MediaFile:
    return media(folder / name, CLIP.read_bytes(), "video/mp4", duration_ms=4000)


@on("instagram")
def test_a_carousel_of_mixed_items_is_published_once_whatever_is_cut(desk: Desk, tmp_path: Path) -> None:
    items = (picture(tmp_path, "1.jpg"), film(tmp_path), picture(tmp_path, "3.jpg"))
    desk.order = replace(desk.order, media=items)
    desk.said_of(
        user_tags="anna:0.5:0.5,2/ben,3/carl:0:1", collaborators="dora", location_id="7", is_ai_generated="true"
    )
    desk.fault("cut_after", "/media$", method="POST", nth=2)
    steps, failure = drive_to_failure(desk.client.prepare(desk.order, {}), desk.clock)
    assert failure.outcome.passing
    ready = desk.prepare(last_handle(steps))
    desk.fault("cut_after")
    assert isinstance(desk.publish(ready), Unknown)
    finding = desk.look_up(ready)
    (post,) = desk.posts()
    assert isinstance(finding, Found)
    assert finding.remote_id == post["id"]
    assert post["media"] == [file.item.sha256 for file in items]


@on("instagram")
@pytest.mark.parametrize("kind", ["image", "video"])
def test_a_story_is_published_and_found_among_the_stories(desk: Desk, tmp_path: Path, kind: str) -> None:
    file = picture(tmp_path, "1.jpg") if kind == "image" else film(tmp_path)
    desk.order = replace(desk.order, media=(file,))
    desk.said_of(kind="story", user_tags="anna")
    ready = desk.prepare()
    desk.fault("cut_after")
    assert isinstance(desk.publish(ready), Unknown)
    finding = desk.look_up(ready)
    assert isinstance(finding, Found)
    assert finding.url is not None
    assert "/stories/" in finding.url
    assert len(desk.posts()) == 1


@on("instagram")
def test_a_reel_takes_everything_that_can_be_said_of_one(desk: Desk, tmp_path: Path) -> None:
    desk.order = replace(desk.order, media=(film(tmp_path),))
    desk.said_of(
        share_to_feed="false",
        thumb_offset_ms="500",
        audio_name="Rain",
        collaborators="anna,ben",
        user_tags="carl",
        location_id="7",
        is_ai_generated="true",
        trial_reel="SS_PERFORMANCE",
    )
    failure = desk.fail()
    assert (failure.outcome.kind, failure.outcome.code, failure.outcome.passing) == (Kind.CONTENT, "100/2207081", False)
    desk.change(trialReels=True)
    assert isinstance(desk.publish(desk.prepare()), Done)


@on("instagram")
def test_with_facebook_login_a_videos_bytes_are_sent_and_a_cut_goes_on(desk: Desk, tmp_path: Path) -> None:
    desk.configure(platforms__instagram__login="facebook", media_host__kind=None)
    answer = desk.control("POST", "accounts", {"account": "instagram/demo", "login": "facebook"})
    held = answer["credentials"]
    credentials = Credentials(held["accessToken"], host="127.0.0.1", user_id=held["userId"])
    desk.order = replace(desk.order, credentials=credentials, media=(film(tmp_path),))
    desk.fault("cut_before", "/ig-api-upload/", method="POST")
    steps, failure = drive_to_failure(desk.client.prepare(desk.order, {}), desk.clock)
    assert (failure.step, failure.outcome.passing) == ("upload the video", True)
    ready = desk.prepare(last_handle(steps))
    assert isinstance(desk.publish(ready), Done)
    (post,) = desk.posts()
    assert post["media"] == [desk.order.media[0].item.sha256]


@on("instagram")
def test_a_quota_that_is_used_up_is_waited_for_and_nothing_is_made(desk: Desk) -> None:
    desk.control("POST", "settings", {"limits": {"instagram posts a day": 1}})
    assert isinstance(desk.publish(desk.prepare()), Done)
    failure = desk.fail()
    assert (failure.step, failure.outcome.kind, failure.outcome.hold) == ("ask for the quota", Kind.QUOTA, True)
    desk.clock.move(86_400)
    desk.order = replace(desk.order, text="The next day")
    assert isinstance(desk.publish(desk.prepare()), Done)


@on("instagram")
def test_what_instagram_holds_against_a_container_fails_the_step(desk: Desk) -> None:
    expected = {
        "slow_media": (Kind.MEDIA, True),
        "media_expired": (Kind.MEDIA, True),
        "create_failed": (Kind.MEDIA, True),
        "upload_error": (Kind.MEDIA, True),
        "upload_failed": (Kind.MEDIA, True),
        "video_format": (Kind.MEDIA, False),
        "throttled": (Kind.RATE_LIMIT, True),  # the last: no call is made after it
    }
    found = {}
    for trouble in expected:
        desk.change(trouble=trouble)
        failure = desk.fail()
        found[trouble] = (failure.outcome.kind, failure.outcome.passing)
        assert "fbtrace_id" in failure.outcome.message
    assert found == expected


@on("instagram")
def test_what_instagram_holds_against_a_publication_is_proof_or_it_is_not(desk: Desk) -> None:
    expected = {
        "spam": (NotDone, Kind.ACCOUNT),
        "restricted": (NotDone, Kind.ACCOUNT),
        "blocked": (NotDone, Kind.ACCOUNT),
        "limit_blocked": (NotDone, Kind.ACCOUNT),
        "duplicate": (NotDone, Kind.DUPLICATE),
        "server_error": (Unknown, Kind.SERVER),
        "unknown": (Unknown, Kind.SERVER),
    }
    ready, found = desk.prepare(), {}
    for trouble in expected:
        desk.change(trouble=trouble)
        outcome = desk.publish(ready)
        found[trouble] = (type(outcome), getattr(outcome, "kind", None))
    assert found == expected
    assert desk.posts() == []


@on("tiktok")
def test_photos_are_fetched_and_published_and_found_by_their_id(desk: Desk, tmp_path: Path) -> None:
    desk.order = replace(desk.order, media=tuple(picture(tmp_path, f"{n}.jpg") for n in range(3)))
    photos = {name: value for name, value in PUBLIC.items() if name not in ("disable_duet", "disable_stitch")}
    desk.said_of(**photos, title="A title", photo_cover_index="2", auto_add_music="true", is_aigc="true")
    ready = desk.prepare()
    assert desk.posts() == []
    outcome = desk.publish(ready)
    assert isinstance(outcome, Done)
    assert outcome.handle is not None
    desk.clock.move(60)
    (post,) = desk.posts()
    assert post["media"] == [file.item.sha256 for file in desk.order.media]
    finding = desk.client.look_up(desk.order, outcome.handle, desk.clock.now()).finding
    assert finding == Found(post["id"], f"https://www.tiktok.com/@demo/photo/{post['id']}")
    assert desk.prepare(outcome.handle).doubt is not None


@on("tiktok")
def test_a_pulled_video_whose_answer_is_lost_is_found_by_its_title(desk: Desk) -> None:
    desk.said_of(**PUBLIC, source="pull")
    ready = desk.prepare()
    desk.fault("cut_after", "/video/init/$")
    assert isinstance(desk.publish(ready), Unknown)
    desk.clock.move(30)
    finding = desk.look_up(ready)
    (post,) = desk.posts()
    assert isinstance(finding, Found)
    assert finding.remote_id == post["id"]


@on("tiktok")
def test_a_pulled_private_video_whose_answer_is_lost_is_left_to_a_person(desk: Desk) -> None:
    desk.said_of(privacy_level="SELF_ONLY", source="pull")
    ready = desk.prepare()
    desk.fault("cut_after", "/video/init/$")
    assert isinstance(desk.publish(ready), Unknown)
    assert ready.platform_at is not None
    finding = desk.client.look_up(desk.order, ready.handle, ready.platform_at).finding
    assert isinstance(finding, Unclear)
    assert finding.final


@on("tiktok")
def test_a_url_of_a_domain_that_is_not_verified_is_refused_with_what_to_do(desk: Desk) -> None:
    desk.control("POST", "settings", {"verified_prefixes": ["https://verified.example/"]})
    desk.said_of(privacy_level="SELF_ONLY", source="pull")
    outcome = desk.publish(desk.prepare())
    assert isinstance(outcome, NotDone)
    assert (outcome.kind, outcome.passing) == (Kind.ACCOUNT, False)
    assert outcome.hint == action("account set", "tiktok/demo", set="tiktok.source=file")


@on("tiktok")
@pytest.mark.parametrize("source", ["file", "pull"])
@pytest.mark.parametrize("kind", ["video", "photos"])
def test_a_draft_ends_in_the_inbox_and_says_so(desk: Desk, tmp_path: Path, source: str, kind: str) -> None:
    if kind == "photos":
        desk.order = replace(desk.order, media=(picture(tmp_path, "1.jpg"),))
    desk.said_of(mode="inbox", source=source)
    ready = desk.prepare()
    outcome = desk.publish(ready)
    assert isinstance(outcome, Done)
    desk.clock.move(30)
    finding = desk.client.look_up(desk.order, outcome.handle or ready.handle, desk.clock.now()).finding
    assert isinstance(finding, Found)
    assert finding.note is not None
    assert desk.posts() == []


@on("tiktok")
def test_what_the_creator_switched_off_is_respected_and_what_is_not_offered_refused(desk: Desk) -> None:
    desk.change(switchedOff=["comment", "duet"], privacyLevels=["MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"])
    desk.said_of(**{**PUBLIC, "privacy_level": "PUBLIC_TO_EVERYONE"})
    failure = desk.fail()
    assert "MUTUAL_FOLLOW_FRIENDS, SELF_ONLY" in failure.outcome.message
    desk.said_of(**{**PUBLIC, "privacy_level": "MUTUAL_FOLLOW_FRIENDS"})
    assert isinstance(desk.publish(desk.prepare()), Done)


@on("tiktok")
def test_an_unaudited_app_is_refused_with_what_to_do(desk: Desk) -> None:
    desk.change(unaudited=True)
    desk.said_of(**PUBLIC)
    failure = desk.fail()
    assert (failure.outcome.kind, failure.outcome.passing) == (Kind.ACCOUNT, False)
    assert failure.outcome.hint == action("account set", "tiktok/demo", set="tiktok.privacy_level=SELF_ONLY")


@on("tiktok")
def test_ten_posts_in_a_row_wait_for_the_minute_and_are_all_published(desk: Desk) -> None:
    began = desk.clock.now()
    for number in range(10):
        desk.order = replace(desk.order, text=f"Number {number}")
        try:
            ready = desk.prepare()
        except StepFailed as failed:
            desk.clock.at = failed.outcome.retry_at or desk.clock.at
            ready = desk.prepare()
        assert isinstance(desk.publish(ready), Done)
    assert timedelta(0) < desk.clock.now() - began <= timedelta(minutes=1), "it waited for a place, once"
    assert len(desk.posts()) == 10


@on("tiktok")
def test_the_days_posts_are_waited_for(desk: Desk) -> None:
    desk.control("POST", "settings", {"limits": {"tiktok posts a day": 1}})
    assert isinstance(desk.publish(desk.prepare()), Done)
    failure = desk.fail()
    assert (failure.outcome.kind, failure.outcome.hold) == (Kind.QUOTA, True)


@on("tiktok")
@pytest.mark.parametrize("source", ["file", "pull"])
def test_what_tiktok_holds_against_a_post_is_told_and_is_proof_or_not(desk: Desk, source: str) -> None:
    expected = {
        "spam_risk_too_many_pending_share": (NotDone, Kind.QUOTA),
        "spam_risk_user_banned_from_posting": (NotDone, Kind.ACCOUNT),
        "spam_risk": (NotDone, Kind.CONTENT),
        "reached_active_user_cap": (NotDone, Kind.QUOTA),
        "app_version_check_failed": (NotDone, Kind.CONTENT),
        "scope_permission_missed": (NotDone, Kind.AUTH),
        "internal_error": (Unknown if source == "pull" else NotDone, Kind.SERVER),
    }
    desk.said_of(privacy_level="SELF_ONLY", source=source)
    found = {}
    for trouble in expected:
        desk.change(trouble=trouble)
        outcome: Outcome
        try:
            outcome = desk.publish(drive(desk.client.prepare(desk.order, {}), desk.clock)[1])
        except StepFailed as failed:
            outcome = failed.outcome
        found[trouble] = (type(outcome), getattr(outcome, "kind", None))
        desk.clock.move(30)
    assert found == expected
    assert desk.posts() == []
