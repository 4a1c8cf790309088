"""What a process that should have been ended says at its end: it holds a named pipe open as long as it lives."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

AFTER_S = 30


@dataclass
class LastWords:
    path: Path
    reader: int

    @property
    def program(self) -> str:
        """Lines of Python: hold the pipe open for AFTER_S, and say something at the end."""
        return f"import time; pipe = open({str(self.path)!r}, 'w'); time.sleep({AFTER_S}); pipe.write('still there')"

    @property
    def shell(self) -> str:
        """The same in the words of a shell."""
        return f"exec >'{self.path}'; sleep {AFTER_S}; echo still there"

    def read(self) -> bytes:
        """Wait until no process holds the pipe open, and return what was said."""
        while True:
            try:
                return os.read(self.reader, 1000)
            except BlockingIOError:
                time.sleep(0.01)


@contextmanager
def last_words(folder: Path) -> Iterator[LastWords]:
    path = folder / "last words"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        yield LastWords(path, reader)
    finally:
        os.close(reader)
