"""Send a notification: to the desktop, with the user's program, by ntfy, or by Apprise to a stored address.

Each way has a time limit. A secret goes only to the host that it was stored for, encrypted or on this machine, and
is in no message.
"""

from __future__ import annotations

import base64
import html
import json
import os
import shutil
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from ttp.domain.account import Credentials, is_loopback
from ttp.domain.action import WayOut, action
from ttp.domain.config import Config
from ttp.domain.notification import NEEDED, OWN_WAYS
from ttp.domain.text import clean_text
from ttp.domain.time.clock import Clock
from ttp.platforms import user_program
from ttp.platforms.addresses import host_of, split_address

MOST_BYTES = 4000
"""Of a text for ntfy, which makes a file of a longer one."""
_CONNECT_S = 10.0
_CAP = 64_000
"""Most bytes that a program may print."""
_APPRISE = (sys.executable, "-P", "-m", "ttp.platforms.apprise_program")
_APPRISE_STARTS_S = 2.0


class SendingFailed(Exception):
    """A notification was not sent. `message`: why, without secrets. `fix`: what must be set or stored first."""

    def __init__(self, message: str, fix: WayOut | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A notification in words, and as JSON. `id` is the same in every try; `url`: its page, if there is one."""

    id: str
    title: str
    text: str
    data: Mapping[str, object]
    url: str = ""


class Notifiers:
    """Sends notifications by the settings."""

    def __init__(self, config: Config, clock: Clock) -> None:
        self._config = config
        self._clock = clock

    def check(self, name: str, secret: Credentials | None) -> str:
        """Return what a name in `notify.to` uses, after a look at the settings, the program, the name of the host or
        the stored address. Sends nothing. Raise SendingFailed."""
        self._check_settings(name, secret)
        if name not in OWN_WAYS:
            return self.service(secret.access_token if secret else "")
        if name != "ntfy":
            program = self._config.texts("notify.program")[0] if name == "program" else _desktop_program()
            if shutil.which(program) is None:
                raise SendingFailed(f"the program {clean_text(program)} is not there")
            return f"the program {clean_text(program)}"
        host = host_of_ntfy(self._config)
        try:
            socket.getaddrinfo(host, None)
        except (OSError, UnicodeError):
            raise SendingFailed(f"the host {clean_text(host)} cannot be found") from None
        return f"the host {clean_text(host)}"

    def send(self, name: str, out: Outgoing, secret: Credentials | None) -> None:
        """Send a notification. Raise SendingFailed."""
        self._check_settings(name, secret)
        value = secret.access_token if secret else ""
        match name:
            case "desktop":
                self._run(_desktop_argv(out.title, out.text, out.url))
            case "program":
                self._run(self._config.texts("notify.program"), _as_json(out) + b"\n")
            case "ntfy":
                self._post(self._config.text("notify.ntfy.url"), _cut(out.text), self._ntfy_headers(out, value), value)
            case _:
                self._ask_apprise(value, title=out.title, text=out.text, url=out.url)

    def service(self, address: str) -> str:
        """Return the name of the service that Apprise sends to for an address. Raise SendingFailed."""
        return clean_text(self._ask_apprise(address))

    def _ask_apprise(self, address: str, **message: str) -> str:
        if find_spec("apprise") is None:
            raise SendingFailed("it needs the extra notify", "pip install 'ttp-cli[notify]'")
        order = {"address": address, "limit_s": max(self._limit_s - _APPRISE_STARTS_S, 0.1), **message}
        try:
            answer = json.loads(self._run(_APPRISE, json.dumps(order).encode(), "Apprise"))
        except ValueError:
            raise SendingFailed("Apprise ended without an answer") from None
        if "error" in answer:
            raise SendingFailed(clean_text(answer["error"]))
        return str(answer["service"])

    def _check_settings(self, name: str, secret: Credentials | None) -> None:
        store = action("notify add", name)
        if name not in OWN_WAYS and secret is None:
            raise SendingFailed("no address is stored by this name", store)
        if name in NEEDED and not self._config[NEEDED[name]]:
            raise SendingFailed(f"{NEEDED[name]} is not set", action("config set", NEEDED[name], "VALUE"))
        if name != "ntfy":
            return
        for setting in ("notify.ntfy.url", "notify.ntfy.click"):
            if self._config[setting] and split_address(self._config.text(setting)) is None:
                example = "https://ntfy.example.com/topic"
                raise SendingFailed(
                    f"{setting} is not an address like {example}", action("config set", setting, "VALUE")
                )
        if secret is None:
            return
        host, token = host_of_ntfy(self._config), secret.access_token
        if secret.host and secret.host != host:
            raise SendingFailed(f"its secret is for {clean_text(secret.host)}, not for {clean_text(host)}", store)
        if not token.isprintable() or not token.isascii() or not token:
            raise SendingFailed("its secret is empty or has other characters than ASCII", store)
        if self._config.text("notify.ntfy.url").lower().startswith("http:") and not is_loopback(host):
            raise SendingFailed(f"its secret is sent encrypted only, and the connection to {clean_text(host)} is not")

    @property
    def _limit_s(self) -> float:
        return max(self._config.seconds("notify.timeout_s"), 0.1)

    def _run(self, argv: tuple[str, ...], given: bytes = b"", name: str = "") -> bytes:
        name = name or clean_text(Path(argv[0]).name)
        try:
            ended = user_program.run(argv, given=given, limit_s=self._limit_s, cap=_CAP)
        except user_program.NotStarted as error:
            raise SendingFailed(f"{name} cannot be started: {error}") from None
        except user_program.ProgramEnded as error:
            raise SendingFailed(f"{name} {error}") from None
        if ended.code:
            message = clean_text(ended.err.decode("utf-8", "replace"))
            raise SendingFailed(f"{name} ended with {ended.code}" + (f": {message}" if message else ""))
        return ended.out

    def _ntfy_headers(self, out: Outgoing, token: str) -> dict[str, str]:
        headers = {"Title": _header(out.title), "Content-Type": "text/plain; charset=utf-8"}
        if click := self._config.text("notify.ntfy.click") or out.url:
            headers["Click"] = click
        return {**headers, "Authorization": f"Bearer {token}"} if token else headers

    def _post(self, url: str, body: bytes, headers: Mapping[str, str], secret: str) -> None:
        from ttp.platforms.http import Http, Timeouts
        from ttp.platforms.reply import Answer

        limit = self._limit_s
        http = Http(url, Timeouts(min(_CONNECT_S, limit), limit, limit), self._clock, reuse_connections=False)
        try:
            reply = http.request("POST", url, headers=headers, content=body, secrets=(secret,) if secret else ())
        finally:
            http.close()
        if not isinstance(reply, Answer):
            raise SendingFailed(reply.message)
        if not 200 <= reply.status < 300:
            raise SendingFailed(
                clean_text(f"{http.host} answered {reply.status}: {reply.body}", (secret,) if secret else ())
            )


def host_of_ntfy(config: Config) -> str:
    """Return the host in `notify.ntfy.url`; empty without one."""
    return host_of(config.text("notify.ntfy.url"))


def _desktop_program() -> str:
    return "osascript" if sys.platform == "darwin" else "notify-send"


def _desktop_argv(title: str, text: str, url: str) -> tuple[str, ...]:
    if sys.platform == "darwin":
        text = f"{text}\n{url}" if url else text
        script = ("on run argv", "display notification (item 2 of argv) with title (item 1 of argv)", "end run")
        return ("osascript", *(word for line in script for word in ("-e", line)), title, text)
    # A notification's text may have markup, its title not.
    body, address = html.escape(text, quote=False), html.escape(url)
    if url:
        body += f'\n<a href="{address}">{address}</a>'
    argv = ("notify-send", "--app-name=ttp", "--", title, body)
    bus = Path(f"/run/user/{os.getuid()}/bus")
    if "DBUS_SESSION_BUS_ADDRESS" not in os.environ and bus.exists():  # under cron
        return ("env", f"DBUS_SESSION_BUS_ADDRESS=unix:path={bus}", *argv)
    return argv


def _header(text: str) -> str:
    """Return a text as the value of a header; with other characters than ASCII as RFC 2047 says."""
    if text.isascii() and text.isprintable() and "=?" not in text:
        return text
    return f"=?utf-8?b?{base64.b64encode(text.encode('utf-8', 'replace')).decode()}?="


def _cut(text: str) -> bytes:
    whole = text.encode("utf-8", "replace")
    return whole if len(whole) <= MOST_BYTES else whole[:MOST_BYTES].decode("utf-8", "ignore").encode() + "…".encode()


def _as_json(out: Outgoing) -> bytes:
    return json.dumps({"id": out.id, **out.data}).encode("ascii")
