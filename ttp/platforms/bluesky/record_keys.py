"""Record keys (TIDs) and content ids of records, computed before anything is sent.

See docs/reference/platforms/bluesky.md, section 5. A record's key and content id name it for good, so an intent that
holds them can be looked up with certainty.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from base64 import b32decode, b32encode
from collections.abc import Mapping
from datetime import datetime

DIGITS = "234567abcdefghijklmnopqrstuvwxyz"
"""Digits of a TID, in the order of their values."""
TID = r"[234567a-j][234567a-z]{12}"
_RANDOM_BITS = 10
_CID = re.compile(r"b[a-z2-7]{20,100}")


def new_keys(at: datetime, count: int) -> tuple[str, ...]:
    """Return keys for `count` records made at an instant, in ascending order: microseconds, then random bits."""
    microseconds = int(at.timestamp()) * 1_000_000 + at.microsecond
    return tuple(
        encode_tid((microseconds + number) << _RANDOM_BITS | secrets.randbelow(1 << _RANDOM_BITS))
        for number in range(count)
    )


def fixed_key(at: datetime, *names: str) -> str:
    """Return the key that everybody chooses for these names and this second."""
    number = int.from_bytes(hashlib.sha256(json.dumps(names).encode()).digest()[:8])
    microseconds = int(at.timestamp()) * 1_000_000 + number % 1_000_000
    return encode_tid(microseconds << _RANDOM_BITS | number >> 32 & (1 << _RANDOM_BITS) - 1)


def encode_tid(number: int) -> str:
    """Return a 63-bit number as the 13 digits of a TID."""
    return "".join(DIGITS[number >> shift & 31] for shift in range(60, -1, -5))


def is_key(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(TID, value) is not None


def is_content_id(value: object) -> bool:
    """Whether a value looks like a content id in its usual spelling."""
    return isinstance(value, str) and _CID.fullmatch(value) is not None


def content_id(record: Mapping[str, object]) -> str:
    """Return the content id that every server computes for a record: CIDv1, dag-cbor, SHA-256."""
    digest = hashlib.sha256(encode_cbor(record)).digest()
    return "b" + b32encode(b"\x01\x71\x12\x20" + digest).decode().rstrip("=").lower()


def encode_cbor(value: object) -> bytes:
    """Return a JSON value in the canonical encoding of records (dag-cbor). ValueError for what no record holds."""
    match value:
        case None:
            return b"\xf6"
        case bool():
            return b"\xf5" if value else b"\xf4"
        case int():
            return _head(0, value) if value >= 0 else _head(1, -1 - value)
        case str():
            encoded = value.encode()
            return _head(3, len(encoded)) + encoded
        case list() | tuple():
            return _head(4, len(value)) + b"".join(map(encode_cbor, value))
        case {"$link": str(cid), **others} if not others:
            link = b"\x00" + b32decode(cid[1:].upper() + "=" * (-len(cid[1:]) % 8))
            return b"\xd8\x2a" + _head(2, len(link)) + link
        case dict():
            entries = sorted((str(key).encode(), encode_cbor(item)) for key, item in value.items())
            entries.sort(key=lambda entry: len(entry[0]))  # shorter keys first; the sort is stable
            return _head(5, len(entries)) + b"".join(_head(3, len(key)) + key + item for key, item in entries)
    raise ValueError(f"a record cannot hold a {type(value).__name__}")


def _head(major: int, number: int) -> bytes:
    """Return the first bytes of an item: its major type, and a number in the shortest form."""
    if number < 24:
        return bytes([major << 5 | number])
    for info, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << (8 * size):
            return bytes([major << 5 | info]) + number.to_bytes(size, "big")
    raise ValueError("a record cannot hold a number of more than 64 bits")
