"""Instagram's invisible steps: the container, and the wait for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.platforms.factories import client_for
from tests.platforms.stubs import BEARER, Script, Stub, drive, drive_to_failure, last_handle, media, order
from tests.settings import Config
from ttp.domain.account import Credentials
from ttp.domain.publishing.outcome import Handle, Kind
from ttp.domain.time.clock import to_ms
from ttp.platforms.client import MediaFile, PublishRequest, Ready, Step, StepDone, StepFailed, Wait
from ttp.platforms.testing import NOON, StandingClock

API = "https://graph.instagram.com/v25.0"
LIMIT = f"{API}/178/content_publishing_limit"
SERVED = "https://cdn.example/m"


@pytest.fixture
def photo(tmp_path: Path) -> MediaFile:
    return media(tmp_path / "a.jpg", b"jpeg", "image/jpeg", alt="A cup")


def of(*files: MediaFile, text: str = "Hello", user_id: str | None = "178") -> PublishRequest:
    return order("instagram", text, *files, credentials=Credentials("secret-token-123", user_id=user_id))


def create(form: dict[str, str], **changes: Any) -> Stub:
    return Stub("POST", f"{API}/178/media", **{"headers": BEARER, "form": form, "answer": {"id": "900"}, **changes})


def image(file: MediaFile, **changes: Any) -> Stub:
    form = {"image_url": f"{SERVED}/{file.item.sha256}.jpg", "caption": "Hello", "alt_text": "A cup"}
    return create(form, **changes)


def status(state: str, container: str = "900", **changes: Any) -> Stub:
    query = {"fields": "status_code,status"}
    answer = {"status_code": state, "status": f"{state}: text", "id": container}
    return Stub("GET", f"{API}/{container}", **{"headers": BEARER, "query": query, "answer": answer, **changes})


def listed(*items: dict[str, object], **changes: Any) -> Stub:
    query = {"fields": "id,caption,timestamp,permalink", "limit": "50"}
    fields = {"headers": BEARER, "query": query, "answer": {"data": list(items)}, **changes}
    return Stub("GET", f"{API}/178/media", **fields)


def error(code: int, subcode: int | None = None, **more: object) -> dict[str, object]:
    detail: dict[str, object] = {"message": "no", "type": "OAuthException", "code": code, "fbtrace_id": "A", **more}
    return {"error": detail if subcode is None else {**detail, "error_subcode": subcode}}


class Roomy(Script):
    """The platform, whose quota has room: asked at most once, and not among the expected requests."""

    def __init__(self, *stubs: Stub) -> None:
        super().__init__(*stubs)
        self.asked = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if str(request.url).startswith(LIMIT) and not any(stub.url == LIMIT for stub in self.left):
            self.asked += 1
            assert self.asked == 1
            room = quota(2, date=None)
            room.check(request)
            return room.response()
        return super().handle_request(request)


def quota(used: int, total: int = 50, **changes: Any) -> Stub:
    answer = {"data": [{"quota_usage": used, "config": {"quota_total": total, "quota_duration": 86400}}]}
    query = {"fields": "quota_usage,config"}
    return Stub("GET", LIMIT, **{"headers": BEARER, "query": query, "answer": answer, **changes})


def prepared(config: Config, what: PublishRequest, handle: Handle, *stubs: Stub) -> tuple[list[Step], Ready]:
    clock, script = StandingClock(), Roomy(*stubs)
    steps, ready = drive(client_for("instagram", config, clock, transport=script).prepare(what, handle), clock)
    assert script.left == []
    return steps, ready


def failed(config: Config, what: PublishRequest, handle: Handle, *stubs: Stub) -> tuple[list[Step], StepFailed]:
    clock, script = StandingClock(), Roomy(*stubs)
    client = client_for("instagram", config, clock, transport=script)
    steps, failure = drive_to_failure(client.prepare(what, handle), clock)
    assert script.left == []
    return steps, failure


def made(config: Config, what: PublishRequest, **changes: object) -> dict[str, object]:
    """The handle of a container made for `what` at noon."""
    form = Stub("POST", f"{API}/178/media", answer={"id": "900"})
    form.check = lambda request: None  # type: ignore[method-assign]  # whatever the form is
    _, ready = prepared(config, what, {}, form, status("FINISHED"))
    return {**ready.handle, **changes}


def test_an_image_becomes_a_container_that_is_ready(config: Config, photo: MediaFile) -> None:
    steps, ready = prepared(config, of(photo), {}, image(photo), status("FINISHED", date=NOON + timedelta(seconds=2)))
    assert [step.step for step in steps if isinstance(step, StepDone)] == ["ask for the quota", "create the container"]
    assert last_handle(steps) == ready.handle
    assert {**ready.handle, "request": "…"} == {
        "user_id": "178",
        "creation_id": "900",
        "created": to_ms(NOON),
        "request": "…",
    }
    assert (ready.step, ready.platform_at, ready.doubt) == ("POST media_publish", NOON + timedelta(seconds=2), None)
    assert len(ready.fingerprint) == 64


def test_a_video_becomes_a_reel(config: Config, tmp_path: Path) -> None:
    file = media(tmp_path / "v.mp4", b"video", "video/mp4", alt="not sent for reels")
    form = {"media_type": "REELS", "video_url": f"{SERVED}/{file.item.sha256}.mp4", "caption": "Hello"}
    prepared(config, of(file), {}, create(form), status("FINISHED"))


def test_a_reel_is_shared_to_the_feed_as_the_option_says(config: Config, tmp_path: Path) -> None:
    file = media(tmp_path / "v.mp4", b"video", "video/mp4")
    what = replace(of(file, text=""), options={"share_to_feed": "false"})
    url = f"{SERVED}/{file.item.sha256}.mp4"
    form = {"media_type": "REELS", "video_url": url, "share_to_feed": "false"}
    _, ready = prepared(config, what, {}, create(form), status("FINISHED"))
    changed = replace(what, options={"share_to_feed": "true"})
    again = create({**form, "share_to_feed": "true"}, answer={"id": "901"})
    prepared(config, changed, ready.handle, status("FINISHED"), again, status("FINISHED", "901"))


def test_an_empty_text_has_no_caption_and_a_url_is_passed_on(config: Config, tmp_path: Path) -> None:
    file = media(tmp_path / "a.jpg", b"jpeg", "image/jpeg", url="https://a.example/a.jpg")
    prepared(config, of(file, text=""), {}, create({"image_url": "https://a.example/a.jpg"}), status("FINISHED"))


@pytest.mark.parametrize(
    "answer", [{"user_id": "178", "username": "demo"}, {"data": [{"user_id": 178, "id": "5"}]}], ids=["flat", "listed"]
)
def test_an_unknown_user_id_is_asked_for(config: Config, photo: MediaFile, answer: dict[str, object]) -> None:
    me = Stub("GET", f"{API}/me", query={"fields": "user_id,username"}, headers=BEARER, answer=answer)
    steps, ready = prepared(config, of(photo, user_id=None), {}, me, image(photo), status("FINISHED"))
    assert steps[0] == StepDone("ask for the user id", 200, handle={"user_id": "178"})
    assert ready.handle["user_id"] == "178"


@pytest.mark.parametrize("answer", [{}, {"data": []}, {"user_id": "../x"}, [1], error(190, 463)], ids=str)
def test_an_invalid_user_id_fails_the_step(config: Config, photo: MediaFile, answer: object) -> None:
    me = Stub("GET", f"{API}/me", query={"fields": "user_id,username"}, answer=answer)
    _, failure = failed(config, of(photo, user_id=None), {}, me)
    assert failure.step == "ask for the user id"


def test_a_dead_token_is_found_out_when_the_user_id_is_asked_for(config: Config, photo: MediaFile) -> None:
    query = {"fields": "user_id,username"}
    me = Stub("GET", f"{API}/me", query=query, status=400, answer=error(190, 463))
    _, failure = failed(config, of(photo, user_id=None), {}, me)
    assert (failure.step, failure.outcome.kind) == ("ask for the user id", Kind.AUTH)


def test_a_container_is_waited_for_at_a_slowing_pace(config: Config, photo: MediaFile) -> None:
    steps, _ = prepared(config, of(photo), {}, image(photo), *[status("IN_PROGRESS")] * 7, status("FINISHED"))
    waits = [step for step in steps if isinstance(step, Wait)]
    assert [step.seconds for step in waits] == [1, 2, 4, 8, 16, 30, 30]
    assert {step.what for step in waits} == {"Instagram is processing the media"}


def test_a_container_in_progress_is_given_up_after_half_an_hour(config: Config, photo: MediaFile) -> None:
    what = of(photo)
    handle = made(config, what, created=to_ms(NOON - timedelta(minutes=30)))
    again = create({}, answer={"id": "901"})
    again.check = lambda request: None  # type: ignore[method-assign]  # the form is tested elsewhere
    steps, ready = prepared(config, what, handle, status("IN_PROGRESS"), again, status("FINISHED", "901"))
    assert ready.handle["creation_id"] == "901"
    assert all(isinstance(step, StepDone) for step in steps)


def test_the_user_id_is_asked_for_once(config: Config, photo: MediaFile) -> None:
    handle = made(config, of(photo))
    steps, _ = prepared(config, of(photo, user_id=None), handle, status("FINISHED"))
    assert steps == [StepDone("ask for the quota", 200, "2 of 50 posts in 24 h")]


def test_a_finished_container_is_used_again(config: Config, photo: MediaFile) -> None:
    handle = made(config, of(photo))
    steps, ready = prepared(config, of(photo), handle, status("FINISHED"))
    assert (last_handle(steps), ready.handle) == (None, handle)


def test_a_container_of_an_edited_post_is_not(config: Config, photo: MediaFile) -> None:
    handle = made(config, of(photo, text="Old"))
    _, ready = prepared(
        config, of(photo), handle, status("FINISHED"), image(photo, answer={"id": "901"}), status("FINISHED", "901")
    )
    assert ready.handle["creation_id"] == "901"


@pytest.mark.parametrize(
    "seen",
    [
        status("EXPIRED"),
        status("ERROR"),
        status("", status=400, answer=error(100, 33)),
        status("", status=400, answer=error(24, 2207006)),
    ],
    ids=["expired", "error", "gone", "not found"],
)
def test_a_container_that_cannot_be_published_is_replaced(config: Config, photo: MediaFile, seen: Stub) -> None:
    handle = made(config, of(photo), created=to_ms(NOON - timedelta(hours=25)))
    _, ready = prepared(config, of(photo), handle, seen, image(photo, answer={"id": "901"}), status("FINISHED", "901"))
    assert ready.handle["creation_id"] == "901"


def test_a_published_container_is_doubt_even_for_an_edited_post(config: Config, photo: MediaFile) -> None:
    handle = made(config, of(photo, text="Old"))
    _, ready = prepared(config, of(photo), handle, status("PUBLISHED"))
    assert ready.doubt is not None
    assert ready.handle == handle


UNSETTLED = to_ms(NOON - timedelta(minutes=10))


def test_once_an_intent_existed_an_error_container_is_replaced_only_if_nothing_is_listed(
    config: Config, photo: MediaFile
) -> None:
    handle = made(config, of(photo), unsettled_since=UNSETTLED)
    _, ready = prepared(
        config,
        of(photo),
        handle,
        status("ERROR"),
        listed(),
        image(photo, answer={"id": "901"}),
        status("FINISHED", "901"),
    )
    assert ready.handle["creation_id"] == "901"
    assert "unsettled_since" not in ready.handle


@pytest.mark.parametrize(
    "then",
    [
        [
            status("ERROR"),
            listed({"id": "5", "caption": "Hello", "timestamp": "2026-11-24T11:51:00+0000", "permalink": None}),
        ],
        [status("ERROR"), listed(status=500, answer=error(2))],
        [status("", status=400, answer=error(100, 33))],
    ],
    ids=["listed", "no list", "gone"],
)
def test_once_an_intent_existed_anything_unclear_is_doubt(config: Config, photo: MediaFile, then: list[Stub]) -> None:
    handle = made(config, of(photo), unsettled_since=UNSETTLED, created=UNSETTLED)
    assert prepared(config, of(photo), handle, *then)[1].doubt is not None


def test_a_new_container_that_instagram_does_not_know_yet_is_asked_for_again(config: Config, photo: MediaFile) -> None:
    gone = status("", status=400, answer=error(24, 2207008))
    steps, _ = prepared(config, of(photo), {}, image(photo), gone, gone, status("FINISHED"))
    assert [step.seconds for step in steps if isinstance(step, Wait)] == [30, 30]


def test_a_new_container_that_stays_unknown_is_dropped(config: Config, photo: MediaFile) -> None:
    gone = status("", status=400, answer=error(24, 2207008))
    steps, failure = failed(config, of(photo), {}, image(photo), *[gone] * 5)
    assert (failure.outcome.code, failure.outcome.passing) == ("gone", True)
    assert last_handle(steps) == {"user_id": "178"}


@pytest.mark.parametrize(
    ("text", "code", "passing"),
    [
        ("Error: Media upload has failed with error code 2207076", "2207076", False),
        ("Error: 2207053 unknown upload error", "2207053", True),
        ("Error: 2207026 unsupported format", "2207026", False),
        ("Error: something else", None, False),
        ("", None, False),
    ],
)
def test_a_container_that_ends_in_error_says_why(
    config: Config, photo: MediaFile, text: str, code: str | None, passing: bool
) -> None:
    ended = status("ERROR", answer={"status_code": "ERROR", "status": text, "id": "900"})
    steps, failure = failed(config, of(photo), {}, image(photo), ended)
    assert failure.step == "wait for the container"
    assert (failure.outcome.kind, failure.outcome.code, failure.outcome.passing) == (Kind.MEDIA, code, passing)
    assert last_handle(steps) == {"user_id": "178"}


@pytest.mark.parametrize("where", ["creation", "status"])
def test_a_url_that_could_not_be_fetched_is_tried_once_more(config: Config, photo: MediaFile, where: str) -> None:
    stubs = [image(photo, status=400, answer=error(9004, 2207052))]
    if where == "status":
        ended = {"status_code": "ERROR", "status": "Error: 2207052", "id": "900"}
        stubs = [image(photo), status("ERROR", answer=ended)]
    steps, first = failed(config, of(photo), {}, *stubs)
    handle = last_handle(steps)
    assert handle is not None
    assert (handle["user_id"], handle["refetched"], "creation_id" in handle) == ("178", True, False)
    assert first.outcome.passing
    _, second = failed(config, of(photo), handle, *stubs)
    assert not second.outcome.passing


@pytest.mark.parametrize(
    ("changes", "kind", "passing"),
    [
        ({"status": 400, "answer": error(190, 463)}, Kind.AUTH, False),
        ({"status": 400, "answer": error(9, 2207042)}, Kind.QUOTA, True),
        ({"status": 400, "answer": error(36000, 2207004)}, Kind.MEDIA, False),
        ({"status": 500, "answer": error(2)}, Kind.SERVER, True),
        ({"status": 400, "answer": error(999_999)}, Kind.SERVER, True),
        ({"status": 200, "answer": {}}, Kind.SERVER, True),
    ],
    ids=str,
)
@pytest.mark.parametrize("where", ["creation", "status"])
def test_a_step_that_fails_says_why_and_whether_it_passes(
    config: Config, photo: MediaFile, where: str, changes: dict[str, Any], kind: Kind, passing: bool
) -> None:
    stubs = [image(photo, **changes)] if where == "creation" else [image(photo), status("", **changes)]
    _, failure = failed(config, of(photo), {}, *stubs)
    assert (failure.outcome.kind, failure.outcome.passing) == (kind, passing)
    assert (failure.outcome.hint is not None) is (kind is Kind.AUTH)


def test_an_unknown_status_fails_the_step(config: Config, photo: MediaFile) -> None:
    _, failure = failed(config, of(photo), {}, image(photo), status("SCHEDULED"))
    assert (failure.outcome.kind, failure.outcome.passing) == (Kind.SERVER, True)


def test_without_a_media_host_the_step_names_the_settings(photo: MediaFile) -> None:
    _, failure = failed(Config(), of(photo), {})
    assert failure.outcome.kind is Kind.MEDIA
    assert "media_host.kind" in failure.outcome.message


@pytest.mark.parametrize(
    ("count", "options"), [(0, {}), (11, {}), (2, {"kind": "story"})], ids=["none", "eleven", "two in a story"]
)
def test_media_that_make_no_post_are_refused(
    config: Config, photo: MediaFile, count: int, options: dict[str, str]
) -> None:
    _, failure = failed(config, replace(of(*[photo] * count), options=options), {})
    assert (failure.outcome.kind, failure.outcome.passing) == (Kind.CONTENT, False)


def test_an_option_that_cannot_be_is_refused(config: Config, tmp_path: Path) -> None:
    what = replace(of(media(tmp_path / "v.mp4", b"video", "video/mp4")), options={"thumb_offset_ms": "soon"})
    _, failure = failed(config, what, {})
    assert failure.outcome.kind is Kind.CONTENT
    assert all(named in failure.outcome.message for named in ("instagram.thumb_offset_ms", '"soon"'))


# The quota.


def test_a_used_up_quota_is_waited_for_before_anything_is_made(config: Config, photo: MediaFile) -> None:
    _, failure = failed(config, of(photo), {}, quota(50))
    outcome = failure.outcome
    assert (outcome.kind, outcome.passing, outcome.hold) == (Kind.QUOTA, True, True)
    assert outcome.retry_at == NOON + timedelta(hours=1)
    assert "50 of 50" in outcome.message


def test_a_finished_container_waits_for_the_quota_too(config: Config, photo: MediaFile) -> None:
    handle = made(config, of(photo))
    _, failure = failed(config, of(photo), handle, status("FINISHED"), quota(100, 100))
    assert failure.outcome.kind is Kind.QUOTA


@pytest.mark.parametrize(
    "changes",
    [
        {"status": 500, "answer": error(2)},
        {"status": 400, "answer": error(999_999)},
        {"answer": {"data": []}},
        {"answer": {"data": [{"quota_usage": 3}]}},
        {"answer": {"data": [{"quota_usage": "3", "config": {"quota_total": 1}}]}},
        {"answer": {"data": [{"quota_usage": 10**400, "config": {"quota_total": 50}}]}},
        {"answer": {"data": [{"quota_usage": -1, "config": {"quota_total": 50}}]}},
        {"answer": {"data": [{"quota_usage": 0, "config": {"quota_total": 0}}]}},
        {"raw": b"{"},
    ],
    ids=str,
)
def test_an_unreadable_quota_does_not_stop_the_post(config: Config, photo: MediaFile, changes: dict[str, Any]) -> None:
    prepared(config, of(photo), {}, quota(0, **changes), image(photo), status("FINISHED"))


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"status": 400, "answer": error(190, 463)}, Kind.AUTH),
        ({"status": 400, "answer": error(80002)}, Kind.RATE_LIMIT),
        ({"fails": httpx.ConnectError("refused")}, Kind.NETWORK),
    ],
    ids=str,
)
def test_a_quota_that_is_refused_stops_what_would_be_refused_as_well(
    config: Config, photo: MediaFile, changes: dict[str, Any], kind: Kind
) -> None:
    _, failure = failed(config, of(photo), {}, quota(0, **changes))
    assert (failure.step, failure.outcome.kind) == ("ask for the quota", kind)
