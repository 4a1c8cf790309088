"""Tokens kept by a user's program, such as a password manager. docs/how-to/credentials.md has an example.

`PROGRAM get NAME` prints an entry as JSON, or exits with 1 and no output if it has none. `put NAME` reads an entry,
`remove NAME` deletes it, `list` prints the names. Any other exit is a failure; its first line of stderr is shown.
"""

from __future__ import annotations

from pathlib import Path

from ttp.domain.account import Credentials
from ttp.domain.errors import Hint, UsageError
from ttp.store.credentials.backend import BackendUnavailable, credentials_of, secrets_of, text_of
from ttp.store.home.user_program import ProgramResult, ProgramTimeout, run

LIMIT_S = 60.0
"""Maximum duration of one call: a person may have to touch a key. Never spent inside a transaction."""
NONE = 1
"""The exit code for a missing entry, without output."""


class CredentialsCommand:
    """A CredentialsStore of the entries kept by the program. Raises UsageError if no program is configured."""

    def __init__(self, home: Path, argv: tuple[str, ...], *, limit_s: float = LIMIT_S) -> None:
        if not argv:
            raise UsageError(
                "credentials.backend is command, and credentials.command names no program",
                Hint("fix", 'credentials.command = ["/home/me/bin/ttp-pass"]'),
            )
        self._home = home
        self._argv = argv
        self._limit_s = limit_s
        self._place = Path(argv[0]).name

    def get(self, account: str) -> Credentials | None:
        ended = self._run("get", account.lower())
        if ended.code == NONE and not ended.out.strip() and not ended.said:
            return None
        self._expect(ended, f"get {account}")
        return credentials_of(ended.out.decode("utf-8", "replace"), account, f"the answer of {self._place}")

    def put(self, account: str, credentials: Credentials) -> None:
        ended = self._run("put", account.lower(), given=text_of(credentials), secrets=secrets_of(credentials))
        self._expect(ended, f"put {account}")

    def remove(self, account: str) -> None:
        ended = self._run("remove", account.lower())
        if ended.code != NONE or ended.out.strip() or ended.said:
            self._expect(ended, f"remove {account}")

    def check(self) -> str:
        ended = self._run("list")
        self._expect(ended, "list")
        return f"{self._place}, {len(ended.out.split())} entries"

    def _run(self, *words: str, given: str | None = None, secrets: tuple[str, ...] = ()) -> ProgramResult:
        argv = [*self._argv, *words]
        try:
            return run(
                argv, given, setting="credentials.command", home=self._home, limit_s=self._limit_s, secrets=secrets
            )
        except ProgramTimeout as why:
            raise BackendUnavailable(why.message) from None

    def _expect(self, ended: ProgramResult, what: str) -> None:
        if ended.code != 0:
            raise BackendUnavailable(f"{self._place} {what} {ended.failure}")
