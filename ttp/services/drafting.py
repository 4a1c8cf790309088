"""What was typed of a post, and the judgement of the platforms' rules over it: shared by creating and editing.

Never opens the store: the accounts are given.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ttp.domain.account import ALIASES, Account, Platform, connect_command, platform_named
from ttp.domain.errors import ContentRefused, Hint, Problem
from ttp.domain.media import is_web_address
from ttp.domain.media_fit import NO_FITS, Fits
from ttp.domain.media_host import Lack
from ttp.domain.post import Post
from ttp.domain.price import price_notes
from ttp.domain.rules import check
from ttp.services.names import named
from ttp.store.regular_file import open_regular


@dataclass(frozen=True, slots=True)
class Typed:
    """What the user typed of a post. None: not given; an empty tuple or text: given, and to be emptied."""

    text: str | None = None
    kept: bool = False
    """The text came from stdin or an editor, and must survive any mistake in the rest."""
    to: tuple[str, ...] | None = None
    at: str | None = None
    first: bool = False
    """In front of the posts that stand in its slot, which move along."""
    tz: str | None = None
    media: tuple[str, ...] | None = None
    alts: tuple[str, ...] | None = None
    thread: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None
    variants: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    max_lateness_s: float | None = None
    key: str | None = None
    edited: bool = False
    """From an editor, which showed the post: media that it has are not fetched again."""
    dropped: tuple[str, ...] = ()
    """What the post is to have no more: `at`, `max_lateness_s`."""


def digest(typed: Typed) -> str:
    """What makes two posts of one key the same: text, accounts, options, media bytes, and the time as typed."""
    parts = {
        "text": typed.text,
        "to": sorted({_spelled(name) for name in typed.to or ()}),
        "at": typed.at,
        "tz": typed.tz,
        "media": [_file_digest(path) for path in typed.media or ()],
        "alts": list(typed.alts or ()),
        "tags": list(typed.tags or ()),
        "variants": dict(typed.variants),
        "options": dict(typed.options),
        "max_late": typed.max_lateness_s,
    }
    if typed.thread:
        parts["thread"] = list(typed.thread)  # only where there is one: keys that are in use stay what they are
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _spelled(name: str) -> str:
    head, slash, handle = name.strip().partition("/")
    platform = ALIASES.get(head.lower())
    return f"{platform or head.lower()}{slash}{handle.removeprefix('@').lower()}"


def _file_digest(path: str) -> str:
    if is_web_address(path):
        return path  # fetched once, when the post is made: what is there later is no matter
    try:
        with os.fdopen(open_regular(Path(path)), "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return "unreadable"


def check_variants(variants: Mapping[str, str], accounts: Sequence[Account]) -> dict[str, str]:
    """Variants keyed by platform or account name, spelled in full. UsageError for a key that is neither."""
    spelled = {}
    for key, text in variants.items():
        if "/" in key:
            spelled[named(key, accounts).name] = text
        else:
            spelled[platform_named(key).value] = text
    return spelled


def judge(
    post: Post,
    accounts: Sequence[Account],
    *,
    no_host: Lack | None,
    timed: bool,
    video_upload: bool = False,
    fits: Fits = NO_FITS,
    rehearsed: Collection[Platform] = (),
    more: Iterable[Problem] = (),
) -> tuple[Problem, ...]:
    """The problems of a post: refused by ContentRefused if it has a time, else answered as warnings.

    As `rules.check`; `more`: what is known beside the rules.
    """
    named = {account.name: account for account in accounts}
    found = check(post, named, no_host=no_host, video_upload=video_upload, fits=fits, rehearsed=rehearsed)
    problems = (*more, *found)
    refusing = [problem for problem in problems if not problem.warning]
    if refusing and timed:
        hints = dict.fromkeys(Hint("do", problem.hint) for problem in refusing if problem.hint)
        raise ContentRefused(refusing[0].message, *hints, problems=problems)
    return (*problems, *_account_warnings(accounts), *price_notes(post)) if timed else problems


def _account_warnings(accounts: Sequence[Account]) -> Iterator[Problem]:
    """What would make every post of an account fail, or wait, when it is due, as it is now."""
    for account in accounts:
        name = account.name
        if account.is_paused:
            resume = f"ttp resume --account {name}"
            yield Problem("accounts", "paused", f"{name} is paused: its posts wait", name, resume, warning=True)
        if not account.enabled:
            said = f"{name} is disabled: what is due for it fails"
            yield Problem("accounts", "disabled", said, name, f"ttp account enable {name}", warning=True)
        if account.needs_reconnect or not account.connected:
            code = "reconnect" if account.connected else "not_connected"
            said = f"{name} {'must be reconnected' if account.connected else 'is not connected'} before this is due"
            yield Problem("accounts", code, said, name, connect_command(name), warning=True)
