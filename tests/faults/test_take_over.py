"""Stores that were copied to another machine or restored, with real processes and the sandbox."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pytest

from tests.faults.conftest import World, until
from ttp.sandbox.files import PHOTO

PLATFORMS = ("x", "instagram")


def accounts(world: World, handle: str) -> None:
    for platform in PLATFORMS:
        world.account(f"{platform}/{handle}")


def post(world: World, text: str) -> int:
    return world.ttp.post(text, "--to", ",".join(PLATFORMS), "--media", str(PHOTO), "--at", "now")


def published(world: World, handle: str) -> list[list[str]]:
    return [[item["text"] for item in world.posts(f"{platform}/{handle}")] for platform in PLATFORMS]


def refused(world: World, says: str) -> None:
    for argv in (["run", "--until-idle"], ["run", "--once"], ["publish", "1", "--yes"]):
        ran = world.ttp(*argv)
        assert (ran.code, ran.out) == (5, "")
        assert says in ran.err
        assert "ttp run --take-over" in ran.err


def test_a_store_that_was_copied_to_another_machine_publishes_nothing_twice(world: World) -> None:
    accounts(world, "copied")
    world.ttp.ok("run", "--once")
    post(world, "published since")
    shutil.copytree(world.ttp.home, world.folder / "copy")
    world.ttp.ok("run", "--until-idle")
    assert published(world, "copied") == [["published since"]] * 2
    shutil.rmtree(world.ttp.home)
    shutil.copytree(world.folder / "copy", world.ttp.home)
    world.ttp.sql("UPDATE store SET host = 'what another machine is called here', host_name = 'pi'")
    refused(world, "another machine publishes from this store (pi, ")
    world.ttp.ok("run", "--until-idle", "--take-over")
    assert world.shown_states() == ["published", "published"]
    assert published(world, "copied") == [["published since"]] * 2
    post(world, "after it")
    world.ttp.ok("run", "--until-idle")
    assert published(world, "copied") == [["published since", "after it"]] * 2


@pytest.mark.slow
def test_a_store_that_was_restored_from_a_backup_publishes_nothing_twice(world: World) -> None:
    accounts(world, "restored")
    post(world, "published since")
    loop = world.publisher()
    until(lambda: world.shown_states() == ["published"] * 2)
    post(world, "published later")
    backup = str(world.folder / "backup.db")
    world.ttp.ok("backup", backup)
    until(lambda: world.shown_states(2) == ["published"] * 2)
    busy = world.ttp("restore", backup)
    assert (busy.code, f"pid {loop.pid}" in busy.err) == (5, True)
    loop.signal(signal.SIGTERM)
    assert loop.code() == 0
    world.ttp.ok("restore", backup)
    refused(world, "this store was restored from a backup")
    world.ttp.ok("run", "--until-idle", "--take-over")
    assert [world.shown_states(1), world.shown_states(2)] == [["published"] * 2] * 2
    assert published(world, "restored") == [["published since", "published later"]] * 2


@pytest.mark.slow
def test_a_folder_that_was_put_back_publishes_nothing_twice(world: World) -> None:
    accounts(world, "folder")
    world.ttp.ok("run", "--once")
    post(world, "published since")
    post(world, "never published")
    kept = shutil.copytree(world.ttp.home, world.folder / "kept")
    world.ttp.ok("publish", "1", "--yes")
    put_back(world, kept)
    refused(world, "this store was copied or restored")
    ran = world.ttp("run", "--until-idle", "--take-over", "--json")
    assert (ran.code, ran.json["published"], ran.json["needsReview"]) == (6, 2, 2)
    assert world.shown_states(1) == ["published", "published"]
    assert world.shown_states(2) == ["needs_review", "needs_review"]
    assert published(world, "folder") == [["published since"]] * 2


def put_back(world: World, kept: Path) -> None:
    shutil.rmtree(world.ttp.home)
    shutil.copytree(kept, world.ttp.home)


@pytest.mark.slow
def test_a_database_that_was_put_back_publishes_nothing_twice(world: World) -> None:
    accounts(world, "file")
    post(world, "published since")
    kept = world.folder / "kept.db"
    shutil.copy(world.ttp.home / "ttp.db", kept)  # nothing has it open: all is in this one file
    world.ttp.ok("run", "--until-idle")
    for part in ("-wal", "-shm"):
        (world.ttp.home / f"ttp.db{part}").unlink(missing_ok=True)
    shutil.copy(kept, world.ttp.home / "ttp.db")
    refused(world, "this store was put back to an earlier state")
    world.ttp.ok("run", "--until-idle", "--take-over")
    assert world.shown_states() == ["published", "published"]
    assert published(world, "file") == [["published since"]] * 2
    world.ttp.ok("run", "--once")
