"""The machine's identity: the number that its system keeps, in no form that leads back to it."""

from __future__ import annotations

import re
import socket
import subprocess
from pathlib import Path

import pytest

from ttp.store.machine import ownership
from ttp.store.machine.ownership import ASK, Machine, ask_ioreg, this_machine

NUMBER = "0123456789abcdef0123456789abcdef"
UUID = "564D3B1C-0A6B-4D2E-9C11-2F0B7A9E51C4"
IOREG = f"""+-o Root  <class IORegistryEntry>
    {{
      "IOPlatformSerialNumber" = "C02XG0FDJHD3"
      "IOPlatformUUID" = "{UUID}"
    }}
"""


def on_linux(folder: Path, *texts: str | bytes) -> Machine:
    files = []
    for name, text in zip(("etc", "dbus"), texts, strict=False):
        files.append(folder / name)
        files[-1].write_bytes(text if isinstance(text, bytes) else text.encode())
    return this_machine("linux", files)


def test_on_linux_it_is_the_machine_id(tmp_path: Path) -> None:
    assert on_linux(tmp_path, f"{NUMBER}\n").number == NUMBER
    assert on_linux(tmp_path, "uninitialized\n", NUMBER).number == NUMBER


def test_on_macos_it_is_the_uuid_of_the_hardware() -> None:
    assert this_machine("darwin", ask=lambda: IOREG).number == UUID


@pytest.mark.parametrize("text", ["", "uninitialized\n", b"\xff", NUMBER[:-1]], ids=str)
def test_where_the_system_keeps_none_it_is_the_name(tmp_path: Path, text: str | bytes) -> None:
    name = socket.gethostname()
    assert on_linux(tmp_path, text) == this_machine("linux", [tmp_path / "nowhere"]) == Machine(name, f"name {name}")
    assert this_machine("darwin", ask=lambda: "no such thing").number == f"name {name}"


def test_a_store_gets_a_digest_of_its_own_and_never_the_number() -> None:
    here = Machine("pi", NUMBER)
    digests = {here.digest_for("one"), here.digest_for("two"), Machine("pi", NUMBER[::-1]).digest_for("one")}
    assert len(digests) == 3
    assert all(re.fullmatch(r"[0-9a-f]{32}", digest) and digest != NUMBER for digest in digests)
    assert here.digest_for("one") == Machine("renamed", NUMBER).digest_for("one")
    assert NUMBER not in repr(here)


@pytest.mark.parametrize("failure", [FileNotFoundError(), subprocess.TimeoutExpired(ASK, 1)], ids=str)
def test_a_system_that_cannot_be_asked_says_nothing(monkeypatch: pytest.MonkeyPatch, failure: Exception) -> None:
    def run(*_: object, **__: object) -> None:
        raise failure

    monkeypatch.setattr(subprocess, "run", run)
    assert ask_ioreg() == ""


def test_ioreg_is_asked_without_a_shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake = tmp_path / "ioreg"
    fake.write_text(f'#!/bin/sh\necho \'"IOPlatformUUID" = "{UUID}"\'\n')
    fake.chmod(0o755)
    monkeypatch.setattr(ownership, "ASK", (str(fake),))
    assert this_machine("darwin", ask=ask_ioreg).number == UUID
