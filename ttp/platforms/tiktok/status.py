"""What status/fetch says of one publication: TikTok's own word on what became of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ttp.platforms.reply import Answer, Reply, number_id
from ttp.platforms.tiktok.errors import REFUSED_ID, error_code


@dataclass(frozen=True, slots=True)
class Status:
    """One answer. `name` is empty where it said nothing that can be read; `received`: bytes of an upload."""

    name: str
    reply: Reply
    received: int | None = None
    post_id: str | None = None
    reason: str = ""

    @property
    def date(self) -> datetime | None:
        return self.reply.date if isinstance(self.reply, Answer) else None

    @property
    def refuses_id(self) -> bool:
        return isinstance(self.reply, Answer) and error_code(self.reply) in REFUSED_ID

    def lacks_bytes(self, size: int) -> bool:
        return self.name == "PROCESSING_UPLOAD" and self.received is not None and self.received < size


def read(reply: Reply) -> Status:
    """The status that a reply tells."""
    if not (isinstance(reply, Answer) and reply.is_success and error_code(reply) == "ok"):
        return Status("", reply)
    name, reason, received = (reply.at("data", key) for key in ("status", "fail_reason", "uploaded_bytes"))
    ids = reply.at("data", "publicaly_available_post_id")
    return Status(
        name if isinstance(name, str) else "",
        reply,
        received if isinstance(received, int) and not isinstance(received, bool) and received >= 0 else None,
        number_id(ids[0]) if isinstance(ids, list) and ids else None,
        reason if isinstance(reason, str) else "",
    )
