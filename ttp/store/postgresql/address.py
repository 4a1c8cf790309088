"""Log in to a store's database: read the address in the settings, and find what it leaves out."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from ttp.domain.account import is_loopback
from ttp.domain.action import action
from ttp.domain.errors import Busy, Hint, UsageError
from ttp.domain.store_url import EXAMPLE, hide_password, passwords_in
from ttp.store.home.user_program import run

_DEFAULTS = {
    "application_name": "ttp",
    "connect_timeout": "10",
    # The end of a host or network is noticed within 11 seconds.
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "11000",
}
_PASSWORD_LIMIT_S = 60.0
"""Maximum duration of `store.password_command`: a person may have to touch a key."""


def read_address(url: str) -> dict[str, str]:
    """Return the parameters of libpq for an address. Raises UsageError."""
    try:
        given = {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
        if wrong := next((port for port in given.get("port", "").split(",") if port and not port.isdecimal()), None):
            raise psycopg.ProgrammingError(f'invalid port "{wrong}"')
    except psycopg.ProgrammingError as error:
        why = " ".join(str(error).split())
        for secret in passwords_in(url):
            why = why.replace(secret, "…")
        raise UsageError(
            f"the address {hide_password(url)} of the store cannot be read: {why}", Hint("try", action("init", EXAMPLE))
        ) from None
    return {**_DEFAULTS, **_tls(given), **given}


def _tls(given: Mapping[str, str]) -> dict[str, str]:
    """Return how the server is verified: always, unless the address says otherwise, but for this machine's own."""
    hosts = (given.get("hostaddr") or given.get("host") or "").split(",")
    if all(not host or host.startswith(("/", "@")) or is_loopback(host) for host in hosts):
        return {}
    wanted = {"sslmode": "verify-full"}
    if given.get("sslmode", "verify-full") == "verify-full" and not (Path.home() / ".postgresql/root.crt").exists():
        wanted["sslrootcert"] = ssl.get_default_verify_paths().cafile or "system"
    return wanted


def ask_password(command: Sequence[str], home: Path) -> str:
    """Return what the program of `store.password_command` prints. Raises Busy, NotFound."""
    ended = run(command, None, setting="store.password_command", home=home, limit_s=_PASSWORD_LIMIT_S)
    password = ended.out.decode("utf-8", "replace").rstrip("\r\n")
    if ended.code != 0 or not password:
        raise Busy(
            f"the program of store.password_command {ended.failure}",
            Hint("see", action("config get", "store.password_command")),
        )
    return password
