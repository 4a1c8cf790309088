"""The files of this machine that a command names: what is sent before it runs, and what it writes."""

from __future__ import annotations

import errno
import os
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from ttp.cli.context import Context
from ttp.cli.remote.commands import FileUse, RemoteCommand
from ttp.domain.errors import Busy, TtpError, UsageError
from ttp.domain.media.item import KEPT, is_web_address
from ttp.domain.media.place import split_name
from ttp.domain.server.command_protocol import MOST_FILES
from ttp.services.templates.files import FOLDER, is_path
from ttp.store.home import output_file
from ttp.store.home.files import expand_user, make_folder, open_input, stream_number

_BEGINNING = 64
"""Bytes of a file that is to be replaced: enough to see what it is."""
_LONGEST_TEXT = 100_000_000
"""Bytes of a file that is searched for the names of media."""
_MOST_WALKED = 100_000


@dataclass
class CallerUpload:
    """`files`: what is sent, by its absolute path: a path, or bytes. `folders`: folders that exist here. `paths`: the
    absolute paths of names. `outputs`: files and folders that the command may write."""

    files: dict[str, Path | bytes | BinaryIO] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)
    paths: dict[str, str] = field(default_factory=dict)
    outputs: list[Path] = field(default_factory=list)
    typed: dict[Path, str] = field(default_factory=dict)

    def may_write(self, path: Path) -> bool:
        """Return whether the command named this file, or a folder that it is in."""
        return any(path == one or path.is_relative_to(one) for one in self.outputs)


def collect(
    context: Context, command: RemoteCommand, values: Mapping[str, Any], stdin: BinaryIO | None = None
) -> CallerUpload:
    """Return the files that a command names with these values, and on stdin. UsageError, NotFound, Busy."""
    upload = CallerUpload()
    for name, use in command.files.items():
        value = values.get(name)
        for text in value if isinstance(value, list | tuple) else [value]:
            if use is FileUse.MEDIA and isinstance(text, str):
                text = split_name(text, context.platforms).name
            if isinstance(text, str) and text not in ("", "-") and not _is_elsewhere(text):
                _collect_one(context, upload, text, use, values)
    if command.reads_templates(values):
        own = Path.cwd() / FOLDER  # all of this machine: before those of the server
        upload.files |= {str(own / path.name): path.absolute() for path in context.templates.files.paths().values()}
    if stdin is not None and FileUse.POSTS in command.files.values():
        stdin.seek(0)
        _add_media_named(upload, Path.cwd(), _decoded(stdin.read(_LONGEST_TEXT)))
    if len(upload.files) > MOST_FILES:
        raise UsageError(f"the command names {len(upload.files)} files, and at most {MOST_FILES} can be sent")
    for path in (*upload.files, *upload.folders):
        try:
            path.encode()
        except UnicodeEncodeError:
            raise UsageError(f"the name of {path!a} is not UTF-8, so the file cannot be sent") from None
    return upload


def _is_elsewhere(text: str) -> bool:
    """Return whether a media argument is not a file of this machine."""
    return is_web_address(text) or text.startswith(KEPT)


def _collect_one(context: Context, upload: CallerUpload, text: str, use: FileUse, values: Mapping[str, Any]) -> None:
    if use is FileUse.TEMPLATE and not is_path(text):
        return
    path = expand_user(text) if use not in (FileUse.MEDIA, FileUse.TEXT) else Path(text)
    try:
        path = Path(os.path.abspath(path))  # noqa: PTH100 (links stay)
        if text.startswith("~"):
            upload.paths[text] = str(path)
        _add_folder(upload, path.parent)
        is_folder = path.is_dir()
    except ValueError:  # no file can have that name: the command says so
        return
    if use in (FileUse.OUTPUT, FileUse.EXPORT, FileUse.FOLDER):
        context.own_files.refuse(path, text)
        upload.typed[path] = text
    match use:
        case FileUse.MEDIA:
            refuse_own_media(context, path, text)
            _add_file(upload, path, text)
        case FileUse.TEXT | FileUse.TEMPLATE:
            _add_file(upload, path, text)
        case FileUse.POSTS | FileUse.FOLDER if is_folder:
            _add_posts_folder(upload, path)
        case FileUse.POSTS:
            _add_file(upload, path, text)
            _add_media_named(upload, path.parent, _text_of(path))
        case FileUse.OUTPUT:
            _add_output(upload, path)
        case FileUse.EXPORT if is_folder or values.get("format") == "md":
            upload.outputs.append(path)
            if is_folder:
                _add_posts_folder(upload, path)
        case FileUse.EXPORT:
            _add_output(upload, path)
            if values.get("with_"):
                beside = path.parent / "media"
                upload.outputs.append(beside)
                for one in beside.iterdir() if beside.is_dir() else ():
                    _add_file(upload, one, str(one))
        case _:
            pass
    if use is FileUse.FOLDER:
        upload.outputs.append(path)


def refuse_own_media(context: Context, path: Path, text: str) -> None:
    """Raise UsageError for a file in ttp's own folder."""
    if path.resolve().is_relative_to(context.home.resolve()):
        raise UsageError(f"{text} is in ttp's own folder, from which nothing is posted")


def _add_folder(upload: CallerUpload, folder: Path) -> None:
    """Add a folder, or the nearest one that exists."""
    upload.folders.add(str(next((one for one in (folder, *folder.parents) if one.is_dir()), Path("/"))))


def _add_file(upload: CallerUpload, path: Path, text: str) -> None:
    """Add a file, or a stream such as `<(command)` with what it holds. UsageError if it cannot be read."""
    if path.is_dir():
        upload.folders.add(str(path))
        return
    try:
        with open_input(path) as file:
            if stream_number(path) is None:
                upload.files[str(path)] = path
            else:
                upload.files[str(path)] = _read_stream(file)
    except (FileNotFoundError, NotADirectoryError):
        _add_near_name(upload, path)
    except OSError as error:
        raise UsageError(f"{text} cannot be read: {error.strerror}") from None


def _read_stream(file: BinaryIO) -> BinaryIO:
    kept = TemporaryFile()  # noqa: SIM115 (sent later)
    while data := file.read(1 << 16):
        kept.write(data)
    return kept


def _add_near_name(upload: CallerUpload, path: Path) -> None:
    """Add the files that a missing one may mean: the refusal names them."""
    from ttp.store.home.media import meant_files, similar_file

    for meant in (*meant_files(path), similar_file(path)):
        if meant is not None:
            upload.files.setdefault(os.path.abspath(meant), b"")  # noqa: PTH100 (links stay)


def _add_output(upload: CallerUpload, path: Path) -> None:
    """Add a file that is written: that it exists, and how it begins. Busy if it cannot be written."""
    upload.outputs.append(path)
    if stream_number(path) is not None:
        return
    if path.parent.is_dir() and not os.access(path if path.exists() else path.parent, os.W_OK):
        raise output_file.output_error(path, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))
    if path.is_dir():
        upload.folders.add(str(path))
    elif path.is_file():
        with path.open("rb") as file:
            upload.files[str(path)] = file.read(_BEGINNING)


def _add_posts_folder(upload: CallerUpload, folder: Path) -> None:
    upload.folders.add(str(folder))
    pages = [path for path in _files_below(folder) if path.suffix.lower() == ".md" and not path.is_symlink()]
    for path in pages:
        _add_file(upload, path, str(path))
    _add_media_named(upload, folder, " ".join(map(_text_of, pages)))


def _add_media_named(upload: CallerUpload, folder: Path, text: str) -> None:
    """Add the images and videos of a folder whose names are in a text: the media of posts."""
    if not text:
        return
    real = folder.resolve()
    for path in _files_below(folder):
        if str(path) in upload.files or not any(name in text for name in _forms(path.name)):
            continue
        if path.resolve().is_relative_to(real) and _is_media(path):
            _add_file(upload, path, str(path))


def _is_media(path: Path) -> bool:
    """Return whether a file is an image or a video, or is named as one or as captions. A text may mention any
    file by chance."""
    from ttp.store.home.media import is_media_name, open_source, read_source_facts

    if is_media_name(path) or path.suffix.lower() == ".vtt":
        return True
    try:
        with open_source(path) as source:
            read_source_facts(source, source.size())
    except (TtpError, OSError):
        return False
    return True


def _text_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return _decoded(file.read(_LONGEST_TEXT))
    except OSError:
        return ""


def _decoded(data: bytes) -> str:
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    return data.decode(encoding, "replace")


def _forms(name: str) -> set[str]:
    """Return the forms in which a text may have a file's name."""
    forms = {name, unicodedata.normalize("NFC", name), unicodedata.normalize("NFD", name)}
    return forms | {one.encode("ascii", "backslashreplace").decode().replace("\\x", "\\u00") for one in forms}


def _files_below(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder and of those in it, without hidden ones."""

    def walk() -> Iterator[Path]:
        for top, folders, names in os.walk(folder):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            yield from (Path(top, name) for name in sorted(names) if not name.startswith("."))

    return (path for path in islice(walk(), _MOST_WALKED) if path.is_file())


def write_result(context: Context, upload: CallerUpload, path: Path, parts: Iterable[bytes]) -> None:
    """Write a file that the command wrote. Raise TtpError for one that it did not name, UsageError, NotFound, Busy."""
    if not upload.may_write(path):
        raise TtpError(f"the server sent {path}, which the command does not name: it was not written")
    try:
        if path not in upload.outputs:
            make_folder(path.parent)
    except OSError as error:
        raise Busy(f"{path.parent} cannot be made: {error.strerror}") from None
    output_file.write_bytes(path, parts, context.own_files, over=True, typed=upload.typed.get(path))
