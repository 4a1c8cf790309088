"""What people do in the pages: with a mouse, by keyboard, on a phone, and without scripts."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.browser.conftest import Site
from tests.browser.test_tasks import WAYS, Person, decide_by_a_link
from tests.media_bytes import png
from ttp.sandbox.server import RunningSandbox

EVIL = "<img src=x onerror=\"document.title='hacked'\"><script>document.title='hacked'</script>"
HEBREW = "מכירת חורף מתחילה מחר"
PICTURE = {"name": "lamp.png", "mimeType": "image/png", "buffer": png()}


def test_a_person_logs_in_and_out(site: Site) -> None:
    with site.person() as page:
        page.click("header [popovertarget=me]")
        page.click("text='Log out'")
        page.wait_for_url("**/login")
        page.goto("/queue")
        assert page.url.endswith("/login")


def test_a_post_with_a_picture_is_composed_and_scheduled(site: Site) -> None:
    with site.person() as page:
        page.click("header .go")
        page.check("[value='x/me']")
        page.fill("#content", "A new lamp " + 30 * "x")
        page.set_input_files("#files", files=[PICTURE])
        page.wait_for_selector("#media .shot:not(.sending)")
        page.fill("[name=alt]", "A green lamp")
        page.wait_for_selector("#counts >> text=41")
        page.wait_for_selector("#kept >> text=Kept")
        assert site.ttp.shown()["status"] == "draft"
        page.fill("#at", "2098-01-06 09:30")
        page.click("button[value=schedule]")
        page.wait_for_url("**/posts/1?done=scheduled")
    post = site.ttp.shown()
    assert (post["status"], post["scheduledAt"]) == ("scheduled", "2098-01-06T09:30:00Z")
    assert [(one["name"], one["alt"]) for one in post["media"]] == [("lamp.png", "A green lamp")]


def test_a_picture_is_dropped_on_the_form(site: Site) -> None:
    with site.person() as page:
        page.goto("/compose")
        page.evaluate(
            """data => {
                const files = new DataTransfer();
                const bytes = Uint8Array.from(atob(data), one => one.charCodeAt(0));
                files.items.add(new File([bytes], "dropped.png", {type: "image/png"}));
                const event = new DragEvent("drop", {dataTransfer: files, bubbles: true, cancelable: true});
                document.getElementById("drop").dispatchEvent(event);
            }""",
            base64.b64encode(png()).decode(),
        )
        page.wait_for_selector("#media .shot:not(.sending)")
        page.click("button[value=draft]")
        page.wait_for_url("**/posts/1?done=draft")
    assert [one["name"] for one in site.ttp.shown()["media"]] == ["dropped.png"]


def test_a_refusal_is_beside_its_field_and_nothing_is_lost(site: Site) -> None:
    with site.person() as page:
        page.goto("/compose")
        page.check("[value='x/me']")
        page.fill("#content", EVIL)
        page.fill("#at", "yesterday 9am")
        page.click("button[value=schedule]")
        page.wait_for_selector("#at-problem-1")
        assert page.input_value("#content") == EVIL
        assert page.input_value("#at") == "yesterday 9am"
        assert page.is_checked("[value='x/me']")


def test_a_lost_connection_and_a_reload_lose_nothing(site: Site) -> None:
    with site.person() as page:
        page.goto("/compose")
        page.context.set_offline(offline=True)
        page.fill("#content", "Typed in a tunnel")
        page.press("#content", "Control+Enter")
        page.wait_for_selector("#offline:visible")
        page.wait_for_selector("#unreachable")
        page.context.set_offline(offline=False)
        page.wait_for_selector("#kept >> text=Kept")
        page.wait_for_selector("#unreachable", state="detached")
        page.wait_for_url("**/posts/1/edit")  # a moment after its text is there
        page.reload()
        assert page.input_value("#content") == "Typed in a tunnel"
    assert site.ttp.count("post") == 1


def test_an_edit_of_a_scheduled_post_is_kept(site: Site) -> None:
    site.ttp.post("Hello", "--to", "x/me", "--at", "2098-01-06T09:30Z")
    with site.person() as page:
        page.goto("/posts/1/edit")
        page.fill("#content", "Hello, and more")
        page.wait_for_selector("#kept >> text=Kept")
        page.reload()
        assert page.input_value("#content") == "Hello, and more"
        assert site.ttp.shown()["content"] == "Hello"
        page.click("button[value=save]")
        page.wait_for_url("**/posts/1?done=saved")
    assert site.ttp.shown()["content"] == "Hello, and more"


def test_a_post_is_dragged_to_another_day_and_back(site: Site) -> None:
    site.ttp.post("Hello", "--to", "x/me", "--at", "2098-01-06T09:30Z")
    with site.person() as page:
        page.goto("/calendar?when=2098-01")
        page.evaluate("document.querySelector('h1').isKept = true")
        page.drag_and_drop("[data-post='1']", "[data-date='2098-01-08']")
        page.wait_for_selector("[data-date='2098-01-08'] [data-post='1']")
        assert page.evaluate("document.querySelector('h1').isKept"), "only the posts are swapped"
        page.wait_for_url("**/calendar?when=2098-01&done=moved&post=1&change=*")
        assert site.ttp.shown()["scheduledAt"] == "2098-01-08T09:30:00Z"
        page.click("#messages >> text=Undo")
        page.wait_for_url("**/calendar?when=2098-01&done=undo&post=1")
        page.wait_for_selector("[data-date='2098-01-06'] [data-post='1']")
        page.drag_and_drop("[data-post='1']", "[data-date='2098-01-02']")
        page.wait_for_selector("[data-date='2098-01-02'] [data-post='1']")
        site.ttp.ok("edit", "1", "Theirs")
        page.drag_and_drop("[data-post='1']", "[data-date='2098-01-03']")
        page.wait_for_selector("main >> role=alert")
        page.reload()
        page.wait_for_selector("main >> role=alert")
    assert site.ttp.shown()["scheduledAt"] == "2098-01-02T09:30:00Z"


@pytest.mark.parametrize("way", ["touch", "keys", "no scripts"])
def test_a_post_is_moved_from_the_menu(site: Site, way: str) -> None:
    site.ttp.post("Hello", "--to", "x/me", "--at", "2098-01-06T09:30Z")
    with site.person(scripts=way != "no scripts", width=1280 if way == "keys" else 375) as page:
        page.goto("/calendar?view=week&when=2098-W02")
        if way == "keys":
            page.keyboard.press("j")
            page.keyboard.press("m")
            page.wait_for_selector("#move-menu:popover-open")
            page.keyboard.press("Escape")
            page.wait_for_selector("#move-menu", state="hidden")
            assert page.evaluate("document.activeElement.matches('.event a.what')")
            page.keyboard.press("m")
            page.wait_for_selector("#move-menu button:focus")
            page.keyboard.press("Enter")
        else:
            page.click("a[href='/posts/1/move']")
            page.click("button:has-text('One hour later')")
        page.wait_for_url("**/calendar?view=week&when=2098-W02&done=moved&post=1&change=*")
        page.wait_for_selector("[data-date='2098-01-06'][data-hour='10'] .event a.what:focus")
        assert site.ttp.shown()["scheduledAt"] == "2098-01-06T10:30:00Z"
        page.click("#messages >> text=Undo")
        page.wait_for_url("**/calendar?view=week&when=2098-W02&done=undo&post=1")
    assert site.ttp.shown()["scheduledAt"] == "2098-01-06T09:30:00Z"


def test_keys_lead_through_the_calendar(site: Site) -> None:
    with site.person() as page:
        page.goto("/calendar?when=2098-01")
        for key, address in (
            ("ArrowRight", "when=2098-02"),
            ("ArrowLeft", "when=2098-01"),
            ("2", "view=week&when=2098-01-01"),
            ("3", "view=day&when=2098-01-01"),
            ("ArrowLeft", "view=day&when=2097-12-31"),
            ("t", "view=day"),
        ):
            page.keyboard.press(key)
            page.wait_for_url(f"**/calendar?{address}")
            assert page.query_selector("#main .head") is not None
        page.go_back()
        page.wait_for_selector("h1:has-text('31 December 2097')")
        page.keyboard.press("1")
        page.wait_for_url("**/calendar?when=2097-12")
        page.wait_for_selector("#main:not(.htmx-settling) #view-month[aria-current=page]")  # htmx listens by then
        page.select_option("#filter-account", "x/me")
        page.wait_for_url("**/calendar?when=2097-12&*account=x%2Fme*")
        page.click("#later")
        page.wait_for_url("**/calendar?when=2098-01&account=x%2Fme")
        assert page.input_value("#filter-account") == "x/me"


def test_a_move_that_reaches_no_server_is_told(site: Site) -> None:
    site.ttp.post("Hello", "--to", "x/me", "--at", "2098-01-06T09:30Z")
    with site.person() as page:
        page.goto("/calendar?when=2098-01")
        page.context.set_offline(offline=True)
        page.drag_and_drop("[data-post='1']", "[data-date='2098-01-08']")
        page.wait_for_selector("#messages [role=status], #messages .toast")
        page.context.set_offline(offline=False)
        page.drag_and_drop("[data-post='1']", "[data-date='2098-01-08']")
        page.wait_for_selector("[data-date='2098-01-08'] [data-post='1']")


@pytest.mark.parametrize(
    ("decision", "way"), [("approve", "phone"), ("reject", "phone without scripts"), ("reject", "keys")]
)
def test_somebody_decides_by_a_link(approving_site: Site, decision: str, way: str) -> None:
    site = approving_site
    site.ttp.post("Hello", "--to", "x/me", "--at", "2098-01-06T09:30Z")
    with site.person() as page:
        page.goto("/approvals")
        page.click("summary:has-text('without a login')")
        page.fill("#name1", "maria")
        page.click("text=Create a link for post 1")
        link = page.input_value("#link")
    with site.visit(**WAYS[way]) as phone:
        phone.goto(link)
        decide_by_a_link(Person(site, phone, way), decision)
        phone.goto(link)
        assert phone.query_selector("button") is None
    post = site.ttp.shown()
    assert (post["approvedAt"] is not None, post["rejection"] is not None) == (
        decision == "approve",
        decision == "reject",
    )


@pytest.mark.parametrize("scripts", [True, False])
def test_a_client_decides_about_a_set_on_a_phone(approving_site: Site, scripts: bool) -> None:
    site = approving_site
    for number in range(1, 5):
        site.ttp.post(f"Post {number}" + 300 * " word", "--to", "x/me", "--at", f"2098-01-0{number}T09:30Z", "--split")
    with site.person(scripts=scripts) as page:
        page.goto("/approvals")
        page.click("text=A link for a client")
        page.click("#set button")
        link = page.input_value("#link")
    with site.visit(scripts=scripts, width=390) as phone:
        phone.goto(link)
        box = phone.locator("button:has-text('Approve all 4')").bounding_box()
        assert box["height"] >= 44
        assert 450 < box["y"] < 900 - box["height"], "it is at the thumb, also above a long page"
        phone.click("#post-1 button[value=approve]")
        phone.wait_for_selector("button:has-text('Approve all 3')")
        phone.click("#post-2 .decide summary")
        phone.fill("#reason2", "The price is wrong")
        phone.click("#post-2 button[value=reject]")
        phone.click("button:has-text('Approve all 2')")
        phone.wait_for_selector("h1:has-text('Thank you')")
    posts = [site.ttp.shown(number) for number in range(1, 5)]
    assert [post["approvedAt"] is not None for post in posts] == [True, False, True, True]
    assert posts[1]["rejection"]["reason"] == "The price is wrong"


def test_the_zone_of_the_browser_is_offered_once(site: Site) -> None:
    for answer, zone in (("Not now", None), ("Show my times", "Asia/Tokyo")):
        with site.person(timezone="Asia/Tokyo") as page:
            page.goto("/queue")
            page.click(f"#browser-zone >> text={answer}")
            page.wait_for_selector("#browser-zone", state="detached")
            page.goto("/queue")
            assert not page.is_visible("#browser-zone")
        rows = site.ttp.sql("SELECT timezone FROM person")
        assert rows == ([] if zone is None else [(zone,)])


def test_a_failed_post_is_retried(site: Site) -> None:
    site.ttp.post("Hello", "--to", "x/me", "--at", "2098-01-06T09:30Z")
    site.ttp.bring(1, "failed", next_at=None, error=("content", "no"))
    with site.person(width=375) as page:
        page.goto("/queue")
        page.click("main >> button:has-text('Try again')")
        page.wait_for_url("**/posts/1?done=retry")
    assert site.ttp.shown()["deliveries"][0]["state"] == "pending"


def test_without_scripts(site: Site) -> None:
    with site.person(scripts=False, width=375) as page:
        page.goto("/compose")
        page.check("[value='x/me']")
        page.fill("#content", "Plain")
        page.set_input_files("#files", files=[PICTURE])
        page.click("[popovertarget=also]")
        page.click("button[value=check]")
        page.wait_for_selector("#check >> text=Plain")
        page.fill("#at", "2098-01-06 09:30")
        page.click("button[value=schedule]")
        page.wait_for_url("**/posts/1?done=scheduled")
        page.click("main >> a:has-text('Delete'):visible")
        page.click("main >> button:has-text('Delete')")
        page.wait_for_url("**/queue?done=delete*")
    assert site.ttp("show", "1", "--json").error["code"] == "not_found"


def test_by_keyboard_alone(site: Site) -> None:
    def tab_to(page: Any, wanted: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("wanted => document.activeElement.matches(wanted)", wanted):
                outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                assert outline != "none"
                return
        raise AssertionError(wanted)

    with site.person() as page:
        tab_to(page, "header a[href='/compose']")
        page.keyboard.press("Enter")
        page.wait_for_url("**/compose")
        tab_to(page, "[value='x/me']")
        page.keyboard.press("Space")
        tab_to(page, "#content")
        page.keyboard.type("By keys")
        tab_to(page, "#at")
        page.keyboard.type("2098-01-06 09:30")
        tab_to(page, "button[value=schedule]")
        page.keyboard.press("Enter")
        page.wait_for_url("**/posts/1?done=scheduled")
        tab_to(page, "a[href='/posts/1/unschedule']")
        page.keyboard.press("Enter")
        page.wait_for_url("**/posts/1/unschedule")
        tab_to(page, "main button")
        page.keyboard.press("Enter")
        page.wait_for_url("**/posts/1?done=unschedule")
    assert site.ttp.shown()["status"] == "draft"


def test_a_text_full_of_html_is_a_text(site: Site) -> None:
    site.ttp.post(EVIL, "--to", "x/me", "--at", "2098-01-06T09:30Z")
    with site.person() as page:
        for path in ("/queue", "/posts/1", "/posts/1/edit", "/posts/1/delete", "/calendar?when=2098-01"):
            page.goto(path)
            assert "hacked" not in page.title()
            assert page.query_selector("img[src='x']") is None


def test_a_text_from_right_to_left_is_written_so(site: Site) -> None:
    site.ttp.post(HEBREW, "--to", "x/me", "--at", "2098-01-06T09:30Z")
    with site.person() as page:
        for path, selector in (("/posts/1", ".whole"), ("/posts/1/edit", "#content"), ("/queue", ".what")):
            page.goto(path)
            assert page.eval_on_selector(selector, "one => getComputedStyle(one).direction") == "rtl"


@pytest.mark.parametrize("scripts", [True, False])
def test_an_account_is_connected_and_connected_again(
    connecting_site: Site, shared_sandbox: RunningSandbox, scripts: bool
) -> None:
    site = connecting_site
    with site.person(scripts=scripts, width=375, also=shared_sandbox.url) as page:
        page.goto("/accounts")
        page.click("main .head a:has-text('Connect')")
        page.click("main .net:has-text('Log in at X')")
        page.click("main button.primary")
        page.click("#go")
        page.click("text=Approve")
        page.wait_for_url(f"{site.url}/callback?**")
        assert "x/demo is connected" in page.inner_text("h1")
        assert site.ttp.ok("account", "show", "x/demo", "--json").json["connected"] is True
        site.ttp.sql("UPDATE account SET needs_reconnect = 1 WHERE handle = 'demo'")
        page.click("main a:has-text('Accounts')")
        page.click("button:has-text('Log in at X')")
        page.click("#go")
        page.click("text=Deny")
        page.wait_for_url(f"{site.url}/callback?**")
        assert site.ttp.ok("account", "show", "x/demo", "--json").json["needsReconnect"] is True
        page.click("main >> text=Connect x/demo")
        page.click("main button.primary")
        page.click("#go")
        page.click("text=Approve")
        page.wait_for_url(f"{site.url}/callback?**")
    assert site.ttp.ok("account", "show", "x/demo", "--json").json["needsReconnect"] is False
