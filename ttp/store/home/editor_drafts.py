"""What people are writing in an editor: `writing/NAME.md`, and beside it `NAME.json` with what is known of it.

NAME is the number of the post, or `new-…` before there is one. The second file is locked for as long as ttp, or the
editor that it started, has the first: what nobody holds was left behind. Never throws a text away that was not taken.
"""

from __future__ import annotations

import errno
import json
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkstemp

from ttp.domain.action import action
from ttp.domain.errors import Busy, Conflict, Hint
from ttp.store.home import atomic_file
from ttp.store.home.locks import LOCK_EX, LOCK_NB, lock
from ttp.store.home.paths import make_home
from ttp.store.home.regular_file import open_regular, read_bytes

FOLDER = "writing"
_KNOWN: dict[str, object] = {"new": False, "base": None, "draft": None, "kept": None, "first": False, "shown": []}


class Manuscript:
    """One file that is being written, as long as it is locked.

    `new`: it is to become a post. `first`: that goes in front of those in its slot. `base`: a mark of the post that it
    was made of, as that was. `draft`: the post that its text is kept as, `kept`: a mark of that. `shown`: lines
    that were put at its top.
    """

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self.lock = lock
        self._known = _KNOWN | _read(lock)

    @property
    def new(self) -> bool:
        return self._known["new"] is True

    @property
    def first(self) -> bool:
        return self._known["first"] is True

    @property
    def base(self) -> str | None:
        base = self._known["base"]
        return base if isinstance(base, str) else None

    @property
    def draft(self) -> int | None:
        draft = self._known["draft"]
        return draft if isinstance(draft, int) else None

    @property
    def kept(self) -> str | None:
        kept = self._known["kept"]
        return kept if isinstance(kept, str) else None

    @property
    def shown(self) -> list[str]:
        shown = self._known["shown"]
        return [str(line) for line in shown] if isinstance(shown, list) else []

    def know(self, **known: object) -> None:
        """Write down what is known of it. Busy."""
        self._known |= known
        with writing(self.path):
            data = json.dumps(self._known).encode()
            os.ftruncate(self.lock, 0)
            os.pwrite(self.lock, data, 0)
            os.fsync(self.lock)

    def read(self) -> str:
        """What is in it; bytes that are not UTF-8 are lone surrogates. Nothing where the file is gone. Busy."""
        with writing(self.path), suppress(FileNotFoundError):
            return read_bytes(self.path).decode("utf-8", "surrogateescape")
        return ""

    def write(self, text: str) -> None:
        """Put a text in it: all of it, or what was there stays. Busy."""
        with writing(self.path):
            atomic_file.write(self.path, text, "surrogateescape")

    def belongs_to(self, post_id: int) -> None:
        """Call it by the post that it is about from now on. Busy."""
        path = self.path.with_name(f"{post_id}.md")
        with writing(self.path):
            beside(self.path).replace(beside(path))
            self.path.replace(path)
        self._clear()
        self.path = path

    def set_aside(self) -> Path:
        """Keep what is in it under another name, which is answered, and begin anew. Busy."""
        number = 1
        while (aside := self.path.with_name(f"{self.path.stem}-{number}.md")).exists():
            number += 1
        with writing(self.path):
            self.path.replace(aside)
        self.know(**_KNOWN)
        return aside

    def discard(self) -> None:
        """Take it away: what it says was taken. What cannot be taken away stays: that is no reason to say that it was
        not taken."""
        _remove(beside(self.path))
        self._clear()

    def _clear(self) -> None:
        """Take away the file and what editors make beside it: copies of what it was before."""
        for path in self.path.parent.glob(f"{self.path.name}*"):
            _remove(path)


class Manuscripts:
    """The manuscripts of a home."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._folder = home / FOLDER

    @contextmanager
    def begun(self) -> Iterator[Manuscript]:
        """A fresh one for a new post. Busy."""
        self._make_folder()
        with writing(self._folder):
            handle, name = mkstemp(prefix="new-", suffix=".md", dir=self._folder)
            os.close(handle)
        with self._held(Path(name)) as one:
            assert one is not None
            one.know(new=True)
            yield one

    @contextmanager
    def of_post(self, post_id: int) -> Iterator[Manuscript]:
        """The one of a post, as it was left, or an empty one. Conflict where it is open somewhere; Busy."""
        self._make_folder()
        with self._held(self._folder / f"{post_id}.md") as one:
            if one is None:
                raise Conflict(f"post {post_id} is open in another editor", Hint("see", action("show", post_id)))
            yield one

    def left_behind(self) -> Iterator[Manuscript]:
        """Those for new posts that nobody has open. Busy."""
        for path in sorted(self._folder.glob("new-*.md")):
            with self._held(path) as one:
                if one is not None:
                    yield one

    @contextmanager
    def _held(self, path: Path) -> Iterator[Manuscript | None]:
        """The manuscript at a path, locked; None where somebody has it."""
        lock = _locked(beside(path))
        if lock is None:
            yield None
            return
        try:
            yield Manuscript(path, lock)
        finally:
            if not path.exists():
                _remove(beside(path))
            os.close(lock)

    def _make_folder(self) -> None:
        with writing(self._folder):
            make_home(self._home)
            self._folder.mkdir(mode=0o700, exist_ok=True)


def beside(path: Path) -> Path:
    """Where it stands what is known of a manuscript."""
    return path.with_suffix(".json")


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the disk refuses into Busy."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        look = Hint("see", f"{'df -h' if full else 'ls -la'} {shlex.quote(str(path.parent))}")
        raise Busy(f"{path} cannot be written: {error.strerror}", look) from error


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def _locked(path: Path) -> int | None:
    """The open file at a path, once it is locked; None where somebody has it. Busy."""
    while True:
        with writing(path):
            descriptor = open_regular(path, os.O_RDWR | os.O_CREAT)
        try:
            lock(descriptor, LOCK_EX | LOCK_NB, path)
            with suppress(FileNotFoundError):
                if path.stat().st_ino == os.fstat(descriptor).st_ino:
                    return descriptor
        except BlockingIOError:
            os.close(descriptor)
            return None
        os.close(descriptor)  # whoever had it took it away meanwhile


def _read(lock: int) -> dict[str, object]:
    try:
        found = json.loads(os.pread(lock, 1 << 20, 0) or b"{}")
    except ValueError:  # cut short when the machine went down
        return {}
    return found if isinstance(found, dict) else {}
