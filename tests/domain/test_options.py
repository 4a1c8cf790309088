"""str options parsed as typed, read from the store, and explained."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.platforms.factories import PLATFORMS
from tests.rows import each
from ttp.domain.errors import Hint, UsageError
from ttp.domain.options import ChosenOptions, OptionType, Tag, all_options, options_help
from ttp.domain.options import parse_option as read_option
from ttp.platforms.instagram.options import InstagramKind
from ttp.platforms.tiktok.options import PRIVACY, TikTokKind, choices_hint, needed_choices

EXAMPLES = {
    OptionType.NUMBER: ["0", "1500"],
    OptionType.ID: ["17841400000000000"],
    OptionType.TEXT: ["Rain 👩\u200d💻"],
    OptionType.ADDRESS: ["https://a.example/cover.jpg?x=1", "http://127.0.0.1:8700/a.jpg"],
    OptionType.HANDLES: ["anna", "anna,ben.b,c_c"],
    OptionType.LANGUAGES: ["en", "zh-Hant-TW"],
    OptionType.TAGS: ["anna", "anna:0.5:0.25,2/ben,3/carl:0:1"],
}
"""Canonical spellings of the sorts that have no list of values."""

OPTIONS = all_options(PLATFORMS)


def parse_option(text: str, *, may_empty: bool = False) -> tuple[str, str]:
    return read_option(text, PLATFORMS, may_empty=may_empty)


def refused(text: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        parse_option(text)
    return caught.value


# Parsing typed options.


@each("name", OPTIONS)
def test_every_option_takes_each_of_its_values_and_keeps_it_as_it_is(name: str) -> None:
    option, platform = OPTIONS[name], name.partition(".")[0]
    values = option.values or EXAMPLES[option.type]
    assert len(option.values) >= 2 or option.type in EXAMPLES
    for value in values:
        assert parse_option(f"{name}={value}") == (name, value)
        chosen = ChosenOptions(platform, PLATFORMS.options(platform), {option.name: value})
        assert chosen.word(option.name) == value


@each(
    ("text", "value"),
    [
        ("EN, pt-br,en", "en,pt-BR"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("en-GB-oxendict,gsw,es-419", "en-GB-oxendict,gsw,es-419"),
        ("English", None),
        ("jp", None),
        ("xx-yy-zz", None),
        ("en-", None),
        ("e", None),
        ("ｅｎ", None),
        ("en,de,fr,it", None),
        (",", None),
    ],
)
def test_languages_are_codes_in_their_usual_case(text: str, value: str | None) -> None:
    if value is not None:
        assert parse_option(f"bluesky.langs={text}") == ("bluesky.langs", value)
    else:
        with pytest.raises(UsageError):
            parse_option(f"bluesky.langs={text}")


def test_a_platform_names_its_option_of_languages() -> None:
    options = {name for name, option in OPTIONS.items() if option.type is OptionType.LANGUAGES}
    facts = map(PLATFORMS.facts, PLATFORMS.names())
    assert options == {f"{one.name}.{one.language_option}" for one in facts if one.language_option}


def test_every_platform_has_options_with_help_and_kinds_that_there_are() -> None:
    assert {name.partition(".")[0] for name in OPTIONS} == set(PLATFORMS.names())
    kinds: dict[str, set[str]] = {
        "instagram": set(InstagramKind),
        "tiktok": set(TikTokKind),
        "threads": {"text", "image", "video", "carousel"},
    }
    for name, option in OPTIONS.items():
        assert option.help
        assert set(option.kinds) <= kinds.get(name.partition(".")[0], set())


def test_an_alias_of_the_platform_and_any_case_are_understood() -> None:
    assert parse_option(" tt.Privacy_Level = self_only ") == ("tiktok.privacy_level", "SELF_ONLY")
    assert parse_option("ig.share_to_feed=TRUE") == ("instagram.share_to_feed", "true")
    assert parse_option("twitter.reply_settings=MENTIONEDUSERS") == ("x.reply_settings", "mentionedUsers")


@each(
    ("typed", "kept"),
    [
        ("ig.collaborators=@anna, ben,,@anna", "anna,ben"),
        ("ig.user_tags=@anna:.5:0.250, 1/ben:1.0:0 ,2/@carl", "anna:0.5:0.25,ben:1:0,2/carl"),
        ("ig.thumb_offset_ms=007", "7"),
        ("tt.title=  A = b  ", "A = b"),
    ],
)
def test_what_is_typed_in_another_way_is_kept_in_one_spelling(typed: str, kept: str) -> None:
    name, value = parse_option(typed)
    assert value == kept
    assert parse_option(f"{name}={value}") == (name, kept)


def test_a_misspelt_option_is_refused_with_the_one_that_was_meant_and_all_of_its_platform() -> None:
    error = refused("tiktok.privacy_levle=SELF_ONLY")
    assert (error.flaw, '"tiktok.privacy_levle"' in error.message) == ("option", True)
    assert error.hints == (Hint("try", "tiktok.privacy_level", ("tiktok.privacy_levle", "tiktok.privacy_level")),)
    assert [name for name in OPTIONS if name in error.details[0]] == [
        name for name in OPTIONS if name.startswith("tik")
    ]


def test_an_option_that_is_like_none_is_refused_without_a_guess() -> None:
    error = refused("colour=red")
    assert error.hints == ()
    assert "instagram.share_to_feed" in error.details[0]


def test_an_option_that_is_like_none_names_those_of_the_platform_that_was_typed() -> None:
    (known,) = refused("twitter.colour=red").details
    assert known.partition(": ")[2] == "x.reply_settings, x.made_with_ai, x.paid_partnership, x.links"
    assert refused("myspace.colour=red").details == refused("colour=red").details


def test_a_misspelt_value_is_refused_with_the_one_that_was_meant_and_all_there_are() -> None:
    error = refused("tiktok.privacy_level=SELFONLY")
    assert error.flaw == "value"
    assert error.message.startswith("tiktok.privacy_level ")
    assert '"SELFONLY"' in error.message
    assert error.hints == (Hint("try", "tiktok.privacy_level=SELF_ONLY", ("SELFONLY", "SELF_ONLY")),)
    assert [one.partition(": ")[2].split(", ") for one in error.details] == [[*PRIVACY.values]]


@each("text", ["tiktok.privacy_level", "tiktok.privacy_level=", "ig.audio_name=", "ig.user_tags= "])
def test_an_option_without_a_value_is_refused_with_what_it_takes(text: str) -> None:
    error = refused(text)
    assert error.flaw == "no_value"
    assert len(error.details) == 1
    assert error.hints == ()


@each(
    ("text", "reason"),
    [
        ("ig.thumb_offset_ms=1.5", ""),
        ("ig.thumb_offset_ms=-1", ""),
        ("ig.thumb_offset_ms=٣", ""),
        ("ig.thumb_offset_ms=" + "9" * 5000, ""),
        ("ig.location_id=12a", ""),
        ("ig.cover_url=a.jpg", ": it is an https address"),
        ("ig.cover_url=http://a.example/a.jpg", ": it is an https address"),
        ("ig.cover_url=https:///a.jpg", ": it is an https address"),
        ("ig.cover_url=https://a.example/a b.jpg", ": it is an https address"),
        ("ig.collaborators=a,b,c,d", ": 4 of 3 handles"),
        ("ig.collaborators=a b", ": it is a list of handles"),
        ("ig.collaborators=,", ": it is a list of handles"),
        ("ig.user_tags=anna:0.5", ': "anna:0.5" is not HANDLE, HANDLE:X:Y or ITEM/HANDLE:X:Y'),
        ("ig.user_tags=0/anna", ': "0/anna" is not HANDLE, HANDLE:X:Y or ITEM/HANDLE:X:Y'),
        ("ig.user_tags=anna:1.5:0", ": 1.5 is not from 0 to 1"),
        ("ig.user_tags=anna:0:.", ": . is not from 0 to 1"),
        ("ig.user_tags=anna:0.5.5:0", ": 0.5.5 is not from 0 to 1"),
        ("ig.user_tags=" + ",".join(f"a{n}" for n in range(21)), ": 21 of 20 tags"),
        ("tt.title=" + "👍" * 45 + "a", ": it is 91 of 90"),
        ("tt.title=a\nb", ": it is one line of text"),
        ("tt.title=caf\udce9", ": it is one line of text"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_the_reason_and_what_is_taken(text: str, reason: str) -> None:
    error = refused(text)
    assert error.message.endswith(f'"{text.partition("=")[2]}"{reason}')
    assert len(error.details) == 1


@given(st.sampled_from(sorted(OPTIONS)), st.text(max_size=40))
def test_any_text_is_a_value_that_stays_what_it_is_or_is_refused(name: str, value: str) -> None:
    with suppress(UsageError):
        found, kept = parse_option(f"{name}={value}")
        assert found == name
        assert OPTIONS[name].normalize(kept) == kept


@given(st.text(max_size=60))
def test_any_text_is_an_option_or_refused(text: str) -> None:
    with suppress(UsageError):
        assert parse_option(text)[0] in OPTIONS


@each(
    ("text", "near"),
    [("threads.gif=a", []), ("threads.topictag=a", ["threads.topic_tag"]), ("threds.link=a", ["threads.link"])],
)
def test_only_an_option_of_a_like_name_is_proposed(text: str, near: list[str]) -> None:
    assert [hint.way for hint in refused(text).hints] == near


# Reading stored options.


def test_a_value_is_read_as_what_it_is() -> None:
    values = {
        "share_to_feed": "true",
        "thumb_offset_ms": "1500",
        "collaborators": "anna,ben",
        "user_tags": "anna:0.5:1,2/ben",
    }
    chosen = ChosenOptions("instagram", PLATFORMS.options("instagram"), values)
    assert chosen.switch("share_to_feed") is True
    assert chosen.number("thumb_offset_ms") == 1500
    assert chosen.handles("collaborators") == ("anna", "ben")
    assert chosen.tags("user_tags") == (Tag("anna", 1, 0.5, 1.0), Tag("ben", 2))


def test_what_is_not_set_is_nothing_and_never_a_default() -> None:
    chosen = ChosenOptions("instagram", PLATFORMS.options("instagram"), {})
    assert (chosen.switch("share_to_feed"), chosen.number("thumb_offset_ms"), chosen.word("kind")) == (None,) * 3
    assert (chosen.handles("collaborators"), chosen.tags("user_tags")) == ((), ())


def test_a_stored_value_that_cannot_be_is_said_to_be_none() -> None:
    with pytest.raises(ValueError, match=r'disable_duet .*"yes".* true, false'):
        ChosenOptions("tiktok", PLATFORMS.options("tiktok"), {"disable_duet": "yes"}).switch("disable_duet")


# What a person must choose.


def test_every_post_that_others_see_needs_every_choice_that_fits_it() -> None:
    video = [option.name for option in needed_choices(TikTokKind.VIDEO, "PUBLIC_TO_EVERYONE")]
    rest = ["brand_content_toggle", "brand_organic_toggle"]
    assert video == ["privacy_level", "disable_comment", "disable_duet", "disable_stitch", *rest]
    photos = [option.name for option in needed_choices(TikTokKind.PHOTOS, None)]
    assert photos == ["privacy_level", "disable_comment", *rest]


def test_a_post_that_nobody_else_sees_needs_its_privacy_and_a_draft_needs_nothing() -> None:
    assert needed_choices(TikTokKind.VIDEO, "SELF_ONLY") == (PRIVACY,)
    assert needed_choices(TikTokKind.DRAFT_VIDEO, None) == ()
    assert needed_choices(TikTokKind.DRAFT_PHOTOS, None) == ()


def test_the_way_out_is_a_command_whose_options_can_be_parsed() -> None:
    for missing in (needed_choices(TikTokKind.VIDEO, None), needed_choices(TikTokKind.VIDEO, "PUBLIC_TO_EVERYONE")[1:]):
        way = choices_hint("tiktok/me", missing)
        assert (way.name, way.args, {option for option, _ in way.options}) == ("account set", ("tiktok/me",), {"set"})
        for _, value in way.options:
            name, _ = parse_option(value or "")
            assert OPTIONS[name] in missing


# Explaining options.


@each("platform", PLATFORMS.names())
def test_the_help_of_a_platform_names_each_of_its_options_and_no_other(platform: str) -> None:
    lines = options_help(PLATFORMS.facts(platform), PLATFORMS.options(platform)).splitlines()
    named = [line.strip() for line in lines if line.startswith("  ") and not line.startswith("   ")]
    assert named == [name for name in OPTIONS if name.startswith(f"{platform}.")]
    assert max(map(len, lines)) <= 100


def test_an_option_is_taken_away_by_an_empty_value_only_where_there_may_be_one() -> None:
    assert parse_option("tt.is_aigc=", may_empty=True) == ("tiktok.is_aigc", "")
    with pytest.raises(UsageError):
        parse_option("tiktok.is_aigc", may_empty=True)
    with pytest.raises(UsageError):
        parse_option("tiktok.is_aigc=")
