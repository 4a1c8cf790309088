"""Each post exactly once, whatever happens on the way: cuts, kills and stops between ttp and real servers.

TTP_REAL_RUNS says how many runs there are on each server.
"""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from subprocess import Popen
from urllib.parse import urlsplit

import pytest

from tests.faults.proxy import Asked, Fault, Proxy
from tests.real.fediverse import Fediverse
from tests.real.program import Program, record_run
from ttp.sandbox.files import PHOTO

RUNS = int(os.environ.get("TTP_REAL_RUNS", "6"))
MOST_TRIES = 4
STOPPED_S = 2.0
ARRIVES = {
    "cut before": False,
    "cut after": True,
    "killed before": False,
    "killed after": True,
    "stopped": True,
    "502 though done": True,
}
BAD_GATEWAY = (
    b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>"
)
QUICK = {"PLATFORMS__MASTODON__SETTLE_S": "1", "PUBLISH__LOOKUP_GAP_S": "0.15"}
KINDS = {"text": ("Only text é",), "image": ("With an image",), "thread": ("One", "Two", "Three")}


@pytest.fixture
def proxy(fediverse: Fediverse) -> Iterator[Proxy]:
    place = urlsplit(fediverse.url)
    proxy = Proxy((place.hostname or "", place.port or 0))
    yield proxy
    proxy.close()


@pytest.mark.parametrize("number", range(RUNS))
def test_a_post_is_published_exactly_once(fediverse: Fediverse, proxy: Proxy, number: int, tmp_path: Path) -> None:
    chance = random.Random(f"{fediverse.kind} {number}")
    trouble, kind = list(ARRIVES)[number % len(ARRIVES)], chance.choice(list(KINDS))
    spoiled = chance.randrange(len(KINDS[kind]))
    person = fediverse.new_person("f")
    ttp = Program(tmp_path, QUICK)
    account = f"mastodon/{person.name}@{urlsplit(proxy.url).netloc}"
    token = f'{{"accessToken": "{person.token}"}}'
    ttp.ok("account", "add", account, "--server", proxy.url, "--credentials", "-", stdin=token)
    first, *rest = KINDS[kind]
    argv = [part for text in rest for part in ("--thread", text)]
    argv += ["--media", str(PHOTO)] if kind == "image" else []
    post = ttp.create(first, "--to", account, *argv)
    process: list[Popen[str]] = []

    def send(what: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(process[-1].pid, what)

    def stop() -> None:
        send(signal.SIGSTOP)
        timer = threading.Timer(STOPPED_S, send, (signal.SIGCONT,))
        timer.daemon = True
        timer.start()

    acts = {"killed before": lambda: send(signal.SIGKILL), "killed after": lambda: send(signal.SIGKILL)}
    answers = {"502 though done": lambda real: BAD_GATEWAY, "stopped": lambda real: real}
    calls = 0

    def plan(asked: Asked) -> Fault | None:
        nonlocal calls
        if asked.line != "POST /api/v1/statuses":
            return None
        calls += 1
        if calls != spoiled + 1:
            return None
        answer = answers.get(trouble, lambda real: None)
        return Fault(trouble, ARRIVES[trouble], answer=answer, act=stop if trouble == "stopped" else acts.get(trouble))

    proxy.begin(plan)
    state = ""
    for _ in range(MOST_TRIES):
        process.append(ttp.start("run", "--until-idle", "--max-time", "45s"))
        process[-1].communicate(timeout=90)
        state = ttp.delivery(post)["state"]
        if state in ("published", "needs_review", "failed"):
            break
    proxy.rest()
    texts = person.texts()
    record_run(fediverse.kind, trouble, state, posts=len(texts), parts=len(KINDS[kind]))
    assert texts == list(KINDS[kind])[: len(texts)], (trouble, kind, state)
    if state == "published":
        assert len(texts) == len(KINDS[kind])
        assert ttp.delivery(post)["remoteId"] == person.statuses()[0]["id"]
    else:  # snac tells no time, so that a post is not there proves nothing
        assert (state, fediverse.kind, ARRIVES[trouble]) == ("needs_review", "snac", False), ttp.delivery(post)
        assert len(texts) == spoiled
