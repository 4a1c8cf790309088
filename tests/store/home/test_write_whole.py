"""Small files that are written whole."""

from __future__ import annotations

import errno
import fcntl
import stat
from pathlib import Path

import pytest

from ttp.store.home import files, locks


def test_a_file_is_replaced_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("old, and longer")
    path.chmod(0o644)
    files.write_whole(path, "new")
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new", 0o600)
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_system_that_locks_no_folder_is_no_hindrance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(number: int) -> None:
        def flock(lock: int, how: int) -> None:
            raise OSError(number, "no")

        monkeypatch.setattr(fcntl, "flock", flock)

    refuse(errno.EBADF)
    with locks.lock_folder(tmp_path):
        files.write_whole(tmp_path / "a", "text")
    assert (tmp_path / "a").read_text() == "text"
    refuse(errno.EIO)
    with pytest.raises(OSError, match="no"), locks.lock_folder(tmp_path):
        raise AssertionError
