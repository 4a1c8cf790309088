"""`ttp sync`: the folder is the truth for its posts, nothing published is touched, and a second sync does nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Program
from tests.media_bytes import jpeg


@pytest.fixture
def ttp(ttp: Program) -> Program:
    ttp.account()
    return ttp


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "content").mkdir()
    return tmp_path / "content"


def put(folder: Path, name: str, text: str = "Hello", at: str | None = "2026-12-01 09:00", more: str = "") -> None:
    time = f"at: {at}\n" if at else ""
    (folder / name).write_text(f"---\nto: x/me\n{time}{more}---\n\n{text}\n")


def plan(ttp: Program, folder: Path, *argv: str) -> list[tuple[str, str]]:
    ran = ttp("sync", str(folder), "--check", "--json", *argv)
    steps = [(step["action"], step["file"]) for step in ran.json["plan"]]
    assert ran.code == (6 if steps else 0)
    return steps


def test_the_plan_is_to_add_change_and_move_and_a_second_sync_has_none(ttp: Program, folder: Path) -> None:
    for name in ("a.md", "b.md", "c.md"):
        put(folder, name, name)
    assert plan(ttp, folder) == [("add", "a.md"), ("add", "b.md"), ("add", "c.md")]
    assert ttp.count("post") == 0
    ttp.ok("sync", str(folder), "--yes")
    assert plan(ttp, folder) == []
    put(folder, "a.md", "other")
    put(folder, "b.md", "b.md", "2026-12-02 09:00")
    assert plan(ttp, folder) == [("change", "a.md"), ("move", "b.md")]
    shown = ttp("sync", str(folder), "--check").rows
    assert shown == [["change", "1", "a.md", "text"], ["move", "2", "b.md", "at"]]
    ttp.ok("sync", str(folder), "--yes")
    assert plan(ttp, folder) == []
    assert (ttp.count("post"), ttp.shown(1)["content"]) == (3, "other")


def test_elsewhere_than_on_a_terminal_it_needs_to_be_told(ttp: Program, folder: Path) -> None:
    put(folder, "a.md")
    ran = ttp("sync", str(folder))
    assert (ran.code, ttp.count("post")) == (2, 0)
    assert f"ttp sync {folder} --yes" in ran.err


def test_a_post_without_a_file_is_told_and_cancelled_only_when_asked(ttp: Program, folder: Path) -> None:
    for name in ("a.md", "b.md"):
        put(folder, name, name)
    other = ttp.post("Not of the folder", "--to", "x/me", "--at", "tomorrow 9am")
    ttp.ok("sync", str(folder), "--yes")
    (folder / "a.md").unlink()
    ran = ttp.ok("sync", str(folder), "--check")
    assert ": 2" in ran.err
    assert plan(ttp, folder, "--prune") == [("cancel", "a.md")]
    ttp.ok("sync", str(folder), "--prune", "--yes")
    assert [post["id"] for post in ttp.ok("list", "--json").json] == [other, 3]
    put(folder, "a.md", "a.md")
    assert plan(ttp, folder) == [("add", "a.md")]
    ttp.ok("sync", str(folder), "--yes")
    assert (ttp.shown(2)["status"], ttp.count("post")) == ("scheduled", 3)
    assert ttp.sql("SELECT next_at IS NOT NULL FROM delivery WHERE post_id = 2") == [(1,)]


def test_a_folder_that_lost_all_its_files_cancels_nothing(ttp: Program, folder: Path) -> None:
    """It may be one that is not mounted."""
    for name in ("a.md", "b.md"):
        put(folder, name, name)
    ttp.ok("sync", str(folder), "--yes")
    for name in ("a.md", "b.md"):
        (folder / name).unlink()
    ran = ttp("sync", str(folder), "--prune", "--yes")
    assert (ran.code, ttp.shown(1)["status"], ttp.shown(2)["status"]) == (2, "scheduled", "scheduled")
    assert "try: ttp delete 1 2" in ran.err
    assert ttp("sync", str(folder), "--prune", "--check").code == 6


def test_what_has_begun_to_go_out_is_never_touched(ttp: Program, folder: Path) -> None:
    for name in ("a.md", "b.md"):
        put(folder, name, name)
    ttp.ok("sync", str(folder), "--yes")
    ttp.bring(1, "published", remote_id="1")
    ttp.bring(2, "sending")
    put(folder, "a.md", "changed")
    (folder / "b.md").unlink()
    assert plan(ttp, folder, "--prune") == []
    ttp.ok("sync", str(folder), "--prune", "--yes")
    assert (ttp.shown(1)["content"], ttp.shown(2)["status"]) == ("a.md", "publishing")


def test_a_file_that_cannot_be_taken_stops_all_of_it(ttp: Program, folder: Path) -> None:
    put(folder, "a.md")
    put(folder, "b.md", "a" * 281)
    ran = ttp("sync", str(folder), "--yes")
    assert (ran.code, ttp.count("post")) == (2, 0)
    assert "b.md  content" in ran.err
    assert ttp("sync", str(folder), "--check", "--json").error["problems"][0]["field"] == "content"


def test_a_folder_with_a_slip_in_its_name_is_named(ttp: Program, folder: Path) -> None:
    put(folder, "a.md")
    near = folder.with_name(f"{folder.name}s")
    assert ttp("sync", str(near), "--json").error["hint"] == f"ttp sync {folder} --json"
    assert ttp("sync", str(folder / "elsewhere"), "--json").error["hint"].startswith("ttp export")


def test_results_are_written_back_only_when_asked_and_change_nothing(ttp: Program, folder: Path) -> None:
    put(folder, "a.md", more="# mine\n")
    before = (folder / "a.md").read_bytes()
    ttp.ok("sync", str(folder), "--yes")
    assert (folder / "a.md").read_bytes() == before
    ttp.bring(1, "published", remote_id="7", url="https://x.com/i/status/7")
    ttp.ok("sync", str(folder), "--yes", "--write-status")
    assert (folder / "a.md").read_text() == (
        "---\nto: x/me\nat: 2026-12-01 09:00\n# mine\nid: 1\nstatus: published\nresults:\n"
        "  x/me: https://x.com/i/status/7\n---\n\nHello\n"
    )
    assert plan(ttp, folder) == []
    written = (folder / "a.md").read_bytes()
    ttp.ok("sync", str(folder), "--yes", "--write-status")
    assert (folder / "a.md").read_bytes() == written


def test_posts_without_a_key_belong_to_the_folder_once_it_was_synced(ttp: Program, folder: Path) -> None:
    ttp.post("Hello", "--to", "x/me", "--at", "tomorrow 9am")
    ttp.post("Keyed", "--to", "x/me", "--key", "mine")
    ttp.ok("export", "--format", "md", str(folder))
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert plan(ttp, folder) == []
    ttp.ok("sync", str(folder), "--yes")
    ttp.ok("export", str(folder))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert ttp.shown(2)["key"] == "mine"
    for path in folder.iterdir():
        path.unlink()
    assert [action for action, _ in plan(ttp, folder, "--prune")] == ["cancel"]


def test_it_is_for_folders(ttp: Program, folder: Path) -> None:
    put(folder, "a.md")
    assert "ttp import" in ttp("sync", str(folder / "a.md")).err


def test_a_post_that_somebody_changes_meanwhile_stops_all_of_it(
    ttp: Program, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ttp.services.files.sync import Sync, SyncPlan

    for name in ("a.md", "b.md"):
        put(folder, name, name)
    ttp.ok("sync", str(folder), "--yes")
    for name in ("a.md", "b.md"):
        put(folder, name, "other")
    apply = Sync.apply

    def late(self: Sync, plan: SyncPlan) -> list[int]:
        ttp.bring(2, "claimed")
        return apply(self, plan)

    monkeypatch.setattr(Sync, "apply", late)
    ran = ttp("sync", str(folder), "--yes", "--json")
    assert (ran.code, ran.error["code"]) == (2, "conflict")
    assert ttp.shown(1)["content"] == "a.md"


def test_a_folder_that_is_not_there_is_told_with_the_way_to_make_one(ttp: Program, tmp_path: Path) -> None:
    ran = ttp("sync", str(tmp_path / "none"))
    assert ran.code == 3
    assert f"ttp export {tmp_path / 'none'} --format md" in ran.err


HAND_WRITTEN = {
    "plain.md": "---\nto: x\nat: 2026-12-01 09:00\ntz: Europe/Zurich\n# mine\n---\nHello\n\n\n",
    "draft.md": "\ufeff---\r\nto:   [ x/me ]\r\n---\r\n\r\nLater\r\n",
    "whole.md": (
        "---\ntags: 'a, b'\nset: {x.reply_settings: following}\nmax-late: 90m\nat: '2026-12-02T09:00+01:00'\n"
        "media:\n  - file: ./a.jpg\n    alt: A door\nto: X/Me\n---\n\nText\n\n## twitter\n\nShort\n## thread\nMore\n"
    ),
    "slot.md": "---\nto: x/me\nat: next-slot\n---\n\nIn a slot\n",
    "keyed.md": "---\nkey: mine\nto: x/me\nstatus: draft\n---\n\nKeyed\n",
    "README.md": "# About\n",
}


def test_an_export_leaves_a_file_as_it_is_written_that_says_the_same(ttp: Program, folder: Path) -> None:
    ttp.ok("slots", "add", "daily 09:00", "--account", "x/me")
    (folder / "a.jpg").write_bytes(jpeg())
    for name, text in HAND_WRITTEN.items():
        (folder / name).write_bytes(text.encode())
    before = {path: path.read_bytes() for path in folder.iterdir()}
    ttp.ok("sync", str(folder), "--yes")

    rows = dict(ttp.ok("export", str(folder)).rows)

    assert (rows["posts"], rows["unchanged"], rows["media"]) == ("5", "5", "0")
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    ttp.ok("edit", "1", "Changed")
    ttp.ok("export", str(folder))
    assert [path.name for path in folder.iterdir() if before[path] != path.read_bytes()] == ["draft.md"]
    assert plan(ttp, folder) == []


@pytest.mark.parametrize(
    ("argv", "file"),
    [
        (["edit", "4", "--tag", "b,a"], "whole.md"),
        (["edit", "4", "--alt", "A gate"], "whole.md"),
        (["edit", "4", "--text", "x=Long"], "whole.md"),
        (["edit", "4", "--thread", "Other"], "whole.md"),
        (["edit", "4", "--set", "x.reply_settings="], "whole.md"),
        (["edit", "4", "--max-late", "91m"], "whole.md"),
        (["edit", "4", "--media", ""], "whole.md"),
        (["schedule", "1", "--at", "2026-12-24 10:00"], "draft.md"),
        (["unschedule", "3"], "plain.md"),
        (["schedule", "3", "--at", "2026-12-24 10:00"], "plain.md"),
    ],
)
def test_an_export_writes_what_differs(ttp: Program, folder: Path, argv: list[str], file: str) -> None:
    (folder / "a.jpg").write_bytes(jpeg())
    for name in ("draft.md", "keyed.md", "plain.md", "whole.md"):
        (folder / name).write_bytes(HAND_WRITTEN[name].encode())
    before = {path: path.read_bytes() for path in folder.glob("*.md")}
    ttp.ok("sync", str(folder), "--yes")
    ttp.ok(*argv)

    ttp.ok("export", str(folder))

    assert [path.name for path in folder.glob("*.md") if before[path] != path.read_bytes()] == [file]
    assert plan(ttp, folder) == []


def test_an_export_tells_how_far_a_post_went_and_then_leaves_the_file(ttp: Program, folder: Path) -> None:
    put(folder, "a.md", more="# mine\n")
    ttp.ok("sync", str(folder), "--yes")
    ttp.bring(1, "published", remote_id="7")
    ttp.ok("sync", str(folder), "--yes", "--write-status")
    before = (folder / "a.md").read_bytes()
    ttp.ok("export", str(folder))
    assert (folder / "a.md").read_bytes() == before
    (folder / "a.md").write_bytes(before.replace(b"status: published", b"status: publishing"))
    ttp.ok("export", str(folder))
    assert b"status: published" in (folder / "a.md").read_bytes()
    (folder / "a.md").write_bytes(before.replace(b"status: published", b""))
    ttp.ok("export", str(folder))
    assert b"status: published" in (folder / "a.md").read_bytes()


def test_a_file_that_was_renamed_keeps_its_post(ttp: Program, folder: Path) -> None:
    put(folder, "a.md", "A")
    put(folder, "b.md", "B")
    ttp.ok("sync", str(folder), "--yes")
    (folder / "a.md").rename(folder / "z.md")
    put(folder, "y.md", "B", at="2026-12-03 09:00")
    (folder / "b.md").unlink()
    shown = ttp("sync", str(folder), "--check")

    assert shown.rows == [["move", "2", "y.md", "at,file"], ["move", "1", "z.md", "file"]]
    assert shown.err == ""
    ttp.ok("sync", str(folder), "--yes", "--prune")
    assert plan(ttp, folder, "--prune") == []
    assert [(post["key"], post["scheduledAt"][:10]) for post in map(ttp.shown, (1, 2))] == [
        *(("content/z.md", "2026-12-01"), ("content/y.md", "2026-12-03")),
    ]
    assert ttp.count("post") == 2


def test_of_files_of_one_text_that_were_renamed_each_keeps_the_post_of_its_time(ttp: Program, folder: Path) -> None:
    for name, day in (("a.md", 1), ("b.md", 20)):
        put(folder, name, at=f"2026-12-{day:02} 09:00")
    ttp.ok("sync", str(folder), "--yes")
    (folder / "b.md").rename(folder / "y.md")
    (folder / "a.md").unlink()
    put(folder, "x.md", at="2026-12-05 09:00")

    assert ttp("sync", str(folder), "--check").rows == [
        ["move", "1", "x.md", "at,file"],
        ["move", "2", "y.md", "file"],
    ]


def test_a_file_that_says_something_else_than_what_went_out_is_told(ttp: Program, folder: Path) -> None:
    put(folder, "a.md")
    ttp.ok("sync", str(folder), "--yes")
    ttp.bring(1, "published", remote_id="1")
    assert ttp.ok("sync", str(folder), "--check").err == ""
    put(folder, "a.md", "Another text")
    said = ttp.ok("sync", str(folder), "--check").err

    assert "a.md" in said
    assert "post 1" in said
