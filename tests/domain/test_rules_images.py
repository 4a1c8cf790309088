"""The rules over images that a platform gets converted, and over addresses that only this machine reaches."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.domain.conftest import assert_names
from tests.platforms.factories import PLATFORMS
from tests.settings import Config
from ttp.domain.delivery import Delivery
from ttp.domain.errors import Problem
from ttp.domain.media.image_fit import EXTRA, FitProblems, ImageFit
from ttp.domain.media.item import MediaHostProblem, MediaItem
from ttp.domain.post import Post
from ttp.domain.rules import check
from ttp.platforms.media_host.availability import NOT_SET

CONFIG = Config({"guard.alt": "off"})

IG, X = "instagram", "x"
PNG = MediaItem("photo.png", "image/png", 100_000, "ab" * 32, 2000, 2000, url="https://a.example/photo.png")
JPEG = replace(PNG, name="photo.jpg", mime="image/jpeg", width=1080, height=1080)
MADE = MediaItem("photo.png", "image/jpeg", 50_000, "cd" * 32, 1440, 1440)


def problems(
    item: MediaItem, fit: ImageFit | None = None, no_host: MediaHostProblem | None = None
) -> tuple[Problem, ...]:
    post = Post("", (Delivery("instagram/shop", IG),), media=(item,))
    return check(
        post, {}, PLATFORMS, config=CONFIG, no_host=no_host, fits={} if fit is None else {(IG, item.sha256): fit}
    )


def test_a_converted_image_is_judged_as_it_is_sent_and_needs_an_address_of_its_own() -> None:
    assert problems(PNG, ImageFit((2000, 2000), MADE)) == ()
    (problem,) = problems(PNG, ImageFit((2000, 2000), MADE), NOT_SET)
    assert problem.code == "media_host"
    (unconverted,) = problems(PNG)
    assert (unconverted.code, unconverted.hint) == ("media_kind", None)


def test_without_the_extra_the_refusal_says_what_to_type() -> None:
    (problem,) = problems(PNG, ImageFit((2000, 2000), misfit=FitProblems(must=("it is PNG",)), lacks=True))
    assert (problem.code, problem.hint) == ("media_kind", EXTRA)
    (printed,) = problems(JPEG, ImageFit((1080, 1080), misfit=FitProblems(must=("its colours are CMYK",)), lacks=True))
    assert_names(printed, "photo.jpg", "CMYK")
    assert (printed.code, printed.hint, printed.warning) == ("media_colours", EXTRA, False)


def test_an_image_that_cannot_be_converted_is_refused_with_the_reason() -> None:
    (problem,) = problems(
        PNG, ImageFit((2000, 2000), misfit=FitProblems(must=("it is PNG",)), failed="it is half a picture")
    )
    assert (problem.code, problem.hint) == ("media_kind", None)
    assert_names(problem, "it is half a picture")


@pytest.mark.parametrize(("lacks", "failed"), [(True, None), (False, "it is odd")])
def test_what_a_platform_could_show_otherwise_is_warned_of(lacks: bool, failed: str | None) -> None:
    fit = ImageFit((1080, 1080), misfit=FitProblems(may=("it is turned", "it is odd")), lacks=lacks, failed=failed)
    (problem,) = problems(JPEG, fit)
    assert_names(problem, "photo.jpg", "it is turned")
    assert problem.message.count("it is odd") == (1 if failed is None else 2)
    assert (problem.warning, problem.hint) == (True, EXTRA if lacks else None)


def test_a_width_that_instagram_scales_itself_is_not_worth_a_word() -> None:
    assert problems(replace(JPEG, width=4000, height=4000), ImageFit((4000, 4000), misfit=FitProblems())) == ()


def test_the_shape_is_that_of_the_image_as_it_is_seen_and_the_crop_in_its_own_pixels() -> None:
    fit = ImageFit((1000, 3000), replace(MADE, width=1440, height=4320))
    (problem,) = problems(PNG, fit)
    assert problem.code == "media_aspect"
    assert_names(problem, "1000x3000", "1000x1250", "1000x1250+0+875")
    turned = replace(JPEG, width=1350, height=1080)
    assert problems(turned, ImageFit((1080, 1350), misfit=FitProblems())) == ()


def test_a_shape_is_no_matter_that_the_extra_would_mend() -> None:
    fit = ImageFit((1000, 3000), misfit=FitProblems(), lacks=True)
    (problem,) = problems(replace(JPEG, width=1000, height=3000), fit)
    assert problem.hint is None


def test_an_address_on_this_machine_is_none_for_a_platform_that_is_elsewhere() -> None:
    item = replace(JPEG, url="http://127.0.0.1:8700/photo.jpg")
    post = Post("", (Delivery("instagram/shop", IG),), media=(item,))
    assert [p.code for p in check(post, {}, PLATFORMS, config=CONFIG, no_host=NOT_SET)] == ["media_host"]
    assert check(post, {}, PLATFORMS, config=CONFIG, no_host=NOT_SET, rehearsed=[IG]) == ()
    assert check(post, {}, PLATFORMS, config=CONFIG, no_host=None) == ()
    assert check(replace(post, deliveries=(Delivery("x/me", X),)), {}, PLATFORMS, config=CONFIG, no_host=NOT_SET) == ()
