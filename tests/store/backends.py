"""The places of tokens for tests: the file, a keyring in this process's memory, a program in Python."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import keyring
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

from tests.store.stores import new_store, store_at
from ttp.store.credentials import CredentialsFile, CredentialsStore
from ttp.store.credentials.command import CredentialsCommand
from ttp.store.credentials.keyring import CredentialsKeyring
from ttp.store.credentials.keys import Keys
from ttp.store.credentials.table import CredentialsTable

KEY, OTHER_KEY = (base64.urlsafe_b64encode(bytes([number]) * 32).decode().rstrip("=") for number in (251, 255))
"""Keys of credentials in the store."""
Open: TypeAlias = Callable[[], CredentialsStore]
"""The same place, opened as another process would."""

KEEPING = """
import json, os, pathlib, sys
verb, *name = sys.argv[2:]
folder = pathlib.Path(sys.argv[1])
entry = folder / (name[0].replace("/", "-") if name else "")
with open(folder / "calls", "a") as calls:
    calls.write(" ".join([verb, *name, os.environ["TTP_HOME"]]) + chr(10))
if verb == "list":
    print(*(path.name for path in folder.glob("*-*")), sep=chr(10))
elif verb == "put":
    entry.write_text(sys.stdin.read())
elif not entry.exists():
    sys.exit(1)
elif verb == "get":
    print(entry.read_text())
else:
    entry.unlink()
"""


class MemoryRing(KeyringBackend):
    """A keyring that ends with the process."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # untyped there
        self.held: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.held.pop((service, username), None) is None:
            raise PasswordDeleteError("no such password")


@contextmanager
def memory_ring() -> Iterator[MemoryRing]:
    """A memory ring as this session's keyring."""
    before, ring = keyring.get_keyring(), MemoryRing()
    keyring.set_keyring(ring)
    try:
        yield ring
    finally:
        keyring.set_keyring(before)


def keeping_program(folder: Path) -> tuple[str, ...]:
    """A program that keeps entries in `folder`, and its calls in a file there."""
    folder.mkdir(exist_ok=True)
    script = folder / "keep.py"
    script.write_text(KEEPING)
    return (sys.executable, "-S", str(script), str(folder))


@contextmanager
def place(kind: str, home: Path) -> Iterator[Open]:
    """One of them, for `home`."""
    match kind:
        case "file":
            yield lambda: CredentialsFile(home)
        case "keyring":
            with memory_ring():
                yield lambda: CredentialsKeyring(home)
        case "store":
            database = store_at(home) if home.exists() else new_store(home)
            yield lambda: CredentialsTable(database, Keys(KEY, (), home))
        case _:
            argv = keeping_program(home.with_name("kept"))
            yield lambda: CredentialsCommand(home, argv)


def scribble(kind: str, home: Path, account: str, text: str) -> None:
    """Put something else in the place of an account's entry, past the store."""
    match kind:
        case "file":
            path = home / "credentials.json"
            data = json.loads(path.read_text())
            data["accounts"][account] = text
            path.write_text(json.dumps(data))
        case "keyring":
            keyring.set_password(f"ttp {home.resolve()}", account, text)
        case "store":
            with store_at(home).writing() as db:
                key_id = db.execute("SELECT credentials_key FROM store").fetchone()[0]
                db.execute("DELETE FROM credential WHERE name = ?", (account,))
                db.execute("INSERT INTO credential (name, key_id, fields) VALUES (?, ?, ?)", (account, key_id, text))
        case _:
            (home.with_name("kept") / account.replace("/", "-")).write_text(text)
