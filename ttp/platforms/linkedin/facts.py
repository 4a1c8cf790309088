"""LinkedIn: facts, settings, and factories."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from ttp.domain.config import Key
from ttp.platforms.platform import Platform

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ttp.domain.account import Account
    from ttp.domain.config import Config
    from ttp.domain.diagnostics import Remark
    from ttp.domain.platform import Proof
    from ttp.domain.post_kind import PostKind

VERSION = "202609"
"""The version of the API that ttp is written for."""
VERSION_SOON = timedelta(days=30)
"""How long before the end of the version in the settings `ttp doctor` warns."""


class LinkedIn(Platform):
    name, title, aliases = "linkedin", "LinkedIn", ("li",)
    token_life, login_ends, user_id_per_app = timedelta(days=60), True, True
    post_id, id_form = r"urn:li:(?:share|ugcPost|activity):[0-9]{1,30}", "urn:li:{kind}:{id}"
    post_url = (
        r"https?://(?:\w+\.)?linkedin\.com/(?:(?:embed/)?feed/update/urn(?::|%3A)li(?::|%3A)|posts/(?:[^/?#\s]+[-_])?)"
        r"(?P<kind>share|ugcPost|activity)(?::|%3A|-)(?P<id>[0-9]{10,30})"
    )
    keys = (
        Key("base_url", "https://api.linkedin.com", "URL of LinkedIn's API"),
        Key("login_url", "https://www.linkedin.com/oauth/v2", "where its login page and its tokens are"),
        Key("client_id", None, "your LinkedIn app's client id"),
        Key("redirect_uri", "http://localhost:8722/callback", "the redirect URL of your app"),
        Key(
            "version",
            VERSION,
            "the version of the API, a month (YYYYMM); LinkedIn ends each after about a year",
            form=r"20[0-9]{2}(0[1-9]|1[0-2])",
        ),
        Key(
            "settle_by_duplicate",
            False,
            "after a lost answer, accept as published the post that LinkedIn names when it refuses a duplicate",
        ),
    )

    client_deletes = True
    parts: ClassVar = {
        "rules": "rules:LinkedInRules",
        "options": "options:OPTIONS",
        "client": "client:LinkedInClient",
        "login": "auth:LinkedInLogin",
        "checker": "auth:LinkedInCheck",
        "meter": "limits:LinkedInMeter",
    }

    def proof_for(self, account: Account) -> Proof:
        """No app may read a person's posts without LinkedIn's approval."""
        return "none"

    def setting_remarks(self, config: Config, now: datetime) -> Iterator[Remark]:
        from ttp.domain.action import action
        from ttp.domain.diagnostics import failure_remark, format_end, ok_remark, warning_remark

        version = config.text("platforms.linkedin.version")
        newer = action("config set", "platforms.linkedin.version", "YYYYMM")
        end = version_ends(version)
        if end <= now:
            yield failure_remark(f"LinkedIn has ended version {version} of its API", newer)
        else:
            message = f"LinkedIn ends version {version} of its API about {format_end(end, now)}"
            yield warning_remark(message, newer) if end - now < VERSION_SOON else ok_remark(message)

    def post_kinds(self) -> tuple[PostKind, ...]:
        from ttp.domain.post_kind import USUAL

        return tuple(kind for kind in USUAL if kind.parts == 1)


def version_ends(version: str) -> datetime:
    """Return when LinkedIn ends a version of its API: about the middle of its month a year later. See
    docs/reference/platforms/linkedin.md, section 1."""
    return datetime(int(version[:4]) + 1, int(version[4:]), 15, tzinfo=UTC)


PLATFORM = LinkedIn()
