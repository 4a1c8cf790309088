"""The only writer to stdout, and of errors to stderr: formats, colour, width, the pager and closed pipes.

An `OutputSpec` says how a result is written. A closed pipe ends quietly: `closed` becomes True, later writes do
nothing, and the command runs to its end.
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
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

from ttp import views
from ttp.cli import terminal
from ttp.cli.errors import FAILED, command_text, error_lines, exit_code, fit_install_commands, with_whole_commands
from ttp.cli.typed_command import TypedCommand
from ttp.domain.action import Action, OtherOptions, other_options
from ttp.domain.errors import Hint, TtpError, UsageError
from ttp.domain.time import clock
from ttp.views import errors

if TYPE_CHECKING:
    from ttp.cli.render.page import Page
    from ttp.cli.render.spec import OutputSpec


T = TypeVar("T")


class Output:
    """Writes the results of a command in one format.

    `fields` picks keys of the JSON objects, in this order; empty: the TSV columns of the spec, and all keys in JSON.
    `plain`: tables are drawn in ASCII. `pager`: the program that shows tables. `now` and `zone` are called only to
    draw one.
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
        width: int = terminal.USUAL_WIDTH,
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
        self.below: list[str] = []
        """Notes that are written after the answer."""
        self._stdout, self._stderr = stdout, stderr
        self._header, self._width, self._color = header, max(width, terminal.NARROWEST), color
        self._now, self._zone = now, zone
        self._plain, self._ascii, self._pager = plain, not terminal.is_utf8(stdout), pager

    @property
    def for_people(self) -> bool:
        """Return whether tables and sentences are written, and not data."""
        return self.format == "table"

    @property
    def in_json(self) -> bool:
        """Return whether errors are written as JSON too."""
        return self.format in ("json", "jsonl")

    def check_fields(self, view: OutputSpec[Any]) -> None:
        """Raise UsageError for unknown `--fields`. Called before anything is done."""
        for name in () if self._by_row(view) else self.fields:
            if name not in view.fields:
                raise _unknown_field(name, view.fields, self.fields)

    def _by_row(self, view: OutputSpec[T]) -> bool:
        """Return whether the picked fields are columns of the rows of an item, and not keys of its object."""
        if self.in_json or view.rows is None or not self.fields:
            return False
        return set(self.fields) <= {*view.columns} and not set(self.fields) <= {*view.fields}

    def write_list(
        self,
        view: OutputSpec[T],
        items: Iterable[T],
        *,
        say: Sequence[str] | None = None,
        none: str = "",
        foot: Iterable[str] = (),
    ) -> None:
        """Write a list: a JSON array, JSON lines, TSV rows as they come, or a table with `foot` below it.

        `say`: sentences that a person gets instead of a table, unless fields were picked; `none`: the one instead of an
        empty sequence.
        """
        self.check_fields(view)
        if none and not items:
            say = [none]
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
                below = (line for text in foot for line in self._wrapped(terminal.escape_text(text)))
                drawn = chain(self._table(view, items), below)
                self._show(f"{terminal.to_ascii(line) if self._plain else line}\n" for line in drawn)

    def write_one(
        self, view: OutputSpec[T], item: T, *, say: Sequence[str] | None = None, foot: Iterable[str] = ()
    ) -> None:
        """Write one item like a list, but as a JSON object instead of an array."""
        if self.format == "json" and view.to_document is None:
            self.check_fields(view)
            self._write([self._json(self._picked(view, item)), "\n"])
        else:
            self.write_list(view, [item], say=say, foot=foot)

    def write_message(self, *sentences: str) -> None:
        """Write sentences for a person; nothing in other formats, and nothing with --quiet."""
        if self.for_people and not self.quiet:
            self._write(f"{line}\n" for sentence in sentences for line in self._wrapped(terminal.escape_text(sentence)))

    def line(self, text: str) -> None:
        """Write and flush a line on stdout, in every format."""
        self._write([f"{terminal.escape_text(text)}\n"])

    def write_stderr(self, text: str) -> None:
        """Write and flush a line on stderr."""
        terminal.write_text(self._stderr, f"{terminal.escape_text(text)}\n", flush=True)

    def document(self, parts: Iterable[str]) -> None:
        """Write a file to stdout. Only on a terminal it is escaped."""
        self._write("\n".join(terminal.lines(part)) if self.for_people else part for part in parts)

    def event(self, event: Mapping[str, object]) -> None:
        """Write and flush a JSON line on stdout."""
        picked = {name: event.get(name) for name in self.fields} if self.fields else event
        self._write([self._json(picked) + "\n"])

    def note(self, *texts: str) -> None:
        """Write `note: …` to stderr for each text, further lines indented; nothing with --quiet."""
        for text in () if self.quiet else texts:
            first, *more = terminal.lines(fit_install_commands(text))
            lines = [f"note: {first}", *(f"      {line}" for line in more)]
            wrapped = [part for line in lines for part in terminal.wrap_for(self._stderr, line)]
            terminal.write_text(self._stderr, "\n".join(wrapped) + "\n", flush=True)

    def error(self, error: TtpError) -> None:
        """Write an error to stderr, as JSON if the output is."""
        write_error(self._stderr, error, json=self.in_json)

    def finish(self) -> None:
        """Flush stdout, so that a closed pipe is noticed here and not at exit."""
        self._write([])

    def write_below(self) -> None:
        """Write the notes that follow the answer."""
        self.note(*self.below)

    def _write(self, parts: Iterable[str]) -> None:
        """Write and flush. TtpError if that fails, except for a closed pipe."""
        if self.closed:
            return
        for part in chain(parts, [None]):
            failure = terminal.write_text(self._stdout, part or "", flush=part is None)
            if failure is None:
                continue
            self.closed = True
            if isinstance(failure, BrokenPipeError):
                return
            raise TtpError(f"cannot write the output: {failure.strerror}")

    def _show(self, parts: Iterable[str]) -> None:
        """Write a table, through the pager if there is one."""
        if not self._pager:
            self._write(parts)
            return
        self.finish()
        page(self._pager, parts)

    def _wrapped(self, sentence: str) -> list[str]:
        return terminal.wrap_for(self._stdout, sentence)

    def page(self) -> Page:
        """Return the page that tables are drawn on."""
        from ttp.cli.render.page import Page

        return Page(now=self._now(), zone=self._zone(), width=self._width, color=self._color)

    def write_qr(self, text: str) -> None:
        """Write a QR code on a terminal where it fits below two lines; nothing elsewhere."""
        if self.for_people and not self._plain and self._stdout.isatty():
            import shutil

            from ttp.cli.render.qr import qr_lines

            room = shutil.get_terminal_size().lines - 3
            self._write(f"{line}\n" for line in qr_lines(text, width=self._width, height=room, color=self._color))

    def write_painted(self, text: str) -> None:
        """Write and flush a line that is escaped and coloured already."""
        self._write([f"{terminal.to_ascii(text) if self._plain else text}\n"])

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
            yield "\t".join(terminal.escape_tsv(cell(row.get(name))) for name in names) + "\n"

    def _rows(self, view: OutputSpec[T], items: Iterable[T]) -> Iterator[views.Json]:
        """Yield the TSV rows of all items; one per item if keys of its object were picked."""
        for item in items:
            if (self.fields and not self._by_row(view)) or view.rows is None:
                yield view.to_json(item)
            else:
                yield from view.rows(item)

    def _table(self, view: OutputSpec[T], items: Iterable[T]) -> Iterable[str]:
        page = self.page()
        if view.render is not None and not self.fields:
            return view.render(list(items), page)
        return self._plain_table(view, items, page)

    def _plain_table(self, view: OutputSpec[T], items: Iterable[T], page: Page) -> Iterable[str]:
        """Draw the picked fields unchanged, else the TSV columns with headings and times for a person."""
        from ttp.cli.render.page import Cell, Column, heading, readable, table

        if self.fields:
            names, columns = self.fields, [Column(name) for name in self.fields]
        else:
            names, columns = view.columns, [Column(heading(name)) for name in view.columns]
        rows = []
        for row in self._rows(view, items):
            texts = (cell(row.get(name) if self.fields else readable(name, row.get(name), page)) for name in names)
            rows.append([Cell(terminal.escape_line(text)) for text in texts])
        return table(columns, rows, page)


def write_error(stream: TextIO, error: TtpError, *, json: bool) -> None:
    """Write an error to stderr, as text or as a JSON line. Failing to write is ignored."""
    if json:  # in ASCII: programs often read stderr without knowing the locale
        text = fit_install_commands(_dumps(errors.error_json(error, exit_code(error)), ascii=True))
    else:
        lines = (fit_install_commands(line) for line in error_lines(error))
        text = "\n".join(part for line in lines for part in terminal.wrap_for(stream, line))
    terminal.write_text(stream, f"{text}\n", flush=True)


def cell(value: object) -> str:
    """Return a JSON value as the text of a TSV cell: lists joined by commas, other nested values as compact JSON."""
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
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=json_value)
        case _:
            return str(json_value(value) if isinstance(value, datetime | Action | OtherOptions) else value)


def _unknown_field(name: str, fields: Sequence[str], typed: Sequence[str]) -> UsageError:
    import textwrap

    near = [one if one in fields else _near_field(one, fields) for one in typed]
    meant = [one for one in near if one is not None]
    hints = [Hint("try", other_options(fields=",".join(meant)))] if len(meant) == len(near) else []
    listed = textwrap.wrap(" ".join(sorted(fields)), 70)
    return UsageError(
        f'unknown field "{name}"', *hints, details=[f"fields: {listed[0]}", *(f"        {more}" for more in listed[1:])]
    )


def _near_field(name: str, fields: Sequence[str]) -> str | None:
    from difflib import get_close_matches

    from ttp.cli.other_words import FIELDS

    near = get_close_matches(name.lower(), [field.lower() for field in fields], 1)
    other = [field for field in FIELDS.get(name.lower(), ()) if field in fields]
    return next((field for field in (*other, *fields) if field in other or field.lower() in near), None)


def _array(items: Iterable[str]) -> Iterator[str]:
    """Yield a JSON array with one item per line."""
    before = "["
    for item in items:
        yield before + item
        before = ",\n "
    yield "[]\n" if before == "[" else "]\n"


def _dumps(shape: object, *, ascii: bool) -> str:
    return terminal.json_line(_encoder(ascii=ascii).encode(shape))


@cache
def _encoder(*, ascii: bool) -> json.JSONEncoder:
    """Return an encoder; `json.dumps` would make a new one for each line."""
    return json.JSONEncoder(ensure_ascii=ascii, allow_nan=False, check_circular=False, default=json_value)


def json_value(value: object) -> object:
    """Return the JSON form of an instant or an action."""
    if isinstance(value, datetime):
        return clock.format_json_instant(value)
    if isinstance(value, Action | OtherOptions):
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
    """Return the output of this process. UsageError for contradicting options.

    The format depends on the options and on whether stdout is a terminal, never on the environment.
    """
    stdout, stderr = terminal.escaping_stream(sys.stdout), terminal.escaping_stream(sys.stderr)
    is_terminal = stdout.isatty()
    return Output(
        stdout,
        stderr,
        format=chosen_format(format, json=json, jsonl=jsonl, is_terminal=is_terminal),
        fields=[] if fields is None else [name.strip() for name in fields.split(",")],
        header=header,
        quiet=quiet,
        width=terminal.terminal_width(stdout, environ),
        color=color_wanted(color, environ, is_terminal=is_terminal),
        plain=ascii or terminal.is_plain(stdout, environ),
        pager=environ.get("TTP_PAGER", "").strip() if is_terminal else "",
        now=now,
        zone=zone,
    )


def chosen_format(format: str | None, *, json: bool, jsonl: bool, is_terminal: bool) -> str:
    """Return the chosen format; by default a table on a terminal, else TSV. UsageError for several or unknown ones."""
    names = [name for name, is_on in ((format, True), ("json", json), ("jsonl", jsonl)) if is_on and name is not None]
    if any(name not in FORMATS for name in names):
        raise UsageError(f'no format "{format}"', Hint("see", ", ".join(FORMATS)))
    if len(set(names)) > 1:
        raise UsageError(f"use one output format, not {' and '.join(names)}")
    return names[0] if names else "table" if is_terminal else "tsv"


def color_wanted(flag: str, environ: Mapping[str, str], *, is_terminal: bool) -> bool:
    """Return whether to use colour: by the flag, else by NO_COLOR, CLICOLOR_FORCE, FORCE_COLOR, CLICOLOR=0 and
    TERM=dumb, else if stdout is a terminal. Empty variables count as unset. UsageError for an unknown flag."""
    if flag not in COLORS:
        meant = {"no": "never", "off": "never", "yes": "always", "on": "always", "true": "always", "false": "never"}
        hints = [Hint("try", f"--color {one}", (flag, one)) for one in [meant.get(flag)] if one]
        raise UsageError(f'--color is {", ".join(COLORS)}, not "{flag}"', *hints)
    if flag != "auto":
        return flag == "always"
    if environ.get("NO_COLOR"):
        return False
    if any(environ.get(name, "") not in ("", "0") for name in ("CLICOLOR_FORCE", "FORCE_COLOR")):
        return True
    return is_terminal and environ.get("CLICOLOR") != "0" and environ.get("TERM") != "dumb"


def page(pager: str, parts: Iterable[str], environ: Mapping[str, str] = os.environ) -> None:
    """Show a text in the pager and wait for it. UsageError, TtpError if it cannot be started."""
    way_out = Hint("try", "unset TTP_PAGER")
    try:
        argv = shlex.split(pager)
    except ValueError as error:
        raise UsageError(f"TTP_PAGER cannot be read: {error}", way_out) from None
    # less: quit if the text fits on one screen, keep colours and the screen.
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


_JSON = ("--json", "--jsonl", "--format=json", "--format=jsonl")
_NO_MEMORY = b"ttp: error: there is not enough memory for this\n"


def report_out_of_memory(line: TypedCommand, out: Output | None = None) -> int:
    """Report a lack of memory and return the exit code. What the command held is free again by now."""
    try:
        return report_error(TtpError("there is not enough memory for this"), line, out)
    except MemoryError:
        with suppress(OSError):
            os.write(2, _NO_MEMORY)
    return FAILED


def report_write_error(error: OSError, line: TypedCommand, out: Output | None = None) -> int:
    """Report that output could not be written, and return the exit code."""
    if sys.stdout is not None:
        terminal.write_text(sys.stdout, "", flush=True)  # what is in its buffer must not fail again when all ends
    return report_error(TtpError(f"cannot write the output: {error.strerror}"), line, out)


def report_error(error: TtpError, line: TypedCommand, out: Output | None = None) -> int:
    """Write an error to stderr, with its hints as whole commands; return its exit code."""
    write_error(terminal.escaping_stream(sys.stderr), with_whole_commands(error, line), json=_in_json(line.words, out))
    return exit_code(error)


def _in_json(argv: Sequence[str], out: Output | None) -> bool:
    """Whether the error is for a program: the command's own output says so, and before there is one the words."""
    if out is not None:
        return out.in_json
    words = list(argv[: argv.index("--")] if "--" in argv else argv)
    return any(f"{word}={then}" in _JSON or word in _JSON for word, then in zip(words, [*words[1:], ""], strict=False))
