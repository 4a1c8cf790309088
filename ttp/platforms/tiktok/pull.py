"""A publication whose media TikTok fetches itself: the call that starts it, as its handle remembers it. Pure.

The handle: `init` (the path of the call), `body`, `request` (a fingerprint of what is announced), `username`, and
`publish_id` once TikTok has answered. The call publishes: the handle is stored before it, whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from ttp.domain.attempt import Handle


@dataclass(frozen=True, slots=True)
class Pull:
    """One such call, made (with a `publish_id`) or to be made."""

    init: str
    body: Mapping[str, object]
    request: str
    username: str | None = None
    publish_id: str | None = None

    def answered(self, publish_id: str) -> Pull:
        return replace(self, publish_id=publish_id)

    def remembered(self) -> Handle:
        return asdict(self)


def recalled(handle: Handle) -> Pull | None:
    """The call that a handle remembers; None where there is none."""
    return Pull(**dict(handle)) if "init" in handle else None  # type: ignore[arg-type]  # our own JSON, read back
