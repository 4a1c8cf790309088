"""`ttp create`, `edit`, `delete`: what is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from ttp.cli import views
from ttp.cli.ask import confirmed
from ttp.cli.context import context
from ttp.cli.output import Output
from ttp.cli.params import (
    Alts,
    MaxLate,
    MaybeAt,
    MediaPaths,
    NoInput,
    Options,
    PostId,
    PostIds,
    Tags,
    Text,
    To,
    Tz,
    Variants,
    Yes,
    ids_of,
    printing,
    read_duration,
    read_options,
    read_pairs,
    read_text,
    split_list,
)
from ttp.cli.times import Times, note_if_nothing_runs, quoted, scheduled
from ttp.domain.errors import Problem
from ttp.domain.post import Post


@printing
def create(
    out: Output,
    text: Text = None,
    to: To = None,
    at: MaybeAt = None,
    tz: Tz = None,
    media: MediaPaths = None,
    alt: Alts = None,
    text_for: Variants = None,
    tag: Tags = None,
    set_: Options = None,
    key: Annotated[
        str | None, typer.Option("--key", metavar="KEY", help="The same key again makes no second post.")
    ] = None,
    max_late: MaxLate = None,
) -> None:
    """Write a post: a draft without a time, scheduled with one.

    Example: ttp create "Hello" --to x/me,ig/shop --media photo.jpg --at 'tomorrow 9am'
    """
    from ttp.services.drafting import Typed

    out.expect(views.changed())
    words, kept = read_text(text)
    late = read_duration(max_late)
    typed = Typed(
        text=words,
        kept=kept,
        to=split_list(to),
        at=at,
        media=tuple(media or ()),
        alts=tuple(alt or ()),
        tags=split_list(tag),
        variants=read_pairs(text_for, "--text"),
        options=read_options(set_),
        max_lateness_s=None if late is None else late.total_seconds(),
        key=key,
    )
    again = [
        *(["ttp", "create", words] if words else ["ttp", "create"]),
        *(x for name in to or () for x in ("--to", name)),
    ]
    times = Times(tz, lambda text: quoted(*again, "--at", text))
    saved = context().posts.create(typed, times.read)
    said = f"Post {saved.post.id} was made before with this key." if saved.replayed else _created(saved.post, times)
    times.notes(out)
    warnings = warn(out, saved.warnings)
    if saved.post.scheduled_at is not None and not saved.replayed:
        warnings += note_if_nothing_runs(out)
    out.record(views.changed(warnings, replayed=saved.replayed), saved.post, say=[said])


@printing
def edit(
    out: Output,
    post_id: PostId,
    text: Text = None,
    to: To = None,
    at: MaybeAt = None,
    tz: Tz = None,
    media: MediaPaths = None,
    alt: Alts = None,
    text_for: Variants = None,
    tag: Tags = None,
    set_: Options = None,
    max_late: MaxLate = None,
) -> None:
    """Change a post that is not published yet.

    --to, --media, --alt and --tag replace the whole field ('' empties it); --text and --set replace the named key.

    Example: ttp edit 44 "A better text" --to x/me
    """
    from ttp.services.drafting import Typed

    out.expect(views.changed())
    words, kept = read_text(text)
    late = read_duration(max_late)
    typed = Typed(
        text=words,
        kept=kept,
        to=split_list(to),
        at=at,
        media=None if media is None else tuple(media),
        alts=None if alt is None else tuple(alt),
        tags=split_list(tag),
        variants=read_pairs(text_for, "--text"),
        options=read_options(set_),
        max_lateness_s=None if late is None else late.total_seconds(),
    )
    times = Times(tz, lambda text: quoted("ttp", "edit", str(post_id), "--at", text))
    saved = context().posts.edit(post_id, typed, times.read)
    times.notes(out)
    warnings = warn(out, saved.warnings)
    out.record(views.changed(warnings), saved.post, say=[f"Changed post {post_id}."])


@printing
def delete(out: Output, post_ids: PostIds, yes: Yes = False, no_input: NoInput = False) -> None:
    """Take posts off the lists.

    Before they fire, or after they have ended; what was published stays published.

    Example: ttp delete 41 42 --yes
    """
    out.expect(views.DELETED)
    ids = ids_of(post_ids)
    several = f"{len(ids)} posts would be deleted"
    if not confirmed(
        out,
        f"Delete {_few(ids)}?",
        yes=yes or len(ids) == 1,
        ask_anyway=not yes,
        no_input=no_input,
        refusal=several,
        again=quoted("ttp", "delete", *post_ids, "--yes"),
    ):
        return
    gone = context().posts.delete(ids)
    out.records(views.DELETED, gone, say=[f"Deleted {_few(gone)}."])


def warn(out: Output, problems: Sequence[Problem]) -> list[str]:
    """Notes on stderr for what does not refuse; the same for JSON's `warnings`."""
    said = [problem.message for problem in problems]
    for problem in problems:
        out.note(problem.message + (f"\n{problem.hint}" if problem.hint else ""))
    return said


def _created(post: Post, times: Times) -> str:
    if post.scheduled_at is not None:
        return scheduled(post, times)
    return f"Saved draft {post.id}.  Give it a time:  ttp schedule {post.id} --at 'tomorrow 9am'"


def _few(ids: Sequence[int]) -> str:
    if len(ids) == 1:
        return f"post {ids[0]}"
    return "posts " + " ".join(str(i) for i in ids[:8]) + (" …" if len(ids) > 8 else "")
