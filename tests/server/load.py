"""Load `ttp serve` with many clients that create, edit and list posts while it publishes.

    python -m tests.server.load --clients 50 --seconds 60

No accepted post or edit is lost, nothing is published twice, and the memory stays flat. Times are given as multiples of
those of /healthz under the same load: seconds say more about the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import httpx

from tests.server.runs import PATIENCE_S, Server, Store

ACCOUNTS = 10
LATER = "2098-01-01T09:00:00Z"
PUBLISHED_SHARE = 0.1
"""Of the created posts: those that are due at once."""
LEAST = 10
"""Requests of a client, however long they take."""
OPERATIONS = ("create", "edit", "list", "get", "healthz")
WEIGHTS = (3, 3, 2, 1, 1)
GROWTH, GROWTH_MB = 0.15, 25.0
"""More memory than this at the end than in the second quarter is not flat."""


@dataclass
class Load:
    """What clients did. `posts`: the text of each accepted post by id, after its last accepted edit."""

    posts: dict[int, str] = field(default_factory=dict)
    due: set[str] = field(default_factory=set)
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    refused: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    memory_mb: list[float] = field(default_factory=list)

    def multiple(self, name: str, of: str = "healthz") -> float:
        """Return the 99th percentile of an operation, as a multiple of that of another."""
        return percentile(self.seconds[name]) / percentile(self.seconds[of])

    def growth_mb(self) -> float:
        """Return the median of the last quarter of the memory samples, less that of the second quarter."""
        quarter = max(len(self.memory_mb) // 4, 1)
        return median(self.memory_mb[-quarter:]) - median(self.memory_mb[quarter : 2 * quarter] or self.memory_mb)

    def lines(self) -> Iterator[str]:
        """Yield the table that is printed."""
        yield "| operation | requests | p50 | p99 | p99 as a multiple of /healthz |"
        yield "|---|---|---|---|---|"
        for name in OPERATIONS:
            found = self.seconds[name]
            numbers = f"{1000 * median(found):.0f} ms | {1000 * percentile(found):.0f} ms | {self.multiple(name):.1f}"
            yield f"| {name} | {len(found)} | {numbers} |"
        yield ""
        yield f"{len(self.posts)} posts accepted, {len(self.due)} of them due at once; refused: {dict(self.refused)}"
        first, last = self.memory_mb[0], self.memory_mb[-1]
        yield f"memory: {first:.0f} MB at first, {max(self.memory_mb):.0f} MB at most, {last:.0f} MB at the end;"
        yield f"{self.growth_mb():+.1f} MB from the second quarter to the last"


def percentile(values: Sequence[float]) -> float:
    """Return the 99th percentile."""
    return quantiles(values, n=100)[98] if len(values) > 1 else values[0]


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.server.load", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--clients", type=int, default=50, help="at once (50)")
    parser.add_argument("--seconds", type=float, default=60.0, help="for how long (60)")
    parser.add_argument("--seed", type=int, default=1, help="of what the clients do (1)")
    asked = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        load, wrong = load_server(Path(folder), asked.clients, asked.seconds, asked.seed)
    print("\n".join(load.lines()))
    for one in wrong:
        print(one)
    return 1 if wrong else 0


def load_server(folder: Path, clients: int, seconds: float, seed: int = 1) -> tuple[Load, list[str]]:
    """Load a server for some seconds. Return what clients did, and what is wrong then."""
    load = Load()
    with _sandbox(folder) as sandbox:
        store = Store(folder, sandbox, ACCOUNTS)
        with store.serving() as server:
            asyncio.run(_clients(store, server, load, clients, seconds, seed))
            store.wait_until_published(600)
            wrong = [*_lost(store, server, load), *_flat(load)]
            assert server.stop() == 0
        if not store.is_sound():
            wrong.append("the audit found something")
    return load, wrong


@contextmanager
def _sandbox(folder: Path) -> Iterator[str]:
    """Run the sandbox in another process: it must not wait for the clients."""
    command = [sys.executable, "-m", "ttp", "sandbox", "--port", "0"]
    said = folder / "sandbox.txt"
    with said.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    try:
        ends = time.monotonic() + PATIENCE_S
        while "http://" not in said.read_text():
            assert process.poll() is None, said.read_text()
            assert time.monotonic() < ends
            time.sleep(0.1)
        yield "http://" + said.read_text().partition("http://")[2].split()[0].strip('",/')
    finally:
        process.kill()
        process.wait(PATIENCE_S)


async def _clients(store: Store, server: Server, load: Load, clients: int, seconds: float, seed: int) -> None:
    ends = time.monotonic() + seconds
    watching = asyncio.create_task(_watch(server, load, ends))
    await asyncio.gather(*(_client(store, server, load, number, ends, seed) for number in range(clients)))
    await watching


async def _watch(server: Server, load: Load, ends: float) -> None:
    while time.monotonic() < ends:
        load.memory_mb.append(server.memory_mb)
        await asyncio.sleep(0.5)
    load.memory_mb.append(server.memory_mb)


async def _client(store: Store, server: Server, load: Load, number: int, ends: float, seed: int) -> None:
    choose, own = random.Random(f"{seed} {number}"), list[int]()
    async with httpx.AsyncClient(base_url=server.address, headers=store.headers, timeout=PATIENCE_S) as http:
        count = 0
        while time.monotonic() < ends or count < LEAST:
            (name,) = choose.choices(OPERATIONS, WEIGHTS)
            count += 1
            text = f"client {number}, text {count}"
            began = time.monotonic()
            match name:
                case "edit" | "get" if own:
                    post_id = choose.choice(own)
                    if name == "get":
                        answer = await http.get(f"/v1/posts/{post_id}")
                    else:
                        answer = await http.patch(f"/v1/posts/{post_id}", json={"content": text})
                        if answer.is_success:
                            load.posts[post_id] = text
                case "list":
                    answer = await http.get("/v1/posts?limit=20&status=scheduled")
                case "healthz":
                    answer = await http.get("/healthz")
                case _:
                    name, is_due = "create", choose.random() < PUBLISHED_SHARE
                    at = "now" if is_due else LATER
                    body = {"content": text, "accounts": [choose.choice(store.accounts)], "scheduledAt": at}
                    answer = await http.post("/v1/posts", json=body)
                    if answer.is_success:
                        made: Any = answer.json()
                        load.posts[made["id"]] = text
                        if is_due:
                            load.due.add(text)
                        else:
                            own.append(made["id"])
            load.seconds[name].append(time.monotonic() - began)
            if not answer.is_success and not (name == "healthz" and answer.status_code == 503):
                load.refused[f"{name} {answer.status_code}"] += 1


def _lost(store: Store, server: Server, load: Load) -> Iterator[str]:
    """Yield what was refused, lost or doubled."""
    if load.refused:
        yield f"refused: {dict(load.refused)}"
    stored = dict(store.sql("SELECT id, content FROM post"))
    if stored.keys() != load.posts.keys():
        yield f"{len(load.posts)} posts were accepted, {len(stored)} are stored"
    for post_id, text in load.posts.items():
        if stored.get(post_id) != text:
            yield f"post {post_id}: {stored.get(post_id)!r}, not {text!r}"
    published = store.published()
    for text in load.due:
        if published[text] != 1:
            yield f"{text!r}: {published[text]} times on the platform"
    extra = {text for text in published if text.startswith("client ")} - load.due
    if extra:
        yield f"published without being due: {sorted(extra)[:5]}"


def _flat(load: Load) -> Iterator[str]:
    base = load.memory_mb[0]
    if load.growth_mb() > max(GROWTH * base, GROWTH_MB):
        yield f"the memory grew by {load.growth_mb():.0f} MB"


if __name__ == "__main__":
    raise SystemExit(main())
