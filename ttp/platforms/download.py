"""Download media from a web address that the user typed. Never sends a token, a cookie or a password.

The address may lead anywhere, including networks that only this machine reaches. So each host is resolved here, all its
addresses are checked, and the connection goes to the checked address, bypassing any proxy. Redirects are checked the
same way.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from ttp import __version__
from ttp.domain.text import clean_text
from ttp.platforms.transport import tls_context

MOST_REDIRECTS = 5
MOST_IMAGE, MOST_VIDEO = 50_000_000, 4_000_000_000
"""Maximum bytes of an image (before conversion) and of a video (TikTok's limit, the largest)."""
LONGEST_S = 600.0
"""Maximum seconds from the first request to the last byte."""
LONGEST_URL = 2_048
REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MEDIA = "image/*, video/*"
_CHUNK = 1 << 16
_HEAD = 12
SAFE = "%/:=&?~#+!$,;'@()*[]-._"
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
"""IPv6 prefixes that a gateway translates to an embedded IPv4 address (RFC 6052)."""


class DownloadFailed(Exception):
    """Why a download failed, as a clause that follows the address. `flaw`: a word for it; `missing`: the server has no
    such file."""

    def __init__(self, message: str, flaw: str) -> None:
        super().__init__(message)
        self.message = message
        self.flaw = flaw
        self.missing = flaw == "missing"


@dataclass(frozen=True, slots=True)
class DownloadTimeouts:
    """Seconds to connect, and to wait for each part of the answer."""

    connect: float
    read: float


def is_public(address: Address) -> bool:
    """Whether an address is on the public internet. Not private, loopback, link-local, site-local (fec0::/10), shared
    (CGNAT), reserved, multicast, or one of these embedded in another address."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in _TRANSLATED:
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if address.is_site_local or (inner is not None and not is_public(inner)):
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def fetch(
    url: str,
    file: BinaryIO,
    patience: DownloadTimeouts,
    *,
    loopback: bool = False,
    most: int = MOST_VIDEO,
    accept: str = _MEDIA,
    longest_s: float | None = None,
) -> str:
    """Download `url` into `file`, and return its content type.

    `loopback`: also allow addresses of this machine, by plain http too. `most`: maximum bytes. `accept`: MIME types to
    ask for. `longest_s`: seconds to the last byte, else LONGEST_S. Raises DownloadFailed for errors of the address or
    the network, OSError only if `file` cannot be written.
    """
    longest_s = LONGEST_S if longest_s is None else longest_s
    end = time.monotonic() + longest_s
    try:
        return _fetch(url, file, patience, end, loopback=loopback, most=most, accept=accept)
    except DownloadFailed as failed:
        if failed.flaw != "slow" and time.monotonic() > end:  # a connection that is cut then fails in many ways
            raise DownloadFailed(f"takes longer than {longest_s:.3g} s", "slow") from failed
        raise


def _fetch(
    url: str, file: BinaryIO, patience: DownloadTimeouts, end: float, *, loopback: bool, most: int, accept: str
) -> str:
    for _ in range(MOST_REDIRECTS + 1):
        parts = parse_download_url(url, loopback=loopback)
        with (
            closing(open_connection(parts, patience, lambda one: loopback and one.is_loopback)) as connection,
            closing_at(end, connection),
            closing(ask(connection, parts, {"Accept": accept, "Accept-Encoding": "identity"})) as answer,
        ):
            if answer.status not in REDIRECTS:
                _refuse_what_is_no_file(answer)
                receive(answer, file, end, most)
                return answer.getheader("Content-Type") or ""
            url = urljoin(url, answer.getheader("Location") or "")
    raise DownloadFailed(f"is redirected more than {MOST_REDIRECTS} times", "redirects")


def parse_download_url(url: str, *, loopback: bool = False) -> SplitResult:
    """Return the parts of an address that may be downloaded. Raises DownloadFailed."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise DownloadFailed("is not a web address", "address") from None
    if parts.scheme not in ("https", "http") or not parts.hostname or port == 0:
        raise DownloadFailed("is not a web address", "address")
    if len(url) > LONGEST_URL:
        raise DownloadFailed(f"is longer than {LONGEST_URL} characters", "long_address")
    if any(not sign.isprintable() or sign == " " for sign in url):
        raise DownloadFailed("has characters that are not allowed in a web address", "characters")
    if parts.username is not None or parts.password is not None:
        raise DownloadFailed("contains a user name or password, which the platform would see", "user_name")
    if parts.scheme == "http" and not loopback:
        raise DownloadFailed("is not https", "not_https")
    return parts


def open_connection(
    parts: SplitResult, patience: DownloadTimeouts, is_allowed: Callable[[Address], bool]
) -> http.client.HTTPConnection:
    """Connect to one of the host's addresses after checking all of them: they are public and the scheme is https, or
    `is_allowed` accepts them. Raises DownloadFailed."""
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    addresses = resolve_addresses(host, port)
    for address in addresses:
        if is_allowed(address):
            continue
        if not is_public(address):
            place = f"{host} ({address})" if str(address) != host else host
            raise DownloadFailed(f"leads to {clean_text(place)}, which is not on the public internet", "private")
        if not secure:
            raise DownloadFailed("is not https", "not_https")
    try:
        plain = _connect_first(addresses, port, patience.connect)
        plain.settimeout(patience.read)
        if secure:
            plain = tls_context().wrap_socket(plain, server_hostname=host)
    except OSError as error:  # also ssl.SSLError
        raise DownloadFailed(f"cannot be reached: {clean_text(error.strerror or str(error))}", "unreachable") from error
    connection = http.client.HTTPConnection(host, port)
    connection.sock = plain
    return connection


def resolve_addresses(host: str, port: int) -> list[Address]:
    """Return the addresses of a host. Raises DownloadFailed if it is not found."""
    try:
        entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise DownloadFailed(f"is on {clean_text(host)}, a host that was not found", "unknown_host") from error
    return list(dict.fromkeys(ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in entries))


def private_address(host: str, port: int) -> Address | None:
    """Return an address of a host that is not on the public internet; None if it has none, or is not found."""
    try:
        return next((one for one in resolve_addresses(host, port) if not is_public(one)), None)
    except DownloadFailed:
        return None  # it may exist later; whoever connects looks again


def _connect_first(addresses: list[Address], port: int, seconds: float) -> socket.socket:
    """Return a socket connected to the first address that answers. Raises the last OSError."""
    for address in addresses[:-1]:
        try:
            return socket.create_connection((str(address), port), seconds)
        except OSError:
            continue
    return socket.create_connection((str(addresses[-1]), port), seconds)


@contextmanager
def closing_at(end: float, connection: http.client.HTTPConnection) -> Iterator[None]:
    """Close the connection at `end`: a read timeout alone lets a slow answer continue for hours."""
    sock = connection.sock

    def cut() -> None:
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # already closed

    timer = threading.Timer(max(0.0, end - time.monotonic()), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def ask(
    connection: http.client.HTTPConnection, parts: SplitResult, headers: Mapping[str, str]
) -> http.client.HTTPResponse:
    """Return the answer to a GET. Raises DownloadFailed."""
    target = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=SAFE)
    usual = {"Host": parts.netloc, "User-Agent": f"ttp/{__version__}", "Connection": "close"}
    try:
        connection.request("GET", target, headers={**usual, **headers})
        return connection.getresponse()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise DownloadFailed(f"does not answer: {_why(error)}", "no_answer") from error


def _refuse_what_is_no_file(answer: http.client.HTTPResponse) -> None:
    if answer.status in (404, 410):
        raise DownloadFailed(f"answers {answer.status}: the file does not exist", "missing")
    if answer.status != 200:
        raise DownloadFailed(f"answers {answer.status} {clean_text(answer.reason)}".rstrip(), "status")
    if (answer.getheader("Content-Encoding") or "identity").lower() != "identity":
        raise DownloadFailed("answers in an encoding that was not requested", "encoding")


def receive(answer: http.client.HTTPResponse, file: BinaryIO, end: float, most: int) -> None:
    """Write the body into `file`. The size limit depends on the file type that its first bytes show. Raises
    DownloadFailed."""
    announced, got, head = answer.length, 0, b""
    while True:
        try:
            piece = answer.read1(_CHUNK)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise DownloadFailed(f"is cut off after {got} bytes: {_why(error)}", "cut_off") from error
        if time.monotonic() > end:
            raise DownloadFailed(f"is cut off after {got} bytes", "cut_off")
        if not piece:
            break
        if len(head) < _HEAD:
            head += piece[:_HEAD]
            if _is_image(head):
                most = min(most, MOST_IMAGE)
        got += len(piece)
        if max(got, announced or 0) > most:
            raise DownloadFailed(f"is larger than {most // 1_000_000} MB", "too_large")
        file.write(piece)
    if announced is not None and got < announced:
        raise DownloadFailed(f"is cut off after {got} of {announced} bytes", "cut_off")


def _is_image(head: bytes) -> bool:
    return head.startswith((b"\xff\xd8\xff", b"\x89PNG", b"GIF8")) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def _why(error: Exception) -> str:
    return clean_text(str(error) or type(error).__name__)
