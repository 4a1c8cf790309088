"""Kill `ttp serve` beside clients that send each request with an idempotency key until it is answered.

    python -m tests.server.key_kills --kills 10 --clients 60

Nothing is done twice, every request is done, and after each restart all requests that were open are answered soon.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.server.runs import Store
from ttp.sandbox.server import running_sandbox

STUCK_S = 30.0
LONGEST_S = 1.5
AGAIN_S = 0.2
_KINDS = ("create", "edit", "copy", "create", "edit", "copy", "create", "edit", "copy", "command")


@dataclass
class Clients:
    """What the clients of one run sent, and what they were told."""

    store: Store
    address: str = ""
    sent: Counter[str] = field(default_factory=Counter)
    tries: int = 0
    answered: dict[str, str] = field(default_factory=dict)
    """The kind of each request that was answered, by its key."""
    told: Counter[str] = field(default_factory=Counter)
    open: dict[int, str] = field(default_factory=dict)
    edits: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    is_over: bool = False

    def __post_init__(self) -> None:
        self.lock = threading.Lock()

    def work(self, number: int) -> None:
        """Send one request after the other, each until it is answered."""
        kind, own = _KINDS[number % len(_KINDS)], number + 1
        for turn in range(100_000):
            if self.is_over:
                return
            key = f"{kind} {number}.{turn}"
            with self.lock:
                self.sent[kind] += 1
                self.open[number] = key
            answer = self._until_answered(kind, key, own)
            with self.lock:
                del self.open[number]
                self.answered[key] = kind
                self.edits[own] += kind == "edit"
                if answer.status_code >= 300 or (kind == "command" and '"exit": 0' not in answer.text):
                    self.faults.append(f"{key}: {answer.status_code} {answer.text[:300]}")
                if "idempotency-replayed" in answer.headers:
                    self.told["answered again"] += 1

    def _until_answered(self, kind: str, key: str, own: int) -> httpx.Response:
        while True:
            self.tries += 1
            try:
                answer = self._send(kind, key, own)
            except httpx.TransportError:
                self.told["no answer"] += 1
            else:
                is_cut = kind == "command" and answer.status_code == 200 and '"exit"' not in answer.text
                code = "" if answer.status_code < 300 else str(answer.json().get("code"))
                if not is_cut and code not in ("key_in_use", "busy"):
                    return answer
                self.told[code or "no answer"] += 1
            time.sleep(AGAIN_S)

    def _send(self, kind: str, key: str, own: int) -> httpx.Response:
        headers = {**self.store.headers, "Idempotency-Key": key}
        with httpx.Client(base_url=self.address, headers=headers, timeout=60) as http:
            match kind:
                case "create":
                    return http.post("/v1/posts", json={"content": key})
                case "edit":
                    return http.patch(f"/v1/posts/{own}", json={"content": key})
                case "copy":
                    return http.post(f"/v1/posts/{own}/copy")
                case _:
                    order = {"protocol": 1, "argv": ["create", key], "cwd": "/"}
                    return http.post("/v1/commands", files={"command": (None, json.dumps(order))})


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.server.key_kills", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--kills", type=int, default=10, help="how many kills (10)")
    parser.add_argument("--clients", type=int, default=60, help="how many clients (60)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments (1)")
    asked = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        wrong = kill_beside_clients(Path(folder), asked.kills, asked.clients, asked.seed, say=True)
    for one in wrong:
        print(one)
    return 1 if wrong else 0


def kill_beside_clients(
    folder: Path, kills: int, count: int, seed: int, *, stuck_s: float = STUCK_S, say: bool = False
) -> list[str]:
    """Kill a server beside clients, and return what is wrong then. `stuck_s`: how long a request may be open after a
    restart."""
    with running_sandbox() as sandbox:
        clients = Clients(Store(folder, sandbox.url, 1))
        with clients.store.serving() as server:
            for number in range(count):
                body = {"content": f"own {number}"}
                httpx.post(f"{server.address}/v1/posts", json=body, headers=clients.store.headers).raise_for_status()
            server.stop()
        waits: list[float] = []
        with _running(clients, count):
            for number in range(kills + 1):
                with clients.store.serving() as server:
                    clients.address = server.address
                    waits.append(_wait_for_open(clients, stuck_s))
                    if number < kills:
                        time.sleep(random.Random(f"{seed} {number}").uniform(0.05, LONGEST_S))
                        server.kill()
                    else:
                        clients.is_over = True
                        _wait_for_open(clients, stuck_s)
                if say:
                    print(
                        f"{number} kills, {len(clients.answered)} answered, open ones after {waits[-1]:.1f} s",
                        flush=True,
                    )
        wrong = [*clients.faults, *_faults(clients)]
        wrong += [f"a request was open for {wait:.0f} s after a restart" for wait in waits if wait > stuck_s]
        if say:
            print(f"{dict(clients.sent)}, {clients.tries} tries: {dict(clients.told)}; longest {max(waits):.1f} s")
    return wrong


@contextmanager
def _running(clients: Clients, count: int) -> Iterator[None]:
    jobs = [threading.Thread(target=clients.work, args=(number,), daemon=True) for number in range(count)]
    clients.address = "http://127.0.0.1:9"  # nothing is there
    for job in jobs:
        job.start()
    try:
        yield
    finally:
        clients.is_over = True
        for job in jobs:
            job.join(1)


def _wait_for_open(clients: Clients, stuck_s: float) -> float:
    """Return after how many seconds all requests were answered that are open now, or that it was too long."""
    with clients.lock:
        waiting = set(clients.open.values())
    began = time.monotonic()
    while waiting - clients.answered.keys() and time.monotonic() - began < 2 * stuck_s:
        time.sleep(0.05)
    return time.monotonic() - began


def _faults(clients: Clients) -> Iterator[str]:
    """Yield what was done twice, or not at all."""
    with closing(sqlite3.connect(clients.store.home / "ttp.db", timeout=30)) as db:
        contents = Counter[Any](row[0] for row in db.execute("SELECT content FROM post"))
        keys = Counter[Any](row[0] for row in db.execute("SELECT key FROM change WHERE key IS NOT NULL"))
        revisions = dict(db.execute("SELECT id, revision FROM post"))
    for key, kind in clients.answered.items():
        made = contents[key] if kind in ("create", "command") else 1
        if (keys[key], made) != (1, 1):
            yield f"{key}: done {keys[key]} times, {made} posts"
    for key, times in keys.items():
        if times > 1:
            yield f"{key}: done {times} times"
    for post_id, times in clients.edits.items():
        if times and revisions[post_id] != times + 1:
            yield f"post {post_id}: {times} edits, revision {revisions[post_id]}"


if __name__ == "__main__":
    raise SystemExit(main())
