"""Which accounts a person means: names and platforms as they are typed, against the accounts that there are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ttp.domain.account import Account, connect_command, parse_account_name, platform_named
from ttp.domain.errors import Ambiguous, Hint, NotFound, UsageError


def resolve_accounts(names: Iterable[str], known: Sequence[Account]) -> tuple[Account, ...]:
    """The accounts that `--to` names, each once, in the order typed. NotFound, Ambiguous or UsageError otherwise."""
    found: dict[str, Account] = {}
    for name in names:
        account = named(name, known) if "/" in name else _only_one(name, known)
        found[account.name] = account
    return tuple(found.values())


def named(name: str, known: Sequence[Account]) -> Account:
    """The account of a full name, whatever the case of its handle. NotFound, or UsageError if it is no name."""
    platform, handle = parse_account_name(name)
    for account in known:
        if account.platform is platform and account.handle.lower() == handle.lower():
            return account
    raise NotFound(
        f"no account {platform}/{handle}",
        *_like(f"{platform}/{handle}", name, known),
        Hint("see them", "ttp account list"),
        Hint("connect it", connect_command(f"{platform}/{handle}")),
    )


def _like(name: str, typed: str, known: Sequence[Account]) -> tuple[Hint, ...]:
    from difflib import get_close_matches

    near = get_close_matches(name, [a.name for a in known], n=1)
    return tuple(Hint("did you mean", like, (typed, like)) for like in near)


def _only_one(name: str, known: Sequence[Account]) -> Account:
    """The one enabled account of a platform. UsageError for none, Ambiguous for several."""
    platform = platform_named(name)
    enabled = [account for account in known if account.platform is platform and account.enabled]
    match enabled:
        case [account]:
            return account
        case []:
            off = [account.name for account in known if account.platform is platform]
            if off:
                raise UsageError(
                    f"no {platform} account is enabled", *(Hint("enable it", f"ttp account enable {n}") for n in off)
                )
            raise UsageError(f"no {platform} account yet", Hint("connect one", connect_command(platform)))
    names = [account.name for account in enabled]
    raise Ambiguous(
        f'"{name}" could be {", ".join(names[:-1])} or {names[-1]}', *(Hint("write", n, (name, n)) for n in names)
    )
