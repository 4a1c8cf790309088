"""Instagram: its accounts, containers, apps, switches, limits, and the refusals that can be ordered."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import NamedTuple

from ttp.sandbox.meta.nodes import MetaContainer
from ttp.sandbox.meta.records import MetaAccount
from ttp.sandbox.records import SandboxAccount, SandboxApp
from ttp.sandbox.state import State, switch

LOGINS = ("instagram", "facebook")
INSTAGRAM = SandboxApp("170100000000001", "instagram", "sandbox-instagram-secret", login="instagram")
FACEBOOK = SandboxApp("170200000000002", "instagram", "sandbox-facebook-secret", login="facebook")
SCOPES = {
    "instagram": (
        "instagram_business_basic",
        "instagram_business_content_publish",
        "instagram_business_manage_insights",
        "instagram_business_manage_comments",
    ),
    "facebook": (
        "instagram_basic",
        "instagram_content_publish",
        "instagram_manage_insights",
        "instagram_manage_contents",
        "instagram_manage_comments",
        "pages_show_list",
        "pages_read_engagement",
    ),
}


@dataclass(frozen=True, slots=True)
class InstagramAccount(MetaAccount):
    """A professional account, as one of the two logins sees it."""

    login: str = "instagram"
    page_token: str | None = None
    """Facebook Login: the token of the linked page, which never ends."""
    hides_likes: bool = False
    comments_off: bool = False
    trial_reels: bool = False
    """Whether its reels may be shown to people who do not follow it first."""

    @property
    def default_scopes(self) -> tuple[str, ...]:
        return SCOPES[self.login]

    def new_tokens(self) -> dict[str, str | None]:
        if self.login == "facebook":
            return {"access_token": f"EAA{secrets.token_hex(60)}", "page_token": f"EAA{secrets.token_hex(60)}"}
        return {"access_token": f"IGAA{secrets.token_urlsafe(90)}", "page_token": None}

    def has_ended(self, token: str, now_ms: int) -> bool:
        return token != self.page_token and MetaAccount.has_ended(self, token, now_ms)

    def accepts(self, token: str) -> bool:
        return token in (self.access_token, self.page_token)

    def credentials(self) -> dict[str, str]:
        # The client of Facebook Login belongs to the login, not to the account.
        return SandboxAccount.credentials(replace(self, client_id=None, client_secret=None))


def switch_login(account: InstagramAccount, login: str, scopes: tuple[str, ...] | None = None) -> InstagramAccount:
    """Return the account on another login, with that login's own permissions and without new tokens yet."""
    if account.login == login:
        return account if scopes is None else replace(account, scopes=scopes)
    app = FACEBOOK if login == "facebook" else None
    return replace(
        account,
        login=login,
        scopes=SCOPES[login] if scopes is None else scopes,
        client_id=app.id if app else None,
        client_secret=app.secret if app else None,
    )


@dataclass(frozen=True, slots=True)
class StoredContainer(MetaContainer):
    """A container. `kind`: IMAGE, REELS, STORIES, VIDEO or CAROUSEL."""

    media: tuple[str, ...] = ()
    caption: str = ""
    alts: tuple[str | None, ...] = ()
    child: bool = False
    shapes: tuple[str, ...] = ()
    duration_s: float = 0
    size: int = 0
    """Bytes that a resumable upload announced."""


@dataclass(slots=True)
class InstagramSwitches:
    """Instagram's own switches."""

    insights_lag_s: float = switch(5.0, "Instagram: how long insights stay empty, and how far they lag behind")
    flat_tokens: bool = switch(True, "Instagram Login answers flat, as in practice; false: as documented, under data")


def new_id(state: State) -> str:
    """Return a new id: 17 digits in no order."""
    containers = state.table(StoredContainer)
    while (made := f"1{secrets.randbelow(10**15) + 7 * 10**15:016d}") in containers or made in state.posts:
        pass
    return made


COMMENT = "COMMENT"
"""The kind of a comment among the posts."""
CALLS, POSTS, CONTAINERS = "instagram calls a day", "instagram posts a day", "instagram containers a day"
LIMITS = {CALLS: 4800, POSTS: 50, CONTAINERS: 400}
"""Per account and 24 hours. The documents name 50 and 100 posts; the stricter number holds."""


class InstagramTrouble(NamedTuple):
    """A Graph error at one step: `create` a container, `publish` it or a comment, or every call."""

    code: int
    subcode: int | None
    step: str
    message: str
    transient: bool = False


TROUBLES = {
    "throttled": InstagramTrouble(80002, None, "all", "(#80002) There have been too many calls."),
    "spam": InstagramTrouble(4, 2207051, "publish", "We restrict certain activity to protect our community."),
    "restricted": InstagramTrouble(25, 2207050, "publish", "The account is restricted or inactive."),
    "blocked": InstagramTrouble(368, None, "publish", "The action attempted has been deemed abusive."),
    "limit_blocked": InstagramTrouble(341, None, "publish", "Application limit reached."),
    "duplicate": InstagramTrouble(506, None, "publish", "Duplicate status message."),
    "server_error": InstagramTrouble(-1, 2207001, "publish", "Instagram server error. Try again.", True),
    "unknown": InstagramTrouble(2, None, "publish", "An unexpected error has occurred. Please retry.", True),
    "slow_media": InstagramTrouble(-2, 2207003, "create", "It takes too long to download the media.", True),
    "media_expired": InstagramTrouble(-2, 2207020, "create", "The media you are trying to access has expired."),
    "create_failed": InstagramTrouble(-1, 2207032, "create", "Create media fail, please try to re-create media.", True),
    "upload_error": InstagramTrouble(-1, 2207053, "create", "Unknown upload error.", True),
    "upload_failed": InstagramTrouble(-1, 2207082, "create", "Media upload has failed.", True),
    "video_format": InstagramTrouble(352, 2207026, "create", "The video format is not supported."),
}
