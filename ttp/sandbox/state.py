"""The general switches of the sandbox, and the form that those of each platform have too."""

from __future__ import annotations

import json
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import MISSING, Field, asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias, TypeVar, cast

from ttp.sandbox.media import Pictures
from ttp.sandbox.records import DAY_MS, LoginCode, Record, SandboxAccount, SandboxApp, SandboxPost


def switch(default: Any, about: str) -> Any:
    """Declare a field of a dataclass as a switch: its value at the start and its help."""
    return field(default=default, metadata={"about": about})


@dataclass(slots=True, kw_only=True)
class Settings:
    """The switches that hold for all platforms. The sandbox's `State` is one of these."""

    processing_s: float = switch(1.0, "how long a video is processed, in seconds; an image may take less")
    lag_s: float = switch(0.0, "how long a new post is missing from the platforms' own lists")
    auto_approve: bool = switch(False, "log in without asking, instead of showing the consent page")
    limits: dict[str, int] = field(
        default_factory=dict,
        metadata={"about": "name -> most calls, instead of the platforms' own limits (GET /_sandbox/limits)"},
    )
    trouble: dict[str, str] = field(
        default_factory=dict, metadata={"about": "platform -> name of a refusal that holds for all its accounts"}
    )
    access_s: float | None = switch(None, "how long access tokens live, in seconds. null: as on the platform")


def switches_of(kind: type[Any]) -> Iterator[Field[Any]]:
    """Yield the switches of a dataclass that has them."""
    return (known for known in fields(kind) if "about" in known.metadata)


def default_of(known: Field[Any]) -> Any:
    """Return the value of a switch at the start."""
    return known.default if known.default_factory is MISSING else known.default_factory()


def is_valid(known: Field[Any], value: object) -> bool:
    """Return whether a switch may have this JSON value."""
    match default_of(known):
        case bool():
            return type(value) is bool
        case None if value is None:
            return True
        case int() | float() | None:
            return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
        case str():
            return isinstance(value, str)
        case tuple():
            return isinstance(value, list) and all(isinstance(text, str) for text in value)
        case _:
            return isinstance(value, dict)


def describe_type(known: Field[Any]) -> str:
    """Return the name of the JSON type of a switch."""
    kinds = {bool: "bool", str: "a text", tuple: "a list of texts", dict: "dict"}
    return kinds.get(type(default_of(known)), "a number")


T = TypeVar("T")


A = TypeVar("A", bound=SandboxAccount)


Now: TypeAlias = Callable[[], datetime]


Answered: TypeAlias = tuple[str, str, int]
"""Method, path without its query, status."""


REFRESH_MS = 180 * DAY_MS
"""Life of a refresh token, where none is documented."""


UNLIMITED = 1_000_000_000
"""The limit of an account without limits. Answers have headers for it, but nothing reaches it."""


def wall_clock() -> datetime:
    """Return the time of the machine's clock."""
    return datetime.now(UTC)


@dataclass(slots=True)
class State(Settings):
    """Everything the sandbox knows. `now` is the platforms' clock, which may differ from the machine's."""

    now: Now = wall_clock
    address: str = "127.0.0.1:8700"
    """Host and port of the sandbox."""
    storage: Storage | None = None
    apps: dict[str, SandboxApp] = field(default_factory=dict)
    accounts: dict[str, SandboxAccount] = field(default_factory=dict)
    posts: dict[str, SandboxPost] = field(default_factory=dict)
    records: dict[type, dict[str, Record]] = field(default_factory=dict)
    """Records of one platform, by kind and id."""
    pieces: dict[str, dict[int, bytes]] = field(default_factory=dict)
    """Received bytes of unfinished uploads, by upload and position."""
    login_codes: dict[str, LoginCode] = field(default_factory=dict)
    pictures: Pictures = field(default_factory=Pictures)
    windows: dict[tuple[str, str, int], tuple[float, int]] = field(default_factory=dict)
    """Start and calls of each window that `count_calls` opened."""
    answered: deque[Answered] = field(default_factory=lambda: deque(maxlen=10_000))
    """The newest requests to the platforms."""
    parts: dict[type, Any] = field(default_factory=dict)

    def now_ms(self) -> int:
        """Return the sandbox's time in milliseconds since 1970."""
        return int(self.now().timestamp() * 1000)

    def part(self, kind: type[T]) -> T:
        """Return the one object of a class that a platform adds to the state, such as its switches."""
        return cast(T, self.parts.setdefault(kind, kind()))

    def table(self, kind: type[T]) -> dict[str, T]:
        """Return a platform's records of one kind, by id."""
        return cast(dict[str, T], self.records.setdefault(kind, {}))

    def save(self, *records: Record) -> None:
        """Remember new or changed records. A state folder gets them in one transaction."""
        for record in records:
            match record:
                case SandboxApp():
                    self.apps[record.id] = record
                case SandboxAccount():
                    self.accounts[record.id] = record
                case SandboxPost():
                    self.posts[record.id] = record
                case _:
                    self.table(type(record))[record.id] = record
        if self.storage is not None:
            self.storage.write(records)

    def insert(self, post: SandboxPost) -> None:
        """Save a post of the past at its place in time."""
        self.save(post)
        self.posts = {p.id: p for p in sorted(self.posts.values(), key=lambda p: p.at_ms)}

    def limit(self, name: str, default: int, account: SandboxAccount | None = None) -> int:
        """Return how often something may be done, by a setting or by default."""
        return UNLIMITED if account is not None and not account.limited else self.limits.get(name, default)

    def count_calls(self, account: str, endpoint: str, window_s: int, calls: int = 1) -> tuple[int, int]:
        """Count calls of an account to an endpoint. The first one opens a window. Return the calls in it, these
        included, and its end in epoch seconds."""
        now_s = self.now_ms() / 1000
        start, used = self.windows.get((account, endpoint, window_s), (now_s, 0))
        if not start <= now_s < start + window_s:
            start, used = now_s, 0
        self.windows[account, endpoint, window_s] = (start, used + calls)
        return used + calls, int(start) + window_s

    def trouble_of(self, account: SandboxAccount) -> str:
        """Return the name of the refusal that holds for an account now; empty for none."""
        return account.trouble or self.trouble.get(account.platform, "")

    def close(self) -> None:
        if self.storage is not None:
            self.storage.close()

    def accounts_of(self, kind: type[A]) -> Iterator[A]:
        return (account for account in self.accounts.values() if isinstance(account, kind))

    def account(self, kind: type[A], name: str) -> A:
        found = self.accounts[name]
        assert isinstance(found, kind)
        return found

    def find_by_token(self, kind: type[A], token: str) -> A | None:
        """Return the account whose current access token this is. It may have ended."""
        return next((a for a in self.accounts_of(kind) if token and a.accepts(token)), None)

    def find_by_refresh_token(self, kind: type[A], token: str) -> A | None:
        """Return the account that this refresh token still renews."""
        found = (a for a in self.accounts_of(kind) if token and a.refresh_token == token)
        return next((a for a in found if a.refresh_expires_ms > self.now_ms()), None)

    def visible_posts(self, account: str | None = None) -> Iterator[SandboxPost]:
        """Yield what followers see, oldest first: of one account, or of all."""
        return (p for p in self.posts.values() if not p.deleted and account in (None, p.account))

    def listed_posts(self, account: str | None = None) -> list[SandboxPost]:
        """Return what the platform's own list of an account's posts, or of all, shows by now, newest first."""
        until = self.now_ms() - int(self.lag_s * 1000)
        return [p for p in self.visible_posts(account) if p.at_ms <= until][::-1]


def renew_tokens(state: State, account: A, issued_ms: int | None = None) -> A:
    """Return the account with new tokens, issued now or at `issued_ms`. The old ones end once it is saved."""
    issued = state.now_ms() if issued_ms is None else issued_ms
    life = account.access_ms if state.access_s is None else int(state.access_s * 1000)
    tokens: dict[str, Any] = dict(account.new_tokens())
    refresh_ends = issued + REFRESH_MS if tokens.get("refresh_token") else 0
    return replace(account, **tokens, issued_ms=issued, expires_ms=issued + life, refresh_expires_ms=refresh_ends)


def grant_tokens(state: State, kind: type[A], code: LoginCode) -> A:
    """Return the account that a login code is for, with the app's id and new tokens of the approved scopes."""
    app, account = state.apps[code.app], state.account(kind, code.account)
    account = replace(account, scopes=code.scopes, client_id=app.id, client_secret=app.secret)
    return renew_tokens(state, account)


def open_state(folder: Path | None = None, now: Now = wall_clock, kinds: Iterable[type] = ()) -> State:
    """Open the state kept in `folder` (created if missing), or an empty one in memory. `kinds` are the platforms'
    records. Unfinished uploads start again at zero, as their bytes are not kept."""
    state = State(now=now)
    if folder is not None:
        storage = Storage(folder)
        state.save(*storage.read((SandboxApp, SandboxPost, *kinds)))
        state.posts = {p.id: p for p in sorted(state.posts.values(), key=lambda p: p.at_ms)}
        state.storage = storage
    return state


VERSION = 3
"""Raised whenever records change their fields."""


class OldState(ValueError):
    """A state folder that another version of the sandbox wrote."""


class Storage:
    """The records of a state folder, in the order they were first written."""

    def __init__(self, folder: Path) -> None:
        """Open `folder/sandbox.db`, creating both if missing. Raises OSError or OldState."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "sandbox.db"
        try:
            # The server runs in one thread, but not always in the one that opened the file.
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode = WAL")
            ((version,),) = self._db.execute("PRAGMA user_version")
            if version != VERSION and self._db.execute("SELECT 1 FROM sqlite_schema").fetchone():
                self._db.close()
                raise OldState(f"{folder} was written by another version of the sandbox. Use another folder.")
            self._db.execute(f"PRAGMA user_version = {VERSION}")
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS record"
                " (seq INTEGER PRIMARY KEY, kind TEXT, id TEXT, data TEXT, UNIQUE (kind, id))"
            )
        except sqlite3.Error as error:
            raise OSError(f"{path}: {error}") from error

    def write(self, records: Iterable[Any]) -> None:
        """Write new or changed records in one transaction. Each is a dataclass with an `id`."""
        rows = [(type(record).__name__, record.id, json.dumps(asdict(record))) for record in records]
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany(
            "INSERT INTO record (kind, id, data) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET data = excluded.data", rows
        )
        self._db.execute("COMMIT")

    def read(self, kinds: Iterable[type[Any]]) -> Iterator[Any]:
        """Yield every record of these dataclasses. Lists become tuples."""
        named = {kind.__name__: kind for kind in kinds}
        for kind, data in self._db.execute("SELECT kind, data FROM record ORDER BY seq"):
            yield named[kind](**{k: tuple(v) if isinstance(v, list) else v for k, v in json.loads(data).items()})

    def close(self) -> None:
        self._db.close()
