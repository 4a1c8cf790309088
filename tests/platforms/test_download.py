"""Fetching media from a web address: where it may lead, and that the connection goes where was looked."""

from __future__ import annotations

import io
import ipaddress
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests import media_bytes as made
from tests.platforms.raw_server import PUBLIC, Internet, Server, connect_to, running
from tests.rows import each
from ttp.platforms import download as fetching
from ttp.platforms.download import DownloadFailed, DownloadTimeouts, fetch, is_public, parse_download_url

PATIENCE = DownloadTimeouts(60.0, 60.0)
PHOTO = made.jpeg()
OK = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(PHOTO) + PHOTO


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture
def internet(server: Server, monkeypatch: pytest.MonkeyPatch) -> Internet:
    return connect_to(server, monkeypatch)


def got(url: str, *, loopback: bool = False) -> bytes:
    file = io.BytesIO()
    fetch(url, file, PATIENCE, loopback=loopback)
    return file.getvalue()


def refused(url: str, *, loopback: bool = False) -> DownloadFailed:
    with pytest.raises(DownloadFailed) as caught:
        got(url, loopback=loopback)
    return caught.value


def redirect(to: str) -> bytes:
    return b"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % to.encode()


# Where it may lead


INSIDE = """
0.0.0.0 10.0.0.1 100.64.0.1 127.0.0.1 169.254.169.254 172.16.0.1 192.0.2.1 192.168.1.1 198.18.0.1 224.0.0.1
240.0.0.1 255.255.255.255 :: ::1 ::ffff:10.0.0.1 ::ffff:127.0.0.1 fe80::1 fec0::1 feff::1 fc00::1 ff02::1 2001:db8::1
2002:7f00:1:: 2001:0:5ef5:79fb::1 64:ff9b::a00:1 64:ff9b::7f00:1
"""


@each("address", INSIDE.split())
def test_an_address_that_is_not_of_the_whole_internet_is_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@each("address", [PUBLIC, "8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_an_address_of_the_whole_internet_is_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@each(
    ("url", "flaw"),
    [
        ("http://media.example/a.jpg", "not_https"),
        ("https://user@media.example/a.jpg", "user_name"),
        ("https://user:secret@media.example/a.jpg", "user_name"),
        ("https:///a.jpg", "address"),
        ("https://media.example:99999/", "address"),
        ("https://media.example:0/", "address"),
        ("https://[::1/", "address"),
        ("ftp://media.example/", "address"),
        ("https://media.example/a b.jpg", "characters"),
        ("https://media.example/\x1b[31m", "characters"),
        ("https://media.example/" + "a" * 3_000, "long_address"),
    ],
)
def test_an_invalid_address_is_refused_before_any_request(url: str, flaw: str) -> None:
    with pytest.raises(DownloadFailed) as caught:
        parse_download_url(url)
    assert caught.value.flaw == flaw


def test_the_connection_goes_to_the_very_address_that_was_checked(server: Server, internet: Internet) -> None:
    server.answers.append(OK)
    assert got("https://media.example/caf\u00e9/a.jpg?size=1&b=%20") == PHOTO
    assert internet.connected == [(PUBLIC, 443)]
    assert internet.trust.names == ["media.example"]
    asked = server.asked[0]
    assert asked.startswith(b"GET /caf%C3%A9/a.jpg?size=1&b=%20 HTTP/1.1\r\nHost: media.example\r\n")
    for never in (b"Authorization", b"Cookie"):
        assert never not in asked


def test_a_host_with_a_private_address_is_refused_without_a_connection(internet: Internet) -> None:
    internet.names["inside.example"] = ["10.1.2.3"]
    private = refused("https://inside.example/")
    assert (private.flaw, "inside.example (10.1.2.3)" in private.message) == ("private", True)
    assert refused("https://nowhere.example/").flaw == "unknown_host"
    assert internet.connected == []


def test_one_private_address_among_public_ones_is_enough_to_refuse(internet: Internet) -> None:
    internet.names["both.example"] = [PUBLIC, "127.0.0.1"]
    assert "127.0.0.1" in refused("https://both.example/").message
    assert internet.connected == []


def test_the_next_address_is_tried_where_one_does_not_answer(server: Server, internet: Internet) -> None:
    internet.names["media.example"] = ["93.184.215.15", PUBLIC]
    internet.dead.add("93.184.215.15")
    server.answers.append(OK)
    assert got("https://media.example/") == PHOTO
    internet.dead.add(PUBLIC)
    assert refused("https://media.example/").flaw == "unreachable"


def test_a_redirect_is_followed_and_checked_like_the_address_itself(server: Server, internet: Internet) -> None:
    internet.names["other.example"] = ["93.184.215.99"]
    server.answers += [redirect("https://other.example/b.jpg"), redirect("c.jpg"), OK]
    assert got("https://media.example/a.jpg") == PHOTO
    assert [place for place, _ in internet.connected] == [PUBLIC, "93.184.215.99", "93.184.215.99"]
    assert server.asked[2].startswith(b"GET /c.jpg ")


@pytest.mark.parametrize(
    ("to", "flaw"),
    [
        ("https://10.0.0.1/", "private"),
        ("http://media.example/", "not_https"),
        ("file:///etc/passwd", "address"),
        ("https://me:secret@media.example/", "user_name"),
    ],
)
def test_a_forbidden_redirect_is_refused(server: Server, internet: Internet, to: str, flaw: str) -> None:
    internet.names["10.0.0.1"] = ["10.0.0.1"]
    server.answers.append(redirect(to))
    assert refused("https://media.example/").flaw == flaw
    assert len(internet.connected) == 1


def test_redirects_have_an_end(server: Server, internet: Internet) -> None:
    server.answers += [redirect("/again")] * 6
    assert refused("https://media.example/").flaw == "redirects"


def test_this_machine_is_reached_in_rehearsals_only_and_nothing_else_by_plain_http(server: Server) -> None:
    assert refused(f"{server.url}/a.jpg").flaw == "not_https"
    server.answers.append(OK)
    assert got(f"{server.url}/a.jpg", loopback=True) == PHOTO
    assert refused(f"http://{PUBLIC}/a.jpg", loopback=True).flaw == "not_https"
    assert refused("http://10.0.0.1/a.jpg", loopback=True).flaw == "private"


# What comes back


@pytest.mark.parametrize(
    ("answer", "flaw", "named"),
    [
        (b"HTTP/1.1 404 Not Found\r\n\r\n", "missing", "404"),
        (b"HTTP/1.1 403 For\x1bbidden\r\n\r\n", "status", "403 For\\u001bbidden"),
        (b"HTTP/1.1 206 Partial\r\n\r\n", "status", "206 Partial"),
        (b"nonsense\r\n\r\n", "no_answer", "nonsense"),
        (b"", "no_answer", ""),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", "encoding", ""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + PHOTO, "cut_off", f"{len(PHOTO)} of 9000"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5000000000\r\n\r\n" + bytes(99), "too_large", "4000 MB"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 60000000\r\n\r\n" + PHOTO, "too_large", "50 MB"),
    ],
)  # fmt: skip
def test_an_unusable_answer_is_refused_with_the_reason(server: Server, answer: bytes, flaw: str, named: str) -> None:
    server.answers.append(answer)
    error = refused(server.url, loopback=True)
    assert (error.flaw, error.missing) == (flaw, flaw == "missing")
    assert named in error.message


def test_a_chunked_answer_is_put_together_and_one_that_breaks_off_is_refused(server: Server) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    server.answers.append(head + b"%x\r\n" % len(PHOTO) + PHOTO + b"\r\n0\r\n\r\n")
    assert got(server.url, loopback=True) == PHOTO
    server.answers.append(head + b"ff\r\n" + PHOTO)
    assert refused(server.url, loopback=True).flaw == "cut_off"


def test_an_image_without_a_length_is_counted_as_it_comes(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "MOST_IMAGE", 100_000)
    server.answers.append(b"HTTP/1.1 200 OK\r\n\r\n" + PHOTO + bytes(200_000))
    assert refused(server.url, loopback=True).flaw == "too_large"


def test_a_server_that_dawdles_is_given_up(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "LONGEST_S", 0.3)
    over = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(3000):
            try:
                connection.sendall(b"x")
            except OSError:
                break
            if over.wait(0.02):
                break

    server.answers.append(drip)
    flaw = refused(server.url, loopback=True).flaw
    over.set()
    assert flaw == "slow"


def test_a_file_that_cannot_be_written_is_not_the_networks_fault(server: Server) -> None:
    class Full(io.BytesIO):
        def write(self, data: Any) -> int:
            raise OSError(28, "No space left on device")

    server.answers.append(OK)
    with pytest.raises(OSError, match="No space"):
        fetch(server.url, Full(), PATIENCE, loopback=True)
