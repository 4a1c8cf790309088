"""The address of the server that runs commands, and the token for it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ttp.cli.system_zone import system_zone
from ttp.domain.account import is_loopback
from ttp.domain.errors import Hint, NotAllowed, UsageError
from ttp.domain.server.api_token import DIGITS, PREFIX

if TYPE_CHECKING:
    from ttp.domain.config import Config

_TOKEN = re.compile(rf"{PREFIX}[0-9a-f]{{{DIGITS}}}")
_EXAMPLE = Hint("try", "TTP_SERVER=https://ttp.example.org ttp status")


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """`url`: where requests go; `socket`: the Unix socket, if it is one; `shown`: as messages name it."""

    url: str
    shown: str
    token: str = field(repr=False)
    socket: str | None = None


def find_address(config: Config, environ: Mapping[str, str] = os.environ) -> ServerAddress:
    """Return the server that TTP_SERVER or `server.url` names, with the token. UsageError, NotAllowed."""
    typed = environ.get("TTP_SERVER") or config.text("server.url")
    url, path = _parse(typed, allow_http=bool(config["server.allow_http"]))
    # A token from the config goes to the address there, and to no other that a variable names.
    own = typed == config.text("server.url")
    return ServerAddress(url, typed if path else url, _token(config if own else None, environ), path)


def _parse(typed: str, *, allow_http: bool) -> tuple[str, str | None]:
    """Return the base URL and the socket of an address. UsageError."""
    try:
        parts = urlsplit(typed)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise _no_address(typed) from None
    if parts.scheme == "unix":
        if parts.netloc or not parts.path.startswith("/") or parts.query or parts.fragment:
            raise _no_address(typed)
        return "http://localhost", parts.path
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment or port == 0:
        raise _no_address(typed)
    if parts.username is not None or parts.password is not None:
        raise UsageError("the address of a server has no name and password: the token is TTP_TOKEN")
    if parts.path.strip("/"):
        raise UsageError(
            f"{typed} has a path, and ttp serve is at the root of its address",
            Hint("try", f"TTP_SERVER={parts.scheme}://{parts.netloc} ttp status"),
        )
    if parts.scheme == "http" and not is_loopback(host) and not allow_http:
        raise UsageError(
            f"{typed} has no TLS, so anybody on the way could read the token",
            Hint("try", f"TTP_SERVER=https://{parts.netloc} ttp status"),
            Hint("fix", "ttp config set server.allow_http true"),
        )
    return f"{parts.scheme}://{parts.netloc}", None


def _no_address(typed: str) -> UsageError:
    host = typed.partition(":")[0]
    meant = f"{'http' if is_loopback(host) else 'https'}://{typed}"
    is_bare = re.fullmatch(r"[A-Za-z0-9.-]+\.[A-Za-z0-9-]+(:[0-9]{1,5})?|localhost(:[0-9]{1,5})?", typed)
    way = Hint("try", f"TTP_SERVER={meant} ttp status") if is_bare else _EXAMPLE
    return UsageError(f'"{typed}" is not the address of a server', way)


def _token(config: Config | None, environ: Mapping[str, str]) -> str:
    """Return the token: TTP_TOKEN, else the file of TTP_TOKEN_FILE, else that of `server.token_file`. NotAllowed."""
    token, source = environ.get("TTP_TOKEN", "").strip(), "TTP_TOKEN"
    if not token:
        source = environ.get("TTP_TOKEN_FILE", "")
        if not source and config is not None:
            source = config.text("server.token_file")
        if not source:
            raise NotAllowed(
                "the server needs a token",
                Hint("fix", "export TTP_TOKEN_FILE=FILE"),
                Hint("see", "docs/how-to/remote.md"),
            )
        token = _read(source)
    if not _TOKEN.fullmatch(token):
        raise UsageError(f"{source} is not a token of ttp ({PREFIX} and {DIGITS} hex digits)")
    return token


def _read(name: str) -> str:
    """Return the text of a token file. UsageError if it cannot be read, Busy if others can read it."""
    from ttp.store.home.files import expand_user, read_text, refuse_loose_modes

    path = expand_user(name, "TTP_TOKEN_FILE")
    try:
        refuse_loose_modes(path)
        return read_text(path).strip()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        raise UsageError(f"the token file {name} cannot be read: {why}") from None


def zone_variables(config: Config, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables that bring this machine's zone to a server."""
    from ttp.domain.time.zones import load_zone

    name = system_zone(environ).zone.key
    variables = {"TZ": name} if load_zone(name) is not None else {}
    own = environ.get("TTP_TZ") or config.text("timezone")
    return {**variables, "TTP_TZ": own} if own else variables
