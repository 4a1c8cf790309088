"""The page of an account: what a person sets there, and who may."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.server.conftest import Api
from tests.server.pages.conftest import READ, Person, form_with, has_button, inner
from tests.server.pages.test_calendar import account_named

PAGE = "/accounts/x/me"


def account(person: Person) -> Any:
    return person.ttp.ok("account", "show", "x/me", "--json").json


def main(page: str) -> str:
    return page.partition("<main")[2].partition("</main")[0]


def slots(person: Person) -> list[str]:
    return sorted(one["cron"] for one in person.ttp.ok("slots", "list", "--json").json)


def test_the_timezone_is_set_and_taken_away(ann: Person) -> None:
    ann.does(PAGE, {"do": "zone", "timezone": " America/New_York "})
    assert account(ann)["timezone"] == "America/New_York"
    assert "America/New_York" in inner(ann.sees("/accounts"))
    answer = ann.send(PAGE, {"do": "zone", "timezone": "Mars/<b>"})
    assert answer.status_code == 422
    assert 'value="Mars/&lt;b&gt;"' in answer.text
    assert account(ann)["timezone"] == "America/New_York"
    ann.does(PAGE, {"do": "zone", "timezone": ""})
    assert account(ann)["timezone"] is None


def test_slots_are_added_and_removed(ann: Person) -> None:
    ann.ttp.ok("slots", "add", "sun 10:00", "--account", "x/other")
    ann.does(PAGE, {"do": "add", "times": "mon,wed 12:30"})
    assert slots(ann) == ["0 10 * * 0", "30 12 * * 1,3"]
    assert "mon,wed 12:30" in inner(ann.sees("/accounts"))
    answer = ann.send(PAGE, {"do": "add", "times": "someday"})
    assert answer.status_code == 400
    assert 'value="someday"' in answer.text
    assert ann.send(PAGE, {"do": "remove", "slot": "1"}).status_code == 404, "it is of another account"
    ann.does(PAGE, {"do": "remove", "slot": "2"})
    assert slots(ann) == ["0 10 * * 0"]


def test_options_are_set_and_their_change_withdraws_approvals(server: Api, ann: Person) -> None:
    server.set("publish.require_approval", "true")
    ann.ttp.post("Hello", "--to", "x/me", "--at", "2098-01-06T09:30Z")
    ann.ttp.ok("approve", "1")
    form = form_with(ann.sees(PAGE), "Save the options")
    ann.does(PAGE, {**form.fields, "option:reply_settings": "following", "split": "always"})
    assert account(ann)["options"] == {"x.reply_settings": "following"}
    assert account(ann)["split"] is True
    assert ann.ttp.shown(1)["approvedAt"] is None
    form = form_with(ann.sees(PAGE), "Save the options")
    assert form.fields["option:reply_settings"] == ["following"]
    answer = ann.send(PAGE, {**form.fields, "option:reply_settings": "nobody"})
    assert answer.status_code == 400
    ann.does(PAGE, {**form.fields, "option:reply_settings": ""})
    assert account(ann)["options"] == {}


def test_it_is_paused_and_resumed(ann: Person) -> None:
    for action, is_held in (("pause", True), ("resume", False)):
        ann.does(PAGE, {"do": action})
        assert bool(ann.ttp.ok("status", "--json").json["holds"]) is is_held
    assert ann.send(PAGE, {"do": "explode"}).status_code == 200


def test_who_may_not_publish_sets_nothing(server: Api, ann: Person) -> None:
    dee = Person(server).log_in("dee", "publish", accounts=[account_named(server, "x/me")])
    for person in (dee, Person(server).log_in("ray", READ)):
        page = person.sees(PAGE)
        assert not has_button(page, "Pause")
        assert person.send(PAGE, {"do": "pause"}).status_code == 403
    assert dee.get("/accounts/x/other").status_code == 404
    assert ann.get("/accounts/x/nobody").status_code == 404
    assert account(ann)["holdUntil"] is None


def test_the_list_is_calm_and_names_a_date_only_where_a_person_must_act(server: Api, ann: Person) -> None:
    page = inner(ann.sees("/accounts"))
    assert "Needs you" not in page
    at = server.ttp.clock.now() + timedelta(hours=1)
    ann.ttp.sql("UPDATE account SET expires_at = ?", int(at.timestamp() * 1000))
    assert "<time" in main(ann.sees("/accounts")), "its login is not renewed"
    refreshed = '{"accessToken": "a", "refreshToken": "r", "expiresAt": "2026-11-24T20:00:00Z", "clientId": "c"}'
    for name in ("x/me", "x/other"):
        ann.ttp.ok("account", "add", name, "--credentials", "-", stdin=refreshed)
    assert "<time" not in main(ann.sees("/accounts"))


def test_an_account_to_log_in_says_what_waits_for_it(ann: Person) -> None:
    ann.ttp.post("Hello", "--to", "x/me", "--at", "2098-01-06T09:30Z")
    ann.ttp.sql("UPDATE account SET needs_reconnect = TRUE WHERE handle = 'me'")
    page = ann.sees("/accounts")
    assert "Needs you" in inner(page)
    assert 'datetime="2098-01-06T09:30:00Z"' in page
    assert form_with(page, "Log in at X as x/me").fields["handle"] == ["me"]


def test_a_limit_is_shown_with_the_command_that_sets_it(ann: Person) -> None:
    page = inner(ann.sees(PAGE))
    for key in ("publish.per_day", "publish.min_gap_s", "platforms.x.budget_usd"):
        assert f"ttp config set {key}" in page
