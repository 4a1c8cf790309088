"""How many pages each token has let ttp fetch for link cards in the last hour: one small file in the media folder each,
which the cleanup of media removes once it is old."""

from __future__ import annotations

import fcntl
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from ttp.domain.time.clock import to_ms
from ttp.store.home.files import make_home

MOST_PER_HOUR = 60
_HOUR_MS = 3_600_000


def take_fetches(folder: Path, name: str, count: int, now: datetime) -> int:
    """Return how many of `count` pages may be fetched for a token now, and count them; 0 if they cannot be counted."""
    present = to_ms(now)
    try:
        make_home(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        with (folder / f".cards-{sha256(name.encode()).hexdigest()[:32]}").open("a+", encoding="ascii") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            before = [at for at in file.read().split() if at.isdecimal() and present - int(at) < _HOUR_MS]
            allowed = max(0, min(count, MOST_PER_HOUR - len(before)))
            file.truncate(0)
            file.write(" ".join([*before, *[str(present)] * allowed]))
            return allowed
    except OSError:
        return 0
