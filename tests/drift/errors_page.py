"""docs/reference/errors.md: codes of errors, of problems and of failed deliveries, from the classes and tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from tests.drift import messages
from ttp.cli.commands.help import KINDS
from ttp.cli.exit_codes import BY_CODE
from ttp.domain import errors


def page() -> Iterator[str]:
    """The document's lines."""
    yield from (
        "# Errors",
        "",
        "Every error has a code that does not change; its wording may. With `--json` an error is",
        '`{"error": {"code", "message", "hint", "exit", "problems"}}` on stderr: `ttp help json`.',
        "The page is written by `python -m tests.drift.write_docs`.",
        "",
        "| code | exit code | meaning |",
        "|---|--:|---|",
    )
    for one in _classes():
        yield f"| `{one.code}` | {BY_CODE[one.code]} | {' '.join((one.__doc__ or '').split())} |"
    yield from (
        "",
        "## Problems of a post",
        "",
        "A post that a platform would refuse gets no time: exit code 2, code `content`, and a problem for each reason.",
        "A draft is saved, with the problems as warnings. `field` is the part of the post, `code` says what is wrong.",
        "",
        "| field | codes |",
        "|---|---|",
    )
    fields: dict[str, set[str]] = defaultdict(set)
    for code in messages.messages():
        field, _, problem = code.partition("/")
        if problem and messages.HOLE not in code:
            fields[field].add(problem)
    for field, problems in sorted(fields.items()):
        yield f"| `{field}` | {', '.join(f'`{one}`' for one in sorted(problems))} |"
    yield from (
        "",
        "## Failed deliveries",
        "",
        "`ttp show` and `ttp log` have the kind of each failure, and the platform's own words.",
        "",
        "| kind | cause | what to do |",
        "|---|---|---|",
    )
    yield from (f"| `{kind}` | {cause} | {cure} |" for kind, (cause, cure) in KINDS.items())


def _classes() -> Iterator[type[errors.TtpError]]:
    """The first class of each code."""
    seen = {errors.TtpError.code}
    for one in vars(errors).values():
        if isinstance(one, type) and issubclass(one, errors.TtpError) and one.code not in seen:
            seen.add(one.code)
            yield one
    yield errors.Bug
