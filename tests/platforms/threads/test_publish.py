"""Threads over real HTTP against the sandbox: the race of a new container, refusals that prove nothing, and parts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.platforms.factories import client_for
from tests.platforms.sandboxed import Desk, on
from tests.platforms.stubs import by_code, drive_to_failure, media, order
from tests.rows import each
from tests.settings import Config
from ttp.domain.account import Account, Credentials
from ttp.domain.action import Action
from ttp.domain.publishing.outcome import Absent, Done, Found, Kind, NotDone, Unclear, Unknown
from ttp.platforms.client import AccountInfo, Deleted
from ttp.platforms.metrics_reader import AccountSession
from ttp.platforms.reply import Answer
from ttp.platforms.testing import NOON, StandingClock
from ttp.platforms.threads.errors import ERRORS, SUBCODES, container_failure
from ttp.platforms.threads.metrics import ThreadsReader
from ttp.platforms.threads.part import API
from ttp.sandbox.files import CLIP, PHOTO
from ttp.sandbox.threads.records import ThreadsContainer

ROWS = by_code(
    {
        (Kind.SERVER, True): "1 2",
        (Kind.CONTENT, False): "100",
        (Kind.MEDIA, False): "24 9004/2207052",
        (Kind.MEDIA, True): "24/4279009",
        (Kind.ACCOUNT, False): "100/33 4/2207051 25/4279013",
        (Kind.ACCOUNT, True): "341 368",
        (Kind.AUTH, False): "190/463 190 102 3 10 200 299",
        (Kind.RATE_LIMIT, True): "4 17 32 613",
        (Kind.DUPLICATE, False): "506",
    }
)


@each(("code", "expected"), ROWS.items())
def test_an_error_code_has_its_kind(code: str, expected: tuple[Kind, bool]) -> None:
    number, _, subcode = code.partition("/")
    error = {"code": int(number), "message": "no", **({"error_subcode": int(subcode)} if subcode else {})}
    found = ERRORS.refusal(Answer(400, data={"error": error}), Account("threads", "demo"), NOON)
    assert found is not None
    assert (found.kind, found.passing) == expected


def test_every_code_of_the_table_has_a_row_here() -> None:
    codes = {int(code.partition("/")[0]) for code in ROWS}
    subcodes = {int(code.partition("/")[2]) for code in ROWS if "/" in code}
    assert set(SUBCODES) - subcodes == set()
    assert set(ERRORS.codes) - codes == set(range(201, 299))


@each("reason", ["INVALID_ASPEC_RATIO", "FAILED_DOWNLOADING_VIDEO", "SOMETHING_NEW", ""])
def test_a_container_that_failed_is_final_and_says_why(reason: str) -> None:
    failure = container_failure(reason)
    assert (failure.kind, failure.passing, failure.code) == (Kind.MEDIA, False, reason or "ERROR")


@on("threads")
def test_a_container_that_publishing_does_not_know_yet_is_published_again_after_half_a_minute(desk: Desk) -> None:
    desk.switch(unknown_s=80)
    handle, outcomes, at = None, [], desk.clock.now()
    for _ in range(3):
        outcomes.append(outcome := desk.publish(desk.prepare(handle)))
        handle = outcome.handle
    assert [type(one) for one in outcomes] == [NotDone, NotDone, Done]
    assert [one.not_ready for one in outcomes[:2]] == [True, True]
    assert (desk.clock.now() - at).total_seconds() == 90
    assert (len(desk.posts()), len(desk.sandbox.state.table(ThreadsContainer))) == (1, 1)


@on("threads")
def test_a_container_that_stays_unknown_counts_as_unknown_after_five_times(desk: Desk) -> None:
    desk.change(trouble="not_found")
    ready, count = desk.prepare(), 0
    while isinstance(outcome := desk.publish(ready), NotDone):
        count += 1
        assert outcome.not_ready
        ready = desk.prepare(outcome.handle)
    assert (count, outcome.kind) == (5, Kind.MEDIA)
    assert isinstance(desk.look_up(ready), Absent)


@on("threads")
def test_a_container_that_is_lost_after_a_call_is_never_replaced(desk: Desk) -> None:
    desk.change(trouble="not_found")
    outcome = desk.publish(desk.prepare())
    desk.change(trouble="lost")
    ready = desk.prepare(outcome.handle)
    assert ready.doubt is not None
    finding = desk.look_up(ready)
    assert isinstance(finding, Unclear)
    assert not finding.final


@on("threads")
def test_a_container_that_is_lost_before_a_call_is_replaced(desk: Desk) -> None:
    handle = desk.prepare().handle
    desk.change(trouble="lost")
    steps, failure = drive_to_failure(desk.client.prepare(desk.order, handle), desk.clock)
    assert failure.outcome.passing
    desk.change(trouble="")
    assert isinstance(desk.publish(desk.prepare({})), Done)
    assert steps


@on("threads")
def test_a_permission_refused_for_a_post_that_is_live_proves_nothing(desk: Desk) -> None:
    desk.change(trouble="denied_but_live")
    ready = desk.prepare()
    assert isinstance(desk.publish(ready), Unknown)
    desk.change(trouble="")
    (post,) = desk.posts()
    finding = desk.look_up(ready)
    assert isinstance(finding, Found)
    assert finding.remote_id == post["id"]


@on("threads")
@pytest.mark.parametrize(
    ("trouble", "kind", "holds"),
    [
        ("invalid", Kind.CONTENT, False),
        ("threads_spam", Kind.ACCOUNT, True),
        ("threads_restricted", Kind.ACCOUNT, True),
    ],
)
def test_a_refused_call_fails_once_its_container_stays_unpublished(
    desk: Desk, trouble: str, kind: Kind, holds: bool
) -> None:
    desk.change(trouble=trouble)
    ready = desk.prepare()
    outcome = desk.publish(ready)
    assert isinstance(outcome, Unknown)
    finding = desk.look_up(replace(ready, handle=outcome.handle or ready.handle))
    assert isinstance(finding, Absent)
    assert not finding.certain
    assert finding.refusal is not None
    assert (finding.refusal.kind, finding.refusal.passing, finding.refusal.hold) == (kind, False, holds)


@on("threads")
def test_a_refusal_says_nothing_about_a_later_call(desk: Desk) -> None:
    desk.change(trouble="invalid")
    outcome = desk.publish(ready := desk.prepare())
    finding = desk.look_up(replace(ready, handle=outcome.handle))
    desk.change(trouble="")
    ready = desk.prepare(finding.handle)  # a person tries it again
    desk.fault("cut_before")
    assert isinstance(desk.publish(ready), Unknown)
    assert desk.look_up(ready).refusal is None


@on("threads")
def test_a_container_that_failed_after_a_call_is_replaced_once_the_list_has_settled(desk: Desk) -> None:
    ready = desk.prepare()
    desk.fault("cut_before")
    desk.publish(ready)
    handle = desk.look_up(ready).handle
    containers = desk.sandbox.state.table(ThreadsContainer)
    (container,) = containers.values()
    desk.sandbox.state.save(replace(container, error="UNKNOWN"))
    ready = desk.prepare(handle)
    assert ready.doubt is not None
    finding = desk.look_up(ready)
    assert isinstance(finding, Absent)
    assert finding.refusal is not None
    desk.clock.move(600)
    assert isinstance(desk.publish(desk.prepare(finding.handle)), Done)


@on("threads")
def test_a_rate_limit_of_the_call_is_looked_up_after_its_end(desk: Desk) -> None:
    desk.change(trouble="call_limit")
    outcome = desk.publish(desk.prepare())
    assert isinstance(outcome, Unknown)
    assert outcome.look_at is not None
    assert outcome.look_at > desk.clock.now()


@on("threads")
def test_a_token_of_another_profile_publishes_nothing(desk: Desk) -> None:
    desk.order = replace(desk.order, credentials=replace(desk.order.credentials, user_id="250000000000001"))
    failed = desk.fail()
    assert (failed.outcome.kind, failed.outcome.passing) == (Kind.ACCOUNT, True)


@on("threads")
@pytest.mark.parametrize(("limit", "parts"), [("threads posts a day", 0), ("threads replies a day", 1)])
def test_a_quota_that_is_used_up_stops_a_post_before_it_is_published(desk: Desk, limit: str, parts: int) -> None:
    desk.order = replace(desk.order, thread=("Two",) + ("Three",) * parts)
    handle: Any = None
    for _ in range(1 + parts):
        handle = desk.publish(desk.prepare(handle)).handle
    desk.switch(limits={limit: 1})
    failed = desk.fail(handle if parts else None)
    assert (failed.outcome.kind, failed.outcome.hold) == (Kind.QUOTA, True)


@on("threads")
def test_each_part_replies_to_the_one_before_and_options_are_those_of_the_first(desk: Desk, tmp_path: Path) -> None:
    photo = media(tmp_path / "p.jpg", PHOTO.read_bytes(), "image/jpeg", alt="A cup")
    film = media(tmp_path / "c.mp4", CLIP.read_bytes(), "video/mp4", duration_ms=4000)
    desk.order = replace(desk.order, thread=("Two", "Three"), thread_media=((), (photo, film)))
    desk.said_of(
        topic_tag="Tea",
        reply_control="followers_only",
        link="https://example.com/menu",
        poll="Yes | Nô",
        spoiler="true",
    )
    handle: Any = None
    for number in range(3):
        ready = desk.prepare(handle)
        if number == 1:
            desk.fault("cut_after")
            assert isinstance(desk.publish(ready), Unknown)
            outcome = desk.look_up(ready)
        else:
            outcome = desk.publish(ready)
        handle = outcome.handle
        assert outcome.more is (number < 2)
    first, second, third = desk.posts()
    assert [one["parent"] for one in (first, second, third)] == [None, first["id"], second["id"]]
    assert handle["parts"] == [first["id"], second["id"], third["id"]]
    assert third["media"] == [photo.item.sha256, film.item.sha256]
    assert desk.sandbox.state.posts[first["id"]].labels == (
        "topic_tag=Tea",
        "link_attachment=https://example.com/menu",
        'poll_attachment={"option_a": "Yes", "option_b": "N\\u00f4"}',
    )
    assert desk.sandbox.state.posts[third["id"]].labels == ("is_spoiler_media=true",)
    assert desk.sandbox.state.posts[first["id"]].reply_settings == "followers_only"


@on("threads")
def test_a_reply_is_found_among_the_replies_to_its_post(desk: Desk) -> None:
    first, other = desk.publish(desk.prepare()), desk.publish(desk.prepare())
    desk.said_of(reply_to_id=first.remote_id, reply_control="followers_only")
    by_hand = replace(desk.order, options={"reply_to_id": other.remote_id})
    for reply in (by_hand, desk.order):
        desk.order = reply
        ready = desk.prepare()
        desk.fault("cut_after")
        assert isinstance(desk.publish(ready), Unknown)
    finding = desk.look_up(ready)
    post = desk.sandbox.state.posts[finding.remote_id]
    assert (post.parent, post.reply_settings) == (first.remote_id, "followers_only")


@on("threads")
def test_a_full_page_of_the_list_proves_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(API.listed["threads"], "limit", "1")
    ready = desk.prepare()
    desk.fault("cut_after")
    assert isinstance(desk.publish(ready), Unknown)
    assert desk.look_up(ready) == Found(None, id_later=True)


@on("threads")
def test_a_part_whose_id_stays_unknown_asks_a_person(desk: Desk) -> None:
    desk.order = replace(desk.order, thread=("Two",))
    for _ in range(2):  # the same text twice: neither can be told from the other
        ready = desk.prepare()
        desk.fault("cut_after")
        desk.publish(ready)
    finding = desk.look_up(ready)
    assert isinstance(finding, Unclear)
    assert finding.final


@on("threads")
def test_a_post_is_deleted_once_and_one_that_is_gone_counts_as_deleted(desk: Desk) -> None:
    done = desk.publish(desk.prepare())
    deleter: Any = desk.client
    assert deleter.delete(desk.order, done.remote_id) == Deleted(200)
    assert desk.posts() == []
    again = deleter.delete(desk.order, done.remote_id)
    assert isinstance(again, Deleted)
    assert again.note is not None


@on("threads")
def test_deleting_without_the_permission_says_how_to_get_it(desk: Desk) -> None:
    done = desk.publish(desk.prepare())
    desk.change(scopes=["threads_basic", "threads_content_publish"])
    deleter: Any = desk.client
    refused = deleter.delete(desk.order, done.remote_id)
    assert isinstance(refused, NotDone)
    assert isinstance(refused.hint, Action)
    assert "threads_delete" in str(dict(refused.hint.options)["scopes"])


@on("threads")
def test_numbers_of_posts_and_the_history_without_replies(desk: Desk) -> None:
    desk.order = replace(desk.order, thread=("Two",))
    first = desk.publish(desk.prepare())
    desk.publish(desk.prepare(first.handle))
    desk.clock.move(86_400)
    reader = desk.facts.metrics_reader(desk.runtime)
    assert reader is not None
    desk.open(reader)
    session = AccountSession(desk.order.account, desk.order.credentials, lambda old: None)
    (page,) = reader.read(session, [first.remote_id])
    (sample,) = page.samples
    assert (sample.remote_id, sample.kind) == (first.remote_id, "text")
    assert None not in (sample.likes, sample.comments, sample.shares, sample.views)
    listed = [one.remote_id for page in reader.history(session, 10) for one in page.samples]
    assert listed == [first.remote_id]
    assert [page.gone for page in reader.read(session, ["18000000000000001"])] == [{"18000000000000001"}]


@on("threads")
def test_the_history_has_pages_that_do_not_name_the_next_one(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ThreadsReader, "page_size", 2)
    posts = [desk.publish(desk.prepare()).remote_id for _ in range(4)]
    desk.clock.move(86_400)
    reader = desk.facts.metrics_reader(desk.runtime)
    assert reader is not None
    desk.open(reader)
    session = AccountSession(desk.order.account, desk.order.credentials, lambda old: None)
    pages = [[one.remote_id for page in reader.history(session, most) for one in page.samples] for most in (3, 9)]
    assert [sorted(page) for page in pages] == [sorted(posts[1:]), sorted(posts)]


@on("threads")
def test_an_account_is_checked_with_its_quota(desk: Desk) -> None:
    checker = desk.facts.checker(desk.runtime)
    assert checker is not None
    desk.open(checker)
    found = checker.check(desk.order.account, desk.order.credentials)
    assert isinstance(found, AccountInfo)
    assert (found.user_id, found.handle) == (desk.order.credentials.user_id, "demo")
    assert [one.status for one in found.remarks] == ["ok"]
    refused = checker.check(desk.order.account, Credentials("unknown", "127.0.0.1"))
    assert isinstance(refused, NotDone)
    assert refused.kind is Kind.AUTH


def test_the_publishing_call_waits_for_a_slow_answer() -> None:
    waits = []

    def answer(request: httpx.Request) -> httpx.Response:
        waits.append((request.url.path, request.extensions["timeout"]["read"]))
        raise httpx.ReadTimeout("slow", request=request)

    client = client_for("threads", Config(), StandingClock(), transport=httpx.MockTransport(answer))
    outcome = client.publish(order("threads"), {"user_id": "me", "creation_id": "18000000000000001"})
    assert isinstance(outcome, Unknown)
    assert waits[0] == ("/v1.0/me/threads_publish", 240.0)
    assert all(read < 240 for _, read in waits[1:])
