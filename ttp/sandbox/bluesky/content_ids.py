"""Content ids of records and files: CIDv1 of SHA-256, records in dag-cbor. Written apart from the client's."""

from __future__ import annotations

import base64
import hashlib
import struct
from typing import Any

RAW, DAG_CBOR = 0x55, 0x71


def cid_of(data: bytes, codec: int) -> str:
    """Return the content id of bytes."""
    raw = bytes([1, codec, 0x12, 0x20]) + hashlib.sha256(data).digest()
    return "b" + base64.b32encode(raw).decode().lower().strip("=")


def record_cid(record: dict[str, Any]) -> str:
    """Return the content id of a record."""
    return cid_of(dump(record), DAG_CBOR)


def dump(value: Any) -> bytes:
    """Return the dag-cbor of a JSON value. ValueError for what it has not."""
    if value is None or isinstance(value, bool):
        return {None: b"\xf6", False: b"\xf4", True: b"\xf5"}[value]
    if isinstance(value, int):
        return _item(0, value) if value >= 0 else _item(1, -value - 1)
    if isinstance(value, str):
        return _item(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return _item(4, len(value)) + b"".join(dump(one) for one in value)
    if isinstance(value, dict):
        if set(value) == {"$link"}:
            text = str(value["$link"])[1:].upper()
            raw = b"\0" + base64.b32decode(text + "=" * (-len(text) % 8))
            return b"\xd8\x2a" + _item(2, len(raw)) + raw
        keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
        return _item(5, len(keys)) + b"".join(dump(key) + dump(value[key]) for key in keys)
    raise ValueError(f"a record cannot hold {value!r}")


def _item(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([(major << 5) + number])
    for code, form, most in ((24, ">B", 8), (25, ">H", 16), (26, ">I", 32), (27, ">Q", 64)):
        if number < 2**most:
            return bytes([(major << 5) + code]) + struct.pack(form, number)
    raise ValueError("a number has 64 bits at most")
