"""Putting a post together from what was typed: its accounts, media, variants and options, checked by the rules.

Pure of the database but for the accounts that it is given; used by creating and by editing.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ttp.domain.account import ALIASES, Account, parse_account_name, platform_named
from ttp.domain.errors import Ambiguous, ContentRefused, Hint, NotFound, Problem, UsageError
from ttp.domain.post import Post
from ttp.domain.rules import check


@dataclass(frozen=True, slots=True)
class Typed:
    """What the user typed of a post. None: not given; an empty tuple or text: given, and to be emptied."""

    text: str | None = None
    kept: bool = False
    """The text came from stdin or an editor, and must survive any mistake in the rest."""
    to: tuple[str, ...] | None = None
    at: str | None = None
    media: tuple[str, ...] | None = None
    alts: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None
    variants: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    max_lateness_s: float | None = None
    key: str | None = None


def digest(typed: Typed) -> str:
    """What makes two posts of one key the same: text, accounts, options, media bytes, and the time as typed."""
    parts = {
        "text": typed.text,
        "to": sorted(_spelled(name) for name in typed.to or ()),
        "at": typed.at,
        "media": [_file_digest(path) for path in typed.media or ()],
        "alts": list(typed.alts or ()),
        "tags": list(typed.tags or ()),
        "variants": dict(typed.variants),
        "options": dict(typed.options),
        "max_late": typed.max_lateness_s,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _spelled(name: str) -> str:
    head, slash, handle = name.strip().partition("/")
    platform = ALIASES.get(head.lower())
    return f"{platform or head.lower()}{slash}{handle.removeprefix('@').lower()}"


def _file_digest(path: str) -> str:
    try:
        # Opened without waiting: a named pipe that nobody writes to would block here for ever.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return "no file"
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):
        return "unreadable"


def resolve_accounts(names: Iterable[str], known: Sequence[Account]) -> tuple[Account, ...]:
    """The accounts that `--to` names, each once, in the order typed. NotFound, Ambiguous or UsageError otherwise."""
    found: dict[str, Account] = {}
    for name in names:
        account = _named(name, known) if "/" in name else _only_one(name, known)
        found[account.name] = account
    return tuple(found.values())


def _named(name: str, known: Sequence[Account]) -> Account:
    platform, handle = parse_account_name(name)
    for account in known:
        if account.platform is platform and account.handle.lower() == handle.lower():
            return account
    raise NotFound(
        f"no account {platform}/{handle}",
        *_like(f"{platform}/{handle}", known),
        Hint("see them", "ttp account list"),
        Hint("add it", f"ttp account add {platform}/{handle} --credentials FILE"),
    )


def _like(name: str, known: Sequence[Account]) -> tuple[Hint, ...]:
    from difflib import get_close_matches

    return tuple(Hint("did you mean", like) for like in get_close_matches(name, [a.name for a in known], n=1))


def _only_one(name: str, known: Sequence[Account]) -> Account:
    platform = platform_named(name)
    enabled = [account for account in known if account.platform is platform and account.enabled]
    match enabled:
        case [account]:
            return account
        case []:
            raise UsageError(
                f"no {platform} account yet", Hint("add one", f"ttp account add {platform}/HANDLE --credentials FILE")
            )
    names = [account.name for account in enabled]
    raise Ambiguous(
        f'"{name}" could be {", ".join(names[:-1])} or {names[-1]}', *(Hint("write", f"--to {n}") for n in names)
    )


def check_variants(variants: Mapping[str, str], accounts: Sequence[Account]) -> dict[str, str]:
    """Variants keyed by platform or account name, spelled in full. UsageError for a key that is neither."""
    spelled = {}
    for key, text in variants.items():
        if "/" in key:
            spelled[_named(key, accounts).name] = text
        else:
            spelled[platform_named(key).value] = text
    return spelled


def judge(post: Post, accounts: Sequence[Account], *, media_host: bool, timed: bool) -> tuple[Problem, ...]:
    """The problems of a post: refused by ContentRefused if it has a time, else answered as warnings."""
    problems = check(post, {account.name: account for account in accounts}, media_host=media_host)
    refusing = [problem for problem in problems if not problem.warning]
    if refusing and timed:
        first, *others = refusing
        hints = [Hint("do", problem.hint) for problem in refusing if problem.hint]
        hints.append(Hint("keep it as a draft", "leave out --at"))
        raise ContentRefused(
            first.message, *dict.fromkeys(hints), problems=problems, details=[other.message for other in others]
        )
    return (*problems, *_token_warnings(accounts)) if timed else problems


def _token_warnings(accounts: Sequence[Account]) -> tuple[Problem, ...]:
    return tuple(
        Problem(
            "accounts",
            "reconnect" if account.connected else "not_connected",
            f"{account.name} {'must be reconnected' if account.connected else 'is not connected'} before this is due",
            account.name,
            f"ttp account add {account.name} --credentials FILE",
            warning=True,
        )
        for account in accounts
        if account.needs_reconnect or not account.connected
    )
