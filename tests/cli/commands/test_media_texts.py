"""What is said of media besides alt texts: a focus, captions and a thumbnail, from every door to the platforms."""

from __future__ import annotations

import json
import re
import shutil
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pillow_heif import register_heif_opener

from tests.cli.writing import editor
from tests.conftest import Program
from tests.mcp.conftest import Agent
from tests.pictures import BLUE, RED, picture, saved
from tests.server.conftest import server_of
from tests.server.pages.conftest import Person
from ttp.domain.time.clock import to_ms
from ttp.sandbox.bluesky.records import StoredRecord
from ttp.sandbox.files import CLIP, PHOTO
from ttp.sandbox.mastodon.records import Attachment
from ttp.sandbox.server import RunningSandbox
from ttp.sandbox.stand_in import stand_in

VTT = "WEBVTT\nLanguage: de\n\n00:00.000 --> 00:01.000\nHallo\n"
WAV = b"RIFF" + (8036).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little") + (1).to_bytes(2, "little")
WAV += (1).to_bytes(2, "little") + 2 * (8000).to_bytes(4, "little") + bytes([1, 0, 8, 0]) + b"data" + bytes(8004)
TEXTS = ("alt", "focus", "captions", "thumbnail")
FRONT = (
    "---\nmedia:\n- file: clip.mp4\n  alt: A cup\n  focus: .5,0.30\n  captions: a.vtt\n  thumbnail: a.png\n---\nHi\n"
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("clip.mp4").write_bytes(CLIP.read_bytes())
    Path("a.png").write_bytes(picture(size=(32, 18)))
    Path("a.vtt").write_text("\ufeff" + VTT.replace("\n", "\r\n"))
    Path("a.md").write_text(FRONT)
    return tmp_path


def fields(page: str) -> dict[str, str]:
    """The fields of a form of its page, as a browser sends them."""
    form = page.partition('<form id="compose"')[2].partition("</form>")[0]
    named = re.findall(r'<input(?![^>]*checkbox)(?=[^>]* name="([^"]+)")(?=[^>]* value="([^"]*)")[^>]*>', form)
    areas = re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>([^<]*)<', form)
    return {name: unescape(value).replace("\n", "\r\n") for name, value in (*named, *areas)}


def demo_accounts(sandbox: RunningSandbox, *platforms: str) -> list[str]:
    return [f"{name}/{stand_in(name).demo_handle(sandbox.state.address)}" for name in platforms]


def typed(ttp: Program, *more: str) -> int:
    said = ("--alt", "A cup", "--focus", ".5,0.30", "--captions", "a.vtt", "--thumbnail", "a.png")
    return ttp.post("Hi", "--media", "clip.mp4", *said, *more)


def said_of(ttp: Program, post: int) -> dict[str, Any]:
    (item,) = ttp.shown(post)["media"]
    return {name: item[name] for name in TEXTS}


def test_they_are_the_same_at_every_door(ttp: Program, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = typed(ttp)
    said = said_of(ttp, first)
    assert {**said, "thumbnail": ""} == {"alt": "A cup", "focus": "0.5,0.3", "captions": VTT, "thumbnail": ""}
    stored = {"sha256": ttp.shown(first)["media"][0]["sha256"], **said}
    arguments = {"alt": ["A cup"], "focus": ["0.5,0.3"], "captions": [VTT], "thumbnail": [said["thumbnail"]]}
    made = [
        ttp.post("--file", "a.md"),
        int(ttp.ok("copy", str(first), "-q").out),
        server_of(ttp).having("draft").ok("POST", "/v1/posts", {"content": "Hi", "media": [stored]})["id"],
        Agent(ttp).ok("create_post", text="Hi", media=[f"sha256:{stored['sha256']}"], **arguments)["id"],
    ]
    for target in (("a.json", "--with", "media"), ("a.csv",), ("posts", "--format", "md", "--with", "media")):
        ttp.ok("export", *target)
        again = ttp.ok("import", target[0], "--dry-run", "--json").json
        assert (again["unchanged"], again["changed"], again["added"]) == (len(made) + 1, 0, 0)
    editor(monkeypatch, folder, "true")
    ttp("edit", str(first), "-e")
    ann = Person(server_of(ttp)).log_in()
    page = ann.sees(f"/posts/{first}/edit")
    ann.does("/compose", {**fields(page), "do": "draft", "content": "Hi, Ann"})
    assert ttp.shown(first)["content"] == "Hi, Ann"
    for name, path in (("captions", "a.vtt"), ("thumbnail", "a.png")):  # of this machine, not of the person
        ann.send("/compose", {**fields(ann.sees(f"/posts/{first}/edit")), "do": "draft", name: str(folder / path)})
        assert said_of(ttp, first)[name] == (said[name] if name == "captions" else None)
    ttp.ok("undo")
    ttp.ok("edit", str(first), "--focus", "", "--captions", "", "--thumbnail", "")
    assert said_of(ttp, first) == {"alt": "A cup", **dict.fromkeys(TEXTS[1:])}
    ttp.ok("undo")
    assert [said_of(ttp, post) for post in (first, *made)] == [said] * (len(made) + 1)


@pytest.mark.parametrize(
    ("option", "flaw"),
    [
        (("--focus", "2,2"), "focus"),
        (("--focus", "0.5"), "focus"),
        (("--captions", "a.png"), "captions"),
        (("--captions", "empty.vtt"), "captions"),
        (("--captions", "zero.vtt"), "captions"),
        (("--thumbnail", "clip.mp4"), "thumbnail"),
        (("--thumbnail", "a.heic"), "thumbnail"),
    ],
)
def test_what_is_none_is_refused_with_what_to_type(
    ttp: Program, folder: Path, option: tuple[str, str], flaw: str
) -> None:
    register_heif_opener()
    (folder / "empty.vtt").write_text("WEBVTT\n")
    (folder / "zero.vtt").write_text(VTT.replace("Hallo", "Ha\0llo"))
    (folder / "a.heic").write_bytes(saved(Image.new("RGB", (64, 64), RED), "HEIF"))
    refused = ttp("create", "Hi", "--media", "clip.mp4", *option, "--json")
    assert (refused.code, refused.error["code"]) == (2, "usage")
    assert refused.error["hints"]
    assert ttp.ok("list", "--json").json == []


def test_the_platforms_get_them(ttp: Program, folder: Path, sandbox: RunningSandbox, monkeypatch: Any) -> None:
    ttp.rehearse(monkeypatch, sandbox, *demo_accounts(sandbox, "mastodon", "bluesky"), processing_s=0.0)
    asked = ("create", "Hi", "--media", "clip.mp4", "--captions", "a.vtt", "--thumbnail", "a.png")
    versions = ttp.ok(*asked, "--to", "mastodon,bluesky", "--dry-run", "--json").json["versions"]
    sent = {one["account"][:8]: one["media"][0] for one in versions}
    assert {name: (bool(one["captions"]), bool(one["thumbnail"])) for name, one in sent.items()} == {
        "mastodon": (False, True),
        "bluesky/": (True, False),
    }
    post = typed(ttp, "--to", "mastodon,bluesky", "--at", "now")
    ttp.ok("run", "--until-idle")
    assert ttp.shown(post)["status"] == "published"
    (attachment,) = sandbox.state.table(Attachment).values()
    thumbnail = said_of(ttp, post)["thumbnail"].removeprefix("sha256:")
    assert (attachment.focus, attachment.thumbnail) == ("0,0.4", thumbnail)
    (record,) = sandbox.state.table(StoredRecord).values()
    (captions,) = json.loads(record.value)["embed"]["captions"]
    assert (captions["lang"], captions["file"]["size"]) == ("de", len(VTT))


@pytest.mark.parametrize("program", ["none", "fails", "made up", "real"])
def test_a_gif_is_a_video_on_bluesky_where_ffmpeg_is(
    ttp: Program, folder: Path, sandbox: RunningSandbox, monkeypatch: Any, program: str
) -> None:
    if program == "real" and shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not on this machine")
    ttp.rehearse(monkeypatch, sandbox, *demo_accounts(sandbox, "bluesky"), processing_s=0.0)
    frames = [Image.new("RGB", (33, 17), color) for color in (RED, BLUE)]
    (folder / "a.gif").write_bytes(saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=500))
    if program != "real":
        (folder / "bin").mkdir()
        monkeypatch.setenv("PATH", str(folder / "bin"))
        if program != "none":
            does = f'cp {CLIP} "$last"' if program == "made up" else "echo no >&2; exit 1"
            (folder / "bin/ffmpeg").write_text(f"#!/bin/sh\nPATH=/bin:/usr/bin\nfor last; do :; done\n{does}\n")
            (folder / "bin/ffmpeg").chmod(0o700)
    asked = ("Hi", "--to", "bluesky", "--media", "a.gif", "--alt", "Red", "--at", "now")
    if program in ("none", "fails"):
        refused = ttp("create", *asked, "--json").error
        assert [one["code"] for one in refused["problems"]] == ["media_kind"]
        assert (refused["hint"] or "").endswith("install ffmpeg") == (program == "none")
        return
    post = ttp.post(*asked)
    ttp.ok("run", "--until-idle")
    (sent,) = ttp.shown(post)["sent"][0]["media"]
    assert (sent["mime"], sent["converted"]) == ("video/mp4", True)
    (record,) = sandbox.state.table(StoredRecord).values()
    embed = json.loads(record.value)["embed"]
    assert (embed["$type"], embed["presentation"]) == ("app.bsky.embed.video", "gif")


def test_audio_goes_to_mastodon_with_its_thumbnail_and_nowhere_else(
    ttp: Program, folder: Path, sandbox: RunningSandbox, monkeypatch: Any
) -> None:
    ttp.rehearse(monkeypatch, sandbox, *demo_accounts(sandbox, "mastodon", "bluesky"), processing_s=0.0)
    (folder / "a.wav").write_bytes(WAV)
    ttp.ok("account", "check", *demo_accounts(sandbox, "mastodon"))
    asked = ("Hi", "--media", "a.wav", "--thumbnail", "a.png", "--at", "now")
    for name in ("bluesky", "mastodon,bluesky"):
        refused = ttp("create", *asked, "--to", name, "--json").error
        assert ("media_kind", True) in [
            (one["code"], (one["account"] or "")[:4] == "blue") for one in refused["problems"]
        ]
        fix = str(refused["hint"])
        assert ("mastodon=FILE" if "," in name else "a.wav") in fix or fix == "None"
    post = ttp.post(*asked, "--to", "mastodon")
    assert ttp.shown(post)["media"][0]["durationMs"] == 1000
    ttp.ok("run", "--until-idle")
    (attachment,) = sandbox.state.table(Attachment).values()
    assert (attachment.mime, bool(attachment.thumbnail), bool(attachment.post)) == ("audio/wav", True, True)


@pytest.mark.slow
def test_a_shape_that_instagram_refuses_is_cropped_around_its_focus(
    ttp: Program, tmp_path: Path, sandbox: RunningSandbox, monkeypatch: Any
) -> None:
    (tmp_path / "web").mkdir()
    ttp.rehearse(monkeypatch, sandbox, "instagram/demo", media_dir=tmp_path / "web")
    for name, value in {"kind": "folder", "path": str(tmp_path / "web"), "base_url": "https://a.example"}.items():
        monkeypatch.setenv(f"TTP_MEDIA_HOST__{name.upper()}", value)
    tall = Image.new("RGB", (800, 3000), "white")
    tall.paste(RED, (0, 0, 800, 1000))
    tall.save(tmp_path / "tall.jpg")
    asked = (
        "create",
        "Hi",
        "--to",
        "ig",
        "--media",
        str(tmp_path / "tall.jpg"),
        "--alt",
        "Red",
        "--at",
        "in 1h",
        "--json",
    )
    assert [one["code"] for one in ttp(*asked).error["problems"]] == ["media_aspect"]
    (version,) = ttp.ok(*asked, "--focus", "0.5,0", "--dry-run").json["versions"]
    (sent,) = version["media"]
    assert (sent["cropped"], sent["width"], sent["height"]) == (True, 800, 1000)
    post = ttp.ok(*asked, "--focus", "0.5,0").json
    (copy,) = (ttp.home / "media").glob(f"{post['media'][0]['sha256']}.*")
    ann = Person(server_of(ttp)).log_in()
    for path in ("/posts/1", "/posts/1/edit"):  # the size before and after
        assert {"800x3000", "800x1000"} <= set(re.findall(r"\d+x\d+", ann.sees(path)))
    with Image.open(copy) as image:
        assert image.size == (800, 1000)
        assert image.convert("L").getpixel((400, 990)) != 255  # red: from the top


def test_both_kinds_of_focus_are_refused_and_captions_of_an_image(
    ttp: Program, sandbox: RunningSandbox, folder: Path, monkeypatch: Any
) -> None:
    ttp.rehearse(monkeypatch, sandbox, *demo_accounts(sandbox, "mastodon"))
    asked = ("create", "Hi", "--to", "mastodon", "--media", str(PHOTO), "--at", "in 1h", "--json")
    both = ttp(*asked, "--focus", "0,0", "--set", "mastodon.focus=0:0").error["problems"]
    assert "option_conflict" in [one["code"] for one in both]
    assert ttp(*asked, "--captions", "a.vtt").error["problems"][0]["code"] == "media_kind"


def test_what_was_uploaded_before_it_would_be_converted_is_repeated_byte_for_byte(
    ttp: Program, sandbox: RunningSandbox, monkeypatch: Any
) -> None:
    ttp.rehearse(monkeypatch, sandbox, *demo_accounts(sandbox, "mastodon"), processing_s=0.0)
    posts = [ttp.post(f"Hi {number}", "--to", "mastodon", "--media", str(PHOTO)) for number in (1, 2)]
    (item,) = ttp.shown(posts[0])["media"]
    server = json.dumps({"software": "mastodon", "asked_ms": to_ms(ttp.clock.now()), "image_pixels": 10_000})
    ttp.sql("UPDATE account SET server_info = ?", server)
    handle = json.dumps({"media": [{"sha256": item["sha256"], "at_ms": 0}]})
    ttp.sql("UPDATE delivery SET handle = ? WHERE post_id = ?", handle, posts[1])
    for post in posts:
        ttp.ok("publish", str(post), "--yes")
    first, second = sandbox.state.table(Attachment).values()
    assert (first.sha256 == item["sha256"], second.sha256 == item["sha256"]) == (False, True)
