"""What one environment may do: only look, write drafts too, or everything.

A guard against mistakes, told by `TTP_CAPABILITY`. Whoever may set that variable may unset it.
"""

from __future__ import annotations

from enum import StrEnum

VARIABLE = "TTP_CAPABILITY"


class Capability(StrEnum):
    """Each allows what those before it do."""

    READ = "read"  # writes nothing
    DRAFT = "draft"  # writes drafts, and files that are named
    PUBLISH = "publish"  # whatever there is

    def allows(self, needed: Capability) -> bool:
        order = list(Capability)
        return order.index(self) >= order.index(needed)
