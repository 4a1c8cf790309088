"""Media from what is typed to what followers see: converted, fetched, hosted, removed; against the sandbox."""

from __future__ import annotations

import hashlib
import json
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Program
from tests.media_bytes import jpeg
from tests.pictures import noise, picture, saved, turned
from ttp.sandbox.files import CLIP, PHOTO
from ttp.sandbox.server import RunningSandbox

KEPT_S = 30 * 86_400


class World:
    """The program, the platforms that it speaks to, and the folder that they fetch from."""

    def __init__(self, ttp: Program, sandbox: RunningSandbox, patch: pytest.MonkeyPatch, folder: Path) -> None:
        self.ttp, self.sandbox, self.patch, self.folder = ttp, sandbox, patch, folder
        patch.setenv("TTP_PLATFORMS__TIKTOK__BASE_URL", sandbox.url)
        ttp.rehearse(patch, sandbox, "instagram/demo", "x/demo", media_dir=folder / "web", processing_s=0.0)

    @property
    def web(self) -> Path:
        return self.folder / "web"

    def host(self, kind: str = "folder", **more: str) -> None:
        values = {
            "kind": kind,
            "path": str(self.web),
            "base_url": f"{self.sandbox.url}/_sandbox/media",
            **more,
        }
        for name, value in values.items():
            self.patch.setenv(f"TTP_MEDIA_HOST__{name.upper()}", value)

    def file(self, name: str, data: bytes) -> str:
        (self.folder / name).write_bytes(data)
        return str(self.folder / name)

    def served(self, name: str, data: bytes) -> str:
        (self.web / name).write_bytes(data)
        return f"{self.sandbox.url}/_sandbox/media/{name}"

    def posted(self) -> list[tuple[str, list[str]]]:
        """(platform, digests of the media) of everything that followers see."""
        with urllib.request.urlopen(f"{self.sandbox.url}/_sandbox/posts", timeout=60) as answer:
            return [(post["platform"], post["media"]) for post in json.load(answer)]

    def copies(self) -> set[str]:
        return {path.name for path in (self.ttp.home / "media").iterdir()}

    def lacking_pillow(self) -> None:
        self.patch.setitem(sys.modules, "PIL", None)


@pytest.fixture
def world(ttp: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shared_sandbox: RunningSandbox) -> World:
    (tmp_path / "web").mkdir()
    return World(ttp, shared_sandbox, monkeypatch, tmp_path)


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# Converting


def test_a_png_is_converted_when_it_gets_a_time_and_published_without_the_converter(world: World) -> None:
    world.host()
    made = world.ttp.ok(
        "create", "Hi", "--to", "ig", "--media", world.file("a.png", picture()), "--at", "now", "--json"
    )
    (item,) = made.json["media"]
    assert (item["mime"], item["width"]) == ("image/png", 800)
    copy = (world.ttp.home / "media" / f"{item['sha256']}.instagram").read_bytes()
    world.lacking_pillow()
    world.ttp.ok("run", "--until-idle")
    assert world.posted() == [("instagram", [digest(copy)])]


def test_a_jpeg_that_fits_is_sent_byte_for_byte_and_x_gets_a_png_as_it_is(world: World) -> None:
    world.host()
    world.ttp.ok("create", "Hi", "--to", "ig", "--media", str(PHOTO), "--at", "now")
    png = picture()
    world.ttp.ok("create", "Hi", "--to", "x", "--media", world.file("a.png", png), "--at", "now")
    world.ttp.ok("run", "--until-idle")
    assert sorted(world.posted()) == [("instagram", [digest(PHOTO.read_bytes())]), ("x", [digest(png)])]


@pytest.mark.slow
@pytest.mark.parametrize("only_fitting", [False, True])
def test_a_png_too_large_for_x_is_converted_and_told_or_refused_where_nothing_is(
    world: World, only_fitting: bool
) -> None:
    large = world.file("large.png", noise(size=(2000, 2000)))
    asked = ("create", "Hi", "--to", "x", "--media", large, "--at", "now", "--json")
    if only_fitting:
        world.ttp.ok("config", "set", "media.convert", "never")
        refused = world.ttp(*asked)
        assert (refused.code, refused.error["hint"]) == (2, "ttp config set media.convert auto")
        return
    (version,) = world.ttp.ok(*asked, "--dry-run").json["versions"]
    post = world.ttp.ok(*asked).json["id"]
    (sent,) = world.ttp.ok("show", str(post), "--json").json["sent"]
    assert sent == {"account": "x/demo", "media": version["media"]}
    (item,) = sent["media"]
    assert (item["mime"], item["width"], item["converted"], item["cropped"]) == ("image/jpeg", 2000, True, False)
    assert item["bytes"] <= 5 << 20
    world.ttp.ok("config", "set", "media.convert", "never")
    world.ttp.ok("run", "--until-idle")  # what was converted when it was scheduled is sent
    assert world.posted() == [("x", [item["sha256"]])]


def test_without_the_extra_a_png_gets_no_time_and_is_a_draft_all_the_same(world: World) -> None:
    world.host()
    asked = ("create", "Hi", "--to", "ig", "--media", world.file("a.png", picture()))
    world.lacking_pillow()
    refused = world.ttp(*asked, "--at", "now", "--json")
    assert refused.code == 2
    assert "media" in refused.error["hint"]
    assert refused.error["code"] == "content"
    assert world.ttp.ok(*asked, "--json").json["status"] == "draft"


def test_a_turned_jpeg_is_warned_of_without_the_extra_and_set_upright_with_it(world: World) -> None:
    from PIL import Image

    world.host()
    path = world.file("a.jpg", saved(Image.new("RGB", (1000, 1200)), "JPEG", exif=turned(3)))
    with world.patch.context() as without:
        without.setitem(sys.modules, "PIL", None)
        ran = world.ttp.ok("create", "Hi", "--to", "ig", "--media", path, "--at", "in 1h")
        assert "EXIF" in ran.err
    ran = world.ttp.ok("create", "Hi", "--to", "ig", "--media", path, "--at", "in 1h")
    assert "EXIF" not in ran.err
    assert f"{digest(Path(path).read_bytes())}.instagram" in world.copies()


def test_the_crop_that_would_help_is_said(world: World) -> None:
    world.host()
    tall = world.file("tall.png", picture(size=(500, 2000)))
    refused = world.ttp("create", "Hi", "--to", "ig", "--media", tall, "--at", "now")
    assert refused.code == 2
    assert "500x625+0+687" in refused.err


def test_a_draft_whose_image_cannot_be_converted_is_kept_and_refused_a_time(world: World) -> None:
    world.host()
    data = noise("PNG")
    path = world.file("half.png", data[:3_000] + bytes(200) + data[-12:])
    post = world.ttp.post("Hi", "--to", "ig", "--media", path)
    refused = world.ttp("schedule", str(post), "--at", "in 1h", "--json")
    assert (refused.code, refused.error["code"]) == (2, "content")
    assert world.ttp.shown(post)["status"] == "draft"


# By web address


def test_media_by_address_are_fetched_once_and_each_platform_gets_what_it_takes(world: World) -> None:
    photo = PHOTO.read_bytes()
    url = world.served("photo-one.jpg", photo)
    made = world.ttp.ok("create", "Hi", "--to", "ig,x", "--media", url, "--alt", "A cup", "--at", "now", "--json").json
    (item,) = made["media"]
    assert (item["url"], item["sha256"], item["name"]) == (url, digest(photo), "photo-one.jpg")
    assert item["alt"] == "A cup"
    world.ttp.ok("run", "--until-idle")  # no media host is set: Instagram fetches the address itself
    assert sorted(world.posted()) == [("instagram", [digest(photo)]), ("x", [digest(photo)])]


def test_an_address_whose_image_must_be_converted_goes_through_the_media_host(world: World) -> None:
    url = world.served("a.png", picture())
    refused = world.ttp("create", "Hi", "--to", "ig", "--media", url, "--at", "now", "--json")
    assert (refused.code, refused.error["code"]) == (2, "content")
    world.host()
    world.ttp.ok("create", "Hi", "--to", "ig", "--media", url, "--at", "now")
    world.ttp.ok("run", "--until-idle")
    (digests,) = [media for _, media in world.posted()]
    assert digests != [digest(picture())]


@pytest.mark.parametrize(("address", "code"), [("none.jpg", "not_found"), ("text.jpg", "usage"), ("half.mp4", "usage")])
def test_an_address_with_nothing_usable_behind_it_is_refused_and_leaves_nothing(
    world: World, address: str, code: str
) -> None:
    world.served("text.jpg", b"hello")
    world.served("half.mp4", CLIP.read_bytes()[:10_000])
    url = f"{world.sandbox.url}/_sandbox/media/{address}"
    refused = world.ttp("create", "Hi", "--to", "x", "--media", url, "--json")
    assert (refused.error["code"], url in refused.error["message"]) == (code, True)
    assert not (world.ttp.home / "media").exists() or world.copies() == set()
    assert world.ttp.count("post") == 0


def test_this_machine_is_reached_only_while_all_platforms_of_the_post_are_on_it(world: World) -> None:
    url = world.served("photo.jpg", PHOTO.read_bytes())
    assert world.ttp.ok("create", "Hi", "--media", url, "--json").json["media"][0]["url"] == url
    world.patch.delenv("TTP_PLATFORMS__X__BASE_URL")
    refused = world.ttp("create", "Hi", "--to", "x,ig", "--media", url)
    assert refused.code == 2
    for platform in ("INSTAGRAM", "TIKTOK"):
        world.patch.delenv(f"TTP_PLATFORMS__{platform}__BASE_URL")
    assert world.ttp("create", "Hi", "--media", url).code == 2


def test_an_edit_takes_an_address_too_and_a_key_is_not_asked_for_it_again(world: World) -> None:
    post = world.ttp.post("Hi", "--to", "x")
    url = world.served("photo.jpg", PHOTO.read_bytes())
    assert world.ttp.ok("edit", str(post), "--media", url, "--json").json["media"][0]["url"] == url
    first = world.ttp.ok("create", "Hi", "--media", url, "--key", "k", "--json").json
    (world.web / "photo.jpg").unlink()
    again = world.ttp.ok("create", "Hi", "--media", url, "--key", "k", "--json").json
    assert (again["id"], again["replayed"]) == (first["id"], True)


def test_a_text_from_stdin_is_kept_when_the_address_fails(world: World) -> None:
    refused = world.ttp("create", "-", "--media", "https://10.0.0.1/a.jpg", stdin="Hello\n")
    assert refused.code == 2
    assert "10.0.0.1" in refused.err
    assert "see: ttp show 1\n" in refused.err


# Media hosts


def test_a_program_is_a_media_host(world: World) -> None:
    code = "import os, shutil, sys; path = sys.argv[-1]; shutil.copy(path, sys.argv[1]);"
    line = f"{code} print(sys.argv[2] + '/' + os.path.basename(path))"
    words = [sys.executable, "-c", line, str(world.web), f"{world.sandbox.url}/_sandbox/media"]
    world.host("command", command=json.dumps(words))
    world.ttp.ok("create", "Hi", "--to", "ig", "--media", str(PHOTO), "--at", "now")
    world.ttp.ok("run", "--until-idle")
    assert world.posted() == [("instagram", [digest(PHOTO.read_bytes())])]


def test_an_instagram_account_without_a_media_host_is_told_so_when_it_is_added(ttp: Program) -> None:
    credentials = json.dumps({"accessToken": "t", "userId": "17841400000000001"})
    ran = ttp.ok("account", "add", "ig/shop", "--credentials", "-", stdin=credentials)
    assert "media_host" in ran.err
    assert "media_host" not in ttp.ok("account", "add", "x/me", "--credentials", "-", stdin=credentials).err


# Keeping


def states(world: World) -> list[str]:
    return [row["state"] for row in world.ttp.shown()["deliveries"]]


def test_copies_go_that_long_after_the_post_has_ended_and_status_says_what_they_take(world: World) -> None:
    world.host()
    png = picture()
    world.ttp.ok("create", "Hi", "--to", "ig", "--media", world.file("a.png", png), "--at", "now")
    use = world.ttp("status", "--json").json["media"]
    copy = (world.ttp.home / "media" / f"{digest(png)}.instagram").stat().st_size
    assert use == {"files": 2, "bytes": len(png) + copy}
    world.ttp.ok("run", "--once")
    assert states(world) == ["published"]
    world.ttp.clock.advance(KEPT_S - 1)
    world.ttp.ok("run", "--once")
    assert len(world.copies()) == 2
    world.ttp.clock.advance(1)
    world.ttp.ok("run", "--once")
    assert world.copies() == set()
    assert world.ttp.ok("status", "--json").json["media"] == {"files": 0, "bytes": 0}
    ran = world.ttp.ok("show", "1", "--json")
    (warning,) = ran.json["warnings"]
    assert "a.png" in warning


def test_a_draft_and_a_scheduled_post_keep_their_copies(world: World) -> None:
    world.ttp.post("Draft", "--media", str(PHOTO))
    world.ttp.post("Planned", "--to", "x", "--media", str(CLIP), "--at", "in 90d")
    world.ttp.clock.advance(2 * KEPT_S)
    world.ttp.ok("run", "--once")
    assert world.copies() == {digest(PHOTO.read_bytes()), digest(CLIP.read_bytes())}


def test_a_failed_post_whose_copy_is_gone_is_refused_a_retry_and_a_time_until_it_has_one(world: World) -> None:
    world.ttp.post("Hi", "--to", "x", "--media", str(PHOTO), "--at", "in 1m")
    world.ttp.bring(1, "failed", error=("network", "cut"))
    world.ttp.clock.advance(KEPT_S + 3_600)
    world.ttp.ok("run", "--once")
    assert world.copies() == set()
    for argv in (("retry", "1"), ("schedule", "1", "--at", "in 1h"), ("edit", "1", "--at", "in 1h")):
        refused = world.ttp(*argv, "--json")
        assert refused.code == 2
        assert "photo.jpg" in refused.error["message"]
        assert (refused.error["hint"], refused.error["hints"][0]) == (None, "ttp edit 1 --media FILE")
    shown = world.ttp.ok("show", "1")
    assert "photo.jpg" in shown.err
    assert "ttp edit 1 --media FILE" in shown.err
    world.ttp.ok("edit", "1", "--media", str(PHOTO))
    world.ttp.ok("retry", "1")
    assert states(world) == ["published"]


def test_a_copy_that_is_lost_before_its_time_is_said_in_the_result(world: World) -> None:
    world.ttp.post("Hi", "--to", "x", "--media", str(PHOTO), "--at", "now")
    (world.ttp.home / "media" / digest(PHOTO.read_bytes())).unlink()
    assert world.ttp("run", "--once").code == 6
    error: dict[str, Any] = world.ttp.shown()["deliveries"][0]["error"]
    assert (error["kind"], "photo.jpg" in error["message"]) == ("media", True)
    assert error["hint"] == "ttp edit 1 --media FILE"


def test_a_note_has_whole_commands_only(ttp: Program, tmp_path: Path) -> None:
    ttp.account("ig/shop")
    for name, size in (("tall.jpg", (1080, 1350)), ("wide.jpg", (1080, 1080))):
        (tmp_path / name).write_bytes(jpeg(*size))
    files = [word for name in ("tall.jpg", "wide.jpg") for word in ("--media", str(tmp_path / name))]
    said = ttp.ok("create", "Two", "--to", "ig", *files).err
    assert "wide.jpg" in said
    assert "--media" not in said
