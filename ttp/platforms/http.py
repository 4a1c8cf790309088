"""HTTP requests with httpx: timeouts, size limits, and one translation of errors.

Every request ends as an `Answer`, `NotSent` (no byte left this machine) or `ConnectionLost` (it may have arrived).
Nothing is raised for errors of the network or the platform. No retries, no redirects, no cookies. A token is sent only
to the host it was issued for.
"""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache, partial
from typing import Any, Generic, TypeAlias, TypedDict, TypeVar, Unpack

import httpx

from ttp import __version__
from ttp.domain.account import Account, Credentials, host_mismatch, is_loopback
from ttp.domain.config import Config
from ttp.domain.publishing.outcome import Kind, NotDone, Unclear, Unknown
from ttp.domain.text import clean_text, storable
from ttp.domain.time.clock import Clock
from ttp.platforms import uploads
from ttp.platforms.addresses import host_of, is_plain
from ttp.platforms.client import PublishRequest
from ttp.platforms.limits import RateLimiter
from ttp.platforms.reply import (
    Answer,
    ConnectionLost,
    NotSent,
    Reply,
    as_failure,
    as_outcome,
    as_unclear,
    reconnect_hint,
)
from ttp.platforms.transport import Connections, Decompressor, loopback_tls_context, parse_url, redact, tls_context

JSON_CAP = 1_000_000
"""Maximum bytes of a 2xx answer, after decompression."""
ERROR_CAP = 64_000
"""Maximum bytes of any other answer, after decompression."""
JSON_TYPE = "application/json; charset=UTF-8"
_HEADERS = {
    "User-Agent": f"ttp/{__version__}",
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
}
"""Headers of every request."""
_ENCODER = json.JSONEncoder(separators=(",", ":"))


# At INFO httpx logs every URL, and TikTok's upload URLs are secrets.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to connect, to wait for an answer, to wait while media bytes are sent, and for a slow answer."""

    connect: float
    read: float
    upload: float
    slow: float = 0.0

    @classmethod
    def of(cls, config: Config, slow: float = 0.0) -> Timeouts:
        connect, read, upload = (config.seconds(f"http.{name}_timeout_s") for name in ("connect", "read", "upload"))
        return cls(connect, read, upload, slow)

    def limits(self, parts: HttpBody) -> dict[str, float]:
        """Return the timeouts of one request."""
        waiting = self.upload if parts.get("uploading") else self.read
        waiting = max(waiting, self.slow) if parts.get("slow") else waiting
        waiting = waiting if (patience := parts.get("patience")) is None else min(waiting, patience)
        return {"connect": self.connect, "read": waiting, "write": waiting, "pool": self.connect}


Authorization: TypeAlias = Callable[[Credentials, str, str, datetime], str]
"""Maps credentials, method, complete URL and the time to the Authorization header."""


def is_private(host: str) -> bool:
    """Return whether a host has an address that is not on the public internet."""
    from ttp.platforms.download import private_address

    return private_address(host, 443) is not None


def bearer(credentials: Credentials, method: str, url: str, now: datetime) -> str:
    """Return a bearer token header (RFC 6750)."""
    return f"Bearer {credentials.access_token}"


class Http:
    """Requests to one platform. Safe to use from several threads: each has its own connections.

    `gate` enforces the platform's rate limits. `authorization` makes the header of requests with a token.
    `reuse_connections`: more than one request on a connection. `only_public`: no request to a host that is not on the
    public internet. `transport` replaces the network in tests.
    """

    def __init__(
        self,
        base_url: str,
        timeouts: Timeouts,
        clock: Clock,
        *,
        gate: RateLimiter | None = None,
        authorization: Authorization = bearer,
        reuse_connections: bool = True,
        only_public: bool = False,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.host = host_of(base_url)
        self.is_loopback = is_loopback(self.host)
        self.gate = gate or RateLimiter(clock)
        self._timeouts = timeouts
        self._clock = clock
        self._authorization = authorization
        self._reuse = reuse_connections
        self._only_public = only_public
        self._transport = transport
        self._mine = threading.local()
        self._all_connections: list[Connections] = []
        self._dates: dict[str, tuple[datetime, float]] = {}

    def of(self, account: Account) -> Http:
        """Return these connections: every account is on this host."""
        return self

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
        **parts: Unpack[HttpBody],
    ) -> Reply:
        """Make one request for an account. `url` is a path below the base URL, or a complete URL if `with_token=False`.
        A call that would exceed a known rate limit is not made, unless it is `urgent`."""
        if with_token:
            refusal = self._refusal(request) or (None if urgent else self.gate.acquire(request, method, url))
            if refusal is not None:
                return refusal
            headers = {
                **(headers or {}),
                "Authorization": self._authorization_header(request.credentials, method, url, query),
            }
        credentials = request.credentials
        parts["content"] = uploads.with_progress(parts.get("content"), request)
        reply = self.request(
            method,
            url,
            query=query,
            headers=headers,
            account=request.account.name,
            secrets=(
                credentials.access_token,
                credentials.refresh_token,
                credentials.client_secret,
                credentials.token_secret,
            ),
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
        secrets: Iterable[str | None] = (),
        verbatim: bool = True,
        **parts: Unpack[HttpBody],
    ) -> Reply:
        """Make one request without adding a token.

        `account`: whose platform clock the answer sets. `secrets`: texts that no message may show. `verbatim`: keep
        them in the answer's data (a token endpoint may return the same token again).
        """
        hidden = tuple(one for one in secrets if one)
        connection = "keep-alive" if self._reuse else "close"
        content, file = parts.get("content"), parts.get("file")
        sent = {**_HEADERS, "Connection": connection, **(headers or {})}
        if (value := parts.get("json")) is not None:
            content = _encoded(value)
            sent["Content-Type"] = JSON_TYPE
        limits = self._timeouts.limits(parts)
        address = url if "://" in url else self.base_url + url
        place, began = host_of(address), self._clock.boot()
        if self._only_public and place and is_private(place):
            return NotSent(f"{place} is not on the public internet")
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
            log_request(request, account, hidden)
            with closing(self._connections().send(request)) as response:
                headers = {name.lower(): value for name, value in response.headers.items()}
                date = self._store_date(account, headers.get("date"))
                body = self._body(response, headers.get("content-encoding", ""), self._clock.boot() + limits["read"])
            reply = _answer(response.status_code, headers, body, date, hidden, verbatim=verbatim)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
            # ProxyError: the tunnel to the platform was never opened; httpcore raises it only there.
            reply = NotSent(clean_text(f"no connection to {place}: {_reason(error)}", hidden))
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            reply = NotSent(clean_text(f"invalid address: {place or self.base_url}", hidden))
        except UnicodeError as error:
            reply = NotSent(clean_text(f"invalid request: {_reason(error)}", hidden), Kind.CONTENT)
        except (httpx.HTTPError, httpx.StreamError, OSError) as error:
            # OSError: reading the media file failed while it was being sent.
            reply = ConnectionLost(clean_text(f"the connection to {place} was lost: {_reason(error)}", hidden))
        log_answer(method, address, reply, self._clock.boot() - began, account, hidden)
        return reply

    def platform_at(self, account: str) -> datetime | None:
        """Return the platform's clock now (last Date header for `account` plus the time since); None if unknown."""
        date, boot = self._dates.get(account, (None, 0.0))
        return None if date is None else date + timedelta(seconds=max(self._clock.boot() - boot, 0.0))

    def close(self) -> None:
        """Close the connections of all threads, and store the known limits."""
        while self._all_connections:
            self._all_connections.pop().close()
        self._mine = threading.local()
        self.gate.memory.keep()

    def _connections(self) -> Connections:
        """Return this thread's connections."""
        wire: Connections | None = getattr(self._mine, "wire", None)
        if wire is None:
            certificates = tls_context() if self.base_url.startswith("https:") else loopback_tls_context()
            wire = Connections(
                certificates,
                self._clock.boot,
                proxies=not self.is_loopback,
                reuse=self._reuse,
                transport=self._transport,
            )
            self._mine.wire = wire
            self._all_connections.append(wire)
        return wire

    def _refusal(self, request: PublishRequest) -> NotSent | None:
        """Return why the credentials must not be sent to this host; None if they may."""
        if (wrong := host_mismatch(request.account, request.credentials, self.host)) is not None:
            return NotSent(clean_text(wrong.message), Kind.AUTH, wrong.hints[0].way)
        token = request.credentials.access_token
        if not is_plain(token):
            hint = reconnect_hint(request.account, request.credentials)
            return NotSent("the access token is empty or contains invalid characters", Kind.AUTH, hint)
        return None

    def _authorization_header(
        self, credentials: Credentials, method: str, url: str, query: Mapping[str, str] | None
    ) -> str:
        whole = url if "://" in url else self.base_url + url
        with suppress(httpx.InvalidURL):  # the request itself then ends as NotSent
            whole = str(httpx.URL(whole, params=query) if query else parse_url(whole))
        return self._authorization(credentials, method, whole, self._clock.now())

    def _store_date(self, account: str, header: str | None) -> datetime | None:
        date = parse_date(header)
        if date is not None:
            self._dates[account] = (date, self._clock.boot())
        return date

    def _body(self, response: httpx.Response, encoding: str, deadline: float) -> bytes | None:
        """Return the decompressed body; None if it is too long, damaged, or in an encoding that was not requested.

        Raises httpx.ReadTimeout after `deadline` (boot time): a read timeout alone lets a slow answer continue for
        hours.
        """
        cap = JSON_CAP if response.is_success else ERROR_CAP
        whole = bytearray()
        decode = Decompressor(encoding.strip().lower())
        # The raw stream, because httpx's own decoders decompress each chunk without a limit.
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
    """One `Http` per server that accounts are on. Safe to use from several threads."""

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

    def request_for(self, request: PublishRequest, method: str, url: str, **more: Any) -> Reply:
        """Make one request for an account at its server, as `Http.request_for`."""
        return self.of(request.account).request_for(request, method, url, **more)

    def close(self) -> None:
        while self._made:
            self._made.popitem()[1].close()


Connected = TypeVar("Connected", Http, HttpByServer)


class HttpPart(Generic[Connected]):
    """A part of a platform that makes requests: to one host, or to the server of each account."""

    name = ""
    """Of the platform, in messages."""

    def __init__(self, http: Connected, config: Config, clock: Clock) -> None:
        self._http: Connected = http
        self._config = config
        self._clock = clock

    def close(self) -> None:
        self._http.close()

    def platform_at(self, account: Account) -> datetime | None:
        """Return the platform's clock now, from its last answer for the account; None before the first."""
        return self._http.of(account).platform_at(account.name)

    def who_answers(self, account: Account) -> str:
        return self.name

    def refusal(self, request: PublishRequest, answer: Answer) -> NotDone | None:
        """Return the refusal that an answer matches in the platform's table."""
        raise NotImplementedError

    def judge(self, answer: Answer, account: Account) -> NotDone | None:
        """Return the refusal of a request that publishes nothing."""
        return self.refusal(PublishRequest(0, account, Credentials(""), ""), answer)

    def failure(self, request: PublishRequest, reply: Reply) -> NotDone:
        """Return why an invisible step failed."""
        return as_failure(reply, partial(self.refusal, request), self.who_answers(request.account))

    def outcome(self, request: PublishRequest, reply: Reply) -> NotDone | Unknown:
        """Return the outcome of an unsuccessful publishing call."""
        return as_outcome(reply, partial(self.refusal, request), self.who_answers(request.account))

    def unclear(self, request: PublishRequest, reply: Reply, *, final: bool = False) -> Unclear:
        """Return why a look-up is unclear."""
        return as_unclear(reply, partial(self.refusal, request), self.who_answers(request.account), final=final)


_ESCAPED = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
"""Escapes of JSON that can stand for characters which no database keeps."""


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
    readable = body if verbatim else shown
    try:
        data = json.loads(readable, parse_constant=_reject_constant) if readable else None
        if readable and _ESCAPED.search(readable):
            data = storable(data)
    except (ValueError, RecursionError):
        data = None
    text = "(body too long or damaged)" if shown is None else shown[:400].decode("utf-8", "replace")
    return Answer(status, headers, data, text, date, secrets)


def _reject_constant(text: str) -> float:
    """Reject NaN and infinities, which are not JSON."""
    raise ValueError(f"{text} is not a JSON number")


def _encoded(value: object) -> bytes:
    # ASCII: a lone surrogate becomes an escape that the platform can refuse, instead of an exception here.
    return _ENCODER.encode(value).encode("ascii")


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


FIRST_YEAR, LAST_YEAR = 2020, 2100
"""A Date header outside these years is wrong."""


@lru_cache(maxsize=64)  # all answers of one second have the same
def parse_date(header: str | None) -> datetime | None:
    """Return the UTC time of a Date header; None if it is missing or unreadable."""
    try:
        date = parsedate_to_datetime(header or "")
        date = (date if date.tzinfo is not None else date.replace(tzinfo=UTC)).astimezone(UTC)
        return date if FIRST_YEAR <= date.year < LAST_YEAR else None
    except (ValueError, TypeError, OverflowError):
        return None


class HttpBody(TypedDict, total=False):
    """The body of a request: `json`, or `form` with or without one multipart `file` (field name, bytes), or `content`.
    `slow`: the answer may take as long as the platform's facts say (`slow_answer_s`). `patience`: seconds to wait for
    it, if shorter than usual."""

    json: object
    form: Mapping[str, str] | None
    file: tuple[str, bytes] | None
    content: bytes | Iterable[bytes] | None
    uploading: bool
    slow: bool
    patience: float | None


log = logging.getLogger("ttp.http")
HIDDEN = "[secret]"
_NAMES = re.compile(
    r"token|jwt|secret|verifier|signature|password|proof|cookie|upload_?url|authorization", re.IGNORECASE
)
_ASKED = frozenset({"code", "state", "assertion"})
"""Names of secrets in requests; in an answer `code` is an error code."""
_PLAIN = frozenset({"token_type", "grant_type"})
_TOLD = ("application/json", "application/x-www-form-urlencoded")


def log_request(request: httpx.Request, account: str, secrets: tuple[str, ...]) -> None:
    """Log a request before it is sent, at DEBUG, so that a request that hangs can be found."""
    if log.isEnabledFor(logging.DEBUG):
        lines = (clean_text(line, secrets) for line in _request_lines(request))
        log.debug(
            "%s\n%s",
            f"{_what(request.method, str(request.url))}{_whose(account)}",
            "\n".join(f"  > {line}" for line in lines),
        )


def log_answer(method: str, url: str, reply: Reply, seconds: float, account: str, secrets: tuple[str, ...]) -> None:
    """Log the result of a request, and how many seconds it took."""
    if not log.isEnabledFor(logging.INFO):
        return
    result = str(reply.status) if isinstance(reply, Answer) else clean_text(reply.message, secrets)
    line = f"{_what(method, url)} {result} {seconds:.3f} s{_whose(account)}"
    if log.isEnabledFor(logging.DEBUG) and isinstance(reply, Answer):
        line = "\n".join((line, *(f"  < {clean_text(text, secrets)}" for text in _answer_lines(reply))))
    log.info("%s", line)


def _whose(account: str) -> str:
    return f"  ({account})" if account else ""


def _what(method: str, url: str) -> str:
    """Return method and address without the query, which may hold secrets."""
    return clean_text(f"{method} {url.partition('://')[2].partition('?')[0] or url}")


def _request_lines(request: httpx.Request) -> Iterator[str]:
    if query := request.url.params:
        yield "?" + "&".join(f"{name}={_hidden(name, value, _ASKED)}" for name, value in query.multi_items())
    for name, value in request.headers.items():
        yield (
            f"{name}: {value.partition(' ')[0]} {HIDDEN}"
            if name == "authorization"
            else f"{name}: {_hidden(name, value)}"
        )
    kind = request.headers.get("content-type", "").partition(";")[0]
    length = request.headers.get("content-length", "?")
    if kind not in _TOLD:
        if length not in ("0", "?"):
            yield f"({length} bytes)"
        return
    body = request.content.decode("utf-8", "replace")
    if kind == _TOLD[0]:
        yield _of_json(body, _ASKED)
    else:
        yield "&".join(f"{n}={_hidden(n, v, _ASKED)}" for n, v in httpx.QueryParams(body).multi_items())


def _answer_lines(reply: Answer) -> Iterator[str]:
    for name, value in reply.headers.items():
        yield f"{name}: {_hidden(name, value)}"
    if reply.data is not None:
        yield json.dumps(_masked(reply.data), ensure_ascii=False)
    elif reply.body:
        yield f"({len(reply.body)} characters that are not JSON)"


def _of_json(body: str, more: frozenset[str]) -> str:
    try:
        return json.dumps(_masked(json.loads(body), more), ensure_ascii=False)
    except ValueError:
        return "(not JSON)"


def _masked(data: object, more: frozenset[str] = frozenset()) -> object:
    if isinstance(data, Mapping):
        return {name: HIDDEN if _is_secret(str(name), more) else _masked(value, more) for name, value in data.items()}
    if isinstance(data, list):
        return [_masked(value, more) for value in data]
    return data


def _hidden(name: str, value: str, more: frozenset[str] = frozenset()) -> str:
    return HIDDEN if _is_secret(name, more) else value


def _is_secret(name: str, more: frozenset[str]) -> bool:
    return name not in _PLAIN and (name in more or _NAMES.search(name) is not None)
