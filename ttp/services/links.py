"""Plan the parts of posts, with the links of the user's own hosts tagged, and shortened by a program of the user's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from ttp.domain.account import Account
from ttp.domain.action import action
from ttp.domain.comments import plan_comments
from ttp.domain.config import Config
from ttp.domain.errors import Hint, Problem, UsageError
from ttp.domain.parts.links import LinkRules, find_links, link_problems, parse_host, tagged_links
from ttp.domain.post import Post
from ttp.domain.rules import plan_parts
from ttp.domain.text import clean_text
from ttp.platforms.registry import Registry
from ttp.store import short_links
from ttp.store.database import Database

LIMIT_S = 30.0
"""Seconds that the program may take for a link."""
MOST = 24
"""Links of a post that it is run for: whoever may write drafts makes it run."""
_MOST_OUTPUT = 4096


@dataclass
class PostLinks:
    """`shortens`: whether new links are shortened; else only those that have been are replaced."""

    database: Database
    config: Config
    platforms: Registry
    shortens: bool = True
    _short: dict[str, str] = field(default_factory=dict)

    def plan(self, post: Post, accounts: Iterable[Account]) -> Post:
        """Return the post with its parts planned again. Runs no program: call `shorten` before, outside a
        transaction."""
        accounts = tuple(accounts)
        rules = self.rules(post, accounts)
        return plan_comments(plan_parts(post, accounts, self.platforms, rules), accounts, self.platforms, rules)

    def count_tagged(self, post: Post, accounts: Iterable[Account]) -> dict[str, tuple[int, int]]:
        """Return how many links get UTM parameters, by account, and for how many of them the program will be run."""
        by_account = self._tagged(post, accounts)
        if not self.config.texts("links.shorten"):
            return {name: (len(links), 0) for name, links in by_account.items()}
        known = self._known({link for links in by_account.values() for link in links})
        return {name: (len(links), len(set(links) - known.keys())) for name, links in by_account.items()}

    def problems(self, post: Post, accounts: Iterable[Account]) -> Iterable[Problem]:
        """Return why links that should be tagged are not."""
        by_name = {account.name: account for account in accounts}
        return link_problems(post, by_name, self.platforms, self.plain_rules)

    def shorten(self, post: Post, accounts: Iterable[Account]) -> None:
        """Run the program for each tagged link of a post that it was never run for, and store its answer. Raises
        UsageError if it fails."""
        if not (self.shortens and self.config.texts("links.shorten")):
            return
        links = self._links(post, accounts)
        if missing := [link for link in links if link not in self._known(links)]:
            if len(missing) > MOST:
                raise UsageError(f"{len(missing)} links would be shortened, and at most {MOST} of a post are")
            answers = {link: self._run(link) for link in missing}
            with self.database.writing() as db:
                short_links.save(db, answers)
            self._short |= answers

    def rules(self, post: Post, accounts: Iterable[Account]) -> LinkRules:
        """Return the rules of a post's links, with the short links that are stored."""
        if not self.config.texts("links.shorten"):
            return self.plain_rules
        return LinkRules(self.plain_rules.own, self._known(self._links(post, accounts)))

    @cached_property
    def plain_rules(self) -> LinkRules:
        """The rules without short links."""
        return LinkRules(tuple(map(parse_host, self.config.texts("links.own"))))

    def _tagged(self, post: Post, accounts: Iterable[Account]) -> dict[str, tuple[str, ...]]:
        by_name = {account.name: account for account in accounts}
        return tagged_links(post, by_name, self.platforms, self.plain_rules)

    def _links(self, post: Post, accounts: Iterable[Account]) -> list[str]:
        return list(dict.fromkeys(link for links in self._tagged(post, accounts).values() for link in links))

    def _known(self, links: Iterable[str]) -> dict[str, str]:
        """Return the short links that are stored, by link."""
        if missing := [link for link in links if link not in self._short]:
            with self.database.reading() as db:
                self._short |= short_links.find(db, missing) if db else {}
        return self._short

    def _run(self, link: str) -> str:
        """Return what the program prints for a link, its last argument."""
        from ttp.platforms.user_program import NotStarted, ProgramEnded, run

        program, *arguments = self.config.texts("links.shorten")
        try:
            ran = run([program, *arguments, link], limit_s=LIMIT_S, cap=_MOST_OUTPUT)
        except NotStarted as error:
            raise _failed(f"failed to start: {clean_text(program)}: {error}") from None
        except ProgramEnded as error:
            raise _failed(str(error)) from None
        if ran.code != 0:
            why = clean_text(ran.err.decode("utf-8", "replace")) or "no error output"
            raise _failed(f"ended with {ran.code} for {clean_text(link)}: {why}")
        short = ran.out.decode("utf-8", "replace").strip()
        if list(find_links(short)) != [(0, len(short))] or len(short) > len(link):
            shown = clean_text(short) or "nothing"
            raise _failed(f"must print one link that is no longer than {clean_text(link)}, but printed {shown}")
        return short


def _failed(why: str) -> UsageError:
    return UsageError(f"links.shorten {why}", Hint("fix", action("config unset", "links.shorten")))
