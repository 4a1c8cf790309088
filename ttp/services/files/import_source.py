"""The source of an import: a file of any format, a folder, or stdin. It can be read several times."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from io import TextIOWrapper
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory, TemporaryFile
from typing import BinaryIO

from ttp.domain.action import action
from ttp.domain.errors import Hint, NotFound, UsageError
from ttp.domain.options import OptionTables
from ttp.domain.row_reader import FieldError, to_field_error
from ttp.domain.text import clean_text
from ttp.services.files import json_file, markdown
from ttp.services.files.archive import extract_archive
from ttp.services.files.csv_file import Sheet, find_encoding
from ttp.services.files.fields import Entry, invalid_entry, parse_entry
from ttp.services.files.markdown import MarkdownFile, MarkdownFolder
from ttp.store.home.files import expand_user, open_input, text_of_path

_SNIFFED = 4096
_ZIP = b"PK\x03\x04"


@dataclass
class ImportSource:
    """`scope`: prefix of its posts' keys in the store. `origin`: prefix of keys generated for rows without one.
    `notes`: what was skipped, once read."""

    folder: Path
    name: str
    tables: OptionTables
    scope: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    dates: str | None = None
    notes: list[str] = field(default_factory=list)
    other_files: list[str] = field(default_factory=list)
    """Files of a folder that are not posts, once read."""
    binary: BinaryIO | None = None
    has_template: bool = False
    """Columns that are not fields are variables."""
    size: int = 0
    """Bytes of a file, or number of files in a folder."""
    read: int = 0
    """Number of files read from a folder."""

    @property
    def origin(self) -> str:
        return f"{self.name}:"

    @property
    def share(self) -> float:
        """The part read so far, from 0 to 1."""
        return (self.read if self.binary is None else self.binary.tell()) / max(self.size, 1)

    def entries(self) -> Iterator[Entry]:
        """Yield the posts, each with a key. Raise UsageError if the source cannot be read further."""
        self.notes.clear()
        self.other_files.clear()
        self.read = 0
        if self.binary is None:
            yield from self._folder_entries()
        else:
            yield from _with_keys(self._file_entries(self.binary), self.origin)

    def _folder_entries(self) -> Iterator[Entry]:
        for file in MarkdownFolder(self.folder, self.tables).files():
            self.read += 1
            one = entry_of_file(file, self.tables)
            if one is None:
                self.other_files.append(file.name)
                self.notes.append(f"{file.name} has no front matter, so it is not a post")
            else:
                yield one

    def _file_entries(self, binary: BinaryIO) -> Iterator[Entry]:
        binary.seek(0)
        head = binary.read(_SNIFFED)
        binary.seek(0)
        text = TextIOWrapper(binary, encoding=find_encoding(head), newline="")
        try:
            match _kind(self.name, head):
                case "objects":
                    yield from json_file.entries(text, self.tables)
                case "content":
                    whole = text.read(markdown.LONGEST + 1)
                    yield entry_of_file(
                        MarkdownFile(self.name, markdown.parse_file(whole, self.tables)), self.tables
                    ) or invalid_entry(self.name, FieldError("", "the file has no front matter"))
                case _:
                    sheet = Sheet(text, self.columns, self.dates, self.tables, has_template=self.has_template)
                    if sheet.unknown:
                        self.notes.append(f"unknown columns were ignored: {', '.join(sheet.unknown)}")
                    if sheet.program:
                        self.notes.append(f"read as a sheet of {sheet.program.name}")
                    yield from sheet.entries()
        except UnicodeDecodeError:
            form = "UTF-8" if self.name.lower().endswith(markdown.SUFFIX) else "CSV UTF-8"
            raise UsageError(f"{self.name} is not UTF-8 text", Hint("fix", f"save it as {form}")) from None
        finally:
            if not binary.closed:  # it is closed if the program was stopped meanwhile
                text.detach()


@contextmanager
def open_source(
    name: str, stdin: BinaryIO | None, columns: Mapping[str, str], tables: OptionTables, dates: str | None = None
) -> Iterator[ImportSource]:
    """Open a file, a folder or stdin (`-`) while the block runs. Raise NotFound, UsageError."""
    source = _open(name, stdin, columns, tables, dates)
    with closing(source.binary) if source.binary else nullcontext():
        yield source


@contextmanager
def open_upload(
    name: str, file: BinaryIO, columns: Mapping[str, str], tables: OptionTables, dates: str | None = None
) -> Iterator[ImportSource]:
    """Open a file that was sent, or a zip of a folder of Markdown files, while the block runs. `name`: its sender's
    name for it. The only local files that its rows can name are those of the zip. Raise UsageError."""
    shown = PurePath(clean_text(name.replace("\\", "/"))).name or "import"
    with TemporaryDirectory(prefix="ttp-import-") as temporary:
        inside = Path(temporary)
        if file.read(len(_ZIP)) != _ZIP:
            size = file.seek(0, os.SEEK_END)
            yield ImportSource(inside, shown, tables, columns=columns, dates=dates, binary=file, size=size)
            return
        named = inside / (PurePath(shown).stem[:100].strip(".") or "import")
        named.mkdir()
        folder = MarkdownFolder(extract_archive(file, named), tables)
        size = sum(1 for _ in folder.paths())
        if not size:
            raise UsageError("the archive has no Markdown files")
        yield ImportSource(folder.path, folder.prefix.removesuffix("/"), tables, folder.prefix, size=size)


def _open(
    name: str, stdin: BinaryIO | None, columns: Mapping[str, str], tables: OptionTables, dates: str | None
) -> ImportSource:
    if name == "-":
        if stdin is None:
            raise UsageError("stdin is not available", Hint("see", action("help", "import")))
        kept = TemporaryFile()  # noqa: SIM115 (closed by `opened`; a pipe can be read once only)
        shutil.copyfileobj(stdin, kept)
        return ImportSource(Path(), "stdin", tables, columns=columns, dates=dates, binary=kept, size=kept.tell())
    path = expand_user(name)
    if os.path.isdir(path):  # noqa: PTH112 (never raises)
        folder = MarkdownFolder(path, tables)
        return ImportSource(
            path, text_of_path(path.resolve().name), tables, folder.prefix, size=sum(1 for _ in folder.paths())
        )
    try:
        binary = open_input(path)
    except FileNotFoundError:
        raise NotFound(f"no file {name}", Hint("see", action("help", "import"))) from None
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}") from None
    if not binary.seekable():
        raise UsageError(f"{name} is not a regular file. Read it from stdin.", Hint("try", action("import", "-")))
    scope = f"{text_of_path(path.resolve().parent.name)}/" if path.suffix.lower() == ".md" else ""
    size = os.fstat(binary.fileno()).st_size
    return ImportSource(path.parent, text_of_path(path.name), tables, scope, columns, dates, binary=binary, size=size)


def entry_of_file(file: MarkdownFile, tables: OptionTables) -> Entry | None:
    """Return the post of a Markdown file; None without front matter."""
    if file.error is not None:
        return invalid_entry(file.name, to_field_error("", file.error))
    if file.fields is None:
        return None
    one = parse_entry(file.name, file.fields, tables)
    return one if one.typed.key else replace(one, typed=replace(one.typed, key=file.name))


def _with_keys(entries: Iterator[Entry], origin: str) -> Iterator[Entry]:
    """Give rows without a key one derived from their content; equal rows get different keys."""
    counts: Counter[str] = Counter()
    for one in entries:
        if one.typed.key or one.faults:
            yield one
            continue
        values = [json.dumps(one.typed.vars, sort_keys=True)] if one.typed.vars else []
        content = "\0".join((one.typed.text or "", *(one.typed.media or ()), *values))
        digest = hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        counts[digest] += 1
        key = f"{origin}{digest}" + (f"#{counts[digest]}" if counts[digest] > 1 else "")
        yield replace(one, typed=replace(one.typed, key=key))


def _kind(name: str, head: bytes) -> str:
    suffix = Path(name).suffix.lower()
    first = head.decode(find_encoding(head), "replace").lstrip()[:3]
    if suffix == ".md" or first == "---":
        return "content"
    if suffix in (".json", ".jsonl", ".ndjson") or (suffix != ".csv" and first[:1] in ("[", "{")):
        return "objects"
    return "sheet"
