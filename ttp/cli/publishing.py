"""`ttp run`, `publish`, `retry`, `resolve`: what goes out, now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from ttp.cli import views
from ttp.cli.ask import confirmed
from ttp.cli.context import context
from ttp.cli.declared import Argument, Option
from ttp.cli.exit_codes import DONE, PARTIAL, RECONNECT
from ttp.cli.output import Output
from ttp.cli.params import (
    Accounts,
    NoInput,
    Platforms,
    PostId,
    PostIds,
    Yes,
    calling,
    ids_of,
    printing,
    read_duration,
    split_list,
)
from ttp.cli.posts import warn
from ttp.cli.times import note_if_nothing_runs, quoted, typed
from ttp.domain.errors import Hint, UsageError
from ttp.domain.time.formatting import format_instant

if TYPE_CHECKING:
    from ttp.domain.post import Post
    from ttp.services.outgoing import Queued

MAX_TIME_S = 600.0


@calling
def run(
    out: Output,
    once: Annotated[bool, Option("--once", help="Only what is due now; for cron.")] = False,
    until_idle: Annotated[bool, Option("--until-idle", help="Until nothing is due or under way.")] = False,
    max_time: Annotated[
        str | None, Option("--max-time", metavar="DURATION", help="Stop a short run after this (10m).")
    ] = None,
    fail_if_locked: Annotated[
        bool, Option("--fail-if-locked", help="Exit 5 where another publisher runs, instead of 0.")
    ] = False,
    take_over: Annotated[
        bool, Option("--take-over", help="Publish from a store that was copied, moved, restored or set back.")
    ] = False,
    trust_clock: Annotated[bool, Option("--trust-clock", help="The clock is right, and was ahead before.")] = False,
) -> int:
    """Publish due posts.

    In the foreground until Ctrl-C, with --once what is due now, with --until-idle until nothing is left to do. With
    --take-over, once, what is due already is looked up and not sent: another publisher may have done so. While the
    clock stands before what has happened, nothing is published; --trust-clock says that it is right.

    Example: ttp run --once
    """
    from ttp.cli.events import Report, expect
    from ttp.daemon.loop import Mode, Scope
    from ttp.store.lock import LockHeld

    if once and until_idle:
        raise UsageError("--once and --until-idle are two things", Hint("usage", "ttp run --help"))
    mode = Mode.ONCE if once else Mode.UNTIL_IDLE if until_idle else Mode.LOOP
    if max_time is not None and mode is Mode.LOOP:
        raise UsageError("--max-time goes with --once or --until-idle", Hint("usage", "ttp run --help"))
    expect(out, mode)
    asked = read_duration(max_time)
    limit = None if mode is Mode.LOOP else asked.total_seconds() if asked else MAX_TIME_S
    report, runner = Report(out, mode), context().runner
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
        report.finish(context().look.many(list(report.posts)), ended.notes)
        return report.exit_code(ended)


@calling
def publish(
    out: Output,
    post_ids: PostIds,
    no_wait: Annotated[bool, Option("--no-wait", help="Only queue it for the publisher that runs.")] = False,
    yes: Yes = False,
    no_input: NoInput = False,
) -> int:
    """Publish posts now, and follow them to their end.

    Shows their accounts and first lines, and asks. Where there is no terminal, --yes is needed.

    Example: ttp publish 44
    """
    from ttp.domain.price import price_notes

    _expect(out, no_wait=no_wait)
    ids = ids_of(post_ids)
    context().runner.refuse_elsewhere()
    posts = context().look.many(ids)
    warn(out, [note for post in posts for note in price_notes(post)])
    question = "\n".join([*(_first_line(post) for post in posts), "Publish now?"])
    if not confirmed(
        out,
        question,
        yes=yes,
        ask_anyway=not yes,
        no_input=no_input,
        refusal=f"{len(posts)} {'post' if len(posts) == 1 else 'posts'} would be published now",
        again=quoted("ttp", "publish", *post_ids, *(["--no-wait"] if no_wait else []), "--yes"),
    ):
        return DONE
    return _follow(out, context().outgoing.publish(ids), no_wait=no_wait)


@calling
def retry(
    out: Output,
    post_ids: Annotated[list[str] | None, Argument(metavar="[ID...]", help="Numbers of posts.")] = None,
    account: Accounts = None,
    failed: Annotated[bool, Option("--failed", help="Every failed post; lists them first.")] = False,
    platform: Platforms = None,
    since: Annotated[str | None, Option("--since", metavar="DURATION", help="Due within this: 7d.")] = None,
    no_wait: Annotated[bool, Option("--no-wait", help="Only queue it for the publisher that runs.")] = False,
    yes: Yes = False,
    no_input: NoInput = False,
) -> int:
    """Publish failed deliveries again, and only those.

    What is published is never published again; what may be live must be resolved first.

    Example: ttp retry 38 --account x/me
    """
    _expect(out, no_wait=no_wait)
    here = context()
    if bool(post_ids) == failed:
        raise UsageError("name posts, or say --failed", Hint("for example", "ttp retry --failed --since 7d"))
    here.runner.refuse_elsewhere()
    if not failed:
        if platform or since:
            raise UsageError("--platform and --since go with --failed", Hint("usage", "ttp retry --help"))
        ids = ids_of(post_ids or [])
        return _follow(out, here.outgoing.retry(ids, split_list(account) or ()), no_wait=no_wait)
    names = _accounts(split_list(account), split_list(platform))
    posts = [] if names == () else here.look.failed(names or (), read_duration(since))
    if not posts:
        out.records(views.changed(), [], say=["Nothing has failed."])
        return DONE
    if not yes:
        out.note("\n".join(["these have failed:", *(_first_line(post) for post in posts)]))
    asked = typed({"--account": account, "--platform": platform, "--since": since})
    if not confirmed(
        out,
        "Retry them?",
        yes=yes,
        ask_anyway=not yes,
        no_input=no_input,
        refusal=f"{len(posts)} {'post' if len(posts) == 1 else 'posts'} would be retried",
        again=quoted("ttp", "retry", "--failed", *asked, "--yes"),
    ):
        return DONE
    return _follow(out, here.outgoing.retry([post.id or 0 for post in posts], names or ()), no_wait=no_wait)


@printing
def resolve(
    out: Output,
    post_id: PostId,
    account: Annotated[str, Option("--account", metavar="ACCOUNT", help="The account that needs review.")],
    published: Annotated[
        str | None, Option("--published", metavar="URL_OR_ID", help="It is live: its address or id.")
    ] = None,
    not_published: Annotated[bool, Option("--not-published", help="It is not live.")] = False,
) -> None:
    """Settle a delivery that may or may not be live.

    Not published makes it failed; then ttp retry sends it again.

    Example: ttp resolve 36 --account x/me --published https://x.com/i/status/1890000000000000000
    """
    out.expect(views.changed())
    if (published is None) != not_published:
        raise UsageError("say either --published URL_OR_ID or --not-published", Hint("look", f"ttp show {post_id}"))
    post = context().outgoing.resolve(post_id, account, published)
    out.record(views.changed(), post, say=_settled(post, account, published))


def _settled(post: Post, account: str, published: str | None) -> list[str]:
    """What a person settled; of a thread what is left to publish."""
    (named,) = context().look.named([account])
    halves = [d for d in post.active if d.account == named.name and d.state == "failed" and d.so_far]
    if published is None or not halves:
        return [f"Post {post.id} for {account} is {'not published' if published is None else 'published'}."]
    return [halves[0].so_far or "", f"The rest:  ttp retry {post.id}"]


def _expect(out: Output, *, no_wait: bool) -> None:
    """Refuse picked fields that the answer will not have, before anything is done. UsageError."""
    from ttp.cli.events import expect
    from ttp.daemon.loop import Mode

    if no_wait:
        out.expect(views.changed())
    else:
        expect(out, Mode.PUBLISH)


def _follow(out: Output, queued: Queued, *, no_wait: bool) -> int:
    """Publish or follow the posts to their end; the exit code that they deserve."""
    from ttp.cli.events import Report
    from ttp.daemon.loop import Mode

    here = context()
    for refused in queued.refused:
        out.error(refused)
    if no_wait:
        warnings = note_if_nothing_runs(out)
        said = f"Queued: {' '.join(map(str, queued.ids))}"
        out.records(views.changed(warnings), here.look.many(queued.ids), say=[said])
        return PARTIAL if queued.refused else DONE
    report = Report(out, Mode.PUBLISH)
    ended = here.runner.publish(frozenset(queued.ids), report.tell)
    posts = here.look.many(queued.ids)
    report.finish(posts, ended.notes)
    for post in posts:
        for delivery in post.active:
            if delivery.state == "pending" and delivery.waiting_for:
                until = f", until {format_instant(delivery.waiting_until, here.zone)}" if delivery.waiting_until else ""
                out.note(f"post {post.id} to {delivery.account} waits for {delivery.waiting_for}{until}")
    code = report.exit_code(ended, posts)
    return PARTIAL if queued.refused and code in (DONE, RECONNECT) else code


def _accounts(names: Sequence[str] | None, platforms: Sequence[str] | None) -> tuple[str, ...] | None:
    """The names of the accounts that both filters leave; None where nothing was filtered."""
    from ttp.domain.account import platform_named

    if names is None and platforms is None:
        return None
    look = context().look
    found = look.accounts() if names is None else look.named(names)
    wanted = [platform_named(name) for name in platforms or ()]
    return tuple(one.name for one in found if platforms is None or one.platform in wanted)


def _first_line(post: Post) -> str:
    text = next(iter(post.content.splitlines()), "") or "(no text)"
    return f"  {post.id}  {', '.join(post.accounts) or 'no account'}  {text}"
