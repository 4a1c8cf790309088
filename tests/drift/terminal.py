"""A program on a pseudo-terminal: what a person types, and what they see. Waits for text, never for a time."""

from __future__ import annotations

import codecs
import errno
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

LONGEST_S = 180.0


class Terminal:
    """The other end of the terminal that a program believes to have."""

    def __init__(self, master: int, process: subprocess.Popen[bytes]) -> None:
        self._master = master
        self._process = process
        self._seen = ""
        self._decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def interrupt(self) -> None:
        """What Ctrl-C does: SIGINT to all that runs on the terminal."""
        os.killpg(self._process.pid, signal.SIGINT)

    def hang_up(self) -> None:
        """What closing a terminal does: SIGHUP to all that runs on it."""
        os.killpg(self._process.pid, signal.SIGHUP)

    def code(self) -> int:
        """The exit code, once the program has ended."""
        return self._process.wait(LONGEST_S)

    def until(self, text: str) -> str:
        """Everything that was shown up to and including `text`. AssertionError if it does not come."""
        while text not in self._seen:
            more = self._read(repr(text))
            assert more, f"{text!r} did not come; this did: {self._seen!r}"
            self._seen += more
        shown, found, self._seen = self._seen.partition(text)
        return shown + found

    def until_one_of(self, *texts: str) -> str:
        """Everything up to and including the first of `texts` that comes."""
        while not (places := [(self._seen.index(one), one) for one in texts if one in self._seen]):
            more = self._read(f"any of {texts!r}")
            assert more, f"none of {texts!r} came; this did: {self._seen!r}"
            self._seen += more
        return self.until(min(places)[1])

    def rest(self) -> str:
        """Everything that is still shown until the program has gone. AssertionError if it asks or waits instead."""
        while more := self._read("its end"):
            self._seen += more
        shown, self._seen = self._seen, ""
        return shown

    def _read(self, awaited: str) -> str:
        """More of what is shown; nothing once the program has gone."""
        text = ""
        while not text:
            is_ready = select.select([self._master], [], [], LONGEST_S)[0]
            assert is_ready, f"{awaited} did not come in {LONGEST_S:g} s; this did: {self._seen!r}"
            try:
                read = os.read(self._master, 65536)
            except OSError as gone:
                if gone.errno != errno.EIO:
                    raise
                break
            text = self._decode(read)  # empty for the first half of a character
            if not read:
                break
        return text


@contextmanager
def on_a_terminal(
    command: Sequence[str], *, cwd: Path, env: Mapping[str, str], types: bool = True, columns: int = 80
) -> Iterator[Terminal]:
    """Run `command` for as long as the block; `types` False leaves it without a keyboard."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    process = subprocess.Popen(
        command,
        stdin=slave if types else subprocess.DEVNULL,
        stdout=slave,
        stderr=slave,
        cwd=cwd,
        env=dict(env),
        start_new_session=True,
    )
    os.close(slave)
    try:
        yield Terminal(master, process)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        os.close(master)
