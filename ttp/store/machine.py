"""Which machine this is: a number that no other machine has, and a name for people.

The number is what the system keeps for this purpose. machine-id(5) asks that it never leaves its machine as it is, so
only a digest of it is handed out, another one for each store.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

FILES = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
"""Where Linux keeps it: machine-id(5), and the same number of an older system."""
ASK = ("/usr/sbin/ioreg", "-rd1", "-c", "IOPlatformExpertDevice")
"""What tells it on macOS: ioreg(8), the property IOPlatformUUID."""
_LONGEST_ANSWER_S = 10.0


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine. `number` goes nowhere but into digests."""

    name: str
    number: str = field(repr=False)

    def digest_for(self, store_id: str) -> str:
        """What a store calls this machine: 32 hexadecimal digits."""
        import hashlib
        import hmac

        return hmac.new(self.number.encode(), f"ttp {store_id}".encode(), hashlib.sha256).hexdigest()[:32]


def ask_ioreg() -> str:
    """What macOS says of this machine; nothing where it cannot be asked."""
    import subprocess

    with suppress(OSError, subprocess.SubprocessError):
        return subprocess.run(ASK, capture_output=True, text=True, timeout=_LONGEST_ANSWER_S, check=True).stdout
    return ""


def this_machine(
    platform: str = sys.platform, files: Iterable[Path] = FILES, ask: Callable[[], str] = ask_ioreg
) -> Machine:
    """The machine that this runs on. Where the system keeps no number, as in many containers, its name is taken."""
    name = os.uname().nodename  # what gethostname says, without its library
    number = _from_ioreg(ask()) if platform == "darwin" else _from_files(files)
    return Machine(name, number or f"name {name}")


def _from_files(files: Iterable[Path]) -> str | None:
    for path in files:
        with suppress(OSError, UnicodeDecodeError):
            text = path.read_text().strip()
            if re.fullmatch(r"[0-9a-f]{32}", text):  # a system that was never started says "uninitialized"
                return text
    return None


def _from_ioreg(text: str) -> str | None:
    found = re.search(r'"IOPlatformUUID" = "([0-9A-Fa-f-]{36})"', text)
    return found and found[1].upper()
