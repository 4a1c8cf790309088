"""Where services fill in templates. Cheap to import: few posts have one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from ttp.domain.post import Post
from ttp.domain.post_edit import PostInput

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from ttp.domain.account import Account
    from ttp.domain.options import OptionTables
    from ttp.domain.parts.links import LinkRules
    from ttp.domain.rules import Platforms
    from ttp.services.templates.files import TemplateFiles


class Templates:
    """The templates of a caller. Arguments: as those of `TemplateFiles`, which is imported when one is used."""

    def __init__(
        self,
        home: Path,
        platforms: OptionTables,
        now: Callable[[], datetime],
        *,
        is_command_line: bool = False,
        root: Path | None = None,
    ) -> None:
        self._home, self._platforms, self._now = home, platforms, now
        self._is_command_line, self._root = is_command_line, root

    @property
    def of_home(self) -> Templates:
        """Those of the home alone."""
        return Templates(self._home, self._platforms, self._now)

    @cached_property
    def files(self) -> TemplateFiles:
        from ttp.services.templates.files import TemplateFiles

        return TemplateFiles(
            self._home, self._platforms, self._now, is_command_line=self._is_command_line, root=self._root
        )

    def fill_in(
        self, post_input: PostInput, before: Post | None = None, *, spare: Collection[str] | None = None
    ) -> PostInput:
        """Return the input with what its template says where it says nothing itself, and with what makes the texts.

        `before`: the post that is edited; of its template only the texts are made again, with its `vars`. `spare`:
        variables that the template need not use, such as columns of a sheet; None: any. Raise NotFound, UsageError.
        """
        if post_input.asked is not None or not (
            post_input.template is not None or post_input.vars or post_input.snippets
        ):
            return post_input
        return self.files.fill_in(post_input, before, spare)


def fill_texts(
    post: Post,
    post_input: PostInput,
    variants: Mapping[str, str],
    accounts: Sequence[Account],
    platforms: Platforms,
    links: LinkRules,
) -> Post:
    """Return a post with the texts of the input's template, if it has one. `variants`: the typed ones. Links count with
    their length before they are shortened."""
    if post_input.filling is None:
        return replace(post, origin=post_input.origin) if post_input.origin else post
    from ttp.services.templates.rendering import render_post

    typed = post_input.asked or PostInput()
    keeps = {"keeps_thread": bool(typed.thread), "keeps_comment": typed.comment is not None}
    return render_post(post, post_input.filling, variants, accounts, platforms, links, **keeps)
