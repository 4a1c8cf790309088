"""`ttp delete --remote`: what is published goes from the platforms and then from the lists, or it is said why not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.clock import START, FakeClock
from tests.conftest import Program
from tests.platforms.sandboxed import control
from ttp.cli import terminal
from ttp.domain.errors import Hint, StateRefused
from ttp.sandbox.files import CLIP
from ttp.sandbox.server import RunningSandbox
from ttp.services.posts import Posts

TIKTOK = "https://www.tiktok.com/@demo/video/7"


class Rehearsal:
    """The program and a sandbox that its settings point at, with the demo accounts added."""

    def __init__(self, ttp: Program, sandbox: RunningSandbox) -> None:
        self.ttp = ttp
        self.sandbox = sandbox
        self.handed: dict[str, Any] = {a["account"]: a["credentials"] for a in self.control("GET", "accounts")}
        for name, credentials in self.handed.items():
            ttp.ok("account", "add", name, "--credentials", "-", "-q", stdin=json.dumps(credentials))
        ttp.ok("account", "set", "tiktok/demo", "--set", "tiktok.privacy_level=SELF_ONLY")

    def control(self, method: str, path: str, body: object = None) -> Any:
        return control(self.sandbox.url, method, path, body)

    def publish(self, text: str, to: str, *more: str) -> int:
        """A post that is published; its id."""
        post = self.ttp.post(text, "--to", to, "--at", "now", *more)
        self.ttp.ok("run", "--until-idle", "-q")
        return post

    def with_tiktok(self, to: str, clip: str) -> int:
        """A post of which TikTok has its part already, and the rest is published; its id."""
        post = self.ttp.post("A film", "--to", to, "--media", clip, "--at", "now")
        on_tiktok: dict[str, Any] = {"published_at": START, "remote_id": "7", "url": TIKTOK}
        self.ttp.bring(post, "published", "tiktok/demo", **on_tiktok)
        self.ttp.ok("run", "--until-idle", "-q")
        return post

    def fails(self, **how: object) -> None:
        self.control("POST", "faults", {"method": "DELETE", "path": "/2/tweets/", "do": "status", "status": 503, **how})

    @property
    def feed(self) -> list[str]:
        return [post["text"] for post in self.control("GET", "posts")]

    @property
    def deleted(self) -> list[str]:
        """The ids that were asked to be deleted, in order, since the last time."""
        requests = self.control("GET", "requests")
        self.control("DELETE", "requests")
        return [r["path"].rpartition("/")[2] for r in requests if r["method"] == "DELETE"]


@pytest.fixture
def here(ttp: Program, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, shared_sandbox: RunningSandbox) -> Rehearsal:
    shared_sandbox.reset(now=clock.now, processing_s=0)
    for platform in ("BLUESKY", "X", "TIKTOK", "INSTAGRAM"):
        monkeypatch.setenv(f"TTP_PLATFORMS__{platform}__BASE_URL", shared_sandbox.url)
    return Rehearsal(ttp, shared_sandbox)


def test_what_x_published_is_removed_and_the_post_deleted(here: Rehearsal) -> None:
    here.publish("Oops", "x")
    ran = here.ttp.ok("delete", "1", "--remote", "--yes", "--json")
    (post,) = ran.json
    (remote,) = post["remote"]
    assert (post["id"], post["deleted"], remote["account"], remote["takenDown"]) == (1, True, "x/demo", True)
    assert here.feed == []
    assert here.ttp.ok("list").out == ""
    assert here.ttp.sql("SELECT phase, step, outcome, http_status, message FROM attempt ORDER BY id DESC LIMIT 1") == [
        ("take_down", "take down", "done", 200, remote["remoteId"])
    ]


def test_nothing_is_removed_without_a_yes_and_the_price_is_told(here: Rehearsal) -> None:
    here.publish("Oops", "x")
    ran = here.ttp("delete", "1", "--remote", "--json")
    assert (ran.code, ran.error["hint"]) == (2, "ttp delete 1 --remote --json --yes")
    assert "$0.01" in ran.error["message"]
    assert here.feed == ["Oops"]


@pytest.mark.parametrize(("typed", "left"), [("y\n", []), ("\n", ["Oops"])], ids=["yes", "no"])
def test_a_person_is_asked_with_the_place_and_the_price(
    here: Rehearsal, monkeypatch: pytest.MonkeyPatch, typed: str, left: list[str]
) -> None:
    here.publish("Oops", "x")
    monkeypatch.setattr(terminal, "is_interactive", lambda: True)
    ran = here.ttp("delete", "1", "--remote", stdin=typed)
    assert ran.code == len(left)
    assert "x/demo" in ran.err
    assert "$0.01" in ran.err
    assert here.feed == left


def test_a_thread_is_removed_part_by_part_the_last_first(here: Rehearsal) -> None:
    here.publish("one", "x", "--thread", "two", "--thread", "three")
    ids = [post["id"] for post in here.control("GET", "posts")]
    assert "($0.03 at X)" in here.ttp("delete", "1", "--remote").err
    assert here.deleted == []
    here.ttp.ok("delete", "1", "--remote", "--yes")
    assert here.deleted == ids[::-1]
    assert here.feed == []


def test_a_thread_of_which_a_part_stays_is_gone_on_with(here: Rehearsal) -> None:
    here.publish("one", "x", "--thread", "two", "--thread", "three")
    ids = [post["id"] for post in here.control("GET", "posts")]
    here.fails(nth=2)
    ran = here.ttp("delete", "1", "--remote", "--yes", "--json")
    assert (ran.code, ran.error["code"]) == (6, "partial")
    assert ran.error["hint"] == "ttp delete 1 --remote --yes"
    assert ran.json[0]["deleted"] is False
    assert here.deleted == [ids[2], ids[1]]
    assert here.feed == ["one", "two"]
    here.ttp.ok("delete", "1", "--remote", "--yes")
    assert here.deleted == [ids[1], ids[0]]


def test_a_failure_of_one_account_keeps_back_no_other_and_doing_it_again_goes_on(here: Rehearsal) -> None:
    here.publish("one", "x")
    here.publish("two", "x")
    here.fails()
    ran = here.ttp("delete", "1", "2", "--remote", "--yes")
    assert ran.code == 6
    assert ran.out == "2\n"
    assert "https://x.com/i/status/" in ran.err
    assert "503" in ran.err
    assert here.feed == ["one"]
    assert here.ttp.ok("delete", "1", "--remote", "--yes").out == "1\n"
    assert here.feed == []


def test_what_no_app_can_delete_is_refused_with_the_link(here: Rehearsal, clip: str) -> None:
    here.with_tiktok("tiktok", clip)
    ran = here.ttp("delete", "1", "--remote", "--yes", "--json")
    assert (ran.code, ran.error["code"], ran.out) == (7, "not_allowed", "")
    assert TIKTOK in ran.error["message"]
    assert ran.error["hint"] == "ttp delete 1"
    assert TIKTOK in ran.error["message"]
    assert here.ttp.shown()["deliveries"][0]["takenDownAt"] is None


def test_what_goes_from_x_and_stays_on_tiktok_stays_on_the_lists(here: Rehearsal, clip: str) -> None:
    here.with_tiktok("x,tiktok", clip)
    asked = here.ttp("delete", "1", "--remote")
    assert asked.code == 2
    assert TIKTOK in asked.err
    ran = here.ttp("delete", "1", "--remote", "--yes", "--json")
    assert (ran.code, ran.error["code"]) == (6, "partial")
    assert {fate["account"]: fate["takenDown"] for fate in ran.json[0]["remote"]} == {
        "x/demo": True,
        "tiktok/demo": False,
    }
    assert len(ran.err.splitlines()) == 1, "said once, in the error"
    gone = next(d for d in here.ttp.shown()["deliveries"] if d["account"] == "x/demo")
    assert (gone["state"], gone["takenDownAt"]) == ("published", "2026-11-24T12:00:00Z")
    assert "deleted" in here.ttp.ok("show", "1", "--format", "table").out
    assert here.ttp("delete", "1", "--remote", "--yes").code == 7
    here.ttp.ok("delete", "1")


def test_a_thread_on_bluesky_is_removed_with_its_gates(here: Rehearsal) -> None:
    post = here.publish("One", "bluesky", "--thread", "Two", "--set", "bluesky.who_replies=nobody")
    assert len(here.control("GET", "posts")) == 2
    here.ttp.ok("delete", str(post), "--remote", "--yes")
    assert here.control("GET", "posts") == []


def test_an_id_that_is_not_known_is_said_to_be(here: Rehearsal) -> None:
    here.publish("Oops", "x")
    here.ttp.sql("UPDATE delivery SET remote_id = NULL")
    ran = here.ttp("delete", "1", "--remote", "--yes")
    assert ran.code == 7
    assert here.feed == ["Oops"]


def test_an_account_without_credentials_is_to_be_connected_first(here: Rehearsal) -> None:
    here.publish("Oops", "x")
    (here.ttp.home / "credentials.json").unlink()
    ran = here.ttp("delete", "1", "--remote", "--yes", "--json")
    assert (ran.code, ran.error["code"]) == (4, "reconnect")
    assert ran.error["hint"] == "ttp account connect x/demo"
    assert here.feed == ["Oops"]


def test_credentials_of_another_host_are_not_sent_to_delete_anything(
    here: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.publish("Oops", "x")
    monkeypatch.delenv("TTP_PLATFORMS__X__BASE_URL")
    ran = here.ttp("delete", "1", "--remote", "--yes", "--json")
    assert ran.code == 6
    assert "TTP_PLATFORMS__X__BASE_URL" in ran.error["message"]
    assert ran.error["hint"] == "ttp help sandbox"
    assert here.feed == ["Oops"]


def test_a_post_that_changed_meanwhile_is_not_deleted_and_that_is_told(
    here: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(self: Posts, ids: list[int], **_: bool) -> list[int]:
        raise StateRefused(f"post {ids[0]} is being published", Hint("see", f"ttp show {ids[0]}"))

    here.publish("Oops", "x")
    monkeypatch.setattr(Posts, "delete", refused)
    ran = here.ttp("delete", "1", "--remote", "--yes", "--json")
    assert (ran.code, ran.error["code"], ran.json[0]["deleted"]) == (2, "state", False)
    assert here.feed == []
    assert here.ttp.shown()["deliveries"][0]["takenDownAt"] is not None


def test_what_is_published_while_the_post_is_deleted_is_not_forgotten(
    here: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete = Posts.delete

    def publish_and_delete(self: Posts, ids: list[int], **how: bool) -> object:
        here.ttp.bring(1, "published", comment=True, published_at=START, remote_id="7", next_at=None)
        return delete(self, ids, **how)

    here.publish("Oops", "x", "--comment", "More", "--comment-after", "1h")
    monkeypatch.setattr(Posts, "delete", publish_and_delete)
    ran = here.ttp("delete", "1", "--remote", "--yes", "--json")
    assert (ran.error["code"], ran.json[0]["deleted"]) == ("conflict", False)
    assert here.ttp.shown()["status"] == "published"


def test_a_token_that_is_refused_is_renewed_once(here: Rehearsal) -> None:
    here.publish("Oops", "x")
    here.control("POST", "faults", {"method": "DELETE", "path": "/2/tweets/", "do": "status", "status": 401,
                                    "body": json.dumps({"title": "Unauthorized", "status": 401})})  # fmt: skip
    here.ttp.ok("delete", "1", "--remote", "--yes")
    assert len(here.deleted) == 2
    assert here.feed == []


def test_what_is_not_published_is_deleted_and_needs_no_network(here: Rehearsal) -> None:
    here.ttp.post("A draft", "--to", "x")
    ran = here.ttp("delete", "1", "--remote")
    assert ran.code == 2
    assert here.ttp.ok("delete", "1", "--remote", "--yes", "--json").json == [{"id": 1, "deleted": True, "remote": []}]
    assert here.deleted == []


def test_what_must_be_looked_at_first_is_not_touched(here: Rehearsal) -> None:
    here.publish("Oops", "x")
    here.ttp.bring(1, "needs_review", error=("unknown", "cut"))
    ran = here.ttp("delete", "1", "--remote", "--yes", "--json")
    assert (ran.code, ran.error["code"]) == (2, "state")
    assert here.feed == ["Oops"]


@pytest.mark.parametrize("field", ["state", "url"])
def test_fields_that_are_not_there_are_refused_before_anything_is_removed(here: Rehearsal, field: str) -> None:
    here.publish("Oops", "x")
    assert here.ttp("delete", "1", "--remote", "--yes", "--fields", field).code == 2
    assert here.feed == ["Oops"]


@pytest.fixture
def clip(tmp_path: Path) -> str:
    path = tmp_path / "clip.mp4"
    path.write_bytes(CLIP.read_bytes())
    return str(path)
