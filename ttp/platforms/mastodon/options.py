"""Options of posts on Mastodon, and what the text of some of them means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from ttp.domain.options import SWITCH, ChosenOptions, Option, OptionType, option_table
from ttp.platforms.client import PublishRequest

VISIBILITIES = ("public", "unlisted", "private", "direct")
PRIVATE = frozenset({"private", "direct"})
POLL_S = 86_400
"""How long a poll runs where nothing else is chosen."""
_FOCUS = re.compile(r"(-?(?:0|1)?\.?\d*):(-?(?:0|1)?\.?\d*)")
_POST_ID = re.compile(r"[0-9A-Za-z_.-]{1,64}")
_LAST_PART = re.compile(r"/([0-9A-Za-z_.-]{1,64})/?$")

OPTIONS = option_table(
    (
        Option(
            "visibility",
            OptionType.CHOICE,
            "who sees the post (not set: the account's default); private is followers, direct is who is mentioned",
            VISIBILITIES,
        ),
        Option("spoiler_text", OptionType.TEXT, "content warning, before which nothing else is shown", most=1000),
        Option("sensitive", OptionType.SWITCH, "media are hidden until a reader asks for them", SWITCH),
        Option("language", OptionType.LANGUAGES, "language of the text", most=1),
        Option("reply_to", OptionType.TEXT, "address or id of the post that is replied to", most=500),
        Option(
            "quote",
            OptionType.TEXT,
            "address or id of the post that is quoted (Mastodon 4.5); 2=ADDRESS on part 2 of a thread",
            most=500,
        ),
        Option(
            "quote_policy",
            OptionType.CHOICE,
            "who may quote the post (Mastodon 4.5)",
            ("public", "followers", "nobody"),
        ),
        Option("poll", OptionType.TEXT, "answers of a poll with | between: Yes|No", most=1000),
        Option("poll_expires", OptionType.NUMBER, f"seconds that the poll runs (not set: {POLL_S})"),
        Option("poll_multiple", OptionType.SWITCH, "a reader may choose several answers", SWITCH),
        Option("poll_hide", OptionType.SWITCH, "counts are hidden until the poll ends", SWITCH),
        Option(
            "focus",
            OptionType.TEXT,
            "the point of each image that stays visible when it is cropped, x:y from -1 to 1: 0:0.5,-1:0",
            most=200,
        ),
    )
)


def chosen_of(request: PublishRequest) -> ChosenOptions:
    return ChosenOptions("mastodon", OPTIONS, request.options)


def split_poll(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split("|") if part.strip())


def split_focus(text: str | None) -> tuple[str, ...]:
    """Return the focus of each media item as the API takes it: `0,0.5`. Raises ValueError."""
    points = []
    for part in (text or "").split(",") if text else ():
        match = _FOCUS.fullmatch(part.strip())
        if match is None or not all(-1 <= float(share or "x") <= 1 for share in match.groups()):
            raise ValueError(f'"{part.strip()}" is not x:y with numbers from -1 to 1')
        points.append(f"{float(match[1]):g},{float(match[2]):g}")
    return tuple(points)


def api_focus(focus: str | None) -> str:
    """Return a media item's focus (shares from the top left) as the API takes it (-1 to 1, up and right)."""
    if not focus:
        return ""
    x, y = map(float, focus.split(","))
    return f"{round(2 * x - 1, 6):g},{round(1 - 2 * y, 6):g}"


def post_id_of(text: str, server: str) -> str | None:
    """Return the id of a post that is named by id, or by its address on this server; None where it must be asked."""
    text = text.strip()
    if "://" not in text:
        return text if _POST_ID.fullmatch(text) else None
    parts, here = urlsplit(text), urlsplit(server)
    match = _LAST_PART.search(parts.path)
    is_page = "/@" in parts.path or "/statuses/" in parts.path
    local_author = parts.path.count("@") <= 1
    return match[1] if match and is_page and local_author and parts.netloc == here.netloc else None


def option_problem(name: str, text: str, server: Mapping[str, object]) -> str | None:
    """Return why an option's text is not usable; None if it is."""
    match name:
        case "focus":
            try:
                split_focus(text)
            except ValueError as error:
                return str(error)
            return None
        case _:
            is_web = text.strip().startswith(("https://", "http://"))
            named = is_web or _POST_ID.fullmatch(text.strip())
            return None if named else "it is neither the address nor the id of a post"
