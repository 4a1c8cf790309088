"""LinkedIn against the sandbox: kinds of post, uploads, refusals, and a repeated text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.platforms.factories import PLATFORMS
from tests.platforms.logins import Played
from tests.platforms.sandboxed import Desk
from tests.platforms.stubs import Stub, drive_to_failure, last_handle, media
from tests.rows import each
from tests.settings import Config
from ttp.domain.delivery import Delivery, DeliveryError, DeliveryState
from ttp.domain.diagnostics import Grade
from ttp.domain.publishing.outcome import Done, Handle, Kind, NotDone, Unclear, Unknown
from ttp.platforms.client import CardFile, Deleted, MediaFile, Step, StepDone, StepFailed, Wait
from ttp.platforms.linkedin.auth import handle_of
from ttp.platforms.linkedin.errors import REFUSALS, refusal
from ttp.platforms.linkedin.limits import next_reset
from ttp.platforms.login import App, Grant
from ttp.platforms.reply import Answer
from ttp.platforms.testing import NOON
from ttp.sandbox.files import CLIP, PHOTO
from ttp.sandbox.linkedin.media import PART
from ttp.sandbox.linkedin.records import APP, SCOPES
from ttp.sandbox.server import RunningSandbox


@pytest.fixture
def desk(shared_sandbox: RunningSandbox, tmp_path: Path) -> Iterator[Desk]:
    made = Desk("linkedin", shared_sandbox, tmp_path, "Plans (2027)")
    with made.opened:
        yield made


def photo(folder: Path, name: str = "a.jpg", alt: str | None = "A cup") -> MediaFile:
    return media(folder / name, PHOTO.read_bytes() + name.encode(), "image/jpeg", alt=alt)


def test_images_keep_their_order_and_alt_texts_and_options_are_sent(desk: Desk, tmp_path: Path) -> None:
    desk.order = replace(desk.order, media=(photo(tmp_path, "b.jpg", None), photo(tmp_path)))
    desk.said_of(visibility="CONNECTIONS", no_reshare="true")
    assert isinstance(desk.publish(desk.prepare()), Done)
    (post,) = desk.posts()
    assert post["media"] == [file.item.sha256 for file in desk.order.media]
    stored = desk.sandbox.state.posts[post["id"]]
    assert (stored.kind, stored.labels, stored.alts) == ("CONNECTIONS", ("no_reshare",), (None, "A cup"))


def test_a_card_has_its_own_title_and_picture_and_a_page_without_one_is_a_bare_link(desk: Desk, tmp_path: Path) -> None:
    card = CardFile("https://example.com/", "T" * 300, "D" * 300, photo(tmp_path), "a note")
    desk.order = replace(desk.order, cards={1: card})
    outcome = desk.publish(desk.prepare())
    assert isinstance(outcome, Done)
    assert outcome.note == "a note"
    assert desk.sandbox.state.posts[outcome.remote_id or ""].labels == (f"article {'T' * 199}…",)
    desk.order = replace(desk.order, text="Another", cards={1: CardFile("https://example.com/", None)})
    outcome = desk.publish(desk.prepare())
    assert isinstance(outcome, Done)
    assert desk.sandbox.state.posts[outcome.remote_id or ""].labels == ()


def test_a_video_of_several_parts_goes_on_where_it_was_cut_and_begins_again_when_its_address_ended(
    desk: Desk, tmp_path: Path
) -> None:
    film = media(tmp_path / "v.mp4", CLIP.read_bytes() + bytes(PART), "video/mp4", duration_ms=4000)
    desk.order = replace(desk.order, media=(film,))
    desk.fault("cut_before", "/dms-uploads/.*/1$")
    handle = last_handle(drive_to_failure(desk.client.prepare(desk.order, {}), desk.clock)[0]) or {}
    desk.fault("status", "/dms-uploads/.*/1$", status=404)
    steps, failure = drive_to_failure(desk.client.prepare(desk.order, handle), desk.clock)
    assert failure.outcome.passing
    assert (last_handle(steps) or {})["media"] == [{}]
    assert isinstance(desk.publish(desk.prepare(handle)), Done), "the first part is not sent again"
    sent = [one["path"][-2:] for one in desk.control("GET", "requests") if one["path"].startswith("/dms-uploads/")]
    assert sorted(sent) == ["/0", "/1", "/1"], "the one that was cut never arrived"


def test_a_video_whose_parts_are_refused_is_sent_anew(desk: Desk, tmp_path: Path) -> None:
    film = media(tmp_path / "v.mp4", CLIP.read_bytes(), "video/mp4", duration_ms=4000)
    desk.order = replace(desk.order, media=(film,))
    refusal = json.dumps({"status": 400, "code": "ILLEGAL_ARGUMENT", "message": "uploadedPartIds"})
    desk.fault("status", "/rest/videos$", nth=2, status=400, body=refusal)
    steps, failure = drive_to_failure(desk.client.prepare(desk.order, {}), desk.clock)
    assert failure.outcome.kind is Kind.CONTENT
    assert isinstance(desk.publish(desk.prepare(last_handle(steps))), Done)


PAGE = {"status": 200, "headers": {"etag": '"5f-1"', "content-type": "text/html"}, "body": "<p>Please sign in</p>"}


@pytest.mark.parametrize("answer", [PAGE, {"status": 201}, {"status": 202}], ids=str)
def test_a_part_that_something_else_answered_is_sent_again(
    desk: Desk, tmp_path: Path, answer: dict[str, object]
) -> None:
    film = media(tmp_path / "v.mp4", CLIP.read_bytes(), "video/mp4", duration_ms=4000)
    desk.order = replace(desk.order, media=(film,))
    desk.fault("status", "/dms-uploads/", **answer)
    steps, failure = drive_to_failure(desk.client.prepare(desk.order, {}), desk.clock)
    assert failure.outcome.passing
    assert isinstance(desk.publish(desk.prepare(last_handle(steps))), Done)


@pytest.mark.parametrize("answer", [PAGE, {"status": 200}], ids=str)
def test_an_image_that_something_else_answered_is_sent_again(
    desk: Desk, tmp_path: Path, answer: dict[str, object]
) -> None:
    desk.order = replace(desk.order, media=(photo(tmp_path),))
    desk.fault("status", "/dms-uploads/", **answer)
    steps, failure = drive_to_failure(desk.client.prepare(desk.order, {}), desk.clock)
    assert failure.outcome.passing
    assert isinstance(desk.publish(desk.prepare(last_handle(steps))), Done)


def prepare_up_to_the_end(desk: Desk, folder: Path) -> tuple[Iterator[Step], Handle]:
    """The preparation of a video whose parts were sent: the next call ends the upload."""
    film = media(folder / "v.mp4", CLIP.read_bytes(), "video/mp4", duration_ms=4000)
    desk.order = replace(desk.order, media=(film,))
    steps = desk.client.prepare(desk.order, {})
    sent = next(step for step in steps if isinstance(step, StepDone) and step.step.endswith("part 1"))
    return steps, sent.handle or {}


def test_the_end_of_an_upload_that_something_else_answered_is_sent_again(desk: Desk, tmp_path: Path) -> None:
    steps, handle = prepare_up_to_the_end(desk, tmp_path)
    desk.fault("status", "/rest/videos$", **PAGE)
    with pytest.raises(StepFailed) as failed:
        next(steps)
    assert failed.value.outcome.passing
    assert isinstance(desk.publish(desk.prepare(handle)), Done)


def test_a_video_that_never_arrived_is_sent_again_a_minute_later_by_whichever_process(
    desk: Desk, tmp_path: Path
) -> None:
    steps, _ = prepare_up_to_the_end(desk, tmp_path)
    desk.clock.move(60)
    desk.fault("status", "/rest/videos$", status=200)
    ended = next(steps)
    assert isinstance(ended, StepDone)
    assert isinstance(next(desk.client.prepare(desk.order, ended.handle or {})), Wait)
    desk.clock.move(60)
    later, failure = drive_to_failure(desk.client.prepare(desk.order, ended.handle or {}), desk.clock)
    assert failure.outcome.passing
    assert not any(isinstance(step, Wait) for step in later)
    assert isinstance(desk.publish(desk.prepare(last_handle(later))), Done)


def test_a_file_that_is_not_ready_is_tried_again_and_one_that_failed_is_not(desk: Desk, tmp_path: Path) -> None:
    desk.order = replace(desk.order, media=(photo(tmp_path),))
    ready = desk.prepare()
    desk.clock.move(-3)
    waiting = desk.publish(ready)
    assert isinstance(waiting, NotDone)
    assert (waiting.not_ready, waiting.code) == (True, "MEDIA_ASSET_WAITING_UPLOAD")
    desk.clock.move(3)
    desk.change(trouble="processing_failed")
    failed = desk.publish(ready)
    assert isinstance(failed, NotDone)
    assert (failed.kind, failed.passing) == (Kind.MEDIA, False)
    assert "media" not in (failed.handle or ready.handle), "a retry uploads it again"


def test_an_image_that_never_arrived_is_sent_again_after_a_minute(desk: Desk, tmp_path: Path) -> None:
    desk.order = replace(desk.order, media=(photo(tmp_path),))
    desk.fault("status", "/dms-uploads/", status=201)
    ready = desk.prepare()
    waiting = desk.publish(ready)
    assert (waiting.not_ready, waiting.handle["media"]) == (True, ready.handle["media"])
    desk.clock.move(60)
    waiting = desk.publish(ready)
    assert (waiting.not_ready, "media" in waiting.handle) == (True, False)
    assert isinstance(desk.publish(desk.prepare(waiting.handle)), Done)


@pytest.mark.parametrize(
    ("names", "settles", "found"),
    [
        ("right", True, True),
        ("old", True, False),
        ("ghost", True, False),
        ("person", True, False),
        ("none", True, False),
        ("right", False, False),
    ],
)
def test_a_repeated_text_settles_only_with_an_address_of_its_time_and_if_the_settings_say_so(
    desk: Desk, names: str, *, settles: bool, found: bool
) -> None:
    desk.configure(platforms__linkedin__settle_by_duplicate=settles)
    desk.switch(duplicate_of=names)
    ready = desk.prepare()
    desk.fault("cut_after")
    lost = desk.publish(ready)
    assert isinstance(lost, Unknown)
    assert lost.page is not None, "a person is asked at once"
    finding = desk.look_up(ready)
    assert isinstance(finding, Unclear)
    assert finding.final
    desk.clock.move(120)
    refused = Delivery("linkedin/demo", "linkedin", DeliveryState.NEEDS_REVIEW, handle=ready.handle)
    handle = refused.resolved_failed(DeliveryError(Kind.UNKNOWN, "")).handle
    outcome = desk.publish(desk.prepare(handle))
    (post,) = desk.posts()
    assert isinstance(outcome, Done if found else Unknown)
    assert not found or (isinstance(outcome, Done) and outcome.remote_id == post["id"])


def test_a_text_that_was_refused_as_a_repetition_at_first_was_not_published(desk: Desk) -> None:
    assert isinstance(desk.publish(desk.prepare()), Done)
    outcome = desk.publish(desk.prepare())
    assert isinstance(outcome, NotDone)
    assert outcome.kind is Kind.DUPLICATE
    again = desk.publish(desk.prepare(outcome.handle))
    assert isinstance(again, NotDone), "nothing is in doubt after a refusal"


def test_a_post_is_deleted_also_twice(desk: Desk) -> None:
    outcome = desk.publish(desk.prepare())
    assert isinstance(outcome, Done)
    for _ in range(2):
        assert desk.client.delete(desk.order, outcome.remote_id) == Deleted(204)  # type: ignore[attr-defined]
    assert desk.posts() == []
    named = "urn:li:activity:7141138937766391808"  # by a person: its other id is not known
    assert isinstance(desk.client.delete(desk.order, named), NotDone)  # type: ignore[attr-defined]


def test_a_page_that_answers_a_deletion_says_nothing_of_the_post(desk: Desk) -> None:
    outcome = desk.publish(desk.prepare())
    assert isinstance(outcome, Done)
    desk.fault("status", "/rest/posts/", **PAGE)
    kept = desk.client.delete(desk.order, outcome.remote_id)  # type: ignore[attr-defined]
    assert isinstance(kept, NotDone)
    assert kept.passing
    assert len(desk.posts()) == 1


def test_an_ended_month_holds_the_account_and_names_the_setting(desk: Desk) -> None:
    ready = desk.prepare()
    desk.configure(platforms__linkedin__version="202511")
    outcome = desk.publish(ready)
    assert isinstance(outcome, NotDone)
    assert (outcome.code, outcome.passing, outcome.hold) == ("NONEXISTENT_VERSION", True, True)
    assert "platforms.linkedin.version" in str(outcome.hint)


@each(
    ("version", "now", "grade"),
    [
        ("202609", NOON, Grade.OK),
        ("202609", datetime(2027, 9, 1, tzinfo=UTC), Grade.WARN),
        ("202609", datetime(2027, 9, 15, tzinfo=UTC), Grade.FAIL),
    ],
)
def test_doctor_warns_before_the_month_of_the_api_ends(version: str, now: datetime, grade: Grade) -> None:
    facts = PLATFORMS.facts("linkedin")
    remarks = facts.setting_remarks(Config({"platforms.linkedin.version": version}), now)
    assert [remark.status for remark in remarks] == [grade]


@pytest.mark.parametrize("user_id", ["someone", "urn:li:organization:1"])
def test_the_token_of_another_person_publishes_nothing(desk: Desk, user_id: str) -> None:
    desk.prepare()  # its own account has the same token, which is checked now
    desk.order = replace(desk.order, credentials=replace(desk.order.credentials, user_id=user_id))
    assert desk.fail().outcome.kind is Kind.ACCOUNT


@pytest.mark.parametrize("parts", [None, ["a"], [{"uploadUrl": "https://example.com/", "firstByte": 1, "lastByte": 2}]])
def test_a_video_without_usable_parts_is_begun_again_later(desk: Desk, tmp_path: Path, parts: object) -> None:
    film = media(tmp_path / "v.mp4", CLIP.read_bytes(), "video/mp4", duration_ms=4000)
    desk.order = replace(desk.order, media=(film,))
    body = json.dumps({"value": {"video": "urn:li:video:C5", "uploadToken": "t", "uploadInstructions": parts}})
    desk.fault("body", "/rest/videos$", body=body)
    assert desk.fail().outcome.passing


@pytest.mark.parametrize("row", REFUSALS, ids=lambda row: f"{row.statuses[0]} {' '.join(row.codes or row.words)}")
def test_each_refusal_of_the_table_counts_in_linkedins_own_form_alone(desk: Desk, row: object) -> None:
    assert isinstance(row, type(REFUSALS[0]))
    (status,), message = row.statuses, "".join(row.words).upper()
    body: dict[str, object] = {"status": status, "code": (row.codes or ("OTHER",))[0], "message": message}
    if row.codes == ("DUPLICATE_POST",):
        body = {"status": 422, "message": "Oops", "errorDetails": {"inputErrors": [{"code": "DUPLICATE_POST"}]}}
    refused = refusal(Answer(status, data=body), desk.order.account, NOON)
    assert refused is not None
    assert (refused.kind, refused.passing, refused.hold) == (row.kind, row.passing, row.hold)
    assert refusal(Answer(status, data={**body, "status": 200}), desk.order.account, NOON) is None


def test_a_day_ends_five_minutes_after_midnight_in_utc() -> None:
    assert next_reset(Answer(429, date=NOON + timedelta(hours=1)), NOON) == NOON + timedelta(hours=11, minutes=5)
    early = NOON.replace(hour=0, minute=2)
    assert next_reset(Answer(429), early) == early + timedelta(minutes=3)


def test_a_person_logs_in_for_sixty_days_and_is_called_by_the_name(desk: Desk) -> None:
    login = desk.facts.login(desk.runtime)
    assert login is not None
    desk.open(login)
    app, back = App(APP.id, APP.secret), "http://localhost:8722/callback"
    assert login.challenge("verifier", back) is None  # type: ignore[union-attr]
    url = login.authorize_url(app, state="s", redirect_uri=back, scopes=SCOPES, challenge=None)  # type: ignore[union-attr]
    code = httpx.URL(httpx.get(f"{url}&sandbox=approve").headers["location"]).params["code"]
    grant = login.exchange(app, code=code, verifier=None, redirect_uri=back)  # type: ignore[union-attr]
    assert isinstance(grant, Grant)
    assert grant.expires_at == NOON + timedelta(days=60)
    (person,) = login.who(grant)  # type: ignore[misc]
    assert person.handle == "demo"
    credentials = replace(
        desk.order.credentials, access_token=grant.access_token, client_id=APP.id, client_secret=APP.secret
    )
    assert not login.renews(credentials)
    assert login.revoke(credentials) is None
    assert isinstance(login.who(grant), NotDone)


@each(("name", "handle"), [("Zoë O'Lind", "zoe-o-lind"), ("李雷", "a1B"), ("  ", "a1B"), ("J. R.", "j.-r")])
def test_a_handle_is_made_of_the_name(name: str, handle: str) -> None:
    assert handle_of(name, "a1B") == handle


@each(("raw", "is_revoked"), [(b"", True), (b"{}", True), (b"<!doctype html><title>Sign in</title>", False)])
def test_a_page_revokes_no_token(raw: bytes, is_revoked: bool) -> None:
    form = {"client_id": "the-client", "client_secret": "the-secret", "token": "old-access"}
    stub = Stub("POST", "https://www.linkedin.com/oauth/v2/revoke", form=form, raw=raw)
    refusal = Played("linkedin", stub).revoke()
    assert (refusal is None) is is_revoked
