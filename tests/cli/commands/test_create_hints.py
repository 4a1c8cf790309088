"""`ttp create`: what is suggested for a post that is refused, and a file's name where the text belongs."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.conftest import Program
from tests.media_bytes import jpeg, png

AT = ("--at", "tomorrow 9am")


@pytest.fixture
def shop(ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    monkeypatch.chdir(tmp_path)
    for name in ("x/me", "ig/shop"):
        ttp.account(name)
    for number, name in enumerate(("photo.jpg", "of two words.jpg", "b.jpg", "c.jpg", "d.jpg")):
        (tmp_path / name).write_bytes(jpeg(1000 + number))
    (tmp_path / "shot.png").write_bytes(png())
    (tmp_path / "in").mkdir()
    for name in ("notes.md", "in/notes of mine.MD", "photo", "week.xlsx", "menu.pdf"):
        (tmp_path / name).write_text("From a file")
    (tmp_path / "week.csv").write_text("content\nFrom a row\n")
    return ttp


def labelled(err: str) -> list[tuple[str, str]]:
    """Return the hints of an error, by label."""
    lines = [line.strip().partition(": ") for line in err.splitlines()[1:]]
    return [(label, way) for label, _, way in lines if label in ("try", "fix", "see", "draft")]


FIVE = [
    word
    for name in ("photo.jpg", "of two words.jpg", "b.jpg", "c.jpg", "d.jpg")
    for word in ("--media", name, "--alt", name)
]
LONG = "word " * 60


@pytest.mark.parametrize(
    ("typed", "labels"),
    [
        (["hi", "--to", "ig", *AT], ["fix", "draft"]),
        (["hi", "--tag", "--at", "--to=x,ig", "--tz", "UTC", *AT, "--media=of two words.jpg"], ["fix", "fix", "draft"]),
        (["hi", "--to", "x", *AT, *FIVE], ["draft"]),
    ],
)
def test_a_fix_keeps_the_time_and_all_that_was_typed_and_a_draft_says_that_it_is_one(
    shop: Program, typed: list[str], labels: list[str]
) -> None:
    ran = shop("create", *typed)
    ways = labelled(ran.err)
    place = len(typed) - typed[::-1].index("--at") - 1
    draft = shlex.join(["ttp", "create", *typed[:place], *typed[place + 2 :]])
    assert (ran.code, [label for label, _ in ways], ways[-1][1]) == (2, labels, draft)
    for way in [way for _, way in ways[:-1] if way.startswith("ttp create")]:
        assert way in (
            shlex.join(["ttp", "create", *typed, *more]) for more in ((), ("--media", "FILE"), ("--focus", "X,Y"))
        )
    error = shop("create", *typed, "--json").error
    assert len(error["hints"]) == len(ways) - 1
    assert not {"FILE", "X,Y"} & set(str(error["hint"]).split())  # a hint works as it is
    assert shop.count("post") == 0


TYPED = ["--to", "x", "--tag", "launch", "--key", "k", *AT, "--tz", "UTC", "--strict"]


def test_a_long_text_is_kept_for_a_person_as_a_draft_that_is_then_scheduled_as_it_was_asked(
    shop: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ttp.cli.terminal.is_interactive", lambda: True)
    ran = shop("create", LONG, *TYPED, "--format", "table")
    scheduled = "ttp schedule 1 --at 'tomorrow 9am' --tz UTC --strict"
    assert (ran.code, labelled(ran.err)) == (
        2,
        [("try", "ttp edit 1 --split"), ("try", scheduled), ("see", "ttp show 1")],
    )
    post = shop.shown()
    assert (post["content"], post["status"], post["key"], post["tags"]) == (LONG, "draft", None, ["launch"])
    shop.ok("edit", "1", "Shorter")
    shop.ok(*shlex.split(scheduled)[1:])
    assert shop.shown()["scheduledAt"] == "2026-11-25T09:00:00Z"
    ran = shop("create", "Hi", "--thread", LONG, "--to", "x", "--at", "tomorow 9am", "--format", "table")
    assert labelled(ran.err)[0] == ("try", "ttp edit 2 --at 'tomorrow 9am'")
    assert shop.shown(2)["thread"] == [LONG]
    assert labelled(shop("create", LONG, "--to", "ig", *AT, "--format", "table").err) == [
        *(("fix", "ttp edit 3 --media FILE"), ("try", "ttp schedule 3 --at 'tomorrow 9am'"), ("see", "ttp show 3"))
    ]
    ran = shop("create", LONG, "--to", "x/none", *AT, "--format", "table")
    assert (ran.code, shop.shown(4)["content"]) == (3, LONG)


def test_what_is_refused_again_is_kept_once_and_named_after_all_problems(
    shop: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ttp.cli.terminal.is_interactive", lambda: True)
    typed = ("create", LONG, "--to", "x,ig", *AT, "--format", "table")
    first = shop(*typed)
    assert shop(*typed).err == first.err
    lines = [line for line in first.err.splitlines() if labelled(f"\n{line}") == []]
    assert ("instagram" in lines[-3], lines[-1].endswith("draft 1.")) == (True, True)
    for _ in range(2):
        assert labelled(shop("create", "-", "--to", "x", *AT, stdin=LONG).err)[-1] == ("see", "ttp show 3")
    assert [row[0] for row in shop.ok("list").rows] == ["1", "3"]
    assert len(shop.ok("undo", "--list").rows) == 2
    shop.ok("edit", "1", "--tag", "a")
    assert labelled(shop(*typed).err)[-1] == ("see", "ttp show 5"), "the draft was changed"


def test_a_refused_edit_keeps_the_long_texts_that_were_typed_and_its_hints_change_its_post(
    shop: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ttp.cli.terminal.is_interactive", lambda: True)
    shop.post("Hello", "--to", "x", *AT)
    kept = ("see", "ttp show 2")
    refused = [shop("edit", "1", *more, "--format", "table") for more in ([LONG], [LONG, "--at", "tomorow 9am"])]
    ways = [labelled(ran.err) for ran in refused]
    assert [(one[0], one[-1]) for one in ways] == [
        (("try", "--split"), kept),
        (("try", "--at 'tomorrow 9am'"), kept),
    ]
    ways = [labelled(shop("edit", "1", "-", *more, stdin=LONG).err) for more in ([], ["--at", "tomorow 9am"])]
    assert [one[0][1] for one in ways] == ["ttp edit 1 - --split", "ttp edit 1 - --at 'tomorrow 9am'"]
    shop("edit", "1", "Hi", "--thread", LONG, "--text", f"x={LONG}", "--format", "table")
    assert shop("edit", "1", f"{LONG}!", "--json").code == 2
    texts = sorted(post["content"] for post in shop.ok("list", "--json").json)
    assert texts == ["Hello", LONG, f"{LONG}\n\nx={LONG}"]


@pytest.mark.parametrize("more", [["--at", "tomorrow 9am"], ["--at", "friday at 6"], ["--to", "x/mee"], ["extra"]])
def test_a_program_has_its_long_text_and_nothing_repeats_or_stores_it(
    shop: Program, monkeypatch: pytest.MonkeyPatch, more: list[str]
) -> None:
    refused = [shop("create", LONG, "--to", "x", *more)]
    monkeypatch.setattr("ttp.cli.terminal.is_interactive", lambda: True)
    refused.append(shop("create", LONG, "--to", "x", *more, "--json"))
    assert [(ran.code in (2, 3), "word word" in ran.err) for ran in refused] == [(True, False)] * 2
    assert more != ["--at", "tomorrow 9am"] or refused[1].error["hint"] is None
    assert shop.count("post") == 0


@pytest.mark.parametrize(
    ("typed", "ways"),
    [
        ("create notes.md", ["ttp create --file notes.md", "ttp create -- notes.md"]),
        (
            "create --to x 'in/notes of mine.MD' --at 'fri 9am'",
            [
                "ttp create --to x --file 'in/notes of mine.MD' --at 'fri 9am'",
                "ttp create --to x --at 'fri 9am' -- 'in/notes of mine.MD'",
            ],
        ),
        (
            "create 'of two words.jpg' --media photo.jpg --alt 'of two words.jpg'",
            [
                "ttp create --media photo.jpg --alt 'of two words.jpg' --media 'of two words.jpg'",
                "ttp create --media photo.jpg --alt 'of two words.jpg' -- 'of two words.jpg'",
            ],
        ),
        ("create notes.md --dry-run", ["ttp create --file notes.md --dry-run", "ttp create --dry-run -- notes.md"]),
        ("create week.csv", ["ttp import week.csv", "ttp create -- week.csv"]),
        (
            "create --to x week.csv --dry-run",
            ["ttp import --to x week.csv --dry-run", "ttp create --to x --dry-run -- week.csv"],
        ),
        ("create menu.pdf", ["ttp create -- menu.pdf"]),
        ("edit 1 week.xlsx", ["ttp edit 1 -- week.xlsx"]),
        ("edit 1 photo.jpg", ["ttp edit 1 --add-media photo.jpg", "ttp edit 1 -- photo.jpg"]),
        (
            "edit 1 b.jpg --media photo.jpg",
            ["ttp edit 1 --media photo.jpg --media b.jpg", "ttp edit 1 --media photo.jpg -- b.jpg"],
        ),
        ("edit 1 notes.md --tag a", ["ttp edit 1 - --tag a < notes.md", "ttp edit 1 --tag a -- notes.md"]),
    ],
)
def test_a_text_that_is_the_name_of_a_file_is_asked_about(shop: Program, typed: str, ways: list[str]) -> None:
    shop.post("Hello")
    ran = shop(*shlex.split(typed))
    assert (ran.code, ran.out, labelled(ran.err)) == (2, "", [("try", way) for way in ways])
    assert shop(*shlex.split(typed), "--json").error["hint"] is None
    for way in ways:
        words, _, source = way.partition(" < ")
        shop.ok(*shlex.split(words)[1:], stdin=Path(source).read_text() if source else "")


def test_a_sheet_with_options_that_an_import_lacks_is_not_suggested_without_them(shop: Program) -> None:
    ways = labelled(shop("create", "week.csv", "--to", "x", *AT).err)
    assert ways == [("see", "ttp import --help"), ("try", "ttp create --to x --at 'tomorrow 9am' -- week.csv")]


@pytest.mark.parametrize(
    "typed",
    [
        *("other.md", "in.md", "photo", "'see notes.md'", "https://example.com/photo.jpg", "-- notes.md"),
        *("photo.jpg --media photo.jpg", "notes.md --file in/a.md"),
    ],
)
def test_any_other_text_is_a_text(shop: Program, typed: str) -> None:
    Path("in.md").mkdir()
    Path("in/a.md").write_text("Another")
    shop.ok("create", *shlex.split(typed))
    assert shop.shown()["content"] == next(word for word in shlex.split(typed) if word != "--")
