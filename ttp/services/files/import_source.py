"""What an import reads: a file of any of the formats, a folder, or stdin; read as often as it is asked for."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from io import TextIOWrapper
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from ttp.domain.action import action
from ttp.domain.errors import Hint, NotFound, UsageError
from ttp.domain.options import OptionTables
from ttp.domain.post_input import FieldError, to_field_error
from ttp.services.files import json_file, markdown
from ttp.services.files.csv_file import Sheet
from ttp.services.files.fields import Entry, entry, unread
from ttp.services.files.markdown import File, Folder
from ttp.store.home.paths import expand_user
from ttp.store.home.regular_file import open_input, text_of_path

_SNIFFED = 4096


@dataclass
class Source:
    """`scope`: what the keys of its posts begin with in the store. `origin`: what the keys begin with that are made for
    rows without one. `notes`: what was passed over, once it was read."""

    folder: Path
    name: str
    tables: OptionTables
    scope: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    dates: str | None = None
    notes: list[str] = field(default_factory=list)
    binary: BinaryIO | None = None
    size: int = 0
    """Bytes of a file, files of a folder."""
    read: int = 0
    """Files of a folder that were read."""

    @property
    def origin(self) -> str:
        return f"{self.name}:"

    @property
    def share(self) -> float:
        """How much of it was read, of 1."""
        return (self.read if self.binary is None else self.binary.tell()) / max(self.size, 1)

    def entries(self) -> Iterator[Entry]:
        """The posts in it, each with a key. UsageError where it cannot be read on."""
        self.notes.clear()
        self.read = 0
        if self.binary is None:
            yield from self._of_folder()
        else:
            yield from _keyed(self._of_file(self.binary), self.origin)

    def _of_folder(self) -> Iterator[Entry]:
        for file in Folder(self.folder, self.tables).files():
            self.read += 1
            one = of_markdown(file, self.tables)
            if one is None:
                self.notes.append(f"{file.name} has no front matter, and is no post")
            else:
                yield one

    def _of_file(self, binary: BinaryIO) -> Iterator[Entry]:
        binary.seek(0)
        head = binary.read(_SNIFFED)
        binary.seek(0)
        text = TextIOWrapper(binary, encoding=_encoding(head), newline="")
        try:
            match _kind(self.name, head):
                case "objects":
                    yield from json_file.entries(text, self.tables)
                case "content":
                    whole = text.read(markdown.LONGEST + 1)
                    yield of_markdown(File(self.name, markdown.read(whole, self.tables)), self.tables) or unread(
                        self.name, FieldError("", "it has no front matter")
                    )
                case _:
                    sheet = Sheet(text, self.columns, self.dates, self.tables)
                    if sheet.unknown:
                        self.notes.append(f"columns that are not known, and not read: {', '.join(sheet.unknown)}")
                    if sheet.program:
                        self.notes.append(f"read as a sheet for {sheet.program.name}")
                    yield from sheet.entries()
        except UnicodeDecodeError:
            raise UsageError(f"{self.name} is not UTF-8 text", Hint("fix", "CSV UTF-8")) from None
        finally:
            if not binary.closed:  # it is where somebody stops the program in between
                text.detach()


@contextmanager
def opened(
    name: str, stdin: BinaryIO | None, columns: Mapping[str, str], tables: OptionTables, dates: str | None = None
) -> Iterator[Source]:
    """The source of that name while the block runs; `-` is stdin. NotFound, UsageError."""
    source = _opened(name, stdin, columns, tables, dates)
    with closing(source.binary) if source.binary else nullcontext():
        yield source


def _opened(
    name: str, stdin: BinaryIO | None, columns: Mapping[str, str], tables: OptionTables, dates: str | None
) -> Source:
    if name == "-":
        if stdin is None:
            raise UsageError("there is no stdin to read from", Hint("see", action("help", "import")))
        kept = TemporaryFile()  # noqa: SIM115 (closed by `opened`; a pipe can be read once only)
        shutil.copyfileobj(stdin, kept)
        return Source(Path(), "stdin", tables, columns=columns, dates=dates, binary=kept, size=kept.tell())
    path = expand_user(name)
    if os.path.isdir(path):  # noqa: PTH112 (never raises)
        folder = Folder(path, tables)
        return Source(
            path, text_of_path(path.resolve().name), tables, folder.prefix, size=sum(1 for _ in folder.paths())
        )
    try:
        binary = open_input(path)
    except FileNotFoundError:
        raise NotFound(f"no file {name}", Hint("see", action("help", "import"))) from None
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}") from None
    if not binary.seekable():
        raise UsageError(
            f"{name} is not a regular file, and can only be read from stdin",
            Hint("try", action("import", "-")),
        )
    scope = f"{text_of_path(path.resolve().parent.name)}/" if path.suffix.lower() == ".md" else ""
    size = os.fstat(binary.fileno()).st_size
    return Source(path.parent, text_of_path(path.name), tables, scope, columns, dates, binary=binary, size=size)


def of_markdown(file: File, tables: OptionTables) -> Entry | None:
    """The post of a file in a folder; None of one that is no post."""
    if file.error is not None:
        return unread(file.name, to_field_error("", file.error))
    if file.fields is None:
        return None
    one = entry(file.name, file.fields, tables)
    return one if one.typed.key else replace(one, typed=replace(one.typed, key=file.name))


def _keyed(entries: Iterator[Entry], origin: str) -> Iterator[Entry]:
    """Rows without a key get one that follows from what they say; of several that say the same each has its own."""
    seen: Counter[str] = Counter()
    for one in entries:
        if one.typed.key or one.faults:
            yield one
            continue
        said = "\0".join((one.typed.text or "", *(one.typed.media or ())))
        digest = hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        seen[digest] += 1
        key = f"{origin}{digest}" + (f"#{seen[digest]}" if seen[digest] > 1 else "")
        yield replace(one, typed=replace(one.typed, key=key))


def _encoding(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if head.startswith(b"PK\x03\x04"):
        raise UsageError("it is a spreadsheet's own file, or an archive", Hint("fix", "CSV UTF-8"))
    return "utf-8-sig"


def _kind(name: str, head: bytes) -> str:
    suffix = Path(name).suffix.lower()
    first = head.decode(_encoding(head), "replace").lstrip()[:3]
    if suffix == ".md" or first == "---":
        return "content"
    if suffix in (".json", ".jsonl", ".ndjson") or (suffix != ".csv" and first[:1] in ("[", "{")):
        return "objects"
    return "sheet"
