r"""The standard streams: what a terminal can show, how wide it is, and yes/no questions on it.

Foreign text is made safe for a terminal, a TSV cell and a line of JSON. Unsafe are control characters (C0, DEL, C1, and
so ESC), characters that reorder or break lines (bidi controls, line and paragraph separators, interlinear marks) and
lone surrogates, which cannot be encoded. They are escaped, never dropped. The escapes of a TSV cell are `\n`, `\t`,
`\\`, `\xNN` below U+0100 and `\uNNNN` above; replacing them in order gives the exact text back.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from ttp.domain.errors import TtpError, UsageError

_UNSAFE = r"\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufff9-\ufffb\ud800-\udfff"
_blank = re.compile(r"[ \t\r\n]+")
_PLAIN = str.maketrans("█▉▊▋▌▍▎▏░▒▓★·…✓┄─│●◌○▸├", "####=   -=%*.~+--|o:.>|")
_SHORT = {"\n": r"\n", "\t": r"\t", "\\": r"\\"}


def escape_text(text: str) -> str:
    """Escape all unsafe characters, line breaks too; for sentences and table cells."""
    return text if text.isprintable() else re.sub(f"[{_UNSAFE}]", _escape, text)


def escape_line(text: str) -> str:
    """Put a text on one line: blanks and line breaks become one space, the rest is escaped."""
    return escape_text(_blank.sub(" ", text).strip())


def lines(text: str) -> list[str]:
    """Return the lines of a text, escaped, with tabs as spaces."""
    return [escape_text(line.expandtabs(4)) for line in text.replace("\r\n", "\n").split("\n")]


def escape_tsv(text: str) -> str:
    """Escape a text as a TSV cell, without loss."""
    if text.isprintable() and "\\" not in text:
        return text
    return re.sub(rf"[\\{_UNSAFE}]", _escape, text)


def json_line(text: str) -> str:
    r"""Escape unsafe characters in JSON text as `\uNNNN`, which parses to the same text."""
    if text.isascii() and "\x7f" not in text:  # the encoder has escaped the other control characters
        return text
    return text if text.isprintable() else re.sub(f"[{_UNSAFE}]", lambda match: f"\\u{ord(match[0]):04x}", text)


def to_ascii(line: str) -> str:
    """Replace the drawing characters of a line by ASCII, column for column."""
    return line.translate(_PLAIN)


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    point = ord(char)
    return _SHORT.get(char) or (f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}")


USUAL_WIDTH = 80
NARROWEST = 40
_COERCED = ("C.UTF-8", "C.utf8", "UTF-8")


def write_text(stream: TextIO, text: str, *, flush: bool) -> OSError | None:
    """Write to a stream; return the error, if any. After an error the stream discards everything silently."""
    try:
        stream.write(text)
        if flush:
            stream.flush()
    except OSError as failure:
        # Python flushes its buffer again at exit, which must not fail.
        with suppress(OSError), Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), stream.fileno())
        return failure
    return None


def escaping_stream(stream: TextIO | None) -> TextIO:
    """Return a standard stream that escapes what its encoding lacks; /dev/null for a closed one (None)."""
    if stream is None:
        return Path(os.devnull).open("w", encoding="utf-8")
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream


def print_out(text: str) -> None:
    """Write a text to stdout and flush it. BrokenPipeError if the pipe is closed, TtpError if the disk is full."""
    failure = write_text(escaping_stream(sys.stdout), text, flush=True)
    if isinstance(failure, BrokenPipeError):
        raise failure
    if failure is not None:
        raise TtpError(f"cannot write the output: {failure.strerror}")


def is_plain(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Return whether only ASCII is safe: the encoding is not UTF-8, or the locale is C or POSIX."""
    # In the C locale Python sets LC_CTYPE to one of _COERCED and writes UTF-8 (PEP 538, 540).
    ctype = environ.get("LC_CTYPE", "")
    locale = environ.get("LC_ALL") or ("" if ctype in _COERCED else ctype) or environ.get("LANG", "")
    return locale in ("C", "POSIX") or not is_utf8(stream)


def is_utf8(stream: TextIO) -> bool:
    return (stream.encoding or "utf-8").lower().replace("_", "-").startswith("utf-8")


def terminal_width(stream: TextIO, environ: Mapping[str, str]) -> int:
    """Return COLUMNS, else the width of the terminal, else 80."""
    columns = environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) > 0:
        return int(columns)
    try:
        return os.get_terminal_size(stream.fileno()).columns or USUAL_WIDTH
    except OSError:
        return USUAL_WIDTH


def wrap_for(stream: TextIO, line: str) -> list[str]:
    """Wrap a sentence to the width of a terminal; elsewhere return it unchanged."""
    if len(line) < NARROWEST or not stream.isatty():
        return [line]
    from ttp.cli.render.width import wrap_sentence

    return wrap_sentence(line, max(terminal_width(stream, os.environ), NARROWEST))


def print_prompt(*lines: str) -> None:
    """Print to stderr what a person must read before answering, wrapped. Results go to stdout instead."""
    wrapped = [part for line in lines for part in wrap_for(sys.stderr, line)]
    print(*wrapped, sep="\n", file=sys.stderr, flush=True)  # noqa: T201 (an instruction, not output)


_LONGEST_LINE = 1 << 16
_TURN_S = 0.25
_PASTE_S = 0.05


def _read_typed_line() -> str:
    if sys.stdin.isatty():
        import select

        # In turns: a Ctrl-C just before a read begins does not end that read. A terminal gives a line at a time, so
        # nothing that was typed is waiting in the buffer of stdin.
        while not select.select([sys.stdin], [], [], _TURN_S)[0]:
            pass
    try:
        return sys.stdin.readline(_LONGEST_LINE)
    except UnicodeDecodeError:
        raise UsageError("what was typed is not UTF-8") from None


def read_line(prompt: str, *, indented: bool = False) -> str | None:
    """Ask for a line and return it stripped; None at the end of stdin. Ctrl-C ends the line of the prompt, too.
    `indented`: blanks at its start stay."""
    print(prompt, end="", file=sys.stderr, flush=True)  # noqa: T201 (a prompt, not output)
    typed = ""
    try:
        typed = _read_typed_line()
    finally:
        if not typed.endswith("\n"):
            print(file=sys.stderr, flush=True)  # noqa: T201
    if not typed:
        return None
    return typed.rstrip() if indented else typed.strip()


def words_of(answer: str) -> list[str]:
    """Return the names in `x, ig and bluesky`."""
    return [word for word in answer.replace(",", " ").split() if word != "and"]


class UnfinishedLine(KeyboardInterrupt):
    """Ctrl-C in the middle of a line. `text`: what was typed of it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


def read_text_line(prompt: str) -> str | None:
    """Ask for a line of a text, as `read_line`; blanks at its start stay. Raises UnfinishedLine, for which the terminal
    must not drop the line at Ctrl-C."""
    if not sys.stdin.isatty():
        return read_line(prompt, indented=True)
    import termios

    stdin = sys.stdin.fileno()
    usual = termios.tcgetattr(stdin)
    control, by_line = [*usual[6]], termios.ICANON
    control[termios.VMIN] = control[termios.VTIME] = 0
    try:
        termios.tcsetattr(stdin, termios.TCSANOW, [*usual[:3], usual[3] | termios.NOFLSH, *usual[4:]])
        return read_line(prompt, indented=True)
    except KeyboardInterrupt:
        termios.tcsetattr(stdin, termios.TCSANOW, [*usual[:3], usual[3] & ~by_line, *usual[4:6], control])
        raise UnfinishedLine(os.read(stdin, _LONGEST_LINE).decode(errors="replace")) from None
    finally:
        termios.tcsetattr(stdin, termios.TCSANOW, usual)


def is_more_typed() -> bool:
    """Return whether further lines wait on the terminal: of a text that was pasted."""
    import select

    return sys.stdin.isatty() and bool(select.select([sys.stdin], [], [], _PASTE_S)[0])


def drop_typed_ahead() -> None:
    """Drop what was typed on the terminal before a question appeared: it was meant for something else."""
    if sys.stdin.isatty():
        import termios

        termios.tcflush(sys.stdin, termios.TCIFLUSH)


def read_secret(prompt: str) -> str | None:
    """Ask for a line that the terminal does not show, and return it stripped; None at the end of stdin.

    getpass would miss a Ctrl-C that comes just before it reads.
    """
    import termios

    stdin = sys.stdin.fileno()
    shown = termios.tcgetattr(stdin)
    hidden = [*shown[:3], shown[3] & ~termios.ECHO, *shown[4:]]
    try:
        termios.tcsetattr(stdin, termios.TCSADRAIN, hidden)
        print(prompt, end="", file=sys.stderr, flush=True)  # noqa: T201 (a prompt, not output)
        typed = _read_typed_line()
    finally:
        termios.tcsetattr(stdin, termios.TCSADRAIN, shown)
        print(file=sys.stderr, flush=True)  # noqa: T201
    return typed.strip() if typed else None


def ask(question: str) -> bool:
    """Ask a yes/no question on the terminal, and return whether the answer is yes. What was typed before is dropped."""
    drop_typed_ahead()
    lines = [part for line in f"{question} [y/N]".split("\n") for part in wrap_for(sys.stderr, escape_text(line))]
    return (read_line("\n".join(lines) + " ") or "").lower() in ("y", "yes")


ask_elsewhere: Callable[[str], bool] | None = None
"""Asks the person where the terminal is that of another machine."""


def is_attended() -> bool:
    """Return whether a person reads the answer: on this terminal, or on that of another machine."""
    return ask_elsewhere is not None or is_interactive()


def is_interactive() -> bool:
    """Return whether a person can be asked: stdin and stderr are terminals, and TTP_NO_INPUT is not set."""
    if os.environ.get("TTP_NO_INPUT"):
        return False
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr is not None and sys.stderr.isatty()
