"""`ttp run`, and how a publishing run reports what happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from ttp import views
from ttp.cli.context import Context
from ttp.cli.exit_codes import DONE, INTERRUPTED, PARTIAL, RECONNECT
from ttp.cli.hints import command_text
from ttp.cli.notices import paused_account_notes
from ttp.cli.options import parse_optional_duration, with_output
from ttp.cli.output import Output
from ttp.cli.progress import watched
from ttp.cli.render import posts as render_posts
from ttp.cli.render import spec
from ttp.domain.delivery import DeliveryState
from ttp.domain.errors import Hint, TtpError, UsageError
from ttp.publisher.events import APPROVAL, CLOCK, HOOKS, REPEATS, UNREADABLE, Event
from ttp.publisher.loop import Mode
from ttp.views import posts as views_posts

if TYPE_CHECKING:
    from ttp.publisher.process import RunResult
    from ttp.services.queries import PostView
    from ttp.store.home.locks import Holder


MAX_TIME_S = 600.0


@with_output(verbose=True)
def run(
    context: Context,
    once: Annotated[bool, typer.Option("--once", help="Only what is due now; for cron.")] = False,
    until_idle: Annotated[bool, typer.Option("--until-idle", help="Until nothing is due or under way.")] = False,
    max_time: Annotated[
        str | None, typer.Option("--max-time", metavar="DURATION", help="Stop a short run after this (10m).")
    ] = None,
    fail_if_locked: Annotated[
        bool, typer.Option("--fail-if-locked", help="Exit 5 where another publisher runs, instead of 0.")
    ] = False,
    take_over: Annotated[
        bool, typer.Option("--take-over", help="Publish from a store that was copied, moved, restored or set back.")
    ] = False,
    trust_clock: Annotated[
        bool, typer.Option("--trust-clock", help="The clock is right, and was ahead before.")
    ] = False,
) -> int:
    """Publish due posts.

    In the foreground until Ctrl-C, with --once what is due now, with --until-idle until nothing is left to do. With
    --take-over, once, what is due already is looked up and not sent: another publisher may have done so. While the
    clock stands before what has happened, nothing is published; --trust-clock says that it is right.

    Example: ttp run --once
    """
    from ttp.publisher.loop import Mode, Scope
    from ttp.store.home.locks import LockHeld

    if once and until_idle:
        raise UsageError("--once and --until-idle are two things", Hint("usage", "ttp run --help"))
    mode = Mode.ONCE if once else Mode.UNTIL_IDLE if until_idle else Mode.LOOP
    if max_time is not None and mode is Mode.LOOP:
        raise UsageError("--max-time goes with --once or --until-idle", Hint("usage", "ttp run --help"))
    expect(context.out, mode)
    asked = parse_optional_duration(max_time)
    limit = None if mode is Mode.LOOP else asked.total_seconds() if asked else MAX_TIME_S
    report, runner = PublishReport(context, mode), context.runner
    while True:
        try:
            if mode is Mode.LOOP:
                runner.wait_for_turn(report.waiting)
            report.begin()
            ended = runner.run(Scope(mode, max_time=limit), report.tell, take_over=take_over, trust_clock=trust_clock)
        except LockHeld as held:
            if mode is Mode.LOOP and (held.holder is None or held.holder.mode != Mode.LOOP):
                continue
            if mode is Mode.LOOP or fail_if_locked or take_over or trust_clock:
                raise
            return DONE
        report.finish(context.look.many(list(report.posts)), ended.notes)
        return report.exit_code(ended)


_PROBLEMS = frozenset({"delivery.failed", "delivery.retrying", "delivery.reconciling", "delivery.needs_review"})


_SILENT = frozenset({"publisher.started", "publisher.idle", "publisher.stopped", "delivery.sending"})


_NOTES = frozenset({APPROVAL, CLOCK, HOOKS, REPEATS, UNREADABLE})


_SOON = timedelta(minutes=1)


TALLY = ("claimed", "published", "failed", "retrying", "needsReview", "missed", "waiting", "posts")


def expect(out: Output, mode: Mode) -> None:
    """Refuse picked fields that the answer to such a run, or to a publish, does not have. UsageError."""
    if out.format == "jsonl":
        out.check_fields(spec.events())
    elif mode is Mode.PUBLISH:
        out.check_fields(render_posts.saved_posts_spec())
    else:
        out.check_fields(spec.name_value_spec(TALLY))


class PublishReport:
    """Tells one run or one watch of posts.

    What happens are lines on stdout. Where that has data at the end (posts that were followed, picked fields of the
    tally), they are on stderr, unless a person reads both.
    """

    def __init__(self, context: Context, mode: Mode) -> None:
        out = context.out
        self._context = context
        self._out = out
        self._data = out.format == "json" or bool(out.fields) or (mode is Mode.PUBLISH and not out.for_people)
        self._line_out = out.write_stderr if self._data and not out.for_people else out.line
        self._mode = mode
        self._live = watched(quiet=out.quiet)
        self._last: dict[tuple[int, str], Event] = {}
        self._claimed: set[tuple[int, str]] = set()
        self.posts: dict[int, None] = {}
        """The posts that anything happened to, in order."""

    def begin(self) -> None:
        """The greeting of a loop on a terminal."""
        if self._mode is not Mode.LOOP or not self._out.for_people:
            return
        from ttp import __version__

        here = self._context
        health = here.status.health()
        found = here.look.accounts()
        self._out.write_message(
            f"ttp {__version__}   store {here.database.path}   {_count(len(found), 'account')}   "
            f"{_count(health.waiting + health.overdue, 'post')} scheduled",
            "Publishing due posts. Ctrl-C stops after the post in progress.",
            *paused_account_notes(found),
        )

    def waiting(self, holder: Holder | None) -> None:
        who = f" (pid {holder.pid})" if holder else ""
        self._out.note(f"waiting for a short run that publishes now{who}")

    def tell(self, event: Event) -> None:
        if event.post is not None:
            self.posts[event.post] = None
        if event.post is not None and event.account is not None:
            self._last[event.post, event.account] = event
            if event.event not in ("delivery.failed", "delivery.retrying") or event.attempt:
                self._claimed.add((event.post, event.account))
        if self._live is not None:
            self._live.clear(None if event.event == "delivery.sending" else event.account)
        try:
            self._write(event)
        except TtpError as error:
            # A full disk under our output must not stop what is being published; nothing more is written there.
            self._out.note(f"{error.message}; publishing goes on")

    def _write(self, event: Event) -> None:
        match self._out.format:
            case "jsonl":
                self._out.event(event.as_json())
            case "json":
                if event.kind in _NOTES:
                    self._out.note(event.message or "")
            case _:
                if not self._out.quiet or event.event in _PROBLEMS or event.kind in _NOTES:
                    self._line(event)

    def _line(self, event: Event) -> None:
        if event.kind in _NOTES:
            command = f":  {command_text(event.hint)}" if event.hint else ""
            self._out.note((event.message or "") + command)
        if event.event in _SILENT or event.post is None:
            return
        at = f"{event.at.astimezone(self._context.zone):%H:%M:%S}"
        match event.event:
            case "post.due":
                self._line_out(f"{at}  {event.post}  due  {event.message or ''}".rstrip())
            case "post.finished":
                self._line_out(f"{at}  {event.post}  {(event.kind or '').upper()}{self._counted(event.post)}")
                if self._mode is Mode.LOOP and self._out.for_people:
                    self._say_next(event.at)
            case name:
                word = name.removeprefix("delivery.").replace("_", " ")
                more = [event.url or event.remote_id or "", event.message or ""]
                if event.kind and event.kind not in ("unknown",):
                    more.insert(0, event.kind)
                if event.ms is not None:
                    more.append(f"{event.ms / 1000:.1f} s")
                self._line_out(
                    f"{at}  {event.post}  {event.account or '':<20}  {word:<11} " + "  ".join(filter(None, more))
                )

    def _counted(self, post_id: int) -> str:
        """`  2 of 3`: of how many accounts a person's post is live; nothing where it has one."""
        if not self._out.for_people:
            return ""
        active = next((post.active for post in self._context.look.many([post_id])), ())
        live = sum(delivery.state is DeliveryState.PUBLISHED for delivery in active)
        return f"  {live} of {len(active)}" if len(active) > 1 else ""

    def _say_next(self, now: datetime) -> None:
        """What a person who watches waits for from now on; nothing where that is at hand."""
        following = self._context.status.next_due(now)
        if following is not None and following.next_at is not None and following.next_at - now > _SOON:
            from ttp.cli.render.page import Page

            page, at = Page(now, self._context.zone), following.next_at
            self._out.write_message(f"          next: post {following.post_id}, {page.when(at)} ({page.ago_long(at)})")

    def finish(self, posts: Sequence[PostView], notes: Sequence[str] = ()) -> None:
        """The end: with `--json` the tally, or the posts that were followed; a loop says goodbye. `notes`: what could
        not be done beside the publishing."""
        for note in notes:
            self._out.note(note)
        if self._out.format != "jsonl" and self._data:
            if self._mode is Mode.PUBLISH:
                self._out.write_list(render_posts.saved_posts_spec(), posts)
            else:
                self._out.write_one(spec.name_value_spec(TALLY), self._tally(posts))
        elif self._mode is Mode.LOOP:
            self._out.write_message("Stopped. Bye.")

    def _tally(self, posts: Sequence[PostView]) -> views.Json:
        words = Counter(event.event.removeprefix("delivery.") for event in self._last.values())
        missed = sum(1 for event in self._last.values() if event.kind == "missed")
        return {
            "claimed": len(self._claimed),
            "published": words["published"],
            "failed": words["failed"] - missed,
            "retrying": words["retrying"],
            "needsReview": words["needs_review"],
            "missed": missed,
            "waiting": words["processing"] + words["reconciling"],
            "posts": [views_posts.post_json(post) for post in posts],
        }

    def exit_code(self, ended: RunResult, followed: Sequence[PostView] = ()) -> int:
        """0, 4 where reconnecting an account is all that is wrong, 6 for other failures, 130 or 143 when cut."""
        if not ended.clean or (ended.signal is not None and self._mode is Mode.PUBLISH):
            return 128 + ended.signal if ended.signal else INTERRUPTED
        if self._mode is Mode.LOOP:
            return DONE
        wrong = [e.kind for e in self._last.values() if e.event in ("delivery.failed", "delivery.needs_review")]
        wrong += [
            (d.error.kind.value if d.error else "unknown")
            for post in followed
            for d in post.deliveries
            if d.state in (DeliveryState.FAILED, DeliveryState.NEEDS_REVIEW)
        ]
        if not wrong:
            return DONE
        return RECONNECT if all(kind == "auth" for kind in wrong) else PARTIAL


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
