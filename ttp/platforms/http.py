"""Requests by httpx: time-outs, caps, and the one translation of what went wrong.

Every request ends as an `Answer`, `Unsent` (proof that no byte left) or `Cut` (it may have arrived); nothing is raised
for what a network or a platform does. It never retries, follows no redirect, keeps no cookie, and sends a token to no
host but the one it was made for.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TypeAlias, TypedDict, Unpack

import httpx

from ttp import __version__
from ttp.domain.account import Account, Credentials, is_loopback, same_host
from ttp.domain.config import Config
from ttp.domain.outcome import Kind
from ttp.domain.text import clean_text
from ttp.domain.time.clock import Clock
from ttp.platforms import request_log, uploads
from ttp.platforms.addresses import host_of
from ttp.platforms.client import PublishRequest
from ttp.platforms.limits import RateLimiter
from ttp.platforms.outcomes import reconnect_hint
from ttp.platforms.reply import Answer, ConnectionLost, NotSent, Reply
from ttp.platforms.transport import Connections, Decompressor, loopback_tls_context, parse_url, redact, tls_context

JSON_CAP = 1_000_000
"""Most bytes of an answer with status 2xx, after decompression."""


ERROR_CAP = 64_000
"""Most bytes of any other answer, after decompression."""


JSON_TYPE = "application/json; charset=UTF-8"


_HEADERS = {
    "User-Agent": f"ttp/{__version__}",
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "Connection": "keep-alive",
}
"""Of every request."""


# At INFO httpx logs every URL, and TikTok's upload URLs are secrets.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to connect, to wait for an answer, and to wait while media bytes are sent."""

    connect: float
    read: float
    upload: float

    @classmethod
    def of(cls, config: Config) -> Timeouts:
        names = ("http.connect_timeout_s", "http.read_timeout_s", "http.upload_timeout_s")
        return cls(*(config.seconds(name) for name in names))

    def limits(self, *, uploading: bool, patience: float | None) -> dict[str, float]:
        """The time-outs of one request; `patience` shortens the wait for its answer."""
        waiting = self.upload if uploading else self.read
        waiting = waiting if patience is None else min(waiting, patience)
        return {"connect": self.connect, "read": waiting, "write": waiting, "pool": self.connect}


Authorization: TypeAlias = Callable[[Credentials, str, str, datetime], str]
"""From credentials, method, whole URL and now to the Authorization header."""


def bearer(held: Credentials, method: str, url: str, now: datetime) -> str:
    """Return the header of RFC 6750."""
    return f"Bearer {held.access_token}"


class Http:
    """Requests to one platform. Safe to use from several threads: each has its own connections.

    `gate` keeps to the platform's limits; `authorization` makes the header of requests with a token; `transport` takes
    the place of the network in tests.
    """

    def __init__(
        self,
        base_url: str,
        timeouts: Timeouts,
        clock: Clock,
        *,
        gate: RateLimiter | None = None,
        authorization: Authorization = bearer,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.host = host_of(base_url)
        self.is_loopback = is_loopback(self.host)
        self.gate = gate or RateLimiter(clock)
        self._timeouts = timeouts
        self._clock = clock
        self._authorization = authorization
        self._transport = transport
        self._mine = threading.local()
        self._wires: list[Connections] = []
        self._dates: dict[str, tuple[datetime, float]] = {}

    def request_for(
        self,
        request: PublishRequest,
        method: str,
        url: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        with_token: bool = True,
        urgent: bool = False,
        **parts: Unpack[RequestBody],
    ) -> Reply:
        """Make one request for an account and return its reply.

        `url` is a path below the base URL, or a whole URL for `with_token=False`. A call with the token that is known
        to be over one of the platform's limits is not made, unless it is `urgent`.
        """
        if with_token:
            refusal = self._refusal(request) or (None if urgent else self.gate.acquire(request, method, url))
            if refusal is not None:
                return refusal
            headers = {**(headers or {}), "Authorization": self._proof(request.credentials, method, url, query)}
        parts["content"] = uploads.with_progress(parts.get("content"), request)
        reply = self.request(
            method,
            url,
            query=query,
            headers=headers,
            account=request.account.name,
            secrets=_secrets(request.credentials),
            verbatim=False,
            **parts,
        )
        if (file := parts.get("file")) is not None and isinstance(reply, Answer):
            uploads.report_sent(request, len(file[1]))
        if with_token and isinstance(reply, Answer):
            self.gate.record_answer(request, method, url, reply)
        return reply

    def request(
        self,
        method: str,
        url: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        account: str = "",
        secrets: tuple[str, ...] = (),
        verbatim: bool = True,
        **parts: Unpack[RequestBody],
    ) -> Reply:
        """Make one request without adding a token, and return its reply.

        As `request_for`; `account` is whose platform time the answer tells, `secrets` are what no message may show.
        `verbatim`: they stay in the answer's data (a token endpoint may give the same token again).
        """
        content, file, sent = parts.get("content"), parts.get("file"), {**_HEADERS, **(headers or {})}
        if (value := parts.get("json")) is not None:
            content = _encoded(value)
            sent["Content-Type"] = JSON_TYPE
        limits = self._timeouts.limits(uploading=parts.get("uploading", False), patience=parts.get("patience"))
        address = url if "://" in url else self.base_url + url
        place, began = host_of(address), self._clock.boot()
        reply: Reply
        try:
            request = httpx.Request(
                method,
                parse_url(address),
                params=query,
                data=parts.get("form"),
                files=None if file is None else {file[0]: ("media", file[1], "application/octet-stream")},
                content=content,
                headers=sent,
                extensions={"timeout": limits},
            )
            request_log.log_request(request, account, secrets)
            with closing(self._wire().send(request)) as response:
                found = {name.lower(): value for name, value in response.headers.items()}
                date = self._noted(account, found.get("date"))
                body = self._body(response, found.get("content-encoding", ""), self._clock.boot() + limits["read"])
            reply = _answer(response.status_code, found, body, date, secrets, verbatim=verbatim)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
            # ProxyError: the tunnel to the platform was never opened (httpcore raises it there and nowhere else).
            reply = NotSent(clean_text(f"no connection to {place}: {_reason(error)}", secrets))
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            reply = NotSent(clean_text(f"not a usable address: {place or self.base_url}", secrets))
        except UnicodeError as error:
            reply = NotSent(clean_text(f"the request cannot be written: {_reason(error)}", secrets), Kind.CONTENT)
        except (httpx.HTTPError, httpx.StreamError, OSError) as error:
            # OSError: the media file could not be read to its end while it was being sent.
            reply = ConnectionLost(clean_text(f"the connection to {place} was cut: {_reason(error)}", secrets))
        request_log.log_answer(method, address, reply, self._clock.boot() - began, account, secrets)
        return reply

    def platform_at(self, account: str) -> datetime | None:
        """The platform's clock now: its last Date header for `account`, moved on by the time since. None before one."""
        date, boot = self._dates.get(account, (None, 0.0))
        return None if date is None else date + timedelta(seconds=max(self._clock.boot() - boot, 0.0))

    def close(self) -> None:
        """Close the connections of all threads, and store the known limits."""
        while self._wires:
            self._wires.pop().close()
        self._mine = threading.local()
        self.gate.memory.keep()

    def _wire(self) -> Connections:
        """The connections of the thread that asks."""
        wire: Connections | None = getattr(self._mine, "wire", None)
        if wire is None:
            certificates = tls_context() if self.base_url.startswith("https:") else loopback_tls_context()
            wire = Connections(certificates, self._clock.boot, proxies=not self.is_loopback, transport=self._transport)
            self._mine.wire = wire
            self._wires.append(wire)
        return wire

    def _refusal(self, request: PublishRequest) -> NotSent | None:
        """Why the order's credentials are not sent to this host; None when they may be."""
        host, token = request.credentials.host, request.credentials.access_token
        hint = reconnect_hint(request.account, request.credentials)
        if host and not same_host(host, self.host):
            return NotSent(clean_text(f"the credentials are for {host}, not for {self.host}"), Kind.AUTH, hint)
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            return NotSent("the access token is empty or has characters that no token has", Kind.AUTH, hint)
        return None

    def _proof(self, credentials: Credentials, method: str, url: str, query: Mapping[str, str] | None) -> str:
        whole = url if "://" in url else self.base_url + url
        with suppress(httpx.InvalidURL):  # the request itself ends as Unsent
            whole = str(httpx.URL(whole, params=query))
        return self._authorization(credentials, method, whole, self._clock.now())

    def _noted(self, account: str, header: str | None) -> datetime | None:
        date = parse_date(header)
        if date is not None:
            self._dates[account] = (date, self._clock.boot())
        return date

    def _body(self, response: httpx.Response, encoding: str, deadline: float) -> bytes | None:
        """The body after decompression; None where it is too long, damaged, or in an encoding that was not asked for.

        Raises httpx.ReadTimeout past `deadline` (boot time): a read time-out alone lets an answer drip for hours.
        """
        cap = JSON_CAP if response.is_success else ERROR_CAP
        whole = bytearray()
        decode = Decompressor(encoding.strip().lower())
        # The raw stream: httpx's own decoders unpack each chunk without a bound.
        assert isinstance(response.stream, httpx.SyncByteStream)
        for chunk in response.stream:
            piece = decode(chunk, cap + 1 - len(whole))
            if piece is None or len(whole) + len(piece) > cap:
                return None
            whole += piece
            if self._clock.boot() > deadline:
                raise httpx.ReadTimeout("the answer took too long")
        return bytes(whole)


class HttpByServer:
    """One `Http` for each server that accounts live on. Safe to use from several threads."""

    def __init__(self, connect: Callable[[str | None], Http]) -> None:
        self._connect = connect
        self._made: dict[str | None, Http] = {}
        self._making = threading.Lock()

    def of(self, account: Account) -> Http:
        """Return the connections to the account's server."""
        with self._making:
            if account.server not in self._made:
                self._made[account.server] = self._connect(account.server)
            return self._made[account.server]

    def close(self) -> None:
        """Close all connections."""
        while self._made:
            self._made.popitem()[1].close()


def _answer(
    status: int,
    headers: Mapping[str, str],
    body: bytes | None,
    date: datetime | None,
    secrets: tuple[str, ...],
    *,
    verbatim: bool,
) -> Answer:
    data: object = None
    shown = redact(body, secrets)
    told = body if verbatim else shown
    try:
        data = json.loads(told, parse_constant=_no_number) if told else None
    except (ValueError, RecursionError):
        data = None
    text = "(a body that is too long or damaged)" if shown is None else shown[:400].decode("utf-8", "replace")
    return Answer(status, headers, data, text, date, secrets)


def _no_number(text: str) -> float:
    """Refuse NaN and the infinities: they are not JSON."""
    raise ValueError(f"{text} is no number")


def _encoded(value: object) -> bytes:
    # ASCII: a lone surrogate in a text becomes an escape that the platform can refuse, not an exception here.
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def _secrets(held: Credentials) -> tuple[str, ...]:
    return tuple(s for s in (held.access_token, held.refresh_token, held.client_secret, held.token_secret) if s)


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


FIRST_YEAR, LAST_YEAR = 2020, 2100
"""A Date header outside these years is wrong."""


def parse_date(header: str | None) -> datetime | None:
    """The aware UTC instant of a Date header; None for a missing or unreadable one."""
    try:
        date = parsedate_to_datetime(header or "")
        date = (date if date.tzinfo is not None else date.replace(tzinfo=UTC)).astimezone(UTC)
        return date if FIRST_YEAR <= date.year < LAST_YEAR else None
    except (ValueError, TypeError, OverflowError):
        return None


class RequestBody(TypedDict, total=False):
    """A request's body: `json`, or `form` fields with or without one multipart `file` (field name, bytes), or
    `content`. `patience`: seconds to wait for the answer where that is less than usual."""

    json: object
    form: Mapping[str, str] | None
    file: tuple[str, bytes] | None
    content: bytes | Iterable[bytes] | None
    uploading: bool
    patience: float | None
