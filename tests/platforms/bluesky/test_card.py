"""Bluesky: what a page says about itself for a link card."""

from __future__ import annotations

import pytest

from ttp.platforms.bluesky.card import LinkedPage, read_page

URL = "https://example.org/menu/today"


@pytest.mark.parametrize(
    ("head", "page"),
    [
        ("", LinkedPage(URL, "")),
        ("<title>\n Menu &amp; more </title><title>Other</title>", LinkedPage("Menu & more", "")),
        (
            '<meta property="og:title" content="Today"><meta name="description" content="Tea">'
            '<meta property="og:image" content="../a.png"><title>Menu</title>',
            LinkedPage("Today", "Tea", "https://example.org/a.png"),
        ),
        ('<meta property="og:image" content="javascript:alert(1)">', LinkedPage(URL, "")),
        ('<meta property="og:image" content="https://me:pw@example.org/a.png">', LinkedPage(URL, "")),
        ("<title>" + "a" * 999, LinkedPage("a" * 300, "")),
        ("<meta property='og:title' content>", LinkedPage(URL, "")),
    ],
)
def test_the_head_of_a_page(head: str, page: LinkedPage) -> None:
    assert read_page(f"<html><head>{head}</head><body>Hi</body></html>", URL) == page
