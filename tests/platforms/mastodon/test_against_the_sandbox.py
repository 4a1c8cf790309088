"""Mastodon against the sandbox: sign-in, keys, used uploads, dropped posts, other software, numbers, refusals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.platforms.factories import PLATFORMS
from tests.platforms.sandboxed import Desk
from tests.platforms.stubs import drive, media
from tests.settings import Config
from ttp.domain.account import Credentials
from ttp.domain.publishing.outcome import Absent, Done, Found, Kind, NotDone, Refused, Unclear, Unknown
from ttp.platforms.client import AccountInfo, Checker, Deleted, Deleter
from ttp.platforms.login import App, Grant
from ttp.platforms.mastodon.auth import OUT_OF_BAND, SCOPES, MastodonLogin
from ttp.platforms.mastodon.request_body import ref_of
from ttp.platforms.metrics_reader import AccountSession, MetricsReader
from ttp.platforms.oauth import code_login
from ttp.sandbox.files import CLIP, PHOTO
from ttp.sandbox.server import RunningSandbox

MASTODON = PLATFORMS.facts("mastodon")


@pytest.fixture
def desk(shared_sandbox: RunningSandbox, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Desk]:
    made = Desk("mastodon", shared_sandbox, tmp_path, "Hello")
    made.switch(mastodon_profile=getattr(request, "param", "mastodon"))
    with made.opened:
        yield made


def statuses(desk: Desk) -> Any:
    """The account's posts as the server lists them, newest first."""
    held = desk.order.credentials
    token = {"Authorization": f"Bearer {held.access_token}"}
    return httpx.get(f"{desk.url}/api/v1/accounts/{held.user_id}/statuses", headers=token).json()


def texts(desk: Desk) -> list[str]:
    return [post["text"] for post in desk.posts()]


def at(*profiles: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("desk", profiles, indirect=True)


# Signing in.


@pytest.fixture
def login(desk: Desk) -> MastodonLogin:
    return desk.open(cast(MastodonLogin, MASTODON.login(desk.runtime, desk.url)))


def approve(login: MastodonLogin, app: App, redirect_uri: str, challenge: str | None = None) -> str:
    """Say yes in a browser; the code."""
    url = login.authorize_url(app, state="s", redirect_uri=redirect_uri, scopes=SCOPES, challenge=challenge)
    answer = httpx.get(f"{url}&sandbox=approve&sandbox_account=me")
    if redirect_uri == OUT_OF_BAND:
        return answer.text.partition("<code>")[2].partition("</code>")[0]
    return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]


@pytest.mark.parametrize("redirect_uri", ["http://127.0.0.1:8722/callback", OUT_OF_BAND])
def test_an_app_is_registered_and_a_code_gives_a_token(desk: Desk, login: MastodonLogin, redirect_uri: str) -> None:
    app = login.register("http://127.0.0.1:8722/callback")
    assert isinstance(app, App)
    verifier = code_login.new_verifier()
    code = approve(login, app, redirect_uri, login.challenge(verifier, redirect_uri))
    grant = login.exchange(app, code=code, verifier=verifier, redirect_uri=redirect_uri)
    assert isinstance(grant, Grant)
    assert (grant.expires_at, grant.refresh_token) == (None, None)
    assert set(SCOPES) == set(grant.scopes)
    (who,) = login.who(grant)  # type: ignore[misc]  # not a refusal
    assert who.handle == f"me@{urlsplit(desk.url).netloc}"
    assert (who.server_info["software"], who.server_info["characters"]) == ("mastodon", 500)
    held = Credentials(grant.access_token, client_id=app.client_id, client_secret=app.client_secret)
    assert (login.renews(held), login.revoke(held), login.revoke(held)) == (False, None, None)
    assert isinstance(login.who(grant), NotDone)


def test_a_code_works_once_and_only_with_its_verifier(login: MastodonLogin) -> None:
    app = login.register(OUT_OF_BAND)
    assert isinstance(app, App)
    code = approve(login, app, OUT_OF_BAND, login.challenge(code_login.new_verifier(), OUT_OF_BAND))
    for _ in range(2):
        refused = login.exchange(app, code=code, verifier=code_login.new_verifier(), redirect_uri=OUT_OF_BAND)
        assert isinstance(refused, NotDone)
        assert (refused.kind, refused.code, refused.passing) == (Kind.AUTH, "invalid_grant", False)


def test_a_token_that_cannot_look_up_is_refused(desk: Desk, login: MastodonLogin) -> None:
    app = login.register(OUT_OF_BAND)
    assert isinstance(app, App)
    url = login.authorize_url(app, state="s", redirect_uri=OUT_OF_BAND, scopes=("write:statuses",), challenge=None)
    page = httpx.get(f"{url}&sandbox=approve&sandbox_account=me").text
    code = page.partition("<code>")[2].partition("</code>")[0]
    refused = login.exchange(app, code=code, verifier=None, redirect_uri=OUT_OF_BAND)
    assert isinstance(refused, NotDone)
    assert (refused.kind, refused.code) == (Kind.AUTH, "scopes")


@pytest.mark.parametrize(
    ("answer", "code", "passing"),
    [
        ({"status": 403, "body": '{"error": "Registrations are closed"}'}, "registration", False),
        ({"status": 404, "body": "<h1>No</h1>"}, "not_mastodon", False),
        ({"status": 301, "headers": {"location": "https://other.example/"}, "body": ""}, "redirect", False),
        ({"status": 502, "body": "<h1>Bad gateway</h1>"}, "502", True),
    ],
)
def test_a_server_that_makes_no_app_says_why(
    desk: Desk, login: MastodonLogin, answer: dict[str, object], code: str, passing: bool
) -> None:
    desk.fault("status", "/api/v1/apps", **answer)
    refused = login.register(OUT_OF_BAND)
    assert isinstance(refused, NotDone)
    assert (refused.code, refused.passing) == (code, passing)


# Publishing once.


def test_a_lost_answer_is_found_and_the_key_is_in_the_handle(desk: Desk) -> None:
    ready = desk.prepare()
    assert len(cast(Any, ready.handle["keys"])["key"]) == 32
    desk.fault("cut_after")
    assert isinstance(desk.publish(ready), Unknown)
    found = desk.look_up(ready)
    assert isinstance(found, Found)
    assert found.remote_id == statuses(desk)[0]["id"]


def test_a_resend_has_the_same_key_and_gives_the_first_post(desk: Desk) -> None:
    ready = desk.prepare()
    desk.fault("cut_after")
    assert isinstance(desk.publish(ready), Unknown)
    again = desk.prepare({**ready.handle, "unsettled_since": 0})
    assert again.handle["keys"] == ready.handle["keys"]
    assert isinstance(desk.publish(again), Done)
    assert texts(desk) == ["Hello"]


@at("mastodon-4.6")
def test_a_resend_that_is_answered_500_is_looked_up(desk: Desk) -> None:
    ready = desk.prepare()
    assert isinstance(desk.publish(ready), Done)
    assert isinstance(desk.publish(ready), Unknown)
    assert isinstance(desk.look_up(ready), Found)
    assert texts(desk) == ["Hello"]


def test_a_refusal_and_an_edit_change_the_key(desk: Desk) -> None:
    first = desk.prepare()
    desk.change(trouble="rejected_status")
    refused = desk.publish(first)
    assert isinstance(refused, NotDone)
    assert refused.handle is not None
    assert (refused.kind, refused.passing) == (Kind.CONTENT, False)
    desk.change(trouble="")
    second = desk.prepare({"keys": refused.handle["keys"]})  # what stays of a handle after a failure
    desk.order = replace(desk.order, text="Hello again")
    third = desk.prepare({"keys": refused.handle["keys"]})
    keys = {cast(Any, one.handle["keys"])["key"] for one in (first, second, third)}
    assert len(keys) == 3


@at("pleroma")
def test_an_error_that_is_replayed_changes_the_key_once_nothing_was_found(desk: Desk) -> None:
    ready = desk.prepare()
    desk.order = replace(desk.order, text="x" * 6000)
    long = desk.prepare()
    assert isinstance(desk.publish(long), NotDone)
    desk.fault("body", status=500, headers={"idempotent-replayed": "true"}, body='{"error": "Oops"}')
    assert isinstance(desk.publish(long), Unknown)
    absent = desk.look_up(long)
    assert isinstance(absent, Absent)
    assert absent.handle is not None
    assert cast(Any, absent.handle["keys"])["n"] == 1
    assert cast(Any, ready.handle["keys"])["n"] == 0


def test_an_upload_that_is_refused_as_used_after_a_lost_answer_is_no_reason_to_send_again(
    desk: Desk, tmp_path: Path
) -> None:
    photo = media(tmp_path / "photo.jpg", PHOTO.read_bytes(), "image/jpeg", alt="A cup")
    desk.order = replace(desk.order, media=(photo,))
    ready = desk.prepare()
    desk.switch(mastodon_forgets_keys=True)
    desk.fault("cut_after")
    assert isinstance(desk.publish(ready), Unknown)
    again = desk.prepare({**ready.handle, "unsettled_since": 0})
    assert again.handle["media"] == ready.handle["media"]
    said = desk.publish(again)
    assert isinstance(said, Unknown)
    assert said.kind is Kind.DUPLICATE
    assert texts(desk) == ["Hello"]


def test_an_upload_that_is_lost_before_any_call_is_made_again(desk: Desk, tmp_path: Path) -> None:
    photo = media(tmp_path / "photo.jpg", PHOTO.read_bytes(), "image/jpeg")
    desk.order = replace(desk.order, media=(photo,))
    ready = desk.prepare()
    desk.sandbox.state.records.clear()
    lost = desk.publish(ready)
    assert isinstance(lost, NotDone)
    assert lost.handle is not None
    assert (lost.kind, lost.passing) == (Kind.MEDIA, True)
    assert "media" not in lost.handle
    assert isinstance(desk.publish(desk.prepare(lost.handle)), Done)


def test_a_video_is_waited_for(desk: Desk, tmp_path: Path) -> None:
    film = media(tmp_path / "clip.mp4", CLIP.read_bytes(), "video/mp4", duration_ms=4000)
    desk.order = replace(desk.order, media=(film,))
    assert isinstance(desk.publish(desk.prepare()), Done)
    (status,) = statuses(desk)
    assert status["media_attachments"][0]["type"] == "video"


# Posts that a spam filter drops.


def test_a_dropped_post_fails_and_is_never_sent_again(desk: Desk) -> None:
    desk.order = replace(desk.order, text="@you@example.net look")
    ready = desk.prepare()
    desk.change(trouble="spam_dropped")
    done = desk.publish(ready)
    assert isinstance(done, Done)
    assert done.processing
    finding = desk.look_up(replace(ready, handle=done.handle or ready.handle))
    assert isinstance(finding, Refused)
    assert (finding.outcome.code, finding.outcome.passing) == ("dropped", False)


def test_a_mention_that_is_there_is_published(desk: Desk) -> None:
    desk.order = replace(desk.order, text="@you@example.net look")
    ready = desk.prepare()
    done = desk.publish(ready)
    finding = desk.look_up(replace(ready, handle=done.handle or ready.handle))
    assert isinstance(finding, Found)
    assert finding.remote_id == statuses(desk)[0]["id"]


def test_another_visibility_than_the_one_asked_for_is_noted(desk: Desk) -> None:
    desk.order = replace(desk.order, options={"visibility": "public"})
    ready = desk.prepare()
    made = '{"id": "1", "created_at": "2026-11-27T10:00:00.000Z", "visibility": "unlisted"}'
    desk.fault("body", status=200, body=made)
    done = desk.publish(ready)
    assert isinstance(done, Done)
    assert done.note is not None
    assert "unlisted" in done.note


def test_another_visibility_of_a_post_that_is_asked_for_is_noted(desk: Desk) -> None:
    desk.order = replace(desk.order, text="@you@example.net look", options={"visibility": "public"})
    ready = desk.prepare()
    done = desk.publish(ready)
    post = {**statuses(desk)[0], "visibility": "unlisted"}
    desk.fault("body", "/api/v1/statuses/[^/]+$", status=200, body=json.dumps(post))
    finding = desk.look_up(replace(ready, handle=done.handle or ready.handle))
    assert isinstance(finding, Found)
    assert finding.note is not None


# Other software.


@at("snac")
def test_what_snac_calls_a_visibility_is_not_noted(desk: Desk) -> None:
    """It sends an unlisted post as unlisted, and calls it public."""
    desk.order = replace(desk.order, options={"visibility": "unlisted"})
    ready = desk.prepare()
    desk.fault("body", status=200, body='{"id": "1", "created_at": "2026-11-27T10:00:00.000Z", "visibility": "public"}')
    done = desk.publish(ready)
    assert isinstance(done, Done)
    assert done.note is None


@at("snac")
def test_a_private_post_that_is_not_listed_is_left_to_a_person(desk: Desk) -> None:
    desk.order = replace(desk.order, options={"visibility": "private"})
    ready = desk.prepare()
    desk.fault("cut_after")
    assert isinstance(desk.publish(ready), Unknown)
    finding = desk.look_up(ready)
    assert isinstance(finding, Unclear)
    assert finding.final


@at("snac", "gotosocial")
def test_without_keys_the_window_is_longer(desk: Desk) -> None:
    desk.prepare()
    assert MASTODON.settle_for(desk.runtime.config, desk.order.account) == timedelta(minutes=15)
    assert MASTODON.settle_for(desk.runtime.config) == timedelta(minutes=2)
    chosen = Config({"platforms.mastodon.settle_s": "7"})
    assert MASTODON.settle_for(chosen, desk.order.account) == timedelta(seconds=7)


@at("gotosocial", "mastodon")
def test_strict_never_takes_absence_for_proof_without_keys(desk: Desk) -> None:
    desk.configure(platforms__mastodon__strict=True)
    finding = desk.look_up(desk.prepare())
    keyed = desk.order.account.server_info["software"] == "mastodon"
    assert isinstance(finding, Absent if keyed else Unclear)


def test_what_the_server_allows_is_asked_once_a_day(desk: Desk) -> None:
    desk.prepare()
    before = desk.order.account.server_info
    desk.switch(mastodon_profile="gotosocial")
    desk.prepare()
    assert desk.order.account.server_info == before
    desk.clock.move(86_401)
    desk.fault("status", "/instance", status=503)
    desk.prepare()
    assert desk.order.account.server_info == before
    desk.prepare()
    assert desk.order.account.server_info["software"] == "gotosocial"


# Replies and quotes.


def test_a_reply_and_a_quote_by_address(desk: Desk) -> None:
    first = desk.publish(desk.prepare())
    desk.order = replace(desk.order, text="Yes", options={"reply_to": first.remote_id, "quote": first.url})
    ready = desk.prepare()
    done = desk.publish(ready)
    assert isinstance(done, Done)
    assert statuses(desk)[0]["in_reply_to_id"] == first.remote_id
    assert isinstance(desk.look_up(replace(ready, handle=done.handle or ready.handle)), Found)


def test_media_and_a_quote_on_later_parts(desk: Desk, tmp_path: Path) -> None:
    first = desk.publish(desk.prepare())
    assert isinstance(first, Done)
    photo = media(tmp_path / "a.jpg", PHOTO.read_bytes(), "image/jpeg", alt="A cup")
    desk.order = replace(
        desk.order,
        text="One",
        thread=("Two", "Three", "Four"),
        thread_media=((), (), (photo,)),
        part_starts=(0, 2, 3),  # the first was split
        options={"quote": f"2={first.url}"},
    )
    quotes, handle = [], None
    for _ in range(4):
        ready = desk.prepare(handle)
        quotes.append(ref_of(ready.handle, "quote"))
        done = desk.publish(ready)
        assert isinstance(done, Done)
        handle = done.handle
    assert quotes == [None, None, first.remote_id, None]
    assert [len(one["media_attachments"]) for one in statuses(desk)] == [1, 0, 0, 0, 0]  # newest first


def test_a_reply_to_what_is_not_there_fails_with_the_reason(desk: Desk) -> None:
    for named in ("123", "https://example.net/@you/123"):
        desk.order = replace(desk.order, options={"reply_to": named})
        failed = desk.fail()
        assert (failed.outcome.kind, failed.outcome.passing) == (Kind.CONTENT, False)


# Refusals.


@pytest.mark.parametrize(
    ("trouble", "kind", "passing"),
    [
        ("disabled_login", Kind.ACCOUNT, False),
        ("no_scope", Kind.AUTH, False),
        ("unreachable", Kind.SERVER, True),
    ],
)
def test_a_refused_account_is_found_out_before_anything_is_sent(
    desk: Desk, trouble: str, kind: Kind, passing: bool
) -> None:
    desk.change(trouble=trouble)
    failed = desk.fail()
    assert (failed.outcome.kind, failed.outcome.passing) == (kind, passing)


def test_too_many_requests_prove_nothing_on_a_publishing_call(desk: Desk) -> None:
    ready = desk.prepare()
    desk.change(trouble="many_requests")
    said = desk.publish(ready)
    assert isinstance(said, Unknown)
    assert said.kind is Kind.RATE_LIMIT


def test_a_limit_that_is_used_up_holds_the_account(desk: Desk) -> None:
    desk.switch(limits={"mastodon posts": 1})
    assert isinstance(desk.publish(desk.prepare()), Done)
    failed = desk.fail()
    assert (failed.outcome.kind, failed.outcome.hold) == (Kind.RATE_LIMIT, True)
    assert failed.outcome.retry_at is not None


def test_two_posts_that_could_be_it_are_left_to_a_person(desk: Desk) -> None:
    ready = desk.prepare()
    assert isinstance(desk.publish(ready), Done)
    other = replace(desk.order, key_seed="store/2")
    _, another = drive(desk.client.prepare(other, {}), desk.clock)
    assert isinstance(desk.client.publish(other, another.handle), Done)
    finding = desk.look_up(ready)
    assert isinstance(finding, Unclear)
    assert (finding.final, len(finding.links)) == (True, 2)


# Numbers, deletion, checks.


@at("mastodon", "gotosocial")
def test_counts_history_and_what_is_gone(desk: Desk) -> None:
    done = desk.publish(desk.prepare())
    reader = desk.open(cast(MetricsReader, MASTODON.metrics_reader(desk.runtime)))
    session = AccountSession(desk.order.account, desk.order.credentials, lambda refused: None)
    desk.clock.move(7200)
    pages = list(reader.read(session, [done.remote_id, "111"]))
    samples = [sample for page in pages for sample in page.samples]
    assert [(one.remote_id, one.text, one.views) for one in samples] == [(done.remote_id, "Hello", None)]
    assert {gone for page in pages for gone in page.gone} == {"111"}
    assert [one.remote_id for page in reader.history(session, 5) for one in page.samples] == [done.remote_id]


def test_a_post_is_deleted_and_again(desk: Desk) -> None:
    done = desk.publish(desk.prepare())
    deleter = desk.open(cast(Deleter, MASTODON.deleter(desk.runtime)))
    assert deleter.delete(desk.order, done.remote_id) == Deleted(200)
    assert deleter.delete(desk.order, done.remote_id) == Deleted(404, "it was gone before")
    assert texts(desk) == []


@at("snac")
def test_software_that_deletes_nothing_says_so(desk: Desk) -> None:
    done = desk.publish(desk.prepare())
    deleter = desk.open(cast(Deleter, MASTODON.deleter(desk.runtime)))
    refused = deleter.delete(desk.order, done.remote_id)
    assert isinstance(refused, NotDone)
    assert not refused.passing


@at("mastodon", "snac")
def test_a_check_tells_whose_token_it_is_and_what_the_server_runs(desk: Desk) -> None:
    checker = desk.open(cast(Checker, MASTODON.checker(desk.runtime)))
    told = checker.check(desk.order.account, desk.order.credentials)
    assert isinstance(told, AccountInfo)
    assert told.handle == desk.order.account.handle
    assert told.server_info is not None
    desk.change(accessExpired=True)
    refused = checker.check(desk.order.account, desk.order.credentials)
    assert isinstance(refused, NotDone)
    assert refused.kind is Kind.AUTH
