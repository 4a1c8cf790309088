"""`ttp lint`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Annotated

from ttp.cli.context import Context
from ttp.cli.errors import DONE, USAGE, command_text, exit_code
from ttp.cli.options import split_list, with_output
from ttp.cli.parameters import argument, option
from ttp.cli.render.changes import fix_label
from ttp.cli.render.labels import plural
from ttp.cli.render.spec import view_spec
from ttp.domain.errors import Hint, TtpError, UsageError
from ttp.views.files import lint_json

if TYPE_CHECKING:
    from ttp.services.files.lint import Finding, LintResult

FORMATS = ("text", "json", "github")
VIEW = view_spec(lint_json, ())


@with_output(VIEW, only="json")
def lint(
    context: Context,
    paths: Annotated[list[str], argument("PATH...", "Files of posts, or folders of Markdown files.")],
    for_: Annotated[
        list[str] | None,
        option("--for", "A,B", "Check for these networks too; NAME=1000: its server takes texts of 1000."),
    ] = None,
    format: Annotated[str, option("--format", "FORMAT", "text, json, or github: annotations of a workflow.")] = "text",
) -> int:
    """Check files of posts, without a store, accounts or a network.

    The checks are those of ttp import: front matter, times, lengths, parts, media, alt texts, links, repeated texts and
    templates. It checks for the accounts that the files name. The exit code is 2 if there are errors.

    Examples:
      ttp lint posts
      ttp lint posts --for x,ig
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
    from ttp.cli.system_zone import system_zone
    from ttp.services.files.lint import Lint, parse_networks

    (home, *others), _ = settings.own_places()
    service = Lint(
        context.own_config,  # that of the store would have to be read
        context.clock,
        context.platforms,
        system=system_zone().zone,
        home=home,
        own=(home, *others),
    )
    return service.run(paths, parse_networks(split_list(networks) or (), context.platforms))


def _lines(result: LintResult) -> Iterator[str]:
    """Yield a line for each finding, and one for its fix."""
    for one in result.findings:
        place = f"{one.file}:{one.line}" if one.line else one.file or "all files"
        yield f"{place}: {one.severity}: {_message(one)}"
        if one.fix is not None:
            yield f"  {fix_label(one.fix)}: {command_text(one.fix)}"


def _message(one: Finding) -> str:
    from ttp.services.files.markdown import NAMES

    row = f"row {one.row}: " if one.row else ""
    field = f"{NAMES.get(one.field, one.field)}: " if one.field and one.code == "row" else ""
    return f"{row}{field}{one.message} [{one.code}]"


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
    """Write commands of a GitHub workflow, errors first: a step shows ten of each kind. Every line is a command, also
    for an error of the command line: in other lines a runner would read commands out of the text of a file."""
    try:
        result = _run(context, paths, networks)
    except TtpError as error:
        context.out.line(_command("error", error.message))
        return exit_code(error)
    lines: dict[str, list[str]] = {"error": [], "warning": [], "notice": []}
    lines["notice"] += (_command("notice", line) for line in _summary(result))
    for one in result.findings:
        fix = "" if one.fix is None else f"\n{fix_label(one.fix)}: {command_text(one.fix)}"
        text = f"{_message(one)}{fix}"
        lines[one.severity].append(_command(one.severity, text, file=one.file, line=str(one.line or "")))
    for line in chain(*lines.values()):
        context.out.line(line)
    return USAGE if result.count("error") else DONE


def _command(name: str, message: str, **properties: str | None) -> str:
    """Return a workflow command. GitHub documents the escapes of its messages, and those of its properties."""
    values = [f"{key}={_escape(value, ':,')}" for key, value in properties.items() if value]
    return f"::{name}{' ' if values else ''}{','.join(values)}::{_escape(message)}"


def _escape(text: str, signs: str = "") -> str:
    return "".join(f"%{ord(sign):02X}" if sign in f"%\r\n{signs}" else sign for sign in text)
