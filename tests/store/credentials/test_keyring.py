"""The keyring: refused clearly if missing, and every write is read back."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backends import fail, null
from keyring.errors import KeyringLocked

from tests.store.backends import MemoryRing, memory_ring
from ttp.domain.account import Credentials
from ttp.domain.errors import Busy, UsageError
from ttp.store.credentials import BackendUnavailable
from ttp.store.credentials.keyring import CredentialsKeyring

HELD = Credentials("s3cret-a", "api.x.com", "s3cret-r")


@pytest.fixture
def ring() -> Iterator[MemoryRing]:
    with memory_ring() as ring:
        yield ring


def test_an_entry_is_an_account_of_this_home_alone(ring: MemoryRing, tmp_path: Path) -> None:
    CredentialsKeyring(tmp_path / "one").put("x/Me", HELD)
    assert list(ring.held) == [(f"ttp {tmp_path / 'one'}", "x/me")]
    assert CredentialsKeyring(tmp_path / "two").get("x/me") is None


def test_without_the_package_it_is_refused_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(UsageError, match="keyring") as refused:
        CredentialsKeyring(tmp_path)
    assert refused.value.hints[0].way == "pip install 'ttp-cli[keyring]'"


@pytest.mark.parametrize("nothing", [fail.Keyring, null.Keyring], ids=["fail", "null"])
def test_a_session_without_a_keyring_is_told_and_nothing_is_thought_kept(
    ring: MemoryRing, tmp_path: Path, nothing: type[fail.Keyring] | type[null.Keyring]
) -> None:
    keyring.set_keyring(nothing())
    store = CredentialsKeyring(tmp_path)
    for ask in (lambda: store.put("x/me", HELD), lambda: store.get("x/me"), store.check, lambda: store.remove("x/me")):
        with pytest.raises(Busy) as told:
            ask()
        assert not isinstance(told.value, BackendUnavailable)


def test_what_a_keyring_raises_is_told_in_its_words_without_a_secret(
    ring: MemoryRing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = CredentialsKeyring(tmp_path)

    def locked(*_: str) -> None:
        raise KeyringLocked("the collection is\nlocked")

    def odd(service: str, name: str, text: str) -> None:
        raise ZeroDivisionError(f"cannot store {text}")

    monkeypatch.setattr(ring, "get_password", locked)
    with pytest.raises(BackendUnavailable, match=r" the collection is locked$"):
        store.get("x/me")
    monkeypatch.setattr(ring, "set_password", odd)
    with pytest.raises(BackendUnavailable, match=r" cannot store .*\[secret\]") as told:
        store.put("x/me", HELD)
    assert "s3cret" not in str(told.value)
    assert told.value.__cause__ is None


def test_a_keyring_that_did_not_keep_it_is_found_out(
    ring: MemoryRing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ring, "set_password", lambda *_: None)
    with pytest.raises(BackendUnavailable, match="x/me"):
        CredentialsKeyring(tmp_path).put("x/me", HELD)


def test_a_check_names_the_keyring(ring: MemoryRing, tmp_path: Path) -> None:
    assert CredentialsKeyring(tmp_path).check() == "the keyring (backends MemoryRing)"
