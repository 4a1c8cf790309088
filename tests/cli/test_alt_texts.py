"""Media without an alt text: the same warning or refusal at every door, and what an alt text can be."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Fill, Program
from tests.mcp.conftest import Agent
from tests.pictures import BLUE, RED, picture
from tests.platforms.factories import PLATFORMS
from tests.rows import each
from tests.server.conftest import server_of, two_accounts
from tests.server.pages.conftest import Person
from tests.settings import Config
from ttp import sandbox
from ttp.domain.account import Account
from ttp.domain.media.item import MediaItem
from ttp.domain.post import Post
from ttp.domain.post_edit import new_delivery
from ttp.domain.rules import check

CLIP = Path(sandbox.__file__).parent / "files" / "clip.mp4"
AT = "2098-01-01 09:00"
REFUSE = ("config", "set", "guard.alt", "refuse")


@pytest.fixture
def ttp(fill: Fill, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Program:
    monkeypatch.chdir(tmp_path)
    program = fill(two_accounts)
    Path("a.jpg").write_bytes(picture("JPEG", color=RED))
    Path("b.jpg").write_bytes(picture("JPEG", color=BLUE))
    return program


def alts(post: Any) -> list[str | None]:
    return [item["alt"] for item in post["media"]]


@each(
    ("account", "mime", "alt", "options", "lacks"),
    [
        ("x/me", "image/jpeg", None, {}, True),
        ("x/me", "image/gif", None, {}, True),
        ("x/me", "video/mp4", None, {}, False),
        ("bluesky/me", "video/mp4", None, {}, True),
        ("mastodon/me@a.example", "video/mp4", None, {}, True),
        ("instagram/me", "image/jpeg", None, {}, True),
        ("instagram/me", "image/jpeg", None, {"instagram.kind": "story"}, False),
        ("instagram/me", "video/mp4", None, {}, False),
        ("tiktok/me", "image/jpeg", None, {}, False),
        ("bluesky/me", "image/jpeg", "A cup", {}, False),
        ("bluesky/me", "image/jpeg", "", {}, False),
        ("bluesky/me", "image/jpeg", "IMG_1.jpg", {}, True),
        ("bluesky/me", "image/jpeg", " img_1 ", {}, True),
        ("bluesky/me", "image/jpeg", "TEXT", {}, True),
    ],
)
def test_which_media_need_an_alt_text(
    account: str, mime: str, alt: str | None, options: dict[str, str], lacks: bool
) -> None:
    platform, _, handle = account.partition("/")
    target = Account(platform, handle, id=1)
    item = MediaItem("IMG_1.jpg", mime, 1000, "0" * 64, 1080, 1080, alt=alt)
    post = Post("Hello", (new_delivery(target, None),), media=(item,), options=options)
    problems = check(post, {account: target}, PLATFORMS, no_host=None, config=Config())
    assert ("alt_missing" in {one.code for one in problems}) is lacks


def test_a_post_is_stored_with_one_warning_and_its_command(ttp: Program) -> None:
    words = ("create", "Two", "--to", "x/me,x/other", "--media", "a.jpg", "--media", "b.jpg", "--alt", "A cup")
    ran = ttp.ok(*words)
    assert ran.err.count("alt text") == 1
    assert "ttp edit 1 --alt 'A cup' --alt TEXT" in ran.err
    assert len(ttp.ok(*words, "--json").json["warnings"]) == 1
    assert len(ttp.ok("edit", "1", "--alt", "TEXT", "--alt", "A bag", "--json").json["warnings"]) == 1
    many = ttp.ok("edit", "--where", "status=draft", "--add-tag", "new", "--dry-run").err
    assert (many.count("alt text"), many.count("ttp list --no-alt")) == (1, 1)
    post = ttp.ok("edit", "1", "--alt", "None", "--alt", "A bag", "--json").json
    assert (post["warnings"], alts(post)) == ([], ["none", "A bag"])
    ttp.ok("config", "set", "guard.alt", "off")
    assert ttp.ok(*words, "--json").json["warnings"] == []


def test_it_can_be_refused_where_a_post_gets_a_time(ttp: Program) -> None:
    ttp.ok("create", "Draft", "--to", "x/me", "--media", "a.jpg")
    ttp.ok(*REFUSE)
    words = ("create", "Hi", "--to", "x/me", "--media", "a.jpg")
    assert ttp.ok(*words, "--json").json["warnings"]  # a draft
    error = ttp(*words, "--at", AT, "--json").error
    assert (error["exit"], [one["code"] for one in error["problems"]]) == (2, ["alt_missing"])
    assert error["problems"][0]["hint"].endswith("--alt TEXT")
    for command in ((*words, "--at", AT, "--dry-run"), ("schedule", "1", "--at", AT), ("edit", "1", "--at", AT)):
        assert ttp(*command).code == 2
    Path("rows.csv").write_text(
        f"accounts,content,media,alt,scheduledAt\nx/me,1,a.jpg,,{AT}Z\nx/me,2,b.jpg,none,{AT}Z\n"
    )
    assert [one["field"] for one in ttp("import", "rows.csv", "--json").error["problems"]] == ["media"]
    Path("posts").mkdir()
    Path("posts/c.md").write_text(f"---\nto: x/me\nat: {AT}\nmedia: a.jpg\n---\nHi\n")
    Path("posts/a.jpg").write_bytes(picture("JPEG"))
    assert ttp("sync", "posts", "--yes").code == 2
    assert ttp.count("post") == 2


def test_the_strict_guard_does_not_refuse_it(ttp: Program) -> None:
    words = ("create", "Hi", "--to", "x/me", "--media", "a.jpg", "--at", AT, "--strict", "--json")
    assert len([one for one in ttp.ok(*words).json["warnings"] if "alt" in one]) == 1


def test_the_same_by_http_an_agent_and_a_page(ttp: Program) -> None:
    server = server_of(ttp)
    api, agent, ann = server.having("publish"), Agent(ttp), Person(server).log_in()
    ttp.ok("create", "First", "--to", "x/me", "--media", "a.jpg")
    sha256 = hashlib.sha256(Path("a.jpg").read_bytes()).hexdigest()

    def body(**more: str) -> dict[str, Any]:
        return {"content": "Hi", "accounts": ["x/me"], "media": [{"sha256": sha256, "name": "a.jpg", **more}]}

    (warning,) = api.ok("POST", "/v1/posts", body())["warnings"]
    decorative = api.ok("POST", "/v1/posts", body(alt="none"))
    assert (decorative["warnings"], alts(decorative)) == ([], ["none"])
    words = {"text": "Hi", "to": ["x/me"], "media": ["a.jpg"]}
    assert agent.ok("check_text", **words)["warnings"] == [warning]
    assert agent.ok("create_post", **words)["warnings"] == [warning]
    form = {
        "content": "Hi",
        "accounts": "x/me",
        "media": f"{sha256}/a.jpg",
        "mime": "image/jpeg",
        "alt": "",
        "row": "7",
    }
    form |= {"is_draft": "yes", "do": "draft"}
    assert warning in ann.send("/compose/check", form).text
    assert warning not in ann.send("/compose/check", {**form, "decorative": "7"}).text
    ann.does("/compose", {**form, "decorative": "7"})
    assert alts(ttp.shown(5)) == ["none"]
    assert re.search(r'name="decorative" value="\d+" checked', ann.sees("/posts/5/edit"))
    ann.does("/compose", {**form, "alt": "A cup", "decorative": "7"})  # what was typed counts
    assert alts(ttp.shown(6)) == ["A cup"]
    without = [1, 2, 4]
    assert [one["id"] for one in api.ok("GET", "/v1/posts?noAlt=true")] == without
    assert [one["id"] for one in agent.ok("list_posts", noAlt=True)["posts"]] == without
    assert [one["id"] for one in ttp.ok("list", "--no-alt", "--json").json] == without
    ttp.ok(*REFUSE)
    timed = body() | {"scheduledAt": AT, "timezone": "UTC"}
    assert server_of(ttp).having("publish")("POST", "/v1/posts", json=timed).status_code == 422


def test_the_list_knows_the_names_of_files(ttp: Program) -> None:
    texts = ("a", "A.JPG", "none", "A cup", "text")
    for alt in texts:
        ttp.ok("create", alt, "--to", "x/me", "--media", "a.jpg", "--alt", alt)
    assert [one["content"] for one in ttp.ok("list", "--no-alt", "--json").json] == ["a", "A.JPG", "text"]


@pytest.mark.parametrize("suffix", ["csv", "json", "md"])
def test_decorative_media_stay_so_in_files(ttp: Program, suffix: str) -> None:
    ttp.ok("create", "Hi", "--to", "x/me", "--media", "a.jpg", "--media", "b.jpg", "--alt", "none", "--key", "k")
    target = "posts" if suffix == "md" else f"posts.{suffix}"
    ttp.ok("export", target, "--format", suffix)
    assert ttp.ok("import", target, "--dry-run", "--json").json["unchanged"] == 1
    assert alts(ttp.shown()) == ["none", None]


def test_decorative_media_cost_nothing(ttp: Program) -> None:
    def costs(*words: str) -> tuple[float, float]:
        post = ("create", "Hi", "--to", "x/me", "--media", "a.jpg", "--at", AT, *words)
        (version,) = ttp.ok(*post, "--dry-run", "--json").json["versions"]
        ttp.ok(*post)
        return version["costUsd"], ttp.ok("status", "--json").json["costs"]["x"]["usd"]

    assert costs("--alt", "none") == (0.015, 0.015)
    assert costs("--alt", "A cup") == (0.02, 0.035)


def test_more_alt_texts_than_media_are_refused(ttp: Program) -> None:
    assert ttp("create", "Hi", "--to", "x/me", "--alt", "none").code == 2
    assert ttp("create", "Hi", "--to", "x/me", "--media", "a.jpg", "--alt", "a", "--alt", "b").code == 2
    assert ttp.count("post") == 0
