"""X's prices in thousandths of a US dollar. See docs/reference/platforms/x.md, section 5. Look-ups and token checks are
few, so they are not included."""

from __future__ import annotations

from collections.abc import Sequence

from ttp.domain.pricing import dollars

POST, LINK_POST, ALT_TEXT, DELETE, READ = 15, 200, 5, 10, 5
"""For a post, a post with a link in its text, an alt text, deleting a post, and reading the numbers of a post.

X charges the owner of the app only a fifth for reads of `GET /2/users/{id}/tweets`, which `--history` uses. Whose the
app is cannot be asked, so the full price is shown."""


class XPricing:
    per_read = READ

    def publish(self, texts: Sequence[str], alt_texts: int) -> int:
        from ttp.platforms.x.text_length import has_link

        return sum(LINK_POST if has_link(text) else POST for text in texts) + ALT_TEXT * alt_texts

    def delete(self, posts: int) -> int:
        return DELETE * posts

    def explain(self, texts: Sequence[str], alt_texts: int) -> str:
        """A link makes a post thirteen times as expensive."""
        from ttp.platforms.x.text_length import has_link

        if not any(map(has_link, texts)):
            return ""
        prices = [f"{dollars(LINK_POST)} for a post with a link", f"{dollars(POST)} for one without"]
        if alt_texts:
            prices.append(f"{dollars(ALT_TEXT)} for an alt text")
        return ", ".join(prices)
