"""How long a text is, counted as each server software counts it (docs/reference/platforms/mastodon.md, section 3)."""

from __future__ import annotations

import re

from ttp.platforms.graphemes import count_graphemes

LINK_CHARACTERS, MOST_CHARACTERS = 23, 500
"""Mastodon's own numbers, where a server names no others."""

_LINK = re.compile(
    r"(?<![@$#\w])https?://(?:[^\W_](?:[\w-]*[^\W_])?\.)+[a-z]{2,}(?![\w@-])(?::\d{1,5})?"
    r"(?:[/?#](?:[!#-;=?-~\u00c0-\u024f\u0400-\u04ff]*[#-&+\-/-9=@-Z_a-z~\u00c0-\u024f\u0400-\u04ff])?)?",
    re.IGNORECASE,
)
"""A link with its scheme. Punctuation at its end is counted on its own: rather too long than too short."""
_MENTION = re.compile(r"(?<![=/\w])@([a-z0-9_]+(?:[a-z0-9_.-]+[a-z0-9_]+)?)@[\w.-]*\w(?::\d+)?", re.IGNORECASE)


def count_characters(text: str, warning: str = "", *, software: str = "mastodon", link: int = LINK_CHARACTERS) -> int:
    """Return the length of a text and its content warning. Mastodon counts graphemes, a link as `link` characters and
    @user@host as @user; GoToSocial counts code points; anything else is counted in graphemes with links in full."""
    text, warning = text.strip(), warning.strip()
    if software == "gotosocial":
        return len(text) + len(warning)
    if software == "mastodon":
        if "://" in text:
            text = _LINK.sub("x" * link, text)
        if "@" in text:
            text = _MENTION.sub(r"@\1", text)
    return count_graphemes(warning + text)
