"""Preview a template with made-up values: with all of its variables, and with those alone that it cannot do without."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ttp.domain.post_edit import PostInput
from ttp.domain.template import MissingVariable
from ttp.domain.template_text import Value
from ttp.services.posts import Posts
from ttp.services.preview import PostPreview, preview_post

_SAMPLES = (
    ("date|day|_at$", "2026-12-01"),
    ("version", "2.1.0"),
    ("url|link", "https://example.org/sample"),
    ("tags", "first, second"),
)
"""Values by what is in the name of a variable."""


_OF_SOURCES = ("title", "summary", "link", "author", "published", "updated", "source", "project", "release")
_ITEM: Mapping[str, Value] = {
    "title": "Sample title",
    "summary": "A sample summary.",
    "text": "A sample text. It has two sentences.",
    "author": "Sample author",
    "link": "https://example.org/sample",
    "tags": ["first", "second"],
    "published": "2026-12-01T09:00:00Z",
    "updated": "2026-12-01T09:00:00Z",
    "source": {"id": 1, "name": "example.org", "url": "https://example.org/feed.xml"},
    "project": {"name": "sample"},
    "release": {
        "tag": "v2.1.0",
        "version": "2.1.0",
        "name": "Sample 2.1",
        "url": "https://example.org/sample",
        "notes": "What is new.",
        "prerelease": False,
        "published": "2026-12-01T09:00:00Z",
    },
}
"""The item of a source, for templates of sources."""


@dataclass(frozen=True, slots=True)
class TemplateSample:
    """What each account would get with these variables."""

    sample: Literal["all", "none"]
    vars: Mapping[str, Value]
    preview: PostPreview


def preview_template(posts: Posts, post_input: PostInput) -> list[TemplateSample]:
    """Return the previews of a template. The variables of the input are in both. Without accounts it is for all.

    Raise NotFound, UsageError.
    """
    template = posts.templates.files.find(post_input.template or "")
    template.refuse_unused(post_input.vars)
    whole = {name: _sample_of(name) for name in template.variables if name not in template.fields.vars}
    to = post_input.to or template.fields.to or tuple(account.name for account in posts.accounts() if account.enabled)

    is_of_source = any(template.source(one).names(name) for one in template.texts for name in _OF_SOURCES)

    def preview(values: Mapping[str, Value]) -> PostPreview:
        text = "Sample text." if any(template.source(one).names("text") for one in template.texts) else None
        item = {name: value for name, value in _ITEM.items() if name not in ("tags", "text") or is_of_source}
        sample = PostInput(
            template=post_input.template, vars={**values, **post_input.vars}, to=to, text=text, item=item
        )
        return preview_post(posts, posts.templates.fill_in(sample), None)

    least: dict[str, Value] = {}
    while True:
        try:
            return [
                TemplateSample("all", {**whole, **post_input.vars}, preview(whole)),
                TemplateSample("none", {**least, **post_input.vars}, preview(least)),
            ]
        except MissingVariable as missing:
            if missing.name in least:
                raise
            least[missing.name] = whole.get(missing.name) or _sample_of(missing.name)


def _sample_of(name: str) -> str:
    return next((value for kind, value in _SAMPLES if re.search(kind, name)), f"Sample of {name}")
