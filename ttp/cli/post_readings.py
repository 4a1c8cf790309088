"""What a command line means that depends on the posts of the store: a changed text, all drafts, the last post."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from ttp.cli import other_words, settings
from ttp.cli.time_readings import ID, stored_post
from ttp.domain.action import LONGEST_TEXT
from ttp.domain.errors import TtpError

_SED = re.compile(r"s([/|#])(?P<old>.+?)\1(?P<new>.*?)\1?g?")
_STATUS_OF_ALL = {"unschedule": "scheduled", "publish": "scheduled"}
"""Which posts `all` are to a command that takes ids."""
_MOST_LETTERS = 60
"""Of ids in a suggested command."""


def of_option(words: Sequence[str], name: str, after: Sequence[str], context: Any) -> Iterator[list[str]]:
    """Yield `edit 3` with the accounts for `--add-to`, and with the text for `--replace A B`. `words`: those before the
    option; `after`: those behind it."""
    post = stored_post(words[1], context) if len(words) > 1 else None
    if post is None or not after:
        return
    value, *rest = after
    names = value.split(",")
    if name in other_words.ADD_ACCOUNT:
        yield [*words, "--to", ",".join(dict.fromkeys((*post.accounts, *names))), *rest]
    elif name in other_words.REMOVE_ACCOUNT:
        remaining = [one for one in post.accounts if one not in names and one.partition("/")[0] not in names]
        if remaining and len(remaining) < len(post.accounts):
            yield [*words, "--to", ",".join(remaining), *rest]
    elif name in other_words.REPLACE and rest and (text := _replaced(post.content, value, rest[0])):
        yield [*words, text, *rest[1:]]


def of_replacement(words: Sequence[str], context: Any) -> list[str] | None:
    """Return `edit 3` with the new text for `sed s/A/B/ 3` and `replace A B 3`; None for other words."""
    (number, *_), others = [word for word in words if ID.fullmatch(word)] or [""], []
    others = [word for word in words if word != number and word not in ("with", "by", "in", "-i")]
    if len(others) == 1 and (match := _SED.fullmatch(others[0])):
        others = [match["old"], match["new"]]
    post = stored_post(number, context)
    text = _replaced(post.content, *others) if post is not None and len(others) == 2 else None
    return ["edit", number, text] if text else None


def _replaced(text: str, old: str, new: str) -> str | None:
    """Return a text with a word replaced; None if it does not have it, and for one that is too long to type again."""
    return text.replace(old, new) if old in text and len(text) <= LONGEST_TEXT else None


def named_posts(path: str, word: str, context: Any) -> list[str] | None:
    """Return the ids of the posts that `all`, `drafts` or `last` are to a command that takes ids; None for none."""
    from ttp.views.posts import id_ranges

    status = _STATUS_OF_ALL.get(path) if word in ("all", "everything") else other_words.STATUSES.get(word, ("",))[0]
    is_last = word in ("last", "latest", "newest")
    if settings.names_server() or not (status or is_last):
        return None
    with suppress(TtpError):
        posts = context.queries.posts(context.post_filter(statuses=(status,) if status else ()))
        ids = [post.id for post in posts]
        text = id_ranges([max(ids)] if is_last else ids) if ids else ""
        return text.split() if 0 < len(text) < _MOST_LETTERS else None
    return None
