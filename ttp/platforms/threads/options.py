"""Options of posts on Threads, and the kinds of post. In a thread the options are those of its first part."""

from __future__ import annotations

from collections.abc import Sequence

from ttp.domain.media.item import MediaItem
from ttp.domain.options import Option, OptionType, option_table

MOST_ITEMS = 20
"""Items of a carousel."""


def kind_of(media: Sequence[MediaItem]) -> str:
    """Return `text`, `image`, `video` or `carousel`."""
    if len(media) > 1:
        return "carousel"
    return "text" if not media else "video" if media[0].is_video else "image"


OPTIONS = option_table(
    (
        Option(
            "reply_control",
            OptionType.CHOICE,
            "who may reply (default: everyone)",
            ("everyone", "accounts_you_follow", "mentioned_only", "parent_post_author_only", "followers_only"),
        ),
        Option(
            "topic_tag",
            OptionType.TEXT,
            "the topic, without # . and & (default: the first hashtag of the text)",
            most=50,
        ),
        Option(
            "link",
            OptionType.ADDRESS,
            "address whose card the post shows (default: the first one in the text)",
            kinds=("text",),
        ),
        Option("quote_post_id", OptionType.ID, "id of the post to quote"),
        Option("reply_to_id", OptionType.ID, "id of the post to reply to"),
    )
)
