"""Where tokens are kept, as a person sets it: `credentials.backend`, chosen once, refused where it cannot be had."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backends import fail

from tests.conftest import Program
from tests.store.backends import MemoryRing, keeping_program, memory_ring

PAIR = json.dumps({"accessToken": "s3cret-token", "refreshToken": "s3cret-refresh"})
ADD = ("account", "add", "x/me", "--credentials", "-")


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch, ttp: Program) -> Iterator[MemoryRing]:
    monkeypatch.setenv("TTP_CREDENTIALS__BACKEND", "keyring")
    with memory_ring() as ring:
        yield ring


def test_the_keyring_keeps_what_is_added_and_forgets_what_is_removed(ttp: Program, ring: MemoryRing) -> None:
    ttp.ok(*ADD, stdin=PAIR)
    (text,) = ring.held.values()
    assert json.loads(text)["accessToken"] == "s3cret-token"
    assert not (ttp.home / "credentials.json").exists()
    ttp.ok("account", "remove", "x/me")
    assert ring.held == {}


def test_a_session_without_a_keyring_is_refused_and_nothing_is_added(ttp: Program, ring: MemoryRing) -> None:
    keyring.set_keyring(fail.Keyring())  # type: ignore[no-untyped-call]  # untyped there
    ran = ttp(*ADD, "--json", stdin=PAIR)
    assert (ran.code, ran.error["code"]) == (5, "busy")
    assert ttp.ok("account", "list").out == ""


@pytest.mark.sqlite("another host may have one, and it goes on")
def test_a_publisher_without_a_keyring_ends_with_the_reason_and_its_posts_wait(ttp: Program, ring: MemoryRing) -> None:
    ttp.ok(*ADD, stdin=PAIR)
    post = ttp.post("Hello", "--to", "x/me", "--at", "now")
    keyring.set_keyring(fail.Keyring())  # type: ignore[no-untyped-call]  # untyped there
    ran = ttp("run", "--once")
    assert (ran.code, "keyring" in ran.err) == (5, True)
    assert ttp.shown(post)["deliveries"][0]["attempts"] == 1
    assert ttp.shown(post)["deliveries"][0]["error"] is None


def test_where_other_hosts_publish_posts_wait_for_the_keyring_with_the_reason(
    ttp: Program, ring: MemoryRing, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTP_STORE__URL", store_url)
    ttp.ok(*ADD, stdin=PAIR)
    post = ttp.post("Hello", "--to", "x/me", "--at", "now")
    keyring.set_keyring(fail.Keyring())  # type: ignore[no-untyped-call]  # untyped there
    assert ttp("run", "--once").code == 0
    (delivery,) = ttp.shown(post)["deliveries"]
    assert (delivery["state"], "keyring" in delivery["error"]["message"]) == ("retrying", True)


def test_without_the_package_every_use_says_how_to_install_it(
    ttp: Program, ring: MemoryRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    ran = ttp(*ADD, "--json", stdin=PAIR)
    assert (ran.code, "keyring" in ran.error["hint"]) == (2, True)
    assert ttp.ok("list").code == 0


def test_a_program_keeps_what_is_added(ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    argv = keeping_program(tmp_path / "kept")
    monkeypatch.setenv("TTP_CREDENTIALS__BACKEND", "command")
    monkeypatch.setenv("TTP_CREDENTIALS__COMMAND", shlex.join(argv))
    ttp.ok(*ADD, stdin=PAIR)
    assert json.loads((tmp_path / "kept" / "x-me").read_text())["refreshToken"] == "s3cret-refresh"
    assert not (ttp.home / "credentials.json").exists()
    ttp.ok("account", "remove", "x/me")
    assert not (tmp_path / "kept" / "x-me").exists()


def test_no_program_is_refused_with_the_line_for_the_config_file(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTP_CREDENTIALS__BACKEND", "command")
    ran = ttp(*ADD, stdin=PAIR)
    assert ran.code == 2
    assert 'credentials.command = ["/home/me/bin/ttp-pass"]' in ran.err
