"""The report of `ttp certify` as a JSON object. It holds no secret, and can be shared."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ttp import __version__
from ttp.domain.time.clock import format_json_instant
from ttp.views import Json, attributes_json

if TYPE_CHECKING:
    from ttp.publisher.certification import CertifiedPost

CERTIFIED_FIELDS = ("kind", "outcome", "post", "remoteIds", "url", "lookUp", "deleted", "tookS", "message")


@dataclass(frozen=True, slots=True)
class ReportHead:
    """What a report is about. `software`: what the account's server runs, where the platform has many servers."""

    at: datetime
    account: str
    title: str
    software: str = ""

    def as_json(self) -> Json:
        return {
            "date": format_json_instant(self.at),
            "platform": self.account.partition("/")[0],
            "account": self.account,
            "software": self.software or None,
            "ttp": __version__,
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.machine()}",
        }


def certified_json(one: CertifiedPost) -> Json:
    """Return how one kind of post went."""
    seconds = None if one.took is None else round(one.took.total_seconds(), 1)
    return attributes_json(one, CERTIFIED_FIELDS, post=one.post_id, tookS=seconds)
