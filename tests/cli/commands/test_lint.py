"""`ttp lint`: an import's checks without a store, with file and line, and no way out of GitHub's workflow commands."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.conftest import Program
from tests.media_bytes import png

LONG = "long " * 70
FILES: dict[str, str | bytes] = {
    "alias.md": "---\nto: x/me\ntags: &a [b]\nmore: *a\n---\n\nText\n",
    "alt.md": "---\nto: x/me\n---\n\nA photo\n\n![](photo.png)\n",
    "bare.md": "Text without front matter\n",
    "bytes.md": b"---\nto: x/me\n---\n\n\xff\xfe\n",
    "done.md": "---\nto: x/me\nat: 2020-01-01 09:00\nstatus: published\n---\n\nOld\n",
    "field.md": "---\nto: x/me\ntoo: x/me\n---\n\nText\n",
    "first.md": "---\nto: x/me\nat: 2027-01-01 09:00Z\n---\n\nSame words\n",
    "gap.md": "---\nto: x/me\nat: 2027-03-28 02:30\ntz: Europe/Berlin\n---\n\nText\n",
    "good.md": "---\nto: [x/me, mastodon]\nat: next-slot\n---\n\nGood\n",
    "kind.md": "---\nto: x/me\nmedia: [photo.png, good.md]\n---\n\nText\n",
    "linked.md": "---\ntemplate: linked\n---\n",
    "long.md": f"---\nto: x/me\n---\n\nShort\n\n## x\n\n{LONG}\n",
    "many.md": f"---\nto: x/me\nsplit: true\n---\n\n{LONG * 20}\n",
    "missing.md": "---\nto: x/me\nmedia:\n- photo.png\n- missing.png\n---\n\nText\n",
    "nobody.md": "---\nat: 2027-01-01 09:00\n---\n\nText\n",
    "outside.md": "---\nto: x/me\nmedia: ../secret.png\n---\n\nText\n",
    "part.md": "---\nto: x/me\nmedia: [0=photo.png]\n---\n\nText\n",
    "past.md": f"---\nto: x/me\nat: 2025-01-01 09:00Z\n---\n\n{LONG}\n",
    "second.md": "---\nto: x/me\nat: 2027-01-02 09:00Z\n---\n\nsame   WORDS\n",
    "split.md": f"---\nto: x/me\nsplit: true\n---\n\n{LONG}\n",
    "stranger.md": "---\ntemplate: ../secret.md\n---\n",
    "template.md": "---\ntemplate: release\nvars: {versoin: 2}\n---\n",
    "thread.md": f"---\nto: x/me\n---\n\nOne\n\n## thread\n\n{LONG}\n",
    "web.md": "---\nto: x/me\nmedia:\n- file: https://example.org/a.png\n  alt: Two cups\n---\n\nText\n",
    "where.md": "---\nto: nowhere/me\n---\n\nText\n",
    "yaml.md": "---\nto: x/me\nvars: {\n---\n\nText\n",
    "zone.md": "---\nto: x/me\ntz: Europe/Rom\nat: 2027-01-01 09:00\n---\n\nText\n",
}
FOUND = [
    ("alias.md", 1, "error", "row"),
    ("alt.md", 7, "warning", "alt_missing"),
    ("bare.md", 1, "notice", "no_post"),
    ("bytes.md", 1, "error", "row"),
    ("field.md", 3, "error", "row"),
    ("gap.md", 3, "error", "row"),
    ("kind.md", 3, "error", "row"),
    ("linked.md", 2, "error", "row"),
    ("long.md", 7, "error", "text_too_long"),
    ("many.md", 6, "error", "thread_count"),
    ("missing.md", 5, "error", "row"),
    ("nobody.md", 2, "error", "row"),
    ("outside.md", 3, "error", "row"),
    ("part.md", 3, "error", "row"),
    ("past.md", 3, "warning", "past"),
    ("past.md", 6, "error", "text_too_long"),
    ("second.md", 6, "warning", "same_text"),
    ("stranger.md", 2, "error", "row"),
    ("template.md", 2, "error", "row"),
    ("thread.md", 7, "error", "text_too_long"),
    ("where.md", 2, "error", "row"),
    ("yaml.md", 4, "error", "row"),
    ("zone.md", 4, "error", "row"),
    (None, None, "notice", "media_unseen"),
]


@pytest.fixture
def posts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with FILES in `posts`."""
    folder = tmp_path / "repository"
    (folder / "posts").mkdir(parents=True)
    (folder / ".ttp").mkdir()
    (folder / ".ttp/release.md").write_text("---\nto: x/me\n---\n\nVersion {{ vars.version }}\n")
    (tmp_path / "secret.png").write_bytes(png())
    (tmp_path / "secret.md").write_text("---\nto: x/me\n---\n\nSecret\n")
    (folder / ".ttp/linked.md").symlink_to(tmp_path / "secret.md")
    (folder / "posts/photo.png").write_bytes(png())
    (folder / "posts/again").symlink_to(folder / "posts")
    for name, text in FILES.items():
        (folder / "posts" / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    monkeypatch.chdir(folder)
    return folder / "posts"


def test_each_problem_has_its_file_and_line_and_nothing_is_stored(ttp: Program, posts: Path) -> None:
    ran = ttp("lint", "posts", "--format", "json")
    found = {
        (one["file"] and one["file"].removeprefix("posts/"), one["line"], one["severity"], one["code"])
        for one in ran.json["findings"]
    }
    assert found == set(FOUND)
    counts = [ran.json[name] for name in ("posts", "skipped", "errors", "warnings")]
    assert (ran.code, counts) == (2, [len(FILES) - 2, 1, sum(one[2] == "error" for one in FOUND), 3])
    same = next(one for one in ran.json["findings"] if one["code"] == "same_text")
    assert "posts/first.md" in same["message"]
    assert not ttp.home.exists()
    text = ttp("lint", "posts")
    assert text.code == 2
    assert "posts/kind.md:3: error: " in text.out


def test_an_import_refuses_the_same_posts_for_the_same_reasons(ttp: Program, posts: Path) -> None:
    """Posts without a time become drafts there, whatever networks say of them."""
    for path in posts.glob("*.md"):
        if "\nat:" not in path.read_bytes().decode("latin-1"):
            path.write_bytes(path.read_bytes().replace(b"---\n", b"---\nat: 2027-05-05 09:00Z\n", 1))
    # These need slots, end there with their time, may name a template anywhere, and need the network.
    for name in ("good.md", "linked.md", "past.md", "stranger.md", "web.md"):
        (posts / name).unlink()
    found = ttp("lint", "posts", "--json").json["findings"]
    ttp.account("x/me")
    refused = ttp("import", "posts", "--dry-run", "--json").error["problems"]
    assert {
        f"row {one['file'].removeprefix('posts/')}: {one['message']}" for one in found if one["severity"] == "error"
    } == {one["message"] for one in refused}


@pytest.mark.parametrize(
    ("networks", "text", "limits", "code"),
    [
        ((), "to: x/me", [("x", 280, False)], 0),
        (("mastodon",), "to: x/me", [("mastodon", 500, True), ("x", 280, False)], 2),
        (("mastodon=1000,x",), "", [("mastodon", 1000, False), ("x", 280, False)], 0),
        (("masto=1000",), "to: mastodon/me@example.org", [("mastodon", 1000, False)], 0),
        ((), "to: mastodon", [("mastodon", 500, True)], 2),
        (("bluesky",), "to: [bsky/me.example.org]", [("bluesky", 300, False)], 2),
    ],
)
def test_posts_are_checked_for_their_networks_and_further_ones(
    ttp: Program, tmp_path: Path, networks: tuple[str, ...], text: str, limits: list[tuple[str, int, bool]], code: int
) -> None:
    (tmp_path / "a.md").write_text(
        f"---\n{text}\n---\n\n{'a' * 270}\n\n## mastodon\n\n{'a' * 600}\n\n## bsky\n\n{LONG}"
    )
    argv = [word for one in networks for word in ("--for", one)]
    ran = ttp("lint", str(tmp_path), "--json", *argv)
    assert ran.code == code, ran
    assert sorted((one["network"], one["limit"], one["isDefault"]) for one in ran.json["limits"]) == limits


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (("posts/good.md", "--for", "nowhere"), 2),
        (("posts/good.md", "--for", "mastodon=abc"), 2),
        (("posts/good.md", "--for", "mastodon=0"), 2),
        (("posts/good.md", "--for", "x=1000"), 2),
        (("posts/good.md", "--format", "xml"), 2),
        (("nowhere",), 3),
        (("empty",), 2),
        (("notes",), 2),
        (("loop.md",), 2),
        (("posts/photo.png",), 2),
        (("posts/yaml.md",), 2),
        (("posts/bytes.md", "posts/good.md"), 2),
        (("posts/good.md", "posts/good.md"), 0),
    ],
)
def test_bad_input_has_its_exit_code(ttp: Program, posts: Path, argv: tuple[str, ...], code: int) -> None:
    (posts.parent / "empty").mkdir()
    (posts.parent / "notes").mkdir()
    (posts.parent / "notes/README.md").write_text("Notes")
    (posts.parent / "loop.md").symlink_to("loop.md")
    ran = ttp("lint", *argv)
    assert ran.code == code, ran
    assert "Traceback" not in ran.err
    if "xml" not in argv:
        annotated = ttp("lint", *argv, "--format", "github")
        assert (annotated.code, annotated.err) == (code, "")
        assert all(re.match("::(error|warning|notice)[ :]", line) for line in annotated.out.splitlines())


def test_a_finding_is_one_line_with_a_fix_for_the_file(ttp: Program, tmp_path: Path) -> None:
    times = ("01/02/2027 9am,", "2027-10-31 02:30,Europe/Berlin", "2027-03-28 02:30,Europe/Berlin")
    (tmp_path / "a.csv").write_text("\n".join(["at,tz,accounts,text", *(f"{row},x/me,Text" for row in times)]))
    (tmp_path / "a.md").write_text("---\nto: x/me\n\x1b: 1\n---\n\nText\n")
    ran = ttp("lint", str(tmp_path / "a.csv"), str(tmp_path / "a.md"), "--json")
    fixes = [one["fix"] for one in ran.json["findings"] if one["file"].endswith("csv")]
    assert fixes == [None, "2027-10-31T02:30+01:00", "2027-03-28 03:30"]
    assert not any("\n" in one["message"] for one in ran.json["findings"])


def test_nothing_in_names_and_texts_becomes_a_workflow_command(ttp: Program, posts: Path) -> None:
    """A runner reads a line that begins with `::` as a command, and `##[` anywhere in another line."""
    attack = "a,line=9::x\n::set-output name=a::b\r\n##[set-output name=a;]b%0A::stop-commands::x%"
    name = f"{attack}.md".replace("/", "")
    (posts / name).write_text(f'---\nto: x/me\n"{attack}": 1\n---\n', newline="")
    (posts / "long.md").write_text(f"---\nto: x/me\nsplit: true\nmedia: ['{attack}']\n---\n\n{attack}", newline="")
    (posts / "piece.md").write_text(f"---\nto: x/me\nsplit: true\n---\n\n::stop-commands::{'a' * 300}")
    ran = ttp("lint", "posts", "--format", "github")
    assert (ran.code, ran.err) == (2, "")
    commands = [
        re.fullmatch("::(error|warning|notice)(?: ([^:\r]*))?::(.*)", line) for line in ran.out.split("\n")[:-1]
    ]
    assert all(commands)
    files = {
        unquote(dict(pair.split("=", 1) for pair in (one[2] or "").split(",") if pair).get("file", ""))
        for one in commands
        if one
    }
    assert {os.path.join("posts", "long.md"), os.path.join("posts", "piece.md")} < files  # noqa: PTH118
    assert any("set-output" in name and "line=9::x" in name for name in files)
