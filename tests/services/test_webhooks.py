"""Webhooks: what each gets, in which order, how often it is tried, and with which signatures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook as Verifier

from tests.clock import START, FakeClock
from tests.store.stores import add_account, add_post, new_store, to, transaction
from ttp.domain.account import Credentials
from ttp.domain.delivery import DeliveryError
from ttp.domain.errors import NotAllowed, NotFound, UsageError
from ttp.domain.publishing.attempt import Kind
from ttp.domain.server.webhook import GIVE_UP_AFTER, CallResult, CallState, after_try
from ttp.services.server.events import Events
from ttp.services.server.webhooks import Webhooks
from ttp.store import claims, events
from ttp.store.credentials import CredentialsFile
from ttp.store.credentials.backend import BackendUnavailable
from ttp.store.database import Database

URL = "https://93.184.215.14/hook"
NO = CallResult(500, "answers 500")
YES = CallResult(204)
FAILS = DeliveryError(Kind.CONTENT, "no")


@dataclass
class Receiver:
    """Answers in turn what it is to answer, and then accepts."""

    answers: list[CallResult] = field(default_factory=list)
    got: list[tuple[dict[str, Any], Mapping[str, str]]] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)

    def __call__(self, url: str, body: bytes, headers: Mapping[str, str], *, private: bool) -> CallResult:
        self.got.append((json.loads(body), headers))
        self.bodies.append(body.decode())
        return self.answers.pop(0) if self.answers else YES

    @property
    def events(self) -> list[tuple[str, int]]:
        return [(body["type"], body["data"]["post"]) for body, _ in self.got]


@dataclass
class Bench:
    database: Database
    clock: FakeClock
    receiver: Receiver
    webhooks: Webhooks

    def fail_posts(self, *posts: int) -> None:
        """Let posts that are due fail: three events each."""
        now = self.clock.now()
        with transaction(self.database) as db:
            for one in claims.claim(db, now=now, cutoff=now, free=9, catch_up_gap=timedelta(0), only=posts):
                assert claims.save_transition(db, one, one.mark_failed(FAILS), now=now)

    def send(self, webhook: int = 1) -> list[tuple[str, int]]:
        """Send what is due; the events that arrived."""
        before = len(self.receiver.got)
        assert set(self.webhooks.due() or ()) <= {webhook}
        self.webhooks.send_due(webhook, lambda: False)
        return self.receiver.events[before:]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    database, clock, receiver = new_store(tmp_path / "home"), FakeClock(), Receiver()
    return Bench(database, clock, receiver, Webhooks(database, CredentialsFile(database.home), clock, receiver))


@pytest.fixture
def posts(bench: Bench) -> None:
    """Posts 1 to x/me and 2 to x/other, which are due."""
    for name in ("x/me", "x/other"):
        add_post(bench.database, to(add_account(bench.database, name), START))


OF_ONE = [("post.due", 1), ("delivery.failed", 1), ("post.finished", 1)]


@pytest.mark.usefixtures("posts")
def test_a_webhook_gets_what_happens_after_it_was_added(bench: Bench) -> None:
    bench.fail_posts(2)
    made = bench.webhooks.add(URL, (), (), private=False)
    assert (made.webhook.id, made.accounts) == (1, None)
    assert bench.send() == []
    bench.fail_posts(1)
    assert bench.send() == OF_ONE
    assert bench.send() == []


@pytest.mark.usefixtures("posts")
def test_an_event_is_signed_and_has_the_keys_that_the_api_has(bench: Bench) -> None:
    secret = bench.webhooks.add(URL, ("delivery.failed",), (), private=False).secret or ""
    bench.fail_posts(1)
    assert bench.send() == [("delivery.failed", 1)]
    ((body, headers),) = bench.receiver.got
    stored = Events(bench.database, bench.clock).after(1, 1)[0]
    assert body == {"type": "delivery.failed", "timestamp": "2026-11-24T12:00:00Z", "data": stored.as_json()}
    assert headers["webhook-timestamp"] == str(int(START.timestamp()))
    assert signs(secret, headers, bench.receiver.bodies[0])
    assert not signs(secret, headers, bench.receiver.bodies[0].replace("post", "past"))


def signs(secret: str, headers: Mapping[str, str], body: str) -> bool:
    """Whether a secret made one of the signatures."""
    signature = Verifier(secret).sign(headers["webhook-id"], START, body)
    return signature in headers["webhook-signature"].split()


@pytest.mark.usefixtures("posts")
def test_a_webhook_gets_only_its_events_and_accounts(bench: Bench) -> None:
    me = add_account(bench.database, "x/third")
    add_post(bench.database, to(me, START))
    bench.webhooks.add(URL, ("delivery.failed", "post.finished"), [me], private=False)
    bench.fail_posts(1, 2, 3)
    assert bench.send() == [("delivery.failed", 3), ("post.finished", 3)]
    found = bench.webhooks.get(1)
    assert (found.webhook.events, found.accounts) == (("delivery.failed", "post.finished"), ("x/third",))


@pytest.mark.usefixtures("posts")
def test_a_failed_call_is_repeated_with_the_same_id_and_in_order(bench: Bench) -> None:
    bench.webhooks.add(URL, (), (), private=False)
    bench.fail_posts(1)
    bench.receiver.answers = [NO, NO]
    assert bench.send() == OF_ONE[:1]  # the later ones of the post wait for it
    assert bench.send() == []
    bench.clock.advance(5)
    assert bench.send() == OF_ONE[:1]
    bench.clock.advance(29)
    assert bench.send() == []
    bench.clock.advance(1)
    assert bench.send() == OF_ONE
    ids = [headers["webhook-id"] for _, headers in bench.receiver.got]
    assert ids[0] == ids[1] == ids[2]
    assert len(set(ids)) == 3
    assert [(one.state, one.tries, one.status) for one in bench.webhooks.log(1, 9)] == [
        (CallState.SENT, 1, 204),
        (CallState.SENT, 1, 204),
        (CallState.SENT, 3, 204),
    ]


@pytest.mark.usefixtures("posts")
def test_another_post_does_not_wait_for_one_that_fails(bench: Bench) -> None:
    bench.webhooks.add(URL, ("post.finished",), (), private=False)
    bench.fail_posts(1, 2)
    bench.receiver.answers = [NO]
    assert bench.send() == [("post.finished", 1), ("post.finished", 2)]
    assert bench.webhooks.get(1).counts.waiting == 1


@pytest.mark.usefixtures("posts")
def test_after_a_day_of_tries_it_is_given_up_and_can_be_replayed(bench: Bench) -> None:
    bench.webhooks.add(URL, ("delivery.failed", "post.finished"), (), private=False)
    bench.fail_posts(1)
    bench.clock.advance(days=3)  # no server ran
    bench.receiver.answers = [NO] * 99
    began = bench.clock.now()
    while bench.webhooks.get(1).counts.given_up == 0:
        bench.send()
        assert bench.clock.now() - began <= GIVE_UP_AFTER
        bench.clock.advance(300)
    tries = len(bench.receiver.got)
    assert 8 <= tries <= 20
    bench.receiver.answers = []
    assert bench.send() == [("post.finished", 1)]
    (_, given_up) = bench.webhooks.log(1, 9)
    assert (given_up.state, given_up.status, given_up.message) == (CallState.GIVEN_UP, 500, "answers 500")
    assert bench.webhooks.replay(1, ()) == [given_up.event_id]
    assert bench.send() == [("delivery.failed", 1)]
    assert bench.webhooks.replay(1, ()) == []
    assert bench.webhooks.get(1).counts == replace(bench.webhooks.get(1).counts, waiting=0, given_up=0)


@pytest.mark.usefixtures("posts")
def test_any_event_that_is_kept_can_be_replayed(bench: Bench) -> None:
    bench.fail_posts(1)
    bench.webhooks.add(URL, (), (), private=False)
    bench.fail_posts(2)
    bench.send()
    assert bench.webhooks.replay(1, [6, 1]) == [1, 6]
    assert bench.send() == [("post.due", 1), ("post.finished", 2)]
    with pytest.raises(NotFound):
        bench.webhooks.replay(1, [1, 99])
    assert bench.send() == []


@pytest.mark.usefixtures("posts")
def test_while_rotating_both_secrets_sign(bench: Bench) -> None:
    old = bench.webhooks.add(URL, ("post.finished",), (), private=False).secret or ""
    new = bench.webhooks.rotate(1, timedelta(hours=1)).secret or ""
    assert old != new
    bench.fail_posts(1)
    bench.send()
    (_, headers), body = bench.receiver.got[0], bench.receiver.bodies[0]
    assert (signs(new, headers, body), signs(old, headers, body)) == (True, True)
    bench.clock.advance(3600)
    bench.webhooks.test(1)
    assert len(bench.receiver.got[1][1]["webhook-signature"].split()) == 1


@pytest.mark.usefixtures("posts")
def test_calls_go_with_their_events_and_their_webhook(bench: Bench) -> None:
    bench.webhooks.add(URL, (), (), private=False)
    bench.webhooks.add(URL, (), (), private=False)
    bench.fail_posts(1)
    bench.webhooks.remove(2)
    assert [one.webhook.id for one in bench.webhooks.all()] == [1]
    bench.clock.advance(events.KEPT_FOR.total_seconds() + 1)
    assert Events(bench.database, bench.clock).delete_old() == []
    assert (bench.webhooks.due(), bench.webhooks.log(1, 9)) == ([], [])
    for ask in (bench.webhooks.remove, bench.webhooks.test, bench.webhooks.get):
        with pytest.raises(NotFound):
            ask(2)
    assert bench.webhooks.add(URL, (), (), private=False).webhook.id == 3


@pytest.mark.usefixtures("posts")
def test_without_its_secret_nothing_is_sent(bench: Bench) -> None:
    bench.webhooks.add(URL, ("post.finished",), (), private=False)
    (bench.database.home / "credentials.json").unlink()
    bench.fail_posts(1)
    assert bench.send() == []
    assert "secret" in (bench.webhooks.log(1, 9)[0].message or "")
    bench.webhooks.rotate(1, timedelta(0))
    bench.clock.advance(5)
    assert bench.send() == [("post.finished", 1)]


@pytest.mark.usefixtures("posts")
def test_a_fault_is_a_failed_try(bench: Bench) -> None:
    def broken(*values: object, **more: object) -> CallResult:
        raise RuntimeError("whsec_")

    bench.webhooks.add(URL, ("post.finished",), (), private=False)
    bench.fail_posts(1)
    replace(bench.webhooks, send=broken).send_due(1, lambda: False)
    (call,) = bench.webhooks.log(1, 9)
    assert (call.state, call.tries) == (CallState.WAITING, 1)
    assert "whsec_" not in (call.message or "")


def test_secrets_are_not_in_the_database_and_not_in_a_text(bench: Bench) -> None:
    made = bench.webhooks.add(URL, (), (), private=False)
    rotated = bench.webhooks.rotate(1, timedelta(hours=1))
    for secret in (made.secret or "", rotated.secret or ""):
        assert secret.startswith("whsec_")
        for path in bench.database.home.glob("ttp.db*"):
            assert secret.encode() not in path.read_bytes()
        assert secret not in repr(made) + repr(rotated) + repr(bench.webhooks.all())
    assert (bench.database.home / "credentials.json").stat().st_mode & 0o077 == 0


def test_a_webhook_whose_secret_cannot_be_stored_is_not_added(bench: Bench) -> None:
    class Locked(CredentialsFile):
        def put(self, account: str, credentials: Credentials) -> None:
            raise BackendUnavailable("the keyring is locked")

    locked = replace(bench.webhooks, credentials=Locked(bench.database.home))
    with pytest.raises(BackendUnavailable):
        locked.add(URL, (), (), private=False)
    assert bench.webhooks.all() == []


def test_a_store_that_is_put_back_has_other_ids(bench: Bench, tmp_path: Path) -> None:
    seen = []
    for text in ("one", "two"):
        bench.webhooks.add(URL, ("delivery.failed",), (), private=False)
        add_post(bench.database, to(add_account(bench.database, f"x/{text}"), START))
        bench.fail_posts(1)
        bench.send()
        seen.append((bench.receiver.got[-1][0]["data"]["id"], bench.receiver.got[-1][1]["webhook-id"]))
        database = new_store(tmp_path / text)
        bench.database, bench.webhooks = database, replace(bench.webhooks, database=database)
    assert seen[0][0] == seen[1][0]
    assert seen[0][1] != seen[1][1]


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("https://127.0.0.1/x", NotAllowed),
        ("https://10.0.0.7", NotAllowed),
        ("https://169.254.169.254/latest", NotAllowed),
        ("https://[::1]/", NotAllowed),
        ("https://[::ffff:10.0.0.1]/", NotAllowed),
        ("https://[64:ff9b::7f00:1]/", NotAllowed),
        ("https://0.0.0.0/", NotAllowed),
        ("http://93.184.215.14/", UsageError),
        ("ftp://93.184.215.14/", UsageError),
        ("https://ann:secret@93.184.215.14/", UsageError),
        ("https://93.184.215.14/#part", UsageError),
        ("https://93.184.215.14/a b", UsageError),
        ("https://93.184.215.14:0/", UsageError),
        ("https:///x", UsageError),
        ("https://[x", UsageError),
        ("https://[fe80::1%25eth0]/", UsageError),
        ("https://[fe80::1%eth0]/", UsageError),
        ("example.org", UsageError),
        ("https://93.184.215.14/" + "x" * 3000, UsageError),
    ],
)
def test_addresses_that_are_refused(bench: Bench, url: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        bench.webhooks.add(url, (), (), private=False)
    assert bench.webhooks.all() == []


def test_an_unknown_event_is_refused(bench: Bench) -> None:
    with pytest.raises(UsageError):
        bench.webhooks.add(URL, ("delivery.publish",), (), private=False)
    with pytest.raises(UsageError):
        bench.webhooks.add(URL, ("publisher.started",), (), private=False)


def test_tries_come_less_often_and_the_last_one_after_a_day() -> None:
    now, tries, waits = START, 0, []
    while True:
        tries += 1
        after = after_try(NO, tries, START, now)
        if after.next_at is None:
            break
        waits.append(after.next_at - now)
        now = after.next_at
    assert after.state is CallState.GIVEN_UP
    assert now - START == GIVE_UP_AFTER
    assert waits[:-1] == sorted(waits[:-1])
    assert after_try(YES, 1, START, START).state is CallState.SENT
