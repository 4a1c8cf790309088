"""The keys that encrypt credentials in the store: AES-GCM with 256 bits, by `cryptography`, imported late.

Keys come from TTP_CREDENTIALS_KEY or from the program of `credentials.key_command`, separated by white space: the first
one is the newest, the others are older ones that still decrypt. A key is never shown; its id is, which says nothing
about it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from ttp.domain.action import action
from ttp.domain.errors import Hint, UsageError
from ttp.store.credentials.backend import BackendUnavailable, KeyMissing
from ttp.store.home.user_program import ProgramTimeout, run

VARIABLE = "TTP_CREDENTIALS_KEY"
BYTES = 32
_NONCE_BYTES = 12
_LIMIT_S = 60.0
"""Maximum duration of the key program: a person may have to touch a device."""


class CannotDecrypt(ValueError):
    """A text was not encrypted with this key for this place, or was changed."""


@dataclass(frozen=True, slots=True)
class CredentialsKey:
    """One key. `id`: names it in the store and in messages."""

    id: str
    secret: bytes = field(repr=False)

    def encrypt(self, fields: Mapping[str, str], place: tuple[str, str]) -> dict[str, str]:
        """Return each text encrypted for its field in `place`, the ids of the store and of the entry."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        cipher = AESGCM(self.secret)
        encrypted = {}
        for name, text in fields.items():
            nonce = secrets.token_bytes(_NONCE_BYTES)
            data = cipher.encrypt(nonce, text.encode(), _bound_to(place, name))
            encrypted[name] = base64.b64encode(nonce + data).decode()
        return encrypted

    def decrypt(self, fields: Mapping[str, str], place: tuple[str, str]) -> dict[str, str]:
        """Return the texts of encrypted fields. Raises CannotDecrypt for a field of another place, key or name."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        cipher = AESGCM(self.secret)
        texts = {}
        for name, encrypted in fields.items():
            try:
                data = base64.b64decode(encrypted, validate=True)
                text = cipher.decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], _bound_to(place, name))
                texts[name] = text.decode()
            except (InvalidTag, ValueError, TypeError, AttributeError):
                raise CannotDecrypt(name) from None
        return texts


def _bound_to(place: tuple[str, str], name: str) -> bytes:
    return json.dumps(["ttp", *place, name]).encode()


def new_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(BYTES)).decode().rstrip("=")


def parse_keys(text: str, source: str) -> tuple[CredentialsKey, ...]:
    """Return the keys in a text, each once. Raises KeyMissing, without showing any part of it, for anything else."""
    found: dict[str, CredentialsKey] = {}
    for word in text.split():
        try:
            bare = word.replace("+", "-").replace("/", "_").rstrip("=")
            secret = base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            secret = b""
        if len(secret) != BYTES:
            raise KeyMissing(
                f"{source} is not a key: a key is {BYTES} bytes in base64", Hint("try", action("credentials new-key"))
            )
        key = CredentialsKey(hashlib.sha256(b"ttp credentials key\0" + secret).hexdigest()[:12], secret)
        found[key.id] = key
    return tuple(found.values())


class Keys:
    """The keys of this process, the newest first. Raises UsageError if the package `cryptography` is not installed."""

    def __init__(self, given: str | None, command: tuple[str, ...], home: Path) -> None:
        """`given`: the content of TTP_CREDENTIALS_KEY; else `command` prints the keys."""
        if find_spec("cryptography") is None:
            raise UsageError(
                "credentials.backend is store, and the Python package cryptography is not installed",
                Hint("fix", "pip install 'ttp-cli[team]'"),
            )
        self._given = given
        self._command = command
        self._home = home
        self._known: tuple[CredentialsKey, ...] | None = None

    def all(self) -> tuple[CredentialsKey, ...]:
        """Return every key, at least one. Raises KeyMissing, BackendUnavailable, NotFound."""
        if self._known is None:
            self._known = self._read()
        return self._known

    def find(self, key_id: str | None) -> CredentialsKey | None:
        """Return the key with this id. The program is asked again for one that it did not have before."""
        found = _with_id(self.all(), key_id)
        if found is None and not self._given and self._command:
            self._known = self._read()
            found = _with_id(self._known, key_id)
        return found

    def _read(self) -> tuple[CredentialsKey, ...]:
        if self._given is not None and self._given.strip():
            return parse_keys(self._given, VARIABLE)
        if self._command:
            return self._ask()
        raise KeyMissing(
            f"credentials.backend is store and needs a key: set {VARIABLE} or credentials.key_command",
            Hint("fix", f"export {VARIABLE}=KEY"),
            Hint("see", "docs/how-to/credentials.md"),
        )

    def _ask(self) -> tuple[CredentialsKey, ...]:
        name = Path(self._command[0]).name
        try:
            ended = run(self._command, None, setting="credentials.key_command", home=self._home, limit_s=_LIMIT_S)
        except ProgramTimeout as why:
            raise BackendUnavailable(why.message) from None
        if ended.code:
            raise BackendUnavailable(f"credentials.key_command: {name} {ended.failure}")
        keys = parse_keys(ended.out.decode("utf-8", "replace"), f"the output of {name}")
        if not keys:
            raise KeyMissing(f"credentials.key_command: {name} printed no key", Hint("see", action("doctor")))
        return keys


def _with_id(keys: Iterable[CredentialsKey], key_id: str | None) -> CredentialsKey | None:
    return next((key for key in keys if key.id == key_id), None)
