"""Files of metrics as text: which encoding the bytes are in, and a buffer that lines and blocks are taken from."""

from __future__ import annotations

import re
from io import BufferedReader, TextIOWrapper
from typing import BinaryIO, TextIO, cast

from ttp.domain.errors import UsageError

BLOCK = 1 << 15
"""Characters that are read at once."""
_LOOKED_AT = 64
_LINE_END = re.compile("\r\n|\n|\r")


def as_text(binary: BinaryIO) -> TextIO:
    """The text of a file opened as bytes: UTF-8, or UTF-16 as its mark or its zeros say. Bytes that are not UTF-8
    survive to refuse their own row only."""
    peeked = BufferedReader(binary)  # type: ignore[type-var]  # it has all that a raw stream has
    encoding = _encoding(peeked.peek(_LOOKED_AT)[:_LOOKED_AT])
    errors = "surrogateescape" if encoding == "utf-8-sig" else "strict"
    return TextIOWrapper(cast(BinaryIO, peeked), encoding=encoding, errors=errors, newline="")


def _encoding(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    pairs = len(head) // 2
    if pairs > 1:
        # Latin letters have a zero in each pair of bytes; other signs of a header are few.
        if head[1::2].count(0) > pairs * 0.7 and head[0::2].count(0) < pairs * 0.3:
            return "utf-16-le"
        if head[0::2].count(0) > pairs * 0.7 and head[1::2].count(0) < pairs * 0.3:
            return "utf-16-be"
    return "utf-8-sig"


class Buffer:
    """The text of a stream that is still to be read, of which never more is held than was asked for."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._ended = False
        self.rest = ""
        self.fill(BLOCK)
        self.rest = self.rest.removeprefix("\ufeff")

    def fill(self, size: int) -> bool:
        """Hold at least `size` characters, if there are so many; whether the end was reached. UsageError."""
        while len(self.rest) < size and not self._ended:
            try:
                more = self._stream.read(max(BLOCK, size - len(self.rest)))
                while more.endswith("\r") and (last := self._stream.read(1)):
                    more += last  # a line's end of two characters is not cut in two
            except UnicodeError:
                raise UsageError("the file is neither UTF-8 nor UTF-16 text") from None
            self._ended = not more
            self.rest += more
        return self._ended

    def take(self, size: int) -> str:
        """The next `size` characters, which are held."""
        taken, self.rest = self.rest[:size], self.rest[size:]
        return taken

    def give_back(self, text: str) -> None:
        """Make `text` what is read next."""
        self.rest = text + self.rest

    def fill_line(self, longest: int) -> int:
        """Hold the next line, or `longest` + 1 characters of it; where it ends, its end included."""
        seen = 0
        while True:
            self.fill(seen + BLOCK)
            found = _LINE_END.search(self.rest, seen)
            if found is not None:
                return found.end()
            seen = len(self.rest)
            if self._ended or seen > longest:
                return seen

    def line(self, longest: int) -> str:
        """The next line with its end; empty at the end of the text. Of a line of more than `longest` characters the
        first `longest` + 1: what follows up to its end is passed over."""
        end = self.fill_line(longest)
        if end <= longest:
            return self.take(end)
        line = self.take(longest + 1)
        self._pass_over()
        return line

    def _pass_over(self) -> None:
        while self.rest:
            found = _LINE_END.search(self.rest)
            if found is not None:
                self.take(found.end())
                return
            self.rest = ""
            self.fill(BLOCK)
