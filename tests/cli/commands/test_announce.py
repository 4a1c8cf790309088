"""`ttp announce` on a store of this machine, and without one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Program
from tests.repository import git, make_repository
from ttp.sandbox.bluesky.records import APP_PASSWORD
from ttp.sandbox.server import RunningSandbox

CI = ("GITHUB_REPOSITORY", "GITHUB_SERVER_URL", "GITHUB_EVENT_PATH", "CI_PROJECT_PATH", "CI_PROJECT_URL")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, in which the program runs outside of any CI."""
    for name in (*CI, "TTP_BLUESKY_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "repository"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def announce(ttp: Program, *argv: str) -> Any:
    return ttp.ok("announce", "v2.1.0", *argv, "--json").json


def test_a_release_is_a_post_once(ttp: Program, folder: Path) -> None:
    ttp.account("x/me")
    ttp.account("x/shop")
    make_repository(folder, "x/me", "x/shop", more='at = "in 1d"\ntags = ["release"]\n[texts]\nx = "{{ vars.tag }}"')
    first = announce(ttp)
    post = ttp.shown(first["id"])
    assert (first["status"], first["key"], first["replayed"]) == ("scheduled", "acme/widget@v2.1.0", False)
    assert post["content"].splitlines()[::2] == [
        "widget 2.1.0 is out.",
        "- Faster.",
        "https://github.com/acme/widget/releases/tag/v2.1.0",
    ]
    assert (post["variants"], post["tags"]) == ({"x": "v2.1.0"}, ["release"])
    make_repository(folder, "x/me", text="Another text", more='at = "in 2d"')
    assert announce(ttp) == {**first, "replayed": True}
    assert announce(ttp, "--project", "Acme/Widget")["id"] == first["id"]
    assert announce(ttp, "--project", "acme/other")["id"] != first["id"]
    ttp.ok("delete", str(first["id"]), "--yes")
    ran = ttp.ok("announce", "v2.1.0", "--json")
    assert (ran.json["replayed"], bool(ran.err)) == (True, True)
    assert len(ttp.ok("list", "--json").json) == 1


def test_a_draft_asks_for_its_time_and_an_approval_gives_it(
    ttp: Program, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ttp.account("x/me")
    make_repository(folder, "x/me", more='at = "in 2h"')
    with monkeypatch.context() as patch:
        patch.setenv("TTP_CAPABILITY", "draft")
        first = announce(ttp)
    assert (first["status"], first["needs"], first["scheduledAt"]) == ("draft", ["approve"], None)
    assert [one["id"] for one in ttp.ok("list", "--needs-you", "--json").json] == [first["id"]]
    assert ttp("status", "--json").json["needs"]["approve"] == 1
    ttp.clock.advance(hours=3)  # the time has passed: it is now
    post = ttp.ok("approve", str(first["id"]), "--json").json[0]
    assert (post["status"], post["asksFor"], post["needs"]) == ("scheduled", None, [])
    assert post["scheduledAt"] == f"{ttp.clock.now():%Y-%m-%dT%H:%M:%SZ}"
    assert "approve" not in ttp("status", "--json").json["needs"]


def test_a_job_that_was_killed_between_its_writes_is_completed(
    ttp: Program, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ttp.account("x/me")
    make_repository(folder, "x/me", more='at = "next-slot"')
    monkeypatch.setenv("TTP_CAPABILITY", "draft")
    first = announce(ttp)
    ttp.sql("DELETE FROM submitted_draft")
    assert announce(ttp) == {**first, "replayed": True}


@pytest.mark.parametrize("argv", [("reject",), ("delete", "--yes")])
def test_a_draft_that_was_decided_waits_for_nobody(
    ttp: Program, folder: Path, monkeypatch: pytest.MonkeyPatch, argv: tuple[str, ...]
) -> None:
    ttp.account("x/me")
    make_repository(folder, "x/me")
    monkeypatch.setenv("TTP_CAPABILITY", "draft")
    first = announce(ttp)
    monkeypatch.delenv("TTP_CAPABILITY")
    ttp.ok(*argv, str(first["id"]))
    assert announce(ttp) == {**first, "needs": [], "asksFor": None, "replayed": True}
    assert ttp.ok("list", "--needs-you", "--json").json == []


def test_required_approval_holds_a_scheduled_post(ttp: Program, folder: Path) -> None:
    ttp.ok("config", "set", "publish.require_approval", "true")
    ttp.account("x/me")
    make_repository(folder, "x/me")
    assert (first := announce(ttp))["needs"] == ["approve"]
    assert first["status"] == "scheduled"


@pytest.mark.parametrize(
    ("event", "notes", "link"),
    [
        (
            {"tag_name": "v2.1.0", "body": "By hand.\r\n", "html_url": "https://example.org/r"},
            "By hand.",
            "https://example.org/r",
        ),
        (
            {"tag_name": "v1.0.0", "body": "Of another", "html_url": "https://example.org/r"},
            "- Faster.",
            "/releases/tag/v2.1.0",
        ),
        (None, "- Faster.", "/releases/tag/v2.1.0"),
    ],
)
def test_what_the_job_knows_comes_first(
    ttp: Program, folder: Path, monkeypatch: pytest.MonkeyPatch, event: object, notes: str, link: str
) -> None:
    ttp.account("x/me")
    make_repository(folder, "x/me", text="{{ vars.repository }}|{{ vars.notes }}|{{ vars.link }}")
    (folder / "event.json").write_text(json.dumps({"release": event}))
    monkeypatch.setenv("GITHUB_EVENT_PATH", "event.json")
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/renamed")
    repository, said, page = ttp.shown(announce(ttp)["id"])["content"].split("|")
    assert (repository, said) == ("acme/renamed", notes)
    assert page.endswith(link)


@pytest.mark.parametrize(
    ("message", "notes"),
    [("v2.1.0\n\nMuch faster.", "Much faster."), ("Faster\n\nAnd more.", "Faster\n\nAnd more."), ("Release 2.1.0", "")],
)
def test_the_message_of_an_annotated_tag(ttp: Program, folder: Path, message: str, notes: str) -> None:
    ttp.account("x/me")
    make_repository(folder, "x/me", text="Notes: {{ vars.notes }}")
    (folder / "CHANGELOG.md").unlink()
    git(folder, "tag", "-f", "-a", "v2.1.0", "-m", message)
    assert ttp.shown(announce(ttp)["id"])["content"] == f"Notes: {notes}".strip()


def test_gitlab_and_a_template_of_the_repository(ttp: Program, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ttp.account("x/me")
    make_repository(folder, "x/me")
    (folder / ".ttp/release.md").write_text("{{ vars.version }} {{ vars.link }}\n")
    (folder / ".ttp/announce.toml").write_text('to = ["x/me"]\ntemplate = ".ttp/release.md"\n')
    monkeypatch.setenv("CI_PROJECT_PATH", "acme/group/widget")
    monkeypatch.setenv("CI_PROJECT_URL", "https://gitlab.example.org/acme/group/widget")
    first = announce(ttp)
    assert first["key"] == "acme/group/widget@v2.1.0"
    link = "https://gitlab.example.org/acme/group/widget/-/releases/v2.1.0"
    assert ttp.shown(first["id"])["content"] == f"2.1.0 {link}"


def test_a_file_that_is_wrong(ttp: Program, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ttp.account("x/me")
    make_repository(folder, "x/me")
    (folder.parent / "secret.md").write_text("Secret")
    (folder / ".ttp/linked.md").symlink_to(folder.parent / "secret.md")
    (folder / ".ttp/wrong.md").write_text("---\nmedia: a.png\n---\n\nT")
    path = folder / ".ttp/announce.toml"
    for file, code in [
        (None, 3),
        ("to = [", 2),
        ('to = "x/me"', 2),
        ('to = []\ntext = "T"', 2),
        ('to = ["x/HANDLE"]\ntext = "T"', 2),
        ('to = ["x/me"]', 2),
        ('to = ["x/me"]\ntxt = "T"', 2),
        ('to = ["x/me"]\ntext = "T"\ntemplate = "release"', 2),
        ('to = ["x/me"]\ntemplate = "nothing"', 3),
        ('to = ["x/me"]\ntext = "{{ vars.nothing }}"', 2),
        ('to = ["x/me"]\ntext = "{{ vars.tag"', 2),
        ('to = ["x/me"]\ntext = "T"\nat = "soonish"', 2),
        ('to = ["x/me"]\ntext = "T"\nat = "; rm"', 2),
        ('to = ["x/me"]\ntext = "T"\nat = "2020-01-01 09:00"', 2),
        ('to = ["x/me"]\ntext = "T"\nat = "tomorrow 9am"\ntimezone = "Europe/Rom"', 2),
        ('to = ["x/me"]\ntext = "T"\nchangelog = "../secret.md"', 2),
        ('to = ["x/me"]\ntext = "T"\nchangelog = "a\\u0000"', 2),
        ('to = ["x/me"]\ntemplate = "../secret.md"', 3),
        ('to = ["x/me"]\ntemplate = "linked"', 3),
        ('to = ["x/me"]\ntemplate = "wrong"', 2),
        (f"to = {'[' * 9999}", 2),
        ('to = ["x/me"]\ntext = "T"\n[texts]\n"x/other" = "T"', 3),
        ('to = ["x/other"]\ntext = "T"', 3),
        ('to = ["nowhere/me"]\ntext = "T"', 2),
        (f'to = ["x/me"]\ntext = "{"long " * 80}"', 2),
    ]:
        path.unlink(missing_ok=True)
        if file is not None:
            path.write_text(file)
        for capability in ("draft", "publish"):
            monkeypatch.setenv("TTP_CAPABILITY", capability)
            ran = ttp("announce", "v2.1.0", "--json")
            assert (ran.code, ran.error["exit"]) == (code, code), (file, ran)
            assert "\n" not in ran.error["message"], file
            if code == 2:
                assert ran.error["message"].startswith(".ttp/announce.toml"), file
                assert not any("--" in hint for hint in ran.error["hints"]), file
                assert "wrong" not in (file or "") or ran.error["hints"] == []  # the flaw is in another file
        if not file or "other" not in file:  # the accounts are those of the store
            assert ttp("announce", "v2.1.0", "--dry-run", "--json").error["exit"] == code, file
    monkeypatch.delenv("TTP_CAPABILITY")
    assert ttp.ok("list", "--json").json == []


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        ((), 2),
        (("",), 2),
        (("v2.1.1",), 3),
        (("file",), 3),
        (("v2.1.0/", "--dry-run"), 3),
        (("v2.1.0@{0}", "--dry-run"), 3),
        (("--", "-v2"), 3),
        (("--", "--upload-pack=touch made"), 3),
        (("v2.1.0^{}",), 3),
        (("HEAD",), 3),
        (("v2.1.0", "--init"), 2),
    ],
)
def test_a_tag_that_is_none(ttp: Program, folder: Path, argv: tuple[str, ...], code: int) -> None:
    make_repository(folder, "x/me")
    git(folder, "tag", "file", "HEAD:CHANGELOG.md")
    ran = ttp("announce", "--json", *argv)
    assert ran.code == code
    assert not any("file" in hint for hint in ran.error["hints"])
    assert not (folder / "made").exists()


@pytest.mark.parametrize(
    ("remote", "project"),
    [
        ("git@github.com:acme/widget.git", "acme/widget"),
        ("https://github.com/acme/widget/", "acme/widget"),
        ("ssh://git@github.com:22/acme/widget.git", "acme/widget"),
        ("https://me:s3cret@github.com/acme/widget.git", "acme/widget"),
        ("https://me:p@s3cret@github.com/acme/widget", "acme/widget"),
        ("https://github.com/acme/widget.git?token=s3cret", "acme/widget"),
        ("https://me:s3cret/@github.com/acme/widget", None),
        ("https://me:s3cret@[github.com/acme/widget", None),
        ("file:///srv/s3cret/widget.git", None),
        ("../s3cret.git", None),
    ],
)
def test_the_project_of_a_remote(ttp: Program, folder: Path, remote: str, project: str | None) -> None:
    make_repository(folder, "x/me")
    git(folder, "config", "remote.origin.url", remote)
    ran = ttp("announce", "v2.1.0", "--dry-run", "--json")
    assert "s3cret" not in ran.out + ran.err
    assert ran.code == (0 if project else 2), ran
    if project:
        assert ran.json["content"].endswith("\n\nhttps://github.com/acme/widget/releases/tag/v2.1.0")
    else:
        assert "--project" in ran.error["hints"][0]
    for typed in ("a@b", "bad", remote if "@" in remote else "a b"):
        assert ttp("announce", "v2.1.0", "--project", typed, "--json").error["code"] == "usage"


def test_outside_of_a_repository(ttp: Program, folder: Path) -> None:
    (folder / ".ttp").mkdir()
    (folder / ".ttp/announce.toml").write_text('to = ["x/me"]\ntext = "T"\n')
    assert ttp("announce", "v2.1.0", "--json").error["code"] == "not_found"


def test_a_dry_run_needs_neither_store_nor_tag(ttp: Program, folder: Path) -> None:
    make_repository(folder, "x/me", "mastodon/me@example.org")
    preview = ttp.ok("announce", "v2.2.0", "--dry-run", "--json").json
    assert [one["account"] for one in preview["versions"]] == ["x/me", "mastodon/me@example.org"]
    assert preview["content"].startswith("widget 2.2.0 is out.")
    assert not (ttp.home / "ttp.db").exists()
    make_repository(folder, "x/me", text="long " * 80)
    assert ttp("announce", "v2.1.0", "--dry-run", "--json").error["code"] == "content"
    assert ttp("announce", "v2.1.0", "--dry-run").err.count(" of 280") == 1


def test_init_writes_what_works_and_replaces_nothing(ttp: Program, folder: Path) -> None:
    make_repository(folder, "x/me")
    assert ttp("announce", "--init").code == 2
    (folder / ".ttp/announce.toml").unlink()
    ttp.account("x/shop")
    ttp.ok("announce", "--init")
    assert ttp.ok("announce", "v2.1.0", "--dry-run", "--json").json["accounts"] == ["x/shop"]
    (folder / "CHANGELOG.md").unlink()
    first, link = ttp.ok("announce", "v2.1.0", "--dry-run", "--json").json["content"].split("\n\n")
    assert (first, link.endswith("/v2.1.0")) == ("widget 2.1.0 is out.", True)
    assert "ttp" in (folder / ".github/workflows/announce.yml").read_text()


@pytest.mark.parametrize(
    ("to", "password", "code"),
    [
        (("x/me",), "secret", 2),
        (("mastodon/me@example.org",), "secret", 2),
        (("bluesky/a.test", "bluesky/b.test"), "secret", 2),
        (("bluesky/demo",), "", 7),
    ],
)
def test_what_needs_a_store(
    ttp: Program, folder: Path, monkeypatch: pytest.MonkeyPatch, to: tuple[str, ...], password: str, code: int
) -> None:
    make_repository(folder, *to)
    monkeypatch.delenv("TTP_STORE__URL", raising=False)
    monkeypatch.setenv("TTP_BLUESKY_PASSWORD", password)
    assert ttp("announce", "v2.1.0").code == code


def test_a_server_that_cannot_be_reached(ttp: Program, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_repository(folder, "x/me")
    monkeypatch.setenv("TTP_SERVER", "http://127.0.0.1:1")
    assert ttp("announce", "v2.1.0", "--json").error["code"] == "not_allowed"  # no token
    monkeypatch.setenv("TTP_TOKEN", "ttp_" + 48 * "a")
    assert ttp("announce", "v2.1.0", "--json").error["code"] == "busy"


def test_bluesky_without_a_store(
    ttp: Program, folder: Path, monkeypatch: pytest.MonkeyPatch, sandbox: RunningSandbox
) -> None:
    monkeypatch.delenv("TTP_STORE__URL", raising=False)
    monkeypatch.setenv("TTP_PLATFORMS__BLUESKY__BASE_URL", sandbox.url)
    make_repository(folder, "bluesky/demo", text="{{ vars.tag }} {{ vars.notes }}")
    monkeypatch.setenv("TTP_BLUESKY_PASSWORD", "wrong-pass-word-here")
    ran = ttp("announce", "v2.1.0")
    assert (ran.code, "wrong-pass-word-here" in ran.err) == (7, False)
    monkeypatch.setenv("TTP_BLUESKY_PASSWORD", APP_PASSWORD)
    with monkeypatch.context() as patch:
        patch.setenv("TTP_CAPABILITY", "draft")
        assert ttp("announce", "v2.1.0").code == 7
    first = announce(ttp)
    assert (first["status"], first["replayed"]) == ("published", False)
    make_repository(folder, "bluesky/demo", text="Another text")
    assert announce(ttp) == {**first, "replayed": True}
    assert announce(ttp, "--project", "acme/other")["url"] != first["url"]
    assert not (ttp.home / "ttp.db").exists()
