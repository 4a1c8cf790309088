"""Times that a page fills in: what was shown is what is scheduled and shown again, for a person in another zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

from tests.server.pages.conftest import Person, inner
from tests.server.pages.test_numbers import numbers as numbers

ACCOUNT, THERE = "x/me", "America/New_York"
Case = tuple[dict[str, Any], datetime, str]
"""The fields of a form, the instant that they mean, and the button to press."""


class Page(HTMLParser):
    """The fields of the forms of a page, and where its links lead."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.links: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "input" and given.get("type") not in ("checkbox", "radio", "file", "submit"):
            self.fields[given.get("name") or ""] = given.get("value") or ""
        if tag == "a":
            self.links.append(given.get("href") or "")

    def compose_links(self) -> dict[str, str]:
        """Return the addresses that open the form with a time, by that time."""
        found = {parse_qs(urlsplit(link).query).get("at", [""])[0]: link for link in self.links}
        return {at: link for at, link in found.items() if at and found[at].startswith("/compose")}


def compose(person: Person, link: str = "/compose") -> dict[str, Any]:
    return {**Page(person.sees(link)).fields, "content": "Hello", "accounts": [ACCOUNT]}


def next_hour(person: Person) -> datetime:
    return datetime.fromisoformat(person.ttp.ok("optimal", "next", "--account", ACCOUNT, "--json").json["slot"]["at"])


def by_click(path: str, clock: str) -> Callable[[Person, ZoneInfo], Case]:
    def case(person: Person, zone: ZoneInfo) -> Case:
        link = Page(person.sees(path)).compose_links()[f"2026-12-10 {clock}"]
        return compose(person, link), datetime.fromisoformat(f"2026-12-10T{clock}").replace(tzinfo=zone), "schedule"

    return case


def by_button(name: str) -> Callable[[Person, ZoneInfo], Case]:
    def case(person: Person, zone: ZoneInfo) -> Case:
        if name == "optimal":
            expected = next_hour(person)
        else:
            person.ttp.ok("slots", "add", "daily 9am", "--account", ACCOUNT)
            expected = datetime(2026, 11, 24, 9, tzinfo=ZoneInfo(THERE))
        page = person.send("/compose", {**compose(person), "do": name}).text
        return {**compose(person), **Page(page).fields}, expected, "schedule"

    return case


def by_best_time(person: Person, zone: ZoneInfo) -> Case:
    (link,) = Page(person.sees("/best-times")).compose_links().values()
    return compose(person, link), next_hour(person), "schedule"


def by_free_hour(person: Person, zone: ZoneInfo) -> Case:
    free = person.ttp.ok("calendar", "--week", "--json").json["freeSlots"]
    expected = datetime.fromisoformat(free[0]["at"])
    links = Page(person.sees("/calendar?view=week")).compose_links()
    return compose(person, links[f"{expected.astimezone(zone):%Y-%m-%d %H:%M}"]), expected, "schedule"


def by_edit(person: Person, zone: ZoneInfo) -> Case:
    at = datetime(2026, 12, 10, 14, 0, tzinfo=UTC)
    person.ttp.post("Hello", "--to", ACCOUNT, "--at", at.isoformat())
    fields = Page(person.sees("/posts/1/edit")).fields
    sooner = datetime.fromisoformat(fields["at"]) - timedelta(hours=1)
    again = {"content": "Hello", "accounts": [ACCOUNT], "at": f"{sooner:%Y-%m-%d %H:%M}"}
    return {**fields, **again}, at - timedelta(hours=1), "save"


@pytest.mark.usefixtures("numbers")
@pytest.mark.parametrize(
    "case",
    [
        pytest.param(by_click("/calendar?when=2026-12", "09:00"), id="a day"),
        pytest.param(by_click("/calendar?view=week&when=2026-12-10", "16:00"), id="an hour"),
        pytest.param(by_free_hour, id="a free hour of the week"),
        pytest.param(by_button("optimal"), id="best hour"),
        pytest.param(by_button("next-slot"), id="next slot"),
        pytest.param(by_best_time, id="compose for it"),
        pytest.param(by_edit, id="edit"),
    ],
)
def test_a_time_that_a_page_fills_in_is_scheduled_and_shown_again(
    ann: Person, case: Callable[[Person, ZoneInfo], Case]
) -> None:
    zone = "Asia/Kolkata"  # half an hour off
    here = ZoneInfo(zone)
    ann.ttp.ok("account", "set", ACCOUNT, "--tz", THERE)
    ann.does("/timezone", {"timezone": zone})
    fields, expected, button = case(ann, here)
    local = expected.astimezone(here)
    assert fields["at"] == f"{local:%Y-%m-%d %H:%M}"

    address = ann.does("/compose", {**fields, "do": button, "csrf": ann.csrf})

    assert datetime.fromisoformat(ann.ttp.shown(1)["scheduledAt"]) == expected
    said = inner(ann.sees(address))
    clocks = (f"{local:%H:%M} {zone}", f"{expected.astimezone(ZoneInfo(THERE)):%H:%M} New York for {ACCOUNT}")
    assert all(clock in said for clock in clocks)
    assert clocks[1] in inner(ann.sees("/queue"))
    assert f"{clocks[1].partition(' for ')[0]})" in inner(ann.sees(f"/calendar?when={local:%Y-%m}"))
    assert Page(ann.sees("/posts/1/edit")).fields["at"] == fields["at"]


def test_a_form_of_another_zone_is_shown_again_before_its_time_counts(ann: Person) -> None:
    fields = {**compose(ann), "at": "2026-12-10 09:00", "do": "schedule"}
    ann.does("/timezone", {"timezone": "Asia/Tokyo"})
    refused = ann.send("/compose", fields)
    again = Page(refused.text).fields
    assert (refused.status_code, again["at"], ann.ttp.count("post")) == (422, fields["at"], 0)
    ann.does("/compose", {**fields, **again})
    assert ann.ttp.shown(1)["scheduledAt"] == "2026-12-10T00:00:00Z"


def test_a_zone_that_this_machine_does_not_have_locks_nobody_out(ann: Person) -> None:
    """As in a store that hosts with other timezone data share. The pages name the zone that they use instead."""
    ann.does("/timezone", {"timezone": "Asia/Tokyo"})
    ann.ttp.sql("UPDATE person SET timezone = 'Gone/City'")
    assert "Asia/Tokyo" not in ann.sees("/calendar")
    ann.does("/timezone", {"timezone": "Asia/Tokyo"})
    assert "Asia/Tokyo" in ann.sees("/calendar")


@pytest.mark.parametrize("at", ["2026-10-25T01:30:00Z", "2026-12-01T08:00:30Z"], ids=["the second 02:30", "seconds"])
def test_an_edit_keeps_a_time_that_a_clock_does_not_show(ann: Person, at: str) -> None:
    ann.ttp.clock.set(datetime(2026, 10, 1, tzinfo=UTC))
    person = Person(ann.server).log_in()
    person.does("/timezone", {"timezone": "Europe/Berlin"})
    person.ttp.post("Hello", "--to", ACCOUNT, "--at", at)
    fields = Page(person.sees("/posts/1/edit")).fields
    person.does("/compose", {**fields, "content": "Hello", "accounts": [ACCOUNT], "do": "schedule"})
    assert person.ttp.shown(1)["scheduledAt"] == at
