"""Instagram on the Graph API: its permissions, limits and parameters."""

from __future__ import annotations

from ttp.sandbox.instagram.records import CALLS, LIMITS, InstagramAccount
from ttp.sandbox.meta.requests import SandboxGraph

API = SandboxGraph(
    "instagram",
    "Instagram",
    InstagramAccount,
    {
        "instagram": {
            "basic": "instagram_business_basic",
            "publish": "instagram_business_content_publish",
            "insights": "instagram_business_manage_insights",
            "comments": "instagram_business_manage_comments",
        },
        "facebook": {
            "basic": "instagram_basic",
            "publish": "instagram_content_publish",
            "insights": "instagram_manage_insights",
            "comments": "instagram_manage_comments",
        },
    },
    calls=(CALLS, LIMITS[CALLS]),
    newest_version=27,
    json_types={
        **dict.fromkeys(("is_carousel_item", "is_ai_generated", "share_to_feed", "is_paid_partnership"), bool),
        **dict.fromkeys(("thumb_offset", "limit", "since"), int),
        **dict.fromkeys(("children", "collaborators", "user_tags"), list),
        "trial_params": dict,
    },
)
