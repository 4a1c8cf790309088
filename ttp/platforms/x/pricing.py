"""Prices of X for posting, deleting and reading."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ttp.domain.pricing import dollars

if TYPE_CHECKING:
    from ttp.domain.account import Account
    from ttp.domain.config import Config


POST, LINK_POST, ALT_TEXT, DELETE, READ, OWNED_READ = 15, 200, 5, 10, 5, 1
"""In thousandths of a US dollar, for a post, a post with a link in its text, an alt text, deleting a post, and reading
the numbers of a post: by its id, and from the list of the app owner's own posts. See docs/reference/platforms/x.md,
section 5. Look-ups and token checks are few: not included."""
LEAST_PAGE = 5
"""Posts in the smallest page of a list."""


def is_app_owner(account: Account, app_owner: str) -> bool:
    """Return whether an account is the one that `platforms.x.app_owner` names: X does not say whose an app is."""
    return app_owner != "" and app_owner.removeprefix("@").casefold() == account.handle.casefold()


class XPricing:
    per_read = READ

    def read(self, posts: int, *, listed: bool, account: Account, config: Config) -> int:
        owned = is_app_owner(account, config.text("platforms.x.app_owner"))
        page = max(posts, LEAST_PAGE)
        if listed:
            return page * (OWNED_READ if owned else READ)
        # The owner's list is tried first: one page of it may have none of the posts.
        return posts * READ + (page * OWNED_READ if owned and posts > 1 else 0)

    def publish(self, texts: Sequence[str], alt_texts: int) -> int:
        return sum(map(_price, texts)) + ALT_TEXT * alt_texts

    def delete(self, posts: int) -> int:
        return DELETE * posts

    def explain(self, threads: Sequence[Sequence[str]], alt_texts: int) -> str:
        """A link makes a post thirteen times as expensive."""
        if not any(_price(text) == LINK_POST for texts in threads for text in texts):
            return ""
        prices = [f"{dollars(LINK_POST)} for a post with a link", f"{dollars(POST)} for one without"]
        if alt_texts:
            prices.append(f"{dollars(ALT_TEXT)} for an alt text")
        from ttp.platforms.x.links import move_links_last  # here: lists know prices, and few posts have links

        moved = [move_links_last(texts) for texts in threads]
        if moved != [tuple(texts) for texts in threads]:
            total = self.publish([text for texts in moved for text in texts], alt_texts)
            prices.append(f"{dollars(total)} in all with x.links=last-part")
        return ", ".join(prices)


def _price(text: str) -> int:
    if "." not in text:  # as `has_link` looks first; its module compiles long patterns
        return POST
    from ttp.platforms.x.text_length import has_link

    return LINK_POST if has_link(text) else POST
