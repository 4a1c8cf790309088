"""The fingerprint of a request: what an intent remembers of the call it announces."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping


def fingerprint(method: str, url: str, content: Mapping[str, object]) -> str:
    """SHA-256, in hexadecimal, of a request in one canonical spelling: sorted keys, no spaces, ASCII."""
    canonical = json.dumps([method, url, content], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()
