"""`ttp create`: a new post, from the command line, stdin, a file or an editor."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from ttp.cli import views
from ttp.cli.context import context
from ttp.cli.declared import Option
from ttp.cli.output import Output
from ttp.cli.params import (
    Alts,
    First,
    InEditor,
    MaxLate,
    MaybeAt,
    MediaPaths,
    Options,
    Strict,
    Tags,
    Text,
    Threads,
    To,
    Tz,
    Variants,
    guarded,
    printing,
    read_file,
    read_stdin,
    read_text,
)
from ttp.cli.posts import answer, given_options, offering, read_typed
from ttp.cli.times import Times, scheduled, typed
from ttp.domain.errors import Hint, UsageError

if TYPE_CHECKING:
    from ttp.services.book import Saved


@printing
def create(
    out: Output,
    text: Text = None,
    to: To = None,
    at: MaybeAt = None,
    first: First = False,
    tz: Tz = None,
    media: MediaPaths = None,
    alt: Alts = None,
    thread: Threads = None,
    text_for: Variants = None,
    tag: Tags = None,
    set_: Options = None,
    key: Annotated[str | None, Option("--key", metavar="KEY", help="The same key again makes no second post.")] = None,
    max_late: MaxLate = None,
    file: Annotated[
        str | None, Option("--file", metavar="F.md", help="A Markdown file with front matter; options win.")
    ] = None,
    in_editor: InEditor = False,
    dry_run: Annotated[
        bool, Option("--dry-run", help="Store nothing: show what each account would get, lengths, costs, problems.")
    ] = False,
    strict: Strict = False,
) -> None:
    """Write a post: a draft without a time, scheduled with one.

    -e opens your editor on a file with all of it; what you write is a draft before it is checked.

    Example: ttp create "Hello" --to x/me,ig/shop --media photo.jpg --at 'tomorrow 9am'
    """
    guarded(out, strict=strict)
    if in_editor and dry_run:
        raise UsageError(
            "--dry-run stores nothing, and what an editor wrote is kept", Hint("write it", "ttp create -e")
        )
    if text == file == "-":
        raise UsageError("stdin is the text or the file, not both", Hint("the file", "ttp create --file -"))
    posts = context().posts
    words, piped = read_text(text)
    given = given_options(
        to=to, media=media, alt=alt, thread=thread, text_for=text_for, tag=tag, set_=set_, max_late=max_late
    )
    if first and at is None:
        at = "next-slot"
    source = read_stdin("content") if file == "-" else None
    with posts.writing.rescuing(None if dry_run else words if piped else source):
        if not dry_run:
            out.expect(views.changed())
        wish = replace(read_typed(words, given, piped=piped and not dry_run, at=at, tz=tz, key=key), first=first)
        if file is not None:
            from ttp.cli.content_given import with_file

            wish = with_file(file, read_file(file, "content") if source is None else source, wish)
    if in_editor:
        from ttp.cli.in_editor import create_in_editor

        create_in_editor(out, wish)
        return
    times = Times(["ttp", "create", *typed({"--file": file, "--key": key})], wish.tz, text, typed(given), first)
    if dry_run:
        from ttp.cli.dry_run import try_out

        try_out(out, wish, times)
        return
    with offering():
        if (source or "").strip():
            saved = posts.writing.create_from(source or "", wish, times.read)
        else:
            saved = posts.create(wish, times.read)
    answer(out, saved, times, *created(out, saved, times))


def created(out: Output, saved: Saved, times: Times) -> list[str]:
    """What was made, and of a draft how it gets a time: at its accounts' best free slot, where one is known."""
    post = saved.post
    if saved.replayed:
        return [f"Post {post.id} was made before with this key."]
    if post.scheduled_at is not None:
        return [scheduled(post, times)]
    slot = times.suggested(post.accounts) if out.for_people else None
    if slot is None:
        return [f"Saved draft {post.id}.  Give it a time:  ttp schedule {post.id} --at 'tomorrow 9am'"]
    return [f"Saved draft {post.id}.", f"Best free slot: {slot}.  Take it:  ttp schedule {post.id} --at optimal"]
