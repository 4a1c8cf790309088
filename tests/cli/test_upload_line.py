"""The line on stderr that says how far uploads and conversions are: late, seldom, and gone before anything is said."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from ttp.cli import progress
from ttp.cli.progress import UploadLine, watch_uploads
from ttp.domain.account import Account, Credentials
from ttp.domain.media.item import MediaItem
from ttp.platforms import uploads
from ttp.platforms.client import MediaFile, PublishRequest

ITEM = MediaItem("clip.mp4", "video/mp4", 3, "ab" * 32)
ORDER = PublishRequest(
    1, Account("x", "me"), Credentials("token", "localhost"), "hi", (MediaFile(ITEM, Path("clip.mp4")),)
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Seconds:
    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def nobody() -> Iterator[None]:
    yield
    uploads.set_listener(None)


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> Seconds:
    clock = Seconds()
    monkeypatch.setattr(progress, "time", clock)
    return clock


def test_an_upload_is_told_once_it_has_taken_a_moment_and_not_too_often(seconds: Seconds) -> None:
    drawn = Terminal()
    line = UploadLine(drawn)
    line.report_sent("x/me", 1_000_000, 4_000_000)
    assert drawn.getvalue() == ""
    for _ in range(2):
        seconds.now += 0.4
        line.report_sent("x/me", 1_000_000, 4_000_000)
        line.report_sent("x/me", 1, 4_000_000)
    assert drawn.getvalue() == ("\ruploading  x/me 2.0 MB of 4.0 MB\x1b[K\ruploading  x/me 3.0 MB of 4.0 MB\x1b[K")


def test_what_is_sent_again_is_never_more_than_all_of_it_and_another_upload_begins_anew(seconds: Seconds) -> None:
    drawn = Terminal()
    line = UploadLine(drawn)
    line.report_sent("x/me", 3_000_000, 4_000_000)
    seconds.now += 1
    line.report_sent("x/me", 3_000_000, 4_000_000)
    seconds.now += 1
    line.report_sent("x/me", 1_000_000, 9_000_000)
    assert drawn.getvalue().endswith("x/me 4.0 MB of 4.0 MB\x1b[K\ruploading  x/me 1.0 MB of 9.0 MB\x1b[K")


def test_the_line_is_taken_away_before_something_is_said(seconds: Seconds) -> None:
    drawn = Terminal()
    line = UploadLine(drawn)
    line.report_sent("x/me", 1, 2)
    line.clear()
    assert drawn.getvalue() == ""
    seconds.now += 1
    line.report_sent("tiktok/me", 1_000_000, 2_000_000)
    line.clear("x/me")
    seconds.now += 1
    line.report_sent("tiktok/me", 1_000_000, 2_000_000)
    assert drawn.getvalue().split("\r")[2:] == ["\x1b[K", "uploading  tiktok/me 2.0 MB of 2.0 MB\x1b[K"]


def test_a_conversion_is_told_at_once_and_cleaned(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = Terminal()
    monkeypatch.setattr("sys.stderr", drawn)
    assert watch_uploads(quiet=False) is not None
    with uploads.report_converting("a\x1b[31m photo.png"):
        assert drawn.getvalue() == "\rconverting  a\\x1b[31m photo.png\x1b[K"
    assert drawn.getvalue().endswith("\r\x1b[K")


def test_nobody_is_told_without_a_terminal_when_quiet_or_beside_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = Terminal()
    monkeypatch.setattr("sys.stderr", io.StringIO())
    assert watch_uploads(quiet=False) is None
    monkeypatch.setattr("sys.stderr", drawn)
    assert watch_uploads(quiet=True) is None
    assert uploads.with_progress(whole := iter([b"a"]), ORDER) is whole
    with uploads.without_progress(), uploads.report_converting("photo.png"):
        watch_uploads(quiet=False)
        uploads.report_sent(ORDER, 1)
    assert drawn.getvalue() == ""


def test_content_is_told_as_it_is_taken_and_stays_what_it_is() -> None:
    told: list[tuple[str, int, int]] = []

    class Heard:
        def report_sent(self, account: str, more: int, of: int) -> None:
            told.append((account, more, of))

        def converting(self, name: str | None) -> None: ...

    uploads.set_listener(Heard())
    assert uploads.with_progress(b"whole", ORDER) == b"whole"
    assert uploads.with_progress(None, ORDER) is None
    pieces = uploads.with_progress([b"ab", b"c"], ORDER)
    assert pieces is not None
    assert list(pieces) == [b"ab", b"c"]
    assert told == [("x/me", 2, 3), ("x/me", 1, 3)]
