"""What people are writing: held while it is open, found when it was left behind, never thrown away."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from ttp.domain.errors import Busy, Conflict
from ttp.store.home.editor_drafts import EditorDrafts


@pytest.fixture
def manuscripts(tmp_path: Path) -> EditorDrafts:
    return EditorDrafts(tmp_path / "home")


def folder(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "home" / "writing").iterdir())


def test_what_is_known_of_it_is_there_again(manuscripts: EditorDrafts, tmp_path: Path) -> None:
    with manuscripts.begin() as one:
        one.write("a\udce9")
        one.remember(draft=3, base="b", shown=["x"], first=True)
        one.belongs_to(3)
    assert folder(tmp_path) == ["3.json", "3.md"]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in (tmp_path / "home" / "writing").iterdir())
    assert (tmp_path / "home" / "writing" / "3.md").read_bytes() == b"a\xe9"
    with manuscripts.of_post(3) as one:
        assert (one.read(), one.draft, one.base, one.shown, one.new, one.first) == (
            "a\udce9",
            3,
            "b",
            ["x"],
            True,
            True,
        )
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
        assert list(manuscripts.left_behind()) == []
    (found,) = (one.read() for one in manuscripts.left_behind())
    assert found == "Hello"


def test_a_program_that_was_started_with_the_lock_has_it_on(manuscripts: EditorDrafts) -> None:
    with manuscripts.begin() as one:
        one.write("Hello")
        inherited = os.dup(one.lock)
    assert list(manuscripts.left_behind()) == []
    os.close(inherited)
    assert len(list(manuscripts.left_behind())) == 1


@pytest.mark.parametrize(
    "known", [b"", b'{"draft": 3', b"[]", b'{"draft": "3", "base": 4, "shown": 5, "new": 6}', b"\xff"]
)
def test_what_is_known_may_be_cut_short(manuscripts: EditorDrafts, tmp_path: Path, known: bytes) -> None:
    with manuscripts.of_post(3) as one:
        one.write("Hello")
    (tmp_path / "home" / "writing" / "3.json").write_bytes(known)
    with manuscripts.of_post(3) as one:
        assert (one.read(), one.draft, one.base, one.shown, one.new) == ("Hello", None, None, [], False)


def test_nothing_is_left_of_one_that_was_never_written(manuscripts: EditorDrafts, tmp_path: Path) -> None:
    with manuscripts.of_post(3) as one:
        assert one.read() == ""
    assert folder(tmp_path) == []


def test_one_that_is_set_aside_stays(manuscripts: EditorDrafts, tmp_path: Path) -> None:
    for text in ("One", "Two"):
        with manuscripts.of_post(3) as one:
            one.write(text)
            one.remember(draft=7)
            assert one.set_aside().read_text() == text
            assert (one.read(), one.draft) == ("", None)
    assert folder(tmp_path) == ["3-1.md", "3-2.md"]


def test_what_editors_leave_beside_it_goes_with_it(manuscripts: EditorDrafts, tmp_path: Path) -> None:
    with manuscripts.begin() as one:
        one.write("Hello")
        Path(f"{one.path}~").write_text("Hell")
        one.belongs_to(3)
        Path(f"{one.path}.bak").write_text("Hell")
        assert folder(tmp_path) == ["3.json", "3.md", "3.md.bak"]
        one.discard()
    assert folder(tmp_path) == []


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
                one.remember(draft=3)
        assert str(refused.value.hints[0].way).startswith("df -h ")
        assert one.read() == "Hello"
    (tmp_path / "home" / "writing").chmod(0o500)
    if os.geteuid():
        with pytest.raises(Busy, match="Permission denied"), manuscripts.begin():
            pass
