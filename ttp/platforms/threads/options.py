"""Options of posts on Threads, and the kinds of post. In a thread the options concern its first part."""

from __future__ import annotations

from collections.abc import Sequence

from ttp.domain.media.item import MediaItem
from ttp.domain.options import SWITCH, Option, OptionType, option_table

MOST_ITEMS = 20
"""Items of a carousel."""


def kind_of(media: Sequence[MediaItem]) -> str:
    """Return `text`, `image`, `video` or `carousel`."""
    if len(media) > 1:
        return "carousel"
    return "text" if not media else "video" if media[0].is_video else "image"


def poll_answers(text: str | None) -> tuple[str, ...]:
    return () if text is None else tuple(answer.strip() for answer in text.split("|"))


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
        Option(
            "poll", OptionType.TEXT, "two to four answers of a poll with | between: Yes|No", most=200, kinds=("text",)
        ),
        Option("spoiler", OptionType.SWITCH, "images and videos are hidden until a reader asks for them", SWITCH),
        Option("quote_post_id", OptionType.ID, "id of the post to quote"),
        Option("reply_to_id", OptionType.ID, "id of the post to reply to"),
    )
)
