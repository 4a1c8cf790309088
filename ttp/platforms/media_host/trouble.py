"""Why local files have no public URL. Asked for every post, so none of the kinds is imported for it."""

from __future__ import annotations

from ttp.domain.config import Config
from ttp.domain.media_host import Lack, lack

S3_EXTRA = "pip install 'ttp-cli[s3]'"


def trouble(config: Config) -> Lack | None:
    """Why local files get no public URL; None where they do. Looks at the settings and at what is installed only."""
    if (lacking := lack(config)) is not None:
        return lacking
    if config.text("media_host.kind") == "s3" and not s3_is_installed():
        return Lack("media_host.kind is s3, and that needs an extra", S3_EXTRA)
    return None


def s3_is_installed() -> bool:
    """Whether the extra `s3` is installed."""
    from importlib.util import find_spec

    return find_spec("obstore") is not None
