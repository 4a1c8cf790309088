"""What TikTok offers an account now, said where a post is refused because a choice is missing.

Asked only then, after the refusal and outside any transaction; where it cannot be asked, the refusal stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from ttp.domain.account import Account
from ttp.domain.errors import ContentRefused, Problem, TtpError
from ttp.domain.options import PRIVACY
from ttp.services.names import named
from ttp.store import reads
from ttp.store.database import Database

if TYPE_CHECKING:
    from ttp.platforms.tiktok.check import TikTokCheck
    from ttp.services.tokens import Tokens


class Offers:
    """`tokens` and `checker` are made for a question only; whoever asks TikTok is closed after it."""

    def __init__(self, database: Database, tokens: Callable[[], Tokens], checker: Callable[[], TikTokCheck]) -> None:
        self._database = database
        self._tokens = tokens
        self._checker = checker

    def told(self, refused: ContentRefused) -> ContentRefused:
        """The refusal, with the privacy levels that the account has now where it names those that there are."""
        problems = tuple(self._told(problem) for problem in refused.problems)
        message = refused.message
        for before, after in zip(refused.problems, problems, strict=True):
            message = message.replace(before.message, after.message)
        return ContentRefused(message, *refused.hints, problems=problems, details=refused.details)

    def _told(self, problem: Problem) -> Problem:
        documented = f"{PRIVACY.name} ({PRIVACY.takes})"
        if problem.code != "option_missing" or problem.account is None or documented not in problem.message:
            return problem
        levels = self._levels(problem.account)
        if not levels:
            return problem
        return replace(problem, message=problem.message.replace(documented, f"{PRIVACY.name} ({', '.join(levels)})"))

    def _levels(self, name: str) -> tuple[str, ...]:
        """The levels, as TikTok says now; none where it, or the account's token, does not answer."""
        with suppress(TtpError):
            account, credentials = self._account(name), self._tokens().fresh(name)
            with closing(self._checker()) as checker:
                return checker.levels(account, credentials)
        return ()

    def _account(self, name: str) -> Account:
        with self._database.reading() as db:
            return named(name, reads.accounts(db) if db else [])
