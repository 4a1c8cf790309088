"""`ttp lint`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from ttp.cli.context import Context
from ttp.cli.errors import DONE, USAGE, command_text, exit_code
from ttp.cli.options import split_list, with_output
from ttp.cli.render.changes import fix_label
from ttp.cli.render.labels import plural
from ttp.cli.render.spec import OutputSpec
from ttp.domain.errors import Hint, TtpError, UsageError
from ttp.views.files import lint_json

if TYPE_CHECKING:
    from ttp.services.files.lint import LintResult

FORMATS = ("text", "json", "github")
VIEW: OutputSpec[LintResult] = OutputSpec(lint_json, (), lint_json)


@with_output(VIEW, only="json")
def lint(
    context: Context,
    paths: Annotated[list[str], typer.Argument(metavar="PATH…", help="Files of posts, or folders of Markdown files.")],
    for_: Annotated[
        list[str] | None,
        typer.Option("--for", metavar="A,B", help="Check for these networks too; mastodon=1000: for texts of 1000."),
    ] = None,
    format: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="text, json, or github: annotations of a workflow.")
    ] = "text",
) -> int:
    """Check files of posts, without a store, accounts or a network.

    The checks are those of ttp import: front matter, times, lengths, parts, media, alt texts, links, repeated texts and
    templates. It checks for the accounts that the files name. The exit code is 2 if there are errors.

    Examples:
      ttp lint posts
      ttp lint posts --for bluesky,mastodon=1000,x
      ttp lint posts --format github
    """
    if format not in FORMATS:
        raise UsageError(f'no format "{format}"', Hint("see", ", ".join(FORMATS)))
    if format == "json":
        context.out.format = "json"
    if format == "github" and not context.out.in_json:
        return _annotate(context, paths, for_)
    result = _run(context, paths, for_)
    if context.out.in_json:
        context.out.write_one(VIEW, result)
    else:
        for line in (*_lines(result), *_summary(result)):
            context.out.line(line)
    return USAGE if result.count("error") else DONE


def _run(context: Context, paths: Sequence[str], networks: Sequence[str] | None) -> LintResult:
    from ttp.cli import settings
    from ttp.services.files.lint import Lint, parse_networks

    (home, *others), _ = settings.own_places()
    service = Lint(
        context.own_config,  # that of the store would have to be read
        context.clock,
        context.platforms,
        system=settings.system_zone().zone,
        home=home,
        own=(home, *others),
    )
    return service.run(paths, parse_networks(split_list(networks) or (), context.platforms))


def _lines(result: LintResult) -> Iterator[str]:
    """Yield a line for each finding, and one for its fix."""
    for one in result.findings:
        place = [one.file, None if one.line is None else str(one.line), one.row and f"row {one.row}"]
        yield ": ".join([":".join(filter(None, place)) or "all files", f"{one.severity}: {one.message} [{one.code}]"])
        if one.fix is not None:
            yield f"  {fix_label(one.fix)}: {command_text(one.fix)}"


def _summary(result: LintResult) -> Iterator[str]:
    """Yield which limits are defaults, and the counts."""
    for one in result.limits:
        if one.is_default:
            yield (
                f"Texts for {one.network} were checked for {one.limit}, the default of its servers."
                f" Where a server allows another length:  --for {one.network}=LENGTH"
            )
    skipped = f"; {result.skipped} skipped: their files say that publishing has begun" if result.skipped else ""
    counts = f"{plural(result.count('error'), 'error')}, {plural(result.count('warning'), 'warning')}"
    yield f"{plural(result.posts, 'post')}: {counts}{skipped}."


def _annotate(context: Context, paths: Sequence[str], networks: Sequence[str] | None) -> int:
    """Write commands of a GitHub workflow, errors first: a step shows ten of each kind. Every line is one, errors of
    the command line included: a line that is none could be read as one, with what a file says in it."""
    try:
        result = _run(context, paths, networks)
    except TtpError as error:
        context.out.line(_command("error", error.message))
        return exit_code(error)
    for severity in ("error", "warning", "notice"):
        for one in result.findings:
            if one.severity == severity:
                fix = "" if one.fix is None else f"\n{fix_label(one.fix)}: {command_text(one.fix)}"
                row = f"row {one.row}: " if one.row else ""
                context.out.line(
                    _command(severity, f"{row}{one.message} [{one.code}]{fix}", file=one.file, line=str(one.line or ""))
                )
    for line in _summary(result):
        context.out.line(_command("notice", line))
    return USAGE if result.count("error") else DONE


def _command(name: str, message: str, **properties: str | None) -> str:
    """Return a workflow command. GitHub documents the escapes of its messages, and those of its properties."""
    values = [f"{key}={_escape(value, ':,')}" for key, value in properties.items() if value]
    return f"::{name}{' ' if values else ''}{','.join(values)}::{_escape(message)}"


def _escape(text: str, signs: str = "") -> str:
    return "".join(f"%{ord(sign):02X}" if sign in f"%\r\n{signs}" else sign for sign in text)
