"""Options of posts on LinkedIn."""

from __future__ import annotations

from ttp.domain.options import SWITCH, Option, OptionType, option_table

OPTIONS = option_table(
    (
        Option(
            "visibility",
            OptionType.CHOICE,
            "who sees the post (not set: everyone)",
            ("PUBLIC", "CONNECTIONS", "LOGGED_IN"),
        ),
        Option(
            "card",
            OptionType.ADDRESS,
            "page that is shown as a card with its title and picture; auto: the first link",
            ("auto", "none"),
        ),
        Option("no_reshare", OptionType.SWITCH, "nobody may repost it", SWITCH),
    )
)
