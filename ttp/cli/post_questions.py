"""Bare `ttp create` on a terminal: asks for one post, and prints the command that does the same.

The text is a draft from its first line on, and each answer is stored in it at once: neither Ctrl-C nor a kill loses it.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from ttp.cli.context import Context
from ttp.cli.errors import command_text, error_lines
from ttp.cli.notices import (
    print_saved_post,
    print_warnings,
    saved_post_message,
    saved_posts_spec,
    suggested_hour,
    time_text,
)
from ttp.cli.render.post import preview_spec
from ttp.cli.terminal import (
    UnfinishedLine,
    drop_typed_ahead,
    is_more_typed,
    print_prompt,
    read_line,
    read_text_line,
    words_of,
)
from ttp.domain.account import Account
from ttp.domain.action import OtherOptions, WayOut, action, as_fields
from ttp.domain.errors import Hint, TtpError, UsageError
from ttp.domain.permissions import Capability
from ttp.domain.post_edit import PostInput, edits_of_draft

if TYPE_CHECKING:
    from ttp.domain.post import Post
    from ttp.domain.time.resolve import ResolvedTime
    from ttp.services.post_changes import SavedPost

_PROMPT, _YES = "> ", "yes"
_LONGEST_TYPED = 4095
"""Bytes that a terminal of Linux takes of a line: termios(3). It drops the rest silently."""


def create_by_questions(context: Context) -> None:
    """Ask for a post and store it. Ctrl-C keeps the draft, and says how to go on with it."""
    questions = PostQuestions(context)
    try:
        try:
            saved = questions.ask_all()
        except KeyboardInterrupt:
            questions.print_kept()
            raise
    except TtpError as error:
        if (draft := questions.draft) and draft.content == questions.text:
            error.details = (*error.details, f"The text is kept as draft {draft.id}.")
            error.hints = (*error.hints, Hint("see", action("show", draft.id)))
        elif questions.text:
            error.hints = (*error.hints, Hint("try", action("create", questions.text)))
        raise
    if saved is None:
        questions.print_kept()
    else:
        print_saved_post(context, saved, *saved_post_message(context, saved, None))
    if again := questions.same_command(scheduled=saved is not None):
        context.out.write_message("The same in one line:")
        context.out.line(f"  {again}")  # in one piece, to be copied


class PostQuestions:
    """The questions, and the draft that has the answers so far."""

    def __init__(self, context: Context) -> None:
        self.draft: Post | None = None
        self._context = context
        self._posts = context.posts
        self._input = PostInput()
        self._accounts = [one for one in context.posts.accounts() if one.connected]

    @property
    def text(self) -> str | None:
        return self._input.text

    @property
    def _draft_id(self) -> int | None:
        return None if self.draft is None else self.draft.id

    def ask_all(self) -> SavedPost | None:
        """Ask everything. Return the scheduled post; None if the draft is all."""
        print_prompt("Ctrl-C stops at any time. What you typed until then is a draft.")
        if not self._accounts:
            print_prompt("No account is connected yet, so this becomes a draft.  Connect one:  ttp account connect")
        self._ask_text()
        self._ask_accounts()
        self._ask_media()
        self._ask_time()
        changes = {"text": self._ask_text, "media": self._ask_media}
        if self._accounts:
            changes |= {"accounts": self._ask_accounts, "time": self._ask_time}
        while answer := self._ask_last(self._show_preview(), changes):
            if answer != _YES:
                changes[answer]()
                continue
            try:
                with self._context.naming_choices():
                    return self._store(PostInput(at=self._input.at), self._time(self._input))
            except TtpError as error:  # its hour has passed meanwhile
                _print_error(error)
        return None

    def print_kept(self) -> None:
        """Say which draft has the answers, and how to go on with it."""
        text = self._input.text
        if text and (self.draft is None or self.draft.content != text):  # stopped while it was stored
            self.draft = self._posts.save_draft_text(text, self.draft)
        if self.draft is None:
            return
        draft, at = self._context.queries.post(self.draft.id or 0), self._input.at
        if not self._accounts:
            way = f"Once an account is connected:  ttp edit {draft.id} -e"
        elif draft.accounts:
            way = f"Schedule it:  {command_text(action('schedule', draft.id, at=at or 'tomorrow 9am'))}"
        else:
            way = f"Choose its accounts:  ttp edit {draft.id} --to {self._accounts[0].name}"
        self._context.out.write_one(saved_posts_spec(), draft, say=[f"Saved draft {draft.id}.  {way}"])

    def same_command(self, *, scheduled: bool) -> str | None:
        """Return the command line that does the same; None for a text that it would read as stdin."""
        typed = self._input
        if typed.text == "-":
            return None
        to, at = ",".join(typed.to or ()) or None, typed.at if scheduled else None
        return command_text(action("create", typed.text, to=to, media=typed.media, alt=typed.alts, at=at))

    def _ask(self, read: Callable[[str], None], question: str, *lines: str, again: object) -> None:
        """Ask until the answer can be read. Enter, and the end of stdin, leave it as it is. `again`: the present
        answer, which `none` empties."""
        print_prompt("", f"{question} Enter: {'no change' if again else 'none yet'}.", *lines)
        while typed := read_line(_PROMPT):
            try:
                read("" if typed.lower() == "none" else typed)
                break
            except TtpError as wrong:
                _print_error(wrong)

    def _store(self, answers: PostInput, time: ResolvedTime | None = None) -> SavedPost:
        """Store answers in the draft. Raises every error of an edit."""
        assert self.draft is not None
        saved = self._context.drafts.change(self.draft, answers, time)
        self.draft = self._posts.post(saved.post.id or 0)
        self._input = replace(self._input, **answers.given_fields())
        return saved

    def _store_text(self, text: str) -> None:
        self._input = replace(self._input, text=text)
        draft_id, self.draft = self._draft_id, self._posts.save_draft_text(text, self.draft)
        if draft_id not in (None, self.draft.id):  # the first draft was changed by another command
            self._store(replace(self._input, text=None, at=None))

    def _store_lines(self, lines: list[str]) -> None:
        """Store the lines so far. If that fails, read the rest of what was pasted, which the shell would run."""
        try:
            self._store_text("\n".join(lines).rstrip())
        except TtpError:
            while is_more_typed() and (line := read_text_line(_PROMPT)) is not None:
                lines.append(line)
            self._input = replace(self._input, text="\n".join(lines).rstrip())
            raise

    # The questions, by the names that the last one takes.

    def _ask_text(self) -> None:
        if self._input.text is not None:
            self._write_in_editor(self._input.text)
            return
        print_prompt("", "What is the text? An empty line ends it. Enter alone opens your editor.")
        lines: list[str] = []
        while self._input.text is None:
            try:
                while (line := read_text_line(_PROMPT)) or (lines and line is not None and is_more_typed()):
                    lines.append(line)
                    self._store_lines(lines)
                    if len(line.encode(errors="replace")) >= _LONGEST_TYPED:
                        print_prompt("A terminal cuts lines as long as this one: look at its end in the preview.")
            except UnfinishedLine as stopped:
                self._input = replace(self._input, text="\n".join([*lines, stopped.text]).rstrip())
                raise
            if self._input.text is None and line is None:
                raise UsageError("nothing was written, so no post was created")
            if self._input.text is None:
                self._write_in_editor("")

    def _write_in_editor(self, text: str) -> None:
        """Let the person write the text in the editor; without one, say so."""
        from ttp.cli.editor import write_text

        try:
            write_text(self._context, text, self._store_text)
        except TtpError as error:
            if (self._input.text or "") != text:  # it could not be stored: the draft has another text
                raise
            _print_error(error)

    def _ask_accounts(self) -> None:
        if not self._accounts:
            return
        rows = [f"{number:>3}  {account.name}" for number, account in enumerate(self._accounts, 1)]
        self._ask(self._read_accounts, "Which accounts? Numbers or names: 1 2, or x/me.", *rows, again=self._input.to)

    def _read_accounts(self, typed: str) -> None:
        words = words_of(typed)
        if typed.lower() == "all":
            words = [one.name for one in self._accounts]
        names = [self._account_at(int(word)).name if word.isdecimal() else word for word in words]
        accounts = self._posts.find_accounts(names)
        self._store(PostInput(to=tuple(one.name for one in accounts)))

    def _account_at(self, number: int) -> Account:
        if not 0 < number <= len(self._accounts):
            raise UsageError(f"there is no account {number}")
        return self._accounts[number - 1]

    def _ask_media(self) -> None:
        self._ask(self._read_media, "Images or videos? Paths; quotes around one with blanks.", again=self._input.media)

    def _read_media(self, typed: str) -> None:
        try:
            names = tuple(os.path.expanduser(word) for word in shlex.split(typed))  # noqa: PTH111 (text to text)
        except ValueError:
            raise UsageError("a quote has no end") from None
        self._store(PostInput(media=names, alts=()))
        if names:
            print_prompt("", "What does each show, for people who do not see it? Enter: nothing.")
        alts = [""] * len(names)
        for place, name in enumerate(names):
            stop = None
            try:
                alt = read_text_line(f"{name}{_PROMPT}") or ""
            except UnfinishedLine as stopped:
                alt, stop = stopped.text, stopped
            if alt := alt.strip():
                alts[place] = alt
                self._store(PostInput(alts=tuple(alts)))
            if stop:
                raise stop

    def _ask_time(self) -> None:
        if not self._input.to or self._posts.caller.capability is not Capability.PUBLISH:
            return
        best = suggested_hour(self._context, self._input.to, None)
        lines = [f"The best free hour is {best}."] if best else []
        self._ask(self._read_time, "When? Such as tomorrow 9am, next slot, or best.", *lines, again=self._input.at)

    def _read_time(self, typed: str) -> None:
        post_input = replace(self._input, at=typed or None)
        self._time(post_input)
        self._input = post_input

    def _time(self, post_input: PostInput) -> ResolvedTime | None:
        return self._posts.time_of_new(self._context.times, post_input, self._draft_id)

    def _ask_last(self, when: str | None, changes: Collection[str]) -> str:
        """Ask what comes of the post: schedule it, if it can be (`when`), change it, or nothing."""
        answers = [_YES, *changes] if when else [*changes]
        others = ", ".join(changes)
        question = (
            f"Schedule it for {when}? yes, or what to change: {others}." if when else f"What to change: {others}?"
        )
        print_prompt("", f"{question} Enter: it stays a draft.")
        drop_typed_ahead()
        while (typed := (read_line(_PROMPT) or "no").lower()) not in ("n", "no"):
            if answer := next((one for one in answers if one.startswith(typed)), None):
                return answer
            print_prompt(f"one of: {', '.join(answers)}, no")
        return ""

    def _show_preview(self) -> str | None:
        """Print the preview of --dry-run. Return when the post would be published; None if it has no time, or would be
        refused."""
        from ttp.services.preview import preview_post

        out = self._context.out
        try:
            time = self._time(self._input)
            with self._context.naming_choices():
                preview = preview_post(self._posts, self._input, time, draft=self.draft)
                if preview.refused is not None:
                    raise preview.refused
        except TtpError as error:
            error.hints = edits_of_draft(error.hints, self._draft_id)
            _print_error(error)
            return None
        out.write_one(preview_spec(print_warnings(out, preview.warnings)), preview)
        return None if time is None else time_text(self._context, preview.post, time)


def _print_error(error: TtpError) -> None:
    print_prompt(*(line.removeprefix("ttp: error: ") for line in error_lines(error, _as_answer)))


def _as_answer(way: WayOut) -> str:
    """Return what to type: of other options their values, `tomorrow 9am Europe/Berlin`."""
    if isinstance(way, OtherOptions) and all(isinstance(value, str | None) for _, value in way.options):
        return " ".join(str(value) for _, value in way.options if value)
    return command_text(as_fields(way) or "")
