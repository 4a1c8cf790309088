"""Webhooks sent by a running server: at least once, in order for each post, even if the sender is killed."""

from __future__ import annotations

import http.server
import json
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from tests.conftest import Program
from tests.server.test_process import Serve, environ, move_elsewhere, published, serve, until
from ttp.domain.server.webhook import CallResult
from ttp.server import process
from ttp.server.process import WebhookSender
from ttp.services.server.webhooks import Webhooks
from ttp.store.credentials import CredentialsFile
from ttp.store.machine.publisher_session import PeriodicJob

__all__ = ["environ", "published", "serve"]
OF_A_POST = ["post.due", "delivery.sending", "delivery.published", "post.finished"]


class Receiver:
    """An HTTP server on this machine. `meet` is called with each event before it is answered."""

    def __init__(self) -> None:
        self.got: list[tuple[str, Any]] = []
        self.meet: Callable[[Any], int] = lambda body: 204
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.got.append((self.headers["webhook-id"], body))
                self.send_response(outer.meet(body))
                self.end_headers()

            def log_message(self, format: str, *values: object) -> None: ...

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *values: None  # type: ignore[method-assign]  # a sender that was killed
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    def events(self, post: int) -> list[str]:
        return [body["type"] for _, body in self.got if body["data"]["post"] == post]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    with found.server:
        threading.Thread(target=found.server.serve_forever, args=(0.02,), daemon=True).start()
        yield found
        found.server.shutdown()


@pytest.mark.slow
@pytest.mark.usefixtures("published")
def test_a_server_sends_events_of_the_posts_that_it_publishes(serve: Serve, ttp: Program, receiver: Receiver) -> None:
    ttp.ok("webhook", "add", receiver.url, "--allow-private")
    with serve() as server:
        for number in (1, 2):
            server.ok("POST", "/v1/posts", {"content": f"Hello {number}", "accounts": ["x/demo"]})
            server.ok("POST", f"/v1/posts/{number}/publish")
        until(lambda: len(receiver.got) == 8)
        assert receiver.events(1) == receiver.events(2) == OF_A_POST
        until(lambda: all(one["state"] == "sent" for one in ttp.ok("webhook", "log", "1", "--json").json))
        assert server.stop() == 0
    assert len({message for message, _ in receiver.got}) == 8


@pytest.mark.slow
@pytest.mark.usefixtures("published")
def test_an_event_arrives_again_after_a_kill_between_its_call_and_its_record(
    serve: Serve, ttp: Program, receiver: Receiver
) -> None:
    ttp.ok("webhook", "add", receiver.url, "--allow-private")
    with serve() as server:

        def kill(body: Any) -> int:
            if body["type"] == "delivery.published":
                receiver.meet = lambda body: 204
                server.process.send_signal(signal.SIGKILL)
                server.process.wait()
            return 204

        receiver.meet = kill
        server.ok("POST", "/v1/posts", {"content": "Hello", "accounts": ["x/demo"]})
        server.ok("POST", "/v1/posts/1/publish")
        until(lambda: server.process.poll() is not None)
    with serve("--no-publish") as server:
        until(lambda: receiver.events(1)[-1:] == ["post.finished"])
        assert server.stop() == 0
    assert receiver.events(1) == [*OF_A_POST[:3], *OF_A_POST[2:]]
    ids = [message for message, _ in receiver.got]
    assert ids[2] == ids[3]
    assert len(set(ids)) == 4


@pytest.mark.slow
@pytest.mark.usefixtures("published")
def test_a_server_with_no_publish_sends_events_of_another_publisher(
    serve: Serve, ttp: Program, receiver: Receiver
) -> None:
    ttp.ok("webhook", "add", receiver.url, "--allow-private", "--events", "post.finished")
    with serve("--no-publish") as server:
        ttp.post("Hello", "--to", "x/demo")
        ttp.ok("publish", "1", "--yes")
        until(lambda: receiver.events(1) == ["post.finished"])
        secret = json.loads((ttp.home / "credentials.json").read_text())["accounts"]["webhook/1"]["accessToken"]
        assert server.stop() == 0
        assert server.process.stderr is not None
        assert secret not in server.process.stderr.read()


class Minute(threading.Event):
    """A stop that comes after a minute, which passes while it is waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.left = 60.0

    def wait(self, timeout: float | None = None) -> bool:
        self.left -= timeout or 0
        if self.left <= 0:
            self.set()
        return self.is_set()


@pytest.mark.parametrize(("has_webhook", "least", "most"), [(False, 1, 13), (True, 100, 130)])
def test_without_a_webhook_a_server_asks_rarely(ttp: Program, has_webhook: bool, least: int, most: int) -> None:
    asked: list[object] = []

    class Asked(Webhooks):
        def due(self) -> Sequence[int] | None:
            asked.append(due := super().due())
            return due

    if has_webhook:
        ttp.ok("webhook", "add", "http://127.0.0.1:9/", "--allow-private")
    WebhookSender(Asked(ttp.database, CredentialsFile(ttp.home), ttp.clock)).run(Minute())
    assert least <= len(asked) <= most
    assert asked[0] == ([] if has_webhook else None)


def hanging(ttp: Program, over: threading.Event) -> tuple[Webhooks, list[str]]:
    """Webhooks of which the first hangs, and the addresses that were called."""
    called: list[str] = []

    def send(url: str, body: bytes, headers: object, *, private: bool) -> CallResult:
        called.append(url)
        if url.endswith("/1"):
            over.wait(60)
        return CallResult(204)

    return Webhooks(ttp.database, CredentialsFile(ttp.home), ttp.clock, send), called


def test_a_receiver_that_hangs_holds_up_no_other_and_one_process_sends(
    ttp: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(process, "LOCK_EVERY_S", 0.01)
    over, stopping = threading.Event(), threading.Event()
    webhooks, called = hanging(ttp, over)
    for number in (1, 2):
        ttp.ok("webhook", "add", f"http://127.0.0.1:9/{number}", "--allow-private", "--events", "delivery.failed")
    ttp.account("x/me")
    senders = [threading.Thread(target=WebhookSender(webhooks).run, args=(stopping,)) for _ in range(2)]
    with ttp.database.job(PeriodicJob.WEBHOOKS) as is_held:
        assert is_held
        for one in senders:
            one.start()
        for post in (1, 2):
            ttp.bring(ttp.post(f"Hi {post}", "--to", "x/me"), "failed", error=("content", "no"), next_at=None)
        assert called == []
    until(lambda: called.count("http://127.0.0.1:9/2") == 2)
    assert called.count("http://127.0.0.1:9/1") == 1
    over.set()
    until(lambda: called.count("http://127.0.0.1:9/1") == 2)
    stopping.set()
    for one in senders:
        one.join(60)
        assert not one.is_alive()
    assert len(called) == 4


@pytest.mark.slow
@pytest.mark.usefixtures("published")
def test_a_copied_store_sends_nothing(serve: Serve, ttp: Program, receiver: Receiver) -> None:
    ttp.ok("webhook", "add", receiver.url, "--allow-private", "--events", "delivery.needs_review")
    ttp.bring(ttp.post("Hi", "--to", "x/demo"), "needs_review", next_at=None)
    move_elsewhere(ttp)
    with serve("--no-publish", TTP_PUBLISH__POLL_S="0.1") as server:
        assert ttp("status", "--json").json["blocked"][0]["by"] == "machine"
        server.ok("GET", "/v1/status")
        assert server.stop() == 0
    assert receiver.got == []
    (call,) = ttp.ok("webhook", "log", "1", "--json").json
    assert (call["state"], call["tries"]) == ("waiting", 0)
