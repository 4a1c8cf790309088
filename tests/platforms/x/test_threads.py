"""The parts of a thread as X's client sends and finds them: each by itself, a reply to the one before."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.platforms.factories import client_for
from tests.platforms.stubs import BEARER, Script, Stub, drive, media, order
from tests.platforms.x.test_look_up import SINCE, id_at, looked, page, post, timeline
from tests.rows import each
from tests.settings import Config
from ttp.domain.publishing.outcome import Absent, Done, Found, Handle, Kind, Outcome, Unclear, Unknown
from ttp.domain.time.clock import to_ms
from ttp.platforms.client import LookupResult, PublishRequest, Ready
from ttp.platforms.testing import NOON, StandingClock

API = "https://api.x.com"
ORDER = order("x", "One", thread=("Two", "Three"))
FIRST, SECOND = id_at(SINCE - timedelta(hours=1)), id_at(SINCE - timedelta(hours=1), 1)


def out(*ids: str, of: int = 3) -> Handle:
    """The handle once these parts are published."""
    return {"user_id": "42", "parts": list(ids), "of": of} if ids else {"user_id": "42"}


def prepared(handle: Handle, what: PublishRequest = ORDER) -> Ready:
    clock = StandingClock()
    me = Stub("GET", f"{API}/2/users/me", headers=BEARER, answer={"data": {"id": "42"}})
    script = Script(me)
    ready = drive(client_for("x", Config(), clock, transport=script).prepare(what, handle), clock)[1]
    assert script.left == []
    return ready


def published(handle: Handle, *stubs: Stub, what: PublishRequest = ORDER) -> Outcome:
    script = Script(*stubs)
    outcome = client_for("x", Config(), StandingClock(), transport=script).publish(what, handle)
    assert script.left == []
    return outcome


def sent(body: dict[str, object], post_id: str = "7") -> Stub:
    return Stub("POST", f"{API}/2/tweets", headers=BEARER, json=body, status=201, answer={"data": {"id": post_id}})


def test_each_part_is_one_call_that_replies_to_the_part_before() -> None:
    first = published({"user_id": "42"}, sent({"text": "One"}, FIRST))
    assert first == Done(FIRST, f"https://x.com/i/status/{FIRST}", http_status=201, handle=out(FIRST), more=True)
    body: dict[str, object] = {"text": "Two", "reply": {"in_reply_to_tweet_id": FIRST}}
    second = published(out(FIRST), sent(body, SECOND))
    assert second == Done(
        SECOND, f"https://x.com/i/status/{SECOND}", http_status=201, handle=out(FIRST, SECOND), more=True
    )
    last = published(out(FIRST, SECOND), sent({"text": "Three", "reply": {"in_reply_to_tweet_id": SECOND}}))
    assert isinstance(last, Done)
    assert (last.more, last.handle) == (False, out(FIRST, SECOND, "7"))


def test_the_step_names_the_part_and_the_fingerprint_is_of_its_own_request() -> None:
    ready = [prepared(handle) for handle in (out(), out(FIRST), out(FIRST, SECOND), out("8"))]
    assert [one.step for one in ready] == [f"POST /2/tweets (part {number} of 3)" for number in (1, 2, 3, 2)]
    assert len({one.fingerprint for one in ready}) == 4


def test_media_go_with_the_first_part_and_are_forgotten_after_it(tmp_path: Path) -> None:
    file = media(tmp_path / "a.jpg", b"jpeg", "image/jpeg")
    what = order("x", "One", file, thread=("Two",))
    upload = {"sha256": file.item.sha256, "id": "11", "key": "3_11", "expires": to_ms(NOON + timedelta(days=1))}
    held: Handle = {"user_id": "42", "media": [{**upload, "ready": True, "alt": None, "used": 0}]}
    first = published(held, sent({"text": "One", "media": {"media_ids": ["11"]}}, FIRST), what=what)
    assert isinstance(first, Done)
    assert first.handle == out(FIRST, of=2)
    assert prepared(out(FIRST, of=2), what).handle == out(FIRST, of=2)
    body: dict[str, object] = {"text": "Two", "reply": {"in_reply_to_tweet_id": FIRST}}
    assert isinstance(published(out(FIRST, of=2), sent(body), what=what), Done)


def test_only_the_first_part_sets_replies_and_every_part_discloses() -> None:
    chosen = {"reply_settings": "following", "made_with_ai": "true"}
    what = order("x", "One", thread=("Two",), options=chosen)
    published({}, sent({"text": "One", "reply_settings": "following", "made_with_ai": True}), what=what)
    reply = {"text": "Two", "made_with_ai": True, "reply": {"in_reply_to_tweet_id": FIRST}}
    published(out(FIRST, of=2), sent(reply), what=what)


def test_doubt_about_one_part_is_none_about_the_next() -> None:
    handle = {**out(FIRST), "unsettled_since": 1}
    refusal = {"title": "Forbidden", "detail": "duplicate content", "type": "about:blank", "status": 403}
    body: dict[str, object] = {"text": "Two", "reply": {"in_reply_to_tweet_id": FIRST}}
    doubted = published(handle, Stub("POST", f"{API}/2/tweets", json=body, status=403, answer=refusal))
    assert isinstance(doubted, Unknown)
    done = published(handle, sent(body, SECOND))
    assert isinstance(done, Done)
    assert done.handle == out(FIRST, SECOND)


def test_a_thread_that_is_whole_is_neither_prepared_nor_sent_and_its_look_up_asks_nobody() -> None:
    whole = out(FIRST, SECOND, "7")
    clock, script = StandingClock(), Script()
    client = client_for("x", Config(), clock, transport=script)
    steps, ready = drive(client.prepare(ORDER, whole), clock)
    assert (steps, ready.handle) == ([], whole)
    assert ready.doubt is not None
    assert published(whole) == Unknown(Kind.UNKNOWN, ready.doubt)
    found = client.look_up(ORDER, whole, NOON)
    assert found == LookupResult(Found(FIRST, f"https://x.com/i/status/{FIRST}", handle=whole), None)


def test_an_answer_with_the_id_of_an_earlier_part_proves_nothing() -> None:
    body: dict[str, object] = {"text": "Two", "reply": {"in_reply_to_tweet_id": FIRST}}
    assert isinstance(published(out(FIRST), sent(body, FIRST)), Unknown)


def reply(to: str, text: str = "Two", name: str = "referenced_posts", **more: object) -> dict[str, object]:
    return post(text, **{name: [{"type": "replied_to", "id": to}], **more})  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize("name", ["referenced_posts", "referenced_tweets"])
def test_a_part_is_found_by_its_text_and_what_it_replies_to(name: str) -> None:
    finding = looked(timeline(reply(FIRST, name=name)), what=ORDER, handle=out(FIRST)).finding
    known = id_at(SINCE)
    assert finding == Found(known, f"https://x.com/i/status/{known}", more=True, handle=out(FIRST, known))
    last = looked(timeline(reply(SECOND, "Three")), what=ORDER, handle=out(FIRST, SECOND)).finding
    assert isinstance(last, Found)
    assert (last.more, last.handle) == (False, out(FIRST, SECOND, known))


@pytest.mark.parametrize(
    "listed",
    [reply(SECOND), reply(FIRST, "Three"), reply(FIRST, at=SINCE - timedelta(minutes=2)), post("Three"), post("One")],
    ids=["a reply to another", "another text", "too early", "another text alone", "part 1"],
)
def test_another_part_does_not_match(listed: dict[str, Any]) -> None:
    finding = looked(timeline(listed), what=ORDER, handle=out(FIRST)).finding
    assert finding == Absent(handle={**out(FIRST), "unsettled_since": to_ms(SINCE)})


def test_a_first_part_is_no_reply_but_may_quote() -> None:
    assert isinstance(looked(timeline(reply(FIRST, "One")), what=ORDER).finding, Absent)
    quote = post("One", referenced_posts=[None, {"type": "quoted", "id": "5"}])
    assert isinstance(looked(timeline(quote), what=ORDER).finding, Found)


def test_the_text_of_a_reply_without_a_parent_needs_a_person() -> None:
    lone = post("Two", number=3)
    finding = looked(timeline(lone), what=ORDER, handle=out(FIRST)).finding
    assert finding == Unclear(
        Kind.DUPLICATE,
        "X has the text of part 2, but not as a reply to the previous part",
        final=True,
        links=(f"https://x.com/i/status/{id_at(SINCE, 3)}",),
    )
    both = looked(timeline(lone, reply(FIRST)), what=ORDER, handle=out(FIRST)).finding
    assert isinstance(both, Found)


@pytest.mark.parametrize("taken", ["bound", "out"])
def test_a_post_that_is_known_as_another_raises_no_doubt(taken: str) -> None:
    lone = post("Two", number=3)
    known = id_at(SINCE, 3)
    what = order("x", "Two", thread=("Two", "Three"), bound=frozenset({known} if taken == "bound" else ()))
    finding = looked(timeline(lone), what=what, handle=out(known if taken == "out" else FIRST)).finding
    assert isinstance(finding, Absent)


def test_two_replies_with_the_text_are_for_a_person() -> None:
    finding = looked(timeline(reply(FIRST), reply(FIRST, number=1)), what=ORDER, handle=out(FIRST)).finding
    assert isinstance(finding, Unclear)
    assert len(finding.links) == 2


@each("odd", [None, {}, [None], [{"type": "replied_to", "id": "x"}], "text"])
def test_references_without_sense_break_nothing(odd: object) -> None:
    answer = page(post("One", referenced_posts=odd))
    assert isinstance(looked(timeline(answer=answer), what=ORDER).finding, Found)
