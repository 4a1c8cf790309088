"""Threads: what X would refuse of each part, and that other platforms accept no threads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.domain.conftest import assert_names
from tests.platforms.factories import PLATFORMS
from tests.rows import each
from tests.settings import Config
from ttp.domain.account import Account
from ttp.domain.action import action
from ttp.domain.delivery import Delivery, DeliveryState
from ttp.domain.errors import Problem
from ttp.domain.media.item import LAST, MediaItem
from ttp.domain.post import Post
from ttp.domain.rules import check, plan_parts

CONFIG = Config({"guard.alt": "off"})

X = Delivery("x/me", "x")
IG = Delivery("instagram/shop", "instagram")
PHOTO = MediaItem("photo.jpg", "image/jpeg", 400_000, "a" * 64, 1080, 1350)
LONG = "a" * 281


def problems(*parts: str, to: tuple[Delivery, ...] = (X,), **fields: object) -> tuple[Problem, ...]:
    post = Post(parts[0], to, thread=parts[1:], **fields)  # type: ignore[arg-type]  # fields by name
    return check(post, {}, PLATFORMS, config=CONFIG, no_host=None)


def told(found: tuple[Problem, ...]) -> list[tuple[str, str, bool]]:
    return [(problem.field, problem.code, problem.warning) for problem in found]


def test_a_thread_that_fits_has_no_problems() -> None:
    assert problems("One", "Two", "a" * 280, media=(PHOTO,)) == ()
    assert problems(*map(str, range(24))) == ()


def test_more_than_24_parts_are_refused() -> None:
    (problem,) = problems(*map(str, range(25)))
    assert told((problem,)) == [("thread", "thread_count", False)]
    assert_names(problem, "x/me", "25", "24")


@each(
    ("part", "code", "facts"),
    [
        ("", "text_missing", ()),
        (" \n", "text_missing", ()),
        (LONG, "text_too_long", ("281", "280")),
        ("日" * 141, "text_too_long", ("282", "280")),
        ("$A and $B", "cashtags", ("2", "1")),
        ("\ufeffHi", "text_characters", ("U+FEFF",)),
    ],
)
def test_a_part_that_x_would_refuse_is_named(part: str, code: str, facts: tuple[str, ...]) -> None:
    (problem,) = problems("One", "Two", part, "Four")
    assert told((problem,)) == [("thread", code, False)]
    assert_names(problem, "x/me", "3", *facts)
    (problem,) = problems("One", "Two", part, id=7)
    assert problem.hint == action("edit", 7, thread="TEXT")


def test_one_cashtag_for_each_part_is_fine() -> None:
    assert problems("$A", "$B", "$C") == ()


def test_all_problems_of_a_thread_come_at_once() -> None:
    found = told(problems(LONG, "", LONG))
    assert [(field, code) for field, code, _ in found] == [
        ("content", "text_too_long"),
        ("thread", "text_missing"),
        ("thread", "text_too_long"),
        ("thread", "text_repeated"),
    ]


def test_a_part_that_is_the_same_as_another_is_warned_of() -> None:
    (problem,) = problems("One", "Two", " One ", "Three")
    assert told((problem,)) == [("thread", "text_repeated", True)]
    assert_names(problem, "x/me", "3", "1")


def test_what_is_published_of_a_thread_is_not_judged_again() -> None:
    half = Delivery("x/me", "x", DeliveryState.FAILED, handle={"parts": ["1", "2"], "of": 4})
    assert problems(LONG, LONG + "b", "Three", "Four", to=(half,)) == ()
    assert [problem.code for problem in problems("One", "Two", LONG, to=(half,))] == ["text_too_long"]


def test_halves_of_characters_in_a_part_are_refused() -> None:
    found = problems("One", "\ud800")
    assert found[0].code == "text_characters"


def test_that_others_get_the_first_part_alone_is_said() -> None:
    (problem,) = problems("One", "Two", to=(X, IG), media=(PHOTO,))
    assert (problem.field, problem.code, problem.warning) == ("thread", "thread_elsewhere", True)
    done = Delivery("instagram/shop", "instagram", DeliveryState.PUBLISHED)
    assert problems("One", "Two", to=(X, done), media=(PHOTO,)) == ()


def test_a_thread_that_nobody_would_get_is_refused_a_time() -> None:
    (problem,) = problems("One", "Two", to=(IG,), media=(PHOTO,))
    assert (problem.field, problem.code, problem.warning) == ("thread", "thread_nowhere", False)
    (problem,) = problems("One", "Two", to=(IG,), media=(PHOTO,), id=3)
    assert problem.hint == action("edit", 3, thread="")
    assert problems("One", "Two", to=()) == ()


def test_a_text_of_xs_own_is_the_first_part() -> None:
    variants: Mapping[str, str] = {"x": LONG}
    assert [problem.field for problem in problems("One", "Two", variants=variants)] == ["content"]


@pytest.mark.parametrize(("most_parts", "is_warning"), [(3, False), (1, True)])
def test_a_network_that_takes_media_on_the_first_part_alone_says_so(most_parts: int, is_warning: bool) -> None:
    box = Account("command", "box", server_info={"thread_parts": most_parts, "media_count": 1})
    media = (PHOTO, replace(PHOTO, part=2))
    post = Post("One", (Delivery("command/box", "command"),), thread=("Two",), media=media)
    found = check(post, {"command/box": box}, PLATFORMS, config=Config(), no_host=None)
    assert ("media", "media_part", is_warning) in told(found)


def test_a_program_without_threads_gets_the_first_part_and_the_media_of_it_and_of_the_last() -> None:
    box = Account("command", "box", id=1, server_info={"thread_parts": 1, "media_count": 2})
    media = (PHOTO, replace(PHOTO, part=2), replace(PHOTO, part=LAST))
    post = Post("One", (Delivery("command/box", "command", account_id=1),), thread=("Two",), media=media)
    planned = plan_parts(post, (box,), PLATFORMS)
    (delivery,) = planned.deliveries
    facts = PLATFORMS.facts("command")
    assert planned.parts_for(delivery, facts) == ("One",)
    assert planned.media_for(delivery, facts) == ((media[0], media[2]), (media[1],))
    assert {problem.code for problem in check(planned, {box.name: box}, PLATFORMS, config=Config(), no_host=None)} >= {
        "thread_elsewhere",
        "media_elsewhere",
    }


def test_a_crop_is_offered_for_one_picture_alone() -> None:
    wide = replace(PHOTO, width=3000, height=1000)
    for media, is_offered in (((wide,), True), ((wide, PHOTO), False)):
        ways = [
            problem.hint for problem in problems("One", to=(IG,), media=media, id=3) if problem.code == "media_aspect"
        ]
        assert ways
        assert ("focus" in str(ways[0])) is is_offered
