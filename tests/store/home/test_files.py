"""Opening files without waiting for anybody."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from ttp.store.home.files import NotRegular, open_input, open_regular, read_bytes, read_text, text_of_path


def test_a_regular_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("text")
    (tmp_path / "link").symlink_to("a")
    assert (read_text(tmp_path / "a"), read_bytes(tmp_path / "link")) == ("text", b"text")
    with open_input(tmp_path / "a") as file:
        assert file.read() == b"text"


@pytest.mark.parametrize("flags", [os.O_RDONLY, os.O_WRONLY, os.O_RDWR, os.O_WRONLY | os.O_CREAT | os.O_TRUNC])
def test_what_is_no_regular_file_is_refused_at_once(
    tmp_path: Path, flags: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        kinds = {"pipe": "a named pipe", "socket": "a socket", ".": "a folder", os.devnull: "a device"}
        for name, kind in kinds.items():
            with pytest.raises(NotRegular) as refused:
                open_regular(Path(name), flags)
            assert refused.value.kind == kind


def test_the_null_device_is_an_empty_file_where_that_is_asked_for() -> None:
    assert read_text(Path(os.devnull), null=True) == ""
    with pytest.raises(NotRegular):
        read_text(Path("/dev/zero"), null=True)


@pytest.mark.parametrize("name", ["nul\0", "half\ud800"])
def test_a_name_that_no_file_can_have_is_an_os_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(OSError, match="name"):
        open_regular(tmp_path / name)


def test_a_stream_of_this_process_is_read_though_it_is_a_pipe(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.write(writer, b"text")
    os.close(writer)
    try:
        (tmp_path / "link").symlink_to(f"/dev/fd/{reader}")
        with open_input(tmp_path / "link") as file:
            assert file.read() == b"text"
    finally:
        os.close(reader)


def test_a_path_in_latin_1_is_text_that_can_be_stored() -> None:
    assert text_of_path(Path(os.fsdecode(b"caf\xe9"))) == "caf\\xe9"
    assert text_of_path("café") == "café"
