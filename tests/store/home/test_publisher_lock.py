"""The publisher's lock: one holder, seen by all, gone with its process; and the note of who holds it."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from filelock import FileLock

from tests.clock import START
from tests.store.process_limits import umask
from ttp.domain.action import action
from ttp.domain.errors import Busy
from ttp.store.home.locks import Holder, LockHeld, is_publisher_running, publisher_lock, read_holder, write_holder

HOLDING = """
import sys, pathlib
from ttp.store.home.locks import publisher_lock
with publisher_lock(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_publisher(home: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLDING, str(home)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


def test_only_one_process_publishes_and_its_death_frees_the_lock(home: Path) -> None:
    with another_publisher(home) as process:
        assert is_publisher_running(home)
        with pytest.raises(LockHeld), publisher_lock(home):
            pytest.fail("two publishers")
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert not is_publisher_running(home)
        with publisher_lock(home):
            assert is_publisher_running(home)
    assert not is_publisher_running(home)


def test_nobody_holds_a_lock_that_was_never_made(home: Path) -> None:
    assert not is_publisher_running(home)
    assert not (home / "publisher.lock").exists(), "asking makes nothing"


def test_the_refusal_names_the_process_and_how_to_stop_it(home: Path) -> None:
    write_holder(home, Holder(4711, "loop", START, START))
    with publisher_lock(home), pytest.raises(Busy) as caught, publisher_lock(home, doing="it must not"):
        pass
    assert "pid 4711" in caught.value.message
    assert caught.value.message.endswith(", and it must not")
    assert [hint.way for hint in caught.value.hints] == ["kill 4711"]
    with publisher_lock(home), pytest.raises(Busy) as caught, publisher_lock(home):
        pass
    assert [hint.way for hint in caught.value.hints] == [action("status")]


def test_a_holder_that_is_not_known_is_still_a_holder(home: Path) -> None:
    with publisher_lock(home), pytest.raises(LockHeld) as caught, publisher_lock(home):
        pass
    assert caught.value.holder is None
    assert [hint.way for hint in caught.value.hints] == [action("status")]


def test_a_look_at_the_lock_never_keeps_a_publisher_out(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with publisher_lock(home):
        pass
    look = os.open(home / "publisher.lock", os.O_RDWR)
    fcntl.flock(look, fcntl.LOCK_SH)  # what `is_publisher_running` of another process does for a moment
    refused = []
    acquire = FileLock.acquire

    def noting(lock: FileLock, *args: object, **more: object) -> object:
        try:
            return acquire(lock, *args, **more)  # type: ignore[arg-type]  # passed on as they came
        except TimeoutError:
            refused.append(1)
            fcntl.flock(look, fcntl.LOCK_UN)
            raise

    monkeypatch.setattr(FileLock, "acquire", noting)
    with publisher_lock(home):
        assert refused == [1]
    os.close(look)


def test_a_look_that_takes_seconds_keeps_no_publisher_out(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with publisher_lock(home):
        pass
    look = os.open(home / "publisher.lock", os.O_RDWR)
    fcntl.flock(look, fcntl.LOCK_SH)
    slept = 0.0

    def sleep(seconds: float) -> None:
        nonlocal slept
        slept += seconds
        if slept > 5.0:
            fcntl.flock(look, fcntl.LOCK_UN)

    monkeypatch.setattr("time.sleep", sleep)
    with publisher_lock(home):
        assert slept > 5.0
    os.close(look)


def test_a_lock_is_given_back_after_an_error(home: Path) -> None:
    with pytest.raises(KeyError), publisher_lock(home):
        raise KeyError
    with publisher_lock(home):
        pass


def test_the_note_of_the_holder_comes_back_and_is_its_owners_alone(home: Path) -> None:
    holder = Holder(4711, "once", START, START + timedelta(minutes=3))
    with umask(0):
        write_holder(home, holder)
        with publisher_lock(home):
            pass
    assert read_holder(home) == holder
    assert sorted(path.name for path in home.iterdir()) == ["publisher.json", "publisher.lock"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in home.iterdir()} == {0o600}


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"pid": "me"}', '{"pid": 1, "mode": "loop", "since": 3}'])
def test_a_note_that_cannot_be_read_is_none(home: Path, text: str) -> None:
    assert read_holder(home) is None
    (home / "publisher.json").write_text(text)
    assert read_holder(home) is None


def test_a_holder_that_finds_no_room_is_told_and_leaves_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_holder(home, Holder(4711, "loop", START, START))

    def refuse(descriptor: int, mode: str) -> None:
        os.close(descriptor)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("ttp.store.home.locks.os.fdopen", refuse)
    with pytest.raises(Busy):
        write_holder(home, Holder(4712, "loop", START, START))
    monkeypatch.undo()
    assert [path.name for path in home.iterdir()] == ["publisher.json"]
    holder = read_holder(home)
    assert holder is not None
    assert holder.pid == 4711
