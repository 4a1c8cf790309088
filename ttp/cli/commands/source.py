"""`ttp source …`."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from ttp.cli import options
from ttp.cli.context import Context
from ttp.cli.errors import DONE, PARTIAL
from ttp.cli.parameters import argument, flag, option
from ttp.cli.render import sources as render
from ttp.cli.render.labels import plural
from ttp.cli.render.spec import REMOVED_SPEC
from ttp.domain.errors import Hint, UsageError
from ttp.views.posts import id_ranges

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ttp.services.sources.polling import CreatedPost
    from ttp.services.sources.sources import PolledSource

source = typer.Typer()
SourceId = Annotated[int, argument("ID", "The id of a source: ttp source list.", min=1, max=options.MOST)]
Template = Annotated[str | None, option("--template", "NAME", "The template that makes the texts; '' for none.")]
Exclude = Annotated[list[str] | None, option("--exclude", "FIELD:WORDS", "Post no items with: 'title:rc|beta'.")]
AllowLoop = Annotated[bool, flag("--allow-loop", "It may be on the server of an account of --to.")]
Private = Annotated[bool, flag("--allow-private", "It may be in a private network.")]
Prereleases = Annotated[bool, flag("--prereleases", "Post prereleases, too.")]
ItemIds = Annotated[list[str] | None, argument("ITEM...", "Items of the source: ttp source show ID.")]


class SourceOptions(NamedTuple):
    """What a source does with its items, as it was typed."""

    to: options.To = None
    template: Template = None
    at: Annotated[str | None, option("--at", "TIME", "When: next-slot, optimal, 'in 10m'; draft for drafts.")] = None
    max_new: Annotated[
        int | None, option("--max-new", "N", "Hold items if more are new at once (5).", min=1, max=100)
    ] = None
    every: Annotated[str | None, option("--every", "DURATION", "How often it is read (1h).")] = None
    max_age: Annotated[str | None, option("--max-age", "DURATION", "Post no older items (7d).")] = None
    include_category: Annotated[
        list[str] | None, option("--include-category", "A,B", "Post only items of these categories.")
    ] = None
    exclude: Exclude = None

    def changes(self, context: Context) -> dict[str, Any]:
        """Return the fields of a source that were given."""
        changes: dict[str, Any] = {}
        if self.to is not None:
            changes["accounts"] = tuple(one.id or 0 for one in options.named_accounts(context, self.to))
        if self.template is not None:
            changes["template"] = self.template or None
        if self.at is not None:
            changes["schedule"] = None if self.at in ("draft", "") else self.at
        if self.max_new is not None:
            changes["max_new"] = self.max_new
        for name, text in (("every_s", self.every), ("max_age_s", self.max_age)):
            if (length := options.parse_optional_duration(text)) is not None:
                changes[name] = int(length.total_seconds())
        if self.include_category is not None:
            changes["categories"] = options.split_list(self.include_category)
        if self.exclude is not None:
            changes["excluded"] = tuple(filter(None, self.exclude))
        return changes


@options.subcommand(source, "add", render.POLLED_SPEC)
@options.with_group("typed", SourceOptions)
def add(
    context: Context,
    url: Annotated[str, argument("URL", "A feed, a page that names one, or github:owner/repo.")],
    typed: SourceOptions,
    prereleases: Prereleases = False,
    media: Annotated[bool, flag("--media", "Attach the images and videos of an item.")] = False,
    key: Annotated[str | None, option("--key", "KEY", "What tells items apart: auto, guid, link, link+title.")] = None,
    allow_private: Private = False,
    allow_loop: AllowLoop = False,
) -> int:
    """Make posts of the new items of a feed, or of the releases of a project.

    What is there now stays unposted. Without --at new items become drafts. An item becomes one post, whatever the feed
    does to it later. ttp run and ttp serve read sources. Releases: github:owner/repo, gitlab:group/project,
    forgejo:https://host/owner/repo.

    Examples:
      ttp source add https://example.org/feed.xml --to x/me
      ttp source add github:owner/repo --to x/me --template release --at 'in 10m'
    """
    changes = typed.changes(context)
    from ttp.domain.source import Source

    new = replace(Source(url.strip(), ()), prereleases=prereleases, with_media=media, private=allow_private, **changes)
    new = new if key is None else replace(new, key_mode=key)
    done = context.sources.add(new, allow_loop=allow_loop)
    one, items = done.view.source, sum(done.view.counts.values())
    lines = [f"Source {one.id}: {one.name}, read every {_length(one.every_s)}."]
    if done.result.error is None:
        there = "1 item is there and stays" if items == 1 else f"{items} items are there and stay"
        latest = f"  Post the newest:  ttp source post {one.id} --latest" if items else ""
        lines.append(f"{there} unposted.{latest}")
    return _answer(context, done, lines)


@options.subcommand(source, "list", render.SOURCES_SPEC)
def list_(context: Context) -> None:
    """List sources, and how many of their items became posts.

    Examples:
      ttp source list --json
    """
    context.out.write_list(render.SOURCES_SPEC, context.sources.all())


@options.subcommand(source, "show", render.DETAILS_SPEC)
def show(context: Context, source_id: SourceId) -> None:
    """Show a source, the items that it holds, and the newest others.

    Examples:
      ttp source show 1
    """
    context.out.write_one(render.DETAILS_SPEC, context.sources.details(source_id))


@options.subcommand(source, "preview", render.PREVIEW_SPEC)
def preview(
    context: Context,
    what: Annotated[str, argument("ID|URL", "A source, or the address of one to be.")],
    to: options.To = None,
    template: Template = None,
    allow_private: Private = False,
    prereleases: Prereleases = False,
) -> None:
    """Show what each account would get of the three newest items. Stores nothing.

    Examples:
      ttp source preview 1
      ttp source preview https://example.org/feed.xml --to x/me --template release
    """
    changes = SourceOptions(to, template).changes(context)
    if what.isdecimal():
        one = replace(context.sources.source(int(what)), **changes)
    else:
        from ttp.domain.source import Source

        one = replace(Source(what, (), private=allow_private, prereleases=prereleases), **changes)
    context.out.write_list(render.PREVIEW_SPEC, context.sources.preview(one))


@options.subcommand(source, "poll", render.POLLED_SPEC)
def poll(context: Context, source_id: SourceId) -> int:
    """Read a source now, and make posts of its new items.

    Examples:
      ttp source poll 1
    """
    done = context.sources.poll(source_id)
    new, result = done.result.created, done.result
    lines = [_new_posts(new) if new else "Nothing new."]
    lines += [f"{plural(len(result.updated), 'draft')} updated: {id_ranges(result.updated)}."] if result.updated else []
    if result.held:
        line = f"{plural(result.held, 'new item')} held.  Look at them:  ttp source show {source_id}"
        lines = [*lines[: bool(new)], line]
    return _answer(context, done, lines if result.error is None else [])


@options.subcommand(source, "pause", render.SOURCES_SPEC)
def pause(context: Context, source_id: SourceId) -> None:
    """Read a source no more until it is resumed.

    Examples:
      ttp source pause 1
    """
    view = context.sources.pause(source_id)
    context.out.write_one(render.SOURCES_SPEC, view, say=[f"Paused.  Resume:  ttp source resume {source_id}"])


@options.subcommand(source, "resume", render.SOURCES_SPEC)
def resume(context: Context, source_id: SourceId) -> None:
    """Read a source again: one that was paused, or was gone.

    Examples:
      ttp source resume 1
    """
    view = context.sources.resume(source_id)
    context.out.write_one(render.SOURCES_SPEC, view, say=[f"Source {source_id} is read again."])


@options.subcommand(source, "edit", render.SOURCES_SPEC)
@options.with_group("typed", SourceOptions)
def edit(context: Context, source_id: SourceId, typed: SourceOptions, allow_loop: AllowLoop = False) -> None:
    """Change what a source does with items to come. Its posts do not change.

    Examples:
      ttp source edit 1 --at next-slot
    """
    changes = typed.changes(context)
    if not changes:
        raise UsageError("nothing to change", Hint("see", "ttp source edit --help"))
    view = context.sources.edit(source_id, changes, allow_loop=allow_loop)
    context.out.write_one(render.SOURCES_SPEC, view, say=[f"Changed source {source_id}."])


@options.subcommand(source, "remove", REMOVED_SPEC)
def remove(context: Context, source_id: SourceId) -> None:
    """Remove a source. Its posts stay; what was posted is remembered for 400 days.

    Examples:
      ttp source remove 1
    """
    context.sources.remove(source_id)
    context.out.write_one(REMOVED_SPEC, source_id, say=[f"Removed source {source_id}. Its posts stay."])


@options.subcommand(source, "post", render.NEW_SPEC)
def post(
    context: Context,
    source_id: SourceId,
    items: ItemIds = None,
    latest: Annotated[bool, flag("--latest", "The newest item without a post.")] = False,
) -> None:
    """Make posts of items: those that are held, or these.

    Examples:
      ttp source post 1
      ttp source post 1 --latest
    """
    if items and latest:
        raise UsageError("name items or use --latest, not both", Hint("see", "ttp source post --help"))
    created = context.sources.post(source_id, _item_ids(items), latest=latest)
    context.out.write_list(render.NEW_SPEC, created, say=[_new_posts(created)])
    _note_problems(context, created)


@options.subcommand(source, "skip", render.SOURCES_SPEC)
def skip(context: Context, source_id: SourceId, items: ItemIds = None) -> None:
    """Leave items unposted that are held: all of them, or these.

    Examples:
      ttp source skip 1
    """
    view, count = context.sources.skip(source_id, _item_ids(items))
    context.out.write_one(render.SOURCES_SPEC, view, say=[f"Skipped {plural(count, 'item')}."])


def _item_ids(texts: list[str] | None) -> list[int]:
    for text in texts or ():
        if not text.isdecimal():
            raise UsageError(f'"{text}" is not an item of a source', Hint("see", "ttp source show ID"))
    return [int(text) for text in texts or ()]


def _new_posts(created: Sequence[CreatedPost]) -> str:
    return f"{plural(len(created), 'new post')}: {id_ranges([one.post.id or 0 for one in created])}."


def _note_problems(context: Context, created: Sequence[CreatedPost]) -> None:
    for one in created:
        if one.item.problem:
            context.out.note(f"post {one.post.id} needs you: {one.item.problem}")


def _length(seconds: int) -> str:
    from ttp.domain.time.durations import compact_duration

    return compact_duration(timedelta(seconds=seconds))


def _answer(context: Context, done: PolledSource, lines: list[str]) -> int:
    result = done.result
    context.out.write_one(render.POLLED_SPEC, done, say=lines)
    context.out.note(*done.view.source.warnings)
    _note_problems(context, result.created)
    if result.error is not None:
        is_gone = done.view.source.state == "gone"
        again = (
            f"it is read no more until ttp source resume {done.view.source.id}" if is_gone else "it is read again later"
        )
        context.out.note(f"{result.error}; {again}")
        return PARTIAL
    return DONE
