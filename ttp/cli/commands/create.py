"""`ttp create`: a new post, from the command line, stdin, a file or an editor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from ttp.cli.context import Context
from ttp.cli.hints import option_words
from ttp.cli.notices import print_saved_post, print_warnings, saved_post_message
from ttp.cli.options import (
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
    read_file,
    read_stdin,
    read_text,
    with_output,
)
from ttp.cli.post_input import given_options, offering, read_typed
from ttp.cli.render import posts as render_posts
from ttp.cli.render.spec import OutputSpec
from ttp.cli.times import TimeCommand, time_text
from ttp.domain.errors import Hint, UsageError
from ttp.views import Json
from ttp.views import posts as views_posts

if TYPE_CHECKING:
    from ttp.cli.render.page import Page
    from ttp.domain.post_input import PostInput
    from ttp.domain.time.resolve import ResolvedTime
    from ttp.services.preview import PostPreview, Version


@with_output()
def create(
    context: Context,
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
    key: Annotated[
        str | None, typer.Option("--key", metavar="KEY", help="The same key again makes no second post.")
    ] = None,
    max_late: MaxLate = None,
    file: Annotated[
        str | None, typer.Option("--file", metavar="F.md", help="A Markdown file with front matter; options win.")
    ] = None,
    in_editor: InEditor = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Store nothing: show what each account would get, lengths, costs, problems."),
    ] = False,
    strict: Strict = False,
) -> None:
    """Write a post: a draft without a time, scheduled with one.

    -e opens your editor on a file with all of it; what you write is a draft before it is checked.

    Example: ttp create "Hello" --to x/me,ig/shop --media photo.jpg --at 'tomorrow 9am'
    """
    guarded(context, strict=strict)
    if in_editor and dry_run:
        raise UsageError(
            "--dry-run stores nothing, and what an editor wrote is kept", Hint("write it", "ttp create -e")
        )
    if text == file == "-":
        raise UsageError("stdin is the text or the file, not both", Hint("the file", "ttp create --file -"))
    words, piped = read_text(context, text)
    given = given_options(
        to=to, media=media, alt=alt, thread=thread, text_for=text_for, tag=tag, set_=set_, max_late=max_late
    )
    if first and at is None:
        at = "next-slot"
    source = read_stdin(context, "content") if file == "-" else None
    with context.drafts.keep_text_on_error(None if dry_run else words if piped else source):
        if not dry_run:
            context.out.expect(render_posts.saved_posts_spec())
        wish = replace(
            read_typed(context, words, given, piped=piped and not dry_run, at=at, tz=tz, key=key), first=first
        )
        if file is not None:
            from ttp.cli.post_input import with_file

            wish = with_file(context, file, read_file(context, file, "content") if source is None else source, wish)
    if in_editor:
        from ttp.cli.editor import create_in_editor

        create_in_editor(context, wish)
        return
    command = TimeCommand(
        context,
        ["ttp", "create", *option_words({"--file": file, "--key": key})],
        wish.tz,
        text,
        option_words(given),
        first,
    )
    if dry_run:
        preview(context, wish, command)
        return
    saved, draft = context.posts.find_by_key(wish), None
    if saved is None:
        text = source if (source or "").strip() else words if piped else None
        with offering(context), context.drafts.save_first(text, wish) as kept:
            draft = kept.id if kept else None
            saved = context.posts.create(wish, command.time_of_new(wish, draft), kept)
    print_saved_post(context, saved, command, *saved_post_message(context, saved, command), draft=draft)


FIELDS = (*views_posts.POST_FIELDS, "versions", "replayed")


def preview(context: Context, wish: PostInput, command: TimeCommand) -> None:
    """Show what would be stored, and store nothing. Whatever `ttp create` would be refused for."""
    from ttp.services.preview import preview_post

    context.out.expect(_view(()))
    time = None if context.posts.find_by_key(wish) else command.time_of_new(wish)
    found = preview_post(context.posts, wish, time)
    if found.refused is not None:
        if context.out.for_people:
            _tell(context, found, time, ())
        raise found.refused  # no platform is asked what it offers: that would be recorded
    command.print_notes([time])
    _tell(context, found, time, print_warnings(context.out, found.warnings))


def _tell(context: Context, found: PostPreview, time: ResolvedTime | None, warnings: Sequence[str]) -> None:
    context.out.record(_view(warnings), found, foot=_ending(context, found, time))


def _ending(context: Context, found: PostPreview, time: ResolvedTime | None) -> list[str]:
    post = found.post
    if found.replayed:
        return [f"Post {post.id} was made before with this key."]
    if found.refused is not None:
        return ["It would be refused."]
    at = post.scheduled_at
    if at is None:
        return ["It would be a draft. Nothing is stored."]
    return [f"It would be scheduled for {time_text(context, at, time)}.", "Nothing is stored."]


def _view(warnings: Sequence[str]) -> OutputSpec[PostPreview]:
    def shape(found: PostPreview) -> Json:
        post = views_posts.post_json(found.post, warnings, replayed=found.replayed)
        return {**post, "versions": [_version(one) for one in found.versions]}

    return OutputSpec(FIELDS, ("account", "part", "length", "limit", "costUsd", "text"), shape, _picture, _rows)


def _version(one: Version) -> Json:
    return {
        "account": one.account,
        "parts": [{"text": part.text, "length": part.length, "limit": part.limit} for part in one.parts],
        "media": [{**views_posts.media_json(item.sent), "converted": item.converted} for item in one.media],
        "costUsd": None if one.price is None else one.price / 1000,
    }


def _rows(found: PostPreview) -> Iterable[Json]:
    """A row for each text of each account; what a thread costs stands beside its first part."""
    for one in found.versions:
        for number, part in enumerate(one.parts, 1):
            cost = one.price / 1000 if one.price is not None and number == 1 else None
            counted: Json = {"part": number, "length": part.length, "limit": part.limit}
            yield {"account": one.account, **counted, "costUsd": cost, "text": part.text}


def _picture(found: Sequence[PostPreview], page: Page) -> Iterable[str]:
    from ttp.cli.render.post import versions_picture

    for one in found:
        yield from versions_picture(one.versions, page)
