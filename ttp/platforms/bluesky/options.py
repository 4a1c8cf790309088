"""Options of posts on Bluesky."""

from __future__ import annotations

import re

from ttp.domain.options import SWITCH, Option, OptionType, option_table

LABELS = ("graphic-media", "nudity", "porn", "sexual")
REPLIES = {
    "mentioned": {"$type": "app.bsky.feed.threadgate#mentionRule"},
    "following": {"$type": "app.bsky.feed.threadgate#followingRule"},
    "followers": {"$type": "app.bsky.feed.threadgate#followerRule"},
}
NOBODY = "nobody"
CARD_WORDS = ("auto", "none")
POST_ADDRESS = re.compile(
    r"(?:https?://bsky\.app/profile/(?P<who>[A-Za-z0-9.:%-]+)/post/|at://(?P<repo>[A-Za-z0-9.:%-]+)/app\.bsky\.feed\.post/)"
    r"(?P<key>[234567a-z]{13})/?"
)

OPTIONS = option_table(
    (
        Option("langs", OptionType.LANGUAGES, "languages of the text", most=3),
        Option("labels", OptionType.TEXT, f"what a reader is warned of: {', '.join(LABELS)}", most=100),
        Option(
            "who_replies",
            OptionType.TEXT,
            f"who may reply (not set: everyone): {NOBODY}, or some of {', '.join(REPLIES)}",
            most=100,
        ),
        Option("quotes_off", OptionType.SWITCH, "nobody may quote the post", SWITCH),
        Option(
            "card",
            OptionType.ADDRESS,
            "page that is shown as a card with its title and picture, 2=ADDRESS on part 2; auto: first link of each",
            CARD_WORDS,
        ),
        Option(
            "quote", OptionType.TEXT, "address of the post that is quoted; 2=ADDRESS on part 2 of a thread", most=500
        ),
        Option("reply_to", OptionType.TEXT, "address of the post that is replied to", most=500),
        Option("shorten_links", OptionType.SWITCH, "show long links shortened; they lead to the same page", SWITCH),
    )
)


def split_list(text: str | None) -> tuple[str, ...]:
    """Return the entries of a list with commas between, each once."""
    return tuple(dict.fromkeys(part.strip() for part in (text or "").split(",") if part.strip()))


def list_problem(name: str, text: str) -> str | None:
    """Return why an option's text is not usable; None if it is."""
    entries = split_list(text)
    match name:
        case "labels":
            wrong = [one for one in entries if one not in LABELS]
            return f"{wrong[0]} is not one of {', '.join(LABELS)}" if wrong else None
        case "who_replies":
            wrong = [one for one in entries if one != NOBODY and one not in REPLIES]
            if wrong:
                return f"{wrong[0]} is not one of {', '.join((NOBODY, *REPLIES))}"
            return f"{NOBODY} must be the only entry" if NOBODY in entries and len(entries) > 1 else None
        case _:
            return None if POST_ADDRESS.fullmatch(text.strip()) else "it is not the address of a post on Bluesky"
