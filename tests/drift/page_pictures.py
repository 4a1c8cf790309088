"""Draws the pictures of the pages: `python -m tests.drift.page_pictures`. Needs Chromium, and Playwright.

They show a practice store at a fixed time, so that a picture changes only with the pages. Tests do not compare them.
"""

from __future__ import annotations

import io
import json
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, ViewportSize, sync_playwright

from tests.browser.conftest import NAMES
from tests.clock import FakeClock
from tests.conftest import Program
from tests.server.conftest import serving
from ttp.cli.commands.setup.practice_store import environment, sandbox_variables
from ttp.cli.context import Context
from ttp.domain.server.api_token import TokenCapability
from ttp.sandbox.files import PHOTO
from ttp.sandbox.server import RunningSandbox, running_sandbox
from ttp.server.app import build_app
from ttp.services.server.people import People
from ttp.store.database import Database

FOLDER = Path(__file__).parents[2] / "docs/how-to/pages"
DESK, PHONE = ViewportSize(width=1280, height=860), ViewportSize(width=390, height=780)
BEGIN = datetime(2026, 11, 1, 8, tzinfo=UTC)
QUALITY = 82
ALL = "bluesky,mastodon,x"
POSTS = (
    (2, "09:30", "x,bluesky", "Good morning. The roaster is on, and the door opens at ten."),
    (3, "12:00", ALL, "Fresh Guji is in. Peach, jasmine, honey."),
    (5, "17:30", "mastodon", "How we dial in a new bean, in five steps."),
    (6, "12:00", "x,mastodon", "Behind the bar: ten thousand pours."),
    (9, "09:30", "x,bluesky", "Ask us anything about water."),
    (10, "12:00", "bluesky,mastodon", "Release notes for our menu: two beans in, one out."),
    (12, "17:30", ALL, "Open cupping tomorrow at six. Free, bring a friend."),
    (13, "12:00", "x", "Oat or whole milk?"),
    (16, "09:30", "x,bluesky,mastodon", "New opening hours from Monday."),
    (17, "12:00", "x", "Latte art, second try."),
    (17, "17:30", "mastodon", "A short guide to grinders."),
    (18, "12:00", ALL, "Four new beans from Friday."),
    (19, "09:30", "bluesky", "Why we weigh everything."),
    (20, "12:00", ALL, "The Friday beans are here."),
    (23, "12:00", "x,mastodon", "One farm, three washings: what it does to the cup."),
    (24, "17:30", "x,bluesky", "Rainy day, warm cups."),
    (26, "12:00", "x", "Gift boxes are back."),
    (27, "09:30", ALL, "Ten percent off all beans today."),
    (30, "17:30", "mastodon,x", "Thank you for November."),
)
"""The day of November 2026, the time, the accounts and the text."""
TOO_LATE = 13
"""On this day nothing runs: its post needs somebody."""
TODAY = datetime(2026, 11, 16, 10, tzinfo=UTC)
TEXT = "Four new beans from Friday. Two are washed, two are natural. Come and taste them at the bar."


def main() -> None:
    clock = FakeClock(BEGIN)
    with tempfile.TemporaryDirectory(prefix="ttp-pictures-") as name, running_sandbox(now=clock.now) as sandbox:
        home = Path(name) / "home"
        variables = sandbox_variables(Context(clock), home, sandbox.url, None) | {"TTP_TZ": "Europe/Berlin"}
        with environment(variables):
            ttp = Program(home, clock)
            for account in ("bluesky/demo", "mastodon/demo", "x/demo"):
                add_account(ttp, sandbox, account)
            fill(ttp, Path(name))
            with serving(build_app(Context(clock).installation)) as url:
                draw(url, People(Database(home), clock).create_link("ann", [TokenCapability.PUBLISH], []))


def add_account(ttp: Program, sandbox: RunningSandbox, name: str) -> None:
    name, account = next(one for one in sandbox.state.accounts.items() if one[0].startswith(name))
    ttp.ok("account", "add", name, "--credentials", "-", stdin=json.dumps(account.credentials()))


def fill(ttp: Program, folder: Path) -> None:
    """Publish the posts until TODAY, and schedule the others."""
    for day, hour, accounts, text in POSTS:
        at = datetime.fromisoformat(f"2026-11-{day:02}T{hour}+01:00")
        more = ("--media", str(PHOTO), "--alt", "The sky before sunrise") if day % 2 else ()
        ttp.ok("create", text, "--to", accounts, "--at", at.isoformat(), *more)
        if at < TODAY and day != TOO_LATE:
            ttp.clock.set(at)
            ttp("run", "--once")
    ttp.clock.set(TODAY)
    ttp("run", "--once")
    # In the sandbox its server is a port of this machine.
    ttp.sql("UPDATE account SET handle = 'demo@mastodon.example' WHERE platform = 'mastodon'")
    ttp.ok("create", "A longer text about our farms, for December.", "--to", "mastodon")
    for name in ("x", "bluesky", "mastodon"):
        ttp.ok("slots", "add", "mon,wed,fri 12:00", "--account", name)
    numbers = folder / "numbers.csv"
    rows = [
        f"{day}{hour},2026-10-{day}T{hour}:00Z,{likes},0,0,900,News"
        for day in range(10, 31)
        for hour, likes in ((10, 20), (12, 60), (17, 200))
    ]
    numbers.write_text("\n".join(["remoteId,publishedAt,likes,comments,shares,views,text", *rows]))
    ttp.ok("metrics", "import", str(numbers), "--account", "x/demo")


def draw(url: str, secret: str) -> None:
    """Take the pictures as a person who logs in by a link."""
    program = next(path for name in NAMES if (path := shutil.which(name)))
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = chromium.new_page(base_url=url, locale="en-GB", timezone_id="Europe/Berlin")
        page.goto(f"/login/{secret}")
        page.click("main button")
        page.set_viewport_size(DESK)
        page.goto("/calendar?when=2026-11")
        keep(page, "calendar")
        page.goto("/compose")
        write(page)
        page.evaluate("scrollTo(0, 0)")
        keep(page, "compose")
        page.set_viewport_size(PHONE)
        page.goto("/queue")
        keep(page, "queue")
        chromium.close()


def write(page: Page) -> None:
    """Fill in a text with a picture, choose accounts and a time, and wait for the preview."""
    page.get_by_label("Text", exact=True).fill(TEXT)
    page.locator("#files").set_input_files(PHOTO)
    page.locator("#media textarea[name=alt]").fill("The sky before sunrise")
    for name in ("bluesky", "mastodon", "x"):
        page.locator(f"label.toggle.n-{name}").click()
    page.get_by_label("Or in words").fill("fri 12:00")


def keep(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(3000)  # what is typed is counted and kept after a pause
    with Image.open(io.BytesIO(page.screenshot())) as image:
        image.convert("RGB").save(FOLDER / f"{name}.webp", quality=QUALITY, method=6)


if __name__ == "__main__":
    main()
