"""Bluesky by the command line, in real processes, against its own server: what arrives is what was written."""

from __future__ import annotations

import json
import re
import shutil
import struct
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import count
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from PIL import Image

from tests.pictures import BLUE, RED, picture, saved, turned
from tests.real.pds import PASSWORD, POSTS, Pds, Person
from tests.real.program import Program
from ttp.sandbox.files import CLIP, PHOTO

PAGE = b"""<html><head><title>Menu</title><meta property="og:description" content="Tea &amp; cake">
<meta property="og:image" content="/picture.png"></head></html>"""
OLDER_PAGE = "<title>Café Müller</title><meta property=og:image content=/a.webp>".encode("latin-1")
BARE_PAGE = b"<title>Bare</title><meta property=og:image content=/a.svg>"
_numbers = count()


def png(width: int = 40, height: int = 30) -> bytes:
    """A small grey picture."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = zlib.compress((b"\0" + b"\x80" * width) * height)
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.fixture
def person(pds: Pds) -> Person:
    return pds.new_person(f"person{next(_numbers)}")


@pytest.fixture
def ttp(person: Person, tmp_path: Path) -> Program:
    """The program, with the person's account connected by its app password."""
    ttp = Program(tmp_path)
    connect(ttp, person)
    return ttp


def connect(ttp: Program, person: Person, password: str | None = None) -> None:
    ttp.ok(*connecting(person), stdin=person.app_password if password is None else password)


def connecting(person: Person) -> tuple[str, ...]:
    name = f"bluesky/{person.handle}"
    return ("account", "connect", name, "--server", person.server.url, "--password-file", "-", "--json")


def published(ttp: Program, person: Person, *argv: str) -> list[dict[str, Any]]:
    """Publish one post; its records, which are the only ones of the person."""
    post = ttp.create(*argv, "--to", "bluesky")
    assert ttp.publish().code == 0
    delivery = ttp.delivery(post)
    records = person.records()
    assert delivery["state"] == "published"
    assert delivery["remoteId"] == records[0]["uri"].rpartition("/")[2]
    assert delivery["url"] == f"https://bsky.app/profile/{person.did}/post/{delivery['remoteId']}"
    return [one["value"] for one in records]


# Connecting.


def test_an_account_is_connected_by_an_app_password(ttp: Program, person: Person) -> None:
    (account,) = ttp.ok("account", "list", "--json").json
    assert (account["account"], account["connected"]) == (f"bluesky/{person.handle}", True)
    assert ttp("account", "check", "--json").code == 0


@pytest.mark.parametrize("password", [PASSWORD, "wrong-pass-word-here", ""])
def test_any_other_password_is_refused_and_nothing_is_stored(person: Person, tmp_path: Path, password: str) -> None:
    ttp = Program(tmp_path)
    ran = ttp(*connecting(person), stdin=password)
    assert ran.code != 0
    assert password not in ran.err or not password
    assert ttp("account", "list", "--json").json == []


def end_session(ttp: Program) -> None:
    """Let the stored access token look as if it had ended, so that the next use renews it."""
    file = ttp.folder / "home/credentials.json"
    held = json.loads(file.read_text())
    for entry in (held.get("accounts") or held).values():
        if isinstance(entry, dict) and "expiresAt" in entry:
            entry["expiresAt"] = "2026-01-01T00:00:00.000Z"
    file.write_text(json.dumps(held))


def test_a_session_that_has_ended_is_renewed(ttp: Program, person: Person) -> None:
    end_session(ttp)
    assert [one["text"] for one in published(ttp, person, "After a renewal")] == ["After a renewal"]


def test_a_revoked_app_password_asks_for_a_new_one_and_the_post_waits(ttp: Program, person: Person) -> None:
    person.revoke_app_password()
    end_session(ttp)
    post = ttp.create("Later", "--to", "bluesky")
    ttp.publish()
    delivery = ttp.delivery(post)
    assert (delivery["state"], delivery["error"]["kind"]) == ("failed", "auth")
    assert ttp("account", "list", "--json").json[0]["needsReconnect"] is True
    connect(ttp, person, person.new_app_password("another"))
    ttp.ok("retry", str(post))
    ttp.publish()
    assert [one["value"]["text"] for one in person.records()] == ["Later"]


# Kinds of post.


def test_a_text_with_links_tags_and_mentions(ttp: Program, person: Person) -> None:
    text = f"é See example.org/menu #tea @{person.handle} @nobody.test"
    (record,) = published(ttp, person, text, "--set", "bluesky.langs=en,pt-BR")
    raw = text.encode()
    marked = [
        (raw[one["index"]["byteStart"] : one["index"]["byteEnd"]].decode(), one["features"][0])
        for one in record["facets"]
    ]
    assert record["text"] == text
    assert record["langs"] == ["en", "pt-BR"]
    assert [shown for shown, _ in marked] == ["example.org/menu", "#tea", f"@{person.handle}"]
    assert marked[0][1]["uri"] == "https://example.org/menu"
    assert marked[2][1]["did"] == person.did
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z", record["createdAt"])


def test_a_text_of_exactly_the_limit(ttp: Program, person: Person) -> None:
    text = "👩\u200d💻" * 250 + "é" * 50
    (record,) = published(ttp, person, text)
    assert record["text"] == text


def test_images_with_alt_text(ttp: Program, person: Person, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png())
    argv = ["--media", str(PHOTO), "--alt", "A cup", "--media", str(tmp_path / "a.png")]
    (record,) = published(ttp, person, "Two", *argv)
    embed = record["embed"]
    assert embed["$type"] == "app.bsky.embed.images"
    assert [(one["alt"], one["image"]["mimeType"]) for one in embed["images"]] == [
        ("A cup", "image/jpeg"),
        ("", "image/png"),
    ]
    assert embed["images"][1]["aspectRatio"] == {"width": 40, "height": 30}


def test_five_images_are_a_gallery(ttp: Program, person: Person, tmp_path: Path) -> None:
    argv: list[str] = []
    for number in range(5):
        (tmp_path / f"{number}.png").write_bytes(png(40 + number))
        argv += ["--media", str(tmp_path / f"{number}.png")]
    (record,) = published(ttp, person, "Five", *argv)
    assert record["embed"]["$type"] == "app.bsky.embed.gallery"
    assert [one["aspectRatio"]["width"] for one in record["embed"]["items"]] == [40, 41, 42, 43, 44]


def test_a_video_with_captions(ttp: Program, person: Person, tmp_path: Path) -> None:
    (tmp_path / "a.vtt").write_text("WEBVTT\nLanguage: de\n\n00:00.000 --> 00:01.000\nHallo\n")
    argv = ["--media", str(CLIP), "--alt", "A cup is filled", "--captions", str(tmp_path / "a.vtt")]
    (record,) = published(ttp, person, "Moving", *argv)
    assert (record["embed"]["$type"], record["embed"]["alt"]) == ("app.bsky.embed.video", "A cup is filled")
    assert [(one["lang"], one["file"]["mimeType"]) for one in record["embed"]["captions"]] == [("de", "text/vtt")]


def test_a_photo_of_a_phone(ttp: Program, person: Person, tmp_path: Path) -> None:
    from pillow_heif import register_heif_opener

    register_heif_opener()
    (tmp_path / "a.heic").write_bytes(picture("HEIF", (640, 480), exif=turned(6).tobytes()))
    (record,) = published(ttp, person, "Photo", "--media", str(tmp_path / "a.heic"))
    (image,) = record["embed"]["images"]
    assert (image["image"]["mimeType"], image["aspectRatio"]) == ("image/jpeg", {"width": 480, "height": 640})


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not on this machine")
def test_a_gif_is_a_video(ttp: Program, person: Person, tmp_path: Path) -> None:
    frames = [Image.new("RGB", (32, 18), color) for color in (RED, BLUE)]
    (tmp_path / "a.gif").write_bytes(saved(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    (record,) = published(ttp, person, "Blinking", "--media", str(tmp_path / "a.gif"))
    assert (record["embed"]["$type"], record["embed"]["presentation"]) == ("app.bsky.embed.video", "gif")
    assert record["embed"]["video"]["mimeType"] == "video/mp4"


def test_a_thread_with_gates_is_one_commit(ttp: Program, person: Person) -> None:
    before = person.server.call("com.atproto.sync.getLatestCommit", did=person.did)["rev"]
    argv = ["--thread", "Two", "--thread", "Three", "--media", str(PHOTO)]
    options = ["--set", "bluesky.who_replies=mentioned,following", "--set", "bluesky.quotes_off=true"]
    one, two, three = published(ttp, person, "One", *argv, *options, "--set", "bluesky.labels=nudity")
    records = person.records()
    refs = [{"uri": record["uri"], "cid": record["cid"]} for record in records]
    assert "embed" in one
    assert "embed" not in two
    assert two["reply"] == {"root": refs[0], "parent": refs[0]}
    assert three["reply"] == {"root": refs[0], "parent": refs[1]}
    assert one["labels"]["values"] == [{"val": "nudity"}]
    (gate,) = person.records("app.bsky.feed.threadgate")
    (no_quotes,) = person.records("app.bsky.feed.postgate")
    assert {gate["uri"].rpartition("/")[2], no_quotes["uri"].rpartition("/")[2]} == {refs[0]["uri"].rpartition("/")[2]}
    assert [rule["$type"].partition("#")[2] for rule in gate["value"]["allow"]] == ["mentionRule", "followingRule"]
    after = person.server.call("com.atproto.sync.getLatestCommit", did=person.did)["rev"]
    assert before < after


def test_a_text_that_is_too_long_is_the_parts_that_were_shown(ttp: Program, person: Person) -> None:
    words = " 👩\u200d💻 ".join(["word"] * 35)
    texts = [f"{number} {words} https://example.org/{number}" for number in range(3)]
    records = published(ttp, person, "\n\n".join(texts), "--split", "--media", f"last={PHOTO}")
    assert [one["text"] for one in records] == texts
    assert [part["text"] for part in ttp.delivery(1)["plannedParts"]] == texts
    assert ["embed" in one for one in records] == [False, False, True]


def test_the_longest_thread_is_one_call(ttp: Program, person: Person) -> None:
    texts = [f"{number} " + "👩\u200d💻" * 250 for number in range(24)]
    argv = [word for text in texts[1:] for word in ("--thread", text)]
    assert [one["text"] for one in published(ttp, person, texts[0], *argv)] == texts


def test_a_quote_and_a_reply(ttp: Program, person: Person, pds: Pds) -> None:
    other = pds.new_person(f"person{next(_numbers)}")
    (key,) = ["3kabcdefghij2"]
    record = {"$type": POSTS, "text": "Hi", "createdAt": "2026-11-27T10:00:00.000Z"}
    body = {"repo": other.did, "collection": POSTS, "rkey": key, "record": record}
    made = pds.call("com.atproto.repo.createRecord", body, token=other.token)
    here = {"uri": made["uri"], "cid": made["cid"]}
    address = f"https://bsky.app/profile/{other.handle}/post/{key}"
    quote = ttp.create("Quote", "--to", "bluesky", "--set", f"bluesky.quote={address}", "--media", str(PHOTO))
    reply = ttp.create("Reply", "--to", "bluesky", "--set", f"bluesky.reply_to={made['uri']}")
    assert ttp.publish().code == 0
    values = {one["uri"].rpartition("/")[2]: one["value"] for one in person.records()}
    embed = values[ttp.delivery(quote)["remoteId"]]["embed"]
    assert (embed["$type"], embed["record"]["record"]) == ("app.bsky.embed.recordWithMedia", here)
    assert values[ttp.delivery(reply)["remoteId"]]["reply"] == {"root": here, "parent": here}


@pytest.fixture
def page() -> Iterator[str]:
    """The address of a page with a picture, on this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = {
                "/menu": PAGE,
                "/picture.png": png(),
                "/older": OLDER_PAGE,
                "/a.webp": picture("WEBP"),
                "/bare": BARE_PAGE,
                "/a.svg": b"<svg/>",
            }[self.path]
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=ISO-8859-1" if body == OLDER_PAGE else "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/menu"
        server.shutdown()


def test_a_link_card(ttp: Program, person: Person, page: str) -> None:
    (record,) = published(ttp, person, f"Lunch: {page}")
    card = record["embed"]["external"]
    assert (card["uri"], card["title"], card["description"]) == (page, "Menu", "Tea & cake")
    assert card["thumb"]["mimeType"] == "image/png"


def test_a_card_of_an_older_page_with_a_picture_of_another_type(ttp: Program, person: Person, page: str) -> None:
    (record,) = published(ttp, person, "Lunch", "--set", f"bluesky.card={page.removesuffix('menu')}older")
    card = record["embed"]["external"]
    assert (card["title"], card["thumb"]["mimeType"]) == ("Café Müller", "image/jpeg")


def test_a_card_without_its_picture_says_so(ttp: Program, person: Person, page: str) -> None:
    post = ttp.create("Lunch", "--to", "bluesky", "--set", f"bluesky.card={page.removesuffix('menu')}bare")
    assert ttp.publish().code == 0
    delivery = ttp.delivery(post)
    assert (delivery["state"], delivery["note"] is None) == ("published", False)
    assert "thumb" not in person.records()[0]["value"]["embed"]["external"]


# What is refused.


@pytest.mark.parametrize(
    "argv",
    [
        ("a" * 301,),
        ("👨\u200d👩\u200d👧\u200d👦" * 130,),
        ("One", "--thread", "b" * 301),
        ("Lang", "--set", "bluesky.langs=en,de,fr,it"),
        ("Label", "--set", "bluesky.labels=rude"),
        ("Quote", "--set", "bluesky.quote=https://example.org"),
        ("Both", "--media", str(PHOTO), "--set", "bluesky.card=https://example.org/"),
        ("Mixed", "--media", str(PHOTO), "--media", str(CLIP)),
    ],
)
def test_what_the_server_would_refuse_is_refused_before_it_is_scheduled(ttp: Program, argv: tuple[str, ...]) -> None:
    ran = ttp("create", *argv, "--to", "bluesky", "--at", "in 1 h", "--json")
    assert ran.code != 0
    assert ran.error["code"] in ("content", "usage")  # a value that no post may have is refused where it is typed


def test_a_quote_of_what_is_not_there_fails_with_the_reason(ttp: Program, person: Person) -> None:
    missing = f"at://{person.did}/{POSTS}/3kabcdefghij2"
    post = ttp.create("Quote", "--to", "bluesky", "--set", f"bluesky.quote={missing}")
    ttp.publish()
    delivery = ttp.delivery(post)
    assert (delivery["state"], delivery["error"]["kind"]) == ("failed", "content")
    assert person.records() == []


# Deleting.


def test_a_thread_is_deleted_with_its_gates(ttp: Program, person: Person) -> None:
    published(ttp, person, "One", "--thread", "Two", "--set", "bluesky.who_replies=nobody")
    ttp.ok("delete", "1", "--remote", "--yes")
    assert person.records() == []
    assert person.records("app.bsky.feed.threadgate") == []
