"""`ttp edit --where …`: one change for many posts."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from ttp.cli.context import Context
from ttp.cli.exit_codes import DONE
from ttp.cli.hints import quote_command
from ttp.cli.notices import print_warnings
from ttp.cli.options import parse_post_filter
from ttp.cli.prompt import confirm
from ttp.cli.render import changes
from ttp.cli.render.spec import OutputSpec
from ttp.domain.errors import Hint, UsageError
from ttp.domain.time.durations import duration_parts, total_duration
from ttp.views import files

if TYPE_CHECKING:
    from ttp.services.bulk_edit import Edit, Shift, Step
    from ttp.store.queries import PostFilter

VIEW: OutputSpec[Step] = OutputSpec(
    files.CHANGE_FIELDS,
    ("action", "id", "changes", "scheduledAt", "accounts", "content"),
    files.change_json,
    changes.pictured(files=False),
)
WORDS = ("status", "platform", "account", "tag", "since", "until", "search", "key")
"""What --where can name: the filters of ttp list."""


def edit_many(
    context: Context,
    where: str,
    *,
    replace_link: tuple[str, str] | None,
    shift: str | None,
    account: str | None,
    dry_run: bool,
    yes: bool,
    no_input: bool,
) -> int:
    """Show what the change does to the posts that `where` names, ask, and do it in one transaction."""
    from ttp.services.bulk_edit import apply, refuse_forbidden

    context.out.check_fields(VIEW)
    edit = _edit(replace_link, shift, account)
    posts = context.look.posts(_filter(context, where))
    steps = list(context.bulk_edit.steps(posts, edit))
    faults = [(step.where, fault) for step in steps for fault in step.faults]
    if faults:
        raise changes.refused("some posts cannot be changed so, and none was", faults, context.out.in_json)
    if not dry_run:
        refuse_forbidden(context.posts, steps)
    context.out.write_list(VIEW, steps, say=None if steps else ["Nothing would change."])
    print_warnings(
        context.out, list({problem.message: problem for step in steps for problem in step.warnings}.values())
    )
    if steps and dry_run:
        context.out.note("nothing was changed: --dry-run")
    if not steps or dry_run:
        return DONE
    said = changes.counted(len(steps), "post")
    again = ["--where", where, *(["--replace-link", *replace_link] if replace_link else [])]
    again += [*(["--shift", shift] if shift else []), *(["--account", account] if account else []), "--yes"]
    sure = confirm(
        context.out,
        f"Change {said}?",
        yes=yes,
        ask_anyway=not yes,
        no_input=no_input,
        refusal=f"{said} would change",
        again=quote_command("ttp", "edit", *again),
    )
    if sure:
        apply(context.posts, steps, "edit")
        context.out.note(f"{said} changed.  Take it back:  ttp undo")
    return DONE


def _filter(context: Context, where: str) -> PostFilter:
    """`status=scheduled tag=launch` as a filter. UsageError for what it cannot name."""
    found: dict[str, list[str]] = {}
    try:
        words = shlex.split(where)
    except ValueError:
        raise UsageError("--where has a quote that is not closed") from None
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or name not in WORDS:
            raise UsageError(
                f'--where cannot have "{word}"',
                Hint("write it as", "--where 'status=scheduled tag=launch'"),
                Hint("it can have", ", ".join(WORDS)),
            )
        found.setdefault(name, []).append(value)
    if not found:
        raise UsageError("--where names no posts", Hint("for all that are scheduled", "--where status=scheduled"))
    several = {name: found.get(name) for name in ("status", "platform", "account", "tag")}
    one = {name: found[name][-1] for name in ("since", "until", "search", "key") if name in found}
    return parse_post_filter(context, "edit", **several, **one)  # type: ignore[arg-type]  # by name


def _edit(links: tuple[str, str] | None, shift: str | None, account: str | None) -> Edit:
    from ttp.services.bulk_edit import Edit

    if links is None and shift is None and account is None:
        ways = ("--replace-link OLD NEW", "--shift +1d", "--account x/old=x/new")
        raise UsageError("nothing to change", *(Hint("there is", way) for way in ways))
    pair = None
    if account is not None:
        old, equals, new = account.partition("=")
        if not equals or "/" not in old or "/" not in new:
            raise UsageError(
                f'--account "{account}" names no two accounts', Hint("write it as", "--account x/old=x/new")
            )
        pair = (old.strip(), new.strip())
    return Edit(links, None if shift is None else _shift(shift), pair)


def _shift(text: str) -> Shift:
    """`+1d`: days and weeks later by the calendar, at the same time of day; hours and less as they pass. UsageError."""
    from ttp.services.bulk_edit import Shift

    sign, rest = text[:1], text[1:]
    parts = duration_parts(rest)
    if sign not in ("+", "-") or parts is None:
        raise UsageError(
            f'--shift "{text}" is no step in time', Hint("write it as", "--shift +1d"), Hint("or", "--shift -2h")
        )
    factor = 1 if sign == "+" else -1
    days = factor * total_duration(tuple(part for part in parts if part[1] in ("d", "w")))
    more = factor * total_duration(tuple(part for part in parts if part[1] not in ("d", "w")))

    return Shift(days, more)
