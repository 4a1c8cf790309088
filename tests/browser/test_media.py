"""Files of a post in a browser: sent one by one, cancelled, tried again, ordered and cropped."""

from __future__ import annotations

from typing import Any

from tests.browser.conftest import Site
from tests.browser.test_typed_words import button, until
from tests.pictures import picture


def file(name: str, kind: str = "image/png", data: bytes | None = None) -> dict[str, Any]:
    return {"name": name, "mimeType": kind, "buffer": picture("PNG", (80, 40)) if data is None else data}


def names(page: Any) -> list[str]:
    return [one.strip() for one in page.locator("#media .name").all_inner_texts()]


def choose(page: Any, *files: dict[str, Any]) -> None:
    page.set_input_files("#files", files=list(files))


def test_of_three_files_the_bad_one_is_left_out_and_what_is_no_picture_is_not_sent(site: Site) -> None:
    with site.person() as page:
        page.goto("/compose")
        sent: list[str] = []
        page.on("request", lambda request: sent.append(request.url) if "/compose/media" in request.url else None)
        choose(page, file("a.png"), file("bad.png", data=b"no picture"), file("c.png"), file("d.txt", "text/plain"))
        page.locator("#media > .shot").nth(1).wait_for()
        page.locator("#sends > *").first.wait_for(state="detached")
        assert (names(page), len(sent)) == (["a.png", "c.png"], 3)
        assert page.locator("#uploads .bad").count() == 2
        for row in (0, 1, 1):
            page.locator("#media .tools label").nth(row).click()
        page.locator("[name=content]").fill("Hello")
        button(page, "Save draft").click()
        page.wait_for_url("**/posts/1?done=draft")
    assert [one["name"] for one in site.ttp.shown()["media"]] == ["c.png"]


def test_an_upload_is_cancelled_or_tried_again_and_a_form_waits_for_it(site: Site) -> None:
    with site.person() as page:
        page.goto("/compose")
        held: list[Any] = []
        page.route("**/compose/media", lambda route: held.append(route))
        choose(page, file("a.png"), file("b.png"), file("c.png"))
        until(page, lambda: bool(held))
        page.locator("#sends .shot", has_text="b.png").get_by_role("button", name="Cancel").click()
        page.locator("#sends .shot", has_text="a.png").get_by_role("button", name="Cancel").click()
        until(page, lambda: len(held) == 2)
        held[1].abort("internetdisconnected")
        failed = page.locator("#sends .failed")
        failed.wait_for()
        page.locator("[name=content]").fill("Hello")
        button(page, "Save draft").click()  # nothing is left out silently
        assert failed.get_by_role("button", name="Try again").evaluate("one => one === document.activeElement")
        page.unroute("**/compose/media")
        failed.get_by_role("button", name="Try again").click()
        button(page, "Save draft").click()
        page.wait_for_url("**/posts/1?done=draft")
    assert [one["name"] for one in site.ttp.shown()["media"]] == ["c.png"]


def test_pictures_are_ordered_and_cropped_with_the_keyboard(site: Site) -> None:
    with site.person() as page:
        page.goto("/compose")
        choose(page, file("a.png"), file("b.png"))
        page.locator("#media > .shot").nth(1).wait_for()
        page.locator("#media textarea[name=alt]").nth(1).press("Alt+ArrowUp")
        assert names(page) == ["b.png", "a.png"]
        assert page.get_by_label("What picture 1 shows (alt text)").evaluate("one => one === document.activeElement")
        row = page.locator("#media > .shot").first
        row.locator("summary").press("Enter")
        for key in ("ArrowRight", "ArrowRight", "ArrowUp"):
            row.locator(".aim button").press(key)
        assert row.locator("[name=focus]").input_value() == "0.6,0.45"
        assert row.locator("output").inner_text().startswith("60%")
        assert row.locator(".crop").get_attribute("viewBox") == "28 0 40 40"
        row.locator(".aim button").click(position={"x": 8, "y": 20})
        assert row.locator(".crop").get_attribute("viewBox") == "0 0 40 40"
        page.locator("[name=content]").fill("Hello")
        button(page, "Save draft").click()
        page.wait_for_url("**/posts/1?done=draft")
    assert [(one["name"], one["focus"]) for one in site.ttp.shown()["media"]] == [("b.png", "0.1,0.5"), ("a.png", None)]
