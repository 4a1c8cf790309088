"""`ttp store copy` and `ttp store unseal`, and what a sealed store answers."""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path

import pytest

from tests.conftest import Program
from ttp.sandbox.server import RunningSandbox
from ttp.store.sqlite import create_tables


@pytest.fixture(autouse=True)
def created_stores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the program create its stores: each has its own id."""
    monkeypatch.setattr("ttp.store.database.create_tables", create_tables)


@pytest.fixture
def here(ttp: Program) -> str:
    """The address of the program's store."""
    return os.environ.get("TTP_STORE__URL", str(ttp.home))


@pytest.fixture
def moved(ttp: Program, here: str, tmp_path: Path) -> Path:
    """The home of a store that the program's was moved to."""
    ttp.account()
    ttp.post("Hello", "--to", "x/me", "--at", "in 1h")
    target = tmp_path / "target"
    ttp.ok("store", "copy", "--from", here, "--to", str(target))
    return target


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_copied_store_publishes_what_is_due_once(
    ttp: Program,
    here: str,
    tmp_path: Path,
    kind: str,
    shared_sandbox: RunningSandbox,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    ttp.rehearse(monkeypatch, shared_sandbox, "x/demo")
    ttp.post("Hello", "--to", "x/demo", "--at", "now")
    place = str(tmp_path / "target") if kind == "sqlite" else request.getfixturevalue("store_url")
    ttp.ok("store", "copy", "--from", here, "--to", place)
    assert ttp("run", "--once", "--fail-if-locked").code == 5
    assert ttp("publish", "1", "--yes").code == 5
    assert not shared_sandbox.state.posts
    if kind == "sqlite":
        shutil.copy(ttp.home / "credentials.json", place)
        monkeypatch.setenv("TTP_HOME", place)
        monkeypatch.delenv("TTP_STORE__URL", raising=False)
    else:
        monkeypatch.setenv("TTP_STORE__URL", place)
    ttp.ok("run", "--until-idle")
    assert ttp.shown()["status"] == "published"
    assert len(shared_sandbox.state.posts) == 1


@pytest.mark.sqlite("the address of a file")
def test_what_was_copied_is_reported(ttp: Program, tmp_path: Path) -> None:
    ttp.account()
    target = tmp_path / "target"
    made = ttp.ok("store", "copy", "--from", f"sqlite://{ttp.home}/ttp.db", "--to", str(target), "--json")
    assert made.json["to"] == str(target / "ttp.db")
    assert made.json["rows"] >= 1
    assert f"TTP_HOME={target}" in made.err
    assert f"{ttp.home}/credentials.json" in made.err


@pytest.mark.parametrize(
    "argv",
    [
        ("create", "More"),
        ("edit", "1", "Changed"),
        ("delete", "1", "--yes"),
        ("schedule", "1", "--at", "in 2h"),
        ("pause",),
        ("account", "set", "x/me", "--tz", "Europe/Berlin"),
        ("slots", "add", "tue 10:00", "--account", "x/me"),
        ("run", "--once", "--fail-if-locked"),
        ("run", "--once", "--take-over"),
        ("publish", "1", "--yes"),
    ],
    ids=" ".join,
)
def test_a_sealed_store_changes_and_publishes_nothing(ttp: Program, moved: Path, argv: tuple[str, ...]) -> None:
    refused = ttp(*argv)
    assert refused.code == 5, refused
    assert str(moved / "ttp.db") in refused.err
    assert f"ttp store unseal {shlex.quote(str(ttp.database.name))}" in refused.err
    assert "bug" not in refused.err


def test_a_store_whose_copy_is_lost_asks_for_a_take_over(ttp: Program, moved: Path) -> None:
    ttp.ok("store", "unseal", "--without-copy")
    ttp.ok("create", "More")
    refused = ttp("run", "--once", "--fail-if-locked")
    assert refused.code == 5
    assert "--take-over" in refused.err


def test_a_store_that_is_not_sealed_stays_as_it_is(ttp: Program) -> None:
    ttp.account()
    assert ttp.ok("store", "unseal", "--json").json == {"store": str(ttp.database.name), "copy": None}


@pytest.mark.parametrize(
    "address",
    ["mysql://host/db", "https://example.org", "postgresql://me:secret@127.0.0.1/db", "FILE"],
)
def test_an_address_of_no_store_is_refused(ttp: Program, here: str, tmp_path: Path, address: str) -> None:
    ttp.account()
    (tmp_path / "file").touch()
    text = str(tmp_path / "file") if address == "FILE" else address
    refused = ttp("store", "copy", "--from", here, "--to", text)
    assert refused.code == 2
    assert "secret" not in refused.err
    ttp.ok("create", "still mine")


@pytest.mark.sqlite("it begins with a file")
def test_a_store_goes_to_postgresql_and_back(ttp: Program, tmp_path: Path, store_url: str) -> None:
    ttp.account()
    ttp.post("Hello", "--to", "x/me", "--at", "in 1h")
    before = ttp.shown(1)
    ttp.ok("store", "copy", "--from", str(ttp.home), "--to", store_url)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TTP_STORE__URL", store_url)
        assert ttp.shown(1) == before
        assert ttp.post("Second") == 2
        ttp.ok("store", "copy", "--from", store_url, "--to", str(tmp_path / "back"))
        assert ttp("create", "no").code == 5
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TTP_HOME", str(tmp_path / "back"))
        assert ttp.shown(1) == before
        assert ttp.post("Third") == 3


def test_a_store_in_postgresql_whose_copy_is_lost_asks_for_a_take_over(
    ttp: Program, tmp_path: Path, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTP_STORE__URL", store_url)
    ttp.account()
    ttp.post("Hello", "--to", "x/me", "--at", "in 1h")
    ttp.ok("store", "copy", "--from", store_url, "--to", str(tmp_path / "lost"))
    assert ttp("run", "--once", "--fail-if-locked", "--take-over").code == 5
    assert ttp("create", "More").code == 5
    ttp.ok("store", "unseal", store_url, "--without-copy")
    refused = ttp("run", "--once", "--fail-if-locked")
    assert refused.code == 5
    assert "--take-over" in refused.err
    ttp.ok("run", "--once", "--take-over")
    ttp.ok("run", "--once", "--fail-if-locked")
