"""What people do with posts in lists: by keyboard, while one is published, and without scripts."""

from __future__ import annotations

from tests.browser.conftest import Site


def test_posts_are_chosen_and_deleted_by_keys_and_come_back(site: Site) -> None:
    for number in range(3):
        site.ttp.post(f"Number {number}")
    with site.person() as page:
        page.goto("/posts")
        page.keyboard.press("/")
        page.keyboard.type("number")
        page.wait_for_selector("mark")
        page.wait_for_url("**/posts?q=number*")
        page.locator("main").focus()
        for key in ("j", "x", "j", "x"):
            page.keyboard.press(key)
        page.wait_for_selector(".bulk >> text=2 chosen")
        page.click(".bulk >> text=Delete")
        page.wait_for_url("**/posts?q=number*done=chosen-delete*")
        assert page.locator(".slim").count() == 1
        page.keyboard.press("z")
        page.wait_for_url("**/posts?q=number*done=undo*")
        assert page.locator(".slim").count() == 3
        page.check("text=Choose all 3")
        assert page.locator("[name=post]:checked").count() == 3
        page.uncheck("[name=post] >> nth=0")
        page.wait_for_selector(".bulk >> text=2 chosen")


def test_a_page_follows_a_post_while_it_is_published(site: Site) -> None:
    site.ttp.post("Now", "--to", "x/me", "--at", "2098-01-06T09:30Z")
    site.ttp.bring(1, "sending", next_at=None)
    with site.person() as page:
        page.clock.install()
        for path, ended in (("/posts/1", "#deliveries .s-published"), ("/queue", "#ended + .rows .s-published")):
            site.ttp.bring(1, "sending", next_at=None)
            page.goto(path)
            site.ttp.bring(1, "published", next_at=None, remote_id="7")
            page.clock.fast_forward(6000)
            page.wait_for_selector(ended)
            assert page.query_selector("[hx-trigger^=every]") is None


def test_posts_are_found_and_tagged_without_scripts(site: Site) -> None:
    site.ttp.post("A lamp")
    site.ttp.post("A chair")
    with site.person(scripts=False, width=390) as page:
        page.goto("/posts")
        page.fill("[name=q]", "lamp")
        page.press("[name=q]", "Enter")
        page.wait_for_url("**/posts?q=lamp*")
        assert not page.is_visible(".bulk")
        page.check("[name=post]")
        page.click("text=Tag…")
        page.fill("[name=tag]", "sale")
        page.press("[name=tag]", "Enter")
        page.wait_for_url("**done=chosen-tag*")
    assert [site.ttp.shown(number)["tags"] for number in (1, 2)] == [["sale"], []]
