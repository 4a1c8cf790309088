"""The user's editor; `ttp create -e` and `ttp edit -e` open it until the post is valid or given up.

On a terminal an error is shown at the top of the file. The text is never lost: it stays in the file, and is saved as a
draft before it is checked.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ttp.cli.context import Context
from ttp.cli.errors import command_text, error_lines
from ttp.cli.notices import print_saved_post, saved_post_message, saved_posts_spec, scheduled_text
from ttp.cli.terminal import is_interactive
from ttp.domain.action import WayOut, as_fields
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
from ttp.domain.media.place import name_in_place
from ttp.domain.permissions import Capability
from ttp.domain.post_edit import changed_media, edits_of_draft, said_texts
from ttp.domain.post_fields import MEDIA
from ttp.services.drafts import post_fingerprint
from ttp.services.files import editor_form
from ttp.services.files.fields import fields_of, media_name
from ttp.store.home.editor_drafts import EditorDraft, EditorDrafts

if TYPE_CHECKING:
    from ttp.domain.post import Post
    from ttp.domain.post_edit import PostInput
    from ttp.services.posts import SavedPost

_USUAL = ("sensible-editor", "nano", "vim", "vi")
_FIXABLE = (Ambiguous, ContentRefused, NotAllowed, NotFound, TimeRefused, UsageError)
"""Errors that a change of the file can fix."""
_UNREADABLE = (TtpError, ValueError, RecursionError)


def edit(path: Path, environ: Mapping[str, str] = os.environ, lock: int | None = None) -> None:
    """Open a file in the editor and wait for its end. The editor inherits the open file `lock`.

    UsageError without an editor or a terminal; TtpError if the editor cannot be started or fails.
    """
    argv = editor(environ)
    try:
        with _ignoring_interrupts():
            ended = subprocess.run(
                [*argv, str(path)], check=False, stdout=_screen(), pass_fds=[] if lock is None else [lock]
            ).returncode
    except OSError as error:
        raise TtpError(
            f"the editor {argv[0]} cannot be started: {error.strerror}",
            Hint("fix", "export TTP_EDITOR=nano"),
        ) from None
    if ended:
        how = f"ended with {ended}" if ended > 0 else f"was ended by signal {-ended}"
        raise TtpError(f"the editor {argv[0]} {how}", Hint("fix", "export TTP_EDITOR=nano"))


def editor(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return the editor and its arguments. Without a terminal only TTP_EDITOR counts: other editors need one.
    UsageError."""
    names = ("TTP_EDITOR", "VISUAL", "EDITOR") if is_interactive() else ("TTP_EDITOR",)
    for name in names:
        try:
            argv = shlex.split(environ.get(name) or "")
        except ValueError as error:
            raise UsageError(f"{name} cannot be read: {error}", Hint("fix", f"export {name}=nano")) from None
        if argv:
            return argv
    usual = next((program for program in _USUAL if shutil.which(program)), None) if is_interactive() else None
    if usual is None:
        why = "no editor found" if is_interactive() else "an editor needs a terminal"
        raise UsageError(why, Hint("fix", "export TTP_EDITOR=PROGRAM"))
    return [usual]


@contextmanager
def _ignoring_interrupts() -> Iterator[None]:
    """Ignore Ctrl-C, which the editor handles."""
    before = signal.signal(signal.SIGINT, lambda *_: None)  # not SIG_IGN, which the editor would inherit
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _screen() -> int | None:
    """Return where the editor draws: stdout (None), or stderr if stdout is for data."""
    if sys.stdout is not None and sys.stdout.isatty():
        return None
    try:
        os.fstat(2)
    except OSError:
        return subprocess.DEVNULL
    return 2


def write_text(context: Context, text: str, draft: Post | None, save: Callable[[str], None]) -> None:
    """Let a person change a text in the editor, and `save` what they made of it. If ttp is killed meanwhile, the next
    editor saves it in the `draft`. Raises the errors of `edit`."""
    editor()
    with EditorDrafts(context.home).begin() as sheet:
        sheet.write(text)
        if draft is not None:
            sheet.remember(draft=draft.id, kept=post_fingerprint(draft))
        try:
            edit(sheet.path, lock=sheet.lock)
        finally:
            written = _as_utf8(sheet.read()).strip("\n")
            if written.strip() and written != text:
                save(written)
            sheet.discard()


def create_in_editor(context: Context, post_input: PostInput) -> None:
    """Create a post in the editor; `post_input` is the first content of the file."""
    manuscripts = EditorDrafts(context.home)
    with ExitStack() as stack:
        with context.drafts.keep_text_on_error(post_input.text if post_input.kept else None):
            editor()
            text = _filled(context, editor_form.fields_of_input(post_input), new=True)
            for draft in manuscripts.left_behind():
                try:
                    _keep(context, draft)
                except Busy as error:  # the other files and the new post can still be saved
                    context.out.note(error.message)
            sheet = stack.enter_context(manuscripts.begin())
            sheet.write(text)
            sheet.remember(first=post_input.first)
        _finish_new(context, NewPostEdit(context, sheet, began=text))


def edit_in_editor(context: Context, post_id: int, post_input: PostInput) -> None:
    """Change a post in the editor; the file has the changes of `post_input` already."""
    with ExitStack() as stack:
        with context.drafts.keep_text_on_error(post_input.text if post_input.kept else None, edits=True):
            editor()
            post = context.posts.editable(post_id)
            sheet = stack.enter_context(EditorDrafts(context.home).of_post(post_id))
            task = _start_edit(context, sheet, post, post_input)
        if isinstance(task, NewPostEdit):
            _finish_new(context, task)
        else:
            _finish_change(context, task)


def _start_edit(
    context: Context, sheet: EditorDraft, post: Post, post_input: PostInput
) -> NewPostEdit | ExistingPostEdit:
    """Return a new edit, or the unfinished one of this post."""
    if sheet.path.exists() and sheet.base != post_fingerprint(post):
        aside = shlex.quote(str(sheet.set_aside()))
        context.out.note(f"post {post.id} was changed since your last, unsaved edit, which is now in {aside}")
    if not sheet.path.exists():
        change = ExistingPostEdit(context, sheet, post)
        sheet.remember(base=post_fingerprint(post))
        edited = editor_form.with_edit(change.before, _with_media_named(post, post_input))
        sheet.write(_filled(context, editor_form.fields_of_input(edited), new=False))
        return change
    if not editor_form.is_empty_edit(replace(post_input, kept=False)):
        raise UsageError(
            f"an earlier edit of post {post.id} was not saved",
            Hint("fix", f"ttp edit {post.id} -e"),
            Hint("try", f"rm {shlex.quote(str(sheet.path))}"),
        )
    context.out.note("continuing the last edit, which was not saved")
    return NewPostEdit(context, sheet) if sheet.new else ExistingPostEdit(context, sheet, post)


def _with_media_named(post: Post, change: PostInput) -> PostInput:
    """Return an edit that adds or removes media as one that names all that are left, as the file does."""
    if not (change.add_media or change.remove_media):
        return change
    nothing: dict[str, Any] = {one.name: None for one in MEDIA}
    bare = replace(change, **nothing)
    kept, texts = changed_media(post, bare, ()), dict[str, Any]()
    for one in MEDIA:
        typed = getattr(change, one.name) or ()
        stays = change.add_media or getattr(change, one.name) is None
        texts[one.name] = (*said_texts(kept, one), *typed) if stays else typed
    names = (*(name_in_place(media_name(item), item) for item in kept), *change.add_media)
    return replace(change, media=names, **texts, add_media=(), remove_media=())


class NewPostEdit:
    """A file that becomes a post. `began`: its text when the editor opened first."""

    def __init__(self, context: Context, sheet: EditorDraft, *, began: str | None = None) -> None:
        self.sheet = sheet
        self.context = context
        self._began = began
        self.post_input: PostInput | None = None

    def take(self, text: str) -> SavedPost:
        """Create the post. Raises every error of that."""
        if (kept := self.keep(text)) is None:
            raise UsageError("the post has neither text nor media")
        post_input: PostInput | None = None
        try:
            post_input = replace(editor_form.parse_form(text, self.context.platforms), first=self.sheet.first)
            self.post_input = post_input
            with self.context.naming_choices():
                posts = self.context.posts
                first = posts.find_by_key(post_input)
                if first is not None:
                    posts.discard_draft(kept)
                    return first
                return posts.create(post_input, posts.time_of_new(self.context.times, post_input, kept.id), kept)
        except TtpError:
            if post_input is not None and (post_input.text or "").strip():
                _save(self.context, self.sheet, post_input.text or "")
            raise

    def keep(self, text: str) -> Post | None:
        """Save the whole file as a draft, unless it is blank."""
        if self.is_blank(text):
            return None
        return _save(self.context, self.sheet, text)

    def is_blank(self, text: str) -> bool:
        """Return whether nothing was written. In an unchanged file, media alone do not count."""
        return _is_blank(self.context, text, media=text != self._began)


class ExistingPostEdit:
    """A file that changes a post."""

    def __init__(self, context: Context, sheet: EditorDraft, post: Post) -> None:
        self.sheet = sheet
        self.context = context
        self._post = post
        self.post_id = post.id or 0
        self.asked: PostInput | None = None
        fields = fields_of(post, media_name)
        if post.scheduled_at is not None:
            from ttp.domain.time.formatting import format_iso

            fields["scheduledAt"] = format_iso(post.scheduled_at, self.context.zone)
        self.before = replace(
            editor_form.parse_form(_filled(self.context, fields, new=False), self.context.platforms), key=None
        )

    def take(self, text: str) -> SavedPost | None:
        """Change the post; return None if nothing changes. Raises every error of that."""
        post_input: PostInput | None = None
        try:
            post_input = editor_form.parse_form(text, self.context.platforms)
            self.asked = editor_form.edit_between(self.before, post_input)
            if editor_form.is_empty_edit(self.asked):
                return None
            if post_input.key is not None:
                raise UsageError("key: the key of a post cannot be changed", Hint("fix", "key: …"))
            with self.context.naming_choices():
                time = self.context.posts.time_of_edit(self.context.times, self.post_id, self.asked)
                return self.context.posts.edit(self.post_id, self.asked, time, since=self._post)
        except TtpError:
            self.keep(text if post_input is None else post_input.text or "")
            raise

    def keep(self, text: str) -> Post | None:
        """Save a text as a new draft, unless it is blank or unchanged."""
        is_stored = _is_blank(self.context, text) or text == self._post.content or self.is_as_before(text)
        return None if is_stored else _save(self.context, self.sheet, text)

    def is_as_before(self, text: str) -> bool:
        """Return whether the file would change nothing."""
        try:
            return editor_form.is_empty_edit(
                editor_form.edit_between(self.before, editor_form.parse_form(text, self.context.platforms))
            )
        except _UNREADABLE:
            return False


def _finish_new(context: Context, task: NewPostEdit) -> None:
    sheet = task.sheet
    try:
        saved = edit_until_valid(task)
    except TtpError as error:
        if sheet.draft is None:
            if not task.is_blank(sheet.read()):
                raise _with_place(error, f"Your text is in {sheet.path}.", None, task.post_input) from error
            sheet.discard()
            raise TtpError("nothing was written, so no post was created") from None
        sheet.remember(new=True, base=post_fingerprint(context.posts.post(sheet.draft)))
        sheet.belongs_to(sheet.draft)
        where = f"Your text is saved as draft {sheet.draft}."
        raise _with_place(
            error, where, sheet.draft, task.post_input, Hint("fix", f"ttp edit {sheet.draft} -e")
        ) from error
    sheet.discard()
    assert saved is not None
    lines = saved_post_message(context, saved, task.post_input.tz if task.post_input else None)
    print_saved_post(context, saved, *lines)


def _finish_change(context: Context, task: ExistingPostEdit) -> None:
    sheet = task.sheet
    try:
        saved = edit_until_valid(task)
    except TtpError as error:
        if sheet.draft is None and task.is_as_before(sheet.read()):
            sheet.discard()
            raise
        where = "Your edit is kept" + ("." if sheet.draft is None else f", and its text as draft {sheet.draft}.")
        raise _with_place(error, where, task.post_id, task.asked, Hint("fix", f"ttp edit {task.post_id} -e")) from error
    if sheet.draft is not None:
        context.drafts.discard(sheet.draft, sheet.kept)
    sheet.discard()
    if saved is None:
        post = context.queries.post(task.post_id)
        context.out.write_one(saved_posts_spec(), post, say=[f"Post {task.post_id} was not changed."])
        return
    moved = task.asked is not None and task.asked.at is not None
    message = scheduled_text(context, saved.post, saved.time) if moved else f"Changed post {task.post_id}."
    print_saved_post(context, saved, message, timed=moved)


def edit_until_valid(task: NewPostEdit | ExistingPostEdit) -> SavedPost | None:
    """Open the editor until the text is valid. Raises the last error if the user leaves it unchanged, or without a
    terminal."""
    sheet, lines = task.sheet, list[str]()
    text = editor_form.remove_comments(sheet.read(), sheet.shown)
    while True:
        sheet.remember(shown=lines)
        sheet.write(editor_form.add_comments(text, lines))
        try:
            edit(sheet.path, lock=sheet.lock)
        except TtpError:
            sheet.write(written := editor_form.remove_comments(sheet.read(), lines))
            task.keep(written)
            raise
        sheet.write(written := editor_form.remove_comments(sheet.read(), lines))
        sheet.remember(shown=[])
        try:
            return task.take(written)
        except _FIXABLE as error:
            is_unchanged = (bool(lines) and written == text) or _is_blank(task.context, written)
            if is_unchanged or not is_interactive():
                raise
            text, lines = written, _error_lines(error)


def _keep(context: Context, draft: EditorDraft) -> None:
    """Save a text as a draft that was unfinished when ttp or the machine stopped."""
    text = editor_form.remove_comments(draft.read(), draft.shown)
    if _is_blank(context, text):
        draft.discard()
        return
    task = NewPostEdit(context, draft)
    kept = task.keep(text)
    assert kept is not None
    draft.write(text)
    draft.remember(new=True, base=post_fingerprint(kept), shown=[])
    draft.belongs_to(kept.id or 0)
    context.out.note(f"an unfinished text of an earlier edit is saved as draft {kept.id}:  ttp edit {kept.id} -e")


def _filled(context: Context, fields: dict[str, object], *, new: bool) -> str:
    service = context.posts
    for name in () if new else ("key", "status"):
        fields.pop(name, None)
    timed = service.caller.capability is Capability.PUBLISH
    return editor_form.format_form(fields, [account.name for account in service.accounts()], new=new, timed=timed)


def _error_lines(error: TtpError) -> list[str]:
    """Return the error as lines for the top of the file."""
    first, *more = error_lines(error, _as_line)
    last = "! Fix it and save. If you leave the file unchanged, the text is kept as a draft."
    lines = [f"! {first.removeprefix('ttp: error: ')}", *more, last]
    return ["".join(sign if sign.isprintable() else "?" for sign in line) for line in lines]


def _as_line(way: WayOut) -> str:
    """Return what to write in the file: other options as its fields."""
    return command_text(as_fields(way) or "")


def _with_place(
    error: TtpError, where: str, post_id: int | None, post_input: PostInput | None, *ways: Hint
) -> TtpError:
    """Return the error with a line that says where the text is, its hints as edits of the post that has it."""
    hints = edits_of_draft(error.hints, post_id, post_input)
    return type(error)(error.message, *hints, *ways, problems=error.problems, details=(*error.details, where))


def _as_utf8(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _save(context: Context, sheet: EditorDraft, text: str) -> Post:
    """Save a text as its draft; bytes that are not UTF-8 are escaped."""
    kept = context.drafts.save(_as_utf8(text), sheet.draft, sheet.kept)
    sheet.remember(draft=kept.id, kept=post_fingerprint(kept))
    return kept


def _is_blank(context: Context, text: str, *, media: bool = True) -> bool:
    """Return whether a file has nothing to post. Without `media` only texts count. Unreadable files are not blank."""
    try:
        return not text.strip() or editor_form.is_blank(editor_form.parse_form(text, context.platforms), media=media)
    except _UNREADABLE:
        return False
