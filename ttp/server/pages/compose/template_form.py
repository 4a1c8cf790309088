"""The part of the form of a post in which a template is filled in."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from ttp.domain.post_edit import PostInput
from ttp.server.services import RequestServices
from ttp.services.preview import preview_post
from ttp.services.queries import PostView


@dataclass(frozen=True, slots=True)
class ChosenTemplate:
    """The template of a form. `values`: for it, one `NAME=VALUE` on each line; `origin`: JSON, of the texts in the form
    if a template has made them."""

    name: str = ""
    values: str = ""
    origin: str = ""

    def parse_origin(self) -> dict[str, Any]:
        """Return the origin; an empty one for anything else."""
        try:
            origin = json.loads(self.origin or "{}")
        except (ValueError, RecursionError):
            return {}
        shape = {"template": str, "version": str, "vars": dict}
        fits = isinstance(origin, dict) and all(isinstance(origin.get(name), kind) for name, kind in shape.items())
        return {name: origin[name] for name in (*shape, "text") if name in origin} if fits else {}


NO_TEMPLATE = ChosenTemplate()


def made_by_template(
    services: RequestServices, typed: PostInput, template: ChosenTemplate
) -> tuple[PostView, PostInput]:
    """Return the post that a template makes of a form, not stored, and its input. A text that no template has made is
    its `text`. Raise NotFound, UsageError."""
    lines = (line.partition("=") for line in template.values.splitlines() if line.strip())
    text = str(typed.origin.get("text") or "") if typed.origin else typed.text
    values = {name.strip(): value.strip() for name, _, value in lines}
    post_input = replace(typed, text=text, template=template.name or None, vars=values, thread=None, variants={})
    filled = services.posts.templates.fill_in(post_input, spare=())
    return preview_post(services.posts, filled, None).post, filled


def texts_by_account(post: PostView) -> tuple[tuple[str, str], ...]:
    """Return the texts that differ from the content, as the form has them."""
    texts = ((d.account, post.text_for(d.account, d.platform)) for d in post.active)
    return tuple(one for one in texts if one[1] != post.content)
