"""Where services fill in templates. Cheap to import: few posts have one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ttp.domain.post import Post
from ttp.domain.post_edit import PostInput

if TYPE_CHECKING:
    from ttp.domain.account import Account
    from ttp.domain.rules import Platforms


def fill_texts(
    post: Post, wanted: PostInput, variants: Mapping[str, str], accounts: Sequence[Account], platforms: Platforms
) -> Post:
    """Return a post with the texts of the input's template, if it has one. `variants`: the typed ones."""
    if wanted.filling is None:
        return replace(post, origin=wanted.origin) if wanted.origin else post
    from ttp.services.templates.rendering import render_post

    keeps_thread = wanted.asked is not None and bool(wanted.asked.thread)
    return render_post(post, wanted.filling, variants, accounts, platforms, keeps_thread=keeps_thread)
