"""`ttp list`, `ttp show` and `ttp log`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

from ttp.cli import options
from ttp.cli.context import Context
from ttp.cli.errors import command_text, retype
from ttp.cli.notices import paused_account_notes
from ttp.cli.parameters import flag, option
from ttp.cli.render import post as post_module
from ttp.cli.render import posts as posts_module
from ttp.domain.action import other_options
from ttp.domain.errors import Hint, UsageError
from ttp.domain.post import PostStatus

if TYPE_CHECKING:
    from ttp.services.queries import PostView

NO_MATCH = "No posts match.  All posts:  ttp list"

SHOWN = 50
"""Posts that a terminal gets without `--limit`."""
_LAST = datetime.max.replace(tzinfo=UTC)
"""Stands for the time of a draft: drafts come last."""
SORT_KEYS: Mapping[str, Callable[[PostView], Any]] = MappingProxyType(
    {
        "id": lambda post: post.id or 0,
        "time": lambda post: (post.scheduled_at or post.published_at or _LAST, post.id),
        "created": lambda post: (post.created_at, post.id),
        "updated": lambda post: (post.updated_at, post.id),
        "status": lambda post: (list(PostStatus).index(post.status), post.id),
    }
)
"""What `--sort` can name."""


@options.with_output(posts_module.POSTS_SPEC)
@options.with_group("filters", options.PostOptions)
def list_(
    context: Context,
    filters: options.PostOptions,
    today: Annotated[bool, flag("--today", "Only posts due today.")] = False,
    week: Annotated[bool, flag("--week", "Only posts due this week.")] = False,
    sort: Annotated[str | None, option("--sort", "KEY", f"{', '.join(SORT_KEYS)}; -time reversed.")] = None,
    limit: Annotated[int | None, option("--limit", "N", "Print at most N posts.", min=0, max=options.MOST)] = None,
    after: Annotated[
        int | None, option("--after", "ID", "Start after this post (paging).", parser=options.parse_id)
    ] = None,
    ids: Annotated[bool, flag("--ids", "Print only the ids, one per line.")] = False,
) -> None:
    """List posts.

    Examples:
      ttp list
      ttp list --today
      ttp list --status failed,partial --json
      ttp list --tag launch --sort -time --limit 10
    """
    key_of = _sort_key(sort, after) if sort else None
    begins, ends = _days(context, filters, today=today, week=week)
    shown = SHOWN if context.out.for_people and limit is None and not ids else None
    most = None if sort else limit if shown is None else shown + 1
    post_filter = filters.parse(context, limit=most, after=after)
    filtered = post_filter != type(post_filter)(limit=post_filter.limit)
    if begins is not None:
        post_filter = post_filter._replace(since=begins, until=ends)
    posts: Iterable[PostView] = context.queries.views(post_filter)
    if sort and key_of:
        posts = islice(sorted(posts, key=key_of, reverse=sort.startswith("-")), limit if shown is None else shown + 1)
    paused = paused_account_notes(context.queries.accounts())
    if shown is None:
        context.out.note(*paused)
    if ids:
        for post in posts:
            context.out.line(str(post.id))
    elif shown is None:
        context.out.write_list(posts_module.POSTS_SPEC, posts)
    else:
        _write_page(context, list(posts), paused, filtered=filtered or begins is not None, is_sorted=bool(sort))


def _write_page(
    context: Context, posts: Sequence[PostView], paused: Sequence[str], *, filtered: bool, is_sorted: bool
) -> None:
    """Print the first posts for a person, and the command for more."""
    foot = []
    if len(posts) > SHOWN:
        rest = other_options(limit=str(2 * SHOWN)) if is_sorted else other_options(after=str(posts[SHOWN - 1].id))
        foot = [f"more:  {retype(context.line, rest)}"]
    none = [NO_MATCH, *paused] if filtered and not posts else None
    context.out.write_list(posts_module.POSTS_SPEC, posts[:SHOWN], say=none, foot=[*foot, *paused])


def _sort_key(sort: str, after: int | None) -> Callable[[PostView], Any]:
    if after is not None:
        raise UsageError("--after needs the usual order", Hint("try", "leave out --sort"))
    name = sort.removeprefix("-")
    if name not in SORT_KEYS:
        sign = sort[: len(sort) - len(name)]
        keys = [sign + one for one in (["time"] if name in ("date", "when", "at", "due") else SORT_KEYS)]
        raise UsageError(f'cannot sort by "{name}"', *(Hint("try", f"--sort {one}", (sort, one)) for one in keys))
    return SORT_KEYS[name]


def _days(
    context: Context, filters: options.PostOptions, *, today: bool, week: bool
) -> tuple[datetime | None, datetime | None]:
    """Return the bounds of `--today` and `--week`."""
    if not (today or week):
        return None, None
    if filters.since or filters.until or (today and week):
        raise UsageError("one of --today, --week, and --since with --until", Hint("see", "ttp list --help"))
    from ttp.domain.time.calendar_range import day_of, week_of

    day = context.now().astimezone(context.zone).date()
    span = week_of(day, context.zone, context.week_begins) if week else day_of(day, context.zone)
    return span.start, span.end


@options.with_output(post_module.POST_SPEC)
def show(context: Context, post_id: options.PostId) -> None:
    """Show everything about one post, and the next command.

    Examples:
      ttp show 38
      ttp show 38 --json
    """
    look = context.queries
    post = look.post(post_id)
    missing = look.missing_media(post)
    notes = [f"the stored copy of {name} is missing" for name in missing]
    if missing and post.status != "published":
        from ttp.domain.post_edit import replace_media

        notes.append(f"to publish it, add the media again:  {command_text(replace_media(post, missing))}")
    context.out.note(*notes)
    if post.media:
        from ttp.services.preview import with_sent

        post = with_sent(context.posts, post)
    past, clocks = (look.history(post), look.account_clocks(post.accounts)) if context.out.for_people else (None, ())
    context.out.write_one(post_module.post_spec(notes, past, clocks), post)


@options.with_output(post_module.ATTEMPTS_SPEC)
def log(context: Context, post_id: options.PostId) -> None:
    """Show every attempt to publish a post, step by step.

    A deleted post keeps its log.

    Examples:
      ttp log 38
      ttp log 38 --json
    """
    context.out.write_list(post_module.ATTEMPTS_SPEC, context.queries.attempts(post_id))
