"""What the platforms would refuse, told all at once, with field, account and a way out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.conftest import assert_names
from tests.platforms.factories import PLATFORMS
from tests.rows import each
from tests.settings import Config
from ttp.domain.account import Account
from ttp.domain.action import Action, action, other_options
from ttp.domain.delivery import Delivery, DeliveryState
from ttp.domain.errors import Problem
from ttp.domain.media.item import MediaItem
from ttp.domain.media.limits import size_text
from ttp.domain.post import Post
from ttp.domain.rules import check
from ttp.platforms.media_host.availability import NOT_SET

CONFIG = Config({"guard.alt": "off"})

X, IG, TT = "x/me", "instagram/shop", "tiktok/shop"
PLATFORM = {X: "x", IG: "instagram", TT: "tiktok"}
PRIVATE = {"tiktok.privacy_level": "SELF_ONLY"}

PHOTO = MediaItem("photo.jpg", "image/jpeg", 400_000, "a" * 64, 1080, 1350)
CLIP = MediaItem(
    "clip.mp4", "video/mp4", 9_000_000, "b" * 64, 720, 1280, 20_000, codec="h264", fps=30.0, moov_first=True
)
JPEG = MediaItem("photo.jpg", "image/jpeg", 400_000, "f" * 64, 1080, 1920)
GIF = MediaItem("loop.gif", "image/gif", 900_000, "c" * 64, 480, 270)


def problems(
    *accounts: str,
    text: str = "Hello",
    media: tuple[MediaItem, ...] = (),
    options: Mapping[str, str] | None = None,
    variants: Mapping[str, str] | None = None,
    known: Mapping[str, Account] | None = None,
    media_host: bool = True,
    video_upload: bool = False,
    id: int | None = None,
) -> tuple[Problem, ...]:
    post = Post(
        text,
        deliveries=tuple(Delivery(account, PLATFORM[account]) for account in accounts),
        media=media,
        options=options or {},
        variants=variants or {},
        id=id,
    )
    config = CONFIG.with_values({"platforms.instagram.login": "facebook"}) if video_upload else CONFIG
    return check(post, known or {}, PLATFORMS, no_host=None if media_host else NOT_SET, config=config)


def only(found: tuple[Problem, ...]) -> Problem:
    assert len(found) == 1, found
    return found[0]


def told(found: tuple[Problem, ...]) -> list[tuple[str, str, str | None, bool]]:
    return [(problem.field, problem.code, problem.account, problem.warning) for problem in found]


# Every platform


def test_a_post_that_fits_everywhere_has_no_problems() -> None:
    assert problems(X, IG, TT, media=(CLIP,), options=PRIVATE) == ()
    assert problems(X, IG, media=(PHOTO,)) == ()
    assert problems(X) == ()


def test_a_post_without_text_and_media_is_told_once_and_not_by_every_account() -> None:
    problem = only(problems(X, IG, TT, text=" \n"))
    assert (problem.field, problem.code, problem.account) == ("content", "empty", None)
    assert only(problems(X, text="", id=4)).hint == action("edit", 4, "-")


def test_all_problems_of_a_post_come_at_once_each_with_its_field_and_account() -> None:
    found = problems(X, IG, TT, text="a" * 2201, media_host=False)
    assert told(found) == [
        ("content", "text_too_long", X, False),
        ("content", "text_too_long", IG, False),
        ("media", "media_missing", IG, False),
        ("content", "text_too_long", TT, False),
        ("media", "media_missing", TT, False),
        ("options", "option_missing", TT, False),
    ]


def test_what_is_published_or_cancelled_already_is_not_judged_again() -> None:
    ended = tuple(Delivery(IG, "instagram", state) for state in (DeliveryState.PUBLISHED, DeliveryState.CANCELLED))
    assert check(Post("Hello", ended), {}, PLATFORMS, config=CONFIG, no_host=None) == ()
    failed = Delivery(IG, "instagram", DeliveryState.FAILED)
    assert (
        only(check(Post("Hello", (*ended, failed)), {}, PLATFORMS, config=CONFIG, no_host=None)).code == "media_missing"
    )


def test_every_account_is_judged_by_its_own_text() -> None:
    long, short = "a" * 300, "short"
    assert only(problems(X, IG, text=long, media=(PHOTO,))).account == X
    assert problems(X, IG, text=long, media=(PHOTO,), variants={"x": short}) == ()
    assert problems(X, IG, text=long, media=(PHOTO,), variants={X: short}) == ()
    assert only(problems(X, text=short, variants={X: long})).code == "text_too_long"


def test_each_platform_has_its_own_longest_alt_text() -> None:
    fits, long = replace(PHOTO, alt="a" * 1000), replace(PHOTO, alt="a" * 999 + "👍")
    assert problems(X, IG, media=(fits,)) == ()
    for problem, account in zip(problems(X, IG, media=(long,)), (X, IG), strict=True):
        assert (problem.code, problem.account) == ("alt_too_long", account)
        assert_names(problem, "photo.jpg", "1001", "1000")


def test_text_with_halves_of_characters_is_refused_once() -> None:
    assert told(problems(X, IG, text="caf\udce9", media=(PHOTO,))) == [("content", "text_characters", None, False)]


def test_what_a_file_does_not_tell_breaks_no_limit() -> None:
    silent = MediaItem("a", "video/mp4", 1, "d" * 64)
    assert problems(X, IG, TT, media=(silent,), options=PRIVATE) == ()
    assert problems(X, IG, media=(replace(silent, mime="image/jpeg"),)) == ()


def test_text_use_counts_as_the_platform_does() -> None:
    assert PLATFORMS.rules("x").text_use("日本 https://example.com/page", (), {}) == (28, 280)
    assert PLATFORMS.rules("instagram").text_use("👍", (), {}) == (2, 2200)
    assert PLATFORMS.rules("tiktok").text_use("👍a", (), {}) == (3, 2200)
    assert PLATFORMS.rules("tiktok").text_use("👍a", (PHOTO,), {}) == (3, 4000)


def test_an_option_that_is_set_to_what_it_cannot_be_is_refused() -> None:
    problem = only(problems(IG, media=(PHOTO,), options={"instagram.location_id": "here"}))
    assert (problem.field, problem.code, problem.warning) == ("options", "option_value", False)
    assert_names(problem, IG, "instagram.location_id", '"here"')
    assert problems(X, media=(PHOTO,), options={"instagram.location_id": "here"}) == ()


def test_an_option_that_says_nothing_of_the_post_is_warned_of_where_the_post_has_it() -> None:
    reel = {"instagram.share_to_feed": "true"}
    problem = only(problems(IG, media=(PHOTO,), options=reel))
    assert (problem.code, problem.warning) == ("option_idle", True)
    assert_names(problem, IG, "instagram.share_to_feed", "reel")
    known = {IG: Account("instagram", "shop", options=reel)}
    assert problems(IG, media=(PHOTO,), known=known) == ()
    assert problems(IG, media=(CLIP,), options=reel) == ()


# X


def test_x_text_is_refused_by_its_weight_and_the_message_says_by_how_much() -> None:
    assert problems(X, text="a" * 280) == ()
    assert problems(X, text="https://example.com/" + "a" * 400) == ()
    problem = only(problems(X, text="日" * 145 + "a"))
    assert (problem.code, problem.hint) == ("text_too_long", None)
    assert_names(problem, X, "291", "280")
    assert only(problems(X, text="a" * 281, id=7)).hint == action("edit", 7, "-")


def test_x_needs_text_or_media_where_another_account_has_its_own_text() -> None:
    problem = only(problems(X, IG, text="", variants={IG: "Hello"})[:1])
    assert (problem.code, problem.account) == ("text_missing", X)
    assert problems(X, text="", media=(PHOTO,)) == ()


def test_x_takes_four_images_or_one_gif_or_one_video() -> None:
    png, webp = replace(PHOTO, mime="image/png"), replace(PHOTO, mime="image/webp")
    assert problems(X, media=(PHOTO, png, webp, PHOTO)) == ()
    assert problems(X, media=(GIF,)) == ()
    assert problems(X, media=(CLIP,)) == ()
    five = only(problems(X, media=(PHOTO,) * 5))
    assert (five.code, five.hint) == ("media_count", None)
    assert_names(five, "5", "4")
    gifs = only(problems(X, media=(GIF, GIF)))
    assert gifs.code == "media_count"
    assert_names(gifs, "2 GIFs", "1")
    assert only(problems(X, media=(CLIP, CLIP), id=3)).hint == action("edit", 3, remove_media="FILE")


@each("media", [(PHOTO, CLIP), (GIF, PHOTO), (CLIP, GIF)])
def test_x_never_mixes_images_gifs_and_videos(media: tuple[MediaItem, ...]) -> None:
    assert only(problems(X, media=media)).code == "media_mixed"


@each(
    ("item", "code", "facts"),
    [
        (replace(PHOTO, bytes=5_242_881), "media_size", ("photo.jpg", "5.3 MB", "5.2 MB")),
        (replace(GIF, bytes=16_000_000), "media_size", ("loop.gif", "16 MB", "15.7 MB")),
        (
            replace(GIF, width=1280, height=1081),
            "media_dimensions",
            ("loop.gif", "1280x1081", "1280x1080"),
        ),
        (replace(CLIP, mime="video/webm", bytes=1 << 40), "media_kind", ("clip.mp4", "WebM", "MP4", "MOV")),
        (replace(CLIP, duration_ms=499), "media_duration", ("clip.mp4", "0.4 s", "0.5 s")),
        (replace(CLIP, duration_ms=1_260_000), "media_duration", ("clip.mp4", "21 min", "20 min")),
        (replace(CLIP, duration_ms=0), "media_duration", ("clip.mp4", "0 s", "0.5 s")),
        (replace(CLIP, width=30, height=60), "media_dimensions", ("clip.mp4", "30x60", "32")),
        (
            replace(CLIP, width=300, height=901),
            "media_aspect",
            ("clip.mp4", "300x901", "1:3", "3:1"),
        ),
        (
            replace(CLIP, width=901, height=300),
            "media_aspect",
            ("clip.mp4", "901x300", "1:3", "3:1"),
        ),
        (replace(CLIP, codec="hevc"), "media_codec", ("clip.mp4", "HEVC", "H.264")),
        (replace(CLIP, codec="apcn"), "media_codec", ("clip.mp4", "apcn", "H.264")),
    ],
)
def test_x_refuses_media_beyond_its_limits(item: MediaItem, code: str, facts: tuple[str, ...]) -> None:
    problem = only(problems(X, media=(item,)))
    assert (problem.code, problem.warning) == (code, False)
    assert_names(problem, *facts)


@each(
    ("item", "code", "facts"),
    [
        (replace(CLIP, duration_ms=140_001), "media_duration", ("clip.mp4", "2 min 20.1 s", "2 min 20 s")),
        (replace(CLIP, duration_ms=200_000), "media_duration", ("clip.mp4", "3 min 20 s", "2 min 20 s")),
        (replace(CLIP, bytes=600_000_000), "media_size", ("clip.mp4", "600 MB", "512 MB")),
        (
            replace(CLIP, width=1080, height=1920),
            "media_dimensions",
            ("clip.mp4", "1080x1920", "1280x1024"),
        ),
        (replace(CLIP, fps=120.0), "media_frame_rate", ("clip.mp4", "120", "1", "60")),
    ],
)
def test_x_warns_of_media_on_which_its_own_documents_disagree(
    item: MediaItem, code: str, facts: tuple[str, ...]
) -> None:
    problem = only(problems(X, media=(item,)))
    assert (problem.code, problem.warning) == (code, True)
    assert_names(problem, *facts)


@each(
    ("size", "up", "shown"),
    [(9001, True, "9.1 kB"), (9099, False, "9 kB"), (40, True, "0.1 kB"), (999_901, True, "1000 kB")],
)
def test_a_small_size_is_not_rounded_to_nothing(size: int, up: bool, shown: str) -> None:
    assert size_text(size, up=up) == shown


def test_what_is_refused_is_not_warned_of_as_well() -> None:
    assert [problem.warning for problem in problems(X, media=(replace(CLIP, duration_ms=2_000_000),))] == [False]


def test_a_phones_60_frames_a_second_are_not_too_many() -> None:
    assert problems(X, media=(replace(CLIP, fps=60.03),)) == ()


@pytest.mark.parametrize(
    ("text", "count"),
    [("$AAPL and $TSLA", 2), ("$a.b\n$C_d, $EUR!", 3), ("$AAPL, 20$, $5, US$A $toolong1 $$X", 1), ("(no $ here)", 0)],
)
def test_x_takes_one_cashtag(text: str, count: int) -> None:
    found = problems(X, text=text)
    if count > 1:
        assert only(found).code == "cashtags"
        assert_names(only(found), str(count), "1")
    else:
        assert found == ()


def test_a_byte_order_mark_is_refused_by_name() -> None:
    assert "U+FEFF" in only(problems(X, text="\ufeffHello")).message


# Instagram


def test_instagram_needs_media_and_the_message_says_what_to_type() -> None:
    problem = only(problems(IG))
    assert (problem.code, problem.hint) == ("media_missing", other_options(media="FILE"))
    assert only(problems(IG, id=9)).hint == action("edit", 9, add_media="FILE")


def test_instagram_takes_a_carousel_of_up_to_ten_images_and_videos() -> None:
    clip = replace(CLIP, width=1080, height=1350)
    assert problems(IG, media=(PHOTO, clip, PHOTO)) == ()
    assert problems(IG, media=(PHOTO,) * 10) == ()
    problem = only(problems(IG, media=(PHOTO,) * 11))
    assert problem.code == "media_count"
    assert_names(problem, "11", "10")


def test_every_item_of_a_carousel_is_measured() -> None:
    found = problems(IG, media=(PHOTO, replace(PHOTO, mime="image/png"), replace(CLIP, codec="vp9", width=None)))
    assert [problem.code for problem in found] == ["media_kind", "media_codec"]


def test_instagram_crops_a_carousel_to_the_shape_of_its_first_item() -> None:
    square = replace(PHOTO, name="square.jpg", width=1080, height=1080)
    problem = only(problems(IG, media=(PHOTO, square, CLIP, PHOTO)))
    assert (problem.code, problem.warning) == ("media_crop", True)
    assert_names(problem, "square.jpg, clip.mp4", "photo.jpg", "1080x1350")
    assert problems(IG, media=(PHOTO, replace(PHOTO, width=1079, height=1346))) == ()
    assert problems(IG, media=(PHOTO, replace(square, width=None))) == ()


@each(
    ("kind", "media", "code", "facts"),
    [
        ("story", (PHOTO, PHOTO), "media_count", ("2",)),
        ("reel", (PHOTO,), "media_kind", ("reel",)),
        ("reel", (CLIP, CLIP), "media_kind", ("reel",)),
        (
            "post",
            (CLIP,),
            "option_value",
            ("reel", "instagram.kind"),
        ),
    ],
)
def test_the_kind_that_was_chosen_must_fit_the_media(
    kind: str, media: tuple[MediaItem, ...], code: str, facts: tuple[str, ...]
) -> None:
    text = "" if kind == "story" else "Hello"
    problem = only(problems(IG, text=text, media=media, options={"instagram.kind": kind}))
    assert problem.code == code
    assert_names(problem, *facts)


@each(("kind", "media"), [("post", (PHOTO, PHOTO)), ("reel", (CLIP,)), ("story", (CLIP,))])
def test_the_kind_that_was_chosen_may_be_said(kind: str, media: tuple[MediaItem, ...]) -> None:
    assert problems(IG, text="", media=media, options={"instagram.kind": kind}) == ()


STORY = {"instagram.kind": "story"}


@each(
    ("item", "code", "facts"),
    [
        (replace(CLIP, duration_ms=60_001), "media_duration", ("clip.mp4", "1 min 0.1 s", "1 min")),
        (replace(CLIP, duration_ms=2_900), "media_duration", ("clip.mp4", "2.9 s", "3 s")),
        (replace(CLIP, bytes=100_000_001), "media_size", ("clip.mp4", "100.1 MB", "100 MB")),
        (replace(PHOTO, bytes=8_388_609), "media_size", ("photo.jpg", "8.4 MB", "8.3 MB")),
        (replace(PHOTO, mime="image/png"), "media_kind", ("photo.jpg", "PNG", "JPEG")),
    ],
)
def test_a_story_has_limits_of_its_own(item: MediaItem, code: str, facts: tuple[str, ...]) -> None:
    problem = only(problems(IG, text="", media=(item,), options=STORY))
    assert (problem.code, problem.warning) == (code, False)
    assert_names(problem, *facts)


def test_a_story_may_have_any_shape_but_shows_no_text() -> None:
    assert problems(IG, text="", media=(replace(PHOTO, width=1080, height=1920),), options=STORY) == ()
    problem = only(problems(IG, text="#a " * 40, media=(PHOTO,), options=STORY))
    assert (problem.code, problem.warning) == ("text_idle", True)


def test_a_cover_lies_within_the_video_and_there_is_one() -> None:
    offset = {"instagram.thumb_offset_ms": "20001"}
    late = only(problems(IG, media=(CLIP,), options=offset))
    assert (late.code, late.warning) == ("option_value", False)
    assert_names(late, "instagram.thumb_offset_ms", "20001", "clip.mp4", "20000")
    assert problems(IG, media=(CLIP,), options={"instagram.thumb_offset_ms": "20000"}) == ()
    both = only(problems(IG, media=(CLIP,), options={**offset, "instagram.cover_url": "https://a.example/c.jpg"}))
    assert (both.code, both.warning) == ("option_idle", True)


@each(
    ("tags", "media", "code", "facts"),
    [
        ("anna", (PHOTO,), "option_value", ("anna", "anna:0.5:0.5")),
        ("anna:0.1:0.2,2/ben", (PHOTO, PHOTO), "option_value", ("ben", "ben:0.5:0.5")),
        ("3/anna:0.1:0.2", (PHOTO, PHOTO), "option_value", ("3", "2")),
        ("anna:0.1:0.2", (CLIP,), "option_value", ("anna", "reel")),
    ],
)
def test_people_are_tagged_where_they_can_be(
    tags: str, media: tuple[MediaItem, ...], code: str, facts: tuple[str, ...]
) -> None:
    problem = only(problems(IG, media=media, options={"instagram.user_tags": tags}))
    assert (problem.field, problem.code) == ("options", code)
    assert_names(problem, "instagram.user_tags", *facts)


def test_people_in_stories_and_videos_need_no_place() -> None:
    assert problems(IG, text="", media=(PHOTO,), options={**STORY, "instagram.user_tags": "anna"}) == ()
    assert problems(IG, media=(CLIP,), options={"instagram.user_tags": "anna"}) == ()
    clip = replace(CLIP, width=1080, height=1350)
    assert problems(IG, media=(PHOTO, clip), options={"instagram.user_tags": "anna:0:0,2/ben"}) == ()


def test_a_video_whose_bytes_instagram_takes_needs_no_media_host_and_an_image_does() -> None:
    clip = replace(CLIP, width=1080, height=1350)
    assert problems(IG, media=(CLIP,), media_host=False, video_upload=True) == ()
    problem = only(problems(IG, media=(clip, PHOTO), media_host=False, video_upload=True))
    assert problem.code == "media_host"
    assert_names(problem, "photo.jpg")
    assert "clip.mp4" not in problem.message


@each(
    ("item", "code", "facts"),
    [
        (replace(PHOTO, mime="image/png"), "media_kind", ("photo.jpg", "PNG", "JPEG")),
        (GIF, "media_kind", ("loop.gif", "GIF", "JPEG")),
        (replace(PHOTO, bytes=8_388_609), "media_size", ("photo.jpg", "8.4 MB", "8.3 MB")),
        (
            replace(PHOTO, width=1079, height=1350),
            "media_aspect",
            ("photo.jpg", "1079x1350", "4:5", "1.91:1", "1079x1348", "1079x1348+0+1"),
        ),
        (
            replace(PHOTO, width=1920, height=1000),
            "media_aspect",
            ("photo.jpg", "1920x1000", "4:5", "1.91:1", "1910x1000", "1910x1000+5+0"),
        ),
        (replace(CLIP, mime="video/webm"), "media_kind", ("clip.mp4", "WebM", "MP4", "MOV")),
        (replace(CLIP, duration_ms=2_999), "media_duration", ("clip.mp4", "2.9 s", "3 s")),
        (replace(CLIP, duration_ms=901_000), "media_duration", ("clip.mp4", "15 min 1 s", "15 min")),
        (replace(CLIP, bytes=300_000_001), "media_size", ("clip.mp4", "300.1 MB", "300 MB")),
        (replace(CLIP, codec="vp9"), "media_codec", ("clip.mp4", "VP9", "H.264", "HEVC")),
    ],
)
def test_instagram_refuses_media_beyond_its_limits(item: MediaItem, code: str, facts: tuple[str, ...]) -> None:
    problem = only(problems(IG, media=(item,)))
    assert (problem.code, problem.warning) == (code, False)
    assert_names(problem, *facts)


@each(
    "item",
    [
        replace(PHOTO, width=300, height=300),
        replace(CLIP, width=2160, height=3840),
        replace(CLIP, fps=15.0),
        replace(CLIP, moov_first=False),
    ],
)
def test_instagram_warns_of_media_that_it_may_scale_or_refuse(item: MediaItem) -> None:
    assert only(problems(IG, media=(item,))).warning


def test_instagram_scales_wide_images_itself() -> None:
    assert problems(IG, media=(replace(PHOTO, width=6000, height=6000),)) == ()


def test_instagram_counts_mentions_and_hashtags() -> None:
    assert problems(IG, text="@a " * 20 + "me@example.com " + "#b" * 5, media=(PHOTO,)) == ()
    assert only(problems(IG, text="@a " * 21, media=(PHOTO,))).code == "mentions"
    many = only(problems(IG, text="#b " * 6 + "no#tag &#39; ##", media=(PHOTO,)))
    assert (many.code, many.warning) == ("hashtags", True)
    assert_names(many, "6")
    too_many = only(problems(IG, text="#b " * 31, media=(PHOTO,)))
    assert (too_many.code, too_many.warning) == ("hashtags", False)


def test_instagram_needs_a_media_host_for_local_files_and_names_the_settings() -> None:
    problem = only(problems(IG, media=(PHOTO,), media_host=False))
    for setting in ("media_host.kind", "photo.jpg"):
        assert setting in problem.message
    assert problem.hint == action("help", "media-host")
    assert problems(IG, media=(replace(PHOTO, url="https://example.com/photo.jpg"),), media_host=False) == ()
    assert problems(X, media=(PHOTO,), media_host=False) == ()


# TikTok


OPEN = {
    "tiktok.disable_comment": "false",
    "tiktok.disable_duet": "true",
    "tiktok.disable_stitch": "true",
    "tiktok.brand_content_toggle": "false",
    "tiktok.brand_organic_toggle": "false",
}
"""What a person must choose, besides the privacy level, for a post that others can see."""


def test_tiktok_needs_choices_from_a_person_and_never_takes_a_default() -> None:
    problem = only(problems(TT, media=(CLIP,)))
    assert (problem.field, problem.code) == ("options", "option_missing")
    assert problem.hint == action("account set", "tiktok/shop", set="tiktok.privacy_level=SELF_ONLY")
    assert "tiktok.privacy_level" in problem.message
    assert not any(name in problem.message for name in OPEN)
    for level in ("PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "FOLLOWER_OF_CREATOR", "SELF_ONLY"):
        assert level in problem.message
        assert problems(TT, media=(CLIP,), options={"tiktok.privacy_level": level, **OPEN}) == ()


def test_tiktok_needs_every_single_choice_for_a_post_that_others_see() -> None:
    whole = {"tiktok.privacy_level": "PUBLIC_TO_EVERYONE", **OPEN}
    for name in whole:
        problem = only(problems(TT, media=(CLIP,), options={k: v for k, v in whole.items() if k != name}))
        assert f" {name} (" in problem.message
        assert isinstance(problem.hint, Action)
        assert any((value or "").startswith(f"{name}=") for _, value in problem.hint.options)


@pytest.mark.parametrize(("level", "refused"), [("SELF_ONLY", True), ("PUBLIC_TO_EVERYONE", False)])
def test_a_paid_partnership_cannot_be_private_on_tiktok(level: str, refused: bool) -> None:
    options = {**OPEN, "tiktok.privacy_level": level, "tiktok.brand_content_toggle": "true"}
    found = problems(TT, media=(CLIP,), options=options)
    assert [(problem.field, problem.code) for problem in found] == ([("options", "option_value")] if refused else [])


def test_a_privacy_level_that_there_is_not_is_refused_as_one() -> None:
    options = {"tiktok.privacy_level": "EVERYONE", **OPEN}
    assert only(problems(TT, media=(CLIP,), options=options)).code == "option_value"


def test_photos_need_no_choice_about_duets_and_a_draft_needs_none_at_all() -> None:
    level = {"tiktok.privacy_level": "PUBLIC_TO_EVERYONE"}
    photos = {
        name: value for name, value in OPEN.items() if name not in ("tiktok.disable_duet", "tiktok.disable_stitch")
    }
    assert problems(TT, media=(JPEG,), options={**level, **photos}) == ()
    assert problems(TT, text="", media=(CLIP,), options={"tiktok.mode": "inbox"}) == ()
    assert problems(TT, media=(JPEG,), options={"tiktok.mode": "inbox"}) == ()


def test_tiktoks_privacy_level_may_be_the_accounts() -> None:
    known = {TT: Account("tiktok", "shop", options=PRIVATE)}
    assert problems(TT, media=(CLIP,), known=known) == ()


@each(
    ("media", "code", "facts"),
    [
        ((), "media_missing", ()),
        ((CLIP, CLIP), "media_count", ("2", "1")),
        ((CLIP, JPEG), "media_mixed", ("35",)),
        ((JPEG, CLIP), "media_mixed", ("35",)),
        ((JPEG,) * 36, "media_count", ("36", "35")),
        (
            (replace(JPEG, mime="image/png"),),
            "media_kind",
            ("photo.jpg", "PNG", "JPEG", "WebP"),
        ),
        ((replace(JPEG, bytes=20_000_001),), "media_size", ("photo.jpg", "20.1 MB", "20 MB")),
        (
            (replace(JPEG, height=1921),),
            "media_dimensions",
            ("photo.jpg", "1080x1921", "1920x1080"),
        ),
        (
            (replace(CLIP, bytes=4_000_000_001),),
            "media_size",
            ("clip.mp4", "4000.1 MB", "4000 MB"),
        ),
        ((replace(CLIP, duration_ms=600_001),), "media_duration", ("clip.mp4", "10 min 0.1 s", "10 min")),
        (
            (replace(CLIP, width=359),),
            "media_dimensions",
            ("clip.mp4", "359x1280", "360"),
        ),
        (
            (replace(CLIP, height=4097),),
            "media_dimensions",
            ("clip.mp4", "720x4097", "4096"),
        ),
        (
            (replace(CLIP, codec="av1"),),
            "media_codec",
            ("clip.mp4", "AV1", "H.264", "HEVC", "VP8", "VP9"),
        ),
    ],
)
def test_tiktok_takes_one_video_or_photos_within_its_limits(
    media: tuple[MediaItem, ...], code: str, facts: tuple[str, ...]
) -> None:
    problem = only(problems(TT, media=media, options=PRIVATE))
    assert (problem.code, problem.account) == (code, TT)
    assert_names(problem, *facts)


def test_tiktok_counts_its_title_in_utf16_units() -> None:
    assert problems(TT, text="👍" * 1100, media=(CLIP,), options=PRIVATE) == ()
    problem = only(problems(TT, text="👍" * 1100 + "a", media=(CLIP,), options=PRIVATE))
    assert problem.code == "text_too_long"
    assert_names(problem, "2201", "2200")
    assert problems(TT, text="a" * 4000, media=(JPEG,), options=PRIVATE) == ()
    assert_names(only(problems(TT, text="a" * 4001, media=(JPEG,), options=PRIVATE)), "4001", "4000")


def test_photos_and_pulled_videos_need_a_public_url_and_others_do_not() -> None:
    pull = {**PRIVATE, "tiktok.source": "pull"}
    assert only(problems(TT, media=(JPEG,), options=PRIVATE, media_host=False)).code == "media_host"
    assert only(problems(TT, media=(CLIP,), options=pull, media_host=False)).code == "media_host"
    served = replace(CLIP, url="https://a.example/clip.mp4")
    assert problems(TT, media=(served,), options=pull, media_host=False) == ()
    assert problems(TT, media=(CLIP,), options=PRIVATE, media_host=False) == ()


@pytest.mark.parametrize(
    ("item", "options", "message"),
    [
        ("JPEG", {"tiktok.photo_cover_index": "1"}, "tiktok.photo_cover_index is 1, but the last photo is 0"),
        (
            "CLIP",
            {"tiktok.video_cover_timestamp_ms": "20001"},
            "tiktok.video_cover_timestamp_ms is 20001, but clip.mp4 lasts 20000 ms",
        ),
    ],
)
def test_tiktoks_cover_is_one_of_the_post(item: str, options: dict[str, str], message: str) -> None:
    media = (JPEG if item == "JPEG" else CLIP,)
    assert only(problems(TT, media=media, options={**PRIVATE, **options})).message == f"tiktok/shop: {message}"


def test_a_cover_at_the_very_end_of_the_video_or_of_an_unknown_one_is_taken() -> None:
    moment = {**PRIVATE, "tiktok.video_cover_timestamp_ms": "20000"}
    assert problems(TT, media=(CLIP,), options=moment) == ()
    assert problems(TT, media=(replace(CLIP, duration_ms=None),), options=moment) == ()


def test_a_draft_of_a_video_has_no_text() -> None:
    problem = only(problems(TT, media=(CLIP,), options={"tiktok.mode": "inbox"}))
    assert (problem.code, problem.warning) == ("text_idle", True)


ITEMS = st.builds(
    MediaItem,
    name=st.just("f"),
    mime=st.sampled_from(
        ["image/jpeg", "image/png", "image/gif", "image/webp", "video/mp4", "video/quicktime", "video/webm"]
    ),
    bytes=st.integers(1, 1 << 40),
    sha256=st.just("e" * 64),
    width=st.none() | st.integers(1, 70_000),
    height=st.none() | st.integers(1, 70_000),
    duration_ms=st.none() | st.integers(0, 10**9),
    alt=st.none() | st.text(max_size=5),
    codec=st.none() | st.sampled_from(["h264", "hevc", "apcn"]),
    fps=st.none() | st.floats(0, 1000),
)


@given(st.text(max_size=40), st.lists(ITEMS, max_size=5), st.booleans())
def test_any_post_is_judged_and_every_problem_names_an_account_of_it(
    text: str, media: list[MediaItem], media_host: bool
) -> None:
    for problem in problems(X, IG, TT, text=text, media=tuple(media), media_host=media_host):
        assert problem.account in (X, IG, TT, None)
        assert problem.account is None or problem.message.startswith(problem.account)
        assert problem.field in ("content", "media", "options")
