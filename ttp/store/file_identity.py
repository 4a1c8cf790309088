"""Identify a file by what survives a move, remount and reboot, and differs for a copy.

The inode number: overlay file systems keep it when a container's first write copies a file up. The generation, which a
file system gives each new file (FS_IOC_GETVERSION): a file that replaces a deleted one often gets its inode number.
With the subvolume on btrfs, whose snapshots keep both. The time of birth, on file systems without generations; not on
overlay file systems, where a copy-up changes it. Device numbers are useless: the kernel assigns them at each mount.
"""

from __future__ import annotations

import fcntl
import os
import struct
import sys
from contextlib import suppress

_GET_VERSION = 0x80000000 | (struct.calcsize("l") << 16) | (ord("v") << 8) | 1
# BTRFS_IOC_INO_LOOKUP: anybody may ask for the subvolume of a file by this object.
_SUBVOLUME, _SUBVOLUME_BYTES, _FIRST_FREE_OBJECT = 0xD0009412, 4096, 256
_EMPTY_PATH, _BIRTH = 0x1000, 0x800
_OVERLAY = 0x794C7630


def identity(descriptor: int) -> dict[str, str]:
    """Return what identifies an open file: `ino`, and `gen`, `tree` or `born` where the file system has it."""
    found = os.fstat(descriptor)
    known = {"ino": str(found.st_ino)}
    if (born := getattr(found, "st_birthtime", None)) is not None:
        return {**known, "born": str(born)}
    answer = bytearray(8)
    with suppress(OSError):
        fcntl.ioctl(descriptor, _GET_VERSION, answer)
    (generation,) = struct.unpack_from("=I", answer)
    if generation:
        known["gen"] = str(generation)
        asked = bytearray(struct.pack("=QQ", 0, _FIRST_FREE_OBJECT).ljust(_SUBVOLUME_BYTES, b"\0"))
        with suppress(OSError):
            fcntl.ioctl(descriptor, _SUBVOLUME, asked)
            known["tree"] = str(struct.unpack_from("=Q", asked)[0])
    elif (birth := _birth(descriptor)) is not None:
        known["born"] = birth
    return known


def as_text(known: dict[str, str]) -> str:
    """Return an identity in the form that is stored."""
    return " ".join(f"{name}={value}" for name, value in known.items())


def is_same(kept: str, found: dict[str, str]) -> bool:
    """Return whether the stored identity fits the file. A key that only one of the two has is ignored."""
    known = _read(kept)
    return all(found.get(name, value) == value for name, value in known.items())


def _read(kept: str) -> dict[str, str]:
    if "=" in kept:
        return dict(part.split("=", 1) for part in kept.split())
    inode, _, rest = kept.partition(".")  # as earlier versions wrote it: 12.345, and on macOS 12.1795.25
    name = "born" if "." in rest else "gen"
    return {"ino": inode} | ({name: rest} if rest != "0" else {})


def _birth(descriptor: int) -> str | None:
    """Return the birth time in ns by statx(2), which this Python does not offer."""
    if not sys.platform.startswith("linux"):
        return None
    import ctypes

    with suppress(OSError, AttributeError):  # a C library without statx
        system = ctypes.CDLL(None)
        answer = ctypes.create_string_buffer(256)
        if system.fstatfs(descriptor, answer) or struct.unpack_from("I", answer)[0] == _OVERLAY:
            return None
        if system.statx(descriptor, b"", _EMPTY_PATH, _BIRTH, answer) == 0:
            mask, (seconds, nanoseconds) = struct.unpack_from("I", answer)[0], struct.unpack_from("qI", answer, 80)
            if mask & _BIRTH:
                return str(seconds * 10**9 + nanoseconds)
    return None
