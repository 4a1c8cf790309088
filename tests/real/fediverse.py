"""Servers with Mastodon's API: mastodon-mock from PyPI and snac from Debian; people on them, and what they have."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from os import environ
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.free_port import free_port
from tests.real import install
from tests.real.process import running

SOURCE = Path(__file__).parent / "mastodon"
MOCK, SNAC = "mastodon-mock==0.6.1", "snac2"
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
SCOPES = "read:accounts read:search read:statuses write:media write:statuses"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *request: Any) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirect)


@dataclass
class Person:
    """A user of a server, with a separate token for reading what the server has."""

    server: Fediverse
    name: str
    token: str = field(repr=False)
    id: str = ""
    password: str = field(default="", repr=False)

    @property
    def account(self) -> str:
        return f"mastodon/{self.name}@{urlsplit(self.server.url).netloc}"

    def statuses(self) -> list[dict[str, Any]]:
        """The person's posts as the server lists them, oldest first."""
        found: dict[str, dict[str, Any]] = {}
        query = {"limit": "40"}
        while page := self.server.call("GET", f"/api/v1/accounts/{self.id}/statuses", token=self.token, **query):
            if page[-1]["id"] in found:  # snac gives the same page again
                break
            found |= {status["id"]: status for status in page}
            query["max_id"] = page[-1]["id"]
        return list(found.values())[::-1]

    def texts(self) -> list[str]:
        """The texts of the person's posts as they were sent, oldest first."""
        paths = (f"/api/v1/statuses/{status['id']}/source" for status in self.statuses())
        return [self.server.call("GET", path, token=self.token)["text"] for path in paths]

    def approve(self, address: str) -> str:
        """Say yes on an authorization page, and return where it leads (or the code that it shows)."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        return self.server.approve(self, query)


@dataclass
class Fediverse:
    """A running server. `kind`: mock or snac; `folder` has snac's data."""

    kind: str
    url: str
    pid: int
    program: str = ""
    folder: Path = Path()

    def call(self, method: str, path: str, body: object = None, *, token: str = "", **query: str) -> Any:
        """Make one call of the API; the JSON of its answer."""
        status, _, text = self.send(method, path + (f"?{urlencode(query)}" if query else ""), body, token=token)
        assert status == 200, (status, text)
        return json.loads(text)

    def send(
        self, method: str, path: str, body: object = None, *, token: str = "", form: Mapping[str, str] | None = None
    ) -> tuple[int, Mapping[str, str], str]:
        """Make one request: status, headers and body of its answer."""
        data = None if body is None else json.dumps(body).encode()
        data = urlencode(form).encode() if form is not None else data
        request = urllib.request.Request(self.url + path, data, method=method)
        if body is not None:
            request.add_header("Content-Type", "application/json")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with _opener.open(request, timeout=30) as answer:
                return answer.status, dict(answer.headers), answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, dict(error.headers), error.read().decode()

    def new_person(self, name: str) -> Person:
        """Make a user with a token."""
        name = f"{name}{secrets.token_hex(3)}"
        person = Person(self, name, "")
        app = self.call(
            "POST", "/api/v1/apps", {"client_name": "tests", "redirect_uris": OUT_OF_BAND, "scopes": SCOPES}
        )
        client = {key: app[key] for key in ("client_id", "client_secret")}
        if self.kind == "mock":
            _, _, text = self.send("POST", "/oauth/token", form={"grant_type": "client_credentials", **client})
            wanted = {"username": name, "email": f"{name}@example.org", "password": "x" * 12, "agreement": "true"}
            token = json.loads(text)["access_token"]
            _, _, text = self.send("POST", "/api/v1/accounts", token=token, form=wanted)
            person.token = json.loads(text)["access_token"]
        else:
            said = subprocess.run(
                [self.program, "adduser", str(self.folder), name], check=True, capture_output=True, text=True
            )
            found = re.search(r"password is (\S+)", said.stdout + said.stderr)
            assert found is not None
            person.password = found[1]
            code = self.approve(person, {**client, "redirect_uri": OUT_OF_BAND, "state": "s"})
            form = {"grant_type": "authorization_code", "code": code, "redirect_uri": OUT_OF_BAND, **client}
            _, _, text = self.send("POST", "/oauth/token", form=form)
            person.token = json.loads(text)["access_token"]
        person.id = self.call("GET", "/api/v1/accounts/verify_credentials", token=person.token)["id"]
        return person

    def approve(self, person: Person, query: Mapping[str, str]) -> str:
        """Say yes on the authorization page: the address that it leads to, or the code that it shows."""
        where, state = query["redirect_uri"], query.get("state", "")
        if self.kind == "mock":
            path = "/oauth/authorize"
            form = {"username": person.name, "redirect_uri": where, "client_id": query["client_id"], "state": state}
        else:
            path = "/oauth/x-snac-login"
            form = {"login": person.name, "passwd": person.password, "redir": where, "cid": query["client_id"]}
            form["state"] = state
        _, headers, text = self.send("POST", path, form=form)
        location = next((value for name, value in headers.items() if name.lower() == "location"), "")
        if location:
            return location
        found = re.search(r"(?:code: )?([0-9a-zA-Z_-]{8,})", text.rpartition("<p>")[2])
        assert found is not None, text
        return found[1]


@contextmanager
def running_mock(folder: Path) -> Iterator[Fediverse]:
    """Run mastodon-mock until the block ends. Raises Missing."""
    packages = install.python_packages(MOCK)
    command = [sys.executable, str(SOURCE / "mock_server.py")]
    environment = {**environ, "PYTHONPATH": str(packages), "HOME": str(folder)}
    with running(command, log=folder / "log", environment=environment) as said:
        yield Fediverse("mock", said["url"], said["pid"])


@contextmanager
def running_snac(folder: Path) -> Iterator[Fediverse]:
    """Run snac with its data in `folder` until the block ends. Raises Missing."""
    program, data = snac_program(), folder / "data"
    command = [sys.executable, str(SOURCE / "snac_server.py"), program, str(data), str(free_port())]
    with running(command, log=folder / "log") as said:
        yield Fediverse("snac", said["url"], said["pid"], program, data)


def snac_program() -> str:
    """Return the path of snac: the installed one, else one unpacked from Debian's package. Raises Missing."""
    if (found := shutil.which("snac")) is not None:
        return found
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        raise install.Missing("it is not installed, and neither is apt-get")

    def unpack(folder: Path) -> None:
        install.run(["apt-get", "download", SNAC], folder)
        (package,) = folder.glob("*.deb")
        install.run(["dpkg", "-x", str(package), str(folder)])

    program = install.installed(SNAC, unpack) / "usr/bin/snac"
    try:
        subprocess.run([str(program)], capture_output=True, timeout=60, check=False)
    except OSError as error:
        raise install.Missing(f"it cannot be run: {error}") from None
    return str(program)
