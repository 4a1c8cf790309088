"""Actions: what they hold, and that they come back from the store as they were."""

from __future__ import annotations

from tests.rows import each
from ttp.domain.action import Action, WayOut, action, as_fields, other_options, way_out_from_text, way_out_to_text
from ttp.domain.errors import Hint
from ttp.domain.media.item import MediaItem
from ttp.domain.post import Post
from ttp.domain.post_edit import PostInput, edits_of_draft, replace_media


def test_options_are_switches_values_and_lists_and_what_is_not_given_is_left_out() -> None:
    assert action("delete", 5, "x", remote=True, yes=False, to=None, set=["a=1", "b=2"], with_="media") == Action(
        "delete", ("5", "x"), (("remote", None), ("set", "a=1"), ("set", "b=2"), ("with", "media"))
    )


@each(
    "way",
    [
        None,
        "wait",
        "ttp account connect x/me",
        '["no action',
        "[]",
        action("list"),
        action("edit", 5, text="x=[\"é']", thread=["a", ""], not_published=True),
    ],
)
def test_a_way_out_survives_the_store(way: WayOut | None) -> None:
    assert way_out_from_text(way_out_to_text(way)) == way


def test_other_options_have_no_form_in_the_store() -> None:
    assert way_out_to_text(other_options(at="9am")) is None


AT = Hint("try", other_options(at="tomorrow 9am"))


@each(
    ("hint", "wanted", "way"),
    [
        (Hint("see", action("list")), None, action("list")),
        (AT, None, action("edit", 7, at="tomorrow 9am")),
        (
            AT,
            PostInput(to=("x/me", "ig/shop"), tags=("a b",), variants={"x": "Hi"}, thread=("Two",)),
            action("edit", 7, to="x/me,ig/shop", text="x=Hi", thread="Two", tag="a b", at="tomorrow 9am"),
        ),
        (AT, PostInput(first=True), action("schedule", 7, at="tomorrow 9am", first=True)),
        (Hint("try", other_options(media="FILE")), PostInput(tags=("a",)), action("edit", 7, media="FILE", tag="a")),
        (AT, PostInput(thread=("a" * 81,)), None),
        (Hint("try", other_options(at=None)), None, None),
        (Hint("try", other_options(key="KEY")), None, None),
    ],
)
def test_other_options_of_a_request_are_an_edit_of_the_draft_that_keeps_its_text(
    hint: Hint, wanted: PostInput | None, way: WayOut | None
) -> None:
    assert [one.way for one in edits_of_draft([hint], 7, wanted)] == ([] if way is None else [way])


def test_a_lost_file_of_several_is_replaced_and_the_others_stay() -> None:
    post = Post("Hello", media=tuple(MediaItem(name, "image/jpeg", 1, "") for name in ("a", "b")), id=7)
    assert replace_media(post, ["b"]) == action("edit", 7, remove_media="b", add_media="FILE")
    assert replace_media(post, ["a", "b"]) == action("edit", 7, media=("FILE", "FILE"))


@each(
    ("way", "text"),
    [
        (None, None),
        ("wait", "wait"),
        (action("list"), action("list")),
        (other_options(at="9am", tz="UTC"), "at: 9am, tz: UTC"),
        (other_options(alt=("One", "Two")), "alt: One | Two"),
        (other_options(at=None), "leave out at"),
        (other_options(), "the same again"),
    ],
)
def test_a_file_has_other_options_as_fields(way: WayOut | None, text: WayOut | None) -> None:
    assert as_fields(way) == text
