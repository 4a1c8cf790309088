"""Which file a file is, on the file systems that this machine lets a test mount."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ttp.store.machine.ownership import as_text, identity, is_same


def known(path: Path) -> dict[str, str]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return identity(descriptor)
    finally:
        os.close(descriptor)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_text("one")
    return path


def test_a_file_is_itself_whatever_is_written_to_it_and_wherever_it_is_moved(file: Path) -> None:
    kept = as_text(known(file))
    with file.open("a") as more:
        more.write("more")
    os.utime(file, (1, 1))
    file.chmod(0o400)
    moved = file.rename(file.with_name("moved"))
    assert is_same(kept, known(moved))


def test_a_copy_is_another_file_also_in_the_place_of_the_first(file: Path) -> None:
    kept = as_text(known(file))
    copy = Path(shutil.copy2(file, file.with_name("copy")))
    assert not is_same(kept, known(copy))
    file.unlink()
    assert not is_same(kept, known(copy.rename(file)))


def test_what_only_one_side_knows_says_nothing() -> None:
    found = {"ino": "7", "gen": "5", "db": "9"}
    assert is_same(as_text(found), found)
    assert is_same("ino=7 db=9 born=1", found)
    for kept in ("ino=8 gen=5 db=9", "ino=7 gen=6 db=9", "ino=7 gen=5 db=8"):
        assert not is_same(kept, found)


def test_a_mark_of_an_earlier_version_is_read() -> None:
    assert is_same("7.5", {"ino": "7", "gen": "5", "db": "9"})
    assert not is_same("7.6", {"ino": "7", "gen": "5"})
    assert is_same("7.0", {"ino": "7", "gen": "5"}), "nothing was known of it"
    assert is_same("7.1795.25", {"ino": "7", "born": "1795.25"})
    assert not is_same("7.1795.5", {"ino": "7", "born": "1795.25"})


def test_the_time_of_birth_tells_where_the_system_has_it(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Born:
        st_ino, st_birthtime = 7, 1.5

    with monkeypatch.context() as patch:
        patch.setattr(os, "fstat", lambda descriptor: Born())
        kept, again = as_text(known(file)), known(file)
        patch.setattr(Born, "st_birthtime", 2.5)
        later = known(file)
    assert is_same(kept, again)
    assert not is_same(kept, later)


KNOWN = """
import json, os, sys
from ttp.store.machine.ownership import identity
print(json.dumps([identity(os.open(path, os.O_RDONLY)) for path in sys.argv[1:]]))
"""


def mounted(folder: Path, script: str) -> list[dict[str, str]]:
    """The output of a shell script with its own mounts that calls `known FILE...`."""
    if sys.platform != "linux" or shutil.which("unshare") is None:
        pytest.skip("only Linux lets a test mount file systems for itself alone")
    head = f'set -e; known() {{ \'{sys.executable}\' -c "$KNOWN" "$@"; }}; mount -t tmpfs none .; cd "$PWD"; '
    environ = {**os.environ, "KNOWN": KNOWN, "PYTHONPATH": os.pathsep.join(sys.path)}
    argv = ["unshare", *([] if os.geteuid() == 0 else ["-r"]), "-m", "sh", "-c", head + script]
    ran = subprocess.run(argv, cwd=folder, env=environ, text=True, capture_output=True, check=False)
    if ran.returncode and any(word in ran.stderr for word in ("mount", "unshare", "losetup", "mkfs", "not found")):
        pytest.skip(f"this machine lets no test mount file systems: {ran.stderr.strip().splitlines()[-1]}")
    assert ran.returncode == 0, ran.stderr
    return [found for line in ran.stdout.splitlines() for found in json.loads(line)]


OVERLAY = """
mkdir -p lower/store upper work all
echo one > lower/store/file
mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work{options} all
known all/store/file
echo two >> all/store/file
known all/store/file
cp -a all/store all/copy
known all/copy/file
umount all
mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work{options} all
known all/store/file
"""


@pytest.mark.parametrize("options", ["", ",index=on", ",metacopy=on", ",userxattr"])
def test_a_file_that_an_overlay_copies_up_is_the_same_and_its_copy_is_not(tmp_path: Path, options: str) -> None:
    before, written, copy, mounted_again = mounted(tmp_path, OVERLAY.format(options=options))
    assert is_same(as_text(before), written)
    assert is_same(as_text(before), mounted_again)
    assert not is_same(as_text(before), copy)
    assert not is_same(as_text(written), copy)


def test_files_of_two_file_systems_with_the_same_inode_number_are_two(tmp_path: Path) -> None:
    make = "mkdir {0}; mount -t tmpfs none {0}; echo x > {0}/file; known {0}/file; "
    script = make.format("a") + make.format("b")  # a process between them: births are as coarse as the kernel's tick
    one, other = mounted(tmp_path, script)
    assert one["ino"] == other["ino"]
    assert not is_same(as_text(one), other)


IMAGE = """
mkdir at; truncate -s 400M image; mkfs.{kind} -q image > /dev/null
mount -o loop image at
{make} at/store; echo one > at/store/file
known at/store/file
{copy}
known at/copy/file
umount at; mount -o loop image at; mv at/store at/moved
known at/moved/file
"""


@pytest.mark.parametrize(
    ("kind", "make", "copy"),
    [
        ("ext4", "mkdir", "cp -a at/store at/copy"),
        ("xfs", "mkdir", "cp -a --reflink=always at/store at/copy"),
        ("btrfs", "mkdir", "cp -a --reflink=always at/store at/copy"),
        ("btrfs", "btrfs -q subvolume create", "btrfs -q subvolume snapshot at/store at/copy"),
    ],
    ids=["ext4", "xfs reflink", "btrfs reflink", "btrfs snapshot"],
)
def test_a_file_survives_a_remount_and_a_move_and_a_reflink_or_a_snapshot_of_it_is_another(
    tmp_path: Path, kind: str, make: str, copy: str
) -> None:
    first, copied, moved = mounted(tmp_path, IMAGE.format(kind=kind, make=make, copy=copy))
    assert is_same(as_text(first), moved)
    assert not is_same(as_text(first), copied)
