"""A home of each released version works with this one: it opens, publishes, and a version before it refuses it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import httpx
import pytest

from tests.compat.releases import SETTINGS, STORE, keep, unpack, versions
from tests.conftest import Program
from ttp.sandbox.server import RunningSandbox
from ttp.store.columns import REVISIONS


@pytest.fixture(params=versions())
def release(request: pytest.FixtureRequest, ttp: Program) -> str:
    """A version, whose home the program has."""
    unpack(request.param, ttp.home)
    return str(request.param)


def revision(ttp: Program) -> str:
    return str(ttp.sql("SELECT version_num FROM alembic_version")[0][0])


def test_opening_it_keeps_an_older_store_beside_it_and_says_where(ttp: Program, release: str) -> None:
    before = revision(ttp)
    backup = ttp.home / f"ttp.db.before-{REVISIONS[-1]}"
    ran = ttp.ok("list")
    assert backup.exists() is (before != REVISIONS[-1])
    assert (str(backup) in ran.err) is backup.exists()
    assert revision(ttp) == REVISIONS[-1]


def test_all_of_it_is_read(ttp: Program, release: str) -> None:
    assert [one["status"] for one in ttp.ok("list", "--json").json].count("published") == 1
    assert ttp.ok("show", "2", "--json").json["media"][0]["alt"] == "A cup"
    assert [one["account"] for one in ttp.ok("account", "list", "--json").json] == ["x/me", "x/shop"]
    assert len(ttp.ok("metrics", "list", "--json").json) == 60
    assert [one["name"] for one in ttp.ok("token", "list", "--json").json] == ["ann"]
    for words in (("slots", "list"), ("repeat", "list"), ("webhook", "list"), ("history",), ("log", "4")):
        assert ttp.ok(*words).rows, words


def test_its_settings_are_in_force(ttp: Program, release: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TTP_TZ")
    found = {one["key"]: one["value"] for one in ttp.ok("config", "show", "--changed", "--json").json}
    assert found.keys() >= {name for name, *_ in SETTINGS} - {"publish.min_gap_s", "platforms.x.settle_s"}  # defaults
    assert (found["timezone"], found["publish.retry_max"]) == ("Europe/Berlin", 5)
    assert ttp.ok("config", "get", "metrics.after", "--json").json["value"] == ["1h", "7d"]


def test_its_posts_are_published(
    ttp: Program, release: str, monkeypatch: pytest.MonkeyPatch, shared_sandbox: RunningSandbox
) -> None:
    ttp.clock.set(datetime(2026, 12, 20, 9, tzinfo=UTC))
    shared_sandbox.reset(now=ttp.clock.now)
    monkeypatch.setenv("TTP_PLATFORMS__X__BASE_URL", shared_sandbox.url)
    for name in ("x/me", "x/shop"):  # this sandbox does not know the tokens of the fixture
        held = httpx.post(f"{shared_sandbox.url}/_sandbox/accounts", json={"account": name}).json()["credentials"]
        ttp.ok("account", "add", name, "--credentials", "-", stdin=json.dumps(held))
    ttp("run", "--until-idle", "--quiet")  # the repeat's post of 1 December is missed by then
    assert ttp.shown(2)["status"] == "published"
    seen = httpx.get(f"{shared_sandbox.url}/_sandbox/posts").json()
    assert sorted(post["account"] for post in seen) == ["x/me", "x/shop"]


@pytest.mark.parametrize("words", [("list",), ("status",), ("create", "Hello"), ("run", "--once"), ("doctor",)])
def test_a_version_before_it_refuses_it_unchanged(ttp: Program, release: str, words: tuple[str, ...]) -> None:
    ttp.ok("list")
    ttp.sql("UPDATE alembic_version SET version_num = '9999'")
    before = (ttp.home / "ttp.db").read_bytes()
    ran = ttp(*words, "--json")
    assert ran.code == (1 if words == ("doctor",) else 5)
    if words != ("doctor",):
        assert ran.error["code"] == "newer_store"
        assert len([line for line in ttp(*words).err.splitlines() if line.startswith("ttp: error")]) == 1
    assert (ttp.home / "ttp.db").read_bytes() == before


def test_this_version_can_be_kept(ttp: Program) -> None:
    """As `python -m tests.compat.releases` does once for each release."""
    kept = ttp.home.parent / "kept"
    keep(ttp, kept)
    assert {path.name for path in kept.iterdir()} == {STORE, "config.toml", "media"}
    assert REVISIONS[-1] in (kept / STORE).read_text()
    assert len(list((kept / "media").iterdir())) == 1
