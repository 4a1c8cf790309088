"""`ttp run`, and the report of a publishing run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Annotated

from ttp import __version__, views
from ttp.cli.context import Context
from ttp.cli.errors import DONE, INTERRUPTED, PARTIAL, RECONNECT, command_text
from ttp.cli.notices import note_unnotified, paused_account_notes, saved_posts_spec
from ttp.cli.options import parse_optional_duration, with_output
from ttp.cli.output import Output
from ttp.cli.parameters import flag, option
from ttp.cli.progress import watch_uploads
from ttp.cli.render import spec
from ttp.cli.render.labels import plural
from ttp.cli.render.page import Page, Style
from ttp.cli.render.width import columns, pad, wrap_sentence
from ttp.cli.terminal import escape_text
from ttp.domain.delivery import DeliveryState
from ttp.domain.errors import Hint, TtpError, UsageError
from ttp.domain.event import FIELDS, Event, IdleReason
from ttp.domain.post import PostStatus
from ttp.publisher.loop import Mode, Scope
from ttp.views import posts as views_posts

if TYPE_CHECKING:
    from ttp.publisher.process import RunResult
    from ttp.services.queries import PostView
    from ttp.store.home.locks import Holder


MAX_TIME_S = 600.0
EVENTS_SPEC: spec.OutputSpec[views.Json] = spec.OutputSpec(FIELDS, FIELDS, dict)
"""The events that a publisher writes with `--jsonl`."""
TALLY_SPEC = spec.name_value_spec(views_posts.TALLY_FIELDS)


@with_output(EVENTS_SPEC, check=False, verbose=True)
def run(
    context: Context,
    once: Annotated[bool, flag("--once", "Publish what is due now, and stop; for cron.")] = False,
    until_idle: Annotated[bool, flag("--until-idle", "Run until nothing is due or being published.")] = False,
    max_time: Annotated[
        str | None, option("--max-time", "DURATION", "With --once or --until-idle: stop after this long (10m).")
    ] = None,
    fail_if_locked: Annotated[
        bool, flag("--fail-if-locked", "Exit with 5 instead of 0 if another publisher runs.")
    ] = False,
    take_over: Annotated[
        bool, flag("--take-over", "Publish from this machine after the store was restored, copied or moved.")
    ] = False,
    trust_clock: Annotated[bool, flag("--trust-clock", "Publish although the clock is behind the last event.")] = False,
) -> int:
    """Run the publisher, which publishes due posts.

    It runs in the foreground until Ctrl-C. --take-over: posts that are already due are checked on the platform first,
    not sent again, because another publisher may have sent them. Nothing is published while the clock is behind the
    last recorded event; --trust-clock overrides that.

    Examples:
      ttp run
      ttp run --once --quiet
      ttp run --until-idle --jsonl
    """
    from ttp.store.home.locks import LockHeld

    if once and until_idle:
        raise UsageError("use --once or --until-idle, not both", Hint("see", "ttp run --help"))
    mode = Mode.ONCE if once else Mode.UNTIL_IDLE if until_idle else Mode.LOOP
    if max_time is not None and mode is Mode.LOOP:
        raise UsageError("--max-time needs --once or --until-idle", Hint("see", "ttp run --help"))
    expect(context.out, mode)
    duration = parse_optional_duration(max_time)
    limit = None if mode is Mode.LOOP else duration.total_seconds() if duration else MAX_TIME_S
    report, runner = PublishReport(context, mode), context.publisher
    while True:
        try:
            if mode is Mode.LOOP:
                runner.wait_for_turn(report.report_waiting)
            report.begin()
            ended = runner.run(Scope(mode, max_time=limit), report.tell, take_over=take_over, trust_clock=trust_clock)
        except LockHeld as held:
            if mode is Mode.LOOP and (held.holder is None or held.holder.mode != Mode.LOOP):
                continue
            if mode is Mode.LOOP or fail_if_locked or take_over or trust_clock:
                raise
            return DONE
        report.finish(context.queries.posts_by_id(list(report.posts)) if report.posts else [], ended.notes)
        return report.exit_code(ended)


_OF = ("delivery", "comment")
_PROBLEMS = frozenset(f"{of}.{state}" for of in _OF for state in ("failed", "retrying", "reconciling", "needs_review"))
_SENDING = frozenset(f"{of}.sending" for of in _OF)
_SILENT = frozenset({"publisher.started", "publisher.idle", "publisher.stopped"}) | _SENDING
_ENDED_BADLY = frozenset(f"{of}.{state}" for of in _OF for state in ("failed", "needs_review"))
_NOTES = frozenset(IdleReason)
_SOON = timedelta(minutes=1)
_SHOWN_WAITING = 20
"""Posts in flight that --until-idle lists."""


def expect(out: Output, mode: Mode) -> None:
    """Raise UsageError for unknown `--fields` of such a run."""
    if out.format == "jsonl":
        out.check_fields(EVENTS_SPEC)
    elif mode is Mode.PUBLISH:
        out.check_fields(saved_posts_spec())
    else:
        out.check_fields(TALLY_SPEC)


class PublishReport:
    """Reports a run, or the publishing of some posts.

    It writes a line for each event to stdout; to stderr if stdout gets data at the end (the published posts, or picked
    fields of the tally) that a program reads.
    """

    def __init__(self, context: Context, mode: Mode) -> None:
        out = context.out
        self._context = context
        self._out = out
        self._data = out.format == "json" or bool(out.fields) or (mode is Mode.PUBLISH and not out.for_people)
        self._line_out = out.write_stderr if self._data and not out.for_people else out.line
        self._mode = mode
        self._live = watch_uploads(quiet=out.quiet)
        self._last: dict[tuple[int, str, bool], Event] = {}
        """By post and account, and whether it is about a comment."""
        self._claimed: set[tuple[int, str]] = set()
        self._had_store = True
        self._had_events = False
        self.posts: dict[int, None] = {}
        """The posts with events, in order; none for a loop that prints no data at its end."""

    def begin(self) -> None:
        """Print what a run on a terminal begins with."""
        self._had_store = self._context.database.exists()
        if self._mode is Mode.LOOP:
            note_unnotified(self._context)
        if not self._out.for_people:
            return
        if self._mode is Mode.UNTIL_IDLE:
            self._print_waiting()
        if self._mode is not Mode.LOOP:
            return
        here = self._context
        health = here.status.queue()
        accounts = here.queries.accounts()
        self._out.write_message(
            f"ttp {__version__}   store {here.database.name}   {plural(len(accounts), 'account')}   "
            f"{plural(health.waiting + health.overdue, 'post')} scheduled",
            "Publishing due posts. Ctrl-C stops after the current post.",
            *paused_account_notes(accounts),
        )

    def report_waiting(self, holder: Holder | None) -> None:
        who = f" (pid {holder.pid})" if holder else ""
        self._out.note(f"waiting for another run that is publishing now{who}")

    def tell(self, event: Event) -> None:
        self._had_events = self._had_events or event.post is not None
        if self._data or self._mode is not Mode.LOOP:  # else not read, and a loop may run for months
            self._remember(event)
        if self._live is not None:
            self._live.clear(None if event.event in _SENDING else event.account)
        try:
            self._write(event)
        except TtpError as error:
            # A full disk must not stop publishing; nothing more is written.
            self._out.note(f"{error.message}; publishing continues")

    def _remember(self, event: Event) -> None:
        if event.post is not None:
            self.posts[event.post] = None
        if event.post is not None and event.account is not None:
            is_comment = event.event.startswith("comment.")
            self._last[event.post, event.account, is_comment] = event
            if not is_comment and (event.event not in ("delivery.failed", "delivery.retrying") or event.attempt):
                self._claimed.add((event.post, event.account))

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
            text = (event.message or "") + command
            if self._out.quiet and self._mode is Mode.LOOP:  # once, in the log of a service
                self._out.write_stderr(f"note: {text}")
            else:
                self._out.note(text)
        if event.event in _SILENT or event.post is None:
            return
        at = f"{event.at.astimezone(self._context.zone):%H:%M:%S}"
        match event.event:
            case "post.due":
                words = ["due", event.message or ""]
            case "post.finished":
                words = [f"{(event.kind or '').upper()}{self._counted(event.post)}"]
            case name:
                word = name.removeprefix("delivery.").replace("_", " ").replace(".", " ")
                more = [event.url or event.remote_id or "", event.message or ""]
                if event.kind and event.kind not in ("unknown",):
                    more.insert(0, event.kind)
                if event.ms is not None:
                    more.append(f"{event.ms / 1000:.1f} s")
                words = [f"{event.account or '':<20}", f"{word:<11}", "  ".join(filter(None, more))]
        if self._out.for_people:
            for line in render_event(event, at, words, self._width_of_names, self._out.page()):
                self._out.write_painted(line)
            if event.event == "post.finished":
                self._print_next(event)
            if self._mode is Mode.PUBLISH and event.next_at is not None and event.next_at - event.at > _SOON:
                until = Page(event.at, self._context.zone).when(event.next_at)
                self._out.note(f"waiting until {until}. Ctrl-C is safe: the publisher (ttp run) tries it then")
        else:
            self._line_out("  ".join([at, str(event.post), *words]).rstrip())

    def _print_waiting(self) -> None:
        """Print what the deliveries in flight wait for, which may take minutes without another event."""
        from ttp.cli.render.post import waiting_text
        from ttp.domain.time.formatting import format_instant
        from ttp.store.queries import PostFilter

        for post in self._context.queries.posts(PostFilter(statuses=(PostStatus.PUBLISHING,), limit=_SHOWN_WAITING)):
            for row in post.active:
                if row.waiting_for:
                    until = (
                        f", until {format_instant(row.waiting_until, self._context.zone)}" if row.waiting_until else ""
                    )
                    self._out.write_message(f"Post {post.id} to {row.account}: {waiting_text(row)}{until}.")

    @cached_property
    def _width_of_names(self) -> int:
        """The columns of the longest account name."""
        return max((len(account.name) for account in self._context.queries.accounts()), default=0)

    def _counted(self, post_id: int) -> str:
        """Return `  2 of 3`, the published deliveries of a post, for a person; nothing for a single account."""
        if not self._out.for_people:
            return ""
        active = next((post.active for post in self._context.queries.posts_by_id([post_id])), ())
        live = sum(delivery.state is DeliveryState.PUBLISHED for delivery in active)
        return f"  {live} of {len(active)}" if len(active) > 1 else ""

    def _print_next(self, finished: Event) -> None:
        """Print what is next, unless it is due within a minute. A command that ends names only the post's comment."""
        following = self._context.status.next_due(finished.at)
        if following is None or following.next_at is None or following.next_at - finished.at <= _SOON:
            return
        if self._mode is Mode.LOOP or (following.is_comment and following.post_id == finished.post):
            page, at = Page(finished.at, self._context.zone), following.next_at
            what = f"{'comment on ' * following.is_comment}post {following.post_id}"
            self._out.write_message(f"          next: {what}, {page.when(at)} ({page.ago_long(at)})")

    def finish(self, posts: Sequence[PostView], notes: Sequence[str] = ()) -> None:
        """Print the end: data, or the goodbye of a loop. `notes`: what else could not be done."""
        # Also with --quiet, and each time: a mistyped TTP_HOME would publish nothing for ever.
        name = self._context.database.name
        if not self._had_store:
            self._out.write_stderr(f"ttp: no store at {name}: nothing to publish")
        elif self._mode is not Mode.PUBLISH and not self._had_events and not self._context.queries.accounts():
            self._out.write_stderr(f"ttp: no account in the store {name}: nothing to publish")
        elif self._mode in (Mode.ONCE, Mode.UNTIL_IDLE) and not self._had_events and self._out.for_people:
            others, held = self._context.status.count_due()
            if held:
                waits = f"{held} due post{'s wait' if held > 1 else ' waits'}"
                self._out.write_message(f"Nothing was published: {waits} for accounts on hold (ttp status).")
            elif not others:
                self._out.write_message("Nothing was due.")
        self._out.note(*notes)
        if self._out.format != "jsonl" and self._data:
            if self._mode is Mode.PUBLISH:
                self._out.write_list(saved_posts_spec(), posts)
            else:
                self._out.write_one(TALLY_SPEC, self._tally(posts))
        elif self._mode is Mode.LOOP:
            self._out.write_message("Stopped.")

    def _tally(self, posts: Sequence[PostView]) -> views.Json:
        own = [event for event in self._last.values() if event.event.startswith("delivery.")]
        words = Counter(event.event.removeprefix("delivery.") for event in own)
        missed = sum(1 for event in own if event.kind == "missed")
        return views_posts.tally_json(len(self._claimed), words, missed, posts)

    def exit_code(self, ended: RunResult, followed: Sequence[PostView] = ()) -> int:
        """Return 0, 4 if accounts only need reconnecting, 6 for other failures, 130 or 143 if interrupted."""
        if not ended.clean or (ended.signal is not None and self._mode is Mode.PUBLISH):
            return 128 + ended.signal if ended.signal else INTERRUPTED
        if self._mode is Mode.LOOP:
            return DONE
        wrong = [e.kind for e in self._last.values() if e.event in _ENDED_BADLY]
        wrong += [
            (d.error.kind.value if d.error else "unknown")
            for post in followed
            for d in (*post.deliveries, *post.comments)
            if d.state in (DeliveryState.FAILED, DeliveryState.NEEDS_REVIEW)
        ]
        if not wrong:
            return DONE
        return RECONNECT if all(kind == "auth" for kind in wrong) else PARTIAL


_ID = 3
"""Columns of an id; longer ones move their own line only."""
_STYLES: dict[str, Style] = {
    **{f"{of}.published": "green" for of in _OF},
    **dict.fromkeys(_ENDED_BADLY, "red"),
    **dict.fromkeys((f"{of}.{state}" for of in _OF for state in ("retrying", "reconciling")), "magenta"),
    "published": "green",
    "partial": "red",
    "failed": "red",
}


def render_event(event: Event, at: str, words: Sequence[str], names: int, page: Page) -> Iterator[str]:
    """Draw an event with its time. `names`: the columns of the longest account name."""
    head = f"{at}  {event.post:>{_ID}}  "
    style = _STYLES.get(event.event) or _STYLES.get(event.kind or "", "")
    words = [escape_text(word).strip() for word in words]
    if len(words) < 3:  # not about a delivery
        yield head + page.paint("  ".join(words), style)
        return
    account, word, detail = words
    detail = detail.replace("https://", "").replace("www.", "")
    start, blanks = f"{head}{pad(account, names)}  ", " " * max(13 - columns(word), 2)
    line, room = start + page.paint(word, style) + blanks, page.width - columns(start + word + blanks)
    short = detail.rpartition("  ")[0] if detail.endswith(" s") else detail  # without the seconds it took
    fits = next((text for text in (detail, short) if columns(text) <= room), None)
    yield (line + (fits or "")).rstrip()
    if fits is None:
        yield from wrap_sentence(" " * columns(head) + detail, page.width)
