"""The time of a form: chips, words or a picked time; its clocks; and that what is shown is what is scheduled."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.server.pages.conftest import Person, form_with
from tests.server.pages.test_compose import form, stored
from tests.server.pages.test_numbers import numbers as numbers

SHOWN = {"at_shown": "2098-01-01 09:00", "pick_shown": "2098-01-01T09:00"}
SAME = {"at": "2098-01-01 09:00", "chip": "2098-01-01 09:00", "pick": "2098-01-01T09:00", **SHOWN}
"""A form in which nothing was changed since the page was made."""


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, "2098-01-01T09:00:00Z"),
        ({"chip": "2098-02-02 18:00"}, "2098-02-02T18:00:00Z"),
        ({"pick": "2098-03-03T07:30"}, "2098-03-03T07:30:00Z"),
        ({"at": "2098-04-04 06:00"}, "2098-04-04T06:00:00Z"),
        ({"chip": "2098-02-02 18:00", "at": "2098-02-02 18:00"}, "2098-02-02T18:00:00Z"),  # as the script writes it
        ({"chip": "2098-02-02 18:00", "pick": "2098-03-03T07:30"}, None),
        ({"at": ""}, None),
    ],
)
def test_the_field_that_was_changed_has_the_time(ann: Person, changed: dict[str, str], expected: str | None) -> None:
    answer = ann.send("/compose", form(do="schedule", **{**SAME, **changed}))
    assert answer.status_code == (422 if expected is None else 303)
    if expected is not None:
        assert stored(ann)["scheduledAt"] == expected
    else:
        assert 'id="at-problem-1"' in answer.text


def test_each_chip_schedules_the_time_that_it_shows(ann: Person) -> None:
    ann.does("/timezone", {"timezone": "Asia/Tokyo"})
    ann.ttp.ok("slots", "add", "daily 09:00", "--account", "x/me")
    page = ann.sees("/compose")
    chips = re.findall(r'name="chip"[^>]*value="([^"]+)"[^>]*>[^<]*<b>([^<]+)</b>', page)
    assert [value for value, _ in chips][-1] == "now"
    for number, (value, clock) in enumerate(chips[:-1], 1):
        same = {name: values for name, values in form_with(page, "Check").fields.items() if name != "form"}
        ann.does("/compose", {**same, **form(do="schedule", chip=value, form=f"f{number}")})
        local = datetime.fromisoformat(stored(ann, number)["scheduledAt"]).astimezone(ZoneInfo("Asia/Tokyo"))
        assert clock.endswith(f"{local:%H:%M}")


def test_the_clocks_of_the_accounts_stand_beside_the_persons(ann: Person) -> None:
    ann.does("/timezone", {"timezone": "Europe/Berlin"})
    ann.ttp.ok("account", "set", "x/other", "--tz", "America/New_York")
    words = {"at": "2098-01-01 01:00", "accounts": ["x/me", "x/other"]}
    part = ann.send("/compose/time", form(**words)).text
    clocks = re.findall(r"<li><b>([^<]+)</b><span[^>]*>([^<,]+),", part)
    assert clocks == [("Wed 1 Jan, 01:00", "Berlin"), ("Tue 31 Dec, 19:00", "New York")]
    assert 'value="2098-01-01T01:00"' in part  # for the picker
    assert "<li><b>" not in ann.send("/compose/time", form(**{**words, "at": "no time"})).text


@pytest.mark.usefixtures("numbers")
def test_the_hours_of_the_day_are_shown_where_there_are_numbers(ann: Person) -> None:
    at: dict[str, Any] = {"at": "2098-01-01 12:10"}
    part = ann.send("/compose/time", form(**at)).text
    assert len(re.findall(r'class="h\d"', part)) == 24
    assert 'class="now" x="240"' in part
    assert "<svg" not in ann.send("/compose/time", form(**{**at, "accounts": ["x/other"]})).text


def test_who_may_not_schedule_has_no_time(ann: Person) -> None:
    ben = Person(ann.server).log_in("ben", "draft")
    assert 'name="at"' not in ben.sees("/compose")
    assert ben.send("/compose/time", form()).status_code == 200


def test_a_post_repeats_from_the_form_once(ann: Person) -> None:
    typed = form(do="schedule", repeat="mon,thu 09:00", repeat_until="2027-01-31", form="f1")
    part = ann.send("/compose/time", typed).text
    assert re.findall(r"\w{3} \d+ \w{3}, 09:00|Tomorrow 09:00", part)[-1] == "Thu 3 Dec, 09:00"
    for _ in range(2):  # a form that is sent twice
        assert ann.does("/compose", typed) == "/posts/1?done=repeat"
    (repeat,) = ann.ttp.ok("repeat", "list", "--json").json
    assert (repeat["post"], repeat["cron"], stored(ann)["status"]) == (1, "0 9 * * 1,4", "draft")


@pytest.mark.parametrize("wrong", [{"at": "2098-01-01 09:00"}, {"repeat": "sometimes"}, {"repeat_until": "2020-01-01"}])
def test_a_repeat_that_cannot_begin_is_refused_at_its_field(ann: Person, wrong: dict[str, str]) -> None:
    answer = ann.send("/compose", form(**{"do": "schedule", "repeat": "mon 09:00", **wrong}))
    assert answer.status_code == 422
    assert 'id="repeat-problem-1"' in answer.text
    assert ('value="at:"' in answer.text) == ("at" in wrong)
    assert ann.ttp.ok("repeat", "list", "--json").json == []


def test_a_repeat_that_is_typed_is_kept(ann: Person) -> None:
    ann.send("/compose/keep", form(repeat="mon 09:00", form="f1"))
    assert 'value="mon 09:00"' in ann.sees("/posts/1/edit")
