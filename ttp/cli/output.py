"""The only writer to stdout and of errors to stderr. Owns formats, colour, and what happens when nobody reads on.

Never decides what is said: views (`ttp.cli.render.spec`) say how a thing looks, commands say which. A closed pipe ends
quietly: writing stops, `closed` is True, and the command goes on to its own end; nothing is raised.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, TextIO, TypeVar

from ttp import views
from ttp.cli.escape import escape_line, escape_text, escape_tsv, json_line, lines, to_ascii
from ttp.cli.exit_codes import exit_code
from ttp.cli.hints import command_text, error_lines
from ttp.cli.streams import USUAL_WIDTH, escaping_stream, is_plain, is_utf8, terminal_width, write_text
from ttp.domain.action import Action
from ttp.domain.errors import Hint, TtpError, UsageError
from ttp.views import errors

if TYPE_CHECKING:
    from ttp.cli.render.page import Page
    from ttp.cli.render.spec import OutputSpec


T = TypeVar("T")


_NARROWEST = 40


class Output:
    """Where a command's answer goes, in the format that was asked for.

    `fields` picks keys of the JSON objects, in this order; empty: the view's own columns, all keys in JSON.
    `plain`: pictures are drawn in ASCII. `pager`: the command that shows them. `now` and `zone` are asked only when
    one is drawn.
    """

    def __init__(
        self,
        stdout: TextIO,
        stderr: TextIO,
        *,
        format: str = "tsv",
        fields: Sequence[str] = (),
        header: bool = False,
        quiet: bool = False,
        width: int = USUAL_WIDTH,
        color: bool = False,
        plain: bool = False,
        pager: str = "",
        now: Callable[[], datetime],
        zone: Callable[[], tzinfo] = lambda: UTC,
    ) -> None:
        self.format = format
        self.fields = tuple(fields)
        self.quiet = quiet
        self.closed = False
        self._stdout, self._stderr = stdout, stderr
        self._header, self._width, self._color = header, max(width, _NARROWEST), color
        self._now, self._zone = now, zone
        self._plain, self._ascii, self._pager = plain, not is_utf8(stdout), pager

    @property
    def for_people(self) -> bool:
        """Pictures and sentences are written, not data."""
        return self.format == "table"

    @property
    def in_json(self) -> bool:
        """Errors are written as JSON too."""
        return self.format in ("json", "jsonl")

    def check_fields(self, view: OutputSpec[T]) -> None:
        """Refuse fields that `view` does not have. UsageError that lists them; to be called before anything is done."""
        for name in () if self._by_row(view) else self.fields:
            if name not in view.fields:
                raise _unknown_field(name, view.fields)

    def _by_row(self, view: OutputSpec[T]) -> bool:
        """Whether the fields that were picked are columns of the rows of an item, and not all keys of its object."""
        if self.in_json or view.rows is None:
            return False
        return set(self.fields) <= {*view.columns} and not set(self.fields) <= {*view.fields}

    def write_list(
        self, view: OutputSpec[T], items: Iterable[T], *, say: Sequence[str] | None = None, foot: Iterable[str] = ()
    ) -> None:
        """Write a list: a JSON array, a JSON line each, TSV rows as they come, or the picture and `foot` under it.

        `say`: sentences that a person gets instead of a picture, unless fields were picked.
        """
        self.check_fields(view)
        match self.format:
            case "json" if view.to_document is not None:
                self._write([self._json(view.to_document([self._picked(view, item) for item in items])), "\n"])
            case "json":
                self._write(_array(self._json(self._picked(view, item)) for item in items))
            case "jsonl":
                self._write(f"{self._json(self._picked(view, item))}\n" for item in items)
            case "tsv":
                self._write(self._tsv(view, items))
            case _ if say is not None and not self.fields:
                self.write_message(*say)
            case _:
                drawn = chain(self._picture(view, items), map(escape_text, foot))
                self._show(f"{to_ascii(line) if self._plain else line}\n" for line in drawn)

    def write_one(
        self, view: OutputSpec[T], item: T, *, say: Sequence[str] | None = None, foot: Iterable[str] = ()
    ) -> None:
        """Write one thing: as `records`, but a JSON object instead of an array."""
        if self.format == "json" and view.to_document is None:
            self.check_fields(view)
            self._write([self._json(self._picked(view, item)), "\n"])
        else:
            self.write_list(view, [item], say=say, foot=foot)

    def write_message(self, *sentences: str) -> None:
        """Lines for a person on stdout; nothing in the other formats, nor when quiet."""
        if self.for_people and not self.quiet:
            self._write(f"{escape_text(sentence)}\n" for sentence in sentences)

    def line(self, text: str) -> None:
        """One line on stdout in every format, at once."""
        self._write([f"{escape_text(text)}\n"])

    def write_stderr(self, text: str) -> None:
        """One line on stderr, at once, where stdout has data."""
        write_text(self._stderr, f"{escape_text(text)}\n", flush=True)

    def document(self, parts: Iterable[str]) -> None:
        """A file on stdout, in every format: nothing is escaped, but for what would reach a terminal raw."""
        self._write("\n".join(lines(part)) if self.for_people else part for part in parts)

    def event(self, event: Mapping[str, object]) -> None:
        """One JSON line on stdout, at once."""
        picked = {name: event.get(name) for name in self.fields} if self.fields else event
        self._write([self._json(picked) + "\n"])

    def note(self, text: str) -> None:
        """`note: …` on stderr, further lines of it indented; nothing when quiet."""
        if not self.quiet:
            first, *more = lines(text)
            write_text(self._stderr, "\n      ".join([f"note: {first}", *more]) + "\n", flush=True)

    def error(self, error: TtpError, json: bool | None = None) -> None:
        """The error on stderr: a sentence and ways out, or JSON (None: as the format says)."""
        write_error(self._stderr, error, json=self.in_json if json is None else json)

    def finish(self) -> None:
        """Flush what other writers left in stdout, so that a closed pipe is met here and not at the interpreter's
        end."""
        self._write([])

    def _write(self, parts: Iterable[str]) -> None:
        """Write and flush. TtpError where it cannot be written for another reason than that nobody reads."""
        if self.closed:
            return
        for part in chain(parts, [None]):
            failure = write_text(self._stdout, part or "", flush=part is None)
            if failure is None:
                continue
            self.closed = True
            if isinstance(failure, BrokenPipeError):
                return
            raise TtpError(f"cannot write the output: {failure.strerror}")

    def _show(self, parts: Iterable[str]) -> None:
        """Write a picture, through the pager where there is one."""
        if not self._pager:
            self._write(parts)
            return
        self.finish()
        page(self._pager, parts)

    def _json(self, shape: object) -> str:
        return _dumps(shape, ascii=self._ascii)

    def _picked(self, view: OutputSpec[T], item: T) -> views.Json:
        shape = view.to_json(item)
        return {name: shape.get(name) for name in self.fields} if self.fields else shape

    def _tsv(self, view: OutputSpec[T], items: Iterable[T]) -> Iterator[str]:
        names = self.fields or view.columns
        if self._header:
            yield "\t".join(names) + "\n"
        for row in self._rows(view, items):
            yield "\t".join(escape_tsv(cell(row.get(name))) for name in names) + "\n"

    def _rows(self, view: OutputSpec[T], items: Iterable[T]) -> Iterator[views.Json]:
        """The TSV rows of all items: their own, or one for each item where keys of its object were picked."""
        for item in items:
            if (self.fields and not self._by_row(view)) or view.rows is None:
                yield view.to_json(item)
            else:
                yield from view.rows(item)

    def _picture(self, view: OutputSpec[T], items: Iterable[T]) -> Iterable[str]:
        from ttp.cli.render.page import Page

        page = Page(now=self._now(), zone=self._zone(), width=self._width, color=self._color)
        if view.render is not None and not self.fields:
            return view.render(list(items), page)
        return self._plain_table(view, items, page)

    def _plain_table(self, view: OutputSpec[T], items: Iterable[T], page: Page) -> Iterable[str]:
        """The columns of the TSV, with their names as a heading."""
        from ttp.cli.render.page import Cell, Column, table

        names = self.fields or view.columns
        rows = [[Cell(escape_line(cell(row.get(name)))) for name in names] for row in self._rows(view, items)]
        return table([Column(name) for name in names], rows, page)


def write_error(stream: TextIO, error: TtpError, *, json: bool) -> None:
    """Write `error` to `stream` (stderr), as text or as one JSON line. Where that fails nobody can be told."""
    # Plain ASCII: stderr is often read by a program that knows nothing of the locale.
    text = _dumps(errors.error_json(error, exit_code(error)), ascii=True) if json else "\n".join(error_lines(error))
    write_text(stream, f"{text}\n", flush=True)


def cell(value: object) -> str:
    """A JSON value as the text of a TSV cell: plain lists joined by commas, the rest that is nested as compact JSON."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case list() | tuple() if not any(isinstance(item, dict | list) for item in value):
            return ",".join(cell(item) for item in value)
        case dict() | list() | tuple():
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)
        case _:
            return str(_plain(value) if isinstance(value, datetime | Action) else value)


def _unknown_field(name: str, fields: Sequence[str]) -> UsageError:
    import difflib
    import textwrap

    near = difflib.get_close_matches(name.lower(), [field.lower() for field in fields], 1)
    meant = [Hint("did you mean", field, (name, field)) for field in fields if field.lower() in near]
    listed = textwrap.wrap(" ".join(sorted(fields)), 70)
    return UsageError(
        f'unknown field "{name}"',
        *meant,
        details=[f"fields: {listed[0]}", *(f"        {more}" for more in listed[1:])],
    )


def _array(items: Iterable[str]) -> Iterator[str]:
    """A JSON array with one item a line, without holding it."""
    before = "["
    for item in items:
        yield before + item
        before = ",\n "
    yield "[]\n" if before == "[" else "]\n"


def _dumps(shape: object, *, ascii: bool) -> str:
    return json_line(_encoder(ascii=ascii).encode(shape))


@cache
def _encoder(*, ascii: bool) -> json.JSONEncoder:
    """Made once: `json.dumps` would make one for each line."""
    return json.JSONEncoder(ensure_ascii=ascii, allow_nan=False, check_circular=False, default=_plain)


def _plain(value: object) -> object:
    """What JSON has no form for: instants, and the actions of hints."""
    if isinstance(value, datetime):
        return views.format_json_instant(value)
    if isinstance(value, Action):
        return command_text(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


FORMATS = ("table", "tsv", "json", "jsonl")


COLORS = ("auto", "always", "never")


def output_of_process(
    *,
    format: str | None = None,
    json: bool = False,
    jsonl: bool = False,
    fields: str | None = None,
    header: bool = False,
    quiet: bool = False,
    color: str = "auto",
    ascii: bool = False,
    environ: Mapping[str, str] = os.environ,
    now: Callable[[], datetime],
    zone: Callable[[], tzinfo] = lambda: UTC,
) -> Output:
    """The output of this process, from its options. UsageError for formats that contradict each other.

    The format follows the options or whether stdout is a terminal, never the environment.
    """
    stdout, stderr = escaping_stream(sys.stdout), escaping_stream(sys.stderr)
    is_terminal = stdout.isatty()
    return Output(
        stdout,
        stderr,
        format=chosen_format(format, json=json, jsonl=jsonl, is_terminal=is_terminal),
        fields=[] if fields is None else [name.strip() for name in fields.split(",")],
        header=header,
        quiet=quiet,
        width=terminal_width(stdout, environ),
        color=color_wanted(color, environ, is_terminal=is_terminal),
        plain=ascii or is_plain(stdout, environ),
        pager=environ.get("TTP_PAGER", "").strip() if is_terminal else "",
        now=now,
        zone=zone,
    )


def chosen_format(format: str | None, *, json: bool, jsonl: bool, is_terminal: bool) -> str:
    """The format that was asked for, else a table on a terminal and TSV elsewhere. UsageError for two different ones
    or an unknown one."""
    asked = [name for name, wanted in ((format, True), ("json", json), ("jsonl", jsonl)) if wanted and name is not None]
    if any(name not in FORMATS for name in asked):
        raise UsageError(f'no format "{format}"', Hint("the formats", ", ".join(FORMATS)))
    if len(set(asked)) > 1:
        raise UsageError(f"one output format at a time, not {' and '.join(asked)}")
    return asked[0] if asked else "table" if is_terminal else "tsv"


def color_wanted(flag: str, environ: Mapping[str, str], *, is_terminal: bool) -> bool:
    """Whether pictures are coloured: the flag, else NO_COLOR, CLICOLOR_FORCE and FORCE_COLOR, CLICOLOR=0 and
    TERM=dumb, else whether it is a terminal. An empty variable counts as unset. UsageError for an unknown flag."""
    if flag not in COLORS:
        raise UsageError(
            f'--color is {", ".join(COLORS)}, not "{flag}"', Hint("as it is without it", "leave out --color")
        )
    if flag != "auto":
        return flag == "always"
    if environ.get("NO_COLOR"):
        return False
    if any(environ.get(name, "") not in ("", "0") for name in ("CLICOLOR_FORCE", "FORCE_COLOR")):
        return True
    return is_terminal and environ.get("CLICOLOR") != "0" and environ.get("TERM") != "dumb"


def page(pager: str, parts: Iterable[str], environ: Mapping[str, str] = os.environ) -> None:
    """Show a text through the pager, and come back when it has been read. UsageError, TtpError before anything is
    shown: it cannot be read or started."""
    way_out = Hint("without one", "unset TTP_PAGER")
    try:
        argv = shlex.split(pager)
    except ValueError as error:
        raise UsageError(f"TTP_PAGER cannot be read: {error}", way_out) from None
    # less: leave at once where it fits on the screen, keep colours and what was shown.
    environ = {"LESS": "FRX", **environ}
    try:
        import subprocess

        process = subprocess.Popen(argv, stdin=subprocess.PIPE, env=environ, encoding="utf-8", errors="replace")
    except OSError as error:
        raise TtpError(f"the pager {argv[0]} cannot be started: {error.strerror}", way_out) from None
    assert process.stdin is not None
    with suppress(BrokenPipeError):
        for part in parts:
            process.stdin.write(part)
    with suppress(BrokenPipeError):
        process.stdin.close()
    while True:
        with suppress(KeyboardInterrupt):  # Ctrl-C is the pager's
            process.wait()
            return
