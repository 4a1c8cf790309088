"""`ttp create --dry-run`: what each account would get, without a trace."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests.conftest import Program
from tests.media_bytes import jpeg
from tests.pictures import picture
from ttp.sandbox.files import CLIP


def snapshot(folder: Path) -> dict[str, str]:
    """Every file below a folder, by the digest of its bytes."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def shop(ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """A store with an account on each platform, and pictures in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TTP_MEDIA_HOST__KIND", "folder")
    monkeypatch.setenv("TTP_MEDIA_HOST__PATH", str(tmp_path / "web"))
    monkeypatch.setenv("TTP_MEDIA_HOST__BASE_URL", "https://a.example/web")
    (tmp_path / "web").mkdir()
    for name in ("x/me", "ig/shop", "tt/me"):
        ttp.account(name)
    (tmp_path / "a.jpg").write_bytes(jpeg())
    return ttp


def test_each_account_has_its_version_with_its_lengths_and_costs(shop: Program) -> None:
    before = snapshot(shop.home)
    wish = ("Hello ☕ https://a.example/b", "--to", "x,ig", "--media", "a.jpg", "--alt", "A door", "--text", "x=Hi ☕")
    found = shop.ok("create", *wish, "--thread", "And more", "--at", "tomorrow 9am", "--dry-run", "--json").json
    assert (found["id"], found["status"], found["scheduledAt"]) == (None, "scheduled", "2026-11-25T09:00:00Z")
    x, ig = found["versions"]
    assert (x["account"], ig["account"]) == ("x/me", "instagram/shop")
    assert x["parts"] == [
        {"text": "Hi ☕", "length": 5, "limit": 280, "card": None},
        {"text": "And more", "length": 8, "limit": 280, "card": None},
    ]
    assert ig["parts"] == [{"text": "Hello ☕ https://a.example/b", "length": 27, "limit": 2200, "card": None}]
    assert (x["costUsd"], ig["costUsd"]) == (0.035, None)
    assert [(item["name"], item["alt"], item["converted"]) for item in ig["media"]] == [("a.jpg", "A door", False)]
    assert any("instagram/shop" in warning for warning in found["warnings"])
    assert snapshot(shop.home) == before


def test_a_photo_makes_of_a_tiktok_text_a_description(shop: Program) -> None:
    def limit(*media: str) -> int:
        wish = ("create", "Hi", "--to", "tt", "--set", "tiktok.privacy_level=SELF_ONLY", *media)
        (version,) = shop.ok(*wish, "--dry-run", "--json").json["versions"]
        return int(version["parts"][0]["limit"])

    assert (limit("--media", "a.jpg"), limit("--media", str(CLIP))) == (4000, 2200)


def test_it_is_a_table_for_programs_and_a_picture_for_people(shop: Program) -> None:
    wish = ("create", "Hello", "--to", "x,ig", "--media", "a.jpg", "--thread", "Two\nlines", "--dry-run")
    assert shop.ok(*wish).rows == [
        ["x/me", "1", "5", "280", "0.03", "Hello"],
        ["x/me", "2", "9", "280", "", "Two\\nlines"],
        ["instagram/shop", "1", "5", "2200", "", "Hello"],
    ]
    shown = shop.ok(*wish, "--at", "tomorrow 9am", "--tz", "Europe/Berlin", "--format", "table").out
    assert shown.startswith("x/me   5/280   X charges $0.03   a lost answer: looked up\n  Hello\n  a.jpg  1080x")
    assert "\npart 2   9/280\n  Two\n  lines\n" in shown
    assert "\n\ninstagram/shop   5/2200   a lost answer: looked up\n  Hello\n" in shown
    assert "Wed 25 Nov 2026 09:00 Europe/Berlin (08:00 UTC)" in shown
    assert shop.ok(*wish, "--fields", "versions,id").out.endswith("\t\n")


def test_what_would_be_converted_is_told_and_not_kept(shop: Program) -> None:
    Path("b.png").write_bytes(picture(size=(2000, 2000)))
    before = snapshot(shop.home)
    shown = shop.ok("create", "Hi", "--to", "ig", "--media", "b.png", "--dry-run", "--format", "table").out
    assert "b.png  2000x2000" in shown
    assert "sent as JPEG  1440x1440" in shown
    assert snapshot(shop.home) == before


@pytest.mark.parametrize(
    "wish",
    [
        ("a" * 281, "--to", "x", "--at", "tomorrow 9am"),
        ("hi", "--to", "x", "--at", "tomorow 9am"),
        ("hi", "--to", "x", "--at", "2026-11-24 09:00"),
        ("hi", "--at", "tomorrow 9am"),
        ("hi", "--to", "x/none"),
        ("hi", "--media", "missing.jpg"),
        ("hi", "--alt", "x"),
        ("hi", "--to", "tt", "--at", "tomorrow 9am"),
        ("hi", "--text", "x"),
        ("hi", "--key", " "),
        ("",),
        ("hi", "--to", "x", "--at", "optimal"),
        ("hi", "--to", "x", "--at", "tomorrow 9am", "--first"),
    ],
)
def test_what_would_be_refused_is_refused_the_same(shop: Program, wish: tuple[str, ...]) -> None:
    before = snapshot(shop.home)
    tried = shop("create", *wish, "--dry-run", "--json")
    assert (tried.out, snapshot(shop.home)) == ("", before)
    real = shop("create", *wish, "--json")
    told = json.loads(json.dumps(tried.error).replace(" --dry-run", ""))
    assert tried.code == real.code != 0
    assert "ttp create hi --to tt --json" not in told.pop("hints", [])  # to keep it as a draft is not a rehearsal
    assert told.items() <= real.error.items()


@pytest.mark.parametrize("time", [("--at", "in 1h"), ()])
def test_people_see_the_versions_beside_what_is_wrong(shop: Program, time: tuple[str, ...]) -> None:
    ran = shop("create", "a" * 281, "--to", "x", *time, "--dry-run", "--format", "table")
    assert ran.code == 2
    assert ran.out.startswith("x/me   281/280   X charges $0.015 ")
    assert "281 of 280" in ran.err


def test_a_draft_that_could_not_be_scheduled_is_told_apart_by_the_exit_code(shop: Program) -> None:
    wish = ("create", "a" * 281, "--to", "x", "--json")
    ran = shop(*wish, "--dry-run")
    assert (ran.code, ran.out, ran.error["code"]) == (2, "", "content")
    assert [problem["code"] for problem in ran.error["problems"]] == ["text_too_long"]
    assert shop.ok(*wish).json["status"] == "draft"  # it is stored all the same: it can be mended later


def test_what_is_piped_is_not_kept_and_a_file_is_read(shop: Program) -> None:
    assert shop("create", "-", "--at", "soon", "--dry-run", stdin="Hello").code == 2
    assert shop.ok("create", "-", "--dry-run", "--json", stdin="Hello").json["status"] == "draft"
    Path("a.md").write_text("---\nto: x\nmedia: a.jpg\n---\nOf a file\n")
    (version,) = shop.ok("create", "--file", "a.md", "--dry-run", "--json").json["versions"]
    assert version["parts"][0]["text"] == "Of a file"
    assert shop.count("post") == 0


def test_a_key_that_made_a_post_says_so(shop: Program) -> None:
    shop.ok("create", "hi", "--key", "k")
    found = shop.ok("create", "hi", "--key", "k", "--dry-run", "--json").json
    assert (found["id"], found["replayed"], found["versions"]) == (1, True, [])
    assert shop("create", "ho", "--key", "k", "--dry-run", "--json").error["code"] == "conflict"


def test_media_that_the_store_has_are_found_there(shop: Program) -> None:
    kept = shop.ok("create", "hi", "--media", "a.jpg", "--json").json["media"][0]["sha256"]
    Path("a.md").write_text(f"---\nto: x\nmedia: sha256:{kept}/a.jpg\n---\nHello\n")
    before = snapshot(shop.home)
    ran = shop("create", "--file", "a.md", "--dry-run", "--json")
    real = shop("create", "--file", "a.md", "--json")
    assert (ran.code, ran.err.splitlines()[:1]) == (real.code, real.err.splitlines()[:1])
    assert shop.ok("create", "hi", "--media", "a.jpg", "--to", "x", "--dry-run").code == 0
    assert shop.ok("create", "hi", "--media", f"sha256:{kept}/a.jpg", "--to", "x", "--dry-run", "--json").code == 0
    assert before.keys() <= snapshot(shop.home).keys()


def test_without_a_store_none_is_made(ttp: Program, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg())
    assert ttp.ok("create", "hi", "--media", str(tmp_path / "a.jpg"), "--dry-run").out == ""
    assert ttp("create", "hi", "--to", "x/me", "--dry-run").code == 3
    assert not ttp.home.exists()


def test_where_no_post_may_get_a_time_it_says_so(shop: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTP_CAPABILITY", "draft")
    assert shop("create", "hi", "--to", "x", "--at", "in 1h", "--dry-run").code == 7
    assert shop.ok("create", "hi", "--to", "x", "--dry-run").code == 0


def test_a_draft_has_what_posts_like_it_brought_more_or_nothing(shop: Program) -> None:
    rows = ["account,remoteId,publishedAt,observedAt,likes,comments,shares,views,kind,text"]
    for number in range(60):
        day, is_long = f"2026-{9 + number // 30:02}-{number % 30 + 1:02}", number % 2 == 0
        likes, text = (90 if is_long else 30) + number * 7 % 11, "long " * 20 if is_long else "short"
        rows.append(f"x/me,{number},{day}T{number * 7 % 24:02}:00Z,{day}T23:59Z,{likes},0,0,,text,{text}")
    shop.ok("metrics", "import", "-", stdin="\n".join(rows))
    for text, expected in (("A" * 100, [("length", "text", 80, 150)]), ("A", [])):
        (version,) = shop.ok("create", text, "--to", "x/me", "--dry-run", "--json").json["versions"]
        told = [(one["factor"], one["kind"], one["start"], one["end"]) for one in version["factors"]]
        assert told == expected
    (line,) = shop.ok("report", "--since", "2026-09-01", "--json").json["factors"]
    assert (line["account"], line["factor"]) == ("x/me", "length")
    (raw,) = (
        one["raw"]
        for one in shop.ok("optimal", "explain", "9", "--account", "x/me", "--json").json["explanation"]["factors"]
        if (one["factor"], one["start"]) == ("length", 80)
    )
    assert raw > 0.5
