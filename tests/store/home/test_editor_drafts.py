"""What people are writing: held while it is open, found when it was left behind, never thrown away."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from ttp.domain.errors import Busy, Conflict
from ttp.store.home import editor_drafts
from ttp.store.home.editor_drafts import EditorDrafts


@pytest.fixture
def manuscripts(tmp_path: Path) -> EditorDrafts:
    return EditorDrafts(tmp_path / "home")


def folder(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "home" / "writing").iterdir())


def test_what_is_known_of_it_is_there_again(manuscripts: EditorDrafts, tmp_path: Path) -> None:
    with manuscripts.of_post(3) as one:
        one.write("a\udce9")
        one.remember(base="b", first=True)
    assert folder(tmp_path) == ["3.json", "3.md"]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in (tmp_path / "home" / "writing").iterdir())
    assert (tmp_path / "home" / "writing" / "3.md").read_bytes() == b"a\xe9"
    with manuscripts.of_post(3) as one:
        assert (one.read(), one.base, one.first) == ("a\udce9", "b", True)
        one.discard()
    assert folder(tmp_path) == []


def test_only_one_has_it_at_a_time(manuscripts: EditorDrafts) -> None:
    with (
        manuscripts.of_post(3) as one,
        pytest.raises(Conflict),
        manuscripts.of_post(3),
    ):
        pass
    with manuscripts.begin() as one:
        one.write("Hello")
        assert manuscripts.left_behind() is None
        with pytest.raises(Conflict), manuscripts.begin(one.path):
            pass
    assert manuscripts.left_behind() == one.path
    with manuscripts.begin(one.path) as again:
        assert again.read() == "Hello"


def test_a_program_that_was_started_with_the_lock_has_it_on(manuscripts: EditorDrafts) -> None:
    with manuscripts.begin() as one:
        one.write("Hello")
        inherited = os.dup(one.lock)
    assert manuscripts.left_behind() is None
    os.close(inherited)
    assert manuscripts.left_behind() == one.path


@pytest.mark.parametrize("known", [b"", b'{"base": 3', b"[]", b'{"base": 4, "first": 6}', b"\xff"])
def test_what_is_known_may_be_cut_short(manuscripts: EditorDrafts, tmp_path: Path, known: bytes) -> None:
    with manuscripts.of_post(3) as one:
        one.write("Hello")
    (tmp_path / "home" / "writing" / "3.json").write_bytes(known)
    with manuscripts.of_post(3) as one:
        assert (one.read(), one.base, one.first) == ("Hello", None, False)


def test_nothing_is_left_of_one_that_was_never_written(manuscripts: EditorDrafts, tmp_path: Path) -> None:
    with manuscripts.of_post(3) as one:
        assert one.read() == ""
    assert folder(tmp_path) == []


def test_one_that_is_set_aside_stays(manuscripts: EditorDrafts, tmp_path: Path) -> None:
    for text in ("One", "Two"):
        with manuscripts.of_post(3) as one:
            one.write(text)
            one.remember(base="b")
            assert one.set_aside().read_text() == text
            assert (one.read(), one.base) == ("", None)
    assert folder(tmp_path) == ["3-1.md", "3-2.md"]


def test_what_editors_leave_beside_it_goes_with_it(manuscripts: EditorDrafts, tmp_path: Path) -> None:
    with manuscripts.begin() as one:
        one.write("Hello")
        Path(f"{one.path}~").write_text("Hell")
        one.discard()
    assert folder(tmp_path) == []


def test_one_whose_deletion_is_cut_short_is_gone_and_leaves_nothing_to_the_next(
    manuscripts: EditorDrafts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    removed: list[Path] = []
    with manuscripts.begin() as one:
        one.write("Saved")
        one.remember(saving=True)
        monkeypatch.setattr(editor_drafts, "_remove", removed.append)
        one.discard()
    monkeypatch.undo()
    removed[0].unlink()
    assert folder(tmp_path) == ["new-1.json"]
    assert manuscripts.left_behind() is None
    with manuscripts.begin() as one:
        assert (one.read(), one.saving) == ("", False)


def test_a_full_disk_is_told_and_leaves_what_was_there(
    manuscripts: EditorDrafts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with manuscripts.begin() as one:
        one.write("Hello")
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(Busy, match="No space left on device") as refused:
                one.write("Goodbye")
            with pytest.raises(Busy):
                one.remember(base="b")
        assert str(refused.value.hints[0].way).startswith("df -h ")
        assert one.read() == "Hello"
    (tmp_path / "home" / "writing").chmod(0o500)
    if os.geteuid():
        with pytest.raises(Busy, match="Permission denied"), manuscripts.begin():
            pass
