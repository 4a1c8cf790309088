"""`ttp export`: every format, to stdout and to files, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from icalendar import Calendar

from tests.conftest import Fill, Program
from tests.media_bytes import jpeg
from ttp.cli.commands import export_posts
from ttp.domain.action import action


@pytest.fixture
def posts(fill: Fill, tmp_path: Path) -> Program:
    (tmp_path / "a.jpg").write_bytes(jpeg())
    return fill(three_posts)


def three_posts(ttp: Program) -> None:
    """A scheduled post with everything, a draft with a picture, and a published post."""
    ttp.account()
    picture = ttp.home.parent / "a.jpg"
    picture.write_bytes(jpeg())
    ttp.post(
        *('=1+1, "you"\nline two', "--to", "x", "--at", "tomorrow 9am", "--tag", "a,b", "--text", "x=Hi"),
        *("--thread", "more", "--key", "launch"),
    )
    ttp.post("A draft", "--to", "x", "--media", str(picture), "--alt", "A door", "--max-late", "90m")
    ttp.post("Out", "--to", "x", "--at", "tomorrow 10am")
    at = datetime(2026, 11, 18, 11, 6, 40, tzinfo=UTC)
    ttp.bring(3, "published", remote_id="77", url="https://x.com/i/status/77", published_at=at)


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("format", ["json", "jsonl"])
def test_a_failed_post_has_the_command_that_helps(posts: Program, format: str) -> None:
    posts.bring(1, "failed", error=("auth", "no", action("account connect", "x/me")))  # type: ignore[arg-type]
    text = posts.ok("export", "--format", format, "--status", "failed").out
    (post,) = json.loads(text) if format == "json" else [json.loads(text)]
    assert post["deliveries"][0]["error"]["hint"] == "ttp account connect x/me"


def test_csv_goes_to_stdout_unless_something_else_is_asked_for(posts: Program) -> None:
    first, draft, out = table(posts.ok("export").out)
    assert (first["key"], first["scheduledAt"], first["tags"], first["thread"]) == (
        *("launch", "2026-11-25T09:00:00Z", "a,b", "more"),
    )
    assert (draft["alt"], draft["maxLatenessS"], draft["media"][:7]) == ("A door", "5400", "sha256:")
    assert (out["status"], out["accounts"]) == ("published", "x/me")
    assert draft["key"].startswith("2@")


def test_no_cell_is_a_formula(posts: Program) -> None:
    for text in ("+1", "-1", "@me", "\tx", "＝1", "'=1"):
        posts.ok("create", "-", "--key", f"k{text}", "--to", "x", stdin=text)
    rows = table(posts.ok("export").out)
    assert [row["content"] for row in rows if row["content"].lstrip("'")[:1] in "=+-@\t＝"] == [
        *('\'=1+1, "you"\nline two', "'+1", "'-1", "'@me", "'\tx", "'＝1", "''=1"),
    ]
    assert not [cell for row in rows for cell in row.values() if cell[:1] in tuple("=+-@\t＝")]


def test_the_filters_of_list_choose(posts: Program) -> None:
    assert [row["content"] for row in table(posts.ok("export", "--status", "draft").out)] == ["A draft"]
    assert [row["key"] for row in table(posts.ok("export", "--tag", "a", "--account", "x/me").out)] == ["launch"]
    assert posts("export", "--since", "12/11/2026").code == 2


def test_json_has_the_objects_of_list_with_a_key(posts: Program) -> None:
    listed = posts.ok("list", "--json").json
    exported = posts.ok("export", "--format", "json").json
    keys = [one["key"] for one in exported]
    assert [{**one, "key": None} for one in exported] == [{**one, "key": None} for one in listed]
    assert keys[0] == "launch"
    lines = [json.loads(line) for line in posts.ok("export", "--format", "jsonl").out.splitlines()]
    assert lines == exported


def test_an_empty_store_exports_nothing_and_makes_none(ttp: Program) -> None:
    assert ttp.ok("export", "--format", "json").out == "[]\n"
    assert ttp.ok("export", "--format", "jsonl").out == ""
    assert table(ttp.ok("export").out) == []
    assert "VEVENT" not in ttp.ok("export", "--format", "ics").out
    assert not ttp.home.exists()


def test_metrics_are_the_newest_numbers_and_the_results(posts: Program) -> None:
    for at, likes in (("2026-11-20T00:00:00Z", 1), ("2026-11-21T00:00:00Z", 5)):
        header = "account,remoteId,publishedAt,likes,comments,shares,views,observedAt"
        row = f"x/me,77,2026-11-19T00:00:00Z,{likes},2,0,9,{at}"
        posts.ok("metrics", "import", "-", stdin=f"{header}\n{row}\n")
    rows = table(posts.ok("export", "--with", "metrics").out)
    assert [(row["url"], row["likes"], row["views"]) for row in rows] == [
        *(("", "", ""), ("", "", ""), ("https://x.com/i/status/77", "5", "9")),
    ]
    last = posts.ok("export", "--with", "metrics", "--format", "json").json[-1]
    assert last["deliveries"][0]["metrics"]["likes"] == 5


def test_a_calendar_reads_the_posts_that_have_a_time(posts: Program) -> None:
    posts.post("x" * 200 + "; ü,\\ \r\n tail", "--to", "x", "--at", "tomorrow 12:00")
    calendar = Calendar.from_ical(posts.ok("export", "--format", "ics").out)
    events = {str(event["UID"]).partition("@")[0]: event for event in calendar.walk("VEVENT")}
    assert set(events) == {"1", "3", "4"}
    assert events["1"].decoded("DTSTART").isoformat() == "2026-11-25T09:00:00+00:00"
    assert str(events["4"]["DESCRIPTION"]).startswith("x" * 200 + "; ü,\\ \n tail\n\nx/me")
    assert all(len(line.encode()) <= 75 for line in posts.ok("export", "--format", "ics").out.split("\r\n"))


def test_a_file_is_written_whole_and_not_over_another(posts: Program, tmp_path: Path) -> None:
    file = tmp_path / "posts.csv"
    assert posts.ok("export", str(file), "-q").rows[:3] == [
        *(["target", str(file)], ["format", "csv"], ["posts", "3"]),
    ]
    before = file.read_bytes()
    refused = posts("export", str(file), "--status", "draft")
    assert (refused.code, file.read_bytes()) == (2, before)
    assert "--force" in refused.err
    posts.ok("export", str(file), "--status", "draft", "--force")
    assert len(table(file.read_text())) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jpg", "home", "posts.csv"]


def test_media_are_copied_beside_the_file_once(posts: Program, tmp_path: Path) -> None:
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "a.jpg").write_bytes(b"something else")
    posts.ok("export", str(tmp_path / "posts.json"), "--with", "media")
    shown = json.loads((tmp_path / "posts.json").read_text())
    file = shown[1]["media"][0]["file"]
    assert (tmp_path / file).read_bytes() == jpeg()
    assert (tmp_path / "media" / "a.jpg").read_bytes() == b"something else"
    posts.ok("export", str(tmp_path / "posts.json"), "--with", "media", "--force")
    assert len(list((tmp_path / "media").iterdir())) == 2


def test_media_that_are_gone_are_told(posts: Program, tmp_path: Path) -> None:
    for copy in (posts.home / "media").iterdir():
        copy.unlink()
    ran = posts.ok("export", str(tmp_path / "posts.csv"), "--with", "media")
    assert "a.jpg" in ran.err


def test_a_folder_has_a_file_for_each_post_and_a_second_export_changes_none(posts: Program, tmp_path: Path) -> None:
    folder = tmp_path / "content"
    posts.ok("export", "--format", "md", str(folder))
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert sorted(files) == ["2-a-draft.md", "3-out.md", "launch.md", "media/a.jpg"]
    assert b"status: published" in files["3-out.md"]
    assert b"status" not in files["launch.md"]
    (folder / "launch.md").rename(folder / "renamed.md")
    again = posts.ok("export", str(folder))
    assert ["unchanged", "3"] in again.rows
    assert not (folder / "launch.md").exists()


@pytest.mark.parametrize(
    ("argv", "named"),
    [
        (["--format", "xml"], '"xml"'),
        (["--format", "md"], "--format md"),
        (["posts.xyz"], ".xyz"),
        (["folder"], "try: ttp export folder --format md"),
        (["2026"], "see: --since TIME"),
        (["--with", "likes"], '"likes"'),
        (["--with", "media"], "--with media"),
        (["--status", "gone"], '"gone"'),
        ([".", "--format", "csv"], "."),
        (["/nowhere/at/all.csv"], "mkdir -p /nowhere/at"),
    ],
)
def test_what_cannot_be_exported_says_what_to_type(posts: Program, argv: list[str], named: str) -> None:
    ran = posts("export", *argv)
    assert ran.code in (2, 3)
    assert ran.out == ""
    assert named in ran.err


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="files are named there")
def test_csv_in_a_file_of_another_type_is_told_and_written(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, is_told in (("all.json", True), ("all.csv", False), ("all", False)):
        with (tmp_path / name).open("w") as file:
            monkeypatch.setattr("sys.stdout", file)
            assert export_posts._name_of_stdout() == name
        monkeypatch.undo()
        with monkeypatch.context() as patch:
            patch.setattr(export_posts, "_name_of_stdout", lambda name=name: name)
            ran = ttp.ok("export")
            assert ("--format json" in ran.err) is is_told
            assert ran.out.startswith("key,")
            assert ttp.ok("export", "--format", "csv").err == ""
