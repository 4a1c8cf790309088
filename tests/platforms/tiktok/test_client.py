"""TikTok: announcing an upload, sending its bytes, what the last byte starts, and the status as the proof."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.platforms.factories import client_for
from tests.platforms.stubs import BEARER, Script, Stub, by_code, drive, drive_to_failure, last_handle, media, order
from tests.rows import each
from tests.settings import Config
from ttp.domain.account import Account
from ttp.domain.action import action
from ttp.domain.publishing.outcome import (
    Absent,
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
from ttp.domain.time.clock import to_ms
from ttp.platforms.client import LookupResult, MediaFile, PublishRequest, Ready, Step, StepDone, StepFailed
from ttp.platforms.reply import Answer, ConnectionLost
from ttp.platforms.testing import NOON, StandingClock
from ttp.platforms.tiktok import uploads as tiktok_upload
from ttp.platforms.tiktok.errors import CODES, REASONS, publication_failure, refusal
from ttp.platforms.tiktok.uploads import CHUNK, chunk_count, chunk_size, may_upload_to
from ttp.platforms.uploads import read_range

API = "https://open.tiktokapis.com/v2/post/publish"
PUT_URL = "https://upload.tiktok.example/video/?id=1"
PLAIN_URL = "https://upload.tiktok.example/video/"
DEMO = Account("tiktok", "demo")
RECONNECT = action("account connect", "tiktok/demo")
JSON = {"content-type": "application/json; charset=UTF-8", **BEARER}


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiktok_upload, "CHUNK", 4)


@pytest.fixture
def clip(tmp_path: Path) -> MediaFile:
    return media(tmp_path / "v.mp4", b"video", "video/mp4", duration_ms=3000)


@pytest.fixture
def film(tmp_path: Path) -> MediaFile:
    return media(tmp_path / "v.mp4", b"0123456789abc", "video/mp4")


def of(*files: MediaFile, text: str = "Hello", **options: str) -> PublishRequest:
    return order("tiktok", text, *files, options={"privacy_level": "SELF_ONLY", **options})


OPEN = {
    "disable_comment": "false",
    "disable_duet": "false",
    "disable_stitch": "false",
    "brand_content_toggle": "false",
    "brand_organic_toggle": "false",
}
"""All that a person must choose besides the privacy level."""


def envelope(data: object = None, code: str = "ok", message: str = "") -> dict[str, object]:
    return {"data": data or {}, "error": {"code": code, "message": message, "log_id": "L"}}


def creator(**changes: Any) -> Stub:
    data = {
        "creator_username": "demo.user",
        "privacy_level_options": ["PUBLIC_TO_EVERYONE", "SELF_ONLY"],
        "max_video_post_duration_sec": 60,
    }
    return Stub("POST", f"{API}/creator_info/query/", **{"headers": JSON, "answer": envelope(data), **changes})


def announce(size: int, chunk: int, count: int, info: dict[str, object] | None = None, **changes: Any) -> Stub:
    body = {
        "post_info": info or {"privacy_level": "SELF_ONLY", "title": "Hello"},
        "source_info": {
            "source": "FILE_UPLOAD",
            "video_size": size,
            "chunk_size": chunk,
            "total_chunk_count": count,
        },
    }
    answer = envelope({"publish_id": "v_pub_file~v2-1.1", "upload_url": PUT_URL})
    return Stub("POST", f"{API}/video/init/", **{"headers": BEARER, "json": body, "answer": answer, **changes})


def put(data: bytes, start: int, size: int, **changes: Any) -> Stub:
    end = start + len(data)
    headers = {
        "content-type": "video/mp4",
        "content-length": str(len(data)),
        "content-range": f"bytes {start}-{end - 1}/{size}",
        "authorization": None,
        "transfer-encoding": None,
    }
    fields = {"query": {"id": "1"}, "headers": headers, "body": data, "status": 201 if end == size else 206, **changes}
    return Stub("PUT", PLAIN_URL, **fields)


def fetch(state: str = "PROCESSING_UPLOAD", **changes: Any) -> Stub:
    data = {"status": state, **changes.pop("data", {})}
    fields = {"headers": BEARER, "json": {"publish_id": "v_pub_file~v2-1.1"}, "answer": envelope(data), **changes}
    return Stub("POST", f"{API}/status/fetch/", **fields)


def prepared(what: PublishRequest, handle: Handle, *stubs: Stub) -> tuple[list[Step], Ready]:
    clock, script = StandingClock(), Script(*stubs)
    steps, ready = drive(client_for("tiktok", Config(), clock, transport=script).prepare(what, handle), clock)
    assert script.left == []
    return steps, ready


def failed(what: PublishRequest, handle: Handle, *stubs: Stub) -> tuple[list[Step], StepFailed]:
    clock, script = StandingClock(), Script(*stubs)
    client = client_for("tiktok", Config(), clock, transport=script)
    steps, failure = drive_to_failure(client.prepare(what, handle), clock)
    assert script.left == []
    return steps, failure


def held(what: PublishRequest, **changes: object) -> dict[str, object]:
    """The handle once the first chunk of `film` has gone."""
    steps, _ = failed(what, {}, creator(), announce(13, 4, 3), put(b"0123", 0, 13), put(b"4567", 4, 13, status=500))
    return {**(last_handle(steps) or {}), **changes}


# Chunks.


@given(st.integers(1, 4 * 1024**3))
def test_every_size_is_cut_as_tiktok_wants(size: int) -> None:
    tiktok_upload.CHUNK = CHUNK
    chunk = chunk_size(size)
    count = chunk_count(size, chunk)
    last = size - (count - 1) * chunk
    assert count == size // chunk <= 1000
    assert chunk <= 64_000_000
    assert count == 1 or chunk >= 5_242_880
    assert 0 < last <= 2 * CHUNK <= 128_000_000
    assert count > 1 or chunk == size


# Invisible steps.


def test_preparing_a_small_video_sends_no_chunk(clip: MediaFile) -> None:
    steps, ready = prepared(of(clip), {}, creator(), announce(5, 5, 1, date=NOON + timedelta(seconds=1)))
    assert [step.step for step in steps if isinstance(step, StepDone)] == ["ask what is allowed", "announce the post"]
    handle = last_handle(steps)
    assert handle is not None
    assert {**handle, "request": "…"} == {
        "publish_id": "v_pub_file~v2-1.1",
        "upload_url": PUT_URL,
        "issued_at": to_ms(NOON),
        "offset": 0,
        "size": 5,
        "chunk": 5,
        "request": "…",
        "username": "demo.user",
        "tried": 0,
    }
    assert ready.handle == {**handle, "tried": 1}
    assert (ready.step, ready.platform_at, ready.doubt) == ("PUT the last chunk", NOON + timedelta(seconds=1), None)


def test_preparing_a_larger_video_sends_all_but_the_last_chunk(film: MediaFile) -> None:
    steps, ready = prepared(of(film), {}, creator(), announce(13, 4, 3), put(b"0123", 0, 13), put(b"4567", 4, 13))
    assert [step.message for step in steps if isinstance(step, StepDone) and step.step == "upload a chunk"] == [
        "4 of 13 bytes",
        "8 of 13 bytes",
    ]
    assert ready.handle["offset"] == 8


def test_the_options_go_along_and_nothing_is_a_default(clip: MediaFile) -> None:
    chosen = {"disable_comment": "true", "is_aigc": "false", "brand_content_toggle": "true"}
    what = of(clip, text="", video_cover_timestamp_ms="1500", auto_add_music="true", title="for photos", **chosen)
    info = {
        "privacy_level": "SELF_ONLY",
        "disable_comment": True,
        "is_aigc": False,
        "brand_content_toggle": True,
        "video_cover_timestamp_ms": 1500,
    }
    prepared(what, {}, creator(), announce(5, 5, 1, info))


@pytest.mark.parametrize(
    ("chosen", "asked"),
    [
        (
            {},
            "tiktok.privacy_level (PUBLIC_TO_EVERYONE, SELF_ONLY)",
        ),
        (
            {"privacy_level": "PUBLIC_TO_EVERYONE", "disable_comment": "false", "brand_organic_toggle": "false"},
            "tiktok.disable_duet (true, false), tiktok.disable_stitch (true, false), "
            "tiktok.brand_content_toggle (true, false)",
        ),
    ],
    ids=["nothing", "some"],
)
def test_required_choices_are_never_guessed(clip: MediaFile, chosen: dict[str, str], asked: str) -> None:
    _, failure = failed(order("tiktok", "Hello", clip, options=chosen), {}, creator())
    assert (failure.outcome.kind, failure.outcome.code) == (Kind.CONTENT, "option_missing")
    assert failure.outcome.message.endswith(f": {asked}")


def test_the_way_out_makes_every_missing_choice_the_careful_way(clip: MediaFile) -> None:
    _, failure = failed(order("tiktok", "Hello", clip), {}, creator())
    assert failure.outcome.hint == action("account set", "tiktok/demo", set="tiktok.privacy_level=SELF_ONLY")
    public = {**OPEN, "privacy_level": "PUBLIC_TO_EVERYONE"}
    del public["disable_duet"], public["brand_content_toggle"]
    _, failure = failed(order("tiktok", "Hello", clip, options=public), {}, creator())
    assert failure.outcome.hint == (
        action("account set", "tiktok/demo", set=["tiktok.disable_duet=true", "tiktok.brand_content_toggle=false"])
    )


def test_disabled_options_need_no_choice(clip: MediaFile) -> None:
    off = {"comment_disabled": True, "duet_disabled": True, "stitch_disabled": False}
    chosen = {**OPEN, "privacy_level": "PUBLIC_TO_EVERYONE"}
    del chosen["disable_duet"]
    info = {
        "privacy_level": "PUBLIC_TO_EVERYONE",
        "title": "Hello",
        "disable_comment": True,
        "disable_duet": True,
        "disable_stitch": False,
        "brand_content_toggle": False,
        "brand_organic_toggle": False,
    }
    answer = envelope({"privacy_level_options": ["PUBLIC_TO_EVERYONE"], **off})
    what = order("tiktok", "Hello", clip, options=chosen)
    steps, _ = prepared(what, {}, creator(answer=answer), announce(5, 5, 1, info))
    told = next(step.message for step in steps if isinstance(step, StepDone))
    assert told == "set by the account's own settings: tiktok.disable_comment, tiktok.disable_duet"


def test_a_switch_is_true_or_false(clip: MediaFile) -> None:
    _, failure = failed(of(clip, disable_duet="yes"), {}, creator())
    assert failure.outcome.kind is Kind.CONTENT
    assert all(named in failure.outcome.message for named in ("tiktok.disable_duet", '"yes"', "true, false"))


def test_a_privacy_level_that_is_not_offered_is_refused(clip: MediaFile) -> None:
    what = of(clip, privacy_level="MUTUAL_FOLLOW_FRIENDS")
    _, failure = failed(what, {}, creator())
    assert failure.outcome.code == "privacy_level_option_mismatch"
    assert "PUBLIC_TO_EVERYONE, SELF_ONLY" in failure.outcome.message


def test_a_video_longer_than_the_account_may_post_is_refused(tmp_path: Path) -> None:
    file = media(tmp_path / "v.mp4", b"video", "video/mp4", duration_ms=61_000)
    _, failure = failed(of(file), {}, creator())
    assert failure.outcome.kind is Kind.MEDIA
    assert all(named in failure.outcome.message for named in ("v.mp4", "61 s", "60 s"))


def test_a_creator_without_name_or_limits_may_post(clip: MediaFile) -> None:
    odd = {"creator_username": "../x", "privacy_level_options": [], "max_video_post_duration_sec": True}
    _, ready = prepared(of(clip), {}, creator(answer=envelope(odd)), announce(5, 5, 1))
    assert ready.handle["username"] is None


@pytest.mark.parametrize("harm", ["none", "mixed", "two", "gone", "other size"])
def test_only_one_complete_video_is_accepted(tmp_path: Path, clip: MediaFile, harm: str) -> None:
    files: tuple[MediaFile, ...] = (clip,)
    match harm:
        case "none":
            files = ()
        case "mixed":
            files = (media(tmp_path / "a.jpg", b"jpeg", "image/jpeg"), clip)
        case "two":
            files = (clip, clip)
        case "gone":
            clip.path.unlink()
        case _:
            clip.path.write_bytes(b"vid")
    _, failure = failed(of(*files), {})
    assert not failure.outcome.passing


FAILURES: list[tuple[dict[str, Any], Kind, bool]] = [
    ({"status": 401, "answer": envelope(code="access_token_invalid")}, Kind.AUTH, False),
    ({"status": 200, "answer": envelope(code="spam_risk_too_many_posts")}, Kind.QUOTA, True),
    ({"status": 429, "answer": envelope(code="rate_limit_exceeded")}, Kind.RATE_LIMIT, True),
    ({"status": 500, "answer": envelope(code="internal_error")}, Kind.SERVER, True),
    ({"status": 400, "answer": envelope(code="never_heard_of")}, Kind.SERVER, True),
    ({"status": 500, "answer": envelope()}, Kind.SERVER, True),
    ({"status": 502, "raw": b"<html>"}, Kind.SERVER, True),
    ({"status": 200, "raw": b"{"}, Kind.SERVER, True),
    ({"status": 302}, Kind.SERVER, True),
    ({"fails": httpx.ReadTimeout("slow")}, Kind.NETWORK, True),
    ({"fails": httpx.ConnectError("refused")}, Kind.NETWORK, True),
]


@pytest.mark.parametrize(("changes", "kind", "passing"), FAILURES, ids=str)
@pytest.mark.parametrize("where", ["creator", "announce", "status"])
def test_a_step_that_fails_says_why_and_whether_it_passes(
    film: MediaFile, where: str, changes: dict[str, Any], kind: Kind, passing: bool
) -> None:
    handle: Handle = held(of(film)) if where == "status" else {}
    stubs = {
        "creator": [creator(**changes)],
        "announce": [creator(), announce(13, 4, 3, **changes)],
        "status": [fetch(**changes)],
    }[where]
    _, failure = failed(of(film), handle, *stubs)
    assert (failure.outcome.kind, failure.outcome.passing) == (kind, passing)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"publish_id": "1"},
        {"publish_id": "1", "upload_url": "http://upload.example/"},
        {"publish_id": "1", "upload_url": "http://127.0.0.1:1/"},
        {"publish_id": "1", "upload_url": "file:///etc/passwd"},
        {"publish_id": "1", "upload_url": "https://a b"},
        {"publish_id": 5, "upload_url": PUT_URL},
    ],
    ids=str,
)
def test_media_go_to_no_odd_address(clip: MediaFile, data: dict[str, object]) -> None:
    _, failure = failed(of(clip), {}, creator(), announce(5, 5, 1, answer=envelope(data)))
    assert (failure.outcome.kind, failure.outcome.passing) == (Kind.SERVER, True)


def test_loopback_takes_uploads_only_while_tiktok_itself_is_loopback() -> None:
    assert may_upload_to("http://127.0.0.1:8700/upload", loopback=True)
    assert not may_upload_to("http://127.0.0.1:8700/upload", loopback=False)
    assert not may_upload_to("http://192.168.1.1/upload", loopback=True)
    assert not may_upload_to("ftp://127.0.0.1/upload", loopback=True)
    assert not may_upload_to("https://[::1", loopback=True)


# Resuming.


def test_an_upload_continues_at_tiktoks_offset(film: MediaFile) -> None:
    steps, ready = prepared(of(film), held(of(film)), fetch(data={"uploaded_bytes": 4}), put(b"4567", 4, 13))
    assert steps[0] == StepDone("ask for the status", 200, "4 of 13 bytes already uploaded", handle=held(of(film)))
    assert (ready.handle["offset"], ready.handle["tried"]) == (8, 1)


def test_bytes_that_tiktok_does_not_have_are_sent_again(film: MediaFile) -> None:
    prepared(of(film), held(of(film)), fetch(data={"uploaded_bytes": 0}), put(b"0123", 0, 13), put(b"4567", 4, 13))


def test_a_chunk_that_arrived_in_part_is_completed_to_its_end(film: MediaFile) -> None:
    prepared(of(film), held(of(film)), fetch(data={"uploaded_bytes": 6}), put(b"67", 6, 13))


@pytest.mark.parametrize(
    ("changes", "seen"),
    [
        ({"issued_at": to_ms(NOON - timedelta(minutes=59))}, fetch(data={"uploaded_bytes": 4})),
        ({"issued_at": to_ms(NOON - timedelta(minutes=65)), "tried": 3}, fetch(data={"uploaded_bytes": 4})),
        ({"request": "of another text"}, fetch(data={"uploaded_bytes": 4})),
        ({"tried": 1}, fetch("FAILED", data={"fail_reason": "internal"})),
        ({}, fetch(status=400, answer=envelope(code="invalid_publish_id"))),
        ({}, fetch(status=403, answer=envelope(code="token_not_authorized_for_specified_publish_id"))),
    ],
    ids=["old", "dead", "edited", "failed", "unknown", "foreign"],
)
def test_an_upload_that_cannot_be_completed_starts_again(
    film: MediaFile, changes: dict[str, object], seen: Stub
) -> None:
    stubs = [seen, creator(), announce(13, 4, 3), put(b"0123", 0, 13), put(b"4567", 4, 13)]
    _, ready = prepared(of(film), held(of(film), **changes), *stubs)
    assert ready.handle["tried"] == 1


@pytest.mark.parametrize(
    "seen",
    [
        fetch("PUBLISH_COMPLETE"),
        fetch("SEND_TO_USER_INBOX"),
        fetch("PROCESSING_UPLOAD", data={"uploaded_bytes": 13}),
        fetch("PROCESSING_UPLOAD"),
        fetch("PROCESSING_DOWNLOAD"),
        fetch("SOMETHING_NEW"),
    ],
    ids=str,
)
def test_an_upload_that_may_be_published_is_doubt_even_for_an_edited_post(film: MediaFile, seen: Stub) -> None:
    assert prepared(of(film), held(of(film), request="edited"), seen)[1].doubt is not None


@pytest.mark.parametrize("told", [True, "4", 4.0, -1, None], ids=repr)
def test_an_implausible_number_of_bytes_is_ignored(film: MediaFile, told: object) -> None:
    assert prepared(of(film), held(of(film)), fetch(data={"uploaded_bytes": told}))[1].doubt is not None


@pytest.mark.parametrize("status", [400, 403, 404])
def test_an_upload_whose_last_chunk_may_still_arrive_is_not_made_anew_for_a_refused_chunk(
    film: MediaFile, status: int
) -> None:
    begun = held(of(film), tried=1)
    steps, ready = prepared(of(film), begun, fetch(data={"uploaded_bytes": 4}), put(b"4567", 4, 13, status=status))
    assert ready.doubt is not None
    assert last_handle(steps) == ready.handle == {**begun, "request": ""}, "nothing completes it any more"
    again = prepared(of(film), ready.handle, fetch(data={"uploaded_bytes": 4}))[1]
    assert again.doubt == ready.doubt


def test_a_chunk_that_tiktok_takes_for_the_last_is_doubt(film: MediaFile) -> None:
    _, ready = prepared(of(film), {}, creator(), announce(13, 4, 3), put(b"0123", 0, 13, status=201))
    assert ready.doubt is not None


@pytest.mark.parametrize(
    ("changes", "kind", "dropped"),
    [
        ({"status": 400}, Kind.SERVER, True),
        ({"status": 403}, Kind.SERVER, True),
        ({"status": 404}, Kind.SERVER, True),
        ({"status": 416}, Kind.SERVER, False),
        ({"status": 500}, Kind.SERVER, False),
        ({"fails": httpx.WriteTimeout("slow")}, Kind.NETWORK, False),
        ({"fails": httpx.ConnectError("refused")}, Kind.NETWORK, False),
    ],
    ids=str,
)
def test_a_chunk_that_fails_is_passing(film: MediaFile, changes: dict[str, Any], kind: Kind, dropped: bool) -> None:
    steps, failure = failed(of(film), {}, creator(), announce(13, 4, 3), put(b"0123", 0, 13, **changes))
    assert (failure.outcome.kind, failure.outcome.passing) == (kind, True)
    assert (last_handle(steps) == {}) is dropped


def test_a_file_that_shrinks_while_it_is_sent_ends_the_call(tmp_path: Path) -> None:
    path = tmp_path / "v.mp4"
    path.write_bytes(b"vid")
    with pytest.raises(OSError, match="shorter"):
        list(read_range(path, 0, 5))


# The publishing call.


def published(what: PublishRequest, handle: Handle, stub: Stub) -> Outcome:
    script = Script(stub)
    outcome = client_for("tiktok", Config(), StandingClock(), transport=script).publish(what, handle)
    assert script.left == []
    return outcome


def test_the_last_chunk_is_accepted_and_worked_on(film: MediaFile) -> None:
    outcome = published(of(film), held(of(film), offset=8), put(b"89abc", 8, 13))
    assert outcome == Done("v_pub_file~v2-1.1", processing=True, http_status=201)


@pytest.mark.parametrize(
    "changes",
    [
        {"status": 200},
        {"status": 206},
        {"status": 400},
        {"status": 403},
        {"status": 404},
        {"status": 416},
        {"status": 429},
        {"status": 403, "answer": envelope(code="spam_risk")},
    ],
    ids=str,
)
def test_every_other_answer_is_left_to_the_status(film: MediaFile, changes: dict[str, Any]) -> None:
    outcome = published(of(film), held(of(film), offset=8), put(b"89abc", 8, 13, **changes))
    assert isinstance(outcome, Unknown)
    assert outcome.kind is Kind.SERVER


def test_a_video_that_went_missing_before_the_last_chunk_is_proof(film: MediaFile) -> None:
    handle = held(of(film), offset=8)
    film.path.unlink()
    script = Script()
    outcome = client_for("tiktok", Config(), StandingClock(), transport=script).publish(of(film), handle)
    assert isinstance(outcome, NotDone)
    assert outcome.kind is Kind.MEDIA


# Queries-up.


def looked(what: PublishRequest, handle: Handle, stub: Stub) -> LookupResult:
    script = Script(stub)
    found = client_for("tiktok", Config(), StandingClock(), transport=script).look_up(what, handle, NOON)
    assert script.left == []
    return found


def test_a_complete_publication_is_found_with_its_exact_id(film: MediaFile) -> None:
    post_id = 9_223_372_036_854_775_807
    stub = fetch("PUBLISH_COMPLETE", data={"publicaly_available_post_id": [post_id]}, date=NOON + timedelta(seconds=2))
    assert looked(of(film), held(of(film)), stub) == LookupResult(
        Found(str(post_id), f"https://www.tiktok.com/@demo.user/video/{post_id}"), NOON + timedelta(seconds=2)
    )


@pytest.mark.parametrize("ids", [None, [], ["x"], [None], 5], ids=str)
def test_a_complete_publication_whose_id_comes_later_has_its_publish_id(film: MediaFile, ids: object) -> None:
    stub = fetch("PUBLISH_COMPLETE", data={"publicaly_available_post_id": ids})
    assert looked(of(film), held(of(film)), stub).finding == Found("v_pub_file~v2-1.1")
    public = of(film, privacy_level="PUBLIC_TO_EVERYONE")
    assert looked(public, held(of(film)), stub).finding == Found("v_pub_file~v2-1.1", id_later=True)


def test_without_a_known_name_there_is_no_link(film: MediaFile) -> None:
    stub = fetch("PUBLISH_COMPLETE", data={"publicaly_available_post_id": [5]})
    assert looked(of(film), held(of(film), username=None), stub).finding == Found("5")


def test_a_video_in_the_creators_inbox_is_found(film: MediaFile) -> None:
    finding = looked(of(film), held(of(film)), fetch("SEND_TO_USER_INBOX")).finding
    note = "it is a draft in the inbox of the TikTok app: finish and post it there"
    assert finding == Found("v_pub_file~v2-1.1", note=note)


@pytest.mark.parametrize(
    "stub",
    [
        fetch("PROCESSING_UPLOAD", data={"uploaded_bytes": 13}),
        fetch("PROCESSING_UPLOAD"),
        fetch("PROCESSING_UPLOAD", data={"uploaded_bytes": 99}),
        fetch("PROCESSING_DOWNLOAD"),
    ],
    ids=str,
)
def test_a_video_that_is_all_there_is_worked_on(film: MediaFile, stub: Stub) -> None:
    assert looked(of(film), held(of(film)), stub).finding == Working("TikTok is processing the video")


def test_missing_bytes_are_proof_of_absence_and_the_upload_goes_on(film: MediaFile) -> None:
    finding = looked(of(film), held(of(film), tried=1), fetch(data={"uploaded_bytes": 8})).finding
    assert finding == Absent(certain=True, handle=held(of(film), tried=1, offset=8))


@pytest.mark.parametrize(
    "changes",
    [
        {"issued_at": to_ms(NOON - timedelta(minutes=59))},
        {"issued_at": to_ms(NOON - timedelta(minutes=65)), "tried": 1},
    ],
    ids=str,
)
def test_missing_bytes_of_a_dead_url_need_a_new_upload(film: MediaFile, changes: dict[str, object]) -> None:
    finding = looked(of(film), held(of(film), **changes), fetch(data={"uploaded_bytes": 8})).finding
    assert finding == Absent(certain=True, handle={})


def test_a_call_that_may_still_arrive_is_waited_for_before_anything_new_is_announced(film: MediaFile) -> None:
    handle = held(of(film), issued_at=to_ms(NOON - timedelta(minutes=64)), tried=1)
    finding = looked(of(film), handle, fetch(data={"uploaded_bytes": 8})).finding
    assert isinstance(finding, Working)
    _, ready = prepared(of(film), handle, fetch(data={"uploaded_bytes": 8}))
    assert ready.doubt is not None


REASON_ROWS = by_code(
    {
        (Kind.MEDIA, False): (
            "file_format_check_failed duration_check_failed frame_rate_check_failed picture_size_check_failed"
        ),
        (Kind.SERVER, True): "internal",
        (Kind.MEDIA, True): "video_pull_failed photo_pull_failed",
        (Kind.ACCOUNT, False): "publish_cancelled spam_risk_user_banned_from_posting",
        (Kind.AUTH, False): "auth_removed",
        (Kind.QUOTA, True): "spam_risk_too_many_posts",
        (Kind.CONTENT, False): "spam_risk_text spam_risk",
    }
)


@pytest.mark.parametrize(("reason", "expected"), REASON_ROWS.items(), ids=str)
def test_a_failed_publication_says_why(film: MediaFile, reason: str, expected: tuple[Kind, bool]) -> None:
    finding = looked(of(film), held(of(film)), fetch("FAILED", data={"fail_reason": reason})).finding
    assert isinstance(finding, Refused)
    assert (finding.outcome.kind, finding.outcome.passing) == expected
    assert finding.outcome.code == reason
    assert (finding.outcome.retry_at == NOON + timedelta(days=1)) is finding.outcome.hold


@pytest.mark.parametrize("reason", ["never heard of\x07", "", None], ids=str)
def test_an_unlisted_reason_is_final(film: MediaFile, reason: str | None) -> None:
    finding = looked(of(film), held(of(film)), fetch("FAILED", data={"fail_reason": reason})).finding
    assert isinstance(finding, Refused)
    assert (finding.outcome.kind, finding.outcome.passing) == (Kind.UNKNOWN, False)
    assert "\x07" not in finding.outcome.message


CODE_ROWS = by_code(
    {
        (Kind.AUTH, False): "access_token_invalid scope_not_authorized scope_permission_missed",
        (Kind.CONTENT, False): (
            "invalid_params invalid_param invalid_file_upload app_version_check_failed spam_risk "
            "privacy_level_option_mismatch"
        ),
        (Kind.QUOTA, True): "spam_risk_too_many_posts spam_risk_too_many_pending_share reached_active_user_cap",
        (Kind.ACCOUNT, False): (
            "spam_risk_user_banned_from_posting unaudited_client_can_only_post_to_private_accounts "
            "url_ownership_unverified token_not_authorized_for_specified_publish_id"
        ),
        (Kind.MEDIA, False): "invalid_publish_id",
        (Kind.RATE_LIMIT, True): "rate_limit_exceeded",
        (Kind.SERVER, True): "internal_error",
    }
)


@each(("code", "expected"), CODE_ROWS.items())
@each("status", [200, 403])
def test_an_error_code_has_its_kind_whatever_the_status(code: str, expected: tuple[Kind, bool], status: int) -> None:
    found = refusal(Answer(status, data=envelope(code=code, message="no\x07")), DEMO, NOON, spread=20)
    assert found is not None
    assert (found.kind, found.passing) == expected
    assert found.code == code
    assert found.message.startswith(rf"no\u0007 ({code}, log id L)")
    waits = {Kind.QUOTA: timedelta(days=1), Kind.RATE_LIMIT: timedelta(seconds=65)}
    assert found.retry_at == (NOON + waits[found.kind] if found.kind in waits else None)
    assert found.hold is (found.kind is Kind.QUOTA)
    options = {
        "unaudited_client_can_only_post_to_private_accounts": "tiktok.privacy_level=SELF_ONLY",
        "url_ownership_unverified": "tiktok.source=file",
    }
    commands = {
        **dict.fromkeys(("access_token_invalid", "scope_not_authorized", "scope_permission_missed"), RECONNECT),
        **{code: action("account set", "tiktok/demo", set=option) for code, option in options.items()},
    }
    assert found.hint == commands.get(code)


def test_the_refusal_of_an_unaudited_app_has_advice() -> None:
    code = "unaudited_client_can_only_post_to_private_accounts"
    found = refusal(Answer(403, data=envelope(code=code, message="no")), DEMO, NOON)
    assert found is not None
    for way in ("make the account private", "tiktok.privacy_level=SELF_ONLY", "apply for the audit"):
        assert way in found.message


def test_every_row_of_the_tables_is_named_here() -> None:
    assert set(CODE_ROWS) == set(CODES)
    assert set(REASON_ROWS) == set(REASONS)
    told = publication_failure("internal", Answer(200, data=envelope()), DEMO, NOON)
    assert (told.passing, told.message, told.http_status) == (True, "internal (internal, log id L)", None)
    assert publication_failure("internal", ConnectionLost("cut"), DEMO, NOON).passing


@each("data", [None, [], {}, envelope(), envelope(code="new"), {"error": "no"}])
def test_an_unlisted_code_is_not_a_refusal(data: object) -> None:
    assert refusal(Answer(400, data=data), DEMO, NOON) is None


@pytest.mark.parametrize("code", ["invalid_publish_id", "token_not_authorized_for_specified_publish_id"])
def test_a_status_that_refuses_the_id_will_never_tell(film: MediaFile, code: str) -> None:
    finding = looked(of(film), held(of(film)), fetch(status=400, answer=envelope(code=code))).finding
    assert isinstance(finding, Unclear)
    assert finding.final


@pytest.mark.parametrize(("changes", "kind", "passing"), FAILURES, ids=str)
def test_a_look_up_that_fails_could_not_tell(
    film: MediaFile, changes: dict[str, Any], kind: Kind, passing: bool
) -> None:
    finding = looked(of(film), held(of(film)), fetch(**changes)).finding
    assert isinstance(finding, Unclear)
    assert (finding.kind, finding.final) == (kind, False)
    assert (finding.look_at is not None) is (kind in {Kind.QUOTA, Kind.RATE_LIMIT})


def test_an_unknown_status_is_unclear(film: MediaFile) -> None:
    finding = looked(of(film), held(of(film)), fetch("SOMETHING_NEW")).finding
    assert isinstance(finding, Unclear)
    assert not finding.final


def test_a_look_up_without_an_upload_is_unclear(film: MediaFile) -> None:
    script = Script()
    found = client_for("tiktok", Config(), StandingClock(), transport=script).look_up(of(film), {}, NOON)
    assert isinstance(found.finding, Unclear)
    assert found.finding.final


def test_an_upload_whose_last_chunk_was_sent_is_waited_for_until_no_call_can_arrive(film: MediaFile) -> None:
    def found_after(minutes: int) -> object:
        issued = to_ms(NOON - timedelta(minutes=minutes))
        return looked(of(film), held(of(film), tried=1, issued_at=issued), fetch(data={"uploaded_bytes": 8})).finding

    assert isinstance(found_after(60), Working)
    assert found_after(66) == Absent(certain=True, handle={})


def test_an_init_call_during_which_the_machine_slept_is_repeated(film: MediaFile) -> None:
    """The address may be as old as the sleep, or new: a dead one would be tried again and again."""
    clock, script = StandingClock(), Script(creator(), announce(13, 4, 3))

    class Slept(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            answer = script.handle_request(request)
            if request.url.path.endswith("/video/init/"):
                clock.move(3600)
            return answer

    client = client_for("tiktok", Config(), clock, transport=Slept())
    steps, failure = drive_to_failure(client.prepare(of(film), {}), clock)
    assert (failure.step, failure.outcome.passing) == ("announce the post", True)
    assert last_handle(steps) is None
    assert script.left == []
