"""What the form of a post does at once: counts, parts, own texts and times, by keys and on a phone."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.browser.conftest import Site
from tests.browser.test_typed_words import button, field, settled, until, write
from tests.media_bytes import png

LONG = " ".join(f"Sentence number {number} is here." for number in range(14))


def count(page: Any) -> str:
    """What the counter of X says; a thin space is between thousands."""
    return str(page.locator("#counts .count b").inner_text())


def offline(page: Any) -> None:
    page.route("**/compose/**", lambda route: route.abort())


@pytest.fixture
def known(site: Site) -> Site:
    """A site where a new post goes to x/me at first."""
    site.ttp.ok("account", "disable", "x/other")
    return site


def test_counts_go_along_without_the_server(known: Site) -> None:
    with known.person(width=390) as page:
        page.goto("/compose")
        offline(page)
        for text, said, level in (
            ("Hello", "5", "count"),
            ("x" * 270, "270", "count near"),
            ("x" * 300, "300", "count too"),
        ):
            field(page, "Text").fill(text)
            assert (count(page), page.locator("#counts .count").get_attribute("class").strip()) == (said, level)
        field(page, "Text").fill("See https://example.com/" + "a" * 90)
        assert count(page) == "≈27"  # as a link
        page.unroute("**/compose/**")
        field(page, "Text").press("End")
        field(page, "Text").type("!")
        page.locator("#counts .count b", has_text=re.compile("^28$")).wait_for()
        field(page, "Text").fill("Line\n" * 40)  # the counter stays in view while the text grows
        page.evaluate("scrollTo(0, 0)")
        box, bar = (page.locator(one).bounding_box() for one in (".counts", ".actbar"))
        assert box["y"] + box["height"] <= bar["y"] + 1
        assert bar["y"] + bar["height"] <= 901


@pytest.mark.parametrize("scripts", [True, False])
def test_a_text_becomes_parts_which_are_moved_and_removed(known: Site, scripts: bool) -> None:
    with known.person(scripts=scripts, width=390) as page:
        page.goto("/compose")
        field(page, "Text").fill(LONG)
        if not scripts:
            button(page, "More").last.click()
            button(page, "Check").click()
        button(page, "Split into 2 parts").click()
        field(page, "Part 2").wait_for()
        first, second = field(page, "Text").input_value(), field(page, "Part 2").input_value()
        assert f"{first} {second}" == LONG
        if scripts:
            settled(page)
            field(page, "Part 2").press("Alt+ArrowUp")
            until(page, lambda: field(page, "Text").input_value() == second)
            page.locator("#content:focus").wait_for()
            settled(page)
            field(page, "Text").press("Alt+ArrowDown")
        else:
            button(page, "Move part 2 up").click()
            assert field(page, "Text").input_value() == second
            button(page, "Move part 2 up").click()
        until(page, lambda: field(page, "Text").input_value() == first)
        settled(page)
        button(page, "Remove part 2").click()
        field(page, "Part 2").wait_for(state="detached")


def test_pictures_are_added_to_a_part(known: Site) -> None:
    with known.person() as page:
        page.goto("/compose")
        field(page, "Text").fill("One")
        button(page, "Add a part").click()
        field(page, "Part 2").fill("Two")
        files = [{"name": "a.png", "mimeType": "image/png", "buffer": png()}]
        page.get_by_label("Add pictures to part 2").set_input_files(files)
        page.get_by_label("alt text").wait_for()
        button(page, "Save draft").click()
        page.wait_for_url("**/posts/1?done=draft")
    assert [one["part"] for one in known.ttp.shown()["media"]] == [2]


def test_what_is_typed_before_an_answer_comes_stays(known: Site) -> None:
    with known.person() as page:
        page.goto("/compose")
        field(page, "Text").fill("One")
        held: list[Any] = []
        page.route("**/compose", lambda route: held.append(route), times=1)
        button(page, "Add a part").click()
        until(page, lambda: bool(held))
        field(page, "Text").fill("One, and more")
        held.pop().continue_()
        field(page, "Part 2").wait_for()
        assert field(page, "Text").input_value() == "One, and more"


@pytest.mark.parametrize("scripts", [True, False])
def test_a_network_gets_a_text_of_its_own(known: Site, scripts: bool) -> None:
    with known.person(scripts=scripts) as page:
        page.goto("/compose")
        field(page, "Text").fill("Common")
        button(page, "Own text for…").click()
        button(page, "X").click()
        own = field(page, "Text for X")
        own.wait_for()
        assert (own.input_value(), field(page, "Text").is_visible()) == ("Common", False)
        own.fill("Own")
        page.get_by_role("radio", name="X", exact=True).press("ArrowUp")  # as in any group of radio buttons
        assert (field(page, "Text").is_visible(), own.is_visible()) == (True, False)
        button(page, "Save draft").click()
        page.wait_for_url("**/posts/1?done=draft")
    assert (known.ttp.shown()["content"], known.ttp.shown()["variants"]) == ("Common", {"x": "Own"})


@pytest.mark.parametrize("scripts", [True, False])
def test_a_chip_a_picked_time_and_words_replace_each_other(known: Site, scripts: bool) -> None:
    known.ttp.ok("slots", "add", "daily 17:30", "--account", "x/me")
    with known.person(scripts=scripts, width=390) as page:
        page.goto("/compose")
        write(page, "Hello")
        button(page, "Next slot").click()
        page.locator("#bar-time", has_text="17:30").wait_for()
        settled(page)
        page.get_by_label("Tomorrow").check(force=True)
        if scripts:
            assert field(page, "When").input_value().endswith("09:00")
            field(page, "Or pick").fill("2098-01-06T09:30")
            assert (field(page, "When").input_value(), page.get_by_label("Tomorrow").is_checked()) == (
                "2098-01-06 09:30",
                False,
            )
            page.get_by_text("Mon 6 Jan, 09:30").wait_for()
            field(page, "When").fill("2098-01-07 10:00")
            until(page, lambda: field(page, "Or pick").input_value() == "2098-01-07T10:00")
            field(page, "Text").press("Control+Enter")
        else:
            button(page, "Schedule").click()
        page.wait_for_url("**/posts/1?done=scheduled")
    at = known.ttp.shown()["scheduledAt"]
    assert at == ("2098-01-07T10:00:00Z" if scripts else "2026-11-25T09:00:00Z")


@pytest.mark.parametrize("scripts", [True, False])
def test_options_are_those_of_the_chosen_networks_and_all_of_one_are_chosen_at_once(site: Site, scripts: bool) -> None:
    site.ttp.account("instagram/me")
    with site.person(scripts=scripts) as page:
        page.goto("/compose")
        details = [page.locator(f"#details [data-network={name}]") for name in ("x", "instagram")]
        assert not any(one.is_visible() for one in details)
        page.get_by_label("instagram/me").check(force=True)
        assert [one.is_visible() for one in details] == [False, True]
        page.get_by_label("All 2 of X").check(force=True)
        field(page, "Text").fill("Hello")
        button(page, "Save draft").click()
        page.wait_for_url("**/posts/1?done=draft")
    assert sorted(site.ttp.shown()["accounts"]) == ["instagram/me", "x/me", "x/other"]


def test_a_page_of_an_earlier_post_never_ends_the_copy_of_a_text_that_was_not_sent(known: Site) -> None:
    with known.person() as page:
        page.goto("/compose")
        field(page, "Text").fill("The first")
        button(page, "Save draft").click()
        page.wait_for_url("**/posts/1?done=draft")
        # As a form leaves it whose server cannot be reached; the page about that runs no script.
        page.evaluate(
            "localStorage.setItem('ttp-copy:ann:2', '{}'); sessionStorage.setItem('ttp-sent', 'ttp-copy:ann:2')"
        )
        page.goto("about:blank")
        page.go_back()
        assert "done=draft" in page.url
        assert page.evaluate("localStorage.getItem('ttp-copy:ann:2')") == "{}"
