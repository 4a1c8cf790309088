"""Never twice, never lost, by the record of a server of another project.

Between the program and the server is a proxy that cuts, delays and damages, and kills or stops the publisher, at every
request of a post. `TTP_REAL_RUNS` says how many runs are made (24); CI makes more.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Timer
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.faults.proxy import Asked, Fault, Proxy, made
from tests.real.pds import Pds, Person
from tests.real.program import Program, record_run
from ttp.sandbox.files import PHOTO

RUNS = int(os.environ.get("TTP_REAL_RUNS", "24"))
RUNS_MOST, PATIENCE_S = 5, 60
READ_S = 1.0
"""How long the program waits for an answer; what is late comes later."""
WRITE = "POST /xrpc/com.atproto.repo.applyWrites"
HTML = {"Content-Type": "text/html"}
FINAL = frozenset({"published", "failed", "needs_review", "cancelled"})
KINDS: dict[str, tuple[str, ...]] = {
    "text": (),
    "thread": ("--thread", "Two", "--thread", "Three"),
    "image": ("--media", str(PHOTO), "--alt", "A cup"),
    "thread with an image and gates": (
        *("--thread", "Two", "--media", str(PHOTO)),
        *("--set", "bluesky.who_replies=nobody", "--set", "bluesky.quotes_off=true"),
    ),
}


@dataclass
class Victim:
    """The publisher of the run that is going on."""

    process: subprocess.Popen[str] | None = None

    def kill(self) -> None:
        self._send(signal.SIGKILL)

    def suspend(self) -> None:
        """Stop the process for two seconds, as a laptop that sleeps does."""
        self._send(signal.SIGSTOP)
        timer = Timer(2.0, self._send, (signal.SIGCONT,))
        timer.daemon = True
        timer.start()

    def _send(self, number: int) -> None:
        if self.process is not None:
            with suppress(ProcessLookupError):
                self.process.send_signal(number)


def halved(real: bytes) -> bytes:
    return real[: len(real) // 2]


TROUBLES: dict[str, Callable[[Victim], Fault]] = {
    "cut before": lambda victim: Fault("cut before", False, answer=lambda real: None),
    "cut after": lambda victim: Fault("cut after", True, answer=lambda real: None),
    "cut in the answer": lambda victim: Fault("cut in the answer", True, answer=halved, cut=True),
    "killed before": lambda victim: Fault("killed before", False, answer=lambda real: None, act=victim.kill),
    "killed after": lambda victim: Fault("killed after", True, answer=lambda real: None, act=victim.kill),
    "suspended": lambda victim: Fault("suspended", True, act=victim.suspend),
    "answer comes late": lambda victim: Fault("answer comes late", True, wait_s=READ_S + 0.5),
    "request arrives late": lambda victim: Fault("request arrives late", True, after_s=READ_S + 0.5),
    "a page though done": lambda victim: Fault("page", True, answer=lambda real: made("200 OK", b"<html>", HTML)),
    "502": lambda victim: Fault("502", False, answer=lambda real: made("502 Bad Gateway", b"<html>", HTML)),
    "500 though done": lambda victim: Fault("500", True, answer=lambda real: made("500 Oops", b"{}", {})),
}


@dataclass
class Bench:
    """One person, one program, and the proxy between them."""

    ttp: Program
    person: Person
    proxy: Proxy
    victim: Victim = field(default_factory=Victim)

    def delivery(self, post: int) -> tuple[str, str | None]:
        """The state and the remote id of a post's delivery, from the store: a process for each look takes too long."""
        with closing(sqlite3.connect(self.ttp.folder / "home/ttp.db", timeout=30)) as db:
            ((state, remote_id),) = db.execute("SELECT state, remote_id FROM delivery WHERE post_id = ?", (post,))
        return str(state), remote_id

    def publish(
        self, kind: str, number: int, trouble: str, place: int
    ) -> tuple[tuple[str, str | None], list[dict[str, Any]]]:
        """Publish one post; its delivery, and the records that the server has of it."""
        text = f"{kind} {number}"
        post = self.ttp.create(text, *KINDS[kind], "--to", "bluesky")
        fault = TROUBLES[trouble](self.victim)
        self.proxy.begin(lambda asked: fault if self.is_place(asked, place) else None)
        for _ in range(RUNS_MOST):
            self.victim.process = self.ttp.start("run", "--until-idle", "--max-time", "20s")
            self.victim.process.communicate(timeout=PATIENCE_S)
            if self.delivery(post)[0] in FINAL:
                break
        self.proxy.rest()
        records = self.person.records()
        first = [one for one in records if one["value"]["text"] == text]
        parts = [one for one in records if one["value"].get("reply", {}).get("root", {}).get("uri") in _uris(first)]
        return self.delivery(post), [*first, *parts]

    def is_place(self, asked: Asked, place: int) -> bool:
        """Whether a request is the one that goes wrong: its n-th, or the publishing call (-1)."""
        if place >= 0:
            return asked.index == place
        return asked.line == WRITE and not any(name for _, name in self.proxy.spoiled)


def _uris(records: list[dict[str, Any]]) -> set[str]:
    return {str(one["uri"]) for one in records}


@pytest.fixture
def bench(pds: Pds, tmp_path: Path) -> Iterator[Bench]:
    person = pds.new_person(f"once{time.time_ns() % 1_000_000_000}")
    place = urlsplit(pds.url)
    proxy = Proxy((place.hostname or "", place.port or 0))
    waits = {f"HTTP__{name}_TIMEOUT_S": str(READ_S) for name in ("READ", "UPLOAD")}
    ttp = Program(tmp_path, {"PLATFORMS__BLUESKY__SETTLE_S": "2", **waits})
    name = f"bluesky/{person.handle}"
    ttp.ok("account", "connect", name, "--server", proxy.url, "--password-file", "-", stdin=person.app_password)
    yield Bench(ttp, person, proxy)
    proxy.close()


def test_each_post_is_on_the_server_once_whatever_goes_wrong(bench: Bench) -> None:
    dice = random.Random(RUNS)  # the same runs each time
    wrong = []
    for number in range(RUNS):
        kind = list(KINDS)[number % len(KINDS)]
        trouble = list(TROUBLES)[number // len(KINDS) % len(TROUBLES)]
        place = -1 if dice.random() < 0.75 else dice.randrange(3)
        delivery, records = bench.publish(kind, number, trouble, place)
        parts = 1 + KINDS[kind].count("--thread")
        record_run("pds", trouble, delivery[0], posts=len(records), parts=parts)
        key = records[0]["uri"].rpartition("/")[2] if records else None
        if (*delivery, len(records)) != ("published", key, parts):
            wrong.append((number, kind, trouble, place, delivery, [one["uri"] for one in records]))
    assert wrong == []
