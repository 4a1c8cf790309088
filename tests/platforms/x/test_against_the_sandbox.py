"""Every kind of post on X, over real HTTP against the sandbox: a GIF, a video in segments, a thread."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.media_bytes import gif
from tests.platforms.sandboxed import Desk, on
from tests.platforms.stubs import drive_to_failure, last_handle, media
from ttp.domain.publishing.outcome import Absent, Done, Found, Handle, Kind, NotDone, Unclear, Unknown
from ttp.platforms.client import Ready
from ttp.platforms.x.media import CHUNK
from ttp.sandbox.files import CLIP, PHOTO


def large(folder: Path) -> Any:
    """A video of three segments: a real one, and a box of nothing behind it."""
    clip = CLIP.read_bytes()
    filler = 2 * CHUNK + 1000 - len(clip)
    return media(folder / "long.mp4", clip + filler.to_bytes(4, "big") + b"free" + bytes(filler - 8), "video/mp4")


@on("x")
def test_a_gif_is_waited_for_and_published(desk: Desk, tmp_path: Path) -> None:
    desk.order = replace(desk.order, media=(media(tmp_path / "loop.gif", gif(), "image/gif", alt="A loop"),))
    assert isinstance(desk.publish(desk.prepare()), Done)
    (post,) = desk.posts()
    assert post["media"] == [desk.order.media[0].item.sha256]


@on("x")
@pytest.mark.parametrize("do", ["cut_before", "cut_after"])
@pytest.mark.parametrize("call", ["append", "finalize"])
def test_a_video_goes_on_behind_the_segments_that_x_has(desk: Desk, tmp_path: Path, call: str, do: str) -> None:
    desk.order = replace(desk.order, media=(large(tmp_path),))
    desk.fault(do, f"/{call}$", nth=2 if call == "append" else 1)
    steps, failure = drive_to_failure(desk.client.prepare(desk.order, {}), desk.clock)
    assert failure.outcome.passing
    held = last_handle(steps)
    ready = desk.prepare(held)
    assert (held or {})["media"][0]["id"] == ready.handle["media"][0]["id"]  # type: ignore[index]  # our own JSON
    assert isinstance(desk.publish(ready), Done)
    assert [post["media"] for post in desk.posts()] == [[desk.order.media[0].item.sha256]]


TEXTS = ("One: https://example.com", "Two & <three>", "One: https://example.com", "日本 👩\u200d💻")


def thread(desk: Desk, **changes: Any) -> None:
    desk.order = replace(desk.order, text=TEXTS[0], thread=TEXTS[1:], **changes)


def go_on(desk: Desk, handle: Handle | None = None) -> Handle:
    """Publish what is left of the thread."""
    while True:
        outcome = desk.publish(desk.prepare(handle))
        assert isinstance(outcome, Done), outcome
        handle = outcome.handle
        if not outcome.more:
            assert handle is not None
            return handle


def chained(desk: Desk, texts: tuple[str, ...] = TEXTS) -> None:
    posts = desk.posts()
    assert [post["text"] for post in posts] == list(texts)
    assert [post["parent"] for post in posts] == [None, *(post["id"] for post in posts[:-1])]


@on("x")
def test_a_thread_is_a_chain_of_replies_and_its_pictures_are_in_their_parts(desk: Desk, tmp_path: Path) -> None:
    texts = ("One", "Two", "Three")
    photo, other = (
        media(tmp_path / name, PHOTO.read_bytes() + name.encode(), "image/jpeg", alt="A cup") for name in ("a", "b")
    )
    desk.order = replace(desk.order, text=texts[0], thread=texts[1:], media=(photo,), thread_media=((), (other, photo)))
    ready = desk.prepare()
    for _ in texts[1:]:
        done = desk.publish(ready)
        assert isinstance(done, Done)
        ready = desk.prepare(done.handle)
    desk.fault("cut_after")
    assert isinstance(desk.publish(ready), Unknown)
    found = desk.look_up(ready)
    assert isinstance(found, Found)
    assert (found.handle or {})["parts"] == [post["id"] for post in desk.posts()]
    chained(desk, texts)
    assert [post["media"] for post in desk.posts()] == [
        [file.item.sha256 for file in files] for files in ((photo,), (), (other, photo))
    ]


@on("x")
@pytest.mark.parametrize("part", [0, 1, 3])
def test_a_part_whose_answer_is_lost_is_found_whatever_x_made_of_its_text(desk: Desk, part: int) -> None:
    texts = (*TEXTS[:2], "Three, once", TEXTS[3])
    desk.order = replace(desk.order, text=texts[0], thread=texts[1:])
    handle: Handle = {}
    for _ in range(part):
        done = desk.publish(desk.prepare(handle))
        assert isinstance(done, Done)
        handle = done.handle or {}
    ready = desk.prepare(handle)
    desk.fault("cut_after")
    assert isinstance(desk.publish(ready), Unknown)
    found = desk.look_up(ready)
    assert isinstance(found, Found)
    assert found.remote_id == desk.posts()[-1]["id"]
    assert found.more is (part < 3)
    if found.more:
        go_on(desk, found.handle)
    chained(desk, texts)


@on("x")
def test_a_part_that_never_arrived_is_absent_though_a_post_of_its_text_is_there(desk: Desk) -> None:
    """The third part has the text of the first, which is known and no reply."""
    thread(desk)
    handle = one_and_two(desk)
    ready = desk.prepare(handle)
    desk.fault("cut_before")
    assert isinstance(desk.publish(ready), Unknown)
    assert isinstance(desk.look_up(ready), Absent)


@on("x")
def test_x_refuses_a_part_of_a_text_that_is_there_already(desk: Desk) -> None:
    thread(desk)
    refused = desk.publish(desk.prepare(one_and_two(desk)))
    assert isinstance(refused, NotDone)
    assert refused.kind is Kind.DUPLICATE
    assert len(desk.posts()) == 2


def one_and_two(desk: Desk) -> Handle:
    handle: Handle = {}
    for _ in range(2):
        done = desk.publish(desk.prepare(handle))
        assert isinstance(done, Done)
        handle = done.handle or {}
    return handle


@on("x")
def test_a_reply_to_a_part_that_was_deleted_meanwhile_is_refused_for_good(desk: Desk) -> None:
    thread(desk)
    ready = desk.prepare(one_and_two(desk))
    gone: Ready = replace(ready, handle={**ready.handle, "parts": [desk.posts()[0]["id"], "1"]})
    refused = desk.publish(gone)
    assert isinstance(refused, NotDone)
    assert not refused.passing
    assert isinstance(desk.look_up(ready), Absent | Unclear)
