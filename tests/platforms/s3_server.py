"""A server that speaks S3, for tests: moto's, in a separate environment (MOTO_SERVER names the program)."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.free_port import free_port

SECRET = "a-secret-that-nobody-is-to-see"
PROGRAM = os.environ.get("MOTO_SERVER", "")
with_server = pytest.mark.skipif(not PROGRAM, reason="MOTO_SERVER names no server that speaks S3")


@contextmanager
def running() -> Iterator[str]:
    """Yield the address of a server that is up; it forgets everything at its end."""
    port = free_port()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen([PROGRAM, "-H", "127.0.0.1", "-p", str(port)], **quiet)  # type: ignore[call-overload]
    try:
        until = time.monotonic() + 300
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert time.monotonic() < until, "the server does not come up"
                assert server.poll() is None, "the server ended"
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def create_bucket(endpoint: str, name: str) -> None:
    urllib.request.urlopen(urllib.request.Request(f"{endpoint}/{name}", method="PUT"), timeout=60).close()


def set_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATHEKEYID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
