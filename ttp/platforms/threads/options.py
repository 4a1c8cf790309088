"""Options of posts on Threads. In a thread they are those of its first part."""

from __future__ import annotations

from ttp.domain.options import Option, OptionType, option_table

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
    )
)
