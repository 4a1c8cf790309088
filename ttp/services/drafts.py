"""Save texts from stdin or a terminal as drafts before anything is checked, so that no text is lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from ttp.domain.action import action
from ttp.domain.errors import ContentRefused, Hint, TimeRefused, TtpError
from ttp.domain.post import Post, PostFields
from ttp.domain.post_edit import MOST_CHARACTERS, PostInput, edits_of_draft
from ttp.domain.post_fields import content_of
from ttp.domain.time.resolve import ResolvedTime
from ttp.services.post_changes import SavedPost
from ttp.services.posts import Posts
from ttp.store import posts as store

_LEFT_OUT = (
    (),
    ("media", "alts"),
    ("media", "alts", "to"),
    ("media", "alts", "to", "options"),
    ("media", "alts", "to", "options", "variants"),
)
"""What a kept draft does without, where that is what is wrong. Texts are kept first."""


class Drafts:
    def __init__(self, posts: Posts) -> None:
        self._posts = posts

    @contextmanager
    def keep_text_on_error(self, text: str | None, *, edits: bool = False) -> Iterator[None]:
        """Save a text, if any, as a draft when the block fails, and name the draft in the error. One that is too long
        for a post is in the file or the program that it came from. `edits`: the text is for another post, so hints
        change the request and not the draft."""
        try:
            yield
        except TtpError as error:
            if not _is_storable(text):
                raise
            draft = self._once(self._posts.save_draft_text(text or ""))
            raise _naming(error, draft) if edits else _with_draft_hint(error, draft) from error

    @contextmanager
    def save_first(self, text: str | None, post_input: PostInput) -> Iterator[Post | None]:
        """Save a text, if any, as a draft before the block, which creates the post from it.

        If the block fails, the error names the draft. If only the time or content was refused, the draft also gets the
        accounts, media and options of `post_input`.
        """
        if not _is_storable(text):
            yield None
            return
        draft = self._posts.save_draft_text(text or "")
        try:
            yield draft
        except TtpError as error:
            # For a whole file the draft becomes the post without a time, whatever was refused.
            is_due = text != post_input.text or isinstance(error, ContentRefused | TimeRefused)
            whole = self._save_draft(post_input, draft) if is_due else None
            kept = self._once(whole or draft)
            rest = post_input if whole is None else PostInput(first=post_input.first)
            raise self._with_next_steps(error, kept, post_input, rest) from error

    @contextmanager
    def keep_on_error(self, post_input: PostInput) -> Iterator[None]:
        """Save a post as a draft, without its time and its key, when the block fails, and name it in the error."""
        try:
            yield
        except TtpError as error:
            for left_out in _LEFT_OUT:
                kept = _with_fields(post_input, PostInput(), left_out)
                has_words = not left_out or kept.text or kept.thread or kept.variants
                if has_words and (draft := self._save_draft(kept)) is not None:
                    break
            else:
                raise
            rest = _with_fields(PostInput(first=post_input.first), post_input, left_out)
            raise self._with_next_steps(error, self._once(draft), post_input, rest) from error

    def _once(self, draft: PostFields) -> Post:
        """Return a draft that was saved just now, or in its place an earlier one with the same content: the same
        refused command was typed again."""
        new = self._posts.post(draft.id or 0)
        with self._posts.database.reading() as db:
            drafts = store.drafts_with_text(db, new.content) if db else ()
            kept = next((one for one in drafts if _contents(one) == _contents(new)), new)
        if kept.id != new.id:
            self._posts.discard_draft(new)
        return kept

    def _save_draft(self, post_input: PostInput, draft: Post | None = None) -> PostFields | None:
        """Save a post without its time, in a draft that has its text, if any; None if its other fields are wrong."""
        with suppress(TtpError):
            wanted = replace(post_input, at=None, tz=None, key=None, first=False)
            return self._posts.create(wanted, None, draft).post
        return None

    def _with_next_steps(self, error: TtpError, draft: PostFields, post_input: PostInput, rest: PostInput) -> TtpError:
        """Return the error of a post that is kept: how its draft is changed, and scheduled as it was asked. `rest`:
        what the draft lacks, its time apart."""
        if not isinstance(error, ContentRefused) or post_input.at is None:
            return _with_draft_hint(error, draft, rest)
        hints = edits_of_draft(error.hints, draft.id, rest) or (Hint("try", action("edit", draft.id)),)
        time = {"at": post_input.at, "tz": post_input.tz, "first": post_input.first, "strict": self._posts.strict}
        error.hints = (*hints, Hint("try", action("schedule", draft.id, **time), sure=False))
        return _with_draft_hint(error, draft)

    def change(self, draft: Post, post_input: PostInput, time: ResolvedTime | None = None) -> SavedPost:
        """Change a draft while it is being written, as a part of what created it. Raises the errors of `Posts.edit`."""
        recorder = self._posts.recorder("create")
        with self._posts.database.reading() as db:
            if db is not None:
                recorder.go_on(db, draft.id)
        return self._posts.edit(draft.id or 0, post_input, time, draft, recorder=recorder)


def _with_fields(post_input: PostInput, other: PostInput, names: Iterable[str]) -> PostInput:
    """Return the input with these fields of the other one."""
    return replace(post_input, **{name: getattr(other, name) for name in names})


def _is_storable(text: str | None) -> bool:
    return bool((text or "").strip()) and len(text or "") <= MOST_CHARACTERS


def _contents(post: Post) -> tuple[object, ...]:
    return content_of(post), post.accounts, post.key


def _with_draft_hint(error: TtpError, draft: PostFields, post_input: PostInput | None = None) -> TtpError:
    edits = [
        edits_of_draft([Hint("fix", one.hint)] if one.hint else [], draft.id, post_input) for one in error.problems
    ]
    problems = [
        replace(one, hint=ways[0].way if ways else None) for one, ways in zip(error.problems, edits, strict=True)
    ]
    error.hints = edits_of_draft(error.hints, draft.id, post_input)
    error.problems = tuple(problems)
    return _naming(error, draft)


def _naming(error: TtpError, draft: PostFields) -> TtpError:
    hints = (*error.hints, Hint("see", action("show", draft.id)))
    details = (*error.details, f"The text is kept as draft {draft.id}.")
    return type(error)(error.message, *hints, problems=error.problems, details=details)
