"""Options of posts that a program gets: what they mean is the program's business."""

from __future__ import annotations

from ttp.domain.options import Option, OptionType

OPTIONS = (
    Option("title", OptionType.TEXT, "a title, such as a blog post's", most=500),
    Option("target", OptionType.TEXT, "where to, such as a channel", most=500),
    Option("data", OptionType.TEXT, "anything else for the program, such as JSON", most=5000),
)
