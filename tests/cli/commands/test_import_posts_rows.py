"""`ttp import`: sheets, objects and folders; all or nothing; the same file twice; and what hostile files cannot do."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.conftest import Program
from tests.media_bytes import jpeg

HEADER = "accounts,at,text,tags\n"


@pytest.fixture
def ttp(ttp: Program) -> Program:
    ttp.account()
    ttp.account("x/other")
    return ttp


def taken(ttp: Program, text: str | bytes, *argv: str) -> dict[str, object]:
    """The result of importing a file from stdin."""
    shape = ttp.ok("import", "-", "--json", *argv, stdin=text).json
    return {name: shape[name] for name in ("added", "changed", "moved", "unchanged") if shape[name]}


def texts(ttp: Program) -> list[str]:
    return [post["content"] for post in ttp.ok("list", "--json").json]


# Accepted rows.


def test_a_sheet_becomes_posts_with_all_that_its_columns_say(ttp: Program) -> None:
    sheet = (
        "key,to,at,tz,text,text.x,tags,set.x.reply_settings,max-late,thread\n"
        'a,"x/me, x/other",2026-12-01 09:00,Europe/Zurich,"Hello, ""you""",Hi,"a,b",following,90m,"two\nthree"\n'
        ",,,,A draft,,,,,\n"
    )
    assert taken(ttp, sheet) == {"added": 2}
    post = ttp.shown(1)
    assert (post["key"], post["scheduledAt"], post["accounts"]) == ("a", "2026-12-01T08:00:00Z", ["x/me", "x/other"])
    assert (post["content"], post["variants"], post["tags"]) == ('Hello, "you"', {"x": "Hi"}, ["a", "b"])
    assert (post["options"], post["maxLatenessS"], post["thread"]) == (
        *({"x.reply_settings": "following"}, 5400, ["two", "three"]),
    )
    assert ttp.shown(2)["status"] == "draft"


def test_rows_without_an_account_go_where_to_says(ttp: Program) -> None:
    assert taken(ttp, "text\nHello\n", "--to", "x/other") == {"added": 1}
    assert ttp.shown(1)["accounts"] == ["x/other"]


@pytest.mark.parametrize(
    "text",
    [
        '[{"content": "Hello", "accounts": ["x/me"]}]',
        '{"text": "Hello", "to": "x/me"}\n',
        '[\n  {\n    "caption": "Hello", "account": "x/me"\n  }\n]\n',
        "text;to\nHello;x/me\n",
        "---\nto: x/me\n---\nHello\n",
    ],
)
def test_the_format_is_seen_in_what_the_file_says(ttp: Program, text: str) -> None:
    assert taken(ttp, text) == {"added": 1}
    assert (ttp.shown(1)["content"], ttp.shown(1)["accounts"]) == ("Hello", ["x/me"])


def test_the_answer_is_a_sentence_for_people_and_counts_for_scripts(ttp: Program, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"{HEADER}x/me,2026-12-01 09:00,Hello,\n")
    assert ttp.ok("import", str(tmp_path / "a.csv"), "--format", "table", "--dry-run").out.startswith("1 row: 1 added")
    assert ttp.count("post") == 0
    rows = dict(ttp.ok("import", str(tmp_path / "a.csv")).rows)
    assert (rows["read"], rows["added"], rows["stored"]) == ("1", "1", "true")


# The same file again.


def test_a_second_import_changes_what_changed_and_adds_nothing(ttp: Program) -> None:
    first = f"{HEADER}x/me,2026-12-01 09:00,One,a\nx/me,2026-12-02 09:00,Two,\nx/me,2026-12-03 09:00,Three,\n"
    assert taken(ttp, first) == {"added": 3}
    assert taken(ttp, first) == {"unchanged": 3}
    second = f"{HEADER}x/me,2026-12-01 09:00,One,b\nx/me,2026-12-02 10:00,Two,\nx/me,2026-12-03 09:00,Three!,\n"
    assert taken(ttp, second) == {"changed": 2, "moved": 1}
    assert texts(ttp) == ["One", "Two", "Three!"]
    assert taken(ttp, second) == {"unchanged": 3}


def test_rows_that_say_the_same_are_each_a_post(ttp: Program) -> None:
    sheet = f"{HEADER}x/me,2026-12-01 09:00,Tea,\nx/me,2026-12-02 09:00,Tea,\n"
    assert taken(ttp, sheet) == {"added": 2}
    assert taken(ttp, sheet) == {"unchanged": 2}


def test_a_post_that_has_begun_to_go_out_or_was_deleted_is_left_alone(ttp: Program) -> None:
    sheet = "key,to,at,text\na,x/me,2026-12-01 09:00,One\nb,x/me,2026-12-01 10:00,Two\n"
    taken(ttp, sheet)
    ttp.bring(1, "published", remote_id="7")
    ttp.ok("delete", "2")
    shape = ttp.ok("import", "-", "--json", stdin=sheet.replace("One", "Other")).json
    assert shape["left"] == [
        *({"row": "2", "reason": "post 1 is published"}, {"row": "3", "reason": "post 2 was deleted"}),
    ]
    assert (ttp.count("post"), ttp.shown(1)["content"]) == (2, "One")


def test_what_went_out_elsewhere_is_not_made_again(ttp: Program) -> None:
    sheet = "key,status,to,at,text\na,published,x/me,2026-12-01 09:00,One\nb,failed,x/me,2026-12-01 09:00,Two\n"
    assert len(ttp.ok("import", "-", "--json", stdin=sheet).json["left"]) == 2
    assert ttp.count("post") == 0
    ttp.post("One", "--to", "x/me", "--at", "tomorrow 9am", "--key", "a")
    refused = ttp("import", "-", "--json", stdin=sheet)
    assert (refused.code, "post 1" in refused.error["problems"][0]["message"]) == (2, True)


def test_a_time_that_has_passed_meanwhile_is_no_fault_of_a_post_that_has_it(ttp: Program) -> None:
    sheet = f"{HEADER}x/me,2026-11-24 12:30,One,\n"
    taken(ttp, sheet)
    ttp.clock.advance(hours=1)
    assert taken(ttp, sheet) == {"unchanged": 1}
    late = ttp("import", "-", stdin=f"{HEADER}x/me,2026-11-24 12:40,One,\n")
    assert (late.code, "ago" in late.err) == (2, True)


# Times.


def test_a_file_has_dates_and_no_words_that_mean_another_day_tomorrow(ttp: Program) -> None:
    for word in ("tomorrow 9am", "fri 18:00", "in 2h", "now", "18:00", "tomorrow", "tomorow 9am"):
        ran = ttp("import", "-", "--json", stdin=f"{HEADER}x/me,{word},One,\n")
        (problem,) = ran.error["problems"]
        assert (ran.code, problem["field"]) == (2, "scheduledAt")
        assert problem["hint"].startswith("2026-11-2")
        assert taken(ttp, f"{HEADER}x/me,{problem['hint']},{word},\n", "--dry-run") == {"added": 1}


def test_an_hour_that_comes_twice_is_taken_the_first_time_and_told_once(ttp: Program) -> None:
    sheet = "to,at,tz,text\nx/me,2027-10-31 02:30,Europe/Zurich,One\nx/other,2027-10-31 02:30,Europe/Zurich,Two\n"
    said = ttp.ok("import", "-", stdin=sheet).err
    assert said.count("2027-10-31T02:30+01:00") == 1
    assert {ttp.shown(n)["scheduledAt"] for n in (1, 2)} == {"2027-10-31T00:30:00Z"}
    assert "02:30" not in ttp.ok("import", "-", stdin=sheet).err


def test_optimal_times_are_chosen_once_and_kept(ttp: Program) -> None:
    samples = "account,remoteId,publishedAt,likes,comments,shares,views\n" + "".join(
        f"x/me,{n},2026-11-{1 + n // 24:02}T{n % 24:02}:00:00Z,{n % 24},0,0,100\n" for n in range(240)
    )
    ttp.ok("metrics", "import", "-", stdin=samples)
    sheet = f"{HEADER}x/me,optimal,One,\nx/me,optimal,Two,\n"
    assert taken(ttp, sheet) == {"added": 2}
    times = [ttp.shown(i)["scheduledAt"] for i in (1, 2)]
    assert len(set(times)) == 2
    ttp.clock.advance(hours=3)
    assert taken(ttp, sheet) == {"unchanged": 2}
    assert [ttp.shown(i)["scheduledAt"] for i in (1, 2)] == times


def test_next_slots_are_given_to_the_rows_in_turn_and_kept(ttp: Program) -> None:
    ttp.ok("slots", "add", "daily 09:00", "--account", "x/me")
    sheet = f"{HEADER}x/me,next-slot,One,\nx/me,2026-11-26 09:00,Two,\nx/me,next-slot,Three,\nx/me,next-slot,Four,\n"
    assert taken(ttp, sheet) == {"added": 4}
    times = [ttp.shown(i)["scheduledAt"][8:10] for i in range(1, 5)]
    assert len(set(times)) == 4
    assert taken(ttp, sheet) == {"unchanged": 4}


# All or nothing.


def test_every_fault_of_every_row_is_told_and_nothing_is_stored(ttp: Program) -> None:
    sheet = (
        "accounts,at,text,media,maxLatenessS,options\n"
        "x/me,2026-12-01 09:00,Fine,,,\n"
        'x/nobody,2026-12-01 09:00,Hello,none.jpg,soon,"{""x.speed"": 9}"\n'
        "x/me,2026-13-01 09:00,Hello,,,\n"
        "x/me,2020-01-01 09:00,Hello,,,\n"
        ",2026-12-01 09:00,Hello,,,\n"
        f"x/me,2026-12-01 09:00,{'a' * 281},,,\n"
        "x/me,,,,,\n"
    )
    ran = ttp("import", "-", "--json", stdin=sheet)
    assert (ran.code, ran.out, ttp.count("post")) == (2, "", 0)
    assert ran.error["message"].startswith("6 of 7 ")
    told = [(p["message"].partition(":")[0], p["field"]) for p in ran.error["problems"]]
    assert told == [
        *(("row 3", "options"), ("row 3", "maxLatenessS"), ("row 3", "accounts"), ("row 3", "media")),
        *(("row 4", "scheduledAt"), ("row 5", "scheduledAt"), ("row 6", "scheduledAt"), ("row 7", "content")),
        ("row 8", "content"),
    ]
    text = ttp("import", "-", "--to", "x/me", "--tz", "UTC", stdin=sheet).err
    assert "ROW  FIELD" in text
    assert "  try: ttp import - --to x/me --tz UTC --partial\n" in text


def test_partial_takes_the_rows_that_can_be_taken(ttp: Program) -> None:
    ran = ttp("import", "-", "--partial", "--json", stdin=f"{HEADER}x/me,,One,\nx/nobody,,Two,\n")
    assert (ran.code, ran.json["added"], ran.json["stored"]) == (6, 1, True)
    assert ran.json["rejected"][0]["row"] == "3"
    assert ran.json["rejected"][0]["fix"] == "ttp account list"
    assert texts(ttp) == ["One"]


def test_a_person_is_told_how_many_rows_were_not_taken(ttp: Program) -> None:
    ran = ttp("import", "-", "--partial", "--format", "table", stdin=f"{HEADER}x/me,,One,\nx/nobody,,Two,\n")
    assert ran.out == "2 rows: 1 added, 0 unchanged, 1 with errors.\n"


def test_a_map_of_a_column_that_the_file_does_not_have_is_refused_with_those_that_it_has(ttp: Program) -> None:
    ran = ttp("import", "-", "--map", "Wan=at", "--to", "x/me", stdin="Wann,Text\n2026-12-24 09:00,Hallo\n")
    assert (ran.code, ttp.count("post")) == (2, 0)
    assert "Wann, Text" in ran.err
    assert ttp("import", "-", "--map", "3=text", stdin="a,b\n").code == 2


@pytest.mark.parametrize(
    ("header", "argv"),
    [
        ("to,at,text,text", ()),
        ("to,at,text, Text", ()),
        ("to,at,max-late,Max Late,text", ()),
        ("to,text,text.x,TEXT.X", ()),
        ("to,Caption,Caption", ("--map", "Caption=text")),
        ("Text,Image URL,Tags,Posting Time,Posting Time", ()),
    ],
)
def test_a_sheet_with_the_same_column_twice_is_refused(ttp: Program, header: str, argv: tuple[str, ...]) -> None:
    cells = ",".join("2026-12-01 09:00" if "at" in name else "x/me" for name in header.split(","))
    ran = ttp("import", "-", "--json", "--to", "x/me", *argv, stdin=f"{header}\n{cells}\n")
    assert (ran.code, ran.error["code"], ttp.count("post")) == (2, "usage", 0)


def test_columns_without_a_name_and_those_that_are_not_read_may_be_there_twice(ttp: Program) -> None:
    assert taken(ttp, "to,text,,,remark,remark\nx/me,One,,,a,b\n") == {"added": 1}


@pytest.mark.parametrize(
    ("date", "order"), [("12/24/2026 09:00", "mdy"), ("24/12/2026 09:00", "dmy"), ("11/12/2026 9:00", "dmy")]
)
def test_the_order_of_a_date_that_is_to_be_typed_is_one_that_the_date_can_have(
    ttp: Program, date: str, order: str
) -> None:
    sheet = f"{HEADER}x/me,{date},One,\n"
    (problem,) = ttp("import", "-", "--json", stdin=sheet).error["problems"]
    assert problem["hint"] == f"--dates {order}"
    assert taken(ttp, sheet, "--dates", order) == {"added": 1}


def test_what_is_wrong_with_media_is_told_as_the_file_has_it(ttp: Program, tmp_path: Path) -> None:
    ttp.account("instagram/me")
    (tmp_path / "photo.jpg").write_bytes(jpeg())
    rows = [",../photo.jpg,", ",PHOTO.jpg,", ",,Alone", "2026-12-24 09:00,,", ",phto.jpg,"]
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("to,at,media,alt,text\n" + "".join(f"instagram/me,{row},Hi\n" for row in rows))
    problems = ttp("import", str(sheet), "--json").error["problems"]
    assert [problem["field"] for problem in problems] == ["media"] * 5
    assert ["photo.jpg" in (problem["hint"] or "") for problem in problems] == [True, True, False, False, False]


def test_json_that_ends_in_the_middle_is_told_with_its_line(ttp: Program) -> None:
    lines = '{"content": "One"}\n' * 3000 + '{"content": "Two"\n{"content": "Three"}\n'
    ran = ttp("import", "-", "--json", stdin=lines)
    assert all(fact in ran.error["message"] for fact in ("3001", '{"content": "Two"'))


def test_two_rows_of_one_key_are_refused(ttp: Program) -> None:
    (problem,) = ttp("import", "-", "--json", stdin="key,text\na,One\na,Two\n").error["problems"]
    assert problem["field"] == "key"


@pytest.mark.parametrize("form", ["csv", "md"])
def test_how_far_an_import_is_rises_to_its_end(
    ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    from ttp.cli.commands import import_posts
    from ttp.services.files import importer

    told: list[float] = []
    monkeypatch.setattr(importer, "REPORT_EVERY", 2)
    monkeypatch.setattr(import_posts, "progress", lambda *args, **more: nullcontext(told.append))
    folder = tmp_path / "content"
    folder.mkdir()
    if form == "csv":
        (folder / "a.csv").write_text("text\n" + "".join(f"Number {n}\n" for n in range(8)))
    for n in range(8) if form == "md" else ():
        (folder / f"{n}.md").write_text(f"---\ntags: a\n---\nNumber {n}\n")
    ttp.ok("import", str(folder / "a.csv" if form == "csv" else folder))
    assert (len(told), told[-1]) == (8, 1.0)
    assert told == sorted(told)
    assert told[3] == pytest.approx(importer.CHECK_SHARE)


def test_who_stops_an_import_is_told_that_nothing_is_stored(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    from ttp.services.posts import Posts

    def stopped(*args: object, **more: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Posts, "check_post", stopped)
    ran = ttp("import", "-", stdin=f"{HEADER}x/me,2026-12-01 09:00,One,\n")
    assert (ran.code, ttp.count("post")) == (130, 0)


# Other programs' sheets.


@pytest.mark.parametrize(
    ("sheet", "argv", "at", "text", "program"),
    [
        (
            "Date,Message,Link\n24/12/2026 09:00,Hello,https://a.example/1\n",
            ["--dates", "dmy"],
            "2026-12-24T09:00:00Z",
            "Hello\n\nhttps://a.example/1",
            "Hootsuite",
        ),
        (
            "Text,Image URL,Tags,Posting Time\nHello,,a,2026-12-24 09:00\n",
            [],
            "2026-12-24T09:00:00Z",
            "Hello",
            "Buffer",
        ),
        (
            "Date - Intl. format or prompt,Text,Link(s),Media URL(s),Title,Label(s),Alt text(s)\n"
            "2026/12/24 21:30,@me too,,,,a,\n",
            [],
            "2026-12-24T21:30:00Z",
            "@me too",
            "Publer",
        ),
    ],
)
def test_the_sheets_of_other_programs_are_known_by_their_headers(
    ttp: Program, sheet: str, argv: list[str], at: str, text: str, program: str
) -> None:
    ran = ttp.ok("import", "-", "--to", "x/me", "--json", *argv, stdin=sheet)
    assert program in ran.err
    assert (ttp.shown(1)["scheduledAt"], ttp.shown(1)["content"]) == (at, text)


def test_a_date_that_could_mean_two_days_is_refused_with_the_option_that_settles_it(ttp: Program) -> None:
    sheet = "Date,Message,Link\n12/01/2026 9:05 PM,Hello,\n"
    refused = ttp("import", "-", "--to", "x/me", stdin=sheet)
    assert (refused.code, "--dates dmy" in refused.err) == (2, True)
    taken(ttp, sheet, "--to", "x/me", "--dates", "mdy")
    taken(ttp, sheet.replace("Hello", "Hi").replace("2026", "27"), "--to", "x/me", "--dates", "dmy")
    assert [ttp.shown(n)["scheduledAt"] for n in (1, 2)] == ["2026-12-01T21:05:00Z", "2027-01-12T21:05:00Z"]


def test_any_other_sheet_is_read_by_naming_its_columns(ttp: Program) -> None:
    assert taken(ttp, "Was,Wann\nHallo,2026-12-24 09:00\n", "--map", "Was=text", "--map", "Wann=at", "--to", "x/me")
    assert taken(ttp, "2026-12-25 09:00,Hoi\n", "--map", "1=at", "--map", "2=text", "--to", "x/me") == {"added": 1}
    assert texts(ttp) == ["Hallo", "Hoi"]


# Hostile files.


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"\n\n", b"text\n\xff\xfe\n", b"te\0xt\nHello\n", b"text\nHe\0llo\n"),
        *(b'text\n"never closed\n', b'text\n"a"b\n', b"PK\x03\x04rest", b"name,date\nx,y\n", b"---\nto: x\n"),
        *(b"text\n" + b"a" * 140_000 + b"\n", b"text\n" + b"a" * (1 << 20) + b"\n"),
        *(b'[{"content": "a"}', b"[1, {]", b'{"content": "a"', b"[" * 100_000),
    ],
    ids=range(16),
)
def test_files_that_cannot_be_read_are_refused(ttp: Program, data: bytes) -> None:
    ran = ttp("import", "-", "--json", stdin=data)
    assert (ran.code, ran.out, ran.error["code"]) == (2, "", "usage")


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("7", ""),
        ('{"content": ["a"]}', "content"),
        ('{"content": "a\\u0000b"}', "content"),
        ('{"content": "a\\ud800b"}', "content"),
        ('{"content": "a", "variants": "x"}', "variants"),
        ('{"content": "a", "media": [{"alt": "x"}]}', "media"),
        ('{"content": "a", "media": {"a": 1}}', "media"),
        ('{"content": "a", "key": " "}', "key"),
        ('{"content": "a", "status": "gone"}', "status"),
        ('{"content": "a", "maxLate": "soon"}', "maxLate"),
        ('{"content": "a", "accuonts": "x"}', "accuonts"),
    ],
)
def test_an_object_that_is_no_post_says_which_field_is_wrong(ttp: Program, row: str, field: str) -> None:
    ran = ttp("import", "-", "--json", stdin=f"[{row}]")
    assert (ran.code, [p["field"] for p in ran.error["problems"]]) == (2, [field])


def test_media_stay_under_the_folder_of_their_file(ttp: Program, tmp_path: Path) -> None:
    folder = tmp_path / "sheet"
    (folder / "pics").mkdir(parents=True)
    for path in (tmp_path / "secret.jpg", folder / "pics" / "a.jpg"):
        path.write_bytes(jpeg())
    (folder / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    for name in ("../secret.jpg", str(tmp_path / "secret.jpg"), "link.jpg", "pics/../../secret.jpg", ".", "~/a.jpg"):
        (folder / "posts.csv").write_text(f"text,media\nHello,{name}\n")
        assert ttp("import", str(folder / "posts.csv")).code == 2, name
    assert ttp.count("post") == 0
    (folder / "posts.csv").write_text("text,media,alt\nHello,pics/a.jpg,A door\n")
    ttp.ok("import", str(folder / "posts.csv"))
    assert [(item["name"], item["alt"]) for item in ttp.shown(1)["media"]] == [("a.jpg", "A door")]
    again = ttp.ok("import", str(folder / "posts.csv"), "--json").json
    assert again["unchanged"] == 1


def test_a_formula_of_an_export_is_a_text_again(ttp: Program) -> None:
    taken(ttp, "text\n'=1+1\n''=2\n'quoted\n")
    assert texts(ttp) == ["=1+1", "'=2", "'quoted"]


# Folders.


def test_a_folder_is_read_file_by_file_and_what_is_no_post_is_passed_over(ttp: Program, tmp_path: Path) -> None:
    folder = tmp_path / "content"
    (folder / "sub").mkdir(parents=True)
    (folder / ".git").mkdir()
    (folder / ".git" / "x.md").write_text("---\nto: x\n---\nNo\n")
    (folder / "README.md").write_text("# About\n")
    (folder / "sub" / "a.md").write_text("---\nto: x/me\nat: 2026-12-01 09:00\n---\n\nHello\n\n## x/me\n\nHi\n")
    ran = ttp.ok("import", str(folder), "--json")
    assert (ran.json["added"], "README.md" in ran.err) == (1, True)
    post = ttp.shown(1)
    assert (post["key"], post["content"], post["variants"]) == ("content/sub/a.md", "Hello", {"x/me": "Hi"})
    (folder / "sub" / "b.md").write_bytes(b"---\nto: x\n---\n\xff\n")
    assert "sub/b.md" in ttp("import", str(folder)).err


def test_a_file_or_folder_that_is_not_there_is_told(ttp: Program, tmp_path: Path) -> None:
    assert ttp("import", str(tmp_path / "none.csv")).code == 3
    assert ttp("import", "-", "--map", "a=b", stdin="a\n").code == 2
    assert ttp("import", "-", "--dates", "ymd", stdin="a\n").code == 2


def test_an_exported_file_with_its_media_is_taken_by_another_store(ttp: Program, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg())
    ttp.post("Hello", "--to", "x/me", "--media", str(tmp_path / "a.jpg"), "--alt", "A door")
    for form in ("csv", "json"):
        folder = tmp_path / form
        folder.mkdir()
        ttp.ok("export", str(folder / f"posts.{form}"), "--with", "media")
    ttp.ok("export", str(tmp_path / "bare.json"))
    ttp.ok("delete", "1")
    for copy in (ttp.home / "media").iterdir():
        copy.unlink()
    ttp.sql("UPDATE store SET store_id = 'another'")
    assert ttp("import", str(tmp_path / "bare.json")).code == 2
    for form in ("csv", "json"):
        shape = ttp.ok("import", str(tmp_path / form / f"posts.{form}"), "--json").json
        assert shape["added"] + shape["unchanged"] == 1
    assert [(item["name"], item["alt"]) for item in ttp.shown(2)["media"]] == [("a.jpg", "A door")]
    assert json.loads(ttp.ok("list", "--json").out)[0]["content"] == "Hello"


def test_headings_that_people_write_are_fields(ttp: Program) -> None:
    ttp.ok("import", "-", stdin="when,where,body\n2099-01-01 09:00,x/me,Hi\n")
    post = ttp.shown()
    assert (post["status"], post["accounts"], post["content"]) == ("scheduled", ["x/me"], "Hi")
