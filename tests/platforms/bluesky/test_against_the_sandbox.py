"""Bluesky against the sandbox: sign-in, renewal, resends under the same keys, metrics, deletion, limits, refusals."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from tests.platforms.factories import PLATFORMS
from tests.platforms.sandboxed import Desk
from tests.platforms.stubs import media
from ttp.domain.account import Account, Credentials
from ttp.domain.publishing.outcome import Absent, Done, Found, Kind, NotDone, Unclear, Unknown
from ttp.platforms.bluesky.auth import APP_PASSWORD, BlueskyLogin
from ttp.platforms.bluesky.records import build_records
from ttp.platforms.client import AccountInfo, CardFile, Checker, Deleted, Deleter, Ready, StepDone
from ttp.platforms.login import Grant
from ttp.platforms.metrics_reader import AccountSession, MetricsReader
from ttp.platforms.reply import reconnect_hint
from ttp.sandbox.bluesky.records import APP_PASSWORD as RIGHT
from ttp.sandbox.bluesky.records import OWN_PASSWORD
from ttp.sandbox.files import CLIP, PHOTO
from ttp.sandbox.server import RunningSandbox

BLUESKY = PLATFORMS.facts("bluesky")


@pytest.fixture
def desk(shared_sandbox: RunningSandbox, tmp_path: Path) -> Iterator[Desk]:
    made = Desk("bluesky", shared_sandbox, tmp_path, "Hello")
    with made.opened:
        yield made


@pytest.fixture
def login(desk: Desk) -> BlueskyLogin:
    return desk.open(cast(BlueskyLogin, BLUESKY.login(desk.runtime)))


# Signing in.


def test_an_app_password_gives_a_session_and_the_account_behind_it(desk: Desk, login: BlueskyLogin) -> None:
    grant = login.sign_in("demo", {APP_PASSWORD: RIGHT})
    assert isinstance(grant, Grant)
    assert grant.expires_at is not None
    assert grant.expires_at > desk.clock.now()
    (who,) = login.who(grant)  # type: ignore[misc]  # not a refusal
    assert (who.handle, who.user_id) == ("demo", desk.order.credentials.user_id)
    assert who.server_info == {"blobUploadLimit": 52_428_800}


@pytest.mark.parametrize(("password", "code"), [(OWN_PASSWORD, "account_password"), ("no", "AuthenticationRequired")])
def test_other_passwords_are_refused(desk: Desk, login: BlueskyLogin, password: str, code: str) -> None:
    refused = login.sign_in("demo", {APP_PASSWORD: password})
    assert isinstance(refused, NotDone)
    assert (refused.kind, refused.code, refused.passing) == (Kind.AUTH, code, False)
    assert password not in refused.message.split()


def test_a_renewal_whose_answer_was_lost_is_repeated(desk: Desk, login: BlueskyLogin) -> None:
    first = login.refresh(desk.order.credentials)
    again = login.refresh(desk.order.credentials)
    assert isinstance(first, Grant)
    assert isinstance(again, Grant)
    assert first.refresh_token == again.refresh_token
    desk.clock.move(7300)
    late = login.refresh(desk.order.credentials)
    assert isinstance(late, NotDone)
    assert (late.kind, late.passing) == (Kind.AUTH, False)


def test_a_session_is_ended(desk: Desk, login: BlueskyLogin) -> None:
    assert login.revoke(desk.order.credentials) is None
    assert isinstance(login.refresh(desk.order.credentials), NotDone)


def test_a_sign_in_and_a_renewal_are_logged_without_their_secrets(
    desk: Desk, login: BlueskyLogin, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "ttp.http")
    grant = login.sign_in("demo", {APP_PASSWORD: RIGHT})
    assert isinstance(grant, Grant)
    renewed = login.refresh(Credentials(grant.access_token, refresh_token=grant.refresh_token))
    assert isinstance(renewed, Grant)
    assert "createSession" in caplog.text
    for secret in (RIGHT, grant.access_token, grant.refresh_token, renewed.access_token, renewed.refresh_token):
        assert secret
        assert secret not in caplog.text


def test_a_server_that_is_none_is_called_that(desk: Desk, login: BlueskyLogin) -> None:
    desk.fault("status", ".*createSession", status=404, body="<html>")
    refused = login.sign_in("demo", {APP_PASSWORD: RIGHT})
    assert isinstance(refused, NotDone)
    assert (refused.kind, refused.passing) == (Kind.ACCOUNT, False)


def test_a_check_says_what_is_wrong_with_an_account(desk: Desk) -> None:
    checker = desk.open(cast(Checker, BLUESKY.checker(desk.runtime)))
    desk.change(unconfirmed=True)
    found = checker.check(desk.order.account, desk.order.credentials)
    assert isinstance(found, AccountInfo)
    assert found.user_id == desk.order.credentials.user_id
    assert len(found.remarks) == 1
    desk.change(trouble="takedown")
    refused = checker.check(desk.order.account, desk.order.credentials)
    assert isinstance(refused, NotDone)
    assert refused.kind is Kind.ACCOUNT


# Exactly once.


def test_a_resend_has_the_same_bytes_for_ten_minutes_and_the_same_keys_for_good(desk: Desk) -> None:
    first = desk.prepare()
    desk.clock.move(300)
    second = desk.prepare(first.handle)
    assert second.fingerprint == first.fingerprint
    desk.clock.move(600)
    third = desk.prepare(second.handle)
    assert third.fingerprint != first.fingerprint
    assert third.handle["keys"] == first.handle["keys"]
    assert len(third.handle["cids"]) == 2  # type: ignore[arg-type]  # a list


def test_a_late_original_is_found_by_the_content_that_was_sent_first(desk: Desk) -> None:
    first = desk.prepare()
    desk.clock.move(900)
    later = desk.prepare(first.handle)
    assert isinstance(desk.publish(first), Done)  # it arrives after all
    assert isinstance(desk.publish(later), Unknown)  # the key exists
    assert isinstance(desk.look_up(later), Found)
    assert len(desk.posts()) == 1


def test_an_edit_after_an_unknown_outcome_keeps_the_key_and_never_makes_a_second_post(desk: Desk) -> None:
    first = desk.prepare()
    assert isinstance(desk.publish(first), Done)
    desk.order = replace(desk.order, text="Hello again")
    edited = desk.prepare({"keys": first.handle["keys"]})
    assert isinstance(desk.publish(edited), Unknown)
    found = desk.look_up(edited)
    assert isinstance(found, Unclear)
    assert found.final
    assert found.links
    assert len(desk.posts()) == 1


def test_a_card_that_was_sent_stays_whatever_the_post_has_now(desk: Desk) -> None:
    sent = {"uri": "https://example.org/", "title": "As sent", "description": ""}
    desk.order = replace(
        desk.order, media=(), cards={1: CardFile(sent["uri"], "Another"), 2: CardFile("https://b.example", None)}
    )
    before = desk.prepare({"card": sent, "card_note": None})  # as earlier versions stored it
    again = desk.prepare(before.handle)
    assert (again.handle["cards"], again.fingerprint) == ({"1": sent}, before.fingerprint)
    desk.order = replace(desk.order, cards={1: CardFile("https://example.org/2", "Edited")})
    assert desk.prepare(before.handle).fingerprint != before.fingerprint
    desk.order = replace(desk.order, cards={})
    assert "cards" not in desk.prepare(before.handle).handle


def test_a_lost_upload_is_made_again(desk: Desk) -> None:
    ready = desk.prepare()
    desk.change(trouble="blob_lost")
    refused = desk.client.publish(desk.order, {**ready.handle, "media": [{"sha256": "0"}]})
    assert isinstance(refused, NotDone)
    assert refused.passing
    assert refused.handle is not None
    assert "media" not in refused.handle


def test_a_moved_account_is_never_called_absent(desk: Desk) -> None:
    ready = desk.prepare()
    desk.change(moved=True)
    assert isinstance(found := desk.look_up(ready), Unclear)
    assert found.kind is Kind.ACCOUNT
    desk.change(moved=False)
    assert desk.look_up(ready) == Absent(certain=True)


def test_an_account_that_was_deactivated_says_what_to_do_if_it_has_moved(desk: Desk) -> None:
    desk.change(trouble="deactivated")
    outcome = desk.fail().outcome
    assert (outcome.kind, outcome.passing) == (Kind.ACCOUNT, False)
    assert outcome.hint == reconnect_hint(desk.order.account)


def test_a_session_of_another_account_publishes_nothing(desk: Desk) -> None:
    desk.order = replace(desk.order, account=Account("bluesky", "demo", user_id="did:plc:" + "a" * 24))
    desk.order = replace(desk.order, credentials=replace(desk.order.credentials, user_id=None))
    failed = desk.fail()
    assert failed.outcome.kind is Kind.ACCOUNT


def test_without_a_key_the_text_is_looked_for(desk: Desk) -> None:
    since = desk.clock.now()
    assert isinstance(desk.client.look_up(desk.order, {}, since).finding, Absent)
    assert isinstance(desk.publish(desk.prepare()), Done)
    assert isinstance(desk.client.look_up(desk.order, {}, since).finding, Found)
    desk.publish(desk.prepare())
    assert isinstance(desk.client.look_up(desk.order, {}, since).finding, Unclear)
    bound = frozenset(post["id"] for post in desk.posts())
    assert isinstance(desk.client.look_up(replace(desk.order, bound=bound), {}, since).finding, Absent)


# Videos.


def with_video(desk: Desk, folder: Path) -> None:
    film = media(folder / "clip.mp4", CLIP.read_bytes(), "video/mp4", alt="A cup")
    desk.order = replace(desk.order, media=(film,))


def asked(desk: Desk) -> list[str]:
    """The methods that were called, without sign-in."""
    found = [one["path"].rpartition(".")[2] for one in desk.control("GET", "requests")]
    return [name for name in found if name != "getSession"]


def test_a_video_is_processed_by_the_service(desk: Desk, tmp_path: Path) -> None:
    with_video(desk, tmp_path)
    assert isinstance(desk.publish(desk.prepare()), Done)
    assert list(dict.fromkeys(asked(desk))) == ["getServiceAuth", "uploadVideo", "getJobStatus", "applyWrites"]
    assert [post["media"] for post in desk.posts()] == [[desk.order.media[0].item.sha256]]


def test_a_job_that_was_begun_is_waited_for_again(desk: Desk, tmp_path: Path) -> None:
    with_video(desk, tmp_path)
    steps = desk.client.prepare(desk.order, {})
    handle = next(step.handle for step in steps if isinstance(step, StepDone) and step.handle)
    steps.close()
    assert handle is not None
    desk.prepare(handle)
    assert asked(desk).count("uploadVideo") == 1


@pytest.mark.parametrize("path", [".*getServiceAuth", ".*uploadVideo"])
def test_without_the_service_a_video_is_uploaded_to_the_server(desk: Desk, tmp_path: Path, path: str) -> None:
    with_video(desk, tmp_path)
    desk.fault("status", path, status=502, body="<html>")
    assert isinstance(desk.publish(desk.prepare()), Done)
    assert "uploadBlob" in asked(desk)


def test_a_video_that_is_there_already_needs_no_job(desk: Desk, tmp_path: Path) -> None:
    with_video(desk, tmp_path)
    blob = {"$type": "blob", "ref": {"$link": "bafkreia"}, "mimeType": "video/mp4", "size": 1}
    known = json.dumps({"error": "already_exists", "message": "", "jobId": "1", "blob": blob})
    desk.fault("status", ".*uploadVideo", status=409, body=known, headers={"content-type": "application/json"})
    assert desk.prepare().handle["media"][0]["blob"] == blob  # type: ignore[index]  # a list of entries
    assert "getJobStatus" not in asked(desk)


def test_a_video_that_cannot_be_processed_fails_with_the_reason(desk: Desk, tmp_path: Path) -> None:
    with_video(desk, tmp_path)
    failed = json.dumps({"jobStatus": {"jobId": "1", "state": "JOB_STATE_FAILED", "message": "no video track"}})
    desk.fault("body", ".*getJobStatus", body=failed)
    outcome = desk.fail().outcome
    assert (outcome.kind, outcome.passing) == (Kind.MEDIA, False)
    assert "no video track" in outcome.message


# Limits.


def test_a_limit_that_is_used_up_stops_the_next_call_before_it_is_made(desk: Desk) -> None:
    desk.fault("body", headers={"ratelimit-remaining": "0", "ratelimit-policy": "5000;w=3600"})
    assert isinstance(desk.publish(desk.prepare()), Done)
    failed = desk.fail()
    assert (failed.outcome.kind, failed.outcome.passing) == (Kind.RATE_LIMIT, True)
    assert failed.outcome.retry_at is not None


def test_too_many_calls_prove_nothing_of_a_publishing_call(desk: Desk) -> None:
    ready = desk.prepare()
    desk.change(trouble="limited")
    assert isinstance(desk.publish(ready), Unknown)


def test_each_part_has_its_own_media_and_quote(desk: Desk, tmp_path: Path) -> None:
    first = desk.publish(desk.prepare())
    assert isinstance(first, Done)
    photo, other = (media(tmp_path / name, PHOTO.read_bytes() + name.encode(), "image/jpeg") for name in ("a", "b"))
    quote = {"quote": f"last={first.url}"}
    desk.order = replace(
        desk.order, text="One", thread=("Two", "Three"), media=(photo,), thread_media=((), (other,)), options=quote
    )
    ready = desk.prepare()
    assert isinstance(desk.publish(ready), Done)
    embeds = [one["value"].get("embed", {}).get("$type", "") for one in _sent(desk, ready)]
    assert [name.rpartition(".")[2] for name in embeds] == ["images", "", "recordWithMedia"]
    assert [post["media"] for post in desk.posts()][1:] == [[photo.item.sha256], [], [other.item.sha256]]


def _sent(desk: Desk, ready: Ready) -> list[Any]:
    return list(build_records(desk.order, ready.handle, str(ready.handle["did"])).writes)


# Numbers, and the end of a post.


def session(desk: Desk) -> AccountSession:
    return AccountSession(desk.order.account, desk.order.credentials, lambda credentials: None)


def test_numbers_of_posts_and_of_the_history(desk: Desk) -> None:
    done = [desk.publish(desk.prepare()) for _ in range(3)]
    ids = [one.remote_id or "" for one in done if isinstance(one, Done)]
    desk.clock.move(86_400)
    reader = desk.open(cast(MetricsReader, BLUESKY.metrics_reader(desk.runtime)))
    (page,) = reader.read(session(desk), [*ids, "3kabcdefghij2", "no key"])
    assert {one.remote_id for one in page.samples} == set(ids)
    assert page.gone == {"3kabcdefghij2"}
    sample = page.samples[0]
    assert sample.likes is not None
    assert sample.views is None
    assert sample.observed_at - sample.published_at >= timedelta(hours=23)
    found = [one.remote_id for page in reader.history(session(desk), 2) for one in page.samples]
    assert found == ids[:0:-1]


def test_a_post_and_its_gates_are_deleted_and_deleting_twice_is_harmless(desk: Desk) -> None:
    desk.order = replace(desk.order, options={"who_replies": "nobody", "quotes_off": "true"})
    done = desk.publish(desk.prepare())
    assert isinstance(done, Done)
    deleter = desk.open(cast(Deleter, BLUESKY.deleter(desk.runtime)))
    for _ in range(2):
        assert isinstance(deleter.delete(desk.order, done.remote_id or ""), Deleted)
    assert desk.posts() == []
