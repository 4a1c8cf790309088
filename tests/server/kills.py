"""Kill `ttp serve` at random moments while it publishes and receives uploads, again and again on one store.

    python -m tests.server.kills --runs 300 --seed 1

Every post that was accepted is published, none twice; every upload that was accepted is there; the store is sound.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.server.runs import Server, Store
from ttp.sandbox.files import PHOTO
from ttp.sandbox.server import running_sandbox

ACCOUNTS = 4
LONGEST_S = 1.5
"""A kill comes at most this long after the first requests."""
PART_BYTES = 8_000
_IN_CALL = "SELECT count(*) FROM delivery WHERE state = 'sending'"


@dataclass
class Work:
    """What clients sent and what was accepted, over all runs."""

    sent: set[str] = field(default_factory=set)
    accepted: set[str] = field(default_factory=set)
    uploads: set[str] = field(default_factory=set)
    uploading: int = 0
    mid_publish: int = 0
    mid_upload: int = 0
    kills: int = 0

    def __post_init__(self) -> None:
        self.lock = threading.Lock()

    def __str__(self) -> str:
        return (
            f"{self.kills} kills, {self.mid_publish} in a publishing call, {self.mid_upload} in an upload;"
            f" {len(self.sent)} posts sent, {len(self.accepted)} accepted, {len(self.uploads)} uploads accepted"
        )


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.server.kills", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=20, help="how many kills (20)")
    parser.add_argument("--minutes", type=float, help="kill no more after this time")
    parser.add_argument("--seed", type=int, default=1, help="of the moments (1)")
    asked = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        until = began + 60 * asked.minutes if asked.minutes else None
        wrong = kill_again_and_again(Path(folder), asked.runs, asked.seed, until=until, say=True)
        print(f"{time.monotonic() - began:.0f} s")
    for one in wrong:
        print(one)
    return 1 if wrong else 0


def kill_again_and_again(
    folder: Path, runs: int, seed: int, *, until: float | None = None, say: bool = False
) -> list[str]:
    """Kill a server `runs` times, or until a time of the monotonic clock. Return what is wrong then."""
    work = Work()
    with running_sandbox() as sandbox:
        store = Store(folder, sandbox.url, ACCOUNTS)
        for number in range(runs):
            if until is not None and time.monotonic() > until:
                break
            with store.serving() as server, _clients(store, server, work, number):
                time.sleep(random.Random(f"{seed} {number}").uniform(0.05, LONGEST_S))
                with work.lock:
                    work.mid_upload += bool(work.uploading)
                    server.kill()
            work.kills += 1
            work.mid_publish += bool(store.sql(_IN_CALL)[0][0])
            if say and number % 10 == 9:
                print(work, flush=True)
        with store.serving() as server:
            store.wait_until_published(600)
            assert server.stop() == 0
        wrong = list(_faults(store, work))
        if not store.is_sound():
            wrong.append("the audit found something")
        if say:
            print(work)
    return wrong


@contextmanager
def _clients(store: Store, server: Server, work: Work, number: int) -> Iterator[None]:
    """Send posts and uploads until the server is gone."""
    jobs = [
        *(threading.Thread(target=_post, args=(store, server, work, f"{number}.{one}", one)) for one in range(3)),
        *(threading.Thread(target=_upload, args=(store, server, work, f"{number}.{one}")) for one in range(2)),
    ]
    for job in jobs:
        job.start()
    try:
        yield
    finally:
        for job in jobs:
            job.join()


def _post(store: Store, server: Server, work: Work, name: str, client: int) -> None:
    with suppress(httpx.TransportError), httpx.Client(base_url=server.address, headers=store.headers) as http:
        for number in range(10_000):
            text = f"post {name}.{number}"
            with work.lock:
                work.sent.add(text)
            account = store.accounts[(client + number) % ACCOUNTS]
            body = {"content": text, "accounts": [account], "scheduledAt": "now", "key": text}
            answer = http.post("/v1/posts", json=body)
            assert answer.status_code == 201, answer.text
            with work.lock:
                work.accepted.add(text)
            time.sleep(0.03)


def _upload(store: Store, server: Server, work: Work, name: str) -> None:
    data = PHOTO.read_bytes()
    with suppress(httpx.TransportError), httpx.Client(base_url=server.address, headers=store.headers) as http:
        for number in range(10_000):
            # Bytes after the end of a picture belong to no part of it.
            sent = data + f"{name}.{number}".encode()
            body = {"filename": "cup.jpg", "contentType": "image/jpeg", "size": len(sent)}
            prepared = http.post("/api/media/presign", json=body).json()
            with _counted(work):
                answer = httpx.put(prepared["uploadUrl"], content=_slowly(sent))
            assert answer.status_code == 200, answer.text
            with work.lock:
                work.uploads.add(hashlib.sha256(sent).hexdigest())


@contextmanager
def _counted(work: Work) -> Iterator[None]:
    with work.lock:
        work.uploading += 1
    try:
        yield
    finally:
        with work.lock:
            work.uploading -= 1


def _slowly(data: bytes) -> Iterator[bytes]:
    for at in range(0, len(data), PART_BYTES):
        yield data[at : at + PART_BYTES]
        time.sleep(0.005)


def _faults(store: Store, work: Work) -> Iterator[str]:
    """Yield what was lost, doubled or damaged."""
    published = store.published()
    stored = dict(store.sql("SELECT content, status FROM post"))
    for text in sorted(work.accepted):
        if stored.get(text) != "published" or published[text] != 1:
            yield f"{text}: accepted, now {stored.get(text)}, {published[text]} times on the platform"
    for text, times in published.items():
        if times > 1:
            yield f"{text}: {times} times on the platform"
        if text not in work.sent:
            yield f"{text}: it was never sent"
    for digest in work.uploads:
        path = store.home / "media" / digest
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            yield f"{digest}: accepted, and not stored whole"
    for path in (store.home / "media").glob("[0-9a-f]*"):
        if hashlib.sha256(path.read_bytes()).hexdigest() != path.name.partition(".")[0]:
            yield f"{path.name}: stored, and not whole"


if __name__ == "__main__":
    raise SystemExit(main())
