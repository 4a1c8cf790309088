"""`ttp schedule` and `ttp unschedule`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ttp.cli import options
from ttp.cli.context import Context
from ttp.cli.errors import quote_command
from ttp.cli.notices import (
    print_moved,
    print_time_notes,
    print_warnings,
    saved_posts_spec,
    scheduled_text,
    warn_of_scheduled,
)
from ttp.cli.time_options import time_within
from ttp.domain.errors import Hint, UsageError
from ttp.domain.time.grammar import parse_time
from ttp.views import posts as views_posts
from ttp.views.posts import ids_needing_approval


@options.with_output(saved_posts_spec())
def schedule(
    context: Context,
    post_ids: options.PostIds,
    at: options.MaybeAt = None,
    within: options.Within = None,
    tz: options.TimeZone = None,
    first: options.BeforeOthers = False,
    strict: options.Strict = False,
) -> None:
    """Give posts a publish time, or a new one.

    A time after the ids needs no --at. Of failed and partial posts only the failed deliveries move.

    Examples:
      ttp schedule 3 --at 'tomorrow 9am'
      ttp schedule 3 'mon 18:00' --tz Europe/Berlin
      ttp schedule 3-7 --at next-slot
      ttp schedule 3 --at optimal
    """
    ids, at = _split_time(context, post_ids, at)
    at = time_within(at, within) or at
    options.enable_strict_checks(context, strict=strict)
    accounts = context.posts.accounts_by_post(options.existing_ids(context, ids))
    with context.naming_choices():
        saved = context.posts.schedule(context.times.resolve_posts(at, accounts, tz, first=first), first=first)
    print_time_notes(context, [(one.post.id or 0, one.time) for one in saved])
    warnings = {one.post.id: [*print_warnings(context.out, one.warnings), *print_moved(context, one)] for one in saved}
    posts = [one.post for one in saved]
    more = warn_of_scheduled(context, ids_needing_approval(posts))
    view = replace(saved_posts_spec(), to_json=lambda post: views_posts.post_json(post, [*warnings[post.id], *more]))
    context.out.write_list(view, posts, say=[scheduled_text(context, one.post, one.time) for one in saved])


def _split_time(context: Context, words: Sequence[str], at: str | None) -> tuple[Sequence[str], str]:
    """Return the ids and the time: `--at`, else a last word that is not an id. UsageError without a time."""
    if at is not None:
        return words, at
    ids = [word for word in words if re.fullmatch(r"[\d,-]+", word)]
    others = [word for word in words if word not in ids]
    if len(others) == 1 and ids and others[0] == words[-1]:
        place = max(at for at in context.line.places if context.line.words[at] == others[0])
        typed = context.line.words
        context.argv = [*typed[:place], "--at", *typed[place:]]  # a hint then replaces it
        return ids, others[0]
    if not others:
        raise UsageError("no time given", Hint("try", quote_command("ttp", "schedule", *ids, "--at", "tomorrow 9am")))
    if parse_time(" ".join(others)):
        again = quote_command("ttp", "schedule", *(ids or ["ID"]), "--at", " ".join(others))
        raise UsageError("put the time in quotes", Hint("try", again))
    raise UsageError(f'"{others[0]}" is not a post id', Hint("see", "ttp schedule --help"))


@options.with_output(saved_posts_spec())
def unschedule(context: Context, post_ids: options.PostIds) -> None:
    """Unschedule posts: they become drafts again.

    Examples:
      ttp unschedule 3
      ttp unschedule 41 42 50-55
    """
    posts = [saved.post for saved in context.posts.unschedule(options.existing_ids(context, post_ids))]
    context.out.write_list(saved_posts_spec(), posts, say=[f"Post {post.id} is a draft again." for post in posts])
