"""What a person who watches `ttp run` reads."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.clock import START, FakeClock
from tests.conftest import Program
from ttp.cli.commands.run import PublishReport
from ttp.cli.context import Context
from ttp.domain.delivery import Delivery, DeliveryState
from ttp.domain.event import Event, IdleReason, delivery_event
from ttp.publisher.loop import Mode


def finished(clock: FakeClock, mode: Mode, format: str = "table") -> None:
    context = Context(clock)
    context.open_output(format=format)
    PublishReport(context, mode).tell(Event(clock.now(), "post.finished", post=1, kind="published"))


def test_a_loop_says_what_comes_next_after_each_post(
    ttp: Program, clock: FakeClock, capsys: pytest.CaptureFixture[str]
) -> None:
    ttp.account("x/me")
    ttp.post("One", "--to", "x/me", "--at", "in 3h")
    finished(clock, Mode.LOOP)
    first, following = capsys.readouterr().out.splitlines()
    assert first.endswith("  1  PUBLISHED")
    at = clock.now() + timedelta(hours=3)
    assert following == f"          next: post 1, today {at:%H:%M} (in 3 h)"


@pytest.mark.parametrize(("mode", "wait", "lines"), [(Mode.PUBLISH, 60, 1), (Mode.PUBLISH, 1, 0), (Mode.LOOP, 60, 0)])
def test_who_waits_for_the_next_try_of_a_post_reads_until_when(
    ttp: Program, clock: FakeClock, capsys: pytest.CaptureFixture[str], mode: Mode, wait: int, lines: int
) -> None:
    context, until = Context(clock), clock.now() + timedelta(minutes=wait)
    context.open_output(format="table")
    PublishReport(context, mode).tell(Event(clock.now(), "delivery.retrying", 1, "x/me", next_at=until))
    printed = capsys.readouterr().err
    assert (printed.count(f"{until:%H:%M}"), printed.count("Ctrl-C")) == (lines, lines)


def test_it_says_nothing_of_what_is_at_hand_nor_where_nobody_watches(
    ttp: Program, clock: FakeClock, capsys: pytest.CaptureFixture[str]
) -> None:
    finished(clock, Mode.LOOP)  # no store
    ttp.account("x/me")
    finished(clock, Mode.LOOP)  # nothing planned
    ttp.post("One", "--to", "x/me", "--at", "in 30s")
    finished(clock, Mode.LOOP)
    ttp.ok("schedule", "1", "--at", "in 3h")
    finished(clock, Mode.LOOP, "tsv")
    finished(clock, Mode.ONCE)
    assert "next:" not in capsys.readouterr().out


def test_a_post_for_several_accounts_ends_with_how_many_have_it(
    ttp: Program, clock: FakeClock, capsys: pytest.CaptureFixture[str]
) -> None:
    ttp.account("x/me")
    ttp.account("x/other")
    ttp.post("One", "--to", "x/me,x/other")
    ttp.bring(1, "published", "x/me", published_at=START)
    finished(clock, Mode.UNTIL_IDLE)
    finished(clock, Mode.UNTIL_IDLE, "tsv")
    watched, piped = capsys.readouterr().out.splitlines()
    assert watched.endswith("  1  PUBLISHED  1 of 2")
    assert piped.endswith("  1  PUBLISHED")


def test_what_a_platform_did_otherwise_is_shown_with_the_published_post(
    ttp: Program, clock: FakeClock, capsys: pytest.CaptureFixture[str]
) -> None:
    ttp.account("x/me")
    ttp.post("One", "--to", "x/me")
    ttp.bring(1, "published", "x/me", published_at=START, note="it is unlisted", remote_id="7")
    (delivery,) = ttp.ok("show", "1", "--json").json["deliveries"]
    assert delivery["note"] == "it is unlisted"
    assert "7; it is unlisted" in ttp.ok("show", "1", "--format", "table").out
    event = delivery_event(Delivery("x/me", "x", DeliveryState.PUBLISHED, post_id=1, note="it is unlisted"), START)
    assert event.as_json()["message"] == "it is unlisted"
    context = Context(clock)
    context.open_output(format="table")
    PublishReport(context, Mode.ONCE).tell(event)
    assert "it is unlisted" in capsys.readouterr().out


def test_a_run_without_a_store_says_so_even_when_quiet(ttp: Program) -> None:
    ran = ttp("run", "--once", "--quiet")
    assert (ran.code, ran.out) == (0, "")
    assert ttp.database.name in ran.err


def test_a_run_without_accounts_says_so_each_time(ttp: Program) -> None:
    for _ in range(3):
        assert ttp.database.name in ttp("run", "--once", "--quiet").err
    ttp.ok("account", "add", "x/me")
    assert ttp("run", "--once", "--quiet").err == ""


def test_a_run_that_had_nothing_to_do_says_why_at_a_terminal(
    ttp: Program, clock: FakeClock, capsys: pytest.CaptureFixture[str]
) -> None:
    ttp.account("x/me")
    ttp.post("One", "--to", "x/me", "--at", "in 30s")

    def report_in(form: str) -> str:
        context = Context(clock)
        context.open_output(format=form)
        PublishReport(context, Mode.ONCE).finish(())
        return capsys.readouterr().out

    assert "due" in report_in("table")
    clock.advance(minutes=1)
    assert report_in("table") == ""  # whatever kept it has told it
    ttp.ok("pause")
    assert "ttp status" in report_in("table")
    assert "ttp status" not in report_in("tsv")


@pytest.mark.parametrize("kind", [IdleReason.UPGRADE, IdleReason.STORE])
@pytest.mark.parametrize(("mode", "lines"), [(Mode.LOOP, 1), (Mode.ONCE, 0)])
def test_a_quiet_loop_still_reports_why_it_does_not_publish_for_the_log_of_a_service(
    ttp: Program, clock: FakeClock, capsys: pytest.CaptureFixture[str], mode: Mode, lines: int, kind: str
) -> None:
    """Cron would mail it each minute, so a short run does not."""
    context = Context(clock)
    context.open_output(format="tsv", quiet=True)
    PublishReport(context, mode).tell(Event(clock.now(), "publisher.idle", kind=kind, message="another version"))
    printed = capsys.readouterr()
    assert (printed.out, printed.err.count("another version")) == ("", lines)
