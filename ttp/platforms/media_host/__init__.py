"""Public URLs for local media: some platforms fetch media themselves and take no bytes (the kinds of `media_host`)."""

from __future__ import annotations

from ttp.platforms.media_host import s3
from ttp.platforms.media_host.host import MediaHost, trouble
from ttp.platforms.media_host.kinds import NoPublicUrl

__all__ = ["MediaHost", "NoPublicUrl", "s3", "trouble"]
