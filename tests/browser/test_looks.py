"""How every page is built: accessible by axe, and never wider than the window."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Site
from tests.feed_site import Item, feed_site
from tests.media_bytes import png
from tests.real.install import Missing, node

PAGES = (
    *("/calendar?when=2098-01", "/calendar?view=week&when=2098-W02", "/queue", "/compose", "/approvals"),
    *("/posts", "/posts?q=number&status=scheduled&page=1", "/queue?done=delete&post=4"),
    *("/best-times", "/report?when=2026-10", "/accounts", "/accounts/connect", "/callback", "/timezone"),
    *("/sources", "/sources/1", "/accounts/x/me", "/accounts/connect?platform=bluesky", "/approve/0"),
    *("/posts/1", "/posts/1/edit", "/posts/1/delete", "/posts/2/resolve", "/posts/3", "/posts/99", "/login/x"),
)
WIDTHS = (375, 768, 1440)


@cache
def axe() -> str:
    """Return the script of axe-core."""
    folder = node().packages(Path(__file__).parent / "axe")
    return (folder / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")


@pytest.fixture
def full(approving_site: Site, tmp_path: Path) -> Site:
    """A store in which every page has something to show."""
    ttp = approving_site.ttp
    picture = tmp_path / "a.png"
    picture.write_bytes(png())
    thread = ("--thread", "And more", "--media", str(picture), "--tag", "launch")
    ttp.post(
        "Hello " + 40 * "x" + " https://example.com/" + 60 * "y", "--to", "x/me", "--at", "2098-01-06T09:30Z", *thread
    )
    ttp.post("May be live", "--to", "x/me", "--at", "2098-01-07T09:30Z")
    ttp.bring(2, "needs_review", next_at=None, error=("unknown", "no answer"))
    ttp.post("Has failed", "--to", "x/me,x/other", "--at", "2098-01-07T09:30Z")
    ttp.bring(3, "failed", next_at=None, error=("auth", "the login ended"))
    for number in range(9):
        ttp.post(f"Number {number}", "--to", "x/other", "--at", f"2098-01-08T1{number}:15Z")
    numbers = tmp_path / "numbers.csv"
    rows = [
        f"{month}{day}{hour},2026-{month}-{day}T{hour}:00Z,{200 if hour == 12 else 5},0,0,900,News {day}"
        for month in (10, 11)
        for day in range(10, 24)
        for hour in (10, 12, 18)
    ]
    numbers.write_text("\n".join(["remoteId,publishedAt,likes,comments,shares,views,text", *rows]))
    ttp.ok("metrics", "import", str(numbers), "--account", "x/me")
    with feed_site() as site:
        site.has(*(Item(f"{60 * 'y'}{number}", 80 * "x") for number in range(2)))
        ttp.ok("source", "add", site.feed, "--to", "x/me,x/other", "--allow-private")
        site.has(*(Item(f"{60 * 'z'}{number}", f"{80 * 'z'}{number}") for number in range(6)))
        ttp.clock.advance(7200)
        ttp.ok("source", "poll", "1")
    return approving_site


def refused(site: Site, page: Any) -> None:
    page.goto("/compose")
    page.get_by_label("When").fill("no time")
    page.get_by_role("button", name="Schedule").click()
    page.get_by_role("alert").wait_for()


def overwriting(site: Site, page: Any) -> None:
    page.goto("/posts/4/edit")
    page.get_by_label("Text", exact=True).fill("Mine")
    site.ttp.ok("edit", "4", "Theirs")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="Overwrite").wait_for()


def logged_out(site: Site, page: Any) -> None:
    page.goto("/compose")
    page.context.clear_cookies()
    page.get_by_label("Text", exact=True).fill("Hello")
    page.get_by_role("button", name="Schedule").click()
    page.get_by_role("button", name="Send again").wait_for()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_serious(full: Site, dark: bool) -> None:
    try:
        script = axe()
    except Missing as missing:
        pytest.skip(f"no axe: {missing}")
    found = []
    with full.person(dark=dark) as page:
        for path in (*PAGES, refused, overwriting, logged_out):
            path(full, page) if callable(path) else page.goto(path)
            page.evaluate(script)
            result: Any = page.evaluate("axe.run()")
            assert len(result["passes"]) > 10, path
            found += [
                (path, one["id"], one["nodes"][0]["html"][:200], one["nodes"][0]["failureSummary"][:300])
                for one in result["violations"]
                if one["impact"] in ("serious", "critical")
            ]
    assert found == []


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_is_wider_than_the_window(full: Site, width: int) -> None:
    with full.person(width=width) as page:
        for path in PAGES:
            page.goto(path)
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, path


def test_every_page_has_one_title_and_labels_for_its_fields(full: Site) -> None:
    with full.person() as page:
        for path in PAGES:
            page.goto(path)
            assert len(page.query_selector_all("h1")) == 1, path
            unnamed = page.evaluate(
                "[...document.querySelectorAll('input:not([type=hidden]), select, textarea')]"
                ".filter(one => !one.labels.length).map(one => one.outerHTML)"
            )
            assert unnamed == [], path
