"""`ttp create -e` and `ttp edit -e`: the editor is opened until what was written is taken, or left as it is.

A mistake is told at the top of the file, on a terminal. What was written is always somewhere: in the file, and as a
draft before it is looked at.
"""

from __future__ import annotations

import shlex
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from ttp.cli.context import context
from ttp.cli.editor import edit, editor
from ttp.cli.hints import error_lines
from ttp.cli.notices import print_saved_post, saved_post_message
from ttp.cli.output import Output
from ttp.cli.post_input import offering
from ttp.cli.prompt import can_ask
from ttp.cli.render import posts
from ttp.cli.times import Times, scheduled
from ttp.cli.written_times import times_of
from ttp.domain.capability import Capability
from ttp.domain.errors import (
    Ambiguous,
    Busy,
    ContentRefused,
    Hint,
    NotAllowed,
    NotFound,
    TimeRefused,
    TtpError,
    UsageError,
)
from ttp.services.drafts import mark_of
from ttp.services.files import editor_form
from ttp.services.files.fields import fields_of, name_of
from ttp.store.home.editor_drafts import Manuscript, Manuscripts

if TYPE_CHECKING:
    from ttp.domain.post import Post
    from ttp.domain.post_input import Typed
    from ttp.services.post_changes import Saved

_MENDABLE = (Ambiguous, ContentRefused, NotAllowed, NotFound, TimeRefused, UsageError)
"""What another word in the file can put right."""
_UNREADABLE = (TtpError, ValueError, RecursionError)


def create_in_editor(out: Output, wish: Typed) -> None:
    """Write a new post; `wish` is what the file begins with."""
    manuscripts = Manuscripts(context().home)
    with ExitStack() as held:
        with context().posts.writing.rescuing(wish.text if wish.kept else None):
            editor()
            text = _filled(editor_form.fields_of_typed(wish), new=True)
            for left in manuscripts.left_behind():
                try:
                    _keep(out, left)
                except Busy as error:  # the next one, and the new post, are no worse for it
                    out.note(error.message)
            sheet = held.enter_context(manuscripts.begun())
            sheet.write(text)
            sheet.know(first=wish.first)
        _finish_new(out, _New(sheet, began=text))


def edit_in_editor(out: Output, post_id: int, wish: Typed) -> None:
    """Change a post; `wish` is changed in the file already when it opens."""
    with ExitStack() as held:
        with context().posts.writing.rescuing(wish.text if wish.kept else None):
            editor()
            post = context().posts.editable(post_id)
            sheet = held.enter_context(Manuscripts(context().home).of_post(post_id))
            task = _begun(out, sheet, post, wish)
        if isinstance(task, _New):
            _finish_new(out, task)
        else:
            _finish_change(out, task)


def _begun(out: Output, sheet: Manuscript, post: Post, wish: Typed) -> _New | _Change:
    """What an edit goes on with, or begins."""
    if sheet.path.exists() and sheet.base != mark_of(post):
        aside = shlex.quote(str(sheet.set_aside()))
        out.note(f"post {post.id} was changed since you wrote what was not saved; that is in {aside}")
    if not sheet.path.exists():
        change = _Change(sheet, post)
        sheet.know(base=mark_of(post))
        sheet.write(_filled(editor_form.fields_of_typed(editor_form.over(change.before, wish)), new=False))
        return change
    if not editor_form.nothing(replace(wish, kept=False)):
        raise UsageError(
            f"there is something for post {post.id} that was not saved",
            Hint("go on with it", f"ttp edit {post.id} -e"),
            Hint("or throw it away", f"rm {shlex.quote(str(sheet.path))}"),
        )
    out.note("this goes on with what was not saved the last time")
    return _New(sheet) if sheet.new else _Change(sheet, post)


class _New:
    """A file that is to become a post. `began`: what it was when the editor was opened first."""

    def __init__(self, sheet: Manuscript, *, began: str | None = None) -> None:
        self.sheet = sheet
        self._began = began
        self.times = Times(["ttp", "create"])

    def take(self, text: str) -> Saved:
        """Make a post of what was written. Any refusal."""
        if (kept := self.keep(text)) is None:
            raise UsageError("there is no text and no media")
        wish: Typed | None = None
        try:
            wish = replace(editor_form.read(text, context().platforms), first=self.sheet.first)
            self.times = times_of(["ttp", "create"], wish)
            with offering():
                return context().posts.writing.finish(kept, wish, self.times.read)
        except TtpError:
            if wish is not None and (wish.text or "").strip():
                _save(self.sheet, wish.text or "")
            raise

    def keep(self, text: str) -> Post | None:
        """Save all of it as the draft, as it is; nothing where nobody wrote anything."""
        if self.is_blank(text):
            return None
        return _save(self.sheet, text)

    def is_blank(self, text: str) -> bool:
        """Whether nothing was written. Media alone, in a file that was left as it is, are no wish for a post."""
        return _is_blank(text, media=text != self._began)


class _Change:
    """A file that is to change a post."""

    def __init__(self, sheet: Manuscript, post: Post) -> None:
        self.sheet = sheet
        self._post = post
        self.post_id = post.id or 0
        self.asked: Typed | None = None
        self.times = Times(["ttp", "edit", str(self.post_id)])
        fields = fields_of(post, [name_of(item) for item in post.media])
        if post.scheduled_at is not None:
            from ttp.domain.time.formatting import format_iso

            fields["scheduledAt"] = format_iso(post.scheduled_at, context().zone)
        self.before = replace(editor_form.read(_filled(fields, new=False), context().platforms), key=None)

    def take(self, text: str) -> Saved | None:
        """Change the post as was written; None where nothing is to change. Any refusal."""
        wish: Typed | None = None
        try:
            wish = editor_form.read(text, context().platforms)
            self.asked = editor_form.changed(self.before, wish)
            if editor_form.nothing(self.asked):
                return None
            if wish.key is not None:
                raise UsageError("key: the key of a post stays what it is", Hint("take the line out", "key: …"))
            self.times = times_of(["ttp", "edit", str(self.post_id)], self.asked)
            with offering():
                return context().posts.edit(self.post_id, self.asked, self.times.read, since=self._post)
        except TtpError:
            self.keep(text if wish is None else wish.text or "")
            raise

    def keep(self, text: str) -> Post | None:
        """Save a text as a draft of its own, unless it is the post's."""
        known = _is_blank(text) or text == self._post.content or self.is_as_before(text)
        return None if known else _save(self.sheet, text)

    def is_as_before(self, text: str) -> bool:
        """Whether a file says of the post what is so already."""
        try:
            return editor_form.nothing(editor_form.changed(self.before, editor_form.read(text, context().platforms)))
        except _UNREADABLE:
            return False


def _finish_new(out: Output, task: _New) -> None:
    sheet = task.sheet
    try:
        saved = _until_taken(task)
    except TtpError as error:
        if sheet.draft is None:
            if not task.is_blank(sheet.read()):
                raise _adding(error, Hint("what you wrote is in", str(sheet.path))) from error
            sheet.discard()
            raise TtpError("nothing was written, and nothing is stored") from None
        sheet.know(new=True, base=mark_of(context().book.post(sheet.draft)))
        sheet.belongs_to(sheet.draft)
        way = Hint(f"it is kept as draft {sheet.draft}, go on with it", f"ttp edit {sheet.draft} -e")
        raise _adding(error, way) from error
    sheet.discard()
    assert saved is not None
    print_saved_post(out, saved, task.times, *saved_post_message(out, saved, task.times))


def _finish_change(out: Output, task: _Change) -> None:
    sheet = task.sheet
    try:
        saved = _until_taken(task)
    except TtpError as error:
        if sheet.draft is None and task.is_as_before(sheet.read()):
            sheet.discard()
            raise
        ways = [Hint("go on with what you wrote", f"ttp edit {task.post_id} -e")]
        if sheet.draft is not None:
            ways.append(Hint(f"its text is kept as draft {sheet.draft} too", f"ttp show {sheet.draft}"))
        raise _adding(error, *ways) from error
    if sheet.draft is not None:
        context().posts.writing.drop(sheet.draft, sheet.kept)
    sheet.discard()
    if saved is None:
        post = context().book.told(context().book.post(task.post_id))
        out.record(posts.saved_posts_spec(), post, say=[f"Nothing of post {task.post_id} changed."])
        return
    moved = task.asked is not None and task.asked.at is not None
    said = scheduled(saved.post, task.times) if moved else f"Changed post {task.post_id}."
    print_saved_post(out, saved, task.times, said, timed=moved)


def _until_taken(task: _New | _Change) -> Saved | None:
    """Open the editor until what was written is taken. Without a person, or where they leave a mistake as it is, the
    last refusal."""
    sheet, lines = task.sheet, list[str]()
    text = editor_form.without_lines(sheet.read(), sheet.shown)
    while True:
        sheet.know(shown=lines)
        sheet.write(editor_form.with_lines(text, lines))
        try:
            edit(sheet.path, lock=sheet.lock)
        except TtpError:
            sheet.write(written := editor_form.without_lines(sheet.read(), lines))
            task.keep(written)
            raise
        sheet.write(written := editor_form.without_lines(sheet.read(), lines))
        sheet.know(shown=[])
        try:
            return task.take(written)
        except _MENDABLE as error:
            left = (bool(lines) and written == text) or _is_blank(written)
            if left or not can_ask():
                raise
            text, lines = written, _told(error)


def _keep(out: Output, left: Manuscript) -> None:
    """Make a draft of what was being written when ttp or the machine ended."""
    text = editor_form.without_lines(left.read(), left.shown)
    if _is_blank(text):
        left.discard()
        return
    task = _New(left)
    kept = task.keep(text)
    assert kept is not None
    left.write(text)
    left.know(new=True, base=mark_of(kept), shown=[])
    left.belongs_to(kept.id or 0)
    out.note(f"what was being written when ttp ended is kept as draft {kept.id}:  ttp edit {kept.id} -e")


def _filled(fields: dict[str, object], *, new: bool) -> str:
    book = context().book
    for name in () if new else ("key", "status"):
        fields.pop(name, None)
    timed = book.capability is Capability.PUBLISH
    return editor_form.filled(fields, [account.name for account in book.accounts()], new=new, timed=timed)


def _told(error: TtpError) -> list[str]:
    """The lines at the top of the file: what was wrong."""
    first, *more = error_lines(error)
    last = "! Change it and save. Left as it is, it is kept and not taken."
    lines = [f"! {first.removeprefix('ttp: error: ')}", *more, last]
    return ["".join(sign if sign.isprintable() else "?" for sign in line) for line in lines]


def _adding(error: TtpError, *ways: Hint) -> TtpError:
    hints = [hint for hint in error.hints if hint.type != "leave out --at"]
    return type(error)(error.message, *hints, *ways, problems=error.problems, details=error.details)


def _save(sheet: Manuscript, text: str) -> Post:
    """Store a text as the draft that holds it; bytes that are no UTF-8 as escapes."""
    text = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    kept = context().posts.writing.keep(text, sheet.draft, sheet.kept)
    sheet.know(draft=kept.id, kept=mark_of(kept))
    return kept


def _is_blank(text: str, *, media: bool = True) -> bool:
    """Whether a file says nothing that could be posted; without `media` only texts count. Unreadable, it may."""
    try:
        return not text.strip() or editor_form.is_blank(editor_form.read(text, context().platforms), media=media)
    except _UNREADABLE:
        return False
