"""X's invisible steps: uploads in chunks, processing, alt text, the token check."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.platforms.factories import client_for
from tests.platforms.stubs import BEARER, Script, Stub, drive, drive_to_failure, last_handle, media, order
from tests.rows import each
from tests.settings import Config
from ttp.domain.account import Account, Credentials
from ttp.domain.action import action
from ttp.domain.publishing.outcome import Handle, Kind, NotDone
from ttp.domain.time.clock import to_ms
from ttp.platforms.client import MediaFile, PublishRequest, Ready, Step, StepDone, StepFailed, Wait
from ttp.platforms.testing import NOON, StandingClock
from ttp.platforms.x.media import CHUNK

API = "https://api.x.com"
UPLOAD = f"{API}/2/media/upload"
DAY = 86_400


def me(**changes: Any) -> Stub:
    answer = {"data": {"id": "42", "name": "Demo", "username": "demo"}}
    return Stub("GET", f"{API}/2/users/me", **{"headers": BEARER, "answer": answer, **changes})


def initialize(mime: str, category: str, size: int, **changes: Any) -> Stub:
    body = {"media_type": mime, "media_category": category, "total_bytes": size}
    answer = {"data": {"id": "900", "media_key": "3_900", "expires_after_secs": DAY}}
    return Stub("POST", f"{UPLOAD}/initialize", **{"headers": BEARER, "json": body, "answer": answer, **changes})


def append(index: int, data: bytes, **changes: Any) -> Stub:
    part = {"segment_index": str(index).encode(), "media": data}
    answer = {"data": {"expires_at": 1}}
    return Stub("POST", f"{UPLOAD}/900/append", **{"headers": BEARER, "part": part, "answer": answer, **changes})


def shape(**more: object) -> dict[str, object]:
    return {"data": {"id": "900", "media_key": "3_900", "size": 1, "expires_after_secs": DAY, **more}}


def finalize(**changes: Any) -> Stub:
    return Stub("POST", f"{UPLOAD}/900/finalize", **{"headers": BEARER, "answer": shape(), **changes})


def status(state: str | None, **changes: Any) -> Stub:
    info = {} if state is None else {"processing_info": {"state": state, "check_after_secs": 3}}
    query = {"command": "STATUS", "media_id": "900"}
    return Stub("GET", UPLOAD, **{"headers": BEARER, "query": query, "answer": shape(**info), **changes})


def prepared(what: PublishRequest, handle: Handle, *stubs: Stub) -> tuple[list[Step], Ready]:
    clock = StandingClock()
    script = Script(*stubs)
    made = client_for("x", Config(), clock, transport=script)
    steps, ready = drive(made.prepare(what, handle), clock)
    assert script.left == []
    return steps, ready


def failed(what: PublishRequest, handle: Handle, *stubs: Stub) -> tuple[list[Step], StepFailed]:
    clock = StandingClock()
    script = Script(*stubs)
    client = client_for("x", Config(), clock, transport=script)
    steps, failure = drive_to_failure(client.prepare(what, handle), clock)
    assert script.left == []
    return steps, failure


def entry(**changes: object) -> dict[str, object]:
    return {
        "sha256": "",
        "id": "900",
        "key": "3_900",
        "expires": to_ms(NOON + timedelta(days=1)),
        "ready": True,
        "alt": None,
        "used": 0,
        **changes,
    }


def test_a_text_needs_the_token_check_only() -> None:
    steps, ready = prepared(order("x"), {}, me(date=NOON - timedelta(seconds=3)))
    assert steps == [StepDone("check the token", 200, handle={"user_id": "42"})]
    assert ready == Ready(
        {"user_id": "42"}, NOON - timedelta(seconds=3), "POST /2/tweets", ready.fingerprint, doubt=None
    )


@pytest.mark.parametrize(
    "known",
    [
        {"credentials": Credentials("secret-token-123", user_id="43")},
        {"account": Account("x", "demo", id=1, user_id="43")},
    ],
    ids=["by its credentials", "by the store"],
)
def test_a_token_of_another_user_than_the_accounts_own_publishes_nothing(known: dict[str, Any]) -> None:
    _, failure = failed(order("x", **known), {}, me())
    hint = action("account connect", "x/demo")
    wanted = NotDone(Kind.ACCOUNT, failure.outcome.message, http_status=200, passing=True, hint=hint)
    assert failure.outcome == wanted
    assert all(user in failure.outcome.message for user in ("42", "43"))


def test_without_a_date_there_is_no_platform_time() -> None:
    assert prepared(order("x"), {}, me(date=None))[1].platform_at is None


def test_the_fingerprint_names_the_request() -> None:
    one = prepared(order("x", "a"), {}, me())[1].fingerprint
    again = prepared(order("x", "a"), {}, me())[1].fingerprint
    other = prepared(order("x", "b"), {}, me())[1].fingerprint
    assert one == again != other
    assert len(one) == 64


def test_a_token_is_checked_once_in_fifteen_minutes() -> None:
    clock = StandingClock()
    other = order("x", credentials=Credentials("another-token"))
    script = Script(me(), me(headers={"authorization": "Bearer another-token"}), me())
    client = client_for("x", Config(), clock, transport=script)
    drive(client.prepare(order("x"), {}), clock)
    clock.move(899)
    steps, ready = drive(client.prepare(order("x"), {}), clock)
    assert steps == []
    assert ready.platform_at == NOON + timedelta(seconds=899)
    assert ready.handle == {"user_id": "42"}
    drive(client.prepare(other, {}), clock)
    clock.move(2)
    drive(client.prepare(order("x"), {}), clock)
    assert script.left == []


def test_a_token_refused_in_publishing_is_checked_again() -> None:
    clock = StandingClock()
    refused = Stub("POST", f"{API}/2/tweets", json={"text": "Hello"}, status=401, answer={"title": "Unauthorized"})
    script = Script(me(), refused, me())
    client = client_for("x", Config(), clock, transport=script)
    drive(client.prepare(order("x"), {}), clock)
    client.publish(order("x"), {})
    drive(client.prepare(order("x"), {}), clock)
    assert script.left == []


def test_an_image_is_uploaded_described_and_remembered(tmp_path: Path) -> None:
    file = media(tmp_path / "a.jpg", b"jpeg", "image/jpeg", alt="A cup")
    alt = Stub(
        "POST",
        f"{API}/2/media/metadata",
        headers=BEARER,
        json={"id": "900", "metadata": {"alt_text": {"text": "A cup"}}},
        answer={"data": {}},
    )
    what = order("x", "Hello", file)
    steps, ready = prepared(
        what, {}, initialize("image/jpeg", "tweet_image", 4), append(0, b"jpeg"), finalize(), alt, me()
    )
    whole = entry(sha256=file.item.sha256, alt="A cup")
    assert [step.step for step in steps if isinstance(step, StepDone)] == [
        "upload a.jpg",
        "alt text of a.jpg",
        "check the token",
    ]
    assert last_handle(steps) == {"media": [whole], "user_id": "42"}
    assert ready.handle == {"media": [{**whole, "used": 1}], "user_id": "42"}


@pytest.mark.parametrize(
    ("mime", "category"),
    [
        ("image/jpeg", "tweet_image"),
        ("image/png", "tweet_image"),
        ("image/webp", "tweet_image"),
        ("image/gif", "tweet_gif"),
        ("video/mp4", "tweet_video"),
        ("video/quicktime", "tweet_video"),
    ],
)
def test_every_kind_of_media_has_its_category(tmp_path: Path, mime: str, category: str) -> None:
    file = media(tmp_path / "m", b"1", mime)
    prepared(order("x", "", file), {}, initialize(mime, category, 1), append(0, b"1"), finalize(), me())


def test_a_large_file_goes_in_chunks(tmp_path: Path) -> None:
    data = b"a" * CHUNK + b"b" * CHUNK + b"c"
    file = media(tmp_path / "v.mp4", data, "video/mp4")
    prepared(
        order("x", "", file),
        {},
        initialize("video/mp4", "tweet_video", len(data)),
        append(0, b"a" * CHUNK),
        append(1, b"b" * CHUNK),
        append(2, b"c"),
        finalize(),
        me(),
    )


def half_sent(file: MediaFile, **changes: object) -> dict[str, object]:
    """An upload of which X has two segments."""
    return entry(sha256=file.item.sha256, key=None, ready=False, sent=2, chunk=CHUNK, **changes)


def large(tmp_path: Path) -> tuple[MediaFile, PublishRequest]:
    """A video of three segments, and a post with it."""
    file = media(tmp_path / "v.mp4", b"a" * CHUNK + b"b" * CHUNK + b"c", "video/mp4")
    return file, order("x", "", file)


def test_every_segment_that_x_has_is_remembered(tmp_path: Path) -> None:
    file, what = large(tmp_path)
    opened = initialize("video/mp4", "tweet_video", file.item.bytes)
    cut = append(2, b"c", fails=httpx.ReadError("cut"))
    steps, failure = failed(what, {}, opened, append(0, b"a" * CHUNK), append(1, b"b" * CHUNK), cut)
    assert failure.outcome.passing
    assert [step.step for step in steps if isinstance(step, StepDone)] == [
        "upload v.mp4, segment 1 of 3",
        "upload v.mp4, segment 2 of 3",
    ]
    assert last_handle(steps) == {"media": [half_sent(file)]}


def test_an_upload_goes_on_behind_the_segments_that_x_has(tmp_path: Path) -> None:
    file, what = large(tmp_path)
    steps, ready = prepared(what, {"media": [half_sent(file)]}, append(2, b"c"), finalize(), me())
    assert [step.step for step in steps if isinstance(step, StepDone)] == [
        "upload v.mp4, segment 3 of 3",
        "upload v.mp4",
        "check the token",
    ]
    assert ready.handle["media"] == [entry(sha256=file.item.sha256, used=1)]


def test_an_upload_that_was_cut_before_its_end_is_only_ended(tmp_path: Path) -> None:
    file, what = large(tmp_path)
    held = {**half_sent(file), "sent": 3}
    prepared(what, {"media": [held]}, finalize(), me())


@pytest.mark.parametrize("changes", [{"expires": to_ms(NOON)}, {"sha256": "other"}], ids=["expired", "other bytes"])
def test_unusable_segments_are_sent_again(tmp_path: Path, changes: dict[str, object]) -> None:
    file, what = large(tmp_path)
    pieces = [append(0, b"a" * CHUNK), append(1, b"b" * CHUNK), append(2, b"c")]
    opened = initialize("video/mp4", "tweet_video", file.item.bytes)
    prepared(what, {"media": [{**half_sent(file), **changes}]}, opened, *pieces, finalize(), me())


def test_an_upload_that_x_lost_starts_again_on_the_next_try(tmp_path: Path) -> None:
    file, what = large(tmp_path)
    answer = {"title": "Not Found", "detail": "gone", "type": "https://api.x.com/2/problems/resource-not-found"}
    steps, failure = failed(what, {"media": [half_sent(file)]}, append(2, b"c", status=404, answer=answer))
    assert (failure.outcome.kind, failure.outcome.passing) == (Kind.MEDIA, True)
    assert last_handle(steps) == {"media": [{"dropped": True}]}


def test_an_upload_that_x_refuses_twice_is_refused_for_good(tmp_path: Path) -> None:
    _, what = large(tmp_path)
    opened = initialize("video/mp4", "tweet_video", 2 * CHUNK + 1)
    refused = append(1, b"b" * CHUNK, status=400, answer={"title": "Invalid Request"})
    steps, failure = failed(what, {}, opened, append(0, b"a" * CHUNK), refused)
    assert (failure.outcome.kind, failure.outcome.passing) == (Kind.MEDIA, True)
    assert last_handle(steps) == {"media": [{"dropped": True}]}
    steps, failure = failed(what, last_handle(steps) or {}, opened, append(0, b"a" * CHUNK), refused)
    assert (failure.outcome.kind, failure.outcome.passing) == (Kind.MEDIA, False)
    assert last_handle(steps) == {"media": [{}]}


def test_a_refused_token_forgets_no_segment(tmp_path: Path) -> None:
    file, what = large(tmp_path)
    refused = append(2, b"c", status=401, answer={"title": "Unauthorized"})
    steps, failure = failed(what, {"media": [half_sent(file)]}, refused)
    assert (failure.outcome.kind, steps) == (Kind.AUTH, [])


def test_a_file_of_more_than_a_thousand_segments_is_cut_into_larger_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ttp.platforms.x.media.CHUNK", 2)
    monkeypatch.setattr("ttp.platforms.x.media.MOST_SEGMENTS", 2)
    file = media(tmp_path / "v.mp4", b"abcde", "video/mp4")
    opened = initialize("video/mp4", "tweet_video", 5)
    prepared(order("x", "", file), {}, opened, append(0, b"abc"), append(1, b"de"), finalize(), me())


def test_a_video_is_waited_for_as_x_says(tmp_path: Path) -> None:
    file = media(tmp_path / "v.mp4", b"v", "video/mp4")
    pending = shape(processing_info={"state": "pending", "check_after_secs": 1})
    steps, _ = prepared(
        order("x", "", file),
        {},
        initialize("video/mp4", "tweet_video", 1),
        append(0, b"v"),
        finalize(answer=pending),
        status("in_progress"),
        status("succeeded"),
        me(),
    )
    assert [step for step in steps if isinstance(step, Wait)] == [Wait(3.0, "X is processing v.mp4")]
    first = steps[0]
    assert isinstance(first, StepDone)
    assert first.handle == {"media": [entry(sha256=file.item.sha256, ready=False)]}


def test_a_video_that_x_cannot_process_is_refused_and_forgotten(tmp_path: Path) -> None:
    file = media(tmp_path / "v.mp4", b"v", "video/mp4")
    held = {"media": [entry(sha256=file.item.sha256, ready=False)]}
    bad = shape(processing_info={"state": "failed", "error": {"code": 1, "name": "InvalidMedia", "message": "bad"}})
    steps, failure = failed(order("x", "", file), held, status(None, answer=bad))
    assert failure.outcome == NotDone(Kind.MEDIA, failure.outcome.message)
    assert all(word in failure.outcome.message for word in ("v.mp4", "bad"))
    assert last_handle(steps) == {"media": [{}]}


def test_a_status_without_sense_fails_the_step_and_keeps_the_upload(tmp_path: Path) -> None:
    file = media(tmp_path / "v.mp4", b"v", "video/mp4")
    held = {"media": [entry(sha256=file.item.sha256, ready=False)]}
    odd = shape(processing_info={"state": "thinking"})
    steps, failure = failed(order("x", "", file), held, status(None, answer=odd))
    assert (failure.outcome.kind, failure.outcome.passing, steps) == (Kind.SERVER, True, [])


def test_an_upload_that_x_does_not_know_any_more_is_forgotten(tmp_path: Path) -> None:
    file = media(tmp_path / "v.mp4", b"v", "video/mp4")
    held = {"media": [entry(sha256=file.item.sha256, ready=False)]}
    answer = {"title": "Not Found", "detail": "gone", "type": "https://api.x.com/2/problems/resource-not-found"}
    steps, failure = failed(order("x", "", file), held, status(None, status=404, answer=answer))
    assert failure.outcome.kind is Kind.MEDIA
    assert last_handle(steps) == {"media": [{}]}


def test_a_video_that_is_never_ready_is_given_up_for_now(tmp_path: Path) -> None:
    file = media(tmp_path / "v.mp4", b"v", "video/mp4")
    held = {"media": [entry(sha256=file.item.sha256, ready=False)]}
    slow = shape(processing_info={"state": "in_progress", "check_after_secs": 10_000})
    steps, failure = failed(order("x", "", file), held, *[status(None, answer=slow)] * 31)
    assert (failure.outcome.kind, failure.outcome.passing) == (Kind.MEDIA, True)
    assert len(steps) == 30
    assert set(steps) == {Wait(60.0, "X is processing v.mp4")}


def test_a_complete_upload_is_not_repeated(tmp_path: Path) -> None:
    file = media(tmp_path / "a.jpg", b"jpeg", "image/jpeg")
    held = {"media": [entry(sha256=file.item.sha256, used=1)]}
    _, ready = prepared(order("x", "", file), held, me())
    assert ready.handle == {"media": [entry(sha256=file.item.sha256, used=2)], "user_id": "42"}


@pytest.mark.parametrize(
    "changes",
    [{"sha256": "other"}, {"expires": to_ms(NOON)}, {"alt": "Old words"}, {"used": 2}],
    ids=["other bytes", "expired", "other alt text", "carried twice in vain"],
)
def test_an_unusable_upload_is_repeated(tmp_path: Path, changes: dict[str, object]) -> None:
    file = media(tmp_path / "a.jpg", b"jpeg", "image/jpeg")
    held = {"media": [entry(**{"sha256": file.item.sha256, **changes})]}
    prepared(
        order("x", "", file),
        held,
        initialize("image/jpeg", "tweet_image", 4),
        append(0, b"jpeg"),
        finalize(),
        me(),
    )


def test_a_resend_keeps_its_media_ids_so_that_a_look_up_can_compare_them(tmp_path: Path) -> None:
    file = media(tmp_path / "a.jpg", b"jpeg", "image/jpeg")
    held = {"media": [entry(sha256=file.item.sha256, used=5)], "unsettled_since": 1}
    _, ready = prepared(order("x", "", file), held, me())
    assert ready.handle["media"] == [entry(sha256=file.item.sha256, used=6)]


def test_the_second_of_two_images_is_resumed_alone(tmp_path: Path) -> None:
    one = media(tmp_path / "a.jpg", b"one", "image/jpeg")
    two = media(tmp_path / "b.png", b"two", "image/png")
    held = {"media": [entry(sha256=one.item.sha256, id="1", key="3_1")]}
    steps, _ = prepared(
        order("x", "", one, two),
        held,
        initialize("image/png", "tweet_image", 3),
        append(0, b"two"),
        finalize(),
        me(),
    )
    assert last_handle(steps) == {
        "media": [entry(sha256=one.item.sha256, id="1", key="3_1"), entry(sha256=two.item.sha256)],
        "user_id": "42",
    }


FAILURES: list[tuple[dict[str, Any], Kind, bool]] = [
    ({"status": 400, "answer": {"title": "Invalid Request", "detail": "bad size"}}, Kind.MEDIA, False),
    ({"status": 401, "answer": {"title": "Unauthorized"}}, Kind.AUTH, False),
    ({"status": 402, "answer": {"title": "Payment Required"}}, Kind.QUOTA, True),
    ({"status": 403, "answer": {"title": "Forbidden"}}, Kind.AUTH, False),
    ({"status": 429, "answer": {"title": "Too Many Requests"}}, Kind.RATE_LIMIT, True),
    ({"status": 429, "answer": {"title": "UsageCapExceeded"}}, Kind.QUOTA, True),
    ({"status": 200, "answer": {"data": {}}}, Kind.SERVER, True),
]


@pytest.mark.parametrize(("changes", "kind", "passing"), FAILURES, ids=str)
def test_an_upload_that_fails_says_why_and_whether_it_passes(
    tmp_path: Path, changes: dict[str, Any], kind: Kind, passing: bool
) -> None:
    file = media(tmp_path / "a.jpg", b"jpeg", "image/jpeg")
    _, failure = failed(order("x", "", file), {}, initialize("image/jpeg", "tweet_image", 4, **changes))
    assert (failure.outcome.kind, failure.outcome.passing) == (kind, passing)
    assert (failure.outcome.hint is not None) is (kind in (Kind.AUTH, Kind.QUOTA))
    assert failure.outcome.hold is (kind is Kind.QUOTA)


@each(("changes", "kind", "passing"), [row for row in FAILURES if row[0].get("status") != 400])
def test_a_token_check_that_fails_says_why(changes: dict[str, Any], kind: Kind, passing: bool) -> None:
    if changes.get("status") == 403:
        kind = Kind.CONTENT
    _, failure = failed(order("x"), {}, me(**changes))
    assert failure.step == "check the token"
    assert (failure.outcome.kind, failure.outcome.passing) == (kind, passing)


def test_a_rate_limit_on_an_invisible_step_waits_for_its_reset() -> None:
    reset = {"x-rate-limit-reset": str(int(NOON.timestamp()) + 40)}
    _, failure = failed(order("x"), {}, me(status=429, answer={"title": "Too Many"}, sent=reset))
    assert failure.outcome.retry_at == NOON + timedelta(seconds=40)


@pytest.mark.parametrize("harm", ["gone", "short"])
def test_a_changed_file_is_a_failed_step(tmp_path: Path, harm: str) -> None:
    file = media(tmp_path / "a.jpg", b"jpeg", "image/jpeg")
    if harm == "gone":
        file.path.unlink()
    else:
        file.path.write_bytes(b"jp")
    _, failure = failed(order("x", "", file), {}, initialize("image/jpeg", "tweet_image", 4))
    assert failure.outcome.kind is Kind.MEDIA
    assert "a.jpg" in failure.outcome.message
