"""The words of notifications: plain, short, and with what to type."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.rows import each
from ttp.domain.action import Action, action
from ttp.domain.notification import ENDS, FAILED, MOST_NAMED, NEEDS_REVIEW, Notification, trial_message, write_message

AT = datetime(2026, 11, 27, tzinfo=UTC)


def about(event: str, **more: Any) -> Notification:
    return Notification(1, "ntfy", event, AT, **more)


def failed(post: int, event: str = "delivery.failed", **more: object) -> Notification:
    fields = {"account": "x/me", "text": "Hello", "message": "no answer", **more}
    return about(event, post_id=post, **fields)


@pytest.mark.parametrize("count", [1, 3])
def test_every_event_has_a_title_of_its_own(count: int) -> None:
    events = (FAILED, NEEDS_REVIEW, *ENDS, *ENDS.values())
    titles = {write_message([failed(5, one)] * count).title for one in events}
    assert all(title.startswith("ttp: ") for title in titles)
    assert len(titles) == len(events)


@each("event", ENDS.values())
def test_that_all_is_well_again_is_a_text_too_as_services_refuse_a_title_alone(event: str) -> None:
    message = write_message([about(event, account="x/me")])
    assert message.title == f"ttp: {' '.join(message.lines)}"


def test_a_failed_post_names_the_post_the_account_the_reason_and_the_commands() -> None:
    message = write_message([failed(5, hint=action("config", "set"))])
    assert message.title == "ttp: post 5 failed on x/me"
    assert message.lines == ('Post 5 to x/me: "Hello"', "  no answer")
    assert message.hints == (action("config", "set"), action("retry", 5))
    assert message.about == ({"post": 5, "account": "x/me", "message": "no answer"},)


def test_a_command_is_said_once() -> None:
    message = write_message([failed(5, hint=action("retry", 5)), failed(5)])
    assert message.hints == (action("retry", 5),)
    message = write_message([failed(5, NEEDS_REVIEW, hint=action("show", 5)), failed(6, NEEDS_REVIEW)])
    assert message.hints == (action("show", 5), action("show", 6))


def test_many_posts_are_counted_and_named_in_part() -> None:
    message = write_message([failed(post) for post in range(1, 13)])
    assert (message.title, message.lines[-1]) == ("ttp: 12 posts failed", f"and {12 - MOST_NAMED} more")
    assert message.hints == (action("list", needs_you=True),)
    assert len(message.about) == 12


def test_a_post_to_look_at_leads_to_it() -> None:
    message = write_message([failed(5, "delivery.needs_review", message=None), failed(6, "delivery.needs_review")])
    assert message.lines == ('Post 5 to x/me: "Hello"', 'Post 6 to x/me: "Hello"', "  no answer")
    assert message.hints == (action("show", 5), action("show", 6))


def test_an_account_to_reconnect_leads_to_its_login() -> None:
    message = write_message([about("account.needs_reconnect", account="x/me"), about("account.needs_reconnect")])
    assert message.lines == ()
    assert [isinstance(one, Action) and one.args for one in message.hints] == [("x/me",)]


def test_an_alarm_says_why_and_what_to_do() -> None:
    message = write_message([about("publisher.stalled", message="3 posts are overdue", hint=action("run"))])
    assert (message.lines, message.hints) == (("3 posts are overdue",), (action("run"),))
    assert write_message([about("account.reconnected", account="x/me", message="hi")]).lines == ("x/me: hi",)


def test_no_line_is_long_or_has_control_characters() -> None:
    text = "a\x1b[2J\u202eb\r\nSubject: x " + "long " * 40
    message = write_message([failed(5, text=text, account="x/\x1b", message=text)])
    assert all(line.isprintable() for line in (message.title, *message.lines))
    assert len(message.lines[0]) < 100
    assert write_message([failed(5, text=None, account=None)]).lines[0] == 'Post 5: ""'


@each(
    ("fields", "state"),
    [
        ({"sent_at": AT, "tries": 1}, "sent"),
        ({"next_at": AT}, "waiting"),
        ({"tries": 5}, "failed"),
        ({"ended_at": AT}, "over"),
    ],
)
def test_a_notification_is_sent_waiting_failed_or_over(fields: dict[str, object], state: str) -> None:
    assert about("delivery.failed", **fields).state == state


def test_a_test_says_that_it_is_one() -> None:
    assert trial_message().event == "notify.test"
