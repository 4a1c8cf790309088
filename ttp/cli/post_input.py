"""Options, stdin and content files (`ttp create --file`) become a `PostInput`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ttp.cli.context import Context
from ttp.cli.errors import quote_command, retype
from ttp.cli.options import parse_optional_duration, parse_pairs, parse_platform_options, split_list
from ttp.domain.action import other_options
from ttp.domain.errors import Hint, UsageError
from ttp.domain.media.item import is_web_address

if TYPE_CHECKING:
    from ttp.domain.post_edit import PostInput
    from ttp.domain.time.resolve import ResolvedTime


def merge_content_file(context: Context, path: str, text: str, typed: PostInput) -> PostInput:
    """Return the input of a content file, overridden by what was typed. NotFound, UsageError."""
    said = _file_input(context, path, text)
    given = {one.name: getattr(typed, one.name) for one in fields(typed)}
    merged = {"variants": {**said.variants, **typed.variants}, "options": {**said.options, **typed.options}}
    return replace(said, **{name: value for name, value in given.items() if value not in (None, {}, False)} | merged)


def _file_input(context: Context, path: str, text: str) -> PostInput:
    from ttp.cli.render.changes import refused
    from ttp.services.files import markdown
    from ttp.services.files.fields import parse_entry
    from ttp.services.media import resolve_in_folder

    found = parse_entry(
        path, markdown.parse_file(text, context.platforms) or {"content": text.strip("\n")}, context.platforms
    )
    if found.faults:
        raise refused(f"{path} is not a valid post", [(path, fault) for fault in found.faults], in_json=False)
    if found.ended:
        raise UsageError(f"{path} is a post that was already published", Hint("see", "ttp list"))
    typed = found.typed
    folder = Path(path).parent
    media = [name if is_web_address(name) else str(resolve_in_folder(folder, name)) for name in typed.media or ()]
    # Fields that the file lacks are not given: an empty list would mean to empty them.
    return replace(
        typed, media=tuple(media) or None, alts=typed.alts or None, tags=typed.tags or None, to=typed.to or None
    )


def given_options(**values: list[str] | str | None) -> dict[str, list[str] | str | None]:
    """Return options by their flags, as typed."""
    flags = {"text_for": "--text", "set_": "--set", "max_late": "--max-late"}
    return {flags.get(name, f"--{name}"): value for name, value in values.items()}


def parse_post_input(
    context: Context,
    text: str | None,
    given: Mapping[str, list[str] | str | None],
    *,
    at: str | None,
    tz: str | None,
    piped: bool = False,
    key: str | None = None,
    may_empty: bool = False,
) -> PostInput:
    """Parse what was typed. UsageError. `may_empty`: `--set NAME=` removes an option."""
    from ttp.domain.post_edit import PostInput

    def several(flag: str) -> list[str] | None:
        value = given[flag]
        return value if isinstance(value, list) else None

    late = given["--max-late"]
    lateness = parse_optional_duration(late if isinstance(late, str) else None)
    media, alts, thread = several("--media"), several("--alt"), several("--thread")
    return PostInput(
        text=text,
        kept=piped,
        to=split_list(several("--to")),
        at=at,
        tz=tz,
        media=None if media is None else tuple(media),
        alts=None if alts is None else tuple(alts),
        thread=None if thread is None else () if thread == [""] else tuple(thread),
        tags=split_list(several("--tag")),
        variants=_parse_variants(context, several("--text"), text),
        options=parse_platform_options(context, several("--set"), may_empty=may_empty),
        max_lateness_s=None if lateness is None else lateness.total_seconds(),
        key=key,
    )


def _parse_variants(context: Context, texts: Sequence[str] | None, text: str | None) -> dict[str, str]:
    if texts and len(texts) == 1 and text is None and "=" not in texts[0] and not texts[0].startswith("-"):
        # Most likely the post's text, which has no option.
        words = retype(context.argv, other_options(text=None)), quote_command(texts[0])
        raise UsageError(
            f'--text "{texts[0]}" has no "="', Hint("try", " ".join(words)), Hint("see", "--text KEY=TEXT")
        )
    return parse_pairs(texts, "--text")


def keeping_text(context: Context, text: str | None) -> AbstractContextManager[None]:
    """Save a text, if any, as a draft if the block fails."""
    return context.drafts.keep_text_on_error(text) if text else nullcontext()


def refuse_unquoted_time(context: Context, text: str | None, at: str | None) -> None:
    """Raise UsageError for `--at tomorrow 9am`, where the shell made `9am` the text of the post."""
    from ttp.domain.time.grammar import parse_time

    if text is None or at is None or parse_time(at) or not parse_time(f"{at} {text}"):
        return
    argv = list(context.argv)
    place = next((place for place in range(len(argv)) if argv[place : place + 3] == ["--at", at, text]), None)
    if place is not None:
        words = [*argv[: place + 1], f"{at} {text}", *argv[place + 3 :]]
        raise UsageError("put the time in quotes", Hint("try", quote_command("ttp", *words)))


def time_of_new(context: Context, wanted: PostInput, draft: int | None = None) -> ResolvedTime | None:
    """Return the time of a new post, if one was given. `draft`: what its text is saved as."""
    if wanted.at is None:
        return None
    accounts = context.posts.accounts_of_new(wanted)
    return context.times.resolve(wanted.at, accounts, wanted.tz, first=wanted.first, post=draft)


def time_of_edit(context: Context, post_id: int, wanted: PostInput) -> ResolvedTime | None:
    """Return the new time of a post that is edited, if one was given."""
    if wanted.at is None:
        return None
    accounts = context.posts.accounts_after_edit(post_id, wanted)
    return context.times.resolve(wanted.at, accounts, wanted.tz, post=post_id)
