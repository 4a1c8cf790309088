"""Nothing that somebody types in a browser is lost; and what a form says, and where it says it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from tests.browser.conftest import PATIENCE_S, Site
from tests.media_bytes import png

WHEN = "2098-01-06 09:30"
AT = "2098-01-06T09:30:00Z"


def button(page: Any, name: str) -> Any:
    return page.get_by_role("button", name=name, exact=True)


def field(page: Any, label: str) -> Any:
    return page.get_by_label(label, exact=True)


def write(page: Any, text: str, when: str = "") -> None:
    page.get_by_label("x/me").first.check()
    field(page, "Text").fill(text)
    field(page, "When").fill(when)


def until(page: Any, holds: Callable[[], bool]) -> None:
    """Wait for a condition, while the browser goes on.

    For what no locator can say: `wait_for_function` evaluates a string in the page, which its policy refuses. While the
    next page comes, nothing holds.
    """
    from playwright.sync_api import Error

    for _ in range(int(PATIENCE_S * 10)):
        with suppress(Error):
            if holds():
                return
        page.wait_for_timeout(100)
    raise AssertionError(holds)


def settled(page: Any) -> None:
    """Wait until what a script has swapped is at work: what is pressed before is not heard."""
    parts = ".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added"
    page.locator(parts).first.wait_for(state="detached")


def end_login(page: Any) -> None:
    page.context.clear_cookies()


def log_in_again(site: Site, page: Any, name: str = "ann") -> None:
    """Log in by a new link, in this tab."""
    page.goto(site.link(name, "publish"))
    button(page, f"Log in as {name}").click()
    page.wait_for_url(lambda url: "/login" not in url)


@contextmanager
def another_tab(page: Any) -> Iterator[Any]:
    tab = page.context.new_page()
    try:
        yield tab
    finally:
        tab.close()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_login_that_ends_while_writing_loses_nothing(site: Site, scripts: bool) -> None:
    with site.person(scripts=scripts) as page:
        page.goto("/compose")
        end_login(page)
        write(page, "Written\nin vain?", WHEN)
        button(page, "Schedule").click()
        button(page, "Send again").wait_for()
        assert field(page, "Text").input_value() == "Written\nin vain?"
        with another_tab(page) as tab:
            log_in_again(site, tab)
        button(page, "Send again").click()
        button(page, "Schedule").wait_for()
        assert site.ttp.count("post") == 0
        assert field(page, "Text").input_value() == "Written\nin vain?"
        assert field(page, "When").input_value() == WHEN
        button(page, "Schedule").click()
        page.wait_for_url("**/posts/1?done=scheduled")
        page.goto("/compose")
        assert not button(page, "Show it").is_visible()
        assert not scripts or page.evaluate("localStorage.length") == 0
    assert (site.ttp.shown()["content"], site.ttp.shown()["scheduledAt"]) == ("Written\nin vain?", AT)


def test_a_form_that_is_open_during_a_new_login_is_shown_again(site: Site) -> None:
    with site.person() as page:
        page.goto("/compose")
        with another_tab(page) as tab:
            log_in_again(site, tab)
        write(page, "Written before", WHEN)
        button(page, "Schedule").click()
        page.get_by_role("alert").wait_for()
        assert field(page, "Text").input_value() == "Written before"
        button(page, "Schedule").click()
        page.wait_for_url("**/posts/1?done=scheduled")
    assert site.ttp.count("post") == 1


def test_a_copy_stays_in_the_browser_for_who_typed_it_until_it_is_saved(site: Site) -> None:
    with site.person() as page:
        page.goto("/compose")
        end_login(page)
        write(page, "Only in this browser")
        page.get_by_role("link", name="Log in").wait_for()  # it could not be kept
        log_in_again(site, page, "ben")
        page.goto("/compose")
        assert not page.get_by_text("Only in this browser").is_visible()
        end_login(page)
        log_in_again(site, page)
        page.goto("/compose")
        page.get_by_text("Only in this browser").wait_for()
        button(page, "Show it").click()
        page.wait_for_load_state()
        assert field(page, "Text").input_value() == "Only in this browser"
        assert page.get_by_label("x/me").first.is_checked()
        button(page, "Save draft").click()
        page.wait_for_url("**/posts/1?done=draft")
        page.goto("/compose")
        assert not button(page, "Show it").is_visible()
        assert page.evaluate("localStorage.length") == 0
    assert site.ttp.shown()["content"] == "Only in this browser"


def test_a_copy_is_forgotten_when_the_server_has_the_text_and_when_a_person_says_so(site: Site) -> None:
    with site.person() as page:
        page.goto("/compose")
        write(page, "Kept")
        page.wait_for_url("**/posts/1/edit")
        until(page, lambda: page.evaluate("localStorage.length") == 0)
        end_login(page)
        field(page, "Text").fill("Kept, and more")
        page.get_by_role("link", name="Log in").wait_for()
        log_in_again(site, page)
        page.goto("/posts/1/edit")
        assert field(page, "Text").input_value() == "Kept"
        button(page, "Forget it").click()
        page.reload()
        assert not button(page, "Show it").is_visible()


def test_the_last_words_before_a_page_is_left_are_kept(site: Site) -> None:
    with site.person() as page:
        page.goto("/compose")
        write(page, "Hel")
        page.wait_for_url("**/posts/1/edit")
        field(page, "Text").fill("Hello")
        page.get_by_role("link", name="Queue").click()
        page.wait_for_url("**/queue")
        page.get_by_text("Draft").first.wait_for()
        until(page, lambda: site.ttp.shown()["content"] == "Hello")
        assert (site.ttp.shown()["content"], site.ttp.count("post")) == ("Hello", 1)
        page.goto("/compose")
        until(page, lambda: page.evaluate("localStorage.length") == 0)
        assert not button(page, "Show it").is_visible()
        page.goto("/posts/1/edit")
        assert field(page, "Text").input_value() == "Hello"


@pytest.mark.parametrize("label", ["When", "alt text", "Audio name"])
def test_enter_in_a_field_of_one_line_schedules(site: Site, label: str) -> None:
    site.ttp.account("instagram/me")
    with site.person() as page:
        page.goto("/compose")
        write(page, "Hello", WHEN)
        page.set_input_files("input[type=file]", files=[{"name": "a.png", "mimeType": "image/png", "buffer": png()}])
        page.get_by_label("alt text").fill("A dot")
        for closed in page.get_by_text("Options of").all():
            closed.click()
        page.get_by_label(label).first.press("Enter")
        page.wait_for_url("**/posts/1?done=scheduled")
    assert (site.ttp.shown()["thread"], site.ttp.shown()["scheduledAt"]) == ([], AT)


@pytest.mark.parametrize("scripts", [True, False])
def test_a_refusal_has_the_focus_and_leads_to_its_fields(site: Site, scripts: bool) -> None:
    with site.person(scripts=scripts, width=390) as page:
        page.goto("/compose")
        write(page, "x" * 281, "yesterday 9am")
        button(page, "Schedule").click()
        refusal = page.get_by_role("alert")
        refusal.wait_for()
        assert refusal.evaluate("one => one === document.activeElement")
        assert page.title().startswith("Not scheduled")
        links = refusal.get_by_role("link")
        for place in range(links.count()):
            links.nth(place).press("Enter")
            target = links.nth(place).get_attribute("href")
            assert page.evaluate("document.activeElement.id") == target.removeprefix("#")
            assert page.locator(target).is_visible()
        assert [links.nth(place).inner_text() for place in range(links.count())] == ["Text", "When"]


@pytest.mark.parametrize("scripts", [True, False])
def test_a_suggested_time_is_filled_in_where_the_person_is(site: Site, scripts: bool) -> None:
    site.ttp.ok("slots", "add", "daily 09:00", "--account", "x/me")
    with site.person(scripts=scripts, width=390) as page:
        page.goto("/compose")
        button(page, "Next slot").click()  # no account is chosen
        page.locator("[aria-invalid=true]").wait_for()
        write(page, "Hello")
        button(page, "Next slot").click()
        until(page, lambda: page.evaluate("/09:00$/.test(document.activeElement?.value || '')"))
        assert field(page, "When").evaluate("one => one === document.activeElement")
        assert page.evaluate(
            "one => { const box = one.getBoundingClientRect(); return box.top >= 0 && box.bottom <= innerHeight; }",
            field(page, "When").element_handle(),
        )
        assert field(page, "Text").input_value() == "Hello"


def test_pictures_chosen_during_an_upload_arrive_and_a_bad_file_drops_only_itself(site: Site) -> None:
    def files(*names: str) -> list[dict[str, Any]]:
        data = {name: png() if name.endswith("png") else b"no picture" for name in names}
        return [{"name": name, "mimeType": "image/png", "buffer": data[name]} for name in names]

    with site.person() as page:
        page.goto("/compose")
        write(page, "Hello")
        held: list[Any] = []
        page.route("**/compose/media", lambda route: held.append(route))
        page.set_input_files("input[type=file]", files=files("a.png", "note.txt"))
        page.get_by_text("a.png").first.wait_for()
        page.set_input_files("input[type=file]", files=files("b.png"))
        button(page, "Save draft").click()  # which waits for them
        for _ in range(3):
            until(page, lambda: bool(held))
            held.pop(0).continue_()
        page.wait_for_url("**/posts/1?done=draft")
        assert [one["name"] for one in site.ttp.shown()["media"]] == ["a.png", "b.png"]
        page.unroute("**/compose/media")
        page.goto("/posts/1/edit")
        for name in ("one.txt", "two.txt"):
            page.set_input_files("input[type=file]", files=files(name))
            page.get_by_text(name).first.wait_for()
            page.get_by_text("Uploading").wait_for(state="detached")
        until(page, lambda: page.get_by_text("one.txt").count() == 0)  # the answer about the second file replaces it


def test_a_second_tab_sees_the_other_text_before_it_overwrites(site: Site) -> None:
    site.ttp.post("Hello", "--to", "x/me", "--at", AT)
    with site.person() as page, another_tab(page) as tab:
        for one, text in ((page, "From one tab"), (tab, "From the other")):
            one.goto("/posts/1/edit")
            field(one, "Text").fill(text)
        button(page, "Save").click()
        page.wait_for_url("**/posts/1?done=saved")
        button(tab, "Save").click()
        button(tab, "Overwrite").wait_for()
        assert tab.get_by_text("From one tab").is_visible()
        assert field(tab, "Text").input_value() == "From the other"
        field(tab, "When").press("Enter")
        button(tab, "Overwrite").wait_for()
        assert site.ttp.shown()["content"] == "From one tab"
        button(tab, "Overwrite").click()
        tab.wait_for_url("**/posts/1?done=saved")
    assert site.ttp.shown()["content"] == "From the other"


@pytest.mark.parametrize("scripts", [True, False])
def test_what_is_deleted_or_undone_is_brought_back_by_one_click(site: Site, scripts: bool) -> None:
    site.ttp.post("Hello", "--to", "x/me", "--at", AT)
    with site.person(scripts=scripts) as page:
        page.goto("/posts/1")
        assert page.get_by_role("button", name="Undo").count() == 0  # it has only been created
        page.get_by_role("link", name="Delete").click()
        button(page, "Delete").click()
        button(page, "Bring it back").click()
        page.wait_for_url("**/posts/1?done=back")
        page.get_by_role("link", name="Unschedule").click()
        button(page, "Unschedule").click()
        button(page, "Undo: unschedule").click()
        page.wait_for_url("**/posts/1?done=undo")
        assert site.ttp.shown()["status"] == "scheduled"
        button(page, "Bring it back").click()
        page.wait_for_url("**/posts/1?done=back")
    assert site.ttp.shown()["status"] == "draft"


def test_a_draft_is_found_by_its_text_and_its_filters(site: Site) -> None:
    for number in range(55):
        site.ttp.post(f"Number {number:02}", "--to", "x/me" if number % 2 else "x/other")
    with site.person(scripts=False, width=390) as page:
        page.goto("/queue")
        page.get_by_role("link", name="Posts", exact=True).click()
        field(page, "Status").select_option(label="Draft")
        button(page, "Search").click()
        page.get_by_role("link", name="Next page").click()
        assert page.get_by_text("Number 54").is_visible()
        field(page, "Text").fill("number 1")
        field(page, "Account").select_option("x/me")
        field(page, "Text").press("Enter")
        page.wait_for_url("**/posts?**q=number+1**")
        shown = page.locator("main").inner_text()
        assert [number for number in range(55) if f"Number {number:02}" in shown] == [11, 13, 15, 17, 19]
        assert field(page, "Account").input_value() == "x/me"
        assert field(page, "Status").input_value() == "draft"
