"""`ttp template …`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from ttp.cli import options
from ttp.cli.context import Context
from ttp.cli.parameters import argument
from ttp.cli.render.spec import OutputSpec, name_value_rows, view_spec
from ttp.cli.terminal import escape_line, escape_text, lines
from ttp.views import templates as views

if TYPE_CHECKING:
    from ttp.cli.render.page import Page
    from ttp.services.templates.files import PostTemplate
    from ttp.services.templates.samples import TemplateSample

template = typer.Typer()
Name = Annotated[str, argument("NAME|FILE", "A template: its name, or its file.")]


def _render_samples(samples: Sequence[TemplateSample], page: Page) -> Iterator[str]:
    from ttp.cli.render.post import render_versions

    for one in samples:
        given = ", ".join(f"{name}={value}" for name, value in one.vars.items())
        yield page.paint(escape_line(f"With {given or 'no variables'}:"), "bold")
        yield from render_versions(one.preview.versions, page)
        if not one.preview.versions:
            yield from (escape_text(line) for line in lines(one.preview.post.content))


def _render_texts(templates: Sequence[PostTemplate], page: Page) -> Iterator[str]:
    return (escape_text(line) for one in templates for line in lines(one.text.rstrip("\n")))


LIST_SPEC = view_spec(views.template_json, ("name", "version", "variables", "problem"))
SHOW_SPEC = view_spec(
    views.template_json, ("name", "value"), _render_texts, lambda one: name_value_rows(views.template_json(one))
)
PREVIEW_SPEC = OutputSpec(
    views.SAMPLE_FIELDS,
    ("sample", "account", "part", "length", "limit", "costUsd", "text"),
    views.sample_json,
    _render_samples,
    views.sample_rows,
)


@options.subcommand(template, "list", LIST_SPEC)
def list_(context: Context) -> None:
    """List templates and snippets.

    They are files: NAME.md in the folder .ttp of the working folder, and in the folder templates of TTP_HOME.

    Examples:
      ttp template list
    """
    templates = context.templates.files.all()
    context.out.write_list(LIST_SPEC, templates, none="No templates yet.  Write one:  ttp template edit NAME")


@options.subcommand(template, "show", SHOW_SPEC)
def show(context: Context, name: Name) -> None:
    """Show a template.

    Examples:
      ttp template show release
    """
    context.out.write_one(SHOW_SPEC, context.templates.files.find(name))


@options.subcommand(template, "edit")
def edit(context: Context, name: Name) -> None:
    """Edit a template in your editor, or write a new one, and check it.

    Examples:
      ttp template edit release
    """
    from ttp.cli import editor
    from ttp.store.home.files import make_folder

    path = context.templates.files.path_of(name) or context.templates.files.new_path(name)
    make_folder(path.parent, 0o700)
    editor.edit(path)
    context.templates.files.find(name).check()
    context.out.write_message(f"Saved {path}.  Look at it:  ttp template preview {name}")


@options.subcommand(template, "preview", PREVIEW_SPEC)
def preview(context: Context, name: Name, var: options.Variables = None, to: options.To = None) -> None:
    """Show what a template makes of made-up values.

    It is shown twice: with all of its variables, and with those alone that it cannot do without.

    Examples:
      ttp template preview release
      ttp template preview release --var version=2.1 --to x/me
    """
    from ttp.domain.post_edit import PostInput
    from ttp.services.templates.samples import preview_template

    wanted = PostInput(template=name, vars=options.parse_pairs(var, "--var"), to=options.split_list(to))
    context.out.write_list(PREVIEW_SPEC, preview_template(context.posts, wanted))


@options.subcommand(template, "remove", asks=True)
def remove(context: Context, name: Name) -> int:
    """Delete the file of a template. Posts that it made do not change.

    Examples:
      ttp template remove release --yes
    """
    from ttp.cli.errors import DONE, FAILED
    from ttp.domain.action import action
    from ttp.domain.errors import Hint, UsageError

    path = context.templates.files.find_path(name)
    if not context.confirm(f"Delete {path}?", refusal=f"deleting {path}"):
        return FAILED
    try:
        path.unlink()
    except OSError as error:
        raise UsageError(f"{path} cannot be deleted: {error.strerror}", Hint("see", action("template list"))) from None
    context.out.write_message(f"Deleted {path}.")
    return DONE
