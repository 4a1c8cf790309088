"""`ttp webhook …`: add, list, rotate, test, replay, log, remove; and what `ttp status` says of them."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import Program
from ttp.cli.errors import FAILED

URL = "https://93.184.215.14/hook"


class Receiver(http.server.BaseHTTPRequestHandler):
    status = 204
    got: list[Any]

    def do_POST(self) -> None:
        self.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, format: str, *values: object) -> None: ...


@pytest.fixture
def receiver() -> Iterator[Any]:
    """The class that answers, with the address of its server."""
    handler = type("Handler", (Receiver,), {"got": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        handler.url = f"http://127.0.0.1:{server.server_port}/"  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield handler
        server.shutdown()


def refused(ttp: Program, *argv: str) -> str:
    """The code of what must be refused."""
    ran = ttp(*argv, "--json")
    assert ran.code > 0, ran
    return str(json.loads(ran.err)["error"]["code"])


def test_a_webhook_from_its_beginning_to_its_end(ttp: Program) -> None:
    ttp.account("x/me")
    made = ttp.ok("webhook", "add", URL, "--events", "post.finished,delivery.failed", "--accounts", "x", "--json").json
    assert made == {
        "id": 1,
        "url": URL,
        "events": ["post.finished", "delivery.failed"],
        "accounts": ["x/me"],
        "allowPrivate": False,
        "createdAt": made["createdAt"],
        "rotatedUntil": None,
        "waiting": 0,
        "givenUp": 0,
        "secret": made["secret"],
    }
    (listed,) = ttp.ok("webhook", "list", "--json").json
    assert listed == {name: value for name, value in made.items() if name != "secret"}
    rotated = ttp.ok("webhook", "rotate", "1", "--overlap", "1h", "--json").json
    assert rotated["secret"] != made["secret"]
    assert rotated["rotatedUntil"] is not None
    assert ttp.ok("webhook", "remove", "1", "--json").json["id"] == 1
    assert ttp.ok("webhook", "list", "--json").json == []
    assert refused(ttp, "webhook", "remove", "1") == "not_found"


def test_the_secret_is_what_add_prints(ttp: Program) -> None:
    assert ttp.ok("webhook", "add", URL).rows[0][1].startswith("whsec_")


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (("add", "http://127.0.0.1:9/"), "not_allowed"),
        (("add", "example.org"), "usage"),
        (("add", URL, "--events", "post.publish"), "usage"),
        (("add", URL, "--accounts", "x/nobody"), "not_found"),
        (("rotate", "1", "--overlap", "soon"), "time"),
        (("replay", "1", "x"), "usage"),
        *(((name, "7"), "not_found") for name in ("rotate", "remove", "test", "replay", "log")),
    ],
)
def test_what_is_refused(ttp: Program, argv: tuple[str, ...], code: str) -> None:
    ttp.account("x/me")
    assert refused(ttp, "webhook", *argv) == code
    assert ttp.ok("webhook", "list", "--json").json == []


def test_an_address_without_https_is_suggested_with_it(ttp: Program) -> None:
    ran = ttp("webhook", "add", "shop.example/hook", "--json")
    assert ran.error["hint"] == "ttp webhook add https://shop.example/hook --json"


def test_a_wrong_id_is_named_as_in_the_help(ttp: Program) -> None:
    assert "WEBHOOK" in ttp("webhook", "log", "x", "--json").error["message"]


def test_a_test_says_what_came_of_it(ttp: Program, receiver: Any) -> None:
    ttp.ok("webhook", "add", receiver.url, "--allow-private")
    assert ttp.ok("webhook", "test", "1", "--json").json == {
        "webhook": 1,
        "ok": True,
        "httpStatus": 204,
        "message": None,
    }
    assert [one["type"] for one in receiver.got] == ["webhook.test"]
    receiver.status = 500
    failed = ttp("webhook", "test", "1", "--json")
    assert (failed.code, failed.json["ok"], failed.json["httpStatus"]) == (FAILED, False, 500)


def test_events_are_listed_replayed_and_in_the_status(ttp: Program) -> None:
    ttp.account("x/me")
    ttp.ok("webhook", "add", URL, "--events", "delivery.needs_review")
    ttp.bring(ttp.post("Hi", "--to", "x/me"), "needs_review", next_at=None)
    (waiting,) = ttp.ok("webhook", "log", "1", "--json").json
    assert (waiting["event"], waiting["post"], waiting["state"], waiting["tries"]) == (
        "delivery.needs_review",
        1,
        "waiting",
        0,
    )
    state = {"id": 1, "host": "93.184.215.14", "waiting": 1, "givenUp": 0}
    assert ttp("status", "--json").json["webhooks"] == [state]
    ttp.sql("UPDATE webhook_call SET state = 'given_up', next_at = NULL, message = 'answers 500', status = 500")
    assert ttp("status", "--json").json["webhooks"] == [{**state, "waiting": 0, "givenUp": 1}]
    assert ttp.ok("webhook", "list", "--json").json[0]["givenUp"] == 1
    assert ttp.ok("webhook", "replay", "1", "--json").json == {"webhook": 1, "events": [waiting["id"]]}
    assert ttp("status", "--json").json["webhooks"] == [state]
    assert ttp.ok("webhook", "replay", "1", str(waiting["id"]), "--json").json["events"] == [waiting["id"]]
    assert refused(ttp, "webhook", "replay", "1", "99") == "not_found"
