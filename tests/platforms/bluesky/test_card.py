"""Bluesky: what a page says about itself for a link card."""

from __future__ import annotations

import pytest

from ttp.platforms.bluesky.card import Page, read_page

URL = "https://example.org/menu/today"


@pytest.mark.parametrize(
    ("head", "page"),
    [
        ("", Page(URL, "")),
        ("<title>\n Menu &amp; more </title><title>Other</title>", Page("Menu & more", "")),
        (
            '<meta property="og:title" content="Today"><meta name="description" content="Tea">'
            '<meta property="og:image" content="../a.png"><title>Menu</title>',
            Page("Today", "Tea", "https://example.org/a.png"),
        ),
        ('<meta property="og:image" content="javascript:alert(1)">', Page(URL, "")),
        ('<meta property="og:image" content="https://me:pw@example.org/a.png">', Page(URL, "")),
        ("<title>" + "a" * 999, Page("a" * 300, "")),
        ("<meta property='og:title' content>", Page(URL, "")),
    ],
)
def test_the_head_of_a_page(head: str, page: Page) -> None:
    assert read_page(f"<html><head>{head}</head><body>Hi</body></html>", URL) == page
