"""The filter bar of pages: what the address asks for, and the filter of posts that it means."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import cached_property
from urllib.parse import urlencode

from markupsafe import Markup

from ttp.domain.account import Account
from ttp.domain.errors import TtpError, UsageError
from ttp.domain.post import PostStatus
from ttp.server.pages.rendering import STATES, network_name
from ttp.server.pages.visit import Visit, parse_number
from ttp.store.post_search import SORTS
from ttp.store.queries import PostFilter

NEEDS_YOU = "needs-you"
STATUSES = (NEEDS_YOU, *(status.value for status in PostStatus))
SORT_WORDS: Mapping[str, str] = {
    "": "Next first",
    "-time": "Latest time first",
    "time": "Earliest time first",
    "-updated": "Last changed first",
    "-created": "Newest first",
}
"""The orders that the bar offers."""
_LONGEST, _LAST_PAGE = 500, 100_000
_FIRST, _WORDS_BEFORE, _WORDS = 80, 30, 280
"""A match within the first letters of a text is seen; what a row has before a later one; and what it has in all."""


@dataclass(frozen=True)
class Filters:
    """The words of the address, and the filter without those that mean nothing: `problems` says which."""

    words: Mapping[str, str]
    page: int
    post_filter: PostFilter
    problems: Sequence[str]
    accounts: Sequence[Account]
    tags: Sequence[str]
    zone: tzinfo = field(repr=False)

    def __getitem__(self, name: str) -> str:
        return self.words[name]

    @property
    def is_empty(self) -> bool:
        return not any(word for name, word in self.words.items() if name != "sort")

    @property
    def chosen_accounts(self) -> list[Account]:
        """Return the accounts whose posts the filter lets through."""
        ids, platforms = self.post_filter.accounts, self.post_filter.platforms
        by_id = [account for account in self.accounts if not ids or account.id in ids]
        return [account for account in by_id if not platforms or account.platform in platforms]

    @cached_property
    def platforms(self) -> list[str]:
        """Return the networks of several accounts, which can be chosen together."""
        names = [account.platform for account in self.accounts]
        return sorted({name for name in names if names.count(name) > 1})

    def options(self, name: str) -> list[tuple[str, str]]:
        """Return the values that the bar offers, with their words; that of the address is one of them."""
        offered = {
            "status": {"": "Any status", NEEDS_YOU: "Needs you", **{one: STATES[one] for one in STATUSES[1:]}},
            "account": {
                "": "Any account",
                **{one: f"All of {network_name(one)}" for one in self.platforms},
                **{account.name: account.name for account in self.accounts},
            },
            "tag": {"": "Any tag", **{tag: tag for tag in self.tags}},
            "sort": dict(SORT_WORDS),
        }[name]
        return list({**offered, **({} if self[name] in offered else {self[name]: self[name]})}.items())

    @property
    def time_words(self) -> str:
        """Return what the bar shows of the bounds."""
        days = [f"{way} {self.day(name)}" for name, way in (("since", "from"), ("until", "before")) if self.day(name)]
        return " ".join(days).capitalize() or "Any time"

    @property
    def search_words(self) -> str:
        """Return in words what was chosen besides the text: `Draft, x/me, from 2026-11-01`."""
        chosen = [dict(self.options(name))[self[name]] for name in ("status", "account", "tag") if self[name]]
        return ", ".join([*chosen, *([self.time_words.lower()] if self.day("since") or self.day("until") else [])])

    def query(self, **changes: object) -> str:
        """Return the query of the same filter, with some words changed."""
        page = {"page": self.page if self.page > 1 else ""}
        return urlencode({name: word for name, word in {**self.words, **page, **changes}.items() if word})

    def day(self, name: str) -> str:
        """Return a bound as the date that a picker shows; empty without one."""
        at: datetime | None = getattr(self.post_filter, name)
        return "" if at is None else at.astimezone(self.zone).date().isoformat()

    def excerpt(self, text: str) -> Markup:
        """Return the beginning of a text, or what is around the first match, with its matches marked."""
        search = self.post_filter.search
        if not search:
            return Markup.escape(text[:_WORDS])  # escaped
        pattern = re.compile(re.escape(search), re.IGNORECASE)
        match = pattern.search(text)
        start = match.start() - _WORDS_BEFORE if match and match.start() > _FIRST else 0
        start = text.find(" ", start, start + _WORDS_BEFORE) + 1 or start if start else 0
        parts: list[Markup] = [Markup("…")] if start else []
        place = start
        for one in pattern.finditer(text, start, start + _WORDS):
            parts += [Markup.escape(text[place : one.start()]), Markup("<mark>{}</mark>").format(one[0])]
            place = one.end()
        return Markup("").join([*parts, Markup.escape(text[place : start + _WORDS])])


def read_filters(visit: Visit, *, page_size: int | None = None) -> Filters:
    """Read `q`, `status`, `account`, `tag`, `since`, `until`, `sort` and `page`, by the names and values of `ttp list`.
    A value that means nothing is left out and reported. `page_size`: the posts of a page; None: of all."""
    names = ("q", "status", "account", "tag", "since", "until", "sort")
    words = {name: visit.query(name).strip()[:_LONGEST] for name in names}
    page = min(parse_number(visit.query("page")) or 1, _LAST_PAGE)
    accounts, problems = visit.reading.queries.accounts(), list[str]()
    criteria: dict[str, object] = {"search": words["q"] or None, "tags": (words["tag"],) if words["tag"] else ()}
    for name, read in (("status", _statuses), ("account", _accounts), ("sort", _sort)):
        try:
            criteria |= read(visit, words[name]) if words[name] else {}
        except TtpError as error:
            problems.append(error.message)
    for name in ("since", "until"):
        try:
            criteria[name] = visit.reading.bound(name, words[name] or None)
        except TtpError as error:
            problems.append(error.message)
    if page_size is not None:
        criteria |= {"limit": page_size, "skip": (page - 1) * page_size}
    tags = [tag for tag, _ in visit.reading.queries.tags()]
    return Filters(words, page, PostFilter(**criteria), problems, accounts, tags, visit.zone)  # type: ignore[arg-type]  # by name


def _statuses(visit: Visit, text: str) -> dict[str, object]:
    if text == NEEDS_YOU:
        return {"needs_you": True}
    names = [name.strip() for name in text.split(",")]
    unknown = next((name for name in names if name not in STATUSES[1:]), None)
    if unknown is not None:
        raise UsageError(f"there is no status {unknown}")
    return {"statuses": tuple(PostStatus(name) for name in names)}


def _accounts(visit: Visit, text: str) -> dict[str, object]:
    """A platform means all its accounts."""
    if any(account.platform == text for account in visit.reading.queries.accounts()):
        return {"platforms": (text,)}
    return {"accounts": tuple(account.id or 0 for account in visit.reading.queries.find_accounts([text]))}


def _sort(visit: Visit, text: str) -> dict[str, object]:
    if text.removeprefix("-") not in SORTS:
        raise UsageError(f"posts cannot be sorted by {text}")
    return {"sort": text}
