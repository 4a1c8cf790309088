"""Receivers of notifications on this machine: an HTTP server and a mail server that keep what they get."""

from __future__ import annotations

import base64
import shutil
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest


@dataclass
class HttpReceiver:
    """`got`: the headers and the body of each request. `status`: what it answers; 0: nothing, until `released`."""

    url: str = ""
    status: int = 200
    answer: str = "ok"
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)


@contextmanager
def http_receiver() -> Iterator[HttpReceiver]:
    kept = HttpReceiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            if not kept.status:
                kept.released.wait(60)
                return
            self.send_response(kept.status)
            self.send_header("Content-Length", str(len(kept.answer)))
            self.end_headers()
            self.wfile.write(kept.answer.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        kept.url = f"http://127.0.0.1:{server.server_address[1]}/topic"
        try:
            yield kept
        finally:
            kept.released.set()
            server.shutdown()


@dataclass
class MailReceiver:
    """`got`: the mails. `logins`: the user and password of each AUTH PLAIN. `refuses`: an answer to every recipient.
    `encrypted`: whether the last mail came through TLS."""

    port: int = 0
    refuses: str = ""
    encrypted: bool = False
    got: list[EmailMessage] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)


@contextmanager
def mail_receiver(tls: ssl.SSLContext | None = None, *, at_once: bool = False) -> Iterator[MailReceiver]:
    """`tls`: offer STARTTLS, or speak TLS `at_once`."""
    kept = MailReceiver()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            # A client that does not trust the certificate, or wants more than there is, hangs up.
            try:
                with suppress(OSError):
                    self.talk()
            finally:
                self.connection.close()

        def talk(self) -> None:
            if at_once:
                self.encrypt()
            self.say("220 ready")
            while line := self.rfile.readline().decode().strip():
                verb, _, rest = line.partition(" ")
                match verb.upper():
                    case "EHLO":
                        offered = "250-STARTTLS\r\n" if tls and not at_once else ""
                        self.say(f"250-here\r\n{offered}250 AUTH PLAIN")
                    case "STARTTLS" if tls:
                        self.say("220 go on")
                        self.encrypt()
                    case "AUTH":
                        _, user, password = base64.b64decode(rest.partition(" ")[2]).decode().split("\0")
                        kept.logins.append((user, password))
                        self.say("235 welcome" if password == "right" else f"535 not {password}")
                    case "RCPT" if kept.refuses:
                        self.say(kept.refuses)
                    case "DATA":
                        self.say("354 go on")
                        lines = list(iter(self.rfile.readline, b".\r\n"))
                        mail = message_from_bytes(b"".join(lines), policy=policy.default)
                        kept.encrypted = isinstance(self.connection, ssl.SSLSocket)
                        kept.got.append(mail)
                        self.say("250 taken")
                    case "QUIT":
                        self.say("221 bye")
                        return
                    case _:
                        self.say("250 ok")

        def encrypt(self) -> None:
            assert tls is not None
            self.rfile.close()
            self.wfile.close()
            self.connection = tls.wrap_socket(self.connection, server_side=True)
            self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", buffering=0)

        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        kept.port = server.server_address[1]
        try:
            yield kept
        finally:
            server.shutdown()


def certificate(folder: Path) -> Path:
    """Make a key and a certificate for 127.0.0.1, in one file. The test is skipped without the program openssl."""
    if shutil.which("openssl") is None:
        pytest.skip("the program openssl is not installed")
    file = folder / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    named = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    subprocess.run([*command, *named, "-keyout", file, "-out", folder / "public.pem"], check=True, capture_output=True)
    file.write_bytes(file.read_bytes() + (folder / "public.pem").read_bytes())
    return file
