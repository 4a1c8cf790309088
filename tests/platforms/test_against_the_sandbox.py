"""Each client's whole way over real HTTP, against the sandbox: what is published, and what a cut leaves to find out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.platforms.sandboxed import TEXT, Desk, on
from tests.platforms.stubs import drive_to_failure, media
from tests.platforms.tiktok.case import PUBLIC
from ttp.domain.publishing.outcome import Absent, Done, Found, Kind, NotDone, Unclear, Unknown
from ttp.platforms.client import MediaFile, StepDone
from ttp.sandbox.files import CLIP


@on()
def test_a_post_is_published_once_with_its_text_and_media(desk: Desk) -> None:
    outcome = desk.publish(desk.prepare())
    assert isinstance(outcome, Done)
    (post,) = desk.posts()
    assert post["text"] == TEXT
    assert post["media"] == [file.item.sha256 for file in desk.order.media]
    assert post["account"] == desk.order.account.name
    if desk.order.account.platform != "tiktok":
        assert post["id"] == outcome.remote_id
        assert outcome.url is not None


@on()
def test_a_call_that_never_arrived_is_absent_and_the_next_try_publishes_once(desk: Desk) -> None:
    ready = desk.prepare()
    desk.fault("cut_before")
    assert isinstance(desk.publish(ready), Unknown)
    finding = desk.look_up(ready)
    if desk.facts.proof_for(desk.order.account) == "none":
        assert isinstance(finding, Unclear)
        assert finding.final
        return
    assert isinstance(finding, Absent)
    assert finding.certain is (desk.facts.name == "bluesky" or not desk.facts.settle_s)
    again = desk.prepare(finding.handle)
    assert again.doubt is None
    assert isinstance(desk.publish(again), Done)
    assert len(desk.posts()) == 1


@on()
def test_what_is_published_is_never_prepared_for_another_call(desk: Desk) -> None:
    ready = desk.prepare()
    assert isinstance(desk.publish(ready), Done)
    again = desk.prepare(ready.handle)
    if again.doubt is None:
        match desk.publish(again):
            case NotDone(kind=kind):  # the platform's own refusal is the second net
                assert kind is Kind.DUPLICATE
            case Unknown():  # it has the key already, or a person is asked
                assert isinstance(desk.look_up(again), Found | Unclear)
            case outcome:  # the key gives the same post again
                assert isinstance(outcome, Done)
    assert len(desk.posts()) == 1


@on("x")
def test_a_post_that_belongs_to_another_delivery_is_not_found_again(desk: Desk) -> None:
    ready = desk.prepare()
    assert isinstance(desk.publish(ready), Done)
    finding = desk.look_up(ready)
    assert isinstance(finding, Found)
    desk.order = replace(desk.order, bound=frozenset({str(finding.remote_id)}))
    assert isinstance(desk.look_up(ready), Absent)


@on("instagram")
def test_a_reel_is_waited_for_and_published(desk: Desk, tmp_path: Path) -> None:
    desk.order = replace(desk.order, media=(media(tmp_path / "clip.mp4", CLIP.read_bytes(), "video/mp4"),))
    assert isinstance(desk.publish(desk.prepare()), Done)
    (post,) = desk.posts()
    assert post["media"] == [desk.order.media[0].item.sha256]


@on("instagram")
def test_a_container_that_is_not_ready_is_not_done(desk: Desk, tmp_path: Path) -> None:
    desk.order = replace(desk.order, media=(media(tmp_path / "clip.mp4", CLIP.read_bytes(), "video/mp4"),))
    steps = desk.client.prepare(desk.order, {})
    handle = next(step.handle for step in steps if isinstance(step, StepDone) and step.handle)
    steps.close()
    assert handle is not None
    outcome = desk.client.publish(desk.order, handle)
    assert isinstance(outcome, NotDone)
    assert outcome.not_ready
    assert desk.posts() == []


@on("instagram")
def test_media_that_cannot_be_fetched_fail_the_step(desk: Desk) -> None:
    file = desk.order.media[0]
    there_is_none = replace(file.item, url=f"{desk.url}/_sandbox/media/none.jpg")
    desk.order = replace(desk.order, media=(MediaFile(there_is_none, file.path),))
    failure = desk.fail()
    assert failure.outcome.kind is Kind.MEDIA
    assert failure.outcome.passing


@on("tiktok")
def test_a_large_video_goes_out_in_chunks_and_survives_a_cut_between_them(desk: Desk, tmp_path: Path) -> None:
    clip = CLIP.read_bytes()
    filler = 25_000_000 - len(clip)
    data = clip + filler.to_bytes(4, "big") + b"free" + bytes(filler - 8)
    desk.order = replace(desk.order, media=(media(tmp_path / "long.mp4", data, "video/mp4"),))
    desk.fault("cut_before")
    steps, failure = drive_to_failure(desk.client.prepare(desk.order, {}), desk.clock)
    assert failure.outcome.passing
    ready = desk.prepare(getattr(steps[-1], "handle", None))
    assert ready.handle["offset"] == 10_000_000
    assert desk.posts() == []
    assert isinstance(desk.publish(ready), Done)
    desk.clock.move(30)
    assert isinstance(desk.look_up(ready), Found)
    assert [post["media"] for post in desk.posts()] == [[desk.order.media[0].item.sha256]]


@on("tiktok")
def test_a_public_post_has_its_own_id_and_link_in_the_end(desk: Desk) -> None:
    desk.said_of(**PUBLIC)
    ready = desk.prepare()
    assert isinstance(desk.publish(ready), Done)
    desk.clock.move(60)
    (post,) = desk.posts()
    assert desk.look_up(ready) == Found(post["id"], f"https://www.tiktok.com/@demo/video/{post['id']}")
