"""Permissions of Instagram's two logins (docs/reference/platforms/instagram.md, section 2)."""

from __future__ import annotations

INSTAGRAM_SCOPES = (
    "instagram_business_basic",
    "instagram_business_content_publish",
    "instagram_business_manage_insights",
)
"""Of Instagram Login."""
FACEBOOK_SCOPES = (
    "instagram_basic",
    "instagram_content_publish",
    "instagram_manage_insights",
    "pages_show_list",
    "pages_read_engagement",
)
"""Of Facebook Login."""
DELETING = "instagram_manage_contents"
"""The extra scope for deleting. Not requested by default: Facebook refuses what an app is not approved for."""
COMMENTING = {"instagram": "instagram_business_manage_comments", "facebook": "instagram_manage_comments"}
"""By login, the extra scope for comments."""


def comment_scopes(by_facebook: bool) -> tuple[str, ...]:
    """Return what an account needs that comments, the extra scope last."""
    return (*FACEBOOK_SCOPES, COMMENTING["facebook"]) if by_facebook else (*INSTAGRAM_SCOPES, COMMENTING["instagram"])
