"""Templates as JSON objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ttp.views import Json
from ttp.views.posts import preview_json, preview_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ttp.services.templates.files import PostTemplate
    from ttp.services.templates.samples import TemplateSample
    from ttp.views.answers import TemplateAnswer


def template_json(item: PostTemplate) -> TemplateAnswer:
    return {
        "name": item.name,
        "isSnippet": item.is_snippet,
        "version": item.version,
        "variables": item.variables,
        "accounts": list(item.fields.to or ()),
        "text": item.text,
        "problem": item.problem or None,
    }


SAMPLE_FIELDS = ("sample", "vars", "content", "thread", "versions")


def sample_json(item: TemplateSample) -> Json:
    """Return what a template makes with some variables."""
    preview = preview_json(item.preview)
    return {
        "sample": item.sample,
        "vars": dict(item.vars),
        "content": preview["content"],
        "thread": preview["thread"],
        "versions": preview["versions"],
    }


def sample_rows(item: TemplateSample) -> Iterator[Json]:
    """Yield a row for each text of each account; without accounts one for the text."""
    rows = list(preview_rows(item.preview)) or [{"account": None, "text": item.preview.post.content}]
    return ({"sample": item.sample, **row} for row in rows)
