"""Fetching media from a web address, once, as the user typed it. Never sends a token, a cookie or a password.

The address is a stranger's: it may lead anywhere, also into the networks that only this machine reaches. So each host
is resolved here, all its addresses are checked, and the connection is made to the very address that was checked, past
any proxy; the same again for each redirect.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from ttp import __version__
from ttp.domain.text import clean_text
from ttp.platforms.transport import tls_context

MOST_REDIRECTS = 5
MOST_IMAGE, MOST_VIDEO = 50_000_000, 4_000_000_000
"""Most bytes of an image (before it is converted) and of a video (what TikTok takes, the most of the three)."""
LONGEST_S = 600.0
"""Most seconds from the first request to the last byte."""
LONGEST_URL = 2_048
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MEDIA = "image/*, video/*"
_CHUNK = 1 << 16
_HEAD = 12
_SAFE = "%/:=&?~#+!$,;'@()*[]-._"
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
"""IPv6 addresses that a gateway turns into the IPv4 address at their end (RFC 6052)."""


class DownloadFailed(Exception):
    """Why nothing was had from a web address, as a clause that goes on from it. `missing`: the server has no such."""

    def __init__(self, message: str, *, missing: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.missing = missing


@dataclass(frozen=True, slots=True)
class DownloadTimeouts:
    """Seconds to connect and to wait for each part of the answer."""

    connect: float
    read: float


def is_public(address: Address) -> bool:
    """Whether an address is one of the whole internet: not private, this machine's, the link's, the site's (fec0::/10),
    shared (CGNAT), reserved, multicast, or another one in disguise."""
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
) -> None:
    """Write what is behind `url` into `file`. `loopback`: this machine's addresses are allowed, also by plain http;
    `most`: bytes; `accept`: the types that are asked for.

    Raises CannotFetch for what the address or the network does; OSError only where `file` cannot be written.
    """
    end = time.monotonic() + LONGEST_S
    for _ in range(MOST_REDIRECTS + 1):
        parts = parse_download_url(url, loopback=loopback)
        with (
            closing(_connected(parts, patience, loopback=loopback)) as connection,
            _until(end, connection),
            closing(_answer(connection, parts, accept)) as answer,
        ):
            if answer.status not in _REDIRECTS:
                _refuse_what_is_no_file(answer)
                _receive(answer, file, end, most)
                return
            url = urljoin(url, answer.getheader("Location") or "")
    raise DownloadFailed(f"is redirected more than {MOST_REDIRECTS} times")


def parse_download_url(url: str, *, loopback: bool = False) -> SplitResult:
    """The parts of an address that may be fetched. CannotFetch for one that may not, whatever it leads to."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise DownloadFailed("is no web address") from None
    if parts.scheme not in ("https", "http") or not parts.hostname or port == 0:
        raise DownloadFailed("is no web address")
    if len(url) > LONGEST_URL:
        raise DownloadFailed(f"is longer than {LONGEST_URL} characters")
    if any(not sign.isprintable() or sign == " " for sign in url):
        raise DownloadFailed("has characters that no web address has")
    if parts.username is not None or parts.password is not None:
        raise DownloadFailed("has a user name or a password in it, which would be handed on with it")
    if parts.scheme == "http" and not loopback:
        raise DownloadFailed("is not https")
    return parts


def _connected(parts: SplitResult, patience: DownloadTimeouts, *, loopback: bool) -> http.client.HTTPConnection:
    """A connection to one of the host's addresses, which were all checked first."""
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    addresses = _resolved(host, port)
    for address in addresses:
        if loopback and address.is_loopback:
            continue
        if not is_public(address):
            place = f"{host} ({address})" if str(address) != host else host
            raise DownloadFailed(f"leads to {clean_text(place)}, which is not on the public internet")
        if not secure:
            raise DownloadFailed("is not https")
    try:
        plain = _first_of(addresses, port, patience.connect)
        plain.settimeout(patience.read)
        if secure:
            plain = tls_context().wrap_socket(plain, server_hostname=host)
    except OSError as error:  # ssl.SSLError among them
        raise DownloadFailed(f"cannot be reached: {clean_text(str(error))}") from error
    connection = http.client.HTTPConnection(host, port)
    connection.sock = plain
    return connection


def _resolved(host: str, port: int) -> list[Address]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise DownloadFailed(f"leads to {clean_text(host)}, which is not found") from error
    return list(dict.fromkeys(ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found))


def _first_of(addresses: list[Address], port: int, seconds: float) -> socket.socket:
    """A socket connected to the first address that answers. OSError of the last one where none does."""
    for address in addresses[:-1]:
        try:
            return socket.create_connection((str(address), port), seconds)
        except OSError:
            continue
    return socket.create_connection((str(addresses[-1]), port), seconds)


@contextmanager
def _until(end: float, connection: http.client.HTTPConnection) -> Iterator[None]:
    """Cut the connection at `end`: a time-out alone lets an answer drip for ever."""
    sock = connection.sock

    def cut() -> None:
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it is closed already

    timer = threading.Timer(max(0.0, end - time.monotonic()), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _answer(connection: http.client.HTTPConnection, parts: SplitResult, accept: str) -> http.client.HTTPResponse:
    target = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=_SAFE)
    headers = {"User-Agent": f"ttp/{__version__}", "Accept": accept, "Accept-Encoding": "identity"}
    try:
        connection.request("GET", target, headers={"Host": parts.netloc, **headers, "Connection": "close"})
        return connection.getresponse()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise DownloadFailed(f"gives no answer: {_why(error)}") from error


def _refuse_what_is_no_file(answer: http.client.HTTPResponse) -> None:
    if answer.status in (404, 410):
        raise DownloadFailed(f"is answered with {answer.status}: there is no such file", missing=True)
    if answer.status != 200:
        raise DownloadFailed(f"is answered with {answer.status} {clean_text(answer.reason)}".rstrip())
    if (answer.getheader("Content-Encoding") or "identity").lower() != "identity":
        raise DownloadFailed("is answered in an encoding that was not asked for")


def _receive(answer: http.client.HTTPResponse, file: BinaryIO, end: float, most: int) -> None:
    """Write the body into `file`. The most that is taken depends on what its first bytes say it is."""
    announced, got, head = answer.length, 0, b""
    while True:
        try:
            piece = answer.read1(_CHUNK)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise DownloadFailed(f"is cut off after {got} bytes: {_why(error)}") from error
        if time.monotonic() > end:
            raise DownloadFailed(f"takes longer than {LONGEST_S:g} s")
        if not piece:
            break
        if len(head) < _HEAD:
            head += piece[:_HEAD]
            if _is_image(head):
                most = min(most, MOST_IMAGE)
        got += len(piece)
        if max(got, announced or 0) > most:
            raise DownloadFailed(f"is larger than {most // 1_000_000} MB")
        file.write(piece)
    if announced is not None and got < announced:
        raise DownloadFailed(f"is cut off after {got} of {announced} bytes")


def _is_image(head: bytes) -> bool:
    return head.startswith((b"\xff\xd8\xff", b"\x89PNG", b"GIF8")) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def _why(error: Exception) -> str:
    return clean_text(str(error) or type(error).__name__)
