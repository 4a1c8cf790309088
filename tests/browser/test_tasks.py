"""Each task of a person in the pages: on a phone, on a desktop, by keyboard alone, and without scripts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Site, running
from tests.browser.test_typed_words import settled
from tests.conftest import Program
from tests.media_bytes import png
from ttp.sandbox.server import RunningSandbox
from ttp.sandbox.x import records as x_records

WAYS: dict[str, dict[str, Any]] = {
    "phone": {"width": 390, "height": 844, "touch": True},
    "desktop": {"width": 1440},
    "keys": {"width": 1440},
    "phone without scripts": {"width": 390, "height": 844, "touch": True, "scripts": False},
}
PICTURES = [{"name": name, "mimeType": "image/png", "buffer": png()} for name in ("lamp.png", "chair.png")]
RIGHT_TO_LEFT = "מכירת חורף מתחילה מחר ☕️" + " שלום" * 30
MOST_TABS = 250


@dataclass
class Person:
    """A person who uses the pages in one of the ways."""

    site: Site
    page: Any
    way: str

    def open(self, address: str) -> None:
        """Go to a page by the navigation of the frame."""
        if self.way.startswith("phone") and not self.page.locator(f".tabs a[href='{address}']").count():
            self.press("nav.tabs [popovertarget=rest]")
            self.press(f"#rest a[href='{address}']")
        else:
            self.press(f":is(header, nav.tabs) a[href='{address}']")
        self.page.wait_for_url(re.compile(rf"{re.escape(address)}($|\\?)"))

    def find(self, target: str) -> Any:
        return self.page.locator(target).locator("visible=true").first

    def press(self, target: str) -> None:
        spot = self.find(target)
        spot.wait_for()
        if self.way == "keys":
            self.go_to(spot)
            is_box = spot.evaluate("one => one.matches('input')")
            self.page.keyboard.press("Space" if is_box else "Enter")
        elif self.way.startswith("phone"):
            spot.tap()
        else:
            spot.click()

    def write(self, target: str, text: str) -> None:
        spot = self.find(target)
        if self.way == "keys":
            self.go_to(spot)
            self.page.keyboard.press("ControlOrMeta+a")
            self.page.keyboard.insert_text(text)
        else:
            spot.fill(text)

    def go_to(self, spot: Any) -> None:
        """Press Tab until the element has the focus, which is shown."""
        handle = spot.element_handle()  # to find it again for each key took longer than the key
        for _ in range(MOST_TABS):
            connected, focused, shown = handle.evaluate(
                "one => [one.isConnected, one === document.activeElement, one.matches(':focus-visible')]"
            )
            if focused:
                assert shown
                return
            if connected:
                self.page.keyboard.press("Tab")
            else:
                handle = spot.element_handle()
        raise AssertionError(spot)

    def schedule(self, text: str, at: str = "") -> int:
        """Write a post and schedule it; its id."""
        self.write("#content", text)
        if at:
            self.write("#at", at)
        self.press("button[value=schedule]")
        self.page.wait_for_url("**/posts/*?done=*")
        return int(re.findall(r"/posts/(\d+)", self.page.url)[0])

    def at(self, post: int) -> str:
        return str(self.site.ttp.shown(post)["scheduledAt"])


def post_to_three_networks(person: Person) -> None:
    person.open("/compose")
    for network in ("x/me", "bluesky/", "mastodon/"):
        person.press(f"[name=accounts][value^='{network}']")
    person.page.set_input_files("#files", files=PICTURES)
    if person.way.endswith("scripts"):
        person.press("[popovertarget=also]")
        person.press("button[value=check]")
    person.page.locator("#media > .shot:not(.sending)").nth(1).wait_for()
    for number in range(2):
        person.page.locator("[name=alt]").nth(number).fill(f"Alt {number}")
    post = person.schedule("A lamp and a chair", "2098-01-06 09:30")
    shown = person.site.ttp.shown(post)
    assert [one["alt"] for one in shown["media"]] == ["Alt 0", "Alt 1"]
    assert {one["account"].partition("/")[0] for one in shown["deliveries"]} == {"x", "bluesky", "mastodon"}


def find_it_in_the_calendar_and_move_it(person: Person) -> None:
    person.page.goto("/calendar?when=2098-01")
    post = person.site.ttp.count("post")
    person.press(f".event:has(a[href='/posts/{post}']) a[href$='/move']")
    person.press("button:has-text('A day later')")
    person.page.wait_for_url("**/calendar?when=2098-01&done=moved*")
    assert person.at(post) == "2098-01-07T09:30:00Z"
    settled(person.page)
    person.press("#messages button")
    person.page.wait_for_url("**/calendar?when=2098-01&done=undo*")
    assert person.at(post) == "2098-01-06T09:30:00Z"


def find_an_empty_slot(person: Person) -> None:
    person.page.goto("/calendar?view=week&when=2026-W49")
    person.press("a.free:has-text('a slot of x/me')")
    person.page.wait_for_url("**/compose?at=*")
    post = person.schedule("For the slot")
    assert person.at(post) == "2026-12-01T12:30:00Z"


def edit(person: Person) -> None:
    post = person.site.ttp.count("post")
    person.page.goto(f"/posts/{post}")
    person.press("#actions >> text=Edit")
    person.page.wait_for_url("**/edit")
    person.write("#content", "Edited")
    person.press("button[value=save]")
    person.page.wait_for_url("**?done=saved")
    assert person.site.ttp.shown(post)["content"] == "Edited"


def see_a_failure_and_retry(person: Person) -> None:
    post = person.site.ttp.post("Has failed", "--to", "x/me", "--at", "2098-01-20T09:30Z")
    person.site.ttp.bring(post, "failed", next_at=None, error=("content", "no"))
    person.open("/queue")
    person.press("main >> button:has-text('Try again')")
    person.page.wait_for_url(f"**/posts/{post}?done=retry")
    assert {one["state"] for one in person.site.ttp.shown(post)["deliveries"]} == {"pending"}


def read_the_best_times_and_the_report(person: Person) -> None:
    person.open("/best-times")
    if person.way.startswith("phone"):
        person.press("nav[aria-label=Account] a:has-text('me')")
    person.find("[role=table]").wait_for()
    person.open("/report")
    person.press("nav[aria-label=Time] >> text=Month")
    person.find("main svg").wait_for()


def decide_by_a_link(person: Person, decision: str) -> None:
    """Approve a post or send it back, as someone without a login."""
    if decision == "reject":
        person.press(".decide summary")
        person.write("[name=reason]", "The price is wrong")
    person.press(f"button[value={decision}]")
    person.find("text=Thank you").wait_for()


def connect_an_account(person: Person) -> None:
    person.open("/accounts")
    person.press("main .head a:has-text('Connect')")
    person.press("main .net:has-text('Log in at X')")
    person.press("#form button.primary")
    person.press("#go")
    person.page.click("text=Approve")  # at X
    person.page.wait_for_url(f"{person.site.url}/callback?**")
    assert "x/demo is connected" in person.page.inner_text("h1")


def repeat(person: Person) -> None:
    post = person.site.ttp.post("Every Monday", "--to", "x/me")
    person.page.goto(f"/posts/{post}")
    person.press("[popovertarget=more]")
    person.press("#more >> text=Repeat")
    person.write("#times", "mon 09:00")
    person.press("main button.primary")
    person.page.wait_for_url(f"**/posts/{post}?done=repeat")
    person.press("text=Skip the next")
    person.press("main button.primary")
    person.page.wait_for_url("**?done=repeat-skip")
    (one,) = person.site.ttp.ok("repeat", "list", "--json").json
    assert (one["post"], one["skipped"]) == (post, 1)


def find_one_of_500_posts(person: Person) -> None:
    person.open("/posts")
    person.write("#filter-q", "number 321")
    person.page.keyboard.press("Enter")
    person.page.wait_for_url("**/posts?q=number*321*")
    person.press(".slim a.what:has-text('Number 321')")
    person.page.wait_for_url(re.compile(r"/posts/\d+$"))
    assert "Number 321" in person.page.inner_text("main")


def choose_all_accounts_of_a_network(person: Person) -> None:
    person.open("/compose")
    person.press("[name=all][value=x]")
    post = person.schedule("To all", "2098-02-01 10:00")
    assert len(person.site.ttp.shown(post)["deliveries"]) >= 17


def write_from_right_to_left(person: Person) -> None:
    person.open("/compose")
    post = person.schedule(RIGHT_TO_LEFT, "2098-02-02 10:00")
    shown = person.site.ttp.shown(post)
    assert (shown["content"], shown["status"]) == (RIGHT_TO_LEFT, "scheduled")


def schedule_across_zones_and_a_clock_change(person: Person) -> None:
    person.page.goto("/timezone")
    person.write("#timezone", "America/New_York")
    person.press("main form button:not(.quiet)")
    person.page.wait_for_url("**done=*")
    person.open("/compose")
    person.write("#content", "At night")
    person.write("#at", "2027-03-14 02:30")
    person.press("button[value=schedule]")
    person.find("#problems").wait_for()
    assert person.page.input_value("#content") == "At night"
    person.press("#problems button")
    person.find("#problems.good").wait_for()
    post = person.schedule("At night")
    assert person.at(post) in ("2027-03-14T07:30:00Z", "2027-03-14T06:30:00Z", "2027-03-14T07:00:00Z")


TASKS: tuple[Callable[[Person], None], ...] = (
    post_to_three_networks,
    find_it_in_the_calendar_and_move_it,
    find_an_empty_slot,
    edit,
    see_a_failure_and_retry,
    read_the_best_times_and_the_report,
    connect_an_account,
    repeat,
    find_one_of_500_posts,
    choose_all_accounts_of_a_network,
    write_from_right_to_left,
    schedule_across_zones_and_a_clock_change,
)


@pytest.fixture
def busy_site(
    ttp: Program, chromium: Any, shared_sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Site]:
    """A store with 20 accounts on three networks, 500 posts and some numbers."""
    monkeypatch.setenv("TTP_PLATFORMS__X__BASE_URL", shared_sandbox.url)
    monkeypatch.setenv("TTP_PLATFORMS__X__CLIENT_ID", x_records.PUBLIC.id)
    mastodon = next(name for name in shared_sandbox.state.accounts if name.startswith("mastodon/"))
    ttp.rehearse(monkeypatch, shared_sandbox, "bluesky/demo", mastodon)
    with running(ttp, chromium) as site:
        for number in range(16):
            ttp.account(f"x/shop{number}")
        ttp.ok("slots", "add", "--account", "x/me", "tue 12:30")
        table = tmp_path / "posts.csv"
        rows = [f"Number {number},x/me,2099-01-{number % 28 + 1:02} {number % 24:02}:00" for number in range(500)]
        table.write_text("\n".join(["text,to,at", *rows]))
        ttp.ok("import", str(table))
        numbers = tmp_path / "numbers.csv"
        rows = [
            f"{day}{hour},2026-10-{day}T{hour}:00Z,{day * 3},1,1,900" for day in range(10, 24) for hour in (10, 12, 18)
        ]
        numbers.write_text("\n".join(["remoteId,publishedAt,likes,comments,shares,views", *rows]))
        ttp.ok("metrics", "import", str(numbers), "--account", "x/me")
        yield site


@pytest.mark.parametrize("way", WAYS)
def test_a_person_does_each_task(busy_site: Site, shared_sandbox: RunningSandbox, way: str) -> None:
    with busy_site.visit(also=shared_sandbox.url, **WAYS[way]) as page:
        person = Person(busy_site, page, way)
        page.goto(busy_site.link("ann", "publish,approve"))
        person.press("main button")
        page.wait_for_url("**/calendar")
        for task in TASKS:
            task(person)
