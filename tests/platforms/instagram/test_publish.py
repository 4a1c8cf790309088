"""Instagram's one publishing call, its error table, and the container as the proof of what happened."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.platforms.factories import client_for
from tests.platforms.instagram.test_prepare import API, error, listed, of, status
from tests.platforms.stubs import BEARER, Script, Stub, by_code
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
from ttp.platforms.client import LookupResult, PublishRequest
from ttp.platforms.instagram.errors import CODES, ERRORS, SUBCODES
from ttp.platforms.reply import Answer
from ttp.platforms.testing import NOON, StandingClock

HANDLE: Handle = {"user_id": "178", "creation_id": "900", "created": to_ms(NOON), "request": "r"}
SINCE = NOON - timedelta(minutes=5)
SEEN = {**HANDLE, "unsettled_since": to_ms(SINCE)}
DEMO = Account("instagram", "demo")


def call(**changes: Any) -> Stub:
    return Stub("POST", f"{API}/178/media_publish", **{"headers": BEARER, "form": {"creation_id": "900"}, **changes})


def permalink(**changes: Any) -> Stub:
    query = {"fields": "permalink,timestamp"}
    return Stub("GET", f"{API}/555", **{"headers": BEARER, "query": query, **changes})


def published(*stubs: Stub, handle: Handle = HANDLE) -> Outcome:
    script = Script(*stubs)
    outcome = client_for("instagram", Config(), StandingClock(), transport=script).publish(of(), handle)
    assert script.left == []
    return outcome


def test_a_published_container_is_done_with_its_permalink() -> None:
    link = "https://www.instagram.com/p/DEMO/"
    outcome = published(call(answer={"id": "555"}), permalink(answer={"permalink": link, "id": "555"}))
    assert outcome == Done("555", link, http_status=200)


@each(
    "changes",
    [
        {"status": 500, "answer": error(2)},
        {"answer": {"permalink": "javascript:alert(1)"}},
        {"answer": {"permalink": "https://x\u202e.example"}},
        {"answer": {}},
        {"raw": b"{"},
        {"fails": httpx.ReadTimeout("slow")},
        {"fails": httpx.ConnectError("refused")},
    ],
)
def test_a_missing_permalink_changes_nothing(changes: dict[str, Any]) -> None:
    assert published(call(answer={"id": "555"}), permalink(**changes)) == Done("555", None, http_status=200)


def test_a_media_that_instagram_does_not_know_is_none() -> None:
    unknown = permalink(status=400, answer=error(100, 33))
    outcome = published(call(answer={"id": "555"}), unknown)
    assert isinstance(outcome, Unknown)
    assert outcome.http_status == 200


@each("media_id", ["0", "0555", 555, "900"])
def test_an_unknown_media_id_proves_nothing(media_id: object) -> None:
    assert isinstance(published(call(answer={"id": media_id}), status("FINISHED")), Unknown)


ROWS = by_code(
    {
        (Kind.MEDIA, True): (
            "-2/2207003 -2/2207020 -1/2207032 -1/2207053 -1/2207082 -1/2207077 24/2207008 9004/2207052 9007/2207027 "
            "-2 9004 9007"
        ),
        (Kind.SERVER, True): "-1/2207001 -1 1 2",
        (Kind.CONTENT, False): (
            "-1/2207073 -1/2207081 1/2207057 100/2207023 100/2207028 100/2207035 100/2207036 100/2207037 100/2207040 "
            "36004/2207010 36004 100"
        ),
        (Kind.ACCOUNT, False): "4/2207051 25/2207050 100/33 25",
        (Kind.QUOTA, True): "9/2207042 9",
        (Kind.MEDIA, False): (
            "24/2207006 352/2207026 36000/2207004 36001/2207005 36003/2207009 24 36000 36001 36003 352"
        ),
        (Kind.AUTH, False): "190/463 190 102 10 200 299 3",
        (Kind.RATE_LIMIT, True): "4 17 32 613 80001 80002",
        (Kind.ACCOUNT, True): "341 368",
        (Kind.DUPLICATE, False): "506",
    }
)


@each(("code", "expected"), ROWS.items())
def test_an_error_code_has_its_kind(code: str, expected: tuple[Kind, bool]) -> None:
    found = ERRORS.refusal(Answer(400, data=error(*map(int, code.split("/")))), DEMO, NOON)
    assert found is not None
    assert (found.kind, found.passing) == expected
    assert found.code == code
    assert found.not_ready is code.startswith("9007")
    waits = {Kind.QUOTA: 1, Kind.RATE_LIMIT: 1, Kind.ACCOUNT: 24} if found.passing else {}
    assert found.retry_at == (NOON + timedelta(hours=waits[found.kind]) if found.kind in waits else None)
    assert found.hold is (found.kind in waits and found.kind is not Kind.RATE_LIMIT)
    assert (found.hint is not None) is (found.kind is Kind.AUTH)


def test_every_row_of_the_tables_is_named_here() -> None:
    named = [[int(number) for number in code.split("/")] for code in ROWS]
    assert {codes[1] for codes in named if codes[1:]} >= set(SUBCODES)
    assert {codes[0] for codes in named} >= set(CODES) - set(range(201, 299))


@each("data", [None, [], {}, {"error": "no"}, {"error": {"code": "190"}}, error(999_999)])
def test_an_unlisted_code_is_not_a_refusal(data: object) -> None:
    assert ERRORS.refusal(Answer(400, data=data), DEMO, NOON) is None


def test_an_error_that_calls_itself_transient_passes() -> None:
    found = ERRORS.refusal(Answer(400, data=error(999_999, is_transient=True)), DEMO, NOON)
    assert found is not None
    assert (found.kind, found.passing) == (Kind.SERVER, True)


def test_the_words_meant_for_people_are_shown() -> None:
    found = ERRORS.refusal(Answer(400, data=error(36004, 2207010, error_user_msg="Too long\x07")), DEMO, NOON)
    assert found is not None
    assert found.message == r"Too long\u0007 (36004/2207010, fbtrace_id A)"


def test_the_advice_follows_the_message() -> None:
    found = ERRORS.refusal(Answer(400, data=error(25, 2207050)), DEMO, NOON)
    assert found is not None
    assert (found.code, found.message.startswith("no (")) == ("25/2207050", True)
    assert SUBCODES[2207050].advice in found.message
    scope = ERRORS.refusal(Answer(400, data=error(10)), DEMO, NOON)
    assert scope is not None
    assert scope.hint == action("account connect", "instagram/demo")


def test_64_kb_of_words_become_one_line() -> None:
    found = ERRORS.refusal(Answer(400, data=error(100, message="<p>\n" * 16_000, fbtrace_id="B" * 9_000)), DEMO, NOON)
    assert found is not None
    assert len(found.message) < 400
    assert "\n" not in found.message


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ('{"178": [{"type": "instagram", "estimated_time_to_regain_access": 7}]}', 420),
        ('{"178": [{"estimated_time_to_regain_access": 0}]}', 3600),
        ('{"178": [{"estimated_time_to_regain_access": 99999}]}', 86_400),
        ('{"178": 5}', 3600),
        ("[" * 100_000, 3600),
        ("", 3600),
    ],
    ids=["told", "zero", "too long", "odd", "deep", "none"],
)
def test_a_throttled_call_waits_as_the_usage_header_says(header: str, seconds: int) -> None:
    answer = Answer(400, {"x-business-use-case-usage": header}, error(4))
    found = ERRORS.refusal(answer, DEMO, NOON)
    assert found is not None
    assert found.retry_at == NOON + timedelta(seconds=seconds)


# What the container says after an error decides.


def refused(code: int, subcode: int | None = None) -> Stub:
    return call(status=400, answer=error(code, subcode))


def test_a_refusal_with_an_unpublished_container_is_proof() -> None:
    outcome = published(refused(36004, 2207010), status("FINISHED"))
    assert outcome == NotDone(Kind.CONTENT, "no (36004/2207010, fbtrace_id A)", code="36004/2207010", http_status=400)


@pytest.mark.parametrize("state", ["FINISHED", "IN_PROGRESS"])
def test_not_ready_means_back_to_the_wait(state: str) -> None:
    outcome = published(refused(9007, 2207027), status(state))
    assert isinstance(outcome, NotDone)
    assert (outcome.not_ready, outcome.passing) == (True, True)


def test_the_publishing_quota_holds_the_account() -> None:
    outcome = published(refused(9, 2207042), status("FINISHED"))
    assert isinstance(outcome, NotDone)
    assert (outcome.kind, outcome.hold, outcome.retry_at) == (Kind.QUOTA, True, NOON + timedelta(hours=1))


@each("first", [refused(36004, 2207010), refused(9007, 2207027), call(status=500, answer=error(2))])
def test_an_error_with_a_published_container_is_unknown(first: Stub) -> None:
    outcome = published(first, status("PUBLISHED"))
    assert isinstance(outcome, Unknown)


@each(
    "seen",
    [
        status("ERROR"),
        status("IN_PROGRESS"),
        status("", status=500, answer=error(2)),
        status("", status=400, answer=error(100, 33)),
        status("", status=400, answer=error(190, 463)),
        status("", fails=httpx.ReadTimeout("slow")),
        status("", fails=httpx.ConnectError("refused")),
    ],
)
def test_a_refusal_whose_container_cannot_tell_is_unknown(seen: Stub) -> None:
    outcome = published(refused(36004, 2207010), seen)
    assert isinstance(outcome, Unknown)
    assert (outcome.kind, outcome.code) == (Kind.CONTENT, "36004/2207010")


def test_a_token_that_is_refused_twice_is_proof() -> None:
    outcome = published(refused(190, 463), status("", status=400, answer=error(190, 463)))
    assert isinstance(outcome, NotDone)
    assert outcome.hint == action("account connect", "instagram/demo")
    assert isinstance(published(refused(190, 463), status("", status=500, answer=error(2))), Unknown)


@each(
    "first",
    [
        call(status=500, answer=error(2)),
        call(status=500, answer=error(36004, 2207010)),
        call(status=503, answer=error(9, 2207042)),
        call(status=400, answer=error(999_999)),
        call(status=200, answer={}),
        call(status=200, answer={"id": "5/../6"}),
        call(fails=httpx.ReadTimeout("slow")),
    ],
)
def test_everything_else_is_unknown_even_with_a_finished_container(first: Stub) -> None:
    assert isinstance(published(first, status("FINISHED")), Unknown)


@pytest.mark.parametrize("first", [call(status=500, answer=error(2)), refused(24, 2207008)], ids=str)
def test_an_expired_container_is_proof(first: Stub) -> None:
    outcome = published(first, status("EXPIRED"))
    assert isinstance(outcome, NotDone)
    assert (outcome.kind, outcome.code, outcome.passing) == (Kind.MEDIA, "expired", True)


def test_a_throttled_publishing_call_is_unknown_until_its_reset() -> None:
    outcome = published(refused(4), status("FINISHED"))
    assert outcome == Unknown(Kind.RATE_LIMIT, "no (4, fbtrace_id A)", "4", 400, look_at=NOON + timedelta(hours=1))


def test_a_duplicate_is_final_unless_an_earlier_call_is_unsettled() -> None:
    assert isinstance(published(refused(506), status("FINISHED")), NotDone)
    assert isinstance(published(refused(506), status("FINISHED"), handle=SEEN), Unknown)


def test_a_connection_that_was_never_made_is_proof_and_needs_no_question() -> None:
    outcome = published(call(fails=httpx.ConnectError("refused")))
    assert isinstance(outcome, NotDone)
    assert (outcome.kind, outcome.passing) == (Kind.NETWORK, True)


# Queries-up.


def looked(
    *stubs: Stub, handle: Handle = HANDLE, what: PublishRequest | None = None, since: datetime = SINCE
) -> LookupResult:
    script = Script(*stubs)
    client = client_for("instagram", Config(), StandingClock(), transport=script)
    found = client.look_up(what or of(), handle, since)
    assert script.left == []
    return found


def item(media_id: str = "555", caption: str | None = "Hello", at: datetime = SINCE) -> dict[str, object]:
    stamp = at.strftime("%Y-%m-%dT%H:%M:%S+0000")
    more = {} if caption is None else {"caption": caption}
    return {"id": media_id, "timestamp": stamp, "permalink": f"https://www.instagram.com/p/{media_id}/", **more}


MATCH = Found("555", "https://www.instagram.com/p/555/")


@pytest.mark.parametrize(
    ("items", "finding"),
    [
        ([item("1", "Other"), item()], MATCH),
        ([item(caption="  Hello\n")], MATCH),
        ([item("1", at=SINCE - timedelta(seconds=61)), item(at=SINCE - timedelta(seconds=60))], MATCH),
        ([], Found(None, id_later=True)),
        ([item("1"), item("2")], Found(None)),
        ([item("1", "Other")], Found(None, id_later=True)),
        ([{"id": "555"}], Found(None, id_later=True)),
        ([None], Found(None, id_later=True)),
    ],
    ids=["one", "trimmed", "young enough", "none", "two", "never the first", "no time", "odd"],
)
def test_a_published_container_is_found_with_its_id_where_exactly_one_fits(
    items: list[dict[str, object]], finding: Found
) -> None:
    late = NOON + timedelta(seconds=3)
    assert looked(status("PUBLISHED", date=late), listed(*items)) == LookupResult(finding, late)


def test_a_published_container_is_found_even_if_the_list_cannot_be_read() -> None:
    assert looked(status("PUBLISHED"), listed(status=500, answer=error(2))).finding == Found(None, id_later=True)
    assert looked(status("PUBLISHED"), listed(answer={})).finding == Found(None, id_later=True)


def test_media_of_other_deliveries_are_no_match() -> None:
    bound = PublishRequest(7, of().account, of().credentials, "Hello", bound=frozenset({"1"}))
    assert looked(status("PUBLISHED"), listed(item("1"), item()), what=bound).finding == MATCH


def test_a_post_without_text_matches_one_without_caption() -> None:
    assert looked(status("PUBLISHED"), listed(item(caption=None)), what=of(text="")).finding == MATCH


def test_a_finished_container_is_absent_for_now() -> None:
    assert looked(status("FINISHED")) == LookupResult(Absent(certain=False, handle=SEEN), NOON)


def test_the_first_unsettled_call_stays_remembered() -> None:
    first = to_ms(SINCE - timedelta(hours=1))
    finding = looked(status("FINISHED"), handle={**HANDLE, "unsettled_since": first}).finding
    assert finding == Absent(handle={**HANDLE, "unsettled_since": first})


def test_a_container_in_progress_is_still_worked_on() -> None:
    assert looked(status("IN_PROGRESS")).finding == Working("Instagram is processing the media")


def test_an_expired_container_is_proof_of_absence() -> None:
    assert looked(status("EXPIRED")).finding == Absent(certain=True, handle={"user_id": "178"})


def test_an_error_container_is_looked_for_among_the_media_first() -> None:
    assert looked(status("ERROR"), listed(item())).finding == MATCH
    finding = looked(status("ERROR"), listed(item("1", "Other"))).finding
    assert finding == Refused(NotDone(Kind.MEDIA, "ERROR: text"))
    two = looked(status("ERROR"), listed(item("1"), item("2"))).finding
    assert isinstance(two, Unclear)
    assert (two.final, len(two.links)) == (True, 2)
    unread = looked(status("ERROR"), listed(status=500, answer=error(2))).finding
    assert isinstance(unread, Unclear)
    assert not unread.final


@each(
    ("changes", "kind"),
    [
        ({"status": 400, "answer": error(100, 33)}, Kind.ACCOUNT),
        ({"status": 400, "answer": error(190, 463)}, Kind.AUTH),
        ({"status": 500, "answer": error(2)}, Kind.SERVER),
        ({"answer": {"status_code": "NEW"}}, Kind.SERVER),
        ({"raw": b"{"}, Kind.SERVER),
        ({"fails": httpx.ReadTimeout("slow")}, Kind.NETWORK),
    ],
)
def test_an_unreadable_container_is_looked_for_among_the_media(changes: dict[str, Any], kind: Kind) -> None:
    assert looked(status("", **changes), listed(item())).finding == MATCH
    finding = looked(status("", **changes), listed()).finding
    assert isinstance(finding, Unclear)
    assert (finding.kind, finding.final, finding.look_at) == (kind, False, None)


def test_a_look_up_that_meets_the_limit_makes_no_further_call_and_waits() -> None:
    finding = looked(status("", status=400, answer=error(4))).finding
    assert isinstance(finding, Unclear)
    assert (finding.kind, finding.final, finding.look_at) == (Kind.RATE_LIMIT, False, NOON + timedelta(hours=1))


@pytest.mark.parametrize("handle", [{}, {"creation_id": "900"}], ids=str)
def test_without_a_container_and_whose_it_is_nobody_can_tell(handle: Handle) -> None:
    nobodys = replace(of(), credentials=replace(of().credentials, user_id=None))
    finding = looked(handle=handle, what=nobodys).finding
    assert isinstance(finding, Unclear)
    assert finding.final


def test_without_a_container_the_list_of_media_may_tell() -> None:
    """As after a take-over: another publisher's records are not here."""
    assert looked(listed(item()), handle={"user_id": "178"}).finding == MATCH
    assert looked(listed(item("1", "Other"), item()), handle={}).finding == MATCH
    for items, links in (((), 0), ((item("1"), item("2")), 2)):
        finding = looked(listed(*items), handle={}).finding
        assert isinstance(finding, Unclear)
        assert (finding.final, len(finding.links)) == (True, links)
    unread = looked(listed(status=500, answer=error(2)), handle={}).finding
    assert isinstance(unread, Unclear)
    assert not unread.final
