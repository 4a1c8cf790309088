"""UTM parameters of links. Pure: links of the user's own hosts get those that they lack, and nothing else changes.

Tagged texts are planned for each account, next to the text as written, so that nothing is tagged twice.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ttp.domain.action import action
from ttp.domain.errors import Problem

if TYPE_CHECKING:
    from ttp.domain.account import Account
    from ttp.domain.platform import PlatformFacts
    from ttp.domain.post import PostFields

MEDIUM = "social"
_LETTERS = "\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02af\u0388-\u0556\u0561-\u0587"
"""Of scripts that put spaces between words: these may be part of a link."""
_LINK = re.compile(rf"(?<![\w@])https?://[\w.:@%-]+(?:[/?#][!#-;=?-\[\]_a-z~{_LETTERS}]*)?", re.IGNORECASE)
_PAIRS = {")": "(", "]": "["}
_UTM = re.compile(r"utm_[a-z]+", re.IGNORECASE)
_SIGNED = re.compile(r"(?:^|&)(?:x-amz-|[^=&]*signature=|sig=)", re.IGNORECASE)
"""Parameters of an address that is signed, so that any other parameter makes it invalid."""
_NOT_IN_VALUE = re.compile(r"[^a-z0-9._-]+")
_LONGEST_VALUE = 100


@dataclass(frozen=True, slots=True)
class LinkRules:
    """`own`: the user's hosts, as `parse_host` returns them. `short`: what a link is replaced by, once it is tagged."""

    own: tuple[str, ...] = ()
    short: Mapping[str, str] = field(default_factory=dict)


NO_RULES = LinkRules()
Utm = Mapping[str, str]
"""Values by parameter."""


def is_tagged(post: PostFields, account: Account | None) -> bool:
    """Return whether links get UTM parameters on an account."""
    return bool(account and account.utm) if post.utm is None else post.utm


def utm_of(platform: str, tags: Sequence[str]) -> Utm:
    """Return the parameters of a post's links on a platform: the campaign is its first tag that has one."""
    campaign = next(filter(None, map(_value, tags)), "")
    return {"utm_source": platform, "utm_medium": MEDIUM, **({"utm_campaign": campaign} if campaign else {})}


def tag_text(text: str, rules: LinkRules, utm: Utm) -> tuple[str, tuple[str, ...]]:
    """Return a text with its own links tagged and shortened, and the tagged links before that."""
    pieces, tagged, done = list[str](), list[str](), 0
    for start, end in find_links(text):
        link = tag_link(text[start:end], rules.own, utm)
        if link != text[start:end]:
            pieces += text[done:start], rules.short.get(link, link)
            tagged.append(link)
            done = end
    return "".join((*pieces, text[done:])), tuple(tagged)


def tag_link(link: str, own: Collection[str], utm: Utm) -> str:
    """Return a link with the parameters that it lacks: the same one if it is not of an own host, has a source, or is
    signed. What it has stays, in its order and encoding."""
    bare, hash_, fragment = link.partition("#")
    address, mark, query = bare.partition("?")
    names = {one.partition("=")[0].lower() for one in query.split("&")}
    if not _is_own(link, own) or "utm_source" in names or _SIGNED.search(query):
        return link
    more = "&".join(f"{name}={value}" for name, value in utm.items() if name not in names)
    between = "&" if query and not query.endswith("&") else ""
    return f"{address}{mark or '?'}{query}{between}{more}{hash_}{fragment}"


def plain_link(link: str) -> str:
    """Return a link without UTM parameters: the address of the page, to fetch its card from."""
    bare, hash_, fragment = link.partition("#")
    address, _, query = bare.partition("?")
    kept = "&".join(one for one in query.split("&") if not _UTM.fullmatch(one.partition("=")[0]))
    return f"{address}{'?' if kept else ''}{kept}{hash_}{fragment}"


def find_links(text: str) -> Iterator[tuple[int, int]]:
    """Yield where a text has links with http or https. One whose end is uncertain, because a script without spaces
    follows its path, is left out."""
    for match in _LINK.finditer(text):
        link = match[0]
        if text[match.end() : match.end() + 1].isalnum():
            continue
        while not (link[-1].isalnum() or link[-1] in "=_#/+-&" or _closes(link)):
            link = link[:-1]
        yield match.start(), match.start() + len(link)


def _closes(link: str) -> bool:
    """Return whether a link ends with a bracket that opens in it."""
    opening = _PAIRS.get(link[-1])
    return opening is not None and link.count(opening) >= link.count(link[-1])


def tag_parts(post: PostFields, account: Account | None, texts: Sequence[str], rules: LinkRules) -> tuple[str, ...]:
    """Return the texts for an account with their links tagged and shortened, if its links are."""
    if account is None or not is_tagged(post, account):
        return tuple(texts)
    utm = utm_of(account.platform, post.tags)
    return tuple(tag_text(text, rules, utm)[0] for text in texts)


def tagged_links(
    post: PostFields, accounts: Mapping[str, Account], platforms: PlatformFacts, rules: LinkRules
) -> dict[str, tuple[str, ...]]:
    """Return the links that get UTM parameters, by account, of the accounts whose links do."""
    found = {}
    for delivery in post.active:
        if is_tagged(post, accounts.get(delivery.account)):
            facts = platforms.facts(delivery.platform)
            texts = post.written_parts(delivery.account, facts)
            texts += (post.comment,) if post.comment and facts.comments else ()
            utm = utm_of(delivery.platform, post.tags)
            found[delivery.account] = tuple(link for text in texts for link in tag_text(text, rules, utm)[1])
    return found


def link_problems(
    post: PostFields, accounts: Mapping[str, Account], platforms: PlatformFacts, rules: LinkRules
) -> Iterator[Problem]:
    """Yield why links that should be tagged are not: no host is the user's, or no link is of one."""
    tagged = tagged_links(post, accounts, platforms, rules)
    if not tagged:
        return
    if not rules.own:
        texts = (post.content, *post.variants.values(), *post.thread, post.comment or "")
        hosts = [host_of(text[start:end]) for text in texts for start, end in find_links(text)]
        if hosts:
            hint = action("config set", "links.own", (hosts[0] or "example.com").removeprefix("www."))
            message = "links get UTM parameters only on your own hosts, and links.own names none"
            yield Problem("utm", "links_own", message, hint=hint)
    elif post.utm and not any(tagged.values()):
        message = f"no link gets UTM parameters: the post has no link to {' or '.join(rules.own)} that lacks them"
        yield Problem("utm", "links_none", message, warning=True)


def parse_host(text: str) -> str:
    """Return the host of a name or an address without a path, in its ASCII form. ValueError."""
    name = re.fullmatch(r"(?:https?://)?(?:www\.)?([\w-]+(?:\.[\w-]+)+)/?", text.strip().lower())
    host = host_of(f"https://{name[1]}") if name else None
    if host is None:
        raise ValueError(text)
    return host


def _is_own(link: str, own: Collection[str]) -> bool:
    host = host_of(link)
    return host is not None and any(host == one or host.endswith(f".{one}") for one in own)


def host_of(link: str) -> str | None:
    """Return the host of a link, in its ASCII form; None for an invalid one."""
    try:
        host = urlsplit(link).hostname or ""
        return (host if host.isascii() else host.encode("idna").decode()) or None
    except ValueError:
        return None


def _value(text: str) -> str:
    """Return a text as the value of a parameter; empty if nothing of it can be one."""
    plain = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    return _NOT_IN_VALUE.sub("-", plain).strip("-")[:_LONGEST_VALUE]
