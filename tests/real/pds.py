"""Bluesky's own server, a PDS with its PLC directory: people on it, and what it has of them."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.real import install
from tests.real.process import running

SOURCE = Path(__file__).parent / "bluesky"
PASSWORD = "correct-horse"  # of accounts on a server that lives as long as a test run
POSTS = "app.bsky.feed.post"


class Refused(Exception):
    """The server refused a call: its status, and its own name for why."""

    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(f"{status} {error}: {message}")
        self.status = status
        self.error = error


def call(server: str, method: str, body: object = None, *, token: str = "", **query: str) -> dict[str, Any]:
    """Call an XRPC method: with a body a procedure, without one a query. Raises Refused."""
    address = f"{server}/xrpc/{method}" + (f"?{urlencode(query)}" if query else "")
    request = urllib.request.Request(address, None if body is None else json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return dict(json.loads(answer.read() or b"{}"))
    except urllib.error.HTTPError as error:
        with error:
            said = json.loads(error.read() or b"{}")
        raise Refused(error.code, str(said.get("error")), str(said.get("message"))) from None


@dataclass
class Person:
    """An account on the server, with one app password."""

    server: Pds
    handle: str
    did: str
    app_password: str = field(repr=False)
    token: str = field(repr=False)

    def records(self, collection: str = POSTS) -> list[dict[str, Any]]:
        """What the server has of a collection, oldest key first: each with `uri`, `cid` and `value`."""
        query, found = {"repo": self.did, "collection": collection, "limit": "100", "reverse": "true"}, []
        while True:
            page = self.server.call("com.atproto.repo.listRecords", **query)
            found += page["records"]
            if not page["records"] or "cursor" not in page:
                return found
            query["cursor"] = page["cursor"]

    def create(self, collection: str, **record: object) -> dict[str, str]:
        """Create a record; its `uri` and `cid`."""
        (made,) = self.create_all(collection, [record])
        return made

    def create_all(self, collection: str, records: Sequence[Mapping[str, object]]) -> list[dict[str, str]]:
        """Create records in one commit; the `uri` and `cid` of each."""
        value = {"$type": collection, "createdAt": datetime.now(UTC).isoformat()}
        write = {"$type": "com.atproto.repo.applyWrites#create", "collection": collection}
        body = {"repo": self.did, "writes": [{**write, "value": {**value, **record}} for record in records]}
        made = self.server.call("com.atproto.repo.applyWrites", body, token=self.token)["results"]
        return [{name: one[name] for name in ("uri", "cid")} for one in made]

    def new_app_password(self, name: str = "ttp") -> str:
        made = self.server.call("com.atproto.server.createAppPassword", {"name": name}, token=self.token)
        return str(made["password"])

    def revoke_app_password(self, name: str = "ttp") -> None:
        self.server.call("com.atproto.server.revokeAppPassword", {"name": name}, token=self.token)


@dataclass
class Pds:
    """A running server. `plc` is its directory of identities."""

    url: str
    plc: str
    pid: int

    def call(self, method: str, body: object = None, *, token: str = "", **query: str) -> dict[str, Any]:
        """Call an XRPC method of this server. Raises Refused."""
        return call(self.url, method, body, token=token, **query)

    def new_person(self, name: str) -> Person:
        """Make an account NAME.test with an app password."""
        handle = f"{name}.test"
        wanted = {"handle": handle, "email": f"{name}@example.org", "password": PASSWORD}
        made = self.call("com.atproto.server.createAccount", wanted)
        person = Person(self, handle, made["did"], "", made["accessJwt"])
        person.app_password = person.new_app_password()
        return person


@contextmanager
def running_pds(folder: Path, *, port: int = 0, limits: bool = False) -> Iterator[Pds]:
    """Run a PDS with its data in `folder` until the block ends. `limits`: it has its usual rate limits. Raises
    Missing."""
    if not (SOURCE / "package-lock.json").exists():
        raise install.Missing("its lock file is not there")
    node = install.node()
    modules = node.packages(SOURCE)
    command = [str(node.program), str(SOURCE / "server.mjs"), str(modules), str(folder), str(port)]
    environment = {**os.environ, "NODE_ENV": "production", "LOG_ENABLED": "false"}
    with running([*command, "limits" if limits else "-"], log=folder / "log", environment=environment) as said:
        yield Pds(said["url"], said["plc"], said["pid"])
