"""A folder of Markdown files, one for each post: which files are posts, and by which key each is known.

The key of a file's post begins with the folder's name: `content/launch.md`, or `content/` and the `key` of its front
matter. So a file that moves keeps its post where it has a key of its own, and two folders do not mix.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ttp.domain.errors import Hint, NotFound, TtpError, UsageError
from ttp.services.files import content
from ttp.services.files.fields import Value
from ttp.store.regular_file import read_bytes, text_of_path

SUFFIX = ".md"


@dataclass(frozen=True, slots=True)
class File:
    """One Markdown file: its path inside the folder, and its fields, or why it cannot be read. None of both: it has no
    front matter, and is no post."""

    name: str
    fields: dict[str, Value] | None = None
    error: TtpError | None = None


class Folder:
    """A folder as it is now. NotFound if there is none."""

    def __init__(self, path: Path) -> None:
        if not os.path.isdir(path):  # noqa: PTH112 (never raises)
            raise NotFound(f"no folder {path}", Hint("make one from what there is", "ttp export --format md DIR"))
        self.path = path
        self.prefix = f"{text_of_path(path.resolve().name)}/"
        self._files: dict[str, str] | None = None

    def files(self) -> Iterator[File]:
        """Every Markdown file in it, by name. Hidden ones, and what a link leads to, are passed over."""
        yield from map(self.file, self.paths())

    def paths(self) -> Iterator[Path]:
        """Where those files are."""
        for top, folders, names in os.walk(self.path):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                path = Path(top) / name
                if path.suffix.lower() == SUFFIX and not name.startswith(".") and not path.is_symlink():
                    yield path

    def file(self, path: Path) -> File:
        """What a file of the folder says."""
        name = path.relative_to(self.path).as_posix()
        if (text := text_of_path(name)) != name:
            return File(text, error=UsageError("its name is not UTF-8, so its post could not be found again"))
        try:
            return File(name, content.read(read_bytes(path).decode("utf-8-sig")))
        except UnicodeDecodeError:
            return File(name, error=UsageError("it is not UTF-8 text"))
        except OSError as error:
            return File(name, error=UsageError(f"it cannot be read: {error.strerror}"))
        except TtpError as error:
            return File(name, error=error)

    def key(self, file: File) -> str:
        """The key of a file's post in the store."""
        own = (file.fields or {}).get("key")
        return self.prefix + (own if isinstance(own, str) and own.strip() else file.name)

    # Writing.

    def inside(self, key: str) -> str:
        """A post's key as its file has it."""
        return key.removeprefix(self.prefix)

    def usual_key(self, path: Path) -> str:
        """The key, inside the folder, of a file that says none."""
        return path.relative_to(self.path).as_posix()

    def file_of(self, key: str) -> Path | None:
        """The file whose post has this key inside the folder."""
        if self._files is None:
            self._files = {self.inside(self.key(file)): file.name for file in self.files() if file.fields is not None}
        name = self._files.get(key)
        return None if name is None else self.path / name

    def new_file(self, key: str, about: str) -> Path:
        """A name for a new file: the path that the key is, else the number or key and what the post is about."""
        parts = PurePosixPath(key)
        if parts.suffix == SUFFIX and not parts.is_absolute() and not any(p.startswith(".") for p in parts.parts):
            path = self.path / parts
            if not path.exists():
                return path
        number, at, _ = key.partition("@")
        stem = f"{number}-{about}" if at and number.isdecimal() else re.sub(r"[^\w.-]+", "-", key).strip("-.") or about
        path, count = self.path / f"{stem[:80]}{SUFFIX}", 1
        while path.exists():
            count += 1
            path = self.path / f"{stem[:80]}-{count}{SUFFIX}"
        return path
