"""What a platform says, made fit to be shown: the domain's rule, under the name that this room knows it by."""

from __future__ import annotations

from ttp.domain.wording import LONGEST, clean

__all__ = ["LONGEST", "clean"]
