"""Send a notification: to the desktop, by ntfy, by mail, as a webhook, or with the user's program.

Each way has a time limit. A secret goes only to the host that it was stored for, encrypted or on this machine, and
is in no message.
"""

from __future__ import annotations

import base64
import binascii
import html
import json
import os
import shutil
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from ttp.domain.account import is_loopback
from ttp.domain.config import Config
from ttp.domain.text import clean_text
from ttp.domain.time.clock import Clock
from ttp.platforms import user_program
from ttp.platforms.addresses import host_of, split_address

if TYPE_CHECKING:
    from smtplib import SMTP

Sign: TypeAlias = Callable[[Sequence[str], str, str, datetime], Mapping[str, str]]
"""Maps secrets, the message's id, its body and the time to its headers."""
MOST_BYTES = 4000
"""Of a text for ntfy, which makes a file of a longer one."""
_CONNECT_S = 10.0
_CAP = 64_000
"""Most bytes that a program may print."""
_SIGNING = "whsec_"
"""Begins a signing secret of Standard Webhooks."""
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "desktop": (),
    "ntfy": ("notify.ntfy.url",),
    "email": ("notify.email.host", "notify.email.from", "notify.email.to"),
    "webhook": ("notify.webhook.url",),
    "command": ("notify.command",),
}


class SendingFailed(Exception):
    """A notification was not sent. `message`: why, without secrets. `setting`: what must be set first; `needs_secret`:
    a secret must be stored first."""

    def __init__(self, message: str, *, setting: str = "", needs_secret: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.setting = setting
        self.needs_secret = needs_secret


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A notification in words, and as JSON. `id` is the same in every try; `url`: its page, if there is one."""

    id: str
    title: str
    text: str
    data: Mapping[str, object]
    url: str = ""


@dataclass(frozen=True, slots=True)
class Secret:
    """`host`: the only one that gets it; empty: that of the settings."""

    value: str = field(repr=False)
    host: str = ""


def host_of_kind(kind: str, config: Config) -> str:
    """Return the host that notifications of a kind are sent to; empty for a program."""
    if kind == "email":
        return config.text("notify.email.host").lower()
    return host_of(config.text(f"notify.{kind}.url")) if kind in ("ntfy", "webhook") else ""


class Notifiers:
    """Sends notifications by the settings."""

    def __init__(self, config: Config, clock: Clock, sign: Sign) -> None:
        """`sign`: makes the headers of a webhook."""
        self._config = config
        self._clock = clock
        self._sign = sign

    def check(self, kind: str, secret: Secret | None) -> str:
        """Return what a kind uses, after a look at the settings, the program and the name of the host. Sends nothing.
        Raise SendingFailed."""
        self._check_settings(kind, secret)
        if kind in ("desktop", "command"):
            name = self._config.texts("notify.command")[0] if kind == "command" else _desktop_program()
            if shutil.which(name) is None:
                raise SendingFailed(f"the program {clean_text(name)} is not there")
            return f"the program {clean_text(name)}"
        host = host_of_kind(kind, self._config)
        try:
            socket.getaddrinfo(host, None)
        except (OSError, UnicodeError):
            raise SendingFailed(f"the host {clean_text(host)} cannot be found") from None
        return f"the host {clean_text(host)}"

    def send(self, kind: str, out: Outgoing, secret: Secret | None) -> None:
        """Send a notification. Raise SendingFailed."""
        self._check_settings(kind, secret)
        value = secret.value if secret else ""
        match kind:
            case "desktop":
                self._run(_desktop_argv(out.title, out.text, out.url))
            case "command":
                self._run(self._config.texts("notify.command"), _as_json(out) + b"\n")
            case "ntfy":
                self._post(self._config.text("notify.ntfy.url"), _cut(out.text), self._ntfy_headers(out, value), value)
            case "webhook":
                self._call(out, value)
            case _:
                self._mail(out, value)

    def _check_settings(self, kind: str, secret: Secret | None) -> None:
        for name in _NEEDED[kind]:
            if not self._config[name]:
                raise SendingFailed(f"{name} is not set", setting=name)
        host = host_of_kind(kind, self._config)
        if kind in ("ntfy", "webhook"):
            name = f"notify.{kind}.url"
            for setting in (name, "notify.ntfy.click") if kind == "ntfy" else (name,):
                if self._config[setting] and split_address(self._config.text(setting)) is None:
                    raise SendingFailed(
                        f"{setting} is not an address like https://{kind}.example.com/topic", setting=name
                    )
        if secret is None:
            if kind == "webhook" or (kind == "email" and self._config.text("notify.email.user")):
                raise SendingFailed("its secret is not stored", needs_secret=True)
            return
        if secret.host and secret.host != host:
            raise SendingFailed(
                f"its secret is for {clean_text(secret.host)}, not for {clean_text(host)}", needs_secret=True
            )
        if not secret.value.isprintable() or not secret.value.isascii() or not secret.value:
            raise SendingFailed("its secret is empty or has other characters than ASCII", needs_secret=True)
        if kind == "webhook":
            _check_signing_secret(secret.value)
        plain = (
            self._config.text("notify.email.security") == "none"
            if kind == "email"
            else self._config.text(f"notify.{kind}.url").lower().startswith("http:")
        )
        if plain and kind != "webhook" and not is_loopback(host):
            raise SendingFailed(f"its secret is sent encrypted only, and the connection to {clean_text(host)} is not")

    @property
    def _limit_s(self) -> float:
        return max(self._config.seconds("notify.timeout_s"), 0.1)

    def _run(self, argv: tuple[str, ...], given: bytes = b"") -> None:
        name = clean_text(Path(argv[0]).name)
        try:
            ended = user_program.run(argv, given=given, limit_s=self._limit_s, cap=_CAP)
        except user_program.NotStarted as error:
            raise SendingFailed(f"{name} cannot be started: {error}") from None
        except user_program.ProgramEnded as error:
            raise SendingFailed(f"{name} {error}") from None
        if ended.code:
            message = clean_text(ended.err.decode("utf-8", "replace"))
            raise SendingFailed(f"{name} ended with {ended.code}" + (f": {message}" if message else ""))

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

    def _call(self, out: Outgoing, secret: str) -> None:
        from ttp.platforms.webhook_call import post

        data = dict(out.data)
        body = json.dumps({"type": data.pop("event", ""), "timestamp": data.pop("at", ""), "data": data})
        try:
            headers = self._sign([secret], out.id, body, self._clock.now())
        except ImportError:
            raise SendingFailed("it needs an extra:  pip install 'ttp-cli[server]'") from None
        url = self._config.text("notify.webhook.url")
        if (failed := post(url, body.encode(), headers, private=True).message) is not None:
            raise SendingFailed(f"{clean_text(host_of_kind('webhook', self._config))} {failed}")

    def _mail(self, out: Outgoing, password: str) -> None:
        import smtplib
        from email.message import EmailMessage
        from email.utils import format_datetime, make_msgid

        from ttp.platforms.transport import tls_context

        host, port = self._config.text("notify.email.host"), self._config.count("notify.email.port")
        security, user = self._config.text("notify.email.security"), self._config.text("notify.email.user")
        mail = EmailMessage()
        try:
            mail["From"] = self._config.text("notify.email.from")
            mail["To"] = ", ".join(self._config.texts("notify.email.to"))
            mail["Subject"] = out.title
            mail["Date"] = format_datetime(self._clock.now())
            mail["Message-ID"] = make_msgid(domain="ttp.invalid")
            mail["Auto-Submitted"] = "auto-generated"
            mail.set_content(f"{out.text}\n\n{out.url}" if out.url else out.text)
            with self._smtp(host, port, security) as smtp:
                if security == "starttls":
                    smtp.starttls(context=tls_context())
                if user:
                    smtp.login(user, password)
                smtp.send_message(mail)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            hidden = (password, base64.b64encode(password.encode()).decode()) if password else ()
            raise SendingFailed(clean_text(f"{host}: {_reason(error)}", hidden)) from None

    def _smtp(self, host: str, port: int, security: str) -> SMTP:
        import smtplib

        from ttp.platforms.transport import tls_context

        # Without a name smtplib asks the DNS for one, which may take long.
        name, limit = "[127.0.0.1]", min(_CONNECT_S, self._limit_s)
        if security == "tls":
            return smtplib.SMTP_SSL(host, port, name, timeout=limit, context=tls_context())
        return smtplib.SMTP(host, port, name, timeout=limit)


def _reason(error: Exception) -> str:
    answer = getattr(error, "smtp_error", None)
    if isinstance(answer, bytes):
        return f"{getattr(error, 'smtp_code', '')} {answer.decode('utf-8', 'replace')}".strip()
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


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


def _check_signing_secret(secret: str) -> None:
    try:
        key = base64.b64decode(secret.removeprefix(_SIGNING), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(_SIGNING) or len(key) < 16:
        raise SendingFailed(f"its secret is not {_SIGNING} and 16 bytes or more in base64", needs_secret=True)
