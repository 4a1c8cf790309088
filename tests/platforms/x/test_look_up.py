"""X's own timeline as the proof of what a publishing call did."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tests.platforms.factories import client_for
from tests.platforms.stubs import BEARER, Script, Stub, order
from tests.rows import each
from tests.settings import Config
from ttp.domain.account import Account, Credentials
from ttp.domain.publishing.outcome import Absent, Found, Handle, Kind, Unclear
from ttp.domain.time.clock import to_ms
from ttp.platforms.client import LookupResult, PublishRequest
from ttp.platforms.testing import NOON, StandingClock
from ttp.platforms.x.look_up import X_EPOCH_MS

API = "https://api.x.com"
HANDLE: Handle = {"user_id": "42"}
SINCE = NOON - timedelta(minutes=5)
SEEN = {**HANDLE, "unsettled_since": to_ms(SINCE)}


def id_at(instant: datetime, number: int = 0) -> str:
    return str(((to_ms(instant) - X_EPOCH_MS) << 22) + number)


def post(text: str = "Hello", at: datetime = SINCE, number: int = 0, **more: object) -> dict[str, object]:
    return {"id": id_at(at, number), "text": text, "created_at": "…", **more}


def page(*posts: dict[str, object], token: str | None = None) -> dict[str, object]:
    meta: dict[str, object] = {"result_count": len(posts)}
    if token:
        meta["next_token"] = token
    return {"data": list(posts), "meta": meta} if posts else {"meta": meta}


def timeline(*posts: dict[str, object], **changes: Any) -> Stub:
    query = {
        "max_results": "100",
        "post.fields": "created_at,attachments,entities",
        "expansions": "attachments.media_keys,referenced_posts",
        "start_time": "2026-11-24T11:54:00Z",
        **changes.pop("more", {}),
    }
    token = changes.pop("token", None)
    fields = {"headers": BEARER, "query": query, "answer": page(*posts, token=token), **changes}
    return Stub("GET", f"{API}/2/users/42/tweets", **fields)


def looked(
    *stubs: Stub,
    what: PublishRequest | None = None,
    handle: Handle = HANDLE,
    since: datetime = SINCE,
    settle: float = 900,
) -> LookupResult:
    script = Script(*stubs)
    client = client_for("x", Config({"platforms.x.settle_s": settle}), StandingClock(), transport=script)
    found = client.look_up(what or order("x"), handle, since)
    assert script.left == []
    return found


def found(number: int = 0, at: datetime = SINCE) -> Found:
    return Found(id_at(at, number), f"https://x.com/i/status/{id_at(at, number)}")


def test_the_one_post_with_the_text_is_found_with_the_platforms_clock() -> None:
    late = NOON + timedelta(seconds=2)
    stub = timeline(post("Other", number=1), post(), date=late)
    assert looked(stub) == LookupResult(found(), late)


def test_an_empty_timeline_has_no_data_key_and_is_a_clean_look() -> None:
    assert looked(timeline()) == LookupResult(Absent(handle=SEEN), NOON)
    assert looked(timeline(post("Other"))) == LookupResult(Absent(handle=SEEN), NOON)


def test_a_post_of_another_delivery_does_not_match() -> None:
    bound = order("x", bound=frozenset({id_at(SINCE)}))
    assert looked(timeline(post()), what=bound).finding == Absent(handle=SEEN)
    assert looked(timeline(post(), post(number=1)), what=bound).finding == found(1)


def test_two_matches_are_for_a_person() -> None:
    finding = looked(timeline(post(), post(number=1))).finding
    assert finding == Unclear(
        Kind.DUPLICATE,
        "2 posts on X could be this one",
        final=True,
        links=(f"https://x.com/i/status/{id_at(SINCE)}", f"https://x.com/i/status/{id_at(SINCE, 1)}"),
    )


@each(
    ("seconds", "settle", "inside"),
    [(-61, 900, False), (-60, 900, True), (900, 900, True), (90_000, 900, True), (61, 5, True)],
)
def test_a_text_counts_from_a_minute_before_the_call_on_however_late_it_appears(
    seconds: int, settle: float, inside: bool
) -> None:
    at = SINCE + timedelta(seconds=seconds)
    finding = looked(timeline(post(at=at)), settle=settle).finding
    assert finding == (found(at=at) if inside else Absent(handle=SEEN))


def test_after_a_resend_the_window_begins_with_the_first_call() -> None:
    first = SINCE - timedelta(minutes=20)
    handle = {**HANDLE, "unsettled_since": to_ms(first)}
    stub = timeline(post(at=first), more={"start_time": "2026-11-24T11:34:00Z"})
    assert looked(stub, handle=handle).finding == found(at=first)


def attached(*keys: str) -> dict[str, Any]:
    return {"attachments": {"media_keys": list(keys)}}


PICTURES: dict[str, Any] = {"media": (None, None)}
UPLOADS: Handle = {**HANDLE, "media": [{"id": "1", "key": "3_1"}, {"id": "2", "key": "3_2"}]}


@each(("keys", "same"), [(("3_1", "3_2"), True), (("3_2", "3_1"), True), (("3_1",), False), (("3_1", "3_9"), False)])
def test_media_are_compared_by_their_keys_whatever_the_text_became(keys: tuple[str, ...], same: bool) -> None:
    finding = looked(
        timeline(post("changed https://t.co/1", **attached(*keys))), what=order("x", **PICTURES), handle=UPLOADS
    ).finding
    assert isinstance(finding, Found) is same


def test_a_text_alone_does_not_match_a_post_with_media() -> None:
    assert looked(timeline(post(**attached("3_1")))).finding == Absent(handle=SEEN)


def test_media_whose_keys_x_never_told_are_compared_by_text_and_number() -> None:
    handle: Handle = {**HANDLE, "media": [{"id": "1", "key": None}, {"id": "2", "key": None}]}
    what = order("x", **PICTURES)
    assert isinstance(looked(timeline(post(**attached("3_1", "3_2"))), what=what, handle=handle).finding, Found)
    assert isinstance(looked(timeline(post(**attached("3_1"))), what=what, handle=handle).finding, Absent)


def test_all_pages_are_read() -> None:
    one = timeline(post("Other", number=1), token="next")
    two = timeline(post(), more={"pagination_token": "next"})
    assert looked(one, two).finding == found()


def test_a_match_on_every_page_is_one_too_many() -> None:
    one = timeline(post(), token="next")
    two = timeline(post(number=1), more={"pagination_token": "next"})
    assert isinstance(looked(one, two).finding, Unclear)


def test_too_many_pages_are_for_a_person() -> None:
    first = timeline(post("Other"), token="again")
    rest = [timeline(post("Other"), token="again", more={"pagination_token": "again"}) for _ in range(9)]
    finding = looked(first, *rest).finding
    assert isinstance(finding, Unclear)
    assert finding.final


@each(
    ("changes", "kind"),
    [
        ({"status": 401, "answer": {"title": "Unauthorized"}}, Kind.AUTH),
        ({"status": 402, "answer": {"title": "Payment Required"}}, Kind.QUOTA),
        ({"status": 403, "answer": {"title": "Forbidden"}}, Kind.CONTENT),
        ({"status": 404, "answer": {"title": "Not Found"}}, Kind.CONTENT),
        ({"answer": {}}, Kind.SERVER),
        ({"answer": {"errors": [{"title": "Not Found Error", "detail": "user"}]}}, Kind.SERVER),
        ({"answer": {"meta": {"result_count": 1}}}, Kind.SERVER),
        ({"answer": {"data": [{"id": "1"}], "meta": {}}}, Kind.SERVER),
        ({"answer": {"data": [{"id": "x", "text": "Hello"}], "meta": {}}}, Kind.SERVER),
        ({"answer": {"data": [{"id": "9" * 40, "text": "Hello"}], "meta": {}}}, Kind.SERVER),
        ({"answer": {"data": [None], "meta": {}}}, Kind.SERVER),
        ({"answer": {"data": [], "meta": {"next_token": 5}}}, Kind.SERVER),
    ],
)
def test_a_look_up_that_fails_could_not_tell(changes: dict[str, Any], kind: Kind) -> None:
    finding = looked(timeline(**changes)).finding
    assert isinstance(finding, Unclear)
    assert (finding.kind, finding.final) == (kind, False)


def test_a_rate_limited_look_up_says_when_to_look_again() -> None:
    reset = {"x-rate-limit-reset": str(int(NOON.timestamp()) + 40)}
    finding = looked(timeline(status=429, answer={"title": "Too Many"}, sent=reset)).finding
    assert finding == Unclear(Kind.RATE_LIMIT, "429 Too Many", look_at=NOON + timedelta(seconds=40), http_status=429)


def test_an_unknown_user_id_is_asked_for_or_taken_from_the_credentials() -> None:
    me = Stub("GET", f"{API}/2/users/me", headers=BEARER, answer={"data": {"id": "42"}})
    assert looked(me, timeline(post()), handle={}).finding == found()
    refused = Stub("GET", f"{API}/2/users/me", status=401, answer={"title": "Unauthorized"})
    finding = looked(refused, handle={}).finding
    assert isinstance(finding, Unclear)
    assert finding.kind is Kind.AUTH
    known = order("x", credentials=Credentials("secret-token-123", user_id="42"))
    assert looked(timeline(post()), what=known, handle={}).finding == found()


def test_the_timeline_is_that_of_the_user_who_is_known_whatever_a_token_check_said() -> None:
    what = order("x", account=Account("x", "demo", id=1, user_id="42"))
    assert looked(timeline(post()), what=what, handle={"user_id": "43"}).finding == found()


def test_media_keys_are_nobody_elses_so_the_time_does_not_count() -> None:
    handle = {**HANDLE, "media": [{"id": "11", "key": "3_11"}]}
    what = order("x", "Hello", None)  # type: ignore[arg-type]  # a look-up never opens the file
    early = SINCE - timedelta(hours=1)
    listed = {**post(at=early), "attachments": {"media_keys": ["3_11"]}}
    assert looked(timeline(listed), what=what, handle=handle).finding == found(at=early)
