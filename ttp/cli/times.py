"""The `--at` of a command: hints that name another time as commands to type, and the times that posts got, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from ttp.cli.context import Context
from ttp.cli.hints import command_text, option_words, quote_command
from ttp.domain.errors import Hint, TtpError
from ttp.domain.time.formatting import format_instant

if TYPE_CHECKING:
    from ttp.domain.post_input import PostInput
    from ttp.domain.time.resolve import ResolvedTime
    from ttp.services.posts import SavedPost
    from ttp.services.queries import PostView


@dataclass(frozen=True)
class TimeCommand:
    """A command with a time, to be typed again with another one. `words`, `text` and `options` are the rest of what was
    typed; `in_file`: the time is in a file that is open in an editor, and no command is."""

    context: Context
    words: Sequence[str]
    tz: str | None = None
    text: str | None = None
    options: Sequence[str] = ()
    first: bool = False
    in_file: bool = False

    @contextmanager
    def rendering_hints(self, draft: int | None = None) -> Iterator[None]:
        """Write the hints of an error of the block as whole commands. `draft`: what the text was saved as."""
        try:
            yield
        except TtpError as error:
            error.hints = tuple(self.render(hint, draft) for hint in error.hints)
            raise

    def render(self, hint: Hint, draft: int | None = None) -> Hint:
        """Return a hint that names another time with the command for it."""
        other = hint.other_time
        if other is None:
            return hint
        return replace(hint, way=self.retype(other.at, other.tz, draft), other_time=None)

    def retype(self, at: str, tz: str | None, draft: int | None = None) -> str:
        """Return the command with another time or zone; on a draft that has the text already, an edit of that."""
        if self.in_file:
            return f"at: {at}" if tz == self.tz else f"at: {at}, tz: {tz}"
        words, text = (self.words, self.text) if draft is None else (("ttp", "edit", str(draft)), None)
        time = ["--at", at, *(["--first"] if self.first else []), *(["--tz", tz] if tz else [])]
        dashed = text is not None and text.startswith("-") and text != "-"
        plain = [text] if text is not None and not dashed else []
        return quote_command(*words, *plain, *self.options, *time, *(["--", text or ""] if dashed else []))

    def time_of_new(self, wanted: PostInput, draft: int | None = None) -> ResolvedTime | None:
        """Return the time of a new post, if one was given."""
        if wanted.at is None:
            return None
        with self.rendering_hints(draft):
            accounts = self.context.posts.accounts_of_new(wanted)
            return self.context.times.resolve(wanted.at, accounts, wanted.tz, first=wanted.first, post=draft)

    def time_of_edit(self, post_id: int, wanted: PostInput) -> ResolvedTime | None:
        """Return the new time of a post that is edited, if one was given."""
        if wanted.at is None:
            return None
        with self.rendering_hints():
            accounts = self.context.posts.accounts_after_edit(post_id, wanted)
            return self.context.times.resolve(wanted.at, accounts, wanted.tz, post=post_id)

    def times_of_posts(self, ids: Sequence[int], at: str) -> Mapping[int, ResolvedTime]:
        """Return the new times of posts, by id."""
        with self.rendering_hints():
            accounts = self.context.posts.accounts_by_post(ids)
            return self.context.times.resolve_posts(at, accounts, self.tz, first=self.first)

    def print_notes(self, times: Iterable[ResolvedTime | None], draft: int | None = None) -> None:
        """Print what a person should know of times: an hour that comes twice, what was chosen."""
        notes: dict[str, None] = {}
        for time in times:
            if time is not None and time.note:
                hint = self.render(time.note_hint, draft) if time.note_hint else None
                notes[time.note + (f"\n{hint.label}:  {command_text(hint.way)}" if hint else "")] = None
        for note in notes:
            self.context.out.note(note)


def command_of_file(context: Context, words: Sequence[str], wanted: PostInput, *, in_file: bool) -> TimeCommand:
    """Return the command for a file that was written in an editor. `in_file`: a person can change the file instead."""
    pairs = {"--text": wanted.variants, "--set": wanted.options}
    options = {
        "--to": wanted.to,
        "--media": wanted.media,
        "--alt": wanted.alts,
        **{flag: [f"{key}={value}" for key, value in pair.items()] for flag, pair in pairs.items()},
        "--thread": wanted.thread,
        "--tag": wanted.tags,
    }
    given = option_words({flag: values or None for flag, values in options.items()})
    return TimeCommand(context, words, wanted.tz, None, given, wanted.first, in_file)


def print_moved(context: Context, saved: SavedPost) -> list[str]:
    """Print which posts made room; return the same for JSON's `warnings`."""
    said = [
        f"post {post.id} moved to {time_text(context, post.scheduled_at, saved.time)}"
        for post in saved.moved
        if post.scheduled_at
    ]
    for line in said:
        context.out.note(line)
    return said


def time_text(context: Context, at: datetime, time: ResolvedTime | None) -> str:
    """Return `Sun 31 Oct 2027 02:30 Europe/Berlin (00:30 UTC)`, in the zone of a resolved time if there is one."""
    return format_instant(at, time.zone if time else context.zone)


def scheduled_text(context: Context, post: PostView, time: ResolvedTime | None) -> str:
    """Return `Scheduled post 44 for … `."""
    assert post.scheduled_at is not None
    return f"Scheduled post {post.id} for {time_text(context, post.scheduled_at, time)}"
