"""Which file a file is: what a move, a remount and a reboot leave as it is, and no copy has.

- The inode number. Overlay file systems keep it when a container's first write copies a file up.
- The generation, a number that a file system gives each new file (FS_IOC_GETVERSION): a file in the place of a deleted
  one often gets its inode number. With the subvolume on btrfs, whose snapshots keep both.
- The time of birth, where there is no generation; not on overlay file systems, where a copy-up changes it.

Device numbers say nothing: the kernel hands them out anew at each mount.
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
    """Return what is known of an open file: `ino`, and `gen`, `tree` or `born` where the file system has it."""
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
    """Return an identity as a store keeps it."""
    return " ".join(f"{name}={value}" for name, value in known.items())


def is_same(kept: str, found: dict[str, str]) -> bool:
    """Return whether a file is the one that was kept as text. What only one of the two knows says nothing."""
    known = _read(kept)
    return all(found.get(name, value) == value for name, value in known.items())


def _read(kept: str) -> dict[str, str]:
    if "=" in kept:
        return dict(part.split("=", 1) for part in kept.split())
    inode, _, rest = kept.partition(".")  # as earlier versions wrote it: 12.345, and on macOS 12.1795.25
    name = "born" if "." in rest else "gen"
    return {"ino": inode} | ({name: rest} if rest != "0" else {})


def _birth(descriptor: int) -> str | None:
    """Return the nanosecond of birth by statx(2), which this Python does not have."""
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
