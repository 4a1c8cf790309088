"""Options of posts on X."""

from __future__ import annotations

from ttp.domain.options import SWITCH, Option, OptionType, option_table

OPTIONS = option_table(
    (
        Option(
            "reply_settings",
            OptionType.CHOICE,
            "who may reply (default: everyone)",
            ("following", "mentionedUsers", "subscribers", "verified"),
        ),
        Option("made_with_ai", OptionType.SWITCH, "label as made with AI", SWITCH),
        Option("paid_partnership", OptionType.SWITCH, "label as a paid partnership", SWITCH),
        Option(
            "links",
            OptionType.CHOICE,
            "keep links where they are, move those on a line of their own into a last part, or refuse them",
            ("keep", "last-part", "refuse"),
        ),
    )
)
