"""Drafts that keep a text from stdin or an editor, so that no text is lost: it is a draft before anything is checked,
and the same draft becomes the post."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from ttp.domain.action import action
from ttp.domain.errors import ContentRefused, Hint, NotFound, TimeRefused, TtpError
from ttp.domain.post import Post
from ttp.domain.post_input import PostInput, edits_of_draft
from ttp.services.posts import Posts


class Drafts:
    def __init__(self, posts: Posts) -> None:
        self._posts = posts

    @contextmanager
    def keep_text_on_error(self, text: str | None) -> Iterator[None]:
        """Save a text (if there is any) as a draft when the block fails, and name the draft in the error."""
        try:
            yield
        except TtpError as error:
            if not (text or "").strip():
                raise
            raise _naming_draft(error, self._posts.save_draft_text(text or "")) from error

    @contextmanager
    def save_first(self, text: str | None, wanted: PostInput) -> Iterator[Post | None]:
        """Save a text (if there is any) as a draft before the block, which makes the post of it.

        If the block is refused, the error names the draft; where only the time or the content was refused it gets the
        accounts, media and options of `wanted` too, as far as it may.
        """
        if not (text or "").strip():
            yield None
            return
        draft = self._posts.save_draft_text(text or "")
        try:
            yield draft
        except TtpError as error:
            # All of a file was saved: the draft becomes the post without a time, whatever was refused.
            if text != wanted.text or isinstance(error, ContentRefused | TimeRefused):
                with suppress(TtpError):
                    self._posts.create(replace(wanted, at=None, tz=None, key=None, first=False), None, draft)
            raise _naming_draft(error, draft, wanted) from error

    def save(self, text: str, draft_id: int | None = None, fingerprint: str | None = None) -> Post:
        """Save a text as a draft, whatever it is: in a draft that is still as its fingerprint says, else in a new
        one."""
        return self._posts.save_draft_text(text, self._unchanged(draft_id, fingerprint))

    def discard(self, draft_id: int, fingerprint: str | None) -> None:
        """Remove a draft that held a text, if it is still as its fingerprint says."""
        draft = self._unchanged(draft_id, fingerprint)
        if draft is not None:
            self._posts.discard_draft(draft)

    def _unchanged(self, draft_id: int | None, fingerprint: str | None) -> Post | None:
        if draft_id is None:
            return None
        try:
            draft = self._posts.post(draft_id)
        except NotFound:
            return None
        return draft if post_fingerprint(draft) == fingerprint else None


def _naming_draft(error: TtpError, draft: Post, wanted: PostInput | None = None) -> TtpError:
    """Return the error with the draft that keeps the text."""
    hints = (*edits_of_draft(error.hints, draft.id, wanted), Hint("see", action("show", draft.id)))
    details = (*error.details, f"The text is kept as draft {draft.id}.")
    return type(error)(error.message, *hints, problems=error.problems, details=details)


def post_fingerprint(post: Post) -> str:
    """Return a digest of a post that differs after any change of it."""
    return hashlib.sha256(repr(post).encode("utf-8", "surrogatepass")).hexdigest()
