"""The user's editor; `ttp create -e` and `ttp edit -e` open it until the post is valid or given up.

On a terminal an error is shown at the top of the file. The text is never lost: it stays in the file until the post has
it, and the same command opens it again.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ttp.cli.context import Context
from ttp.cli.errors import command_text, error_lines
from ttp.cli.notices import print_saved_post, saved_post_message, saved_posts_spec, scheduled_text
from ttp.cli.terminal import is_interactive
from ttp.domain.action import Action, as_fields
from ttp.domain.errors import Conflict, Hint, TtpError, UsageError
from ttp.domain.permissions import Capability
from ttp.services.files import editor_form, markdown
from ttp.store.home.editor_drafts import EditorDraft, EditorDrafts

if TYPE_CHECKING:
    from ttp.domain.post_edit import PostInput
    from ttp.services.post_changes import SavedPost

T = TypeVar("T")
_CHANGED = "The post is now:"
_USUAL = ("sensible-editor", "nano", "vim", "vi")


def edit(path: Path, lock: int | None = None) -> None:
    """Open a file in the editor and wait for its end. The editor inherits the open file `lock`.

    UsageError without an editor or a terminal; TtpError if the editor cannot be started or fails.
    """
    argv = editor()
    screen = None if sys.stdout is not None and sys.stdout.isatty() else 2  # stdout may be for data
    before = signal.signal(signal.SIGINT, lambda *_: None)  # the editor handles Ctrl-C; it would inherit SIG_IGN
    try:
        files = [] if lock is None else [lock]
        ended = subprocess.run([*argv, str(path)], check=False, stdout=screen, pass_fds=files).returncode
        why = f"was ended by signal {-ended}" if ended < 0 else f"ended with {ended}" if ended else ""
    except OSError as error:
        why = f"cannot be started: {error.strerror}"
    finally:
        signal.signal(signal.SIGINT, before)
    if why:
        raise TtpError(f"the editor {argv[0]} {why}", Hint("fix", "export TTP_EDITOR=nano"))


def editor() -> list[str]:
    """Return the editor and its arguments. Without a terminal only TTP_EDITOR counts: other editors need one.
    UsageError."""
    names = ("TTP_EDITOR", "VISUAL", "EDITOR") if is_interactive() else ("TTP_EDITOR",)
    for name in names:
        try:
            argv = shlex.split(os.environ.get(name) or "")
        except ValueError as error:
            raise UsageError(f"{name} cannot be read: {error}", Hint("fix", f"export {name}=nano")) from None
        if argv:
            return argv
    usual = next((program for program in _USUAL if shutil.which(program)), None) if is_interactive() else None
    if usual is None:
        why = "no editor found" if is_interactive() else "an editor needs a terminal"
        raise UsageError(why, Hint("fix", "export TTP_EDITOR=PROGRAM"))
    return [usual]


def write_text(context: Context, text: str, save: Callable[[str], None]) -> None:
    """Let a person change a text in the editor, and `save` what they made of it. If ttp is killed meanwhile, the next
    `ttp create -e` continues with it. Raises the errors of `edit`."""
    editor()
    with EditorDrafts(context.home).begin() as sheet:
        sheet.write(text)
        try:
            edit(sheet.path, sheet.lock)
        finally:
            written = sheet.read().encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace").strip("\n")
            if written.strip() and written != text:
                save(written)
            sheet.discard()


def create_in_editor(context: Context, post_input: PostInput) -> None:
    """Create a post in the editor; `post_input` is the first content of the file. Without any, an unsaved file is
    continued."""
    drafts = EditorDrafts(context.home)
    with ExitStack() as stack:
        with context.drafts.keep_text_on_error(post_input.text if post_input.kept else None):
            editor()
            began = _filled(context, editor_form.fields_of_input(post_input), new=True)
            unsaved = drafts.left_behind()
            if unsaved and editor_form.is_empty_edit(post_input):
                sheet = stack.enter_context(drafts.begin(unsaved))
                maybe = "; ttp may have stopped while saving it: see  ttp list" if sheet.saving else ""
                context.out.note(f"continuing the last text, which was not saved{maybe}")
            else:
                if unsaved:
                    context.out.note("an earlier text was not saved:  ttp create -e")
                sheet = stack.enter_context(drafts.begin())
                sheet.write(began)
                sheet.remember(first=post_input.first)

        def is_blank(text: str) -> bool:
            return editor_form.is_blank(text, context.platforms, media=text != began)

        def take(text: str) -> tuple[SavedPost, str | None]:
            written = replace(editor_form.parse_form(text, context.platforms), first=sheet.first)
            with context.naming_choices():
                earlier = context.posts.find_by_key(written)
                time = None if earlier else context.posts.time_of_new(context.times, written)
                sheet.remember(saving=True)
                try:
                    return earlier or context.posts.create(written, time), written.tz
                except TtpError:
                    sheet.remember(saving=False)
                    raise

        saved, zone = _edit_until_valid(sheet, take, is_blank, "ttp create -e")
        print_saved_post(context, saved, *saved_post_message(context, saved, zone))


def edit_in_editor(context: Context, post_id: int, post_input: PostInput) -> None:
    """Change a post in the editor; the file has the changes of `post_input` already. Without any, an unsaved edit is
    continued."""
    with ExitStack() as stack:
        with context.drafts.keep_text_on_error(post_input.text if post_input.kept else None, edits=True):
            editor()
            post = context.posts.editable(post_id)
            fields = editor_form.fields_of_post(post, context.zone)
            before = replace(editor_form.parse_form(_filled(context, fields, new=False), context.platforms), key=None)
            version = repr(fields)
            edited = editor_form.with_edit(before, editor_form.with_media_named(post, post_input))
            began = _filled(context, editor_form.fields_of_input(edited), new=False)
            sheet = stack.enter_context(EditorDrafts(context.home).of_post(post_id))
            nothing_typed = editor_form.is_empty_edit(post_input)
            if sheet.path.exists() and sheet.base == version and nothing_typed:
                context.out.note("continuing the last edit, which was not saved")
            else:
                if sheet.path.exists():
                    context.out.note(
                        f"your last edit, which was not saved, is now in {shlex.quote(str(sheet.set_aside()))}"
                    )
                sheet.remember(base=version)
                sheet.write(began)

        def take(text: str) -> tuple[PostInput, SavedPost | None]:
            nonlocal post
            change = editor_form.edit_between(before, editor_form.parse_form(text, context.platforms))
            if editor_form.is_empty_edit(change):
                return change, None
            if change.key is not None:
                raise UsageError("key: the key of a post cannot be changed", Hint("fix", "key: …"))
            context.queries.post(post_id)  # names the undo if it was deleted
            with context.naming_choices():
                time = context.posts.time_of_edit(context.times, post_id, change)
                try:
                    return change, context.posts.edit(post_id, change, time, since=post)
                except Conflict as error:
                    if (stored := context.posts.editable(post_id)) == post:
                        raise
                    post = stored  # shown, so the next save may change it
                    lines = markdown.format_file(editor_form.fields_of_post(post, context.zone)).splitlines()
                    now = [_CHANGED, *(line for line in lines if line.strip("- "))]
                    raise Conflict(error.message, *error.hints, details=now) from error

        unchanged = began if nothing_typed else ""
        again = f"ttp edit {post_id} -e"
        change, saved = _edit_until_valid(sheet, take, lambda text: not text.strip(), again, unchanged)
    if saved is None:
        stored = context.queries.post(post_id)
        context.out.write_one(saved_posts_spec(), stored, say=[f"Post {post_id} was not changed."])
        return
    moved = change.at is not None
    message = scheduled_text(context, saved.post, saved.time) if moved else f"Changed post {post_id}."
    print_saved_post(context, saved, message, timed=moved)


def _edit_until_valid(
    sheet: EditorDraft, take: Callable[[str], T], is_blank: Callable[[str], bool], again: str, unchanged: str = ""
) -> T:
    """Open the editor until `take` accepts the text, and delete the file. The last error is raised if the user leaves
    the file as it is or empties it, or without a terminal: then it stays for the command `again`, unless it is blank or
    `unchanged`."""
    shown, mistake = "", None
    try:
        while True:
            edit(sheet.path, sheet.lock)
            text = sheet.read()
            if mistake is not None and (text == shown or is_blank(text)):
                sheet.write(shown)
                raise mistake  # not tried again: what was wrong may be right by now, and the user gave it up
            if is_blank(text):
                raise UsageError("nothing was written, so nothing was stored")
            try:
                result = take(text)
                break
            except TtpError as error:
                if not is_interactive():
                    raise
                mistake = error
                sheet.write(shown := editor_form.with_errors(text, _error_lines(error)))
    except TtpError as error:
        text = sheet.read()
        if is_blank(text) or text == unchanged:
            sheet.discard()
            raise
        hints = [replace(hint, way=way) for hint in error.hints if (way := as_fields(hint.way))]  # about the file
        where = f"Your text is in {sheet.path}."
        undone = any(isinstance(hint.way, Action) and hint.way.name == "undo" for hint in hints)
        hints.append(Hint("then" if undone else "fix", again))
        raise type(error)(error.message, *hints, problems=error.problems, details=(*error.details, where)) from error
    sheet.discard()
    return result


def _filled(context: Context, fields: dict[str, object], *, new: bool) -> str:
    for name in () if new else ("key", "status"):
        fields.pop(name, None)
    timed = context.posts.caller.capability is Capability.PUBLISH
    accounts = [account.name for account in context.posts.accounts()]
    return editor_form.format_form(fields, accounts, new=new, timed=timed)


def _error_lines(error: TtpError) -> list[str]:
    """Return the error as lines for the top of the file, with what to write in it."""
    first, *more = error_lines(error, lambda way: command_text(as_fields(way) or ""))
    seen = _CHANGED in error.details
    last = "To apply your changes to it, delete this line and save." if seen else "Fix it and save."
    kept = "If you close the file unchanged, nothing is stored and the file is kept."
    return [first.removeprefix("ttp: error: "), *more, f"{last} {kept}"]
