"""Rows that cannot be read, because they were edited by hand or damaged. Each blocks only its own post or account."""

from __future__ import annotations

from dataclasses import dataclass, field

from ttp.domain.action import action
from ttp.domain.errors import Damaged, Hint
from ttp.store.dialect import List


class CorruptRow(Damaged):
    """One row that cannot be read, with the post or account that it belongs to, if known."""

    def __init__(
        self, table: str, row_id: object, *, post_id: int | None = None, account_id: int | None = None, why: str = ""
    ) -> None:
        self.post_id, self.account_id = post_id, account_id
        whose = f" (post {post_id})" if post_id is not None and table != "post" else ""
        super().__init__(
            f"row {row_id} of {table}{whose} in the store cannot be read: {why}",
            Hint("see", action("doctor")),
        )


@dataclass(slots=True)
class Quarantine:
    """Ids of the posts and accounts that a publisher skips because one of their rows is corrupt."""

    posts: set[int] = field(default_factory=set)
    accounts: set[int] = field(default_factory=set)
    reasons: list[str] = field(default_factory=list)
    """One line for each."""

    def add(self, row: CorruptRow, post_id: int | None = None) -> bool:
        """Skip what a corrupt row belongs to, else `post_id`. Return False if it is skipped already or unknown."""
        before = len(self.posts) + len(self.accounts)
        if row.account_id is not None:
            self.accounts.add(row.account_id)
        elif (found := row.post_id if row.post_id is not None else post_id) is not None:
            self.posts.add(found)
        if len(self.posts) + len(self.accounts) == before:
            return False
        self.reasons.append(row.message)
        return True

    @property
    def values(self) -> dict[str, List]:
        return {"quarantined_posts": List(sorted(self.posts)), "quarantined_accounts": List(sorted(self.accounts))}
